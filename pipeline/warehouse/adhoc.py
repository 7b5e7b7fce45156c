"""Ad-hoc SQL on the newest warehouse: bounded in time and memory, and unable to change or reach anything."""

import difflib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb

from pipeline.errors import UsageError
from pipeline.warehouse import history

GRACE_S = 1.0
"""How long an interrupted query may take to end before its process is killed."""

CHUNK_BYTES = 1 << 18

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH")
"""Environment the query's process gets: credentials are none of its business."""


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
    with (
        tempfile.TemporaryDirectory(prefix="muster-sql-") as spill,
        tempfile.TemporaryFile() as log,
    ):
        process = _start(warehouse, query, spill, log)
        try:
            finished = _pump(process, query.timeout_s, sink)
        finally:
            _stop(process)
        if not finished:
            raise UsageError(
                f"the query was stopped after {query.timeout_s:g} s; narrow it, or raise --timeout"
            )
        if process.returncode:
            log.seek(0)
            raise UsageError(_reason(log.read().decode(errors="replace"), process, query))


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


def _start(warehouse: Path, query: Query, spill: str, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    request = {
        "path": str(warehouse),
        "sql": query.sql,
        "form": query.form,
        "snapshot": query.snapshot,
        "memory_bytes": query.memory_bytes,
        "threads": min(os.cpu_count() or 1, 8),
        "spill": spill,
        "max_rows": query.max_rows,
        "spreadsheet": query.spreadsheet,
    }
    process = subprocess.Popen(
        # -P: a folder the user happens to be in must not provide modules
        [sys.executable, "-P", "-m", "pipeline.warehouse.adhoc_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        start_new_session=True,  # Ctrl-C is ours to pass on
    )
    assert process.stdin is not None  # noqa: S101
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    return process


def _pump(
    process: "subprocess.Popen[bytes]", timeout_s: float, sink: Callable[[bytes], object]
) -> bool:
    """Whether the result ended in time. Only waiting for the query counts, not a slow reader of the result."""
    assert process.stdout is not None  # noqa: S101
    left = timeout_s
    while left > 0:
        started = time.monotonic()
        ready, _, _ = select.select([process.stdout], [], [], left)
        left -= time.monotonic() - started
        if ready:
            chunk = os.read(process.stdout.fileno(), CHUNK_BYTES)
            if not chunk:
                return True
            sink(chunk)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends the process if it has not ended: the end of its input interrupts the query, then it is killed."""
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    process.stdin.close()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        process.stdout.close()


def _reason(log: str, process: "subprocess.Popen[bytes]", query: Query) -> str:
    memory = (
        f"the query needs more than {query.memory_bytes >> 20} MB; narrow it, or raise --memory"
    )
    last = log.strip().splitlines()[-1:] or [""]
    try:
        failure = json.loads(last[0])
    except ValueError:
        return f"{memory} (its process ended with {process.returncode}) {last[0]}".rstrip()
    message = str(failure["message"]).strip()
    if failure["kind"] == "memory":
        return memory
    if failure["kind"] == "refused":
        return (
            "muster sql only reads the warehouse: it cannot write, attach or read files, load "
            f"extensions or change settings; {message}"
        )
    return message
