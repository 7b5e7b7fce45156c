"""Govern's data sources collected over a socket are the sandbox's, and none of its secrets reaches the disk."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from collecting import store_at
from estate_fixture import immuta_collected, read
from sandbox_fixture import DAY

from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.immuta import handlers, objects, source_access, source_policies
from pipeline.sandbox.vocabulary import DOMAINS
from pipeline.sources import immuta
from pipeline.sources.immuta import applied_tags, connections, data_sources, dictionaries
from pipeline.warehouse import pages
from pipeline.warehouse.home import connect

SOURCE = immuta.part(data_sources, dictionaries, connections, applied_tags)
ASSETS = 400


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with its pages and its staging file."""
    path = tmp_path_factory.mktemp("govern")
    with immuta_collected(SOURCE, path, ASSETS):
        pass
    return path


@pytest.fixture(scope="module")
def staged(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(folder / "staging.duckdb", read_only=True) as con:
        yield con


def test_every_source_has_its_table_whatever_shape_its_handler_has(
    staged: duckdb.DuckDBPyConnection, estate: Estate
) -> None:
    """Host, database, schema and table of each; what computes where the platform has it."""
    query = "select id, host, database_name, schema_name, table_name, handler_read, deleted from immuta_source"
    assert read(staged, query) == {
        (one.id, one.host, *one.path, True, one.deleted) for one in estate.data_sources
    }
    query = "select technology, count(warehouse) > 0, count(http_path) > 0 from immuta_source group by 1"
    assert read(staged, query) == {
        ("synapse", False, False),
        ("databricks", False, True),
        ("redshift", False, False),
        ("snowflake", True, False),
        ("trino", False, False),
    }


def test_remote_columns_are_those_that_handlers_describe(
    staged: duckdb.DuckDBPyConnection, estate: Estate
) -> None:
    """Wherever a handler describes them; one in the shortest shape does not."""
    flat = {one.id for one in estate.data_sources if "metadata" not in str(handlers.shaped(one, {
        "metadata": 1, "connectionString": ""}))}  # fmt: skip
    assert flat
    assert read(staged, "select distinct source_id from immuta_remote_column") == {
        (one.id,) for one in estate.data_sources if one.id not in flat
    }


def test_dictionaries_and_the_search_over_them_agree(
    staged: duckdb.DuckDBPyConnection, estate: Estate
) -> None:
    """No difference is reported, and who has no dictionary is known."""
    assert read(staged, "select about, key from listing_difference") == set()
    query = "select id from immuta_source where dictionary_absent"
    assert read(staged, query) == {
        (one.id,) for one in estate.data_sources if not one.has_dictionary
    }
    assert read(staged, "select name from immuta_column_name") == {
        (entry.name,)
        for one in estate.data_sources
        if one.has_dictionary and not one.deleted
        for entry in one.dictionary()
    }


def test_applied_tags_are_those_of_columns_and_of_sources(
    staged: duckdb.DuckDBPyConnection, estate: Estate
) -> None:
    """Of every data source that is not disabled, and of every dictionary there is; no difference is reported (above)."""
    live = [one for one in estate.data_sources if not one.deleted]
    columns = {
        ("column", tag)
        for one in live
        if one.has_dictionary
        for entry in one.dictionary()
        for tag in entry.tags
    }
    titles = {("datasource", DOMAINS[one.dataset.domain].title) for one in live}
    assert columns
    assert read(staged, "select distinct model_type, tag from applied_tag") == columns | titles
    asked = "select distinct key from exchange where endpoint = 'immuta.applied_tag'"
    assert read(staged, asked) == {("column.0",), ("datasource.0",)}


def test_access_of_people_and_groups(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every row with its end and its subscription; groups apart from people."""
    query = (
        "select source_id, profile_id, state, expires_at, subscription_id from immuta_membership"
    )
    assert read(staged, query) == {
        (one.id, row.profile_id, row.state, row.expires_at, one.id * source_access.ROWS + at)
        for one in estate.data_sources
        for at, row in enumerate(one.access(estate.people))
    }
    query = "select source_id, profile_id, required_permission from immuta_membership where required_permission is not null"
    assert read(staged, query) == {
        (one.id, row.profile_id, "OWNER" if one.dataset.bits[24] % 3 else "OWNER, GOVERNANCE")
        for one in estate.data_sources
        for row in one.access(estate.people)
        if row.state == "pending"
    }
    assert read(staged, "select source_id, state from immuta_group_access") == {
        (one.id, "subscribed") for one in estate.data_sources if one.has_group_access
    }
    assert read(staged, "select id, entity_id from pending_subscription") == {
        (one["id"], one["entity"]["id"]) for one in source_access.pending(estate)
    }


def test_policies_in_force(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Those of every source that has some; one whose handler is named in vain has none."""
    query = "select source_id, position, type from source_policy"
    assert read(staged, query) == {
        (one.id, position, policy["type"])
        for one in estate.data_sources
        if source_policies.is_compiled(one)
        for position, policy in enumerate(source_policies.handler(one)["jsonPolicies"], 1)
    }
    query = "select id from immuta_source where has_policy_handler"
    assert read(staged, query) == {
        (one.id,) for one in estate.data_sources if source_policies.has_handler(one)
    }


def test_connections_and_their_tables(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every object from the root down, and the data sources of the tables that tell them."""
    tree = estate.connected
    paths = {
        (*parent, name) for parent, names in tree.below.items() for name in names
    }  # fmt: skip
    query = "select path, depth, connection_key, parent_path from immuta_object"
    assert read(staged, query) == {
        ("/".join(path), len(path), path[0], "/".join(path[:-1]) or None) for path in paths
    }
    known = read(staged, "select path, source_id from immuta_object where source_id is not null")
    tables = {("/".join(path), source.id) for path, source in tree.source.items()}
    assert known < tables
    query = "select key, technology, host, detail_read from immuta_connection"
    assert read(staged, query) == {
        (objects.connection_key(one), one.platform.technology, one.dataset.host, True)
        for one in tree.source.values()
    }


def test_every_endpoint_is_reconciled_or_has_nothing_to_reconcile_with(
    staged: duckdb.DuckDBPyConnection,
) -> None:
    """Lists with a count by it, things about a source by the sources asked for.

    Here nobody is asked what the identity may see, so that the lists of sources, of pending requests and of tags may be trimmed.
    """
    query = "select endpoint, verdict from reconciliation"
    verdicts = dict.fromkeys(("data_source", "pending_subscription", "applied_tag"), "weak")
    verdicts |= dict.fromkeys(("data_source_detail", "handler", "source_policy"), "reconciled")
    assert read(staged, query) == {
        (f"immuta.{one.name}", verdicts.get(one.name, "no_control_total"))
        for one in SOURCE.endpoints
    }


def test_no_planted_secret_is_in_any_stored_byte(folder: Path) -> None:
    """Neither in the pages, unzipped, nor in the logs and tables beside them."""
    store = store_at(folder)
    bodies = [
        (exchange, body)
        for one in SOURCE.endpoints
        for exchange, body in store.pages("immuta", one.name)
    ]
    store.close()
    assert len(bodies) > 500
    assert not any(handlers.PLANTED.encode() in body for _, body in bodies)
    assert sum(bool(exchange.redactions) for exchange, _ in bodies) > 100
    plain = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".gz"]
    assert not any(handlers.PLANTED.encode() in path.read_bytes() for path in plain)


def test_the_ledger_names_what_was_struck_out(
    staged: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    """One row per value; each leads to the place where the mark stands now."""
    store = store_at(folder)
    named = {
        (exchange.endpoint, exchange.key, pointer)
        for one in SOURCE.endpoints
        for exchange, body in store.pages("immuta", one.name)
        for pointer in exchange.redactions
        if "[REDACTED]" in str(pages.item(body, pointer))
    }
    store.close()
    query = "select split_part(endpoint, '.', 2), key, item from redaction"
    assert read(staged, query) == named
    assert {endpoint for endpoint, _, _ in named} == {"handler", "connection"}
    places = {pointer.rpartition("/")[2] for _, _, pointer in named}
    assert {"password", "userFiles", "connectionStringOptions", "settings", "comment",
            "remoteTableDescription"} <= places  # fmt: skip
