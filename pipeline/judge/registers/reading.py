"""Rows of a register's file as texts, each with the line (or row) in which it stands."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from pipeline.errors import ConfigError
from pipeline.judge import document

SUFFIXES = (".yaml", ".csv", ".parquet")


@dataclass(frozen=True)
class Row:
    """One row of a file: its values by column, empty ones left out, and where it stands."""

    line: int
    values: Mapping[str, Any]


def rows(path: Path, label: str) -> list[Row]:
    """The rows of the file at `path`.

    Raises:
        ConfigError: not a table in the format that its name says.
    """
    try:
        return list(_READERS[path.suffix](path))
    except (OSError, UnicodeDecodeError, csv.Error, yaml.YAMLError, pa.ArrowException) as error:
        raise ConfigError(f"{label}: cannot be read: {' '.join(str(error).split())}") from error
    except ValueError as error:
        raise ConfigError(f"{label}:{error}") from error


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for values in reader:
            if None in values or None in values.values():
                raise ValueError(
                    f"{reader.line_num}: not as many values as the first line has names"
                )
            yield Row(reader.line_num, _filled(values))


def _yaml(path: Path) -> Iterator[Row]:
    loader = document.LOADER(path.read_text(encoding="utf-8"))
    try:
        root = loader.get_single_node()
        if root is None:
            return
        if not isinstance(root, yaml.SequenceNode):
            raise ValueError("1: not a list of rows")
        for node in root.value:
            line = node.start_mark.line + 1
            if not isinstance(node, yaml.MappingNode):
                raise ValueError(f"{line}: not a mapping of columns to values")
            names = [key.value for key, _ in node.value]
            if len(set(names)) < len(names):
                raise ValueError(f"{line}: a column given twice")
            yield Row(line, _filled(loader.construct_document(node)))
    finally:
        loader.dispose()


def _parquet(path: Path) -> Iterator[Row]:
    for number, values in enumerate(pq.read_table(path).to_pylist(), 1):
        yield Row(number, _filled(values))


def _filled(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value.strip() if isinstance(value, str) else value
        for name, value in values.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }


_READERS = {".csv": _csv, ".yaml": _yaml, ".parquet": _parquet}


def instant(value: Any, *, end: bool) -> datetime | None:
    """The instant that a value of a file names; with `end`, a bare day stands for its last moment. None = it names none."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        day = datetime(value.year, value.month, value.day, tzinfo=UTC)
        return day + timedelta(days=1, microseconds=-1) if end else day
    return None
