"""Purview's pages, in the shapes that real tenants send, become the rows they say."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.collect.staging import Staging
from pipeline.sources import purview
from pipeline.sources.purview import SOURCE, account, entities, search, types, unified_catalog
from pipeline.warehouse import pages as stored
from pipeline.warehouse import schema

CATALOGUE = purview.part(search, entities, types, account, unified_catalog)
PAYLOADS = Path(__file__).parent / "payloads" / "purview"
OWNER, EXPERT = (f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb"))
FILE, SHARE = "11111111-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000001"
TABLE = "22222222-0000-4000-8000-00f6f6f60000"
MAIL, READING = (f"11111111-0000-4000-8000-00f6f6f6000{end}" for end in (1, 2))
BILL_ID = "22222222-0000-4000-8000-00f6f6f60001"
PROCESS, TERM = (f"{end * 8}-0000-4000-8000-000000000001" for end in "45")
GLOSSARY = "66666666-0000-4000-8000-000000000001"
KEYS = {
    "term": GLOSSARY,
    "glossary_category": GLOSSARY,
    "audit_event": "Asset",
    "scan": "Lake-Abc",
} | dict.fromkeys(("scan_trigger", "scan_run"), "Lake-Abc/Scan-Xyz")
BILLS = "snowflake://ab12.snowflake.example/databases/POWER/schemas/PUBLIC/tables/BILLS"


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """One page of every endpoint but `schema`."""
    pages = [(path.stem, KEYS.get(path.stem), path.read_bytes()) for path in PAYLOADS.iterdir()]
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages) as found:
        yield found


def test_assets_come_from_their_entity_or_else_from_their_hit(staging: Staging) -> None:
    """An asset that was not read in detail says so, and a glossary term is no asset."""
    query = (
        "select guid, name, level, object_type, asset_type, collection_id, description, "
        "user_description, owner_in_source, endorsement, sensitivity_label, data_source_name, "
        "scan_name, platform, detail_read from asset order by guid"
    )
    label = "Microsoft.Label.00AA11BB_22CC_33DD_44EE_556677889900"
    lake, snow, share = "Azure Data Lake Storage Gen2", "Snowflake", "Azure Data Share"
    assert rows(staging, query) == [
        (FILE, "meters.csv", "dataset", None, lake, "meter1", "Meter readings by day.", None,
         "$superuser", "Certified", label, "Lake-Abc", "Scan-Xyz", "adls", True),
        (TABLE, "Bills", "dataset", "Tables", snow, "meter1", None, "Reviewed.", None, None, None,
         None, None, "snowflake", True),
        (SHARE, "utility-share", "container", None, share, None, None, None, None, None, None, None,
         None, None, False),
    ]  # fmt: skip


def test_parts_of_a_qualified_name(staging: Staging) -> None:
    """Where the platform's scanner wrote the name, its parts are known."""
    query = (
        "select guid, host, database_name, schema_name, table_name from asset "
        "where host is not null"
    )
    assert rows(staging, query) == [(TABLE, "ab12.snowflake.example", "POWER", "PUBLIC", "BILLS")]


def test_times_are_times_and_impossible_ones_are_unknown(staging: Staging) -> None:
    """Milliseconds become moments in UTC; a number beyond any calendar stops nothing, and search's own stands in."""
    found = rows(staging, "select guid, created_at, updated_at from asset order by guid")
    assert found == [
        (FILE, *(datetime.fromtimestamp(ms / 1000, UTC) for ms in (1645631429587, 1646040314960))),
        (TABLE, *(datetime(2023, 11, 14, 22, *at, tzinfo=UTC) for at in ((13, 20), (15, 0)))),
        (SHARE, None, None),
    ]


def test_columns_of_a_table_of_a_file_and_of_a_call_of_their_own(staging: Staging) -> None:
    """Types are named data_type or type; a deleted column is none."""
    query = "select guid, asset_guid, name, data_type, type_name, item from asset_column order by 1"
    assert rows(staging, query) == [
        (MAIL, FILE, "mail", "string", "column", f"/referredEntities/{MAIL}"),
        (READING, FILE, "reading", "double", "column", "/entities/0"),
        (BILL_ID, TABLE, "BILL_ID", "NUMBER", "snowflake_table_column",
         f"/referredEntities/{BILL_ID}"),
    ]  # fmt: skip


