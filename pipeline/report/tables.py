"""Large tables as compressed columns: dictionary, codes, gzip, base64; unpacked in the browser."""

import base64
import gzip
import json
from datetime import datetime
from typing import Any

import polars as pl

from pipeline.report import words
from pipeline.report.page import Grid


def packed(grid: Grid) -> str:
    """The rows of `grid` as base64 of gzip of JSON: per column its distinct values and one code a row.

    Equal rows give equal text: no time stamp goes into the compressed form.
    """
    columns = [_dictionary(grid.frame[column.field]) for column in grid.columns]
    body = json.dumps(
        {"rows": grid.frame.height, "columns": columns}, ensure_ascii=False, separators=(",", ":")
    )
    return base64.b64encode(gzip.compress(body.encode(), compresslevel=9, mtime=0)).decode()


def plain(value: Any) -> Any:
    """`value` as JSON has it: text that shows what it hides, days for instants, numbers as they are."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return words.day(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, list):
        return ", ".join(str(plain(part)) for part in value)
    return words.visible(str(value))


def _dictionary(column: pl.Series) -> dict[str, list[Any]]:
    values: dict[Any, int] = {}
    seen: dict[Any, int] = {}
    codes = []
    for value in column.to_list():
        key = tuple(value) if isinstance(value, list) else value
        if key not in seen:
            seen[key] = values.setdefault(plain(value), len(values))
        codes.append(seen[key])
    return {"values": list(values), "codes": codes}
