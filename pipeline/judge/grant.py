"""Who has access to what in a snapshot, by whose decision and until when: `active_grant`."""

from importlib import resources

import duckdb

from pipeline.judge import condition
from pipeline.warehouse import history, schema

SQL = resources.files(__package__).joinpath("grant.sql").read_text(encoding="utf-8")


def write(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Makes `active_grant` of snapshot `number`, the newest, hold every access in force with what explains it."""
    con.execute(
        "create or replace temp table judging as select number, as_of from snapshot where number = $number",
        {"number": number},
    )
    _read_conditions(con)
    con.execute(SQL)
    history.merge(con, schema.tables()["active_grant"], "active_grant_staged", number)


def _read_conditions(con: duckdb.DuckDBPyConnection) -> None:
    """Fills `advanced_literal`: the literals of every condition written as text that can be read."""
    con.execute(
        "create or replace temp table advanced_literal "
        "(condition varchar, clause integer, kind varchar, name varchar, value varchar, negated boolean)"
    )
    texts = con.execute(
        "select distinct value from policy_condition where kind = 'advanced' and value is not null"
    ).fetchall()
    rows = []
    for (text,) in texts:
        try:
            found = condition.clauses(text)
        except condition.UnreadableError:
            continue
        rows += [
            (text, number, *literal)
            for number, clause in enumerate(found)
            for literal in sorted(clause, key=repr)
        ]
    if rows:
        con.executemany("insert into advanced_literal values (?, ?, ?, ?, ?, ?)", rows)
