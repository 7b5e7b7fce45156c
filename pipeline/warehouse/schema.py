"""The data dictionary in `schema.sql`, read once: tables with columns, keys, references and comments."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from operator import itemgetter

import duckdb

NOT_HISTORISED = ("snapshot", "exchange", "redaction")
"""Tables that only grow: what they say of a snapshot and of its pages is never said again of another."""

COLLECTED = ("run", "purview", "immuta", "directory")
"""Groups of tables that a collection stages, the gate checks and a seal merges: all but the judge's own."""

PROVENANCE = ("page_id", "item")
"""Columns that say where a row came from; they are no part of what the row says."""


@dataclass(frozen=True)
class Column:
    """One column of a public table."""

    name: str
    type: str
    required: bool
    comment: str


@dataclass(frozen=True)
class Reference:
    """Columns whose values must exist in another table of the same snapshot."""

    columns: tuple[str, ...]
    table: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One public table; `group` is run, purview, immuta, directory or judge."""

    name: str
    group: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]

    @property
    def historised(self) -> bool:
        """Whether rows carry valid_from and valid_to."""
        return self.name not in NOT_HISTORISED

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def content(self) -> tuple[str, ...]:
        """The columns that say something about the subject: all but provenance."""
        return tuple(name for name in self.names if name not in PROVENANCE)


def read(name: str) -> str:
    """The text of an SQL file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def tables() -> dict[str, Table]:
    """Every public table by name, in the order of `schema.sql` (which is the order of references)."""
    text = read("schema.sql")
    with duckdb.connect() as scratch:
        scratch.execute(text)
        columns = scratch.execute(
            "select table_name, column_name, data_type, not is_nullable from duckdb_columns() "
            "where not internal order by table_name, column_index"
        ).fetchall()
        constraints = scratch.execute(
            "select table_name, constraint_type, constraint_column_names, referenced_table, "
            "referenced_column_names from duckdb_constraints()"
        ).fetchall()
    columns_of = {name: list(rows) for name, rows in groupby(columns, key=itemgetter(0))}
    found: dict[str, Table] = {}
    for name, group, comment, body in _statements(text):
        notes = dict(re.findall(r"^ {4}(\w+) .*?-- (.+)$", body, re.M))
        found[name] = Table(
            name,
            group,
            comment,
            tuple(Column(c, t, r, notes[c]) for _, c, t, r in columns_of[name]),
            next(tuple(c[2]) for c in constraints if c[0] == name and c[1] == "PRIMARY KEY"),
            tuple(
                Reference(tuple(c[2]), c[3], tuple(c[4]))
                for c in constraints
                if c[0] == name and c[1] == "FOREIGN KEY"
            ),
        )
    return found


@cache
def views() -> dict[str, str]:
    """The query of every derived view of `views.sql`, by name."""
    pattern = r"^create or replace view (\w+) as\n(.*?);$"
    return dict(re.findall(pattern, read("views.sql"), re.M | re.S))


def _statements(text: str) -> list[tuple[str, str, str, str]]:
    """(table, group, comment, body) of every statement, in order."""
    found, group = [], ""
    pattern = r"^-- group: (\w+)|((?:^-- [^\n]+\n)+)create table (\w+) \((.*?)^\);"
    for match in re.finditer(pattern, text, re.M | re.S):
        if match[1]:
            group = match[1]
        else:
            lines = [line.removeprefix("-- ") for line in match[2].splitlines()]
            found.append((match[3], group, " ".join(lines), match[4]))
    return found
