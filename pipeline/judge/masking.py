"""Who may see which column unmasked, and whether that is known to work: `masking_grant`."""

from importlib import resources

import duckdb

from pipeline.warehouse import history, schema

SQL = resources.files(__package__).joinpath("masking.sql").read_text(encoding="utf-8")


def write(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Makes `masking_grant` of snapshot `number`, the newest; needs what `grant.write` and `timeline.write` left."""
    con.execute(SQL)
    history.merge(con, schema.tables()["masking_grant"], "masking_grant_staged", number)
