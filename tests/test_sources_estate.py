"""An estate collected over a socket is the estate: every table holds exactly what the systems hold."""

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from estate_fixture import Rows, read
from sandbox_fixture import DAY

from pipeline import config
from pipeline.clients import SOURCES, build_clients, planes_of
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Clock, Staging
from pipeline.collect.store import PageStore
from pipeline.collect.walk import collect
from pipeline.sandbox import clock, server
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.immuta import domains, policies
from pipeline.sandbox.immuta.products import domain_id
from pipeline.sandbox.purview import account_api, audit
from pipeline.sandbox.purview.datamap import details, entities, entity_store, glossary, lineage
from pipeline.warehouse import pages, schema
from pipeline.warehouse.home import connect

ASSETS = 300


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with the staging file of the whole estate."""
    path = tmp_path_factory.mktemp("estate")
    store = PageStore(path, "run")
    staging = Staging(path / "staging.duckdb", store, 1, clock=Clock(DAY, DAY))
    with server.running(assets=ASSETS, as_of=DAY) as url, httpx.Client() as sign_in:
        facts = {**server.credentials(1), "url": url}
        settings = config.for_sandbox(config.Config(), facts)
        clients = build_clients(settings, planes_of(settings, sign_in), store)
        outcomes = collect(clients, staging, workers=6, skip={})
        assert reconcile(staging, outcomes)
        for client in clients.values():
            staging.record_exchanges(client.source, "run")
            client.close()
    store.close()
    staging.close()
    return path


@pytest.fixture(scope="module")
def staged(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(folder / "staging.duckdb", read_only=True) as con:
        yield con


def moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, DAY.tzinfo)


def columns_of(data: Dataset) -> Iterable[tuple[str, Any]]:
    return ((data.column_guid(c.position), c) for c in data.columns() if not c.deleted)


def test_assets(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every dataset is one asset with its names, times, scan and labels, and was read in detail."""
    found = read(
        staged,
        "select guid, type_name, qualified_name, name, collection_id, owner_in_source, status, "
        "created_at, updated_at, 'datasources/' || data_source_name || '/scans/' || scan_name, "
        "sensitivity_label, endorsement, detail_read from asset",
    )
    assert found == {
        (
            data.guid,
            data.type_name,
            data.qualified_name,
            data.display_name,
            data.collection,
            entities.storage_owner(data),
            "ACTIVE",
            moment(data.created_at),
            moment(data.updated_at),
            estate.scan_of(data),
            next((c for c in data.classes() if c.startswith(s.LABEL_PREFIX)), None),
            "Certified" if s.ENDORSEMENT in data.classes() else None,
            True,
        )
        for data in estate.datasets
    }


