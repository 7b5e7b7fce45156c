"""The process an ad-hoc query runs in: everything it could break is this process.

It reads one request (a JSON line) from stdin and writes the result to stdout; when stdin ends, the
query is interrupted. A failure is one JSON line on stderr: `kind` and `message`.
"""

import json
import os
import resource
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

import duckdb

OVERHEAD_BYTES = 2 << 30
"""Address space beyond DuckDB's own limit: Python, Arrow, libraries, the stacks of threads."""

LINGER_S = 2.0
"""How long an interrupted query may take to stop by itself."""

BATCH_ROWS = 20_000

READS = {"SELECT", "EXPLAIN", "PRAGMA", "CALL", "MULTI"}
"""Statements that can give rows (MULTI is PIVOT). What they may do is up to the locked connection."""


class RefusedError(Exception):
    """The text is not one reading statement."""


def main() -> None:
    """Runs the requested query and ends the process: 0 done, 1 with the reason on stderr."""
    request = json.loads(sys.stdin.buffer.readline())
    try:
        _bound(request["memory_bytes"])
        con = _guarded(request)
        threading.Thread(target=_interrupt_at_end_of_input, args=(con,), daemon=True).start()
        WRITERS[request["form"]](con.sql(_statement(con, request["sql"])), request)
        sys.stdout.buffer.flush()
    except BaseException as error:
        sys.stderr.write(json.dumps({"kind": _kind(error), "message": str(error)}) + "\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # nothing is left to tidy up, and a big result would take its time


def _bound(memory_bytes: int) -> None:
    """DuckDB's memory limit does not bound a single value; the address space of the process does."""
    space = memory_bytes + OVERHEAD_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _guarded(request: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """A read-only connection that can reach nothing but the warehouse file and cannot be reconfigured."""
    con = duckdb.connect(
        request["path"],
        read_only=True,
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "memory_limit": f"{request['memory_bytes']}B",
            "threads": str(request["threads"]),
            "temp_directory": request["spill"],
            "max_temp_directory_size": "20GB",
        },
    )
    con.execute("set TimeZone = 'UTC'")
    con.execute("set python_enable_replacements = false")
    if request["snapshot"] is not None:
        con.execute(f"set variable snapshot = {int(request['snapshot'])}")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _interrupt_at_end_of_input(con: duckdb.DuckDBPyConnection) -> None:
    sys.stdin.buffer.read()
    con.interrupt()
    threading.Event().wait(LINGER_S)
    os._exit(1)


def _statement(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The one statement in `sql`, without the semicolon that would end a subquery."""
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise RefusedError(f"one statement at a time: this text has {len(statements)}")
    kind = statements[0].type.name
    if kind not in READS:
        raise RefusedError(f"{kind} is not a query")
    text = sql.encode()
    tokens = duckdb.tokenize(sql)
    while tokens and (tokens[-1][1].name == "comment" or text[tokens[-1][0] :].strip() == b";"):
        text = text[: tokens.pop()[0]].rstrip()
    return text.decode()


def _csv(relation: duckdb.DuckDBPyRelation, request: dict[str, Any]) -> None:
    """RFC 4180: a null is nothing, an empty text is ""."""
    named = relation.project("*")  # tells columns of the same name apart
    header = ",".join(_quoted(name) for name in named.columns)
    sys.stdout.buffer.write(header.encode() + b"\r\n")
    parts = []
    for name, kind in zip(named.columns, named.types, strict=True):
        text = f"cast({_identifier(name)} as varchar)"
        if request["spreadsheet"] and str(kind) == "VARCHAR":
            text = f"regexp_replace({text}, '^([=+@\\t\\r-])', '''\\1')"
        parts.append(
            f"case when {text} is null then '' when {text} = '' then '\"\"' "
            f"when regexp_matches({text}, '[\",\\r\\n]') "
            f"then '\"' || replace({text}, '\"', '\"\"') || '\"' else {text} end"
        )
    _lines(named, " || ',' || ".join(parts), b"\r\n")


def _json(relation: duckdb.DuckDBPyRelation, request: dict[str, Any]) -> None:
    """One object a line, made by DuckDB."""
    del request
    named = relation.project("*")
    fields = []
    for name, kind in zip(named.columns, named.types, strict=True):
        value = _identifier(name)
        if str(kind) in ("DOUBLE", "FLOAT"):  # JSON has no word for infinity
            value = f"case when isfinite({value}) then {value} end"
        fields.append(f"{_identifier(name)} := {value}")
    _lines(named, f"cast(to_json(struct_pack({', '.join(fields)})) as varchar)", b"\n")


def _lines(named: duckdb.DuckDBPyRelation, expression: str, end: bytes) -> None:
    for batch in named.project(f"{expression} as line").to_arrow_reader(BATCH_ROWS):
        lines = batch.column(0).to_pylist()
        if lines:
            sys.stdout.buffer.write(end.join(map(str.encode, lines)) + end)


def _arrow(relation: duckdb.DuckDBPyRelation, request: dict[str, Any]) -> None:
    """An Arrow stream of the first `max_rows` rows and one more, which tells that there are more."""
    import pyarrow.ipc

    named = relation.project("*")
    if request["max_rows"]:
        named = named.limit(request["max_rows"] + 1)
    with named.to_arrow_reader(BATCH_ROWS) as rows:
        _write(rows, lambda sink: pyarrow.ipc.new_stream(sink, rows.schema))


def _parquet(relation: duckdb.DuckDBPyRelation, request: dict[str, Any]) -> None:
    import pyarrow.parquet

    del request
    with relation.project("*").to_arrow_reader(BATCH_ROWS * 10) as rows:
        _write(rows, lambda sink: pyarrow.parquet.ParquetWriter(sink, rows.schema))


def _write(rows: Any, writer: Callable[[BinaryIO], Any]) -> None:
    with writer(sys.stdout.buffer) as sink:
        for batch in rows:
            sink.write_batch(batch)


WRITERS = {"csv": _csv, "json": _json, "arrow": _arrow, "parquet": _parquet}


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    if any(character in '",\r\n' for character in text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _kind(error: BaseException) -> str:
    message = str(error)
    if isinstance(error, (MemoryError, duckdb.OutOfMemoryException)):
        return "memory"
    if isinstance(error, (RefusedError, duckdb.PermissionException)):
        return "refused"
    if any(sign in message for sign in ("read-only mode", "configuration has been locked")):
        return "refused"
    return "sql" if isinstance(error, duckdb.Error) else "other"


if __name__ == "__main__":
    main()
