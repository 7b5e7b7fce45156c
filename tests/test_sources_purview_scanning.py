"""The scanning plane: what scans a source, with what, how often, and whether it worked in full."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows
from planes_fixture import ASSETS, SOURCE, Walk, broken_promises, walked
from sandbox_fixture import DAY

from pipeline.collect.staging import Staging
from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.purview.scanning import run_rows, scan_api, settings_api

PAYLOADS = Path(__file__).parent / "payloads" / "purview"
KEYS = {"scan": "Lake-Abc"} | dict.fromkeys(
    ("scan_trigger", "scan_run", "scan_filter"), "Lake-Abc/Scan-Xyz"
)
LISTS = ("data_source", "scan", *KEYS, "scan_ruleset", "system_scan_ruleset",
         "classification_rule", "scan_credential", "integration_runtime")  # fmt: skip
TABLES = ("data_source", "scan", "scan_trigger", "scan_filter", "scan_run", "scan_ruleset",
          "classification_rule", "scan_credential", "integration_runtime")  # fmt: skip
Json = dict[str, Any]


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    pages = [
        (name, KEYS.get(name), (PAYLOADS / f"{name}.json").read_bytes())
        for name in dict.fromkeys(LISTS)
    ]
    with loaded(tmp_path_factory.mktemp("scanning"), SOURCE, pages) as found:
        yield found


def loaded_page(path: Path, name: str, key: str | None, page: Json) -> Any:
    return loaded(path, SOURCE, [(name, key, json.dumps(page).encode())])


ADDRESSES: tuple[tuple[Json, str | None], ...] = (
    ({"endpoint": "https://lake.example/"}, "https://lake.example/"),
    ({"host": "db.example", "port": 1521}, "db.example"),
    ({"serverEndpoint": "sql.example", "port": None}, "sql.example"),
    ({"dedicatedSqlEndpoint": None, "serverlessSqlEndpoint": "od.example"}, "od.example"),
    ({"sqlEndpoint": "syn.example"}, "syn.example"),
    ({"sqlOnDemandEndpoint": "od.example"}, "od.example"),
    ({"serviceUrl": "s3://bucket"}, "s3://bucket"),
    ({"accountUri": "https://cosmos.example"}, "https://cosmos.example"),
    ({"applicationServer": "sap.example", "systemNumber": "00"}, "sap.example"),
    ({"workspaceUrl": "https://adb.example"}, "https://adb.example"),
    ({"tenant": "t"}, "t"),
    ({"awsAccountId": "0"}, None),
    ({}, None),
)
MOVING: tuple[tuple[Any, str | None], ...] = (
    (0, "Active"),
    ("0", "Active"),
    ("Active", "Active"),
    (1, "Moving"),
    ("Moving", "Moving"),
    (2, "Failed"),
    ("Elsewhere", "Elsewhere"),
    (None, None),
)


def sources(path: Path, properties: list[Json], column: str) -> list[Any]:
    """A column of the data sources with these properties, in their order."""
    listed = [
        {"kind": "Any", "name": f"source {at:02d}", "properties": one}
        for at, one in enumerate(properties)
    ]
    with loaded_page(path, "data_source", None, {"value": listed}) as found:
        return [row[0] for row in rows(found, f"select {column} from data_source order by name")]


def test_every_kind_of_source_has_its_own_word_for_its_address(tmp_path: Path) -> None:
    """The one the kind has is taken; an Amazon account has a number and no address."""
    given = [properties for properties, _ in ADDRESSES]
    assert sources(tmp_path, given, "address") == [address for _, address in ADDRESSES]


def test_a_moving_state_is_a_word_or_its_number(tmp_path: Path) -> None:
    """Sent as a number, as the number's text or as a word: one word in the end."""
    given: list[Json] = [{"dataSourceCollectionMovingState": sent} for sent, _ in MOVING]
    assert sources(tmp_path, given, "moving_state") == [read for _, read in MOVING]


