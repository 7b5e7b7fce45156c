"""References between entities, as relationship attributes hold them."""

import json
from collections.abc import Sequence
from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import glossary, lineage, typedefs
from pipeline.sandbox.purview.datamap.lineage import Process

Json = dict[str, Any]
_ASSIGNMENT = {
    "attributes": dict.fromkeys(
        ("confidence", "createdBy", "description", "expression", "source", "status", "steward")
    ),
    "typeName": "AtlasGlossarySemanticAssignment",
}


def related(guid: str, type_name: str, text: str, relation: str, status: str = "ACTIVE") -> Json:
    """Reference to another entity, as relationship attributes hold it."""
    return {
        "displayText": text,
        "entityStatus": status,
        "guid": guid,
        "relationshipAttributes": {"typeName": relation},
        "relationshipGuid": guid[7::-1] + guid[8:],
        "relationshipStatus": status,
        "relationshipType": relation,
        "typeName": type_name,
    }


def of_dataset(estate: Estate, data: Dataset) -> Json:
    """Relationship attributes of a dataset."""
    flows = estate.lineage
    relations: Json = {
        "inputToProcesses": _processes(flows.readers.get(data.slot, ()), "dataset_process_inputs"),
        "outputFromProcesses": _processes(
            flows.writers.get(data.slot, ()), "process_dataset_outputs"
        ),
        "meanings": [to_term(estate, index) for index in glossary.of_dataset(data)],
        "schema": [],
        "sources": [
            _drawn(estate.datasets[slot], data, at_source=True)
            for slot in flows.sources.get(data.slot, ())
        ],
        "sinks": [
            _drawn(data, estate.datasets[slot], at_source=False)
            for slot in flows.sinks.get(data.slot, ())
        ],
    }
    if data.slot % 29 == 3:  # removed, but not forgotten
        gone = draws.guid(data.seed, "retired process", data.slot)
        relations["inputToProcesses"].append(
            related(gone, "adf_copy_operation", "retired", "dataset_process_inputs", "DELETED")
        )
    if data.slot % 31 == 5:
        relations["meanings"].append(to_term(estate, data.slot % len(estate.terms), "DELETED"))
    if data.platform.is_table:
        relations[typedefs.elements_attribute(data.platform)] = to_columns(data)
        relations["dbSchema"] = _schema_reference(data)
    elif data.platform.is_file:
        relations["attachedSchema"] = []
        relations["tabular_schema"] = (
            related(data.schema_guid, "tabular_schema", "tabular_schema", "tabular_schema_datasets")
            if data.has_schema
            else None
        )
    return relations


def _processes(flows: Sequence[Process], relation: str) -> list[Json]:
    """References to processes: of very many, the list holds only the first."""
    listed = flows[: lineage.RELATION_WIDTH]
    return [related(p.guid, p.type_name, p.name, relation) for p in listed]


def _drawn(source: Dataset, sink: Dataset, *, at_source: bool) -> Json:
    """Reference from one end of an edge that people drew to the other, with the columns they mapped."""
    other = source if at_source else sink
    relation = "direct_lineage_dataset_dataset"
    found = related(other.guid, other.type_name, other.display_name, relation)
    mapping = json.dumps(lineage.direct_mapping(source, sink))
    found["relationshipAttributes"] = {
        "attributes": {"columnMapping": mapping},
        "typeName": relation,
    }
    return found


def _schema_reference(data: Dataset) -> Json | None:
    """Reference to the database schema that a table is in; some were imported without."""
    if not data.is_parsable:
        return None
    platform, (database, schema_name, _) = data.platform, data.path
    guid = draws.guid(data.seed, "schema", data.host, database, schema_name)
    kind = typedefs.schema_type(platform)
    return related(guid, kind, schema_name, f"{kind}_tables")


def to_term(estate: Estate, index: int, status: str = "ACTIVE") -> Json:
    """Reference to a term, as its assignment."""
    term = estate.terms[index]
    relation = "AtlasGlossarySemanticAssignment"
    reference = related(term.guid, "AtlasGlossaryTerm", term.name, relation)
    return reference | {
        "relationshipAttributes": _ASSIGNMENT,
        "relationshipStatus": status,
    }


def to_columns(data: Dataset) -> list[Json]:
    """References to the columns of a dataset or of its schema, deleted ones included."""
    kind = data.platform.column_type
    relation = f"{'tabular_schema' if data.platform.is_file else data.type_name}_columns"
    return [
        related(
            data.column_guid(column.position), kind, column.name, relation,
            "DELETED" if column.deleted else "ACTIVE",
        )
        for column in data.columns()
    ]  # fmt: skip
