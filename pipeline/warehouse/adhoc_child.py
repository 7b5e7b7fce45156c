"""What an ad-hoc query's process does: run the one statement and write its rows in the form asked for."""

import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import duckdb

from pipeline.warehouse import confined_child
from pipeline.warehouse.confined_child import RefusedError

BATCH_ROWS = 20_000

READS = {"SELECT", "EXPLAIN", "PRAGMA", "CALL", "MULTI"}
"""Statements that can give rows (MULTI is PIVOT). What they may do is up to the locked connection."""


def answer(con: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    """Writes the rows of the requested query to stdout."""
    WRITERS[request["form"]](con.sql(_statement(con, request["sql"])), request)


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


if __name__ == "__main__":
    confined_child.main(answer)
