"""History: every table kept as rows with the snapshots they are valid in, and the names people query.

A row of `history.<table>` is in force from snapshot `valid_from` (its number) up to, not including,
`valid_to` (null = still in force). The plain name is a view of the newest snapshot, or of the one
that the session variable `snapshot` names; `<table>_at('2026-11-01')` is any other.
"""

from pathlib import Path

import duckdb

from pipeline.warehouse import schema
from pipeline.warehouse.schema import Table

ROW_HASH = "row_hash"
"""64-bit hash of what a row says; equal hash and key = the same row, not stored again."""

STAGED_HASH = "content_hash"
"""What a staged row may add to its hash: everything else that was read of the same item."""

CARRIED_HASH = "carried_hash"
"""The hash of a staged row that was taken over from the last snapshot: what it was made of is not here."""


def initialise(con: duckdb.DuckDBPyConnection) -> None:
    """Creates history, views, macros and comments in an empty warehouse; does nothing in a filled one."""
    if con.execute("select 1 from duckdb_tables() where table_name = 'snapshot'").fetchall():
        return
    con.execute("create schema history")
    for table in schema.tables().values():
        con.execute(_create(table))
        _comment(con, table, "table", _stored(table))
    con.execute(schema.read("as_of.sql"))
    for table in schema.tables().values():
        if table.historised:
            con.execute(_view(table))
            _comment(con, table, "view", table.name)
            con.execute(_macro(table))
    con.execute(schema.read("views.sql"))


def create_staging(con: duckdb.DuckDBPyConnection, database: str, groups: tuple[str, ...]) -> None:
    """Creates the empty staging tables of `groups` in the attached `database`: no keys, so that loads stream."""
    for table in schema.tables().values():
        if table.group in groups:
            columns = ", ".join(f"{c.name} {c.type}" for c in table.columns)
            con.execute(
                f"create table {database}.{table.name} "
                f"({columns}, {STAGED_HASH} ubigint default 0, {CARRIED_HASH} ubigint)"
            )


def show_last(con: duckdb.DuckDBPyConnection, warehouse: Path | None) -> None:
    """Makes `before_<table>` of every collected table: the rows in force in `warehouse`, with their hash.

    Without a warehouse they are empty. They are temporary: only `con` sees them.
    """
    if warehouse is not None:
        con.execute(f"attach '{str(warehouse).replace(chr(39), chr(39) * 2)}' as last (read_only)")
    for table in schema.tables().values():
        if table.group in schema.COLLECTED and table.historised:
            names = ", ".join(column.name for column in table.columns)
            rows = (
                f"select {names}, {ROW_HASH} from last.history.{table.name} where valid_to is null"
                if warehouse is not None
                else f"select {names}, null::ubigint as {ROW_HASH} from {table.name} where false"
            )
            con.execute(f"create temp view before_{table.name} as {rows}")
    if warehouse is not None:
        con.execute("create temp view before_exchange as from last.exchange")


def carry(con: duckdb.DuckDBPyConnection, name: str, things: str, column: str) -> None:
    """Stages the last snapshot's rows of `name` whose `column` is a `key` of the relation `things`."""
    names = ", ".join(c.name for c in schema.tables()[name].columns)
    con.execute(
        f"insert into {name} by name select {names}, {ROW_HASH} as {CARRIED_HASH} "
        f"from before_{name} semi join {things} as thing on thing.key = {column}"
    )


def carry_exchanges(con: duckdb.DuckDBPyConnection, first: int) -> None:
    """Stages the exchanges before page `first` that staged rows point to."""
    for table in schema.tables().values():
        if table.group in schema.COLLECTED and "page_id" in table.names and table.historised:
            con.execute(
                "insert into exchange by name select * from before_exchange where page_id in "
                f"(select page_id from {table.name} where page_id < {first}) "
                "and page_id not in (select page_id from exchange)"
            )


def merge(
    con: duckdb.DuckDBPyConnection, table: Table, staged: str, number: int, *, carried: bool = False
) -> None:
    """Makes snapshot `number` of `table` equal to the relation `staged`: closes what is gone or changed, adds what is new.

    `staged` has the table's columns and `content_hash`, and where rows may be `carried`, their
    `carried_hash`; its keys are unique (the gate has checked).
    """
    target = _stored(table)
    content = ", ".join(table.content)
    same = " and ".join(f"old.{key} = new.{key}" for key in (*table.key, ROW_HASH))
    names = ", ".join(column.name for column in table.columns)
    row_hash = f"hash({content}, {STAGED_HASH})"
    if carried:
        row_hash = f"coalesce({CARRIED_HASH}, {row_hash})"
    said = f"(select {names}, {row_hash} as {ROW_HASH} from {staged})"
    if not con.execute(f"select 1 from {target} limit 1").fetchall():
        con.execute(
            f"insert into {target} by name select new.*, {number} as valid_from from {said} as new"
        )
        return
    # only what is new is copied: nearly every row of a night is there already
    con.execute(
        f"create or replace temp table incoming as select new.* from {said} as new "
        f"where not exists (select 1 from {target} as old where {same} and old.valid_to is null)"
    )
    con.execute(
        f"update {target} as old set valid_to = ? where valid_to is null "
        f"and not exists (select 1 from {said} as new where {same})",
        [number],
    )
    # judging a snapshot again replaces what the first judgement added: it was never in force
    con.execute(f"delete from {target} where valid_from = valid_to")
    con.execute(f"insert into {target} by name select *, {number} as valid_from from incoming")
    con.execute("drop table incoming")


def snapshot_number(con: duckdb.DuckDBPyConnection, reference: str) -> int | None:
    """The number of the snapshot that `reference` names: an id, a day (its last snapshot) or a time; None if there is none."""
    rows = con.execute("select snapshot_number(?)", [reference]).fetchall()
    number: int | None = rows[0][0]
    return number


def _stored(table: Table) -> str:
    return f"history.{table.name}" if table.historised else table.name


def _create(table: Table) -> str:
    columns = [f"{c.name} {c.type}{' not null' if c.required else ''}" for c in table.columns]
    if table.historised:
        columns += [
            "valid_from integer not null",
            "valid_to integer",
            f"{ROW_HASH} ubigint not null",
        ]
    return f"create table {_stored(table)} ({', '.join(columns)})"


def _view(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    # what is sealed but not judged yet has no verdicts of its own
    shown = "judged_number(shown_number())" if table.group == "judge" else "shown_number()"
    return (
        f"create view {table.name} as select {names} from history.{table.name} "
        f"where valid_from <= {shown} and (valid_to is null or valid_to > {shown})"
    )


def _macro(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    at = "snapshot_number(reference)"
    if table.group == "judge":
        at = f"judged_number({at})"
    return (
        f"create macro {table.name}_at(reference) as table select {names} from history.{table.name} "
        f"where valid_from <= {at} and (valid_to is null or valid_to > {at})"
    )


def _comment(con: duckdb.DuckDBPyConnection, table: Table, kind: str, name: str) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    con.execute(f"comment on {kind} {name} is {quoted(table.comment)}")
    for column in table.columns:
        con.execute(f"comment on column {name}.{column.name} is {quoted(column.comment)}")
