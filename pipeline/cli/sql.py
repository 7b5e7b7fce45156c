"""`muster sql`: questions to the warehouse in SQL, answered as a table, CSV, JSON lines or Parquet."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import duckdb
import typer

from pipeline.cli import moments, output
from pipeline.errors import PublishError, UsageError
from pipeline.warehouse import adhoc, home
from pipeline.warehouse.adhoc import Query

UNITS = {"MB": 10**6, "GB": 10**9, "MIB": 1 << 20, "GIB": 1 << 30}

LEAST_MEMORY_BYTES = 64 << 20


class Format(StrEnum):
    """How a result is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


SUFFIXES = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".parquet": Format.PARQUET,
}


def sql(
    ctx: typer.Context,
    query: Annotated[
        str | None, typer.Argument(help="One statement that reads; - takes it from stdin.")
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="By default a table, or what the suffix of --output says."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--output", help="Write to this file once the result is complete."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="See every table as in that snapshot: an id, a day or a time."),
    ] = None,
    max_rows: Annotated[
        int, typer.Option(min=0, help="Rows of a table shown at most; 0 = all.")
    ] = 200,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds after which the query is stopped.")
    ] = 300,
    memory: Annotated[str, typer.Option(help="Memory the query may take.")] = "2GB",
    spreadsheet: Annotated[
        bool,
        typer.Option(help="CSV: put ' before text that a spreadsheet would run as a formula."),
    ] = False,
    tables: Annotated[bool, typer.Option("--tables", help="List the tables.")] = False,
    describe: Annotated[
        str | None, typer.Option(metavar="TABLE", help="List the columns of a table.")
    ] = None,
) -> None:
    """Runs a read-only query on the newest snapshot, or on a past one."""
    form = Format.JSON if as_json else form or SUFFIXES.get(out.suffix if out else "", Format.TABLE)
    warehouse = ctx.obj.home.sealed()
    if tables or describe is not None:
        _dictionary(warehouse, describe, as_json=form is Format.JSON)
        return
    with home.connect(warehouse, read_only=True) as con:
        number = None if at is None else adhoc.number_at(con, at)
        with suppress(duckdb.Error):
            # a file that an earlier version filled may not say so
            moments.warn_if_not_judged(con, number)
    asked = Query(
        sql=_text(query),
        form="arrow" if form is Format.TABLE else form.value,
        snapshot=number,
        timeout_s=timeout,
        memory_bytes=_bytes(memory),
        max_rows=max_rows,
        spreadsheet=spreadsheet,
    )
    try:
        _answer(warehouse, asked, form, out)
    except UsageError as error:
        raise UsageError(_with_nearest(warehouse, str(error))) from None


def _answer(warehouse: Path, query: Query, form: Format, out: Path | None) -> None:
    if form is Format.TABLE:
        if out is not None:
            raise UsageError("--output takes --format csv, json or parquet; a table is for reading")
        result = io.BytesIO()
        adhoc.run(warehouse, query, result.write)
        _show(result, query.max_rows)
    elif out is not None:
        with _complete(out) as file:
            adhoc.run(warehouse, query, file.write)
    elif form is Format.PARQUET and sys.stdout.isatty():
        raise UsageError("Parquet is not for a terminal: add --output FILE, or redirect it")
    else:
        _to_stdout(warehouse, query)


def _to_stdout(warehouse: Path, query: Query) -> None:
    try:
        adhoc.run(warehouse, query, sys.stdout.buffer.write)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # the reader (head, less) has had enough; Python must not try to flush again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show(result: io.BytesIO, max_rows: int) -> None:
    import pyarrow.ipc

    result.seek(0)
    found = pyarrow.ipc.open_stream(result).read_all()
    rows: list[dict[str, Any]] = found.slice(0, max_rows or None).to_pylist()
    output.listing(rows, found.column_names, as_json=False)
    if len(rows) < found.num_rows:
        output.stderr.print(
            f"the first {max_rows} rows; --max-rows shows more, --format csv has all", style="dim"
        )


@contextmanager
def _complete(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the name `path` only when the block ends well."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise PublishError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _dictionary(warehouse: Path, table: str | None, *, as_json: bool) -> None:
    with home.connect(warehouse, read_only=True) as con:
        if table is None:
            output.listing(adhoc.tables(con), ["table", "comment"], as_json=as_json)
        else:
            shown = ["column", "type", "comment"]
            output.listing(adhoc.columns(con, table), shown, as_json=as_json)


def _text(query: str | None) -> str:
    if query is None:
        raise UsageError('give a query, as in muster sql "from asset limit 5", or --tables')
    return sys.stdin.read() if query == "-" else query


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*(MB|GB|MiB|GiB)", text.strip(), re.IGNORECASE)
    size = int(match[1]) * UNITS[match[2].upper()] if match else 0
    if size < LEAST_MEMORY_BYTES:
        raise UsageError(f"--memory {text!r}: give a size such as 512MB or 4GB, at least 64MiB")
    return size


def _with_nearest(warehouse: Path, message: str) -> str:
    """DuckDB also guesses at an unknown table, but among its own catalogs."""
    match = re.search(r"Table with name (\S+) does not exist", message)
    if match is None:
        return message
    kept = [line for line in message.splitlines() if not line.startswith("Did you mean")]
    with home.connect(warehouse, read_only=True) as con:
        near = adhoc.nearest(con, match[1])
    return "\n".join([*kept, f"nearest tables: {near} (`muster sql --tables` lists them)"])
