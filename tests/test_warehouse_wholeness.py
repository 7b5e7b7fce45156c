"""Tables are whole where everything came, or what did not is known by key; nothing else counts as whole."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from pipeline.warehouse import schema, wholeness

Given = list[dict[str, Any]]
LIST = {
    "endpoint": "purview.search",
    "tables": ["asset", "contact"],
    "verdict": "reconciled",
    "server_total_before": 10,
    "server_total": 11,
    "distinct_keys": 10,
}
NOT_READ = ["purview.search was not read completely"]


def gap(key: str, endpoint: str = "purview.search", table: str = "asset") -> dict[str, Any]:
    return {"endpoint": endpoint, "key": key, "tables": [table]}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The two tables that tell of a collection, empty."""
    with duckdb.connect() as found:
        for name in ("reconciliation", "gap"):
            columns = ", ".join(f"{one.name} {one.type}" for one in schema.tables()[name].columns)
            found.execute(f"create table {name} ({columns})")
        yield found


def add(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" for _ in row)
    con.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


@pytest.mark.parametrize(
    ("changes", "gaps", "said", "said_of_absence"),
    [
        ({}, [], [], []),
        ({"verdict": "skipped"}, [], ["purview.search was skipped by configuration"], None),
        ({"verdict": "incomplete", "distinct_keys": 9}, [], NOT_READ, None),
        ({"verdict": "incomplete", "distinct_keys": 9}, [gap("a10")], [], None),
        ({"verdict": "incomplete", "distinct_keys": 8}, [gap("a10")], NOT_READ, None),
        ({"verdict": "incomplete", "distinct_keys": 9}, [gap("a10"), gap("*")], NOT_READ, None),
        ({}, [gap("*")], NOT_READ, None),
        ({}, [gap("*", table="scan")], [], None),
        ({"verdict": "incomplete", "distinct_keys": 9}, [gap("a10", "x.y")], NOT_READ, None),
        ({"verdict": "incomplete", "distinct_keys": 9, "tables": ["scan"]}, [], [], None),
        ({"verdict": "weak", "distinct_keys": 9}, [], [], NOT_READ),
        ({"verdict": "weak", "distinct_keys": 9}, [gap("a10")], [], []),
        ({"verdict": "weak", "distinct_keys": 12}, [], [], []),
        ({"verdict": "weak", "server_total": None, "server_total_before": None}, [], [], []),
        ({"verdict": "no_control_total", "server_total": None}, [], [], []),
    ],
)
def test_what_lacks_rows_nobody_knows_where(
    con: duckdb.DuckDBPyConnection,
    changes: dict[str, Any],
    gaps: Given,
    said: list[str],
    said_of_absence: list[str] | None,
) -> None:
    """A list cut short is not whole; one that only falls short of an approximate total is, but proves no absence."""
    add(con, "reconciliation", LIST | changes)
    for one in gaps:
        add(con, "gap", one)
    assert wholeness.unread(con, ["asset", "link"]) == said
    absent = said if said_of_absence is None else said_of_absence
    assert wholeness.unread(con, ["asset"], about=True) == absent


def test_every_endpoint_that_fell_short_is_named(con: duckdb.DuckDBPyConnection) -> None:
    """Of several endpoints of several tables, those that lack rows are told in order, each once."""
    for name in ("b.two", "a.one", "c.three"):
        add(con, "reconciliation", LIST | {"endpoint": name, "verdict": "skipped"})
    add(con, "reconciliation", LIST | {"endpoint": "d.four"})
    assert wholeness.unread(con, ["asset", "contact"]) == [
        f"{name} was skipped by configuration" for name in ("a.one", "b.two", "c.three")
    ]
