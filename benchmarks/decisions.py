"""Ten decisions like those of the shipped rules, and two ways to take them: as SQL over the warehouse, and as plain Python loops.

Every way starts from the same tables and does all of it itself: which assets are sensitive, the joins, the counts,
and a verdict for every subject. `frames.py` has the ways with pandas.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # imported where nobody has said yet what the program is, it takes this for an interactive one and draws progress bars
    import duckdb

TABLES = {
    "sensitivity": ("source", "name", "tier"),
    "classification": ("entity_guid", "asset_guid", "column_guid", "type_name", "status"),
    "asset": ("guid", "platform"),
    "asset_column": ("guid", "name", "status"),
    "contact": ("asset_guid", "role"),
    "immuta_source": ("id",),
    "immuta_membership": ("source_id", "state"),
    "policy_application": ("source_id",),
    "data_product": ("id",),
    "request_form": ("product_id",),
    "link": ("asset_guid",),
    "access_request": ("id", "status", "created_at"),
    "snapshot": ("as_of",),
}
"""What the decisions read, and no more."""

SENSITIVE = "sensitive_asset"
"""The assets with a class of tier 1 or 2, on themselves or on an active column: one column, `asset_guid`."""

Where = tuple[str, str] | None
Failing = dict[str, list[str]]


@dataclass(frozen=True)
class Expected:
    """What a value must be: what fails as SQL and in Python, and the expectation that it does not."""

    sql: str
    python: Callable[[Any], bool]
    expectation: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Decision:
    """Of each row of `table` (with `where`, a column and what it has): its `value` is as `expected`.

    Without a `value`, it is how many rows of `counted` (a table, its column that holds the key, and `where`) it has.
    """

    like: str
    table: str
    key: tuple[str, ...]
    expected: Expected
    value: str | None = None
    where: Where = None
    counted: tuple[str, str, Where] | None = None


SECRET = r"^MICROSOFT\.SECURITY\."
PLAIN = r"^[A-Za-z0-9_ .$#-]+$"
PLATFORMS = ["snowflake", "databricks", "synapse", "redshift", "trino"]
SOME = Expected("value < 1", lambda value: value < 1, "ExpectColumnValuesToBeBetween", {"min_value": 1})  # fmt: skip
NO_SECRET = Expected(f"regexp_matches(value, '{SECRET}')", lambda value: re.match(SECRET, value) is not None, "ExpectColumnValuesToNotMatchRegex", {"regex": SECRET})  # fmt: skip
READABLE = Expected(f"not regexp_matches(value, '{PLAIN}')", lambda value: re.match(PLAIN, value) is None, "ExpectColumnValuesToMatchRegex", {"regex": PLAIN})  # fmt: skip
A_WEEK = Expected("value > 7", lambda value: value > 7, "ExpectColumnValuesToBeBetween", {"max_value": 7})  # fmt: skip
ENFORCEABLE = Expected(f"value not in {tuple(PLATFORMS)}", lambda value: value not in PLATFORMS, "ExpectColumnValuesToBeInSet", {"value_set": PLATFORMS})  # fmt: skip

AGE_DAYS = "age_days"
"""The value of an access request: midnights between when it was made and the snapshot."""

DECISIONS = (
    Decision("OWN-001", SENSITIVE, ("asset_guid",), SOME, counted=("contact", "asset_guid", ("role", "Owner"))),
    Decision("OWN-005", "immuta_source", ("id",), SOME, counted=("immuta_membership", "source_id", ("state", "owner"))),
    Decision("POL-001", "immuta_source", ("id",), SOME, counted=("policy_application", "source_id", None)),
    Decision("CLS-001", "asset", ("guid",), SOME, counted=("classification", "asset_guid", ("status", "ACTIVE"))),
    Decision("DPR-002", "data_product", ("id",), SOME, counted=("request_form", "product_id", None)),
    Decision("XSY-001", SENSITIVE, ("asset_guid",), SOME, counted=("link", "asset_guid", None)),
    Decision("CLS-006", "classification", ("entity_guid", "type_name"), NO_SECRET, "type_name", ("status", "ACTIVE")),
    Decision("column names", "asset_column", ("guid",), READABLE, "name"),
    Decision("ACC-004", "access_request", ("id",), A_WEEK, AGE_DAYS, ("status", "PENDING")),
    Decision("platforms", "asset", ("guid",), ENFORCEABLE, "platform"),
)  # fmt: skip


def opened(con: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    """The warehouse itself: what it holds is read while it is decided."""
    return con


def with_sql(
    con: "duckdb.DuckDBPyConnection", decisions: Sequence[Decision]
) -> "tuple[duckdb.DuckDBPyConnection, Sequence[Decision]]":
    """The verdicts, each decision's in a table of its own."""
    con.execute(f"create or replace temp table sensitive as select asset_guid from {SENSITIVE}")
    for decision in decisions:
        con.execute(
            f'create or replace temp table "{decision.like}" as select id, '
            f"if({decision.expected.sql}, 'fail', 'pass') as status from ({_rows(decision)})"
        )
    return con, decisions


