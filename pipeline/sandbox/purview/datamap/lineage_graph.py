"""Lineage answers: the graph around one asset, cut off at a width that counts reveal."""

from typing import Any

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import glossary, lineage
from pipeline.sandbox.purview.datamap.lineage import Process

Json = dict[str, Any]
DIRECTIONS = ("INPUT", "OUTPUT", "BOTH")


def neighbours(estate: Estate, guid: str, direction: str) -> list[str]:
    """Guids one hop away: upstream for INPUT, downstream for OUTPUT."""
    flows = estate.lineage
    flow = flows.by_guid.get(guid)
    if flow is not None:
        slots = flow.inputs if direction == "INPUT" else flow.outputs
        return [estate.datasets[slot].guid for slot in slots]
    data = estate.dataset(guid)
    if data is None:
        return []
    near = flows.writers if direction == "INPUT" else flows.readers
    drawn = flows.sources if direction == "INPUT" else flows.sinks
    return [process.guid for process in near.get(data.slot, ())] + [
        estate.datasets[slot].guid for slot in drawn.get(data.slot, ())
    ]


def header(estate: Estate, guid: str) -> Json:
    """Short form of an entity, as lineage and header calls answer it."""
    flow = estate.lineage.by_guid.get(guid)
    if flow is not None:
        return _process_header(flow)
    data = estate.dataset(guid)
    if data is None:
        raise KeyError(guid)
    names = data.classes()
    meanings = [
        {"confidence": 0, "displayText": term.name, "termGuid": term.guid}
        for term in (estate.terms[index] for index in glossary.of_dataset(data))
    ]
    return {
        "attributes": {"name": data.display_name, "qualifiedName": data.qualified_name},
        "classificationNames": [name for name in names if name != s.ENDORSEMENT]
        + [name for name in names if name == s.ENDORSEMENT],
        "collectionId": data.collection,
        "displayText": data.display_name,
        "guid": data.guid,
        "lastModifiedTS": "1",
        "meaningNames": [meaning["displayText"] for meaning in meanings],
        "meanings": meanings,
        "status": "ACTIVE",
        "typeName": data.type_name,
    }


def _process_header(flow: Process) -> Json:
    return {
        "attributes": {"name": flow.name, "qualifiedName": lineage.qualified_name(flow)},
        "classificationNames": [],
        "displayText": flow.name,
        "guid": flow.guid,
        "lastModifiedTS": "1",
        "meaningNames": [],
        "meanings": [],
        "status": "ACTIVE",
        "typeName": flow.type_name,
    }


def graph(estate: Estate, guid: str, direction: str, depth: int, width: int) -> Json:
    """Everything within `depth` hops, at most `width` neighbours of a node in each direction."""
    relations: dict[tuple[str, str], Json] = {}
    counts: dict[str, dict[str, int]] = {"INPUT": {}, "OUTPUT": {}}
    seen = {guid}
    for way in ("INPUT", "OUTPUT") if direction == "BOTH" else (direction,):
        edge, visited = [guid], {guid}
        for _ in range(depth):
            following = []
            for node in edge:
                near = neighbours(estate, node, way)
                if near:
                    counts[way][node] = len(near)
                for other in near[:width]:
                    pair = (other, node) if way == "INPUT" else (node, other)
                    relations[pair] = _relation(*pair)
                    if other not in visited:
                        visited.add(other)
                        following.append(other)
            edge = following
        seen |= visited
    return {
        "baseEntityGuid": guid,
        "lineageDirection": direction,
        "lineageDepth": depth,
        "lineageWidth": width,
        "childrenCount": 0,
        "guidEntityMap": {node: header(estate, node) for node in sorted(seen)} if relations else {},
        "includeParent": False,
        "parentRelations": [],
        "relations": list(relations.values()),
        "widthCounts": counts,
    }


def next_page(estate: Estate, guid: str, direction: str, offset: int, limit: int) -> Json:
    """Neighbours of one hop from an offset on."""
    near = neighbours(estate, guid, direction)[offset:][: limit if limit >= 0 else None]
    pairs = [(other, guid) if direction == "INPUT" else (guid, other) for other in near]
    return {
        "baseEntityGuid": guid,
        "lineageDirection": direction,
        "lineageDepth": 1,
        "lineageWidth": -1,
        "childrenCount": -1,
        "guidEntityMap": {node: header(estate, node) for node in sorted({guid, *near})}
        if near
        else {},
        "includeParent": False,
        "parentRelations": None,
        "relations": [_relation(*pair) for pair in pairs],
        "widthCounts": {"BOTH": None},
    }


def _relation(source: str, target: str) -> Json:
    relation = f"{source[:13]}{target[13:]}"
    return {"fromEntityId": source, "relationshipId": relation, "toEntityId": target}