WHOLE: Json = {"assets": {"failed": 0, "succeeded": 9}, "relationships": {"failed": 0}}
ASSET_LOST: Json = {"assets": {"failed": 1}}
RELATION_LOST: Json = {"relationships": {"failed": 1}}
OUTCOMES: tuple[tuple[str | None, str | None, str | None, Json, str | None], ...] = (
    ("Succeeded", None, None, {}, "Complete"),
    ("Succeeded", "Succeeded", "Succeeded", WHOLE, "Complete"),
    ("Succeeded", "Succeeded", "PartialSucceeded", WHOLE, "Partial"),
    ("Succeeded", "CompletedWithExceptions", "Succeeded", WHOLE, "Partial"),
    ("Succeeded", "CompleteWithWarning", "Succeeded", WHOLE, "Partial"),
    ("Succeeded", "Succeeded", "None", WHOLE, "Partial"),
    ("Succeeded", "Succeeded", "SourceUnknown", WHOLE, "Partial"),
    ("Succeeded", "Succeeded", "Brand New", WHOLE, "Partial"),
    ("Succeeded", "Succeeded", "Succeeded", ASSET_LOST, "Partial"),
    ("Succeeded", "Succeeded", "Succeeded", RELATION_LOST, "Partial"),
    ("Succeeded", "Succeeded", "Failed", WHOLE, "Failed"),
    ("Succeeded", "Failed", "Succeeded", WHOLE, "Failed"),
    ("Succeeded", "Succeeded", "Canceling", WHOLE, "Canceled"),
    ("Succeeded", "Cancelled", None, {}, "Canceled"),
    ("Succeeded", "Succeeded", "InProgress", WHOLE, "Running"),
    ("Succeeded", "Throttled", None, {}, "Running"),
    ("Failed", "Succeeded", "Succeeded", WHOLE, "Failed"),
    ("TransientFailure", None, None, {}, "Failed"),
    ("Cancelled", None, None, {}, "Canceled"),
    ("Accepted", None, None, {}, "Running"),
    ("InProgress", "Failed", None, {}, "Running"),
    ("Brand New", "Succeeded", "Succeeded", WHOLE, None),
    (None, None, None, {}, None),
)


def test_one_word_says_whether_a_run_worked_in_full(tmp_path: Path) -> None:
    """A run that calls itself succeeded is complete only if both its parts are, and nothing failed in them."""
    listed: list[Json] = []
    for at, (status, discovery, ingestion, statistics, _) in enumerate(OUTCOMES):
        listed.append({"id": f"run {at:02d}", "status": status})
        if discovery:
            listed[-1]["discoveryExecutionDetails"] = {"status": discovery}
        if ingestion:
            details = {"status": ingestion, "statistics": statistics}
            listed[-1]["ingestionExecutionDetails"] = details
    with loaded_page(tmp_path, "scan_run", "d/s", {"value": listed}) as found:
        words = rows(found, "select outcome from scan_run order by id")
    assert [word for (word,) in words] == [outcome for *_, outcome in OUTCOMES]


def test_filters_and_rule_sets(staging: Staging) -> None:
    """No list and an empty one are the same; a rule set has a row per version."""
    query = "select * exclude (page_id, item, content_hash) from scan_filter"
    assert [row[:6] for row in rows(staging, query)] == [
        ("Lake-Abc/Scan-Xyz", "custom", ["https://lake.example/", "https://lake.example/03-gold"],
         ["https://lake.example/01-bronze"], [], []),
    ]  # fmt: skip
    query = (
        "select ruleset_type, name, kind, version, file_extensions, included_rules "
        "from scan_ruleset order by all"
    )
    assert rows(staging, query) == [
        ("Custom", "bare", "AzureStorage", 0, [], []),
        ("Custom", "parquet_only", "AdlsGen2", 1, ["PARQUET"], ["meter_number"]),
        ("System", "AzureSynapseSQL", "AzureSynapseWorkspace", 2, [], []),
        ("System", "AzureSynapseSQL", "AzureSynapseWorkspace", 3, [], []),
    ]


def test_rules_credentials_and_runtimes(staging: Staging) -> None:
    """Patterns are kept as they are; of a credential only its name and kind."""
    query = (
        "select name, kind, classification_name, status, minimum_percentage_match, data_patterns, "
        "column_patterns from classification_rule"
    )
    assert rows(staging, query) == [
        ("meter_number", "Custom", "Meter Number", "Enabled", 60.0, ["^M[0-9]+$"], [])
    ]
    assert rows(staging, "select name, kind from scan_credential order by name") == [
        ("lake-reader", "BasicAuth"), ("own-identity", "ManagedIdentity"),
    ]  # fmt: skip
    assert rows(staging, "select name, kind, description from integration_runtime order by 1") == [
        ("runtime-a", "SelfHosted", "On a desk."), ("runtime-b", "Managed", None),
    ]  # fmt: skip