def _rows(decision: Decision) -> str:
    """The query for id and value."""
    key = " || ".join(f"s.{column}::varchar" for column in decision.key)
    table = "sensitive" if decision.table == SENSITIVE else decision.table
    if decision.counted:
        many, column, where = decision.counted
        also = f" and m.{where[0]} = '{where[1]}'" if where else ""
        return (
            f"select {key} as id, count(m.{column}) as value from {table} s "
            f"left join {many} m on m.{column} = s.{decision.key[0]}{also} group by all"
        )
    value = f"s.{decision.value}"
    if decision.value == AGE_DAYS:
        value = "date_diff('day', s.created_at, (select max(as_of) from snapshot))"
    also = f" and s.{decision.where[0]} = '{decision.where[1]}'" if decision.where else ""
    return f"select {key} as id, {value} as value from {table} s where value is not null{also}"


def said_in_sql(verdicts: "tuple[duckdb.DuckDBPyConnection, Sequence[Decision]]") -> Failing:
    """Who fails, by decision."""
    con, decisions = verdicts
    query = "select id from temp.\"{}\" where status = 'fail'"
    return {
        decision.like: [id for (id,) in con.execute(query.format(decision.like)).fetchall()]
        for decision in decisions
    }


def rows(con: "duckdb.DuckDBPyConnection") -> dict[str, list[tuple[Any, ...]]]:
    """The tables as lists of tuples."""
    return {
        name: con.execute(f"select {', '.join(columns)} from {name}").fetchall()
        for name, columns in TABLES.items()
    }


def with_loops(
    tables: Mapping[str, list[tuple[Any, ...]]], decisions: Sequence[Decision]
) -> dict[str, list[tuple[str, str]]]:
    """The verdicts: id and status, row by row."""
    as_of = max(when for (when,) in tables["snapshot"])
    tables = {**tables, SENSITIVE: _sensitive(tables)}
    verdicts = {}
    for decision in decisions:
        of = tables[decision.table]
        at = {column: n for n, column in enumerate(_columns(decision.table))}
        keys = [at[column] for column in decision.key]
        fails, said = decision.expected.python, []
        if decision.counted:
            counts, key = _counted(tables, *decision.counted), keys[0]
            for row in of:
                said.append((str(row[key]), "fail" if fails(counts[row[key]]) else "pass"))
        else:
            field = at["created_at" if decision.value == AGE_DAYS else str(decision.value)]
            where = (at[decision.where[0]], decision.where[1]) if decision.where else None
            for row in of:
                value = row[field]
                if value is None or (where and row[where[0]] != where[1]):
                    continue
                if decision.value == AGE_DAYS:
                    value = _days(value, as_of)
                id = "".join(str(row[key]) for key in keys)
                said.append((id, "fail" if fails(value) else "pass"))
        verdicts[decision.like] = said
    return verdicts


def _columns(table: str) -> tuple[str, ...]:
    return ("asset_guid",) if table == SENSITIVE else TABLES[table]


def _sensitive(tables: Mapping[str, list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    names = {
        name
        for source, name, tier in tables["sensitivity"]
        if source == "purview" and tier in (1, 2)
    }
    active = {guid for guid, _, status in tables["asset_column"] if status == "ACTIVE"}
    found = {
        asset_guid
        for _, asset_guid, column_guid, type_name, status in tables["classification"]
        if status == "ACTIVE"
        and type_name in names
        and (column_guid is None or column_guid in active)
    }
    return [(guid,) for guid in found]


def _counted(
    tables: Mapping[str, list[tuple[Any, ...]]], table: str, column: str, where: Where
) -> Counter[Any]:
    """How many rows there are of each key."""
    at = TABLES[table].index(column)
    if where is None:
        return Counter(row[at] for row in tables[table])
    field = TABLES[table].index(where[0])
    return Counter(row[at] for row in tables[table] if row[field] == where[1])


def _days(made_at: datetime, as_of: datetime) -> int:
    return (as_of.date() - made_at.date()).days


def said_in_loops(verdicts: Mapping[str, list[tuple[str, str]]]) -> Failing:
    """Who fails, by decision."""
    return {
        like: [id for id, status in said if status == "fail"] for like, said in verdicts.items()
    }
