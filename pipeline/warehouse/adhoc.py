"""Ad-hoc SQL on the newest warehouse: bounded in time and memory, and unable to change or reach anything."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import UsageError
from pipeline.warehouse import confined, history
from pipeline.warehouse.confined import Bounds, Failure


@dataclass(frozen=True)
class Query:
    """One ad-hoc query. `form` is csv, json (lines), parquet, or arrow (a stream of `max_rows` rows and one more)."""

    sql: str
    form: str
    snapshot: int | None = None
    timeout_s: float = 300.0
    memory_bytes: int = 2 << 30
    max_rows: int = 0
    spreadsheet: bool = False


def run(warehouse: Path, query: Query, sink: Callable[[bytes], object]) -> None:
    """Runs `query` in a process of its own and passes the bytes of the result to `sink`.

    Raises:
        UsageError: the query is wrong, does more than read, or takes too much time or memory.
    """
    request = {
        "sql": query.sql,
        "form": query.form,
        "snapshot": query.snapshot,
        "max_rows": query.max_rows,
        "spreadsheet": query.spreadsheet,
    }
    bounds = Bounds(query.timeout_s, query.memory_bytes)
    failure = confined.run("pipeline.warehouse.adhoc_child", warehouse, request, bounds, sink)
    if failure:
        raise UsageError(_reason(failure, query))


def number_at(con: duckdb.DuckDBPyConnection, reference: str) -> int:
    """The number of the snapshot that `reference` (an id, a day, a time) names.

    Raises:
        UsageError: there is none; the message lists the nearest ones.
    """
    number = history.snapshot_number(con, reference)
    if number is not None:
        return number
    near = con.execute(
        "select id from snapshot order by "
        "abs(epoch(as_of) - epoch(coalesce(try_cast(? as timestamptz), now()))) limit 5",
        [reference],
    ).fetchall()
    raise UsageError(
        f"no snapshot at {reference!r}: give an id, a day such as 2026-11-01, or a time; "
        f"the nearest are {', '.join(row[0] for row in near) or 'none'} "
        "(`muster snapshots list` has all)"
    )


def tables(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One row per table or view of the warehouse that queries may name: table, comment; by name."""
    rows = con.execute(
        "select table_name, comment from duckdb_tables() where schema_name = 'main' and not internal "
        "union all "
        "select view_name, comment from duckdb_views() where schema_name = 'main' and not internal "
        "order by 1"
    ).fetchall()
    return [{"table": name, "comment": comment} for name, comment in rows]


def columns(con: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    """One row per column of `table`, in order: column, type, comment.

    Raises:
        UsageError: there is no such table.
    """
    rows = con.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'main' and not internal and table_name = lower(?) "
        "order by column_index",
        [table],
    ).fetchall()
    if not rows:
        near = nearest(con, table)
        raise UsageError(f"no table {table!r}; nearest: {near} (`muster sql --tables` lists them)")
    return [{"column": name, "type": kind, "comment": comment} for name, kind, comment in rows]


def nearest(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """The names of tables most like `name`, as text."""
    names = [row["table"] for row in tables(con)]
    return ", ".join(difflib.get_close_matches(name.lower(), names, 3, 0.4)) or "none"


def _reason(failure: Failure, query: Query) -> str:
    match failure.kind:
        case "time":
            return f"the query was {failure.message}; narrow it, or raise --timeout"
        case "memory":
            return f"the query needs more than {query.memory_bytes >> 20} MB; narrow it, or raise --memory"
        case "refused":
            return (
                "muster sql only reads the warehouse: it cannot write, attach or read files, load "
                f"extensions or change settings; {failure.message}"
            )
    return failure.message
