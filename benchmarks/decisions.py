"""Ten decisions like those of the shipped rules, each said three ways: in SQL, in Python, and as an expectation.

The rows that a decision needs (an id and a value) are joined by DuckDB for all of them, which favours the others.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # imported where nobody has said yet what the program is, it takes this for an interactive one and draws progress bars
    import duckdb

SECRET = r"^MICROSOFT\.SECURITY\."
PLAIN = r"^[A-Za-z0-9_ .$#-]+$"
PLATFORMS = ["snowflake", "databricks", "synapse", "redshift", "trino"]
COUNTED = "select {key} as id, count({counted}) as value from {one} left join {many} group by all"


@dataclass(frozen=True)
class Decision:
    """Who fails: `rows` gives id and value; `fails` is SQL about value, `python` the same."""

    like: str
    rows: str
    fails: str
    python: Callable[[Any], bool]
    expectation: str
    options: dict[str, Any]


def _at_least_one(like: str, key: str, counted: str, one: str, many: str) -> Decision:
    rows = COUNTED.format(key=key, counted=counted, one=one, many=many)
    expectation = "ExpectColumnValuesToBeBetween"
    return Decision(like, rows, "value < 1", lambda value: value < 1, expectation, {"min_value": 1})


DECISIONS = (
    _at_least_one("OWN-001", "s.asset_guid", "c.principal_id", "sensitive_asset s", "contact c on c.asset_guid = s.asset_guid and c.role = 'Owner'"),
    _at_least_one("OWN-005", "s.id", "m.profile_id", "immuta_source s", "immuta_membership m on m.source_id = s.id and m.state = 'owner'"),
    _at_least_one("POL-001", "s.id", "p.policy", "immuta_source s", "policy_application p on p.source_id = s.id"),
    _at_least_one("CLS-001", "a.guid", "c.type_name", "asset a", "classification c on c.asset_guid = a.guid and c.status = 'ACTIVE'"),
    _at_least_one("DPR-002", "d.id", "f.id", "data_product d", "request_form f on f.product_id = d.id"),
    _at_least_one("XSY-001", "s.asset_guid", "l.source_id", "sensitive_asset s", "link l on l.asset_guid = s.asset_guid"),
    Decision("CLS-006", "select concat(entity_guid, type_name) as id, type_name as value from classification where status = 'ACTIVE'", f"regexp_matches(value, '{SECRET}')", lambda value: re.match(SECRET, value) is not None, "ExpectColumnValuesToNotMatchRegex", {"regex": SECRET}),
    Decision("column names", "select guid as id, name as value from asset_column", f"not regexp_matches(value, '{PLAIN}')", lambda value: re.match(PLAIN, value) is None, "ExpectColumnValuesToMatchRegex", {"regex": PLAIN}),
    Decision("ACC-004", "select id, date_diff('day', created_at, (select max(as_of) from snapshot)) as value from access_request where status = 'PENDING'", "value > 7", lambda value: value > 7, "ExpectColumnValuesToBeBetween", {"max_value": 7}),
    Decision("platforms", "select guid as id, platform as value from asset where platform is not null", f"value not in {tuple(PLATFORMS)}", lambda value: value not in PLATFORMS, "ExpectColumnValuesToBeInSet", {"value_set": PLATFORMS}),
)  # fmt: skip


def with_sql(con: "duckdb.DuckDBPyConnection", decisions: Sequence[Decision]) -> dict[str, int]:
    """How many fail, decided by DuckDB: every verdict in a table."""
    failing = {}
    for decision in decisions:
        con.execute(
            f"create or replace temp table said as select id, {decision.fails} as failed from ({decision.rows})"
        )
        rows = con.execute("select count(*) filter (where failed) from said").fetchall()
        failing[decision.like] = rows[0][0]
    return failing


def with_loops(con: "duckdb.DuckDBPyConnection", decisions: Sequence[Decision]) -> dict[str, int]:
    """How many fail, decided row by row."""
    failing = {}
    for decision in decisions:
        verdicts = []
        for subject_id, value in con.execute(decision.rows).fetchall():
            verdicts.append((subject_id, "fail" if decision.python(value) else "pass"))
        failing[decision.like] = sum(status == "fail" for _, status in verdicts)
    return failing


def with_great_expectations(
    con: "duckdb.DuckDBPyConnection", decisions: Sequence[Decision]
) -> dict[str, int]:
    """How many fail, decided by Great Expectations on pandas: with the ids of those that do."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas(name="rows")
    failing = {}
    for decision in decisions:
        frame = con.sql(decision.rows).df()
        asset = source.add_dataframe_asset(name=decision.like)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        expectation = getattr(gx.expectations, decision.expectation)
        found = batch.validate(
            expectation(column="value", **decision.options),
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]},
        )
        failing[decision.like] = found.result["unexpected_count"]
    return failing