def test_what_is_asked_for_next(staging: Staging) -> None:
    """Columns that did not come along and living processes are wanted; schemas that came are not."""
    assert rows(staging, "select key from purview.schema_wanted") == []
    assert rows(staging, "select key from purview.column_wanted") == [(READING,)]
    assert rows(staging, "select key from purview.process_wanted") == [(PROCESS,)]


def test_classifications_without_labels_and_endorsements(staging: Staging) -> None:
    """A confidence is read where there is one, as a number or as a text."""
    query = (
        "select entity_guid, type_name, asset_guid, column_guid, status, confidence "
        "from classification order by column_guid nulls first"
    )
    mail = "MICROSOFT.PERSONAL.EMAIL"
    assert rows(staging, query) == [
        (FILE, mail, FILE, None, "ACTIVE", None),
        (MAIL, mail, FILE, MAIL, "ACTIVE", 0.91),
    ]


def test_contacts_and_terms(staging: Staging) -> None:
    """An empty id is no contact, and an assignment that was deleted is none."""
    query = "select asset_guid, role, principal_id, info from contact order by role"
    assert rows(staging, query) == [
        (FILE, "Expert", EXPERT, None),
        (FILE, "Owner", OWNER, "data owner"),
    ]
    query = "select term_guid, asset_guid from term_assignment where column_guid is null"
    assert rows(staging, query) == [(TERM, FILE)]


def test_lineage_of_a_process(staging: Staging) -> None:
    """Inputs flow to outputs; column pairs without a name at one end are left out."""
    query = "select from_guid, to_guid, process_guid from lineage_edge where kind = 'process'"
    assert rows(staging, query) == [(FILE, TABLE, PROCESS)]
    query = (
        "select from_qualified_name, from_column, to_qualified_name, to_column "
        f"from column_lineage where process_guid = '{PROCESS}' order by all"
    )
    assert rows(staging, query) == [
        ("*", "reading", "*", "READING"),
        ("https://lake.example/raw/meters.csv", "mail", BILLS, "CONTACT"),
    ]


def test_glossary(staging: Staging) -> None:
    """A term without a name of its own has its qualified name; an empty steward is none."""
    assert rows(staging, "select guid, name from glossary") == [(GLOSSARY, "Glossary")]
    query = "select name, status, glossary_guid, long_description from term order by name"
    assert rows(staging, query) == [
        ("Grid@Glossary", "Draft", GLOSSARY, ""),
        ("Meter", "Approved", GLOSSARY, "A <b>device</b> that counts."),
    ]
    assert rows(
        staging, "select term_guid, role, principal_id from term_contact order by role"
    ) == [
        (TERM, "Expert", EXPERT),
        (TERM, "Steward", OWNER),
    ]


def test_collections(staging: Staging) -> None:
    """The root has no parent; seven digits of a second are no obstacle."""
    query = "select id, name, parent_id, description, created_at from collection order by id desc"
    first, second = (
        datetime(2024, 2, day, *clock, tzinfo=UTC)
        for day, clock in ((23, (9, 46, 46, 238176)), (27, (12, 52, 28, 882665)))
    )
    assert rows(staging, query) == [
        ("utility-pv", "Utility", None, "The root collection.", first),
        ("meter1", "Metering", "utility-pv", None, second),
    ]


def test_data_sources_have_their_address_wherever_it_is(staging: Staging) -> None:
    """Every kind names its address differently, and one has none."""
    query = "select name, kind, collection_id, address from data_source order by name"
    assert rows(staging, query) == [
        ("Amazon-Abc", "AmazonAccount", "meter1", None),
        ("Lake-Abc", "AdlsGen2", "meter1", "https://lake.example/"),
        ("Snowflake-Abc", "Snowflake", "meter1", "ab12.snowflake.example"),
        ("Synapse-Abc", "AzureSynapseWorkspace", "meter1", "ws.sql.example"),
    ]


