"""Data Map entities as JSON: datasets with their columns, and processes."""

from collections.abc import Iterator
from typing import Any

from . import draws, glossary, lineage
from . import sensitivity as s
from .datasets import Dataset
from .estate import Estate
from .lineage import Process

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


def classification(guid: str, type_name: str, status: str = "ACTIVE") -> Json:
    """One classification of an entity; labels tell their source, the others a confidence."""
    found: Json = {
        "entityGuid": guid,
        "entityStatus": status,
        "lastModifiedTS": "1",
        "typeName": type_name,
    }
    if type_name.startswith(s.LABEL_PREFIX):
        found["source"] = "LabelService"
    elif type_name == s.ENDORSEMENT:
        found["attributes"] = {"certifiedBy": "Data Office", "endorsement": "Certified"}
    else:
        found["attributes"] = {"confidence": None}
    return found


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
    found["relationshipAttributes"] = _relations(estate, data)
    found["sourceDetails"] = {
        "ScanLastModifiedAt": "2025-01-01T08:00:00.1234567Z",
        "ScanResourceId": estate.scan_of(data),
        "ScanRuleSetLastModifiedAt": "2024-12-09T18:06:33.0707225Z",
        "ScanRuleSetResourceId": f"scanrulesets/{platform.kind}",
    }
    classes = data.classes()
    if classes:
        found["classifications"] = [classification(guid, name) for name in classes]
    owners, experts = data.contacts(estate.people)
    if owners or experts:
        contacts: Json = {"Expert": [{"id": who} for who in experts]} if experts else {}
        if owners:
            contacts["Owner"] = [{"id": who} for who in owners]
            contacts["Owner"][0]["info"] = "data owner" if data.bits[39] % 3 == 0 else None
        found["contacts"] = contacts
    if data.bits[38] < 12:
        found["labels"] = ["migrated"]
    return found


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


def _relations(estate: Estate, data: Dataset) -> Json:
    flows = estate.lineage
    relations: Json = {
        "inputToProcesses": [
            related(p.guid, p.type_name, p.name, "dataset_process_inputs")
            for p in flows.readers.get(data.slot, ())
        ],
        "outputFromProcesses": [
            related(p.guid, p.type_name, p.name, "process_dataset_outputs")
            for p in flows.writers.get(data.slot, ())
        ],
        "meanings": [_meaning(estate, index) for index in glossary.of_dataset(data)],
    }
    if data.platform.is_table:
        relations["columns"] = _column_references(data)
        relations["dbSchema"] = None
    elif data.platform.is_file:
        relations["attachedSchema"] = []
        relations["tabular_schema"] = (
            related(data.schema_guid, "tabular_schema", "tabular_schema", "tabular_schema_datasets")
            if data.has_schema
            else None
        )
    return relations


def _meaning(estate: Estate, index: int) -> Json:
    term = estate.terms[index]
    reference = related(
        term.guid, "AtlasGlossaryTerm", term.name, "AtlasGlossarySemanticAssignment"
    )
    return reference | {"relationshipAttributes": _ASSIGNMENT}


def _column_references(data: Dataset) -> list[Json]:
    kind = data.platform.column_type
    relation = f"{'tabular_schema' if data.platform.is_file else data.type_name}_columns"
    return [
        related(
            data.column_guid(column.position), kind, column.name, relation,
            "DELETED" if column.deleted else "ACTIVE",
        )
        for column in data.columns()
    ]  # fmt: skip


def schema(data: Dataset) -> Json:
    """Entity of the tabular schema of a file."""
    found = _entity(data.schema_guid, "tabular_schema", (data.created_at, data.created_at))
    found["attributes"] = {
        "name": "tabular_schema",
        "qualifiedName": f"{data.qualified_name}#__tabular_schema",
        "description": None,
    }
    found["collectionId"] = data.collection
    found["relationshipAttributes"] = {"columns": _column_references(data)}
    return found


_JOINTS = {"databricks": "/columns/", "snowflake": "/columns/", "files": "#__tabular_schema//"}


def columns(data: Dataset) -> Iterator[tuple[str, Json]]:
    """Guid and entity of every column; what they share is worked out once."""
    platform = data.platform
    times = (data.created_at, data.created_at)
    prefix = data.qualified_name + _JOINTS.get(platform.key, "#")
    collection, type_key = data.collection, "type" if platform.is_file else "data_type"
    up, relation, kind = "table", f"{data.type_name}_columns", data.type_name
    if platform.is_file:
        up, relation, kind = "composeSchema", "tabular_schema_columns", "tabular_schema"
    parent = {
        up: related(data.schema_guid, kind, data.display_name, relation),
        "meanings": [],
    }
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
        if field.classes:
            found["classifications"] = [
                classification(guid, name, status) for name in field.classes
            ]
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
        side: [related(d.guid, d.type_name, d.display_name, relation) for d in ends[side]]
        for side, relation in (
            ("inputs", "dataset_process_inputs"),
            ("outputs", "process_dataset_outputs"),
        )
    }
    return found