def test_places(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Host (some with a port), database, schema and table are the platform's, or null where the name does not tell."""
    names = {"files": "adls"}
    found = read(
        staged,
        "select guid, platform, level, split_part(host, ':', 1), database_name, schema_name, "
        "table_name from asset",
    )
    nowhere = (None, None, None, None)
    assert found == {
        (
            data.guid,
            names.get(data.platform.key, data.platform.key),
            "report" if data.platform.is_report else "dataset",
            *((data.host, *data.path) if data.platform.is_table and data.is_parsable else nowhere),
        )
        for data in estate.datasets
    }


def test_columns(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every column that was not deleted belongs to its asset, files through their schema."""
    found = read(staged, "select guid, asset_guid, name, data_type, type_name from asset_column")
    assert found == {
        (guid, data.guid, column.name, column.data_type, data.platform.column_type)
        for data in estate.datasets
        for guid, column in columns_of(data)
    }


def test_columns_that_did_not_come_along_were_asked_for(
    staged: duckdb.DuckDBPyConnection, estate: Estate
) -> None:
    """The sandbox leaves some columns out of `referredEntities`; those are asked for, and no others."""
    left_out = [d for d in estate.datasets if d.slot % entity_store.MISSING_EVERY == 5]
    assert read(staged, "select key from purview.column_wanted") == {
        (guid,) for data in left_out for guid, _ in columns_of(data)
    }
    query = (
        "select calls, distinct_keys, verdict from reconciliation where endpoint = 'purview.column'"
    )
    ((calls, columns, verdict),) = read(staged, query)
    assert calls > 0
    assert columns > 0
    assert verdict == "reconciled"


def test_classifications(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Those of assets and of living columns, without the labels and endorsements that Purview keeps among them."""
    expected: Rows = set()
    for data in estate.datasets:
        own = (c for c in data.classes() if c != s.ENDORSEMENT and not c.startswith(s.LABEL_PREFIX))
        expected |= {(data.guid, name, data.guid, None, *_set_by(data.guid)) for name in own}
        expected |= {
            (guid, name, data.guid, guid, *_set_by(guid))
            for guid, column in columns_of(data)
            for name in column.classes
        }
    assert {row[-2] for row in expected} == {None, "DataScan", "User"}
    query = "select entity_guid, type_name, asset_guid, column_guid, source, confidence from classification where status "
    assert read(staged, query + "= 'ACTIVE'") == expected
    bounded: dict[str, set[tuple[str, str]]] = {"ENDED": set(), "NOT_BEGUN": set()}
    for data in estate.datasets:
        own = [(None, data.guid, data.classes())]
        for position, guid, carried in [
            *own,
            *((c.position, guid, c.classes) for guid, c in columns_of(data)),
        ]:
            for name, period in details.out_of_force(data, position, carried):
                bounded["NOT_BEGUN" if period is details.TO_COME else "ENDED"].add((guid, name))
    assert {name for _, name in bounded["ENDED"]} == {s.SSN, s.EMAIL}
    assert {name for _, name in bounded["NOT_BEGUN"]} == {s.US_PASSPORT}
    query = "select entity_guid, type_name from classification where status = "
    assert (
        read(staged, query + "'ENDED' and ends_at = '2024-05-01 00:00:00+00'") == bounded["ENDED"]
    )
    assert (
        read(staged, query + "'NOT_BEGUN' and starts_at = '2098-12-31 23:00:00+00'")
        == bounded["NOT_BEGUN"]
    )


def _set_by(guid: str) -> tuple[str | None, float | None]:
    source, confidence = entities.set_by(guid)
    return source, None if confidence is None else float(confidence)


def test_contacts(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """An id that is an empty string is no contact."""
    expected = {
        (data.guid, role, who)
        for data in estate.datasets
        for role, ids in zip(("Owner", "Expert"), data.contacts(estate.people), strict=True)
        for who in ids
    }
    assert "" in {who for _, _, who in expected}
    query = "select asset_guid, role, principal_id from contact"
    assert read(staged, query) == {row for row in expected if row[2]}


def test_lineage(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every input of a process flows to every output, those included that only the lineage call knows, and
    column pairs are those it declares."""
    flows = estate.lineage.processes
    assert len(read(staged, "select key from purview.hub_process_item")) > 10
    guid = {slot: data.guid for slot, data in enumerate(estate.datasets)}
    query = "select guid, type_name, qualified_name, name from process"
    assert read(staged, query) == {
        (flow.guid, flow.type_name, lineage.qualified_name(flow), flow.name) for flow in flows
    }
    drawn = [(source, sink) for source, sinks in estate.lineage.sinks.items() for sink in sinks]
    assert read(staged, "select from_guid, to_guid, process_guid from lineage_edge") == {
        (guid[source], guid[sink], flow.guid)
        for flow in flows
        for source in flow.inputs
        for sink in flow.outputs
    } | {(guid[source], guid[sink], "") for source, sink in drawn}
    query = (
        "select process_guid, from_qualified_name, from_column, to_qualified_name, to_column "
        "from column_lineage"
    )
    ends = [(estate.datasets[source], estate.datasets[sink]) for source, sink in drawn]
    assert read(staged, query) == {
        (
            flow.guid,
            pair["DatasetMapping"]["Source"],
            names["Source"],
            pair["DatasetMapping"]["Sink"],
            names["Sink"],
        )
        for flow in flows
        for pair in json.loads(lineage.column_mapping(flow, estate.datasets))
        for names in pair["ColumnMapping"]
    } | {
        ("", source.qualified_name, pair["Source"], sink.qualified_name, pair["Sink"])
        for source, sink in ends
        for pair in lineage.direct_mapping(source, sink)
    }


def test_glossaries(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Glossaries, terms, those responsible for them, and the assets they are assigned to."""
    guids = [glossary.glossary_guid(1, at) for at in range(len(glossary.NAMES))]
    assert read(staged, "select guid, name from glossary") == set(
        zip(guids, glossary.NAMES, strict=True)
    )
    assert read(staged, "select guid, glossary_guid, name, status, updated_at from term") == {
        (t.guid, guids[t.glossary], t.nick_name, t.status, moment(t.updated_at))
        for t in estate.terms
    }
    assert read(staged, "select term_guid, role, principal_id from term_contact") == {
        (term.guid, role, who)
        for term in estate.terms
        for role, ids in (("Steward", term.stewards), ("Expert", term.experts))
        for who in ids
    }
    on_columns = {
        (estate.terms[term].guid, data.guid, data.column_guid(position))
        for data in estate.datasets
        for position, term in [details.column_term(data) or (0, 0)]
        if position
    }
    assert on_columns
    query = "select term_guid, asset_guid, column_guid from term_assignment"
    assert read(staged, query) == on_columns | {
        (estate.terms[index].guid, data.guid, None)
        for index, found in estate.datasets_by_term.items()
        for data in found
    }


def test_places_of_terms(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every second term is below the one before it, said or named; categories are in each other and list terms."""
    assert read(staged, "select guid, parent_guid from term") == {
        (term.guid, estate.terms[term.number - 1].guid if term.number % 2 else None)
        for term in estate.terms
    }
    categories = glossary.categories(1)
    query = "select guid, name, parent_guid from glossary_category"
    assert read(staged, query) == {(one.guid, one.name, one.above) for one in categories}
    assert read(staged, "select category_guid, term_guid from term_category") == {
        (one.guid, estate.terms[index].guid) for one in categories for index in one.terms
    }


def test_what_people_added(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Labels of assets and columns, managed attributes, and contacts that search alone shows or lacks."""
    labelled = [(data, label) for data in estate.datasets if (label := data.label)]
    query = "select asset_guid, column_guid, type_name from sensitivity_label"
    assert read(staged, query) == {(data.guid, None, label) for data, label in labelled} | {
        (data.guid, guid, label)
        for data, label in labelled
        for guid, column in columns_of(data)
        if column.classes
    }
    query = "select asset_guid, group_name, name from managed_attribute"
    assert read(staged, query) == {
        (data.guid, group, name)
        for data in estate.datasets
        for group, values in details.managed_attributes(data).items()
        for name in values
    }
    query = "select asset_guid, role, principal_id, seen_in from contact_conflict"
    expected = set()
    for data in estate.datasets:
        for role, at in (("Owner", 0), ("Expert", 1)):
            own = set(data.contacts(estate.people)[at])
            shown = set(details.contacts_shown(estate.people, data)[at])
            expected |= {(data.guid, role, who, "search") for who in shown - own}
            expected |= {(data.guid, role, who, "entity") for who in own - shown if who}
    assert {row[3] for row in expected} == {"search", "entity"}
    assert read(staged, query) == expected


def test_removed_relationships_are_kept_as_removed(
    staged: duckdb.DuckDBPyConnection, estate: Estate
) -> None:
    """A process that is gone is no lineage and is not asked for, but its reference is there to see."""
    query = "select asset_guid from relationship where entity_status = 'DELETED'"
    gone = {(data.guid,) for data in estate.datasets if data.slot % 29 == 3}
    assert read(staged, query) == gone
    query = (
        "select asset_guid from relationship "
        "where attribute = 'dbSchema' and type = other_type || '_tables'"
    )
    tables = {(d.guid,) for d in estate.datasets if d.platform.is_table and d.is_parsable}
    assert read(staged, query) == tables


def test_audit_events_of_the_window(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every event of the thirty days before the run, of each category, and none of before."""
    query = (
        "select category, object_guid, operation, epoch_ms(occurred_at) // 1000 from audit_event"
    )
    first = clock.millis(DAY) - 30 * 86_400_000
    expected = {
        (category, event.guid, event.operation, event.at // 1000)
        for category in audit.CATEGORIES
        for event in audit.events(estate, category)
        if event.at >= first
    }
    assert {row[0] for row in expected} == set(audit.CATEGORIES)
    assert {(*row,) for row in staged.execute(query).fetchall()} == expected


def test_collections_and_types(staged: duckdb.DuckDBPyConnection) -> None:
    """The tree of collections over several pages, and the classification types."""
    tree = account_api.collection_tree(1)
    assert len(tree) > account_api.COLLECTION_PAGE
    assert read(staged, "select id, name, parent_id from collection") == {
        (c["name"], c["friendlyName"], c.get("parentCollection", {}).get("referenceName"))
        for c in tree
    }
    names = {name for (name,) in read(staged, "select name from classification_def")}
    assert names >= {*s.TIER, s.ENDORSEMENT}


def test_scans(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Data sources, scans, schedules where there are any, and runs of both answer styles."""
    scans = [(source, scan) for source in estate.sources for scan in source.scans]
    assert read(staged, "select name, kind from data_source") == {
        (source.name, source.platform.kind) for source in estate.sources
    }
    assert read(staged, "select id, data_source_name, name from scan") == {
        (f"{source.name}/{scan.name}", source.name, scan.name) for source, scan in scans
    }
    query = "select scan_id, state, frequency, ends_at from scan_trigger"
    assert read(staged, query) == {
        (f"{source.name}/{scan.name}", scan.trigger.state, scan.trigger.every, scan.trigger.ends_at)
        for source, scan in scans
        if scan.trigger
    }
    query = (
        "select id, scan_id, status, discovery_status, ingestion_status, scan_level, "
        "started_at, ended_at, assets_discovered from scan_run"
    )
    assert read(staged, query) == {
        (
            one.id,
            f"{source.name}/{scan.name}",
            one.status,
            one.discovery,
            one.ingestion,
            one.level,
            one.started_at,
            one.ended_at,
            one.discovered,
        )
        for source, scan in scans
        for one in scan.runs
    }


def test_immuta_sources(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Disabled ones too, with the remote table of their handler and the policies that apply."""
    query = (
        "select id, name, technology, deleted, host, database_name, schema_name, table_name, "
        "created_at, detail_read, handler_read from immuta_source"
    )
    assert read(staged, query) == {
        (
            one.id,
            one.name,
            one.platform.key,
            one.deleted,
            one.host,
            *one.path,
            one.created_at.replace(microsecond=one.created_at.microsecond // 1000 * 1000),
            True,
            True,
        )
        for one in estate.data_sources
    }
    query = "select source_id from policy_application where policy = 'local:subscription'"
    assert read(staged, query) == {(o.id,) for o in estate.data_sources if o.has_local_policy}
    number = policies.POLICIES[1].id
    query = f"select source_id from policy_application where policy = 'global:{number}' and not disabled"
    assert read(staged, query) == {(o.id,) for o in estate.data_sources if o.has_global_policy}


def test_immuta_dictionaries(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Columns and tags of sources with a dictionary; a source without one is no gap."""
    entries = [
        (one.id, entry)
        for one in estate.data_sources
        if one.has_dictionary
        for entry in one.dictionary()
    ]
    assert len({number for number, _ in entries}) < len(estate.data_sources)
    assert read(staged, "select source_id, name, data_type from immuta_column") == {
        (number, entry.name, entry.data_type) for number, entry in entries
    }
    assert read(staged, "select source_id, column_name, tag from immuta_column_tag") == {
        (number, entry.name, tag) for number, entry in entries for tag in entry.tags
    }


def test_immuta_people(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Users with permissions, and who may see which source; an owner may be nobody Immuta knows."""
    query = "select id, name, email, disabled, permissions from immuta_user where iam_id = 'okta'"
    found = {(*row[:4], frozenset(row[4])) for row in staged.execute(query).fetchall()}
    assert found == {
        (p.profile_id, p.name, p.mail, p.disabled, frozenset(p.permissions))
        for p in estate.immuta_people
    }
    assert read(staged, "select source_id, profile_id, state from immuta_membership") == {
        (one.id, row.profile_id, row.state)
        for one in estate.data_sources
        for row in one.access(estate.people)
    }


def test_immuta_policies(staged: duckdb.DuckDBPyConnection) -> None:
    """Staged and deleted policies are listed and marked."""
    query = "select id, name, type, staged, deleted from immuta_policy"
    assert read(staged, query) == {
        (p.id, p.name, p.type, p.staged, p.deleted) for p in policies.POLICIES
    }


def test_nothing_is_missing_and_every_list_is_held_against_something(
    staged: duckdb.DuckDBPyConnection,
) -> None:
    """No gap, and no verdict but reconciled, or none where the API counts nothing."""
    assert read(staged, "select * from gap") == set()
    words = dict(staged.execute("select endpoint, verdict from reconciliation").fetchall())
    assert set(words.values()) == {"reconciled", "no_control_total"}
    assert words["purview.search"] == words["immuta.data_source"] == "reconciled"
    assert len(words) == sum(len(source.endpoints) for source in SOURCES)
    # collections and data sources are all listed: none was asked for alone
    alone = "('purview.collection_alone', 'purview.data_source_alone')"
    query = f"select sum(calls) from reconciliation where endpoint in {alone}"
    assert read(staged, query) == {(0,)}


def test_lists_of_immuta_differ_in_what_was_planted_alone(
    staged: duckdb.DuckDBPyConnection, estate: Estate
) -> None:
    """People who left are named still, and by its sources a domain that was deleted: nothing else was asked about."""
    query = "select distinct about, cause, key >= '9' from listing_difference where missing_in = 'immuta.user'"
    assert read(staged, query) == {("user", "unknown", True)}
    assert domains.DELETED in {one.dataset.domain for one in estate.data_sources}
    query = (
        "select about, key, cause from listing_difference "
        "where starts_with(missing_in, 'immuta.') and about <> 'user'"
    )
    assert read(staged, query) == {("domain", domain_id(estate.seed, domains.DELETED), "gone")}
    query = "select endpoint, calls from reconciliation where endpoint like 'immuta.%alone' and calls > 0"
    assert read(staged, query) == {("immuta.govern_domain_alone", 1)}


@pytest.mark.parametrize(
    "table",
    [
        t.name
        for t in schema.tables().values()
        # no asset goes while an estate at rest is read
        if t.group in ("purview", "immuta") and t.name != "vanished_asset"
    ],
)
def test_rows_lead_back_to_their_bytes(
    folder: Path, staged: duckdb.DuckDBPyConnection, table: str
) -> None:
    """The page of a row is on disk with its digest, and something of the row is at its pointer."""
    names = [c.name for c in schema.tables()[table].columns if c.type == "VARCHAR"]
    shown = ", ".join(name for name in names if name != "item")
    query = f"select page_id, item, concat_ws(' ', {shown}) from {table} using sample 5 rows (reservoir, 7)"
    found = staged.execute(query).fetchall()
    assert found
    for page_id, item, text in found:
        body = pages.find(staged, page_id).read(folder)
        there = json.dumps(pages.item(body, item), ensure_ascii=False).lower()
        assert any(word in there for word in text.lower().split() if len(word) > 2)


def test_no_password_is_on_disk(folder: Path, staged: duckdb.DuckDBPyConnection) -> None:
    """What is secret is in no page and no log, and the log says what was replaced."""
    known = server.credentials(1)
    names = ("client_secret", "purview_token", "immuta_api_key", "immuta_request_token")
    files = [path for path in (folder / "run").rglob("*") if path.is_file()]
    for path in files:
        body = path.read_bytes()
        text = gzip.decompress(body) if path.suffix == ".gz" else body
        assert b"sandbox-not-a-secret" not in text
        assert not [name for name in names if known[name].encode() in text]
    assert len(files) > 50
    query = "select distinct item from redaction where endpoint = 'immuta.handler'"
    found = {item for (item,) in staged.execute(query).fetchall()}
    assert {"/metadata/password", "/body/0/metadata/password", "/value"} <= found
