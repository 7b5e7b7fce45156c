"""What people and services add to assets: labels, managed attributes, relationships, contacts that disagree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.collect.staging import Staging
from pipeline.sources.purview import SOURCE

PAYLOADS = Path(__file__).parent / "payloads" / "purview"
FILE = "11111111-0000-4000-8000-000000000001"
MAIL = "11111111-0000-4000-8000-00f6f6f60001"
TABLE = "22222222-0000-4000-8000-00f6f6f60000"
TERM = "55555555-0000-4000-8000-000000000001"
LABEL = "Microsoft.Label.00AA11BB_22CC_33DD_44EE_556677889900"


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """Search hits and their entities."""
    pages = [
        (name, None, (PAYLOADS / f"{name}.json").read_bytes()) for name in ("search", "entity")
    ]
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages) as found:
        yield found


def test_sensitivity_labels_of_assets_and_of_columns(staging: Staging) -> None:
    """They are no classifications; the id is the one that the service that defines labels gives."""
    query = (
        "select entity_guid, asset_guid, column_guid, label_id, type_name, source "
        "from sensitivity_label order by column_guid nulls first"
    )
    label = ("00aa11bb-22cc-33dd-44ee-556677889900", LABEL, "LabelService")
    assert rows(staging, query) == [(FILE, FILE, None, *label), (MAIL, FILE, MAIL, *label)]
    query = "select type_name from classification where starts_with(type_name, 'Microsoft.Label')"
    assert rows(staging, query) == []


def test_endorsement_has_a_guarantor(staging: Staging) -> None:
    """Who certified is read beside what was certified."""
    query = "select guid, endorsement, certified_by from asset where endorsement is not null"
    assert rows(staging, query) == [(FILE, "Certified", "Sam Sample")]


def test_values_of_managed_attributes(staging: Staging) -> None:
    """One value is plain text, several are JSON; what has no value is left out."""
    query = "select asset_guid, group_name, name, value from managed_attribute order by name"
    assert rows(staging, query) == [
        (FILE, "Stewardship", "Cost Centre", "CC-7"),
        (FILE, "Stewardship", "Golden", "true"),
        (FILE, "Stewardship", "Residency", '["eu","us"]'),
    ]


def test_labels_and_custom_attributes(staging: Staging) -> None:
    """Both are free text; an attribute without a value is none."""
    query = "select asset_guid, label from asset_label order by label"
    assert rows(staging, query) == [(FILE, "=1+1"), (FILE, "to be reviewed")]
    assert rows(staging, "select asset_guid, name, value from custom_attribute") == [
        (FILE, "microsoft_isDescriptionRichText", "true")
    ]


def test_a_term_of_a_column(staging: Staging) -> None:
    """An assignment is to the asset or to one of its columns."""
    query = (
        "select term_guid, entity_guid, asset_guid, column_guid from term_assignment "
        "order by column_guid nulls first"
    )
    assert rows(staging, query) == [(TERM, FILE, FILE, None), (TERM, MAIL, FILE, MAIL)]


def test_relationships_of_every_kind_but_columns(staging: Staging) -> None:
    """Removed ones say so; those to columns and schemas are columns elsewhere; attributes are kept as sent."""
    query = (
        "select asset_guid, attribute, type, other_type, relationship_status "
        "from relationship order by all"
    )
    meaning = ("meanings", "AtlasGlossarySemanticAssignment", "AtlasGlossaryTerm")
    assert rows(staging, query) == [
        (FILE, "inputToProcesses", "dataset_process_inputs", "adf_copy_operation", "ACTIVE"),
        (FILE, *meaning, "ACTIVE"),
        (FILE, *meaning, "DELETED"),
        (TABLE, "outputFromProcesses", "process_dataset_outputs", "adf_copy_operation", "ACTIVE"),
        (TABLE, "sinks", "direct_lineage_dataset_dataset", "powerbi_report", "ACTIVE"),
    ]
    (attributes,) = rows(staging, "select attributes from relationship where attribute = 'sinks'")
    assert json.loads(attributes[0])["columnMapping"].startswith('[{"Source"')


def page(name: str, body: Any) -> tuple[str, str | None, bytes]:
    return name, None, json.dumps(body).encode()


def test_an_attribute_that_a_type_declares_is_a_relationship_too(tmp_path: Path) -> None:
    """Whatever its name: a single reference, a list, or one without a guid of its own."""
    relations = {"dbSchema": {"guid": "s"}, "tags": [{"guid": "x", "relationshipGuid": "r"}, {"guid": None}],
                 "Undeclared": {"guid": "y"}}  # fmt: skip
    types = [
        {"name": "x_table", "relationshipAttributeDefs": [{"name": "dbSchema"}, {"name": "tags"}]}
    ]
    pages = [
        page("entity_def", {"entityDefs": types}),
        page("search", {"value": [{"id": "t", "entityType": "x_table"}]}),
        page(
            "entity",
            {
                "entities": [
                    {"guid": "t", "typeName": "x_table", "relationshipAttributes": relations}
                ]
            },
        ),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        query = "select attribute, other_guid, relationship_guid from relationship order by all"
        assert rows(staging, query) == [("dbSchema", "s", ""), ("tags", "x", "r")]


def test_contacts_that_search_and_entity_disagree_on(tmp_path: Path) -> None:
    """Both are kept apart and reported; of an asset that was not read nothing can be compared."""
    contacts = [{"id": who, "contactType": role}
                for role, who in (("Owner", "both"), ("Owner", "hit"), ("Expert", "both"), ("Owner", ""))]  # fmt: skip
    entity = {"guid": "t", "contacts": {"Owner": [{"id": "both"}, {"id": "entity"}]}}
    hits = [{"id": guid, "entityType": "x_table", "contact": contacts} for guid in ("t", "unread")]
    pages = [page("search", {"value": hits}), page("entity", {"entities": [entity]})]
    with loaded(tmp_path, SOURCE, pages) as staging:
        query = "select asset_guid, role, principal_id, seen_in from contact_conflict order by all"
        assert rows(staging, query) == [
            ("t", "Expert", "both", "search"),
            ("t", "Owner", "entity", "entity"),
            ("t", "Owner", "hit", "search"),
        ]
        query = "select principal_id from contact order by principal_id"
        assert rows(staging, query) == [("both",), ("entity",)]


def test_a_deleted_asset_keeps_its_status(tmp_path: Path) -> None:
    """Search may still list what is gone: the entity says that it was deleted."""
    pages = [
        page("search", {"value": [{"id": "t", "entityType": "x_table"}]}),
        page("entity", {"entities": [{"guid": "t", "status": "DELETED"}]}),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, "select guid, status, detail_read from asset") == [
            ("t", "DELETED", True)
        ]


@pytest.mark.parametrize("sent", ["Promoted", ["Promoted"], ["Promoted", "Certified"], [], None])
def test_an_endorsement_is_a_text_or_a_list(tmp_path: Path, sent: Any) -> None:
    """Both shapes are about; of several the first counts, and an empty list is none."""
    classes = [{"typeName": "MICROSOFT.POWERBI.ENDORSEMENT", "attributes": {"endorsement": sent}}]
    pages = [
        page("search", {"value": [{"id": "t", "entityType": "x_report"}]}),
        page("entity", {"entities": [{"guid": "t", "classifications": classes}]}),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, "select endorsement from asset") == [("Promoted" if sent else None,)]
