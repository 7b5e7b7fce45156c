"""How results reach a terminal: a table to read, or JSON lines for programs; never markup from data."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

stdout = Console()
stderr = Console(stderr=True)

_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), "�") | {
    # direction overrides could reorder what a reader sees
    **dict.fromkeys((*range(8234, 8239), *range(8294, 8298)), "�")
}


def printable(value: Any) -> str:
    """`value` as one line of text that cannot steer a terminal; instants in UTC to the second."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, (list, tuple)):
        return ", ".join(printable(part) for part in value)
    return str(value).translate(_CONTROL)


def listing(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, title: str = ""
) -> None:
    """Prints `rows`: all their keys as JSON lines, or `columns` as a table."""
    if as_json:
        for row in rows:
            sys.stdout.write(json.dumps(dict(row), default=_plain, ensure_ascii=False) + "\n")
        return
    table = Table(title=title or None, box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(row[column])) for column in columns))
    stdout.print(table)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def complain(message: str) -> None:
    """Says on stderr why a command ends as it does."""
    lines = "\n".join(printable(line) for line in message.splitlines())
    stderr.print(Text(f"muster: {lines}", style="bold red"), soft_wrap=True)
