"""What differs between two snapshots, and whether the stored pages of a snapshot are still what was received."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import PageError, UsageError
from pipeline.warehouse import adhoc, schema
from pipeline.warehouse.history import ROW_HASH
from pipeline.warehouse.pages import StoredPage
from pipeline.warehouse.schema import Table

FETCHED_ROWS = 10_000


@dataclass(frozen=True)
class TableChange:
    """How the rows of one table, by key, differ between two snapshots."""

    table: str
    added: int
    removed: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class RowChange:
    """One key that differs; `columns` has (before, after) of every column that changed."""

    change: str
    key: dict[str, Any]
    columns: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Damage:
    """A stored page that is not what was received."""

    page_id: int
    snapshot: str
    reason: str


def pair(
    con: duckdb.DuckDBPyConnection, before: str | None, after: str | None
) -> tuple[tuple[int, str], tuple[int, str]]:
    """(number, id) of two snapshots to compare; by default the newest and the one before it, or before `after`.

    Raises:
        UsageError: a reference names no snapshot, or there is no earlier one.
    """
    numbers = con.execute("select number, id from snapshot order by number").fetchall()
    ids: dict[int, str] = dict(numbers)
    if not ids:
        raise UsageError("there is no snapshot yet")
    last = max(ids) if after is None else adhoc.number_at(con, after)
    if before is not None:
        first = adhoc.number_at(con, before)
    else:
        earlier = [number for number in ids if number < last]
        if not earlier:
            raise UsageError(
                f"{ids[last]} is the first snapshot: there is nothing to compare it with"
            )
        first = max(earlier)
    return (first, ids[first]), (last, ids[last])


def changes(con: duckdb.DuckDBPyConnection, before: int, after: int) -> list[TableChange]:
    """One row per table kept with history, in the order of the data dictionary."""
    found = []
    for table in schema.tables().values():
        if table.historised:
            # rows in force in both snapshots need no comparison, and they are nearly all
            both = f"({_in_force(before)}) and ({_in_force(after)})"
            counts = con.execute(
                f"with {_sides(table, before, after)} "
                "select count(*) filter (where change = 'added'), "
                "count(*) filter (where change = 'removed'), "
                "count(*) filter (where change = 'changed'), "
                "count(*) filter (where change = 'unchanged') "
                f"+ (select count(*) from history.{table.name} where {both}) "
                "from compared"
            ).fetchall()
            found.append(TableChange(table.name, *counts[0]))
    return found


def changed_rows(
    con: duckdb.DuckDBPyConnection, table: Table, before: int, after: int
) -> Iterator[RowChange]:
    """Every key that was added, removed or changed, in the order of the key."""
    others = [name for name in table.content if name not in table.key]
    sides = [f"{side}.{name}" for side in ("old", "new") for name in others]
    keys = [f"key.{name}" for name in table.key]
    rows = con.execute(
        f"with {_sides(table, before, after)} "
        f"select {', '.join(['change', *keys, *sides])} from compared "
        f"where change <> 'unchanged' order by {', '.join(keys)}"
    )
    while batch := rows.fetchmany(FETCHED_ROWS):
        for change, *values in batch:
            key = dict(zip(table.key, values[: len(keys)], strict=True))
            old = values[len(keys) : len(keys) + len(others)]
            new = values[len(keys) + len(others) :]
            differing = {
                name: (was, now)
                for name, was, now in zip(others, old, new, strict=True)
                if change == "changed" and was != now
            }
            yield RowChange(change, key, differing)


def finding_changes(
    con: duckdb.DuckDBPyConnection, before: int, after: int
) -> list[dict[str, Any]]:
    """One row per finding that is new, reopened or resolved in `after` compared with `before`: change, id, rule_id, severity, subject_id, subject_name."""
    for name, number in (("finding_before", before), ("finding_after", after)):
        con.execute(f"set variable snapshot = {number}")
        con.execute(f"create or replace temp table {name} as select * from finding")
    con.execute("reset variable snapshot")
    rows = con.execute(
        "select case "
        "when b.status <> 'resolved' and a.id is null and b.reopened_count = 0 then 'new' "
        "when b.status <> 'resolved' then 'reopened' "
        "else 'resolved' end as change, "
        "b.id, b.rule_id, b.severity, b.subject_id, b.subject_name "
        "from finding_after b left join finding_before a on a.id = b.id "
        # failing now but not then, failing then but not now, or failing again in between
        "where (b.status <> 'resolved') <> (a.id is not null and a.status <> 'resolved') "
        "or (b.status <> 'resolved' and b.reopened_count > a.reopened_count) "
        "order by change, b.rule_id, b.subject_id"
    )
    names = [column[0] for column in rows.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def stored_pages(
    con: duckdb.DuckDBPyConnection, raw: Path, number: int | None
) -> Iterator[tuple[int, Damage | None]]:
    """(size in bytes, damage if any) of every page of snapshot `number`, or of all snapshots, as it is read back."""
    rows = con.execute(
        "select e.page_id, s.id, e.size_bytes, "
        "e.run_id, e.part, e.part_offset, e.part_length, e.sha256 "
        "from exchange e join snapshot s on s.number = e.snapshot_number "
        "where ? is null or e.snapshot_number = ? "
        "order by e.run_id, e.part, e.part_offset",
        [number, number],
    )
    while batch := rows.fetchmany(FETCHED_ROWS):
        for page_id, snapshot, size, *where in batch:
            try:
                StoredPage(*where).read(raw)
            except PageError as error:
                yield size, Damage(page_id, snapshot, str(error))
            else:
                yield size, None


def _in_force(number: int) -> str:
    return f"valid_from <= {number} and (valid_to is null or valid_to > {number})"


def _sides(table: Table, before: int, after: int) -> str:
    """Common table expressions: rows in force in one snapshot only, matched by key (`old`, `new` and `key` are structs)."""
    key = ", ".join(f"{name} := r.{name}" for name in table.key)
    parts = [
        f"{side} as (select struct_pack({key}) as key, r as row from history.{table.name} as r "
        f"where ({_in_force(one)}) and not ({_in_force(other)}))"
        for side, one, other in (("olds", before, after), ("news", after, before))
    ]
    compared = (
        "compared as (select coalesce(o.key, n.key) as key, o.row as old, n.row as new, case "
        "when o.key is null then 'added' "
        "when n.key is null then 'removed' "
        f"when o.row.{ROW_HASH} = n.row.{ROW_HASH} then 'unchanged' "
        "else 'changed' end as change "
        "from olds as o full join news as n on o.key = n.key)"
    )
    return ", ".join([*parts, compared])