def test_a_schedule_without_a_state(staging: Staging) -> None:
    """Older answers do not say whether a schedule is on: that is unknown, not off."""
    query = (
        "select scan_id, state, frequency, frequency_interval, starts_at, ends_at, scan_level "
        "from scan_trigger"
    )
    start = datetime(2024, 2, 27, 20, 25, tzinfo=UTC)
    assert rows(staging, query) == [
        ("Lake-Abc/Scan-Xyz", None, "Month", 1, start, None, "Incremental")
    ]


def test_runs_of_both_answer_styles(staging: Staging) -> None:
    """Counts are flat or inside the discovery part, and a canceled run has one spelling."""
    query = (
        "select status, run_type, scan_level, discovery_status, ingestion_status, "
        "assets_discovered, assets_classified, assets_failed, error_message, ended_at is null "
        "from scan_run order by id"
    )
    assert rows(staging, query) == [
        ("Succeeded", "Manual", "Full", None, None, 8, 3, None, None, False),
        ("Canceled", "Scheduled", "Incremental", "Cancelled", "Canceled", 9, 4, 1,
         "Stopped by a person.", True),
    ]  # fmt: skip
    assert rows(staging, "select id, ruleset_name, ruleset_type from scan") == [
        ("Lake-Abc/Scan-Xyz", "AdlsGen2", "System")
    ]


def test_classification_types(staging: Staging) -> None:
    """The name that people see is among the options."""
    assert rows(staging, "select name, display_name, description from classification_def") == [
        ("MICROSOFT.PERSONAL.EMAIL", "Mail address", "A mail address")
    ]


def entity(guid: str, relations: dict[str, Any]) -> dict[str, Any]:
    return {
        "guid": guid,
        "typeName": "azure_datalake_gen2_path",
        "relationshipAttributes": relations,
    }


@pytest.mark.parametrize(
    ("relations", "wanted"),
    [
        ({"tabular_schema": {"guid": "s"}}, [("s",)]),
        ({"tabular_schema": [{"guid": "s"}]}, [("s",)]),
        ({"attachedSchema": [{"guid": "s"}]}, [("s",)]),
        ({"attachedSchema": {"guid": "s"}}, [("s",)]),
        ({"tabular_schema": None, "attachedSchema": []}, []),
        ({}, []),
    ],
)
def test_a_schema_is_found_in_every_place(
    tmp_path: Path, relations: dict[str, Any], wanted: list[tuple[str]]
) -> None:
    """As an object, as a list of one, under two names, or not at all; what did not come along is asked for."""
    columns = {"guid": "s", "typeName": "tabular_schema",
               "relationshipAttributes": {"columns": [{"guid": "c"}]}}  # fmt: skip
    pages = [
        ("search", None, json.dumps({"value": [{"id": "f", "entityType": "x_path"}]}).encode()),
        ("entity", None, json.dumps({"entities": [entity("f", relations)]}).encode()),
    ]
    if wanted:
        pages.append(("schema", None, json.dumps({"entities": [columns]}).encode()))
    with loaded(tmp_path, CATALOGUE, pages) as staging:
        assert rows(staging, "select key from purview.schema_wanted") == wanted
        assert rows(staging, "select guid, asset_guid from purview.column_of") == (
            [("c", "f")] if wanted else []
        )


def test_of_an_asset_that_comes_twice_the_later_page_counts(tmp_path: Path) -> None:
    """An asset that changed during the walk is one row, with its later answer."""
    hits = {"value": [{"id": "a", "entityType": "x_table", "name": "early"}]}
    later = {"value": [{"id": "a", "entityType": "x_table", "name": "late"}]}
    pages = [("search", None, json.dumps(page).encode()) for page in (hits, later)]
    with loaded(tmp_path, CATALOGUE, pages) as staging:
        assert rows(staging, "select guid, name, detail_read from asset") == [("a", "late", False)]


def test_hostile_texts_are_data(tmp_path: Path) -> None:
    """Quotes, markup, line breaks and a zero character come through as they are."""
    name = "'; drop table asset; --\u0000<script>\r\n=1+1 \U0001f600 \\ \" {key}"
    hits = {"value": [{"id": "a", "entityType": "x_table", "name": name}]}
    with loaded(tmp_path, CATALOGUE, [("search", None, json.dumps(hits).encode())]) as staging:
        assert rows(staging, "select name from asset") == [(name,)]


