"""What tests share that hold nights which ask only for what moved against nights that read everything."""

from collections.abc import Iterable
from typing import Any

import duckdb

from pipeline.warehouse.home import Home
from pipeline.warehouse.schema import Table

Differing = dict[str, list[Any]]


def differing(
    full: duckdb.DuckDBPyConnection,
    short: duckdb.DuckDBPyConnection,
    night: str,
    tables: Iterable[Table],
) -> Differing:
    """By table, rows of a night that only one of two warehouses has; none for tables that say the same."""
    found: Differing = {}
    for table in tables:
        query = f"select {', '.join(table.content)} from {table.name}_at('{night}') order by all"
        whole, carried = (con.execute(query).fetchall() for con in (full, short))
        if whole != carried:
            found[table.name] = [row for row in whole if row not in carried][:2]
            found[table.name] += [row for row in carried if row not in whole][:2]
    return found


def are_kept(home: Home, con: duckdb.DuckDBPyConnection, table: str, last: int) -> bool:
    """Whether rows of a table point to pages of nights before the `last`, and every such page is there."""
    pages = con.execute(
        f"select distinct e.run_id, e.part from {table} join exchange e using (page_id) "
        f"where e.snapshot_number < {last}"
    ).fetchall()
    return bool(pages) and all((home.raw / run_id / part).exists() for run_id, part in pages)
