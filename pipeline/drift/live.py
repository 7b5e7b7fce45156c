"""The live side: tables of the shown snapshot, and what is missing from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import duckdb

from pipeline.drift.facts import Answer, Place, Told, Untold, Value
from pipeline.warehouse import schema, wholeness

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """The rows of one table; `cut` is why there may be more, and `gaps` the calls that brought none, by key."""

    name: str
    rows: tuple[Row, ...]
    cut: str
    gaps: Mapping[str, str]
    _groups: dict[str, dict[Any, list[Row]]] = field(default_factory=dict, compare=False)

    def of(self, column: str, value: Any) -> Sequence[Row]:
        """The rows with a value in a column."""
        groups = self._groups.get(column)
        if groups is None:
            groups = self._groups[column] = {}
            for row in self.rows:
                groups.setdefault(row[column], []).append(row)
        return groups.get(value, ())

    def place(self, row: Row) -> Place:
        """Where a row was read."""
        return Place(self.name, row["page_id"], row["item"])

    def told(self, row: Row, column: str, value: Value) -> Answer:
        """An answer out of a row, if the column is kept."""
        if column not in row:
            known = any(one.name == column for one in schema.tables()[self.name].columns)
            return Untold("snapshots do not keep it" + (" yet" if known else ""), hole=known)
        return Told(value, (self.place(row),))

    def hidden(self, known: set[str]) -> str:
        """Why an object that is not here may be there all the same: '' if nothing hides it."""
        if self.cut:
            return self.cut
        unread = sorted(key for key in self.gaps if key not in known)
        return f"{len(unread)} answers are missing: {self.gaps[unread[0]]}" if unread else ""


class Snapshot:
    """The tables of the snapshot that a connection shows, each read once."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.table = lru_cache(maxsize=None)(self._table)

    def _table(self, name: str) -> Table:
        if name not in schema.tables():
            return Table(name, (), f"{name} is not collected", {})
        try:
            rows = self._fetch(f"select * from {name}")
        except duckdb.CatalogException:
            return Table(
                name, (), f"{name} is not in this warehouse: an earlier version sealed it", {}
            )
        fed = self._fetch(
            "select endpoint from reconciliation where list_contains(tables, $name)", name=name
        )
        # what is not there is said to be gone: a list that may be short is no ground for that
        problems = wholeness.unread(self._con, [name], about=True)
        if not fed:
            problems = [f"{name} was not collected for this snapshot"]
        gaps = {
            row["key"]: f"{row['endpoint']} for {row['key']}: {row['reason']}"
            for row in self._fetch(
                "select endpoint, key, reason from gap "
                "where key <> '*' and list_contains(tables, $name) order by endpoint, key",
                name=name,
            )
        }
        return Table(name, tuple(rows), "; ".join(problems), gaps)

    def _fetch(self, query: str, **values: Any) -> list[Row]:
        result = self._con.execute(query, values or None)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
