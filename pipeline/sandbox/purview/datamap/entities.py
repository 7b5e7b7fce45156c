"""Data Map entities as JSON: datasets with their columns, and processes."""

from collections.abc import Iterator
from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import details, lineage, references
from pipeline.sandbox.purview.datamap.lineage import Process

Json = dict[str, Any]


def classification(
    guid: str,
    type_name: str,
    status: str = "ACTIVE",
    *,
    as_list: bool = False,
    period: Json | None = None,
) -> Json:
    """One classification of an entity; labels tell their source, the others what `set_by` says.

    With a `period` it counts for that time, without one it counts today.
    """
    found: Json = {
        "entityGuid": guid,
        "entityStatus": status,
        "lastModifiedTS": "1",
        "typeName": type_name,
    } | (details.in_force(guid) if period is None else {"validityPeriods": [period]})
    if type_name.startswith(s.LABEL_PREFIX):
        found["source"] = "LabelService"
    elif type_name == s.ENDORSEMENT:
        # older answers have a text here, newer ones a list
        certified: Any = ["Certified"] if as_list else "Certified"
        found["attributes"] = {"certifiedBy": "Data Office", "endorsement": certified}
    else:
        source, confidence = set_by(guid)
        found["attributes"] = {"confidence": confidence}
        if source is not None:
            found["source"] = source
    return found


def set_by(guid: str) -> tuple[str | None, Any]:
    """Who classified an entity, and how sure that is: a number, a text, or nothing is said of it."""
    said = ((None, None), ("DataScan", 0.87), ("DataScan", "0.91"), ("User", None))
    return said[int(guid[-1], 16) % len(said)]


