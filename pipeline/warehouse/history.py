"""History: every table kept as rows with the snapshots they are valid in, and the names people query.

A row of `history.<table>` is in force from snapshot `valid_from` (its number) up to, not including,
`valid_to` (null = still in force). The plain name is a view of the newest snapshot, or of the one
that the session variable `snapshot` names; `<table>_at('2026-11-01')` is any other.
"""

import hashlib

import duckdb

from pipeline.warehouse import schema
from pipeline.warehouse.schema import Table

ROW_HASH = "row_hash"
"""64-bit hash of what a row says; equal hash and key = the same row, not stored again."""

STAGED_HASH = "content_hash"
"""What a staged row may add to its hash: everything else that was read of the same item."""

CARRIED_HASH = "carried_hash"
"""The hash of a staged row that was taken over from the last snapshot: what it was made of is not here."""

UNLIKE = {"verdict": ("subject_id", "subject_name", "evidence", "finding_id")}
"""Texts that are all different, in the largest table: DuckDB's own choice takes twice the time to write, and the space."""


def initialise(con: duckdb.DuckDBPyConnection) -> None:
    """Creates what a warehouse lacks: all of it in an empty one, in another what this version adds to the one that filled it.

    Rows of older snapshots are null in a column that was added later.
    """
    if is_current(con):
        return
    stored = _columns_stored(con)
    if not stored:
        con.execute("create schema history")
    # in one transaction: two thousand comments one by one would each go to disk
    con.execute("begin transaction")
    for statement in _lacking(stored):
        con.execute(statement)
    _name(con)
    con.execute(f"create or replace macro dictionary_digest() as '{_digest()}'")
    con.execute("commit")


def is_current(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse has all that this version reads; one that an earlier version filled may not."""
    try:
        # made with the tables it stands for; to list those takes a tenth of a second
        return con.execute("select dictionary_digest()").fetchall() == [(_digest(),)]
    except duckdb.CatalogException:
        return False


def _digest() -> str:
    """What tells the tables, views and macros of this version from those of another one."""
    declared = "".join(schema.read(file) for file in ("schema.sql", "as_of.sql", "views.sql"))
    return hashlib.sha256(declared.encode()).hexdigest()


def _lacking(stored: dict[str, dict[str, bool]]) -> list[str]:
    """The statements that bring a warehouse with these columns up to date."""
    return [
        statement
        for table in schema.tables().values()
        for statement in _additions(table, stored.get(table.name))
    ]


def _columns_stored(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, bool]]:
    """Columns of the tables in the warehouse, and whether each is required."""
    found: dict[str, dict[str, bool]] = {}
    for table, column, required in con.execute(
        "select table_name, column_name, not is_nullable from duckdb_columns() "
        "semi join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = current_database() and schema_name in ('main', 'history')"
    ).fetchall():
        found.setdefault(table, {})[column] = required
    return found


def _additions(table: Table, stored: dict[str, bool] | None) -> list[str]:
    """The statements that make a table what the data dictionary says."""
    if stored is None:
        return [_create(table)]
    target = _stored(table)
    new = [c for c in table.columns if c.name not in stored]
    freed = [c for c in table.columns if stored.get(c.name) and not c.required]
    return [
        *(f"alter table {target} add column {column.name} {column.type}" for column in new),
        *(f"alter table {target} alter column {column.name} drop not null" for column in freed),
    ]


def _name(con: duckdb.DuckDBPyConnection) -> None:
    """Creates, or makes anew, all that queries go by: comments, views and macros."""
    con.execute(schema.read("as_of.sql"))
    comments: list[str] = []
    for table in schema.tables().values():
        if table.historised:
            con.execute(_view(table))
            con.execute(_macro(table))
        # only what users query: a comment on every column of history as well takes half a second
        comments += _comments(table, "view" if table.historised else "table")
    # at once, which takes half the time of one by one
    con.execute(";\n".join(comments))
    con.execute(schema.read("views.sql"))


def create_staging(con: duckdb.DuckDBPyConnection, database: str, groups: tuple[str, ...]) -> None:
    """Creates the empty staging tables of `groups` in the attached `database`: no keys, so that loads stream."""
    # in one transaction: every table by itself would go to disk
    con.execute("begin transaction")
    for table in schema.tables().values():
        if table.group in groups:
            columns = ", ".join(f"{c.name} {c.type}" for c in table.columns)
            con.execute(
                f"create table {database}.{table.name} "
                f"({columns}, {STAGED_HASH} ubigint default 0, {CARRIED_HASH} ubigint)"
            )
    con.execute("commit")


def merge(
    con: duckdb.DuckDBPyConnection, table: Table, staged: str, number: int, *, carried: bool = False
) -> None:
    """Makes snapshot `number` of `table` equal to the relation `staged`: closes what is gone or changed, adds what is new.

    `staged` has the table's columns and `content_hash`, and where rows may be `carried`, their
    `carried_hash`; its keys are unique (the gate has checked).
    """
    target = _stored(table)
    same = " and ".join(f"old.{key} = new.{key}" for key in (*table.key, ROW_HASH))
    names = ", ".join(column.name for column in table.columns)
    row_hash = hashed(table, STAGED_HASH)
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


def hashed(table: Table, added: str) -> str:
    """The hash of a row in SQL: of what its columns say, and of what was `added` to it."""
    return f"hash({', '.join(table.content)}, {added})"


def snapshot_number(con: duckdb.DuckDBPyConnection, reference: str) -> int | None:
    """The number of the snapshot that `reference` names: an id, a day (its last snapshot) or a time; None if there is none."""
    rows = con.execute("select snapshot_number(?)", [reference]).fetchall()
    number: int | None = rows[0][0]
    return number


def _stored(table: Table) -> str:
    return f"history.{table.name}" if table.historised else table.name


def _create(table: Table) -> str:
    written = dict.fromkeys(UNLIKE.get(table.name, ()), " using compression zstd")
    columns = [
        f"{c.name} {c.type}{' not null' if c.required else ''}{written.get(c.name, '')}"
        for c in table.columns
    ]
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
        f"create or replace view {table.name} as select {names} from history.{table.name} "
        f"where valid_from <= {shown} and (valid_to is null or valid_to > {shown})"
    )


def _macro(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    at = "snapshot_number(reference)"
    if table.group == "judge":
        at = f"judged_number({at})"
    return (
        f"create or replace macro {table.name}_at(reference) as table select {names} from history.{table.name} "
        f"where valid_from <= {at} and (valid_to is null or valid_to > {at})"
    )


def _comments(table: Table, kind: str) -> list[str]:
    """The statements that say what a table and its columns are."""

    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    about = [f"comment on {kind} {table.name} is {quoted(table.comment)}"]
    return about + [
        f"comment on column {table.name}.{column.name} is {quoted(column.comment)}"
        for column in table.columns
    ]