def test_endpoints_fill_tables() -> None:
    """What they say they fill is a table of the warehouse, and no view over some."""
    filled = {table for endpoint in SOURCE.endpoints for table in endpoint.tables}
    assert filled <= schema.tables().keys()


@pytest.mark.parametrize("instant", ["next spring", 1782777600, ""])
def test_a_schedule_or_run_with_an_unreadable_end_is_lost(tmp_path: Path, instant: Any) -> None:
    """An end that cannot be read is not "no end": the item has no row, and its neighbours have theirs."""
    pages: list[tuple[str, str, Any]] = [
        ("scan_trigger", f"d/{key}", {"properties": {"recurrence": {"endTime": end}}})
        for key, end in (("good", "2027-01-01T00:00:00Z"), ("none", None), ("bad", instant))
    ]
    ends = [{"id": "good", "endTime": None}, {"id": "bad", "endTime": instant}]
    pages.append(("scan_run", "d/good", {"value": ends}))
    bodies = [(name, key, json.dumps(page).encode()) for name, key, page in pages]
    with loaded(tmp_path, SOURCE, bodies) as staging:
        query = "select key from purview.scan_trigger_item order by key"
        assert rows(staging, query) == [("d/good",), ("d/none",)]
        assert rows(staging, "select scan_id from scan_trigger order by 1") == rows(staging, query)
        assert rows(staging, "select item from purview.scan_run_item") == [("/value/0",)]
        assert rows(staging, "select id from scan_run") == [("good",)]


PERSONAL = [{"typeName": "MICROSOFT.PERSONAL.EMAIL"}]


def test_a_header_of_a_column_does_not_stand_for_it(tmp_path: Path) -> None:
    """Without relationships it is a header, which has no classifications: the column is asked for, and that answer counts."""
    table = entity("t", {"columns": [{"guid": "whole"}, {"guid": "header"}]})
    referred = {
        "whole": {"guid": "whole", "relationshipAttributes": {"meanings": []}},
        "header": {"guid": "header", "attributes": {"name": "header"}},
    }
    called = {"guid": "header", "attributes": {"name": "called"}, "classifications": PERSONAL}
    pages = [
        ("search", None, {"value": [{"id": "t", "entityType": "x_table"}]}),
        ("entity", None, {"entities": [table], "referredEntities": referred}),
        ("column", None, {"entities": [called]}),
    ]
    bodies = [(name, key, json.dumps(page).encode()) for name, key, page in pages]
    with loaded(tmp_path, CATALOGUE, bodies) as staging:
        assert rows(staging, "select key from purview.column_wanted") == [("header",)]
        query = "select guid, name from asset_column order by guid"
        assert rows(staging, query) == [("header", "called"), ("whole", "whole")]
        assert rows(staging, "select column_guid from classification") == [("header",)]


@pytest.mark.parametrize(
    ("relations", "wanted"),
    [
        ({"columns": [{"guid": "c"}]}, []),
        ({"columns": []}, []),
        ({"columns": None}, [("s",)]),
        ({"meanings": []}, [("s",)]),
        (None, [("s",)]),
    ],
)
def test_a_schema_without_its_columns_is_asked_for(
    tmp_path: Path, relations: dict[str, Any] | None, wanted: list[tuple[str]]
) -> None:
    """That it came along says nothing about columns it did not bring; an empty list does."""
    referred = {"s": {"guid": "s", "relationshipAttributes": relations}}
    file = entity("f", {"tabular_schema": {"guid": "s"}})
    page = json.dumps({"entities": [file], "referredEntities": referred}).encode()
    with loaded(tmp_path, CATALOGUE, [("entity", None, page)]) as staging:
        assert rows(staging, "select key from purview.schema_wanted") == wanted


def test_any_key_of_what_came_along_is_a_pointer(tmp_path: Path) -> None:
    """Slashes and tildes of the key are escaped, so that the pointer leads back to the entity."""
    column = {"guid": "c", "relationshipAttributes": {}}
    body = json.dumps({"entities": [], "referredEntities": {"a/b~1": column}}).encode()
    with loaded(tmp_path, CATALOGUE, [("entity", None, body)]) as staging:
        ((item,),) = rows(staging, "select item from purview.column_late")
        assert item == "/referredEntities/a~1b~01"
        assert stored.item(body, item) == column
