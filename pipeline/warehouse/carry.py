"""Carrying over: rows of the last snapshot that are staged again as they are, because nothing changed them."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from pipeline.warehouse import schema
from pipeline.warehouse.history import CARRIED_HASH, ROW_HASH


def attach_last(con: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Attaches the warehouse of the last snapshot as `last`, and shows its exchanges as `before_exchange`."""
    con.execute(f"attach '{str(warehouse).replace(chr(39), chr(39) * 2)}' as last (read_only)")
    con.execute("create temp view before_exchange as from last.exchange")


def show_last(con: duckdb.DuckDBPyConnection, names: Iterable[str], *, attached: bool) -> None:
    """Makes `before_<table>` of the tables in `names`: their rows in force in `last`, with their hash.

    They are empty where no warehouse is attached. They are temporary: only `con` sees them.
    """
    for name in names:
        columns = ", ".join(schema.tables()[name].names)
        rows = (
            f"select {columns}, {ROW_HASH} from last.history.{name} where valid_to is null"
            if attached
            else f"select {columns}, null::ubigint as {ROW_HASH} from {name} where false"
        )
        con.execute(f"create or replace temp view before_{name} as {rows}")


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
