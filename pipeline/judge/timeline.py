"""What happened to every access request, step by step: `request_event`."""

from importlib import resources

import duckdb

from pipeline.warehouse import history, schema

SQL = resources.files(__package__).joinpath("timeline.sql").read_text(encoding="utf-8")


def write(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Makes `request_event` of snapshot `number`, the newest, hold the life of every request; needs `judging`."""
    con.execute(SQL)
    history.merge(con, schema.tables()["request_event"], "request_event_staged", number)