def test_a_run_says_when_its_parts_ran_and_why_it_failed(staging: Staging) -> None:
    """Both answer styles; diagnostics are kept as they were sent."""
    query = (
        "select outcome, queued_at, discovery_started_at, error_code, ruleset_version, "
        "data_source_kind, notifications, exception_counts from scan_run order by id"
    )
    assert rows(staging, query) == [
        ("Complete", datetime(2024, 2, 23, 15, 45, 57, 795545, tzinfo=UTC), None, None, 5,
         "AdlsGen2", "[]", "{}"),
        ("Canceled", None, datetime(2026, 2, 23, 15, 45, tzinfo=UTC), "ScanFailed", None,
         "AdlsGen2", None, None),
    ]  # fmt: skip
    assert rows(staging, "select time_zone, last_scheduled_at from scan_trigger") == [("UTC", None)]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walked(tmp_path_factory.mktemp("walk")) as found:
        yield found


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


def test_a_long_history_comes_whole_in_one_page_or_in_many(walk: Walk, estate: Estate) -> None:
    """More than a hundred runs, with and without an address of a next page."""
    query = (
        "select scan_id, count(*), count(distinct page_id) from scan_run group by all "
        "having count(*) > 100 order by all"
    )
    long = {
        f"{source.name}/{scan.name}": len(scan.runs)
        for source in estate.sources
        for scan in source.scans
        if len(scan.runs) > 100
    }
    found = walk.rows(query)
    assert {scan: runs for scan, runs, _ in found} == long
    paged = {scan.startswith(scan_api.PAGED_FROM): pages for scan, _, pages in found}
    assert paged == {True: 200 // scan_api.RUN_PAGE, False: 1}


def test_runs_that_were_partial_say_so(walk: Walk, estate: Estate) -> None:
    """`Succeeded` alone hides them: the outcome and what was left undone do not."""
    partial = {
        run.id: run_rows.row(source, scan, run)
        for source in estate.sources
        for scan in source.scans
        for run in scan.runs
        if run.ingestion == "PartialSucceeded"
    }
    query = (
        "select id, assets_not_ingested, exception_counts ->> '$.IngestionFailure' from scan_run "
        "where status = 'Succeeded' and outcome = 'Partial' and ingestion_status <> 'Succeeded'"
    )
    assert {(one, failed, int(told or 0)) for one, failed, told in walk.rows(query)} == {
        (key, failed, failed)
        for key, row in partial.items()
        for failed in [row["ingestionExecutionDetails"]["statistics"]["assets"]["failed"]]
    }


def test_scans_name_what_they_use(walk: Walk, estate: Estate) -> None:
    """Credential, runtime and rule set of a scan are rows of their tables; filters are those of the estate."""
    for column, table, key in (
        ("credential_name", "scan_credential", "name"),
        ("integration_runtime", "integration_runtime", "name"),
        ("ruleset_name", "scan_ruleset", "name"),
    ):
        used = set(walk.rows(f"select {column} from scan where {column} is not null"))
        assert used
        assert used < set(walk.rows(f"select {key} from {table}"))
    filtered = {
        f"{source.name}/{scan.name}"
        for source in estate.sources
        for scan in source.scans
        if settings_api.filter_of(source, scan)
    }
    assert {scan for (scan,) in walk.rows("select scan_id from scan_filter")} == filtered
    assert broken_promises(walk, TABLES) == []


def test_of_a_credential_nothing_but_its_name_is_stored(walk: Walk) -> None:
    """The page on disk has no secret and no name of one, and the log says what was replaced."""
    files = sorted((walk.folder / "run").rglob("purview/scan_credential/part-*.gz"))
    text = b"".join(gzip.decompress(file.read_bytes()) for file in files)
    assert b"snowflake-reader" in text
    assert b"sandbox-not-a-secret" not in text
    assert b"keys-north" not in text
    log = next((walk.folder / "run").rglob("purview/scan_credential/exchanges.jsonl"))
    assert "/value/0/properties/typeProperties" in json.loads(log.read_text())["redactions"]
