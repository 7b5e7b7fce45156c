"""Sensitive classes carried downstream along lineage, with the way they came: `carried_class`."""

from importlib import resources

import duckdb

from pipeline.warehouse import history, schema

SQL = resources.files(__package__).joinpath("propagation.sql").read_text(encoding="utf-8")

HOP_LIMIT = 5
"""Steps from what is classified; further away a finding would name nobody who can act on it."""


def write(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Makes `carried_class` of snapshot `number`, the newest; needs its map of classes and its register of breakers.

    A class goes on until something that is classified so, a breaker in force, or `HOP_LIMIT` steps.
    """
    con.execute(
        "create or replace temp table judging as select number, as_of from snapshot where number = $number",
        {"number": number},
    )
    con.execute(f"set variable hop_limit = {HOP_LIMIT}")
    con.execute(SQL)
    history.merge(con, schema.tables()["carried_class"], "carried_class_staged", number)
