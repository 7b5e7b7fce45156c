"""Rows of a file that came as a table: CSV (RFC 4180) or Parquet, numbered as RFC 7111 numbers the rows of a CSV file."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.errors import PageError

_ROW = re.compile(r"#row=([1-9][0-9]*)")


@dataclass(frozen=True)
class Row:
    """One row below the header; `place` is where a person finds it: a line, or a row where there are no lines."""

    number: int
    place: str
    values: dict[str, Any]


def is_pointer(text: str) -> bool:
    """Whether `text` points at a row, as `#row=2` does: the first one below a header, which is row 1."""
    return _ROW.fullmatch(text) is not None


def pointer(number: int) -> str:
    """The pointer to a row."""
    return f"#row={number}"


def item(body: bytes, text: str) -> dict[str, Any]:
    """The row that the pointer `text` names, by column.

    Raises:
        PageError: there is no such row, or the body is no table.
    """
    for row in rows(body):
        if pointer(row.number) == text:
            return row.values
    raise PageError(f"nothing at {text} in the file")


def rows(body: bytes) -> Iterator[Row]:
    """Every row below the header; values are text in CSV ('' where a cell is empty), and as stored in Parquet.

    Raises:
        PageError: neither a CSV file in UTF-8 nor a Parquet file; the message says where it breaks.
    """
    return _parquet(body) if body.startswith(b"PAR1") else _csv(body)


def _csv(body: bytes) -> Iterator[Row]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise PageError(f"line {line}: not UTF-8 text") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _check_header(header)
        line = reader.line_num
        for number, cells in enumerate(reader, 2):
            first, line = line + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                raise PageError(
                    f"line {first}: {len(cells)} cells under {len(header)} columns "
                    f"({', '.join(header)})"
                )
            yield Row(number, f"line {first}", dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise PageError(f"line {reader.line_num}: not valid CSV: {error}") from error


def _parquet(body: bytes) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(body))
    except (pa.ArrowException, OSError) as error:
        raise PageError(f"not a Parquet file: {error}") from error
    _check_header(table.column_names)
    number = 1
    for batch in table.to_batches():
        for values in batch.to_pylist():
            number += 1
            yield Row(number, f"row {number - 1}", values)


def _check_header(names: list[str]) -> None:
    if not any(names):
        raise PageError("header: there is none: the first line names the columns")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PageError(f"header: column {twice[0]!r} is there more than once")