def _entity(guid: str, type_name: str, times: tuple[int, int], status: str = "ACTIVE") -> Json:
    return {
        "guid": guid,
        "typeName": type_name,
        "status": status,
        "createTime": times[0],
        "createdBy": "ServiceAdmin",
        "updateTime": times[1],
        "updatedBy": "ServiceAdmin",
        "lastModifiedTS": str(1 + (times[1] - times[0]) // 86_400_000),
        "version": 0,
    }


def dataset(estate: Estate, data: Dataset) -> Json:
    """Entity of a dataset; contacts and classifications are absent where there are none."""
    guid, platform = data.guid, data.platform
    found = _entity(guid, data.type_name, (data.created_at, data.updated_at))
    found["attributes"] = _attributes(data)
    found["collectionId"] = data.collection
    found["isIncomplete"] = False
    found["relationshipAttributes"] = references.of_dataset(estate, data)
    found["sourceDetails"] = {
        "ScanLastModifiedAt": "2025-01-01T08:00:00.1234567Z",
        "ScanResourceId": estate.scan_of(data),
        "ScanRuleSetLastModifiedAt": "2024-12-09T18:06:33.0707225Z",
        "ScanRuleSetResourceId": f"scanrulesets/{platform.kind}",
    }
    classes, listed = data.classes(), data.rank % 2 == 0
    said = [classification(guid, name, as_list=listed) for name in classes]
    others = details.out_of_force(data, None, classes)
    if said := [*said, *(classification(guid, name, period=period) for name, period in others)]:
        found["classifications"] = said
    owners, experts = data.contacts(estate.people)
    if owners or experts:
        contacts: Json = {"Expert": [{"id": who} for who in experts]} if experts else {}
        if owners:
            contacts["Owner"] = [{"id": who} for who in owners]
            contacts["Owner"][0]["info"] = "data owner" if data.bits[39] % 3 == 0 else None
        found["contacts"] = contacts
    return found | details.of_dataset(data)


def _attributes(data: Dataset) -> Json:
    shared: Json = {
        "name": data.display_name,
        "qualifiedName": data.qualified_name,
        "description": None,
        "userDescription": "Reviewed by the data office." if data.bits[18] < 60 else None,
        "displayName": None,
        "owner": storage_owner(data),
        "replicatedFrom": None,
        "replicatedTo": None,
    }
    if data.platform.is_file:
        shared |= {
            "ACL": None,
            "contentType": "application/octet-stream",
            "groups": "$superuser",
            "isFile": True,
            "path": "/" + data.qualified_name.split("/", 3)[3],
            "size": 1024 * (1 + data.bits[20]),
        }
    return shared


def storage_owner(data: Dataset) -> str | None:
    """Owner that the storage system names; it says nothing about who is accountable."""
    if data.platform.is_file:
        return draws.as_guid(data.bits[:16]) if data.rank % 2 else "$superuser"
    return ("dbo", None, "etl_service", "SYSADMIN")[data.rank % 4]


def schema(data: Dataset) -> Json:
    """Entity of the tabular schema of a file."""
    found = _entity(data.schema_guid, "tabular_schema", (data.created_at, data.created_at))
    found["attributes"] = {
        "name": "tabular_schema",
        "qualifiedName": f"{data.qualified_name}#__tabular_schema",
        "description": None,
    }
    found["collectionId"] = data.collection
    found["relationshipAttributes"] = {"columns": references.to_columns(data)}
    return found


_JOINTS = {"databricks": "/columns/", "snowflake": "/columns/", "files": "#__tabular_schema//"}


def columns(estate: Estate, data: Dataset) -> Iterator[tuple[str, Json]]:
    """Guid and entity of every column; what they share is worked out once."""
    platform = data.platform
    times = (data.created_at, data.created_at)
    prefix = data.qualified_name + _JOINTS.get(platform.key, "#")
    collection, type_key = data.collection, "type" if platform.is_file else "data_type"
    up, relation, kind = "table", f"{data.type_name}_columns", data.type_name
    if platform.is_file:
        up, relation, kind = "composeSchema", "tabular_schema_columns", "tabular_schema"
    parent = {
        up: references.related(data.schema_guid, kind, data.display_name, relation),
        "meanings": [],
    }
    label, meant = data.label, details.column_term(data)
    for field in data.columns():
        guid = data.column_guid(field.position)
        status = "DELETED" if field.deleted else "ACTIVE"
        found = _entity(guid, platform.column_type, times, status)
        found["attributes"] = {
            "name": field.name,
            "qualifiedName": prefix + field.name,
            "description": None,
            type_key: field.data_type,
            "ordinal_position": field.position,
        }
        found["collectionId"] = collection
        found["relationshipAttributes"] = parent
        if meant and field.position == meant[0]:
            found["relationshipAttributes"] = parent | {
                "meanings": [references.to_term(estate, meant[1])]
            }
        names = (*field.classes, label) if label and field.classes else field.classes
        said = [classification(guid, name, status) for name in names]
        for name, period in details.out_of_force(data, field.position, names):
            said.append(classification(guid, name, status, period=period))
        if said:
            found["classifications"] = said
        yield guid, found


def process(estate: Estate, flow: Process) -> Json:
    """Entity of a process with its inputs, outputs and column lineage."""
    found = _entity(flow.guid, flow.type_name, (flow.created_at, flow.created_at))
    ends = {
        "inputs": [estate.datasets[slot] for slot in flow.inputs],
        "outputs": [estate.datasets[slot] for slot in flow.outputs],
    }
    found["attributes"] = {
        "name": flow.name,
        "qualifiedName": lineage.qualified_name(flow),
        "description": None,
        "columnMapping": lineage.column_mapping(flow, estate.datasets),
    } | {
        side: [
            {
                "guid": data.guid,
                "typeName": data.type_name,
                "uniqueAttributes": {"qualifiedName": data.qualified_name},
            }
            for data in found_ends
        ]
        for side, found_ends in ends.items()
    }
    found["relationshipAttributes"] = {
        side: [
            references.related(d.guid, d.type_name, d.display_name, relation) for d in ends[side]
        ]
        for side, relation in (
            ("inputs", "dataset_process_inputs"),
            ("outputs", "process_dataset_outputs"),
        )
    }
    return found
