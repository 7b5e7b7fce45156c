"""Type definitions become rows, and say where entities keep their columns."""

import json
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.sources import purview
from pipeline.sources.purview import account, entities, search, types, unified_catalog

SOURCE = purview.part(search, entities, types, account, unified_catalog)
PAYLOADS = Path(__file__).parent / "payloads" / "purview"


def page(name: str, body: Any) -> tuple[str, str | None, bytes]:
    return name, None, json.dumps(body).encode()


def test_entity_types(tmp_path: Path) -> None:
    """A type says what is above it and which attribute holds its columns; one without a name is none."""
    body = (PAYLOADS / "entity_def.json").read_bytes()
    with loaded(tmp_path, SOURCE, [("entity_def", None, body)]) as staging:
        query = (
            "select name, super_types, schema_elements_attribute, service_type "
            "from entity_def order by name"
        )
        assert rows(staging, query) == [
            ("Asset", [], None, None),
            ("DataSet", ["Asset"], None, None),
            ("azure_sql_table", ["DataSet"], "columns", "Azure SQL Database"),
        ]


def test_managed_attributes(tmp_path: Path) -> None:
    """One row per group and attribute; the types it applies to are a JSON text, and unreadable ones are none."""
    body = (PAYLOADS / "managed_attribute_def.json").read_bytes()
    with loaded(tmp_path, SOURCE, [("managed_attribute_def", None, body)]) as staging:
        query = (
            "select name, data_type, applicable_types, is_required, is_disabled, max_length, item "
            "from managed_attribute_def order by name"
        )
        where = "/businessMetadataDefs/0/attributeDefs/"
        types = ["azure_sql_table", "azure_sql_view"]
        assert rows(staging, query) == [
            ("Cost Centre", "string", ["DataSet"], False, True, 50, f"{where}0"),
            ("Note", "string", [], False, False, None, f"{where}2"),
            ("Residency", "array<string>", types, True, False, None, f"{where}1"),
        ]
        query = "select distinct group_name, description from managed_attribute_def"
        assert rows(staging, query) == [("Stewardship", "Who pays, and where.")]


def entity_type(name: str, *above: str, elements: str | None = None, **cardinality: str) -> Any:
    return {
        "name": name,
        "superTypes": list(above),
        "options": {"schemaElementsAttribute": elements},
        "relationshipAttributeDefs": [
            {"name": attribute, "cardinality": how} for attribute, how in cardinality.items()
        ],
    }


def estate(relations: Any, *types: Any) -> list[tuple[str, str | None, bytes]]:
    """One table `t` of type `x_table`."""
    table = {"guid": "t", "typeName": "x_table", "relationshipAttributes": relations}
    return [
        page("entity_def", {"entityDefs": list(types)}),
        page("search", {"value": [{"id": "t", "entityType": "x_table"}]}),
        page("entity", {"entities": [table]}),
    ]


COLUMNS = [{"guid": "c"}, {"guid": "gone", "relationshipStatus": "DELETED"}]
FIELDS = {"elements": "fields", "fields": "SET"}


@pytest.mark.parametrize(
    ("relations", "types"),
    [
        ({"fields": COLUMNS}, [entity_type("x_table", **FIELDS)]),
        ({"fields": COLUMNS}, [entity_type("x_table", "base"), entity_type("base", **FIELDS)]),
        ({"columns": COLUMNS}, [entity_type("x_table", **FIELDS)]),
        ({"columns": COLUMNS}, [entity_type("x_table")]),
        ({"columns": COLUMNS}, []),
        ({"fields": COLUMNS}, [entity_type("x_table", elements="fields")]),
        ({"columns": COLUMNS}, [entity_type("x_table", elements="meanings", meanings="SET")]),
        ({"columns": COLUMNS}, [entity_type("x_table", elements="item", item="SET")]),
        ({"columns": COLUMNS, "fields": [{"guid": "f"}]}, [entity_type("other", **FIELDS)]),
    ],
)
def test_columns_are_where_the_type_says(tmp_path: Path, relations: Any, types: list[Any]) -> None:
    """In the attribute of its own definition, or of the nearest type above, or under the usual name."""
    with loaded(tmp_path, SOURCE, estate(relations, *types)) as staging:
        assert rows(staging, "select guid, asset_guid from purview.column_of") == [("c", "t")]


def test_an_attribute_of_one_schema_leads_to_its_columns(tmp_path: Path) -> None:
    """Where a type keeps a single entity there, that is a schema, which has the columns."""
    types = [entity_type("x_table", elements="layout", layout="SINGLE")]
    pages = estate({"layout": {"guid": "s"}}, *types)
    schema = {"guid": "s", "relationshipAttributes": {"columns": COLUMNS}}
    with loaded(tmp_path, SOURCE, [*pages, page("schema", {"entities": [schema]})]) as staging:
        assert rows(staging, "select key from purview.schema_wanted") == [("s",)]
        assert rows(staging, "select guid, asset_guid from purview.column_of") == [("c", "t")]
        assert rows(staging, "select attribute from relationship") == []


def test_names_that_no_column_can_have_stop_nothing(tmp_path: Path) -> None:
    """Types in a circle, names that differ in case only, and names that are none, or are ours."""
    odd = {
        "Columns": "SET",
        "a b": "SET",
        '"': "SET",
        "": "SINGLE",
        "page_id": "SINGLE",
        "él": "SET",
    }
    types = [
        entity_type("x_table", "y_table", elements="Columns", **odd),
        entity_type("y_table", "x_table", elements='", "', **odd),
    ]
    with loaded(tmp_path, SOURCE, estate({"columns": COLUMNS}, *types)) as staging:
        assert rows(staging, "select guid from purview.column_of") == [("c",)]
        assert rows(staging, "select count(*) from entity_def") == [(2,)]
