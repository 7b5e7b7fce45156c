"""Type definitions of the Data Map: classifications, entity types and managed attributes."""

import json
from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.platforms import FILES, PLATFORMS, POWERBI, Platform

Json = dict[str, Any]
DEFINED_AT = 1615787943724
ELEMENTS = {"trino": "fields"}
"""Relationship attribute that holds the columns, where it is not the usual one."""

PROCESS_TYPES = ("adf_copy_operation", "databricks_process", "synapse_notebook_process")
RESOURCE_SET = "azure_datalake_gen2_resource_set"
HANDLING, STEWARDSHIP = "Data Handling", "Stewardship"
_LINEAGE = (
    ("inputToProcesses", "dataset_process_inputs", "array<Process>"),
    ("outputFromProcesses", "process_dataset_outputs", "array<Process>"),
    ("sources", "direct_lineage_dataset_dataset", "array<DataSet>"),
    ("sinks", "direct_lineage_dataset_dataset", "array<DataSet>"),
    ("meanings", "AtlasGlossarySemanticAssignment", "array<AtlasGlossaryTerm>"),
    ("attachedSchema", "dataset_attached_schemas", "array<schema>"),
    ("schema", "avro_schema_associatedEntities", "array<avro_schema>"),
)


def elements_attribute(platform: Platform) -> str:
    """Relationship attribute in which tables of the platform keep their columns."""
    return ELEMENTS.get(platform.key, "columns")


def _def(seed: int, category: str, name: str, **facts: Any) -> Json:
    return {
        "attributeDefs": [],
        "category": category,
        "createTime": DEFINED_AT,
        "createdBy": "admin",
        "description": name,
        "guid": draws.guid(seed, "typedef", name),
        "lastModifiedTS": "1",
        "name": name,
        "typeVersion": "1.0",
        "updateTime": DEFINED_AT,
        "updatedBy": "admin",
        "version": 1,
    } | facts


def classification_names() -> list[str]:
    """Every classification that is defined, those nobody uses included."""
    return [*s.TIER, s.ENDORSEMENT, s.LOYALTY, s.HANDLE, s.PROGRAMME, "Retired Project Code"]


def _classification(seed: int, name: str) -> Json:
    found = _def(seed, "CLASSIFICATION", name, entityTypes=[], subTypes=[], superTypes=[])
    del found["lastModifiedTS"]
    if not name.startswith("MICROSOFT"):
        found["createdBy"] = draws.guid(seed, "curator")
    return found | {"options": {"displayName": name.rpartition(".")[2].replace("_", " ").title()}}


def _relation(name: str, relation: str, kind: str) -> Json:
    return {
        "cardinality": "SET" if kind.startswith("array<") else "SINGLE",
        "isOptional": True,
        "name": name,
        "relationshipTypeName": relation,
        "typeName": kind,
        "valuesMaxCount": -1,
        "valuesMinCount": -1,
    }


def _entity(
    seed: int, name: str, above: str, relations: tuple[tuple[str, str, str], ...] = (), **facts: Any
) -> Json:
    options = {"purviewEntityExtDef": "{}"} | facts.pop("options", {})
    return _def(
        seed,
        "ENTITY",
        name,
        options=options,
        relationshipAttributeDefs=[_relation(*relation) for relation in relations],
        subTypes=[],
        superTypes=[above] if above else [],
        **facts,
    )


def _table(seed: int, platform: Platform) -> list[Json]:
    """Type of a platform's tables, of their columns and of the schema they are in."""
    table, column, elements = platform.type_name, platform.column_type, elements_attribute(platform)
    inside = (
        (elements, f"{table}_columns", f"array<{column}>"),
        ("dbSchema", f"{schema_type(platform)}_tables", schema_type(platform)),
    )
    return [
        _entity(
            seed, table, "DataSet", (*_LINEAGE, *inside), serviceType=platform.asset_type,
            options={"schemaElementsAttribute": elements},
        ),
        _entity(seed, column, "DataSet", _LINEAGE, serviceType=platform.asset_type),
        _entity(seed, schema_type(platform), "Asset", serviceType=platform.asset_type),
    ]  # fmt: skip


def schema_type(platform: Platform) -> str:
    """Type name of the database schema that a table is in."""
    return f"{platform.type_name.removesuffix('_table')}_schema"


def entity_types(seed: int) -> list[Json]:
    """Every entity type, those above before those below."""
    held = ("tabular_schema", "tabular_schema_datasets", "tabular_schema")
    columns = ("columns", "tabular_schema_columns", "array<column>")
    found = [
        _entity(seed, name, above)
        for name, above in (("Referenceable", ""), ("Asset", "Referenceable"), ("Process", "Asset"))
    ]
    found.append(_entity(seed, "DataSet", "Asset", _LINEAGE))
    for platform in PLATFORMS:
        if platform.is_table:
            found += _table(seed, platform)
    files = {"serviceType": FILES.asset_type}
    found += [
        _entity(seed, FILES.type_name, "DataSet", (*_LINEAGE, held), **files),
        _entity(seed, RESOURCE_SET, "DataSet", (*_LINEAGE, held), **files),
        _entity(
            seed,
            "tabular_schema",
            "Asset",
            (columns,),
            options={"schemaElementsAttribute": "columns"},
        ),
        _entity(seed, FILES.column_type, "DataSet", _LINEAGE),
        _entity(seed, POWERBI.type_name, "DataSet", _LINEAGE, serviceType=POWERBI.asset_type),
    ]
    return found + [_entity(seed, name, "Process") for name in PROCESS_TYPES]


def _attribute(name: str, kind: str, *, required: bool = False, **options: str) -> Json:
    return {
        "cardinality": "SET" if kind.startswith("array<") else "SINGLE",
        "isOptional": not required,
        "name": name,
        "options": {"applicableEntityTypes": json.dumps(["DataSet"])} | options,
        "typeName": kind,
        "valuesMaxCount": 1,
        "valuesMinCount": int(required),
    }


def managed_attributes(seed: int) -> list[Json]:
    """The groups of managed attributes; one attribute was retired and keeps its values."""
    tables = json.dumps([platform.type_name for platform in PLATFORMS if platform.is_table])
    handling = [
        _attribute("Retention Class", "string", required=True, maxStrLength="20"),
        _attribute("Residency", "array<string>", applicableEntityTypes=tables),
        _attribute("Review Date", "date"),
    ]
    stewardship = [
        _attribute("Cost Centre", "string", maxStrLength="50", isDisabled="true"),
        _attribute("Golden Source", "boolean", isDisabled="false"),
    ]
    return [
        _def(seed, "BUSINESS_METADATA", name, attributeDefs=attributes)
        for name, attributes in ((HANDLING, handling), (STEWARDSHIP, stewardship))
    ]


def answer(seed: int, kind: str) -> Json:
    """Definitions of one category, or of all where none is named."""
    sections = {
        "BUSINESS_METADATA": ("businessMetadataDefs", managed_attributes),
        "CLASSIFICATION": (
            "classificationDefs",
            lambda seed: [_classification(seed, name) for name in classification_names()],
        ),
        "ENTITY": ("entityDefs", entity_types),
    }
    found: Json = dict.fromkeys(("enumDefs", "relationshipDefs", "structDefs", "termTemplateDefs"))
    found = {name: [] for name in found}
    for category, (name, define) in sections.items():
        found[name] = define(seed) if kind in ("", category) else []
    return found
