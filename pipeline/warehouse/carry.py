"""Carrying over: rows of the last snapshot that are staged again as they are, because nothing changed them."""

from pathlib import Path

import duckdb

from pipeline.warehouse import schema
from pipeline.warehouse.history import CARRIED_HASH, ROW_HASH


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


def carry_rows(con: duckdb.DuckDBPyConnection, name: str, things: str, column: str) -> None:
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
