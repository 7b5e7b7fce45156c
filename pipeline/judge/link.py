"""Which Purview asset and which Immuta data source are the same table: by path, never by likeness of what is in it.

`link` has what is certain: rules rely on it. `link_candidate` has what may be: people settle it.
"""

from collections.abc import Mapping
from importlib import resources

import duckdb

from pipeline.warehouse import history, schema

SQL = resources.files(__package__).joinpath("link.sql").read_text(encoding="utf-8")


def write(
    con: duckdb.DuckDBPyConnection, number: int, aliases: Mapping[str, str] | None = None
) -> None:
    """Makes `link` and `link_candidate` of snapshot `number` hold every pair; `aliases` are other names of hosts.

    A pair is ambiguous when several enabled data sources, or several active assets, share its path.
    """
    con.execute("create or replace temp table other_host (name varchar, other varchar)")
    if aliases:
        con.executemany("insert into other_host values (?, ?)", list(aliases.items()))
    con.execute(SQL)
    for name in ("link", "link_candidate"):
        history.merge(con, schema.tables()[name], f"{name}_staged", number)
