"""One rule over one snapshot: its SQL runs as a subquery on a connection that can only read.

What comes out lies in temp tables of that connection: `judged` has one row per rule and subject,
in the columns of `verdict`; `former` has the subjects of the snapshot before.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb

from pipeline.errors import RuleError
from pipeline.judge import holes
from pipeline.judge.outcome import Moment, Outcome
from pipeline.judge.rule import SEVERITIES, STATUSES, Rule
from pipeline.judge.subjects import SUBJECTS

GUARANTEED = ("subject_id", "status", "reason")
FURTHER = ("severity", "subject_name")

_JUDGED = """
create or replace temp table judged (
    rule_id varchar,
    subject_id varchar,
    subject varchar,
    status varchar,
    severity varchar,
    reason varchar,
    subject_name varchar,
    evidence json,
    finding_id varchar,
    waived boolean
)
"""


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Makes an empty `judged`."""
    con.execute(_JUDGED)


def evaluate(
    con: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rule],
    params: Mapping[str, Mapping[str, Any]],
    moment: Moment,
) -> list[Outcome]:
    """How every rule went, blockers first; adds to `judged`. A rule that fails fails alone."""
    outcomes: dict[str, Outcome] = {}
    for rule in rules.values():
        blockers = [outcomes[blocker] for blocker in rule.blocked_by]
        outcomes[rule.id] = _evaluate_one(con, rule, dict(params[rule.id]), moment, blockers)
    return list(outcomes.values())


def _evaluate_one(
    con: duckdb.DuckDBPyConnection,
    rule: Rule,
    params: dict[str, Any],
    moment: Moment,
    blockers: list[Outcome],
) -> Outcome:
    shown = params | ({"crosswalk": moment.crosswalk} if "crosswalk" in rule.uses else {})
    holes.recall(con, rule, moment.number)
    hole, error = None, None
    try:
        _run(con, rule, shown | {"as_of": moment.as_of})
        _check(con)
        hole = holes.without_register(con, rule) or holes.whole(con, rule, blockers)
        if hole is None:
            missing = holes.missing_answers(con, rule, blockers)
            holes.carry_hidden(con, missing)
            holes.leave_blocked(con, rule, missing)
        else:
            holes.carry_everything(con, hole)
    except (duckdb.Error, RuleError) as problem:
        error = " ".join(str(problem).split())
        con.execute("drop table if exists found")
        con.execute(_FOUND_EMPTY)
        holes.carry_everything(con, f"rule error: {error}")
    counts = _keep(con, rule)
    return Outcome(rule, shown, counts, error, hole)


_FOUND_EMPTY = """
create temp table found (
    subject_id varchar,
    status varchar,
    severity varchar,
    reason varchar,
    subject_name varchar,
    evidence json
)
"""


def _run(con: duckdb.DuckDBPyConnection, rule: Rule, values: Mapping[str, Any]) -> None:
    """Fills the temp table `found` with what the SQL of the rule says."""
    bound = bindable(rule.uses, values)
    described = con.execute(f"describe {rule.sql}", bound or None).fetchall()
    columns = [row[0] for row in described]
    check_columns(columns)
    evidence = ", ".join(
        f"{_quoted(name)} := {_quoted(name)}"
        for name in columns
        if name not in (*GUARANTEED, *FURTHER)
    )
    further = [
        f"{name}::varchar as {name}" if name in columns else f"null::varchar as {name}"
        for name in FURTHER
    ]
    con.execute(
        "create or replace temp table found as select "
        "subject_id::varchar as subject_id, status::varchar as status, reason::varchar as reason, "
        f"{', '.join(further)}, "
        f"{f'to_json(struct_pack({evidence}))' if evidence else 'json_object()'} as evidence "
        f"from (\n{rule.sql}\n)",
        bound or None,
    )
    con.execute("update found set severity = ? where severity is null", [rule.severity])


def check_columns(columns: Sequence[str]) -> None:
    """Refuses SQL whose columns cannot be verdicts.

    Raises:
        RuleError: a required column is missing, or two have one name.
    """
    for name in GUARANTEED:
        if name not in columns:
            raise RuleError(
                f"its SQL has no column {name}; required: {', '.join(GUARANTEED)}; "
                f"it has: {', '.join(columns)}"
            )
    if len(set(columns)) < len(columns):
        raise RuleError(f"two columns of its SQL have one name: {', '.join(columns)}")


def _check(con: duckdb.DuckDBPyConnection) -> None:
    """Refuses what no verdict may be.

    Raises:
        RuleError: a subject twice or without id, a status or severity that does not exist, no reason.
    """
    checks = {
        "subject_id is null": "a row has no subject_id",
        f"status is null or status not in {STATUSES}": f"a status is not one of {', '.join(STATUSES)}",
        f"severity not in {SEVERITIES}": f"a severity is not one of {', '.join(SEVERITIES)}",
        "reason is null or reason = ''": "a row gives no reason",
    }
    for condition, problem in checks.items():
        if rows := con.execute(
            f"select subject_id, status, severity from found where {condition} limit 1"
        ).fetchall():
            raise RuleError(f"{problem}: {rows[0]}")
    twice = con.execute(
        "select subject_id, count(*) from found group by subject_id having count(*) > 1 "
        "order by subject_id limit 1"
    ).fetchall()
    if twice:
        raise RuleError(f"one verdict per subject, but {twice[0][0]} has {twice[0][1]}")


def _keep(con: duckdb.DuckDBPyConnection, rule: Rule) -> dict[str, int]:
    """Moves `found` to `judged`; gives the number of verdicts by status."""
    con.execute(
        "insert into judged by name select ? as rule_id, subject_id, ? as subject, status, severity, "
        "reason, subject_name, evidence, sha256(concat(?, '|', ?, subject_id, '|'))[:16] as finding_id, "
        "false as waived from found",
        [rule.id, rule.subject, rule.id, SUBJECTS[rule.subject].prefix],
    )
    counted = dict(con.execute("select status, count(*) from found group by status").fetchall())
    con.execute("drop table found")
    return {status: counted.get(status, 0) for status in STATUSES}


def bindable(uses: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the parameters that a rule uses, as DuckDB takes them."""
    return {name: _bindable(name, values[name]) for name in uses}


def _bindable(name: str, value: Any) -> Any:
    """Plain values and lists of them as they are; everything nested, and the crosswalk, as JSON text."""
    nested = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, dict) for part in value)
    )
    return json.dumps(value, ensure_ascii=False) if nested or name == "crosswalk" else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
