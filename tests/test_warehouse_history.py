"""History keeps every snapshot exactly, and what did not change only once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.warehouse import history, home, schema

TABLE = schema.tables()["classification_def"]
FIRST = datetime(2026, 11, 1, 2, tzinfo=UTC)

Content = tuple[str | None, int]
"""Of one row: its description, and the hash of what has no column."""

State = dict[str, Content]
contents = st.tuples(st.sampled_from([None, "", "a", "b"]), st.integers(0, 1))
states = st.dictionaries(st.sampled_from(["K1", "K2", "K3"]), contents)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory with staging for one table."""
    with home.connect(":memory:") as con:
        history.initialise(con)
        con.execute("attach ':memory:' as staging")
        history.create_staging(con, "staging", ("purview",))
        yield con


def _empty(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from history.classification_def")
    con.execute("delete from snapshot")
    con.execute("reset variable snapshot")


def _merge(con: duckdb.DuckDBPyConnection, number: int, state: State) -> None:
    con.execute("delete from staging.classification_def")
    for position, (name, (description, content_hash)) in enumerate(state.items()):
        con.execute(
            "insert into staging.classification_def by name select ? as name, "
            "? as description, ?::ubigint as content_hash, ? as page_id, ? as item",
            [name, description, content_hash, number, f"/{position}"],
        )
    history.merge(con, TABLE, "staging.classification_def", number)


def _shown(con: duckdb.DuckDBPyConnection, number: int) -> dict[str, str | None]:
    con.execute(f"set variable snapshot = {number}")
    rows = con.execute("select name, description from classification_def").fetchall()
    assert len(rows) == len({name for name, _ in rows})
    return dict(rows)


def _descriptions(state: State) -> dict[str, str | None]:
    return {name: description for name, (description, _) in state.items()}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sequence=st.lists(states, min_size=1, max_size=6))
def test_every_snapshot_is_what_was_merged(
    con: duckdb.DuckDBPyConnection, sequence: list[State]
) -> None:
    """Whatever is merged in whatever order, each snapshot shows its own rows, and an unchanged row is stored once."""
    _empty(con)
    previous: State = {}
    stored = 0
    for number, state in enumerate(sequence, start=1):
        _merge(con, number, state)
        stored += sum(previous.get(name) != content for name, content in state.items())
        previous = state
    for number, state in enumerate(sequence, start=1):
        assert _shown(con, number) == _descriptions(state)
    rows = con.execute("select count(*) from history.classification_def").fetchall()
    assert rows == [(stored,)]


@settings(max_examples=40, deadline=None)
@given(sequence=st.lists(states, min_size=1, max_size=4), again=states)
def test_merging_a_snapshot_again_replaces_it(
    con: duckdb.DuckDBPyConnection, sequence: list[State], again: State
) -> None:
    """A second merge of the newest snapshot counts, and the earlier snapshots stay as they were."""
    _empty(con)
    for number, state in enumerate(sequence, start=1):
        _merge(con, number, state)
    _merge(con, len(sequence), again)
    for number, state in enumerate([*sequence[:-1], again], start=1):
        assert _shown(con, number) == _descriptions(state)


def test_provenance_is_no_change(con: duckdb.DuckDBPyConnection) -> None:
    """The same row read from another page is the same row: it keeps the page it was first seen on."""
    _empty(con)
    _merge(con, 1, {"K1": ("a", 0)})
    _merge(con, 2, {"K1": ("a", 0)})
    rows = con.execute("select page_id, valid_from, valid_to from history.classification_def")
    assert rows.fetchall() == [(1, 1, None)]


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("20261101T020000Z", 1),
        ("20261102T020000Z", 2),
        ("20261102T020000Z-2", 3),
        ("2026-11-01", 1),
        ("2026-11-02", 3),
        ("2026-11-09", 3),
        ("2026-11-01T01:59:59Z", None),
        ("2026-11-02T01:59:59Z", 1),
        ("2026-11-02T02:00:00Z", 3),
        ("2026-10-31", None),
        ("nonsense", None),
        ("a text that is longer than a day", None),
        ("", None),
    ],
)
def test_references_to_snapshots(
    con: duckdb.DuckDBPyConnection,
    insert: Callable[..., None],
    reference: str,
    number: int | None,
) -> None:
    """An id names its snapshot, a day its last one, a time the last one up to it, anything else none."""
    _empty(con)
    for position, name in enumerate(
        ("20261101T020000Z", "20261102T020000Z", "20261102T020000Z-2"), start=1
    ):
        as_of = FIRST + timedelta(days=min(position, 2) - 1)
        insert(con, "snapshot", "snapshot", [{"number": position, "id": name, "as_of": as_of}])
    assert history.snapshot_number(con, reference) == number


def test_macros_show_any_snapshot(
    con: duckdb.DuckDBPyConnection, insert: Callable[..., None]
) -> None:
    """`<table>_at` shows a past snapshot whatever the session shows."""
    _empty(con)
    sequence: list[State] = [{"K1": ("a", 0)}, {"K1": ("b", 0)}]
    for number, state in enumerate(sequence, start=1):
        _merge(con, number, state)
        as_of = FIRST + timedelta(days=number - 1)
        row = {"number": number, "id": f"s{number}", "as_of": as_of}
        insert(con, "snapshot", "snapshot", [row])
    query = "select description from classification_def_at('2026-11-01')"
    assert con.execute(query).fetchall() == [("a",)]
    assert con.execute("select description from classification_def").fetchall() == [("b",)]


def test_initialise_leaves_a_filled_warehouse_alone(con: duckdb.DuckDBPyConnection) -> None:
    """A second initialise changes nothing."""
    _empty(con)
    _merge(con, 1, {"K1": ("a", 0)})
    history.initialise(con)
    assert _shown(con, 1) == {"K1": "a"}


def test_views_of_an_earlier_version_are_made_anew(con: duckdb.DuckDBPyConnection) -> None:
    """A warehouse whose views another version declared is not current, and its views are replaced."""
    _empty(con)
    con.execute("create or replace view sensitive_asset as select 1 as other")
    con.execute("create or replace macro dictionary_digest() as 'another version'")
    assert not history.is_current(con)
    history.initialise(con)
    assert history.is_current(con)
    assert con.execute("select tier from sensitive_asset").fetchall() == []


def test_a_warehouse_of_an_earlier_version_takes_the_next_snapshot(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """What it lacks is added, what it promised too much is dropped, and its history stays."""
    _empty(con)
    _merge(con, 1, {"K1": ("a", 0)})
    con.execute("drop macro dictionary_digest")
    con.execute("drop table history.search_hit")
    con.execute("alter table history.classification_def drop column display_name")
    con.execute("update history.classification_def set guid = ''")
    con.execute("alter table history.classification_def alter column guid set not null")
    assert not history.is_current(con)
    history.initialise(con)
    assert history.is_current(con)
    _merge(con, 2, {"K1": ("b", 0)})
    assert _shown(con, 1) == {"K1": "a"}
    assert _shown(con, 2) == {"K1": "b"}
    assert con.execute("select display_name from classification_def").fetchall() == [(None,)]
    assert con.execute("select count(*) from search_hit").fetchall() == [(0,)]
