"""One rule over one snapshot: its SQL runs as a subquery on a connection that can only read.

What comes out lies in `judged`: one row per rule and subject, in the columns of `verdict`. While a rule is
looked at, `found` has its verdicts, and `former` those of the snapshot before; both are the connection's own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from pipeline.errors import RuleError
from pipeline.judge import holes, ledger, said
from pipeline.judge.outcome import Moment, Outcome
from pipeline.judge.rule import SEVERITIES, STATUSES, Rule

Fill = Callable[[duckdb.DuckDBPyConnection, Rule, Mapping[str, Any]], None]
"""What runs the SQL of a rule with these parameters and leaves its verdicts in the temp table `found`."""

_FOUND_EMPTY = """
create or replace temp table found (
    subject_id varchar,
    status varchar,
    severity varchar,
    reason varchar,
    subject_name varchar,
    evidence json
)
"""

_WRONG = {
    "subject_id is null": "a row has no subject_id",
    f"status is null or status not in {STATUSES}": f"a status is not one of {', '.join(STATUSES)}",
    f"severity not in {SEVERITIES}": f"a severity is not one of {', '.join(SEVERITIES)}",
    "reason is null or reason = ''": "a row gives no reason",
}
"""What no verdict may be, and what is said about it."""


def evaluate(
    con: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rule],
    params: Mapping[str, Mapping[str, Any]],
    moment: Moment,
) -> list[Outcome]:
    """How every rule went, one after the other, blockers first; adds to `judged`. Unbounded: for examples."""
    outcomes: dict[str, Outcome] = {}
    for rule in rules.values():
        blockers = [outcomes[blocker] for blocker in rule.blocked_by]
        outcomes[rule.id] = one(con, rule, params[rule.id], moment, blockers, fill)
    return list(outcomes.values())


def one(
    con: duckdb.DuckDBPyConnection,
    rule: Rule,
    params: Mapping[str, Any],
    moment: Moment,
    blockers: Sequence[Outcome],
    filling: Fill,
) -> Outcome:
    """How one rule went; adds to `judged`. A rule that fails fails alone, and keeps its former verdicts.

    Raises:
        duckdb.OutOfMemoryException: there is not enough memory for it now.
    """
    shown = dict(params) | ({"crosswalk": moment.crosswalk} if "crosswalk" in rule.uses else {})
    holes.recall(con, rule, moment.number)
    try:
        filling(con, rule, shown | {"as_of": moment.as_of})
        _check(con)
        hole = holes.without_register(con, rule) or holes.whole(con, rule, blockers)
        if hole is None:
            missing = holes.missing_answers(con, rule, blockers)
            holes.carry_hidden(con, missing)
            holes.leave_blocked(con, rule, missing)
        else:
            holes.carry_everything(con, hole)
        return Outcome(rule, shown, ledger.keep(con, rule, moment), hole=hole)
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, RuleError) as problem:
        return failed(con, rule, shown, moment, str(problem))


def failed(
    con: duckdb.DuckDBPyConnection,
    rule: Rule,
    params: Mapping[str, Any],
    moment: Moment,
    problem: str,
) -> Outcome:
    """What a rule in error comes to: its former verdicts, not evaluated."""
    error = " ".join(problem.split())
    holes.recall(con, rule, moment.number)
    con.execute(_FOUND_EMPTY)
    holes.carry_everything(con, f"rule error: {error}")
    return Outcome(rule, dict(params), ledger.keep(con, rule, moment), error)


def fill(con: duckdb.DuckDBPyConnection, rule: Rule, values: Mapping[str, Any]) -> None:
    """Fills the temp table `found` with what the SQL of the rule says, here and now."""
    bound = said.bindable(rule.uses, values)
    query = said.statement(con, rule.sql, rule.severity, bound)
    con.execute(f"create or replace temp table found as {query}", bound or None)


def _check(con: duckdb.DuckDBPyConnection) -> None:
    """Refuses what no verdict may be.

    Raises:
        RuleError: a subject twice or without id, a status or severity that does not exist, no reason.
    """
    conditions = " union all ".join(
        f"(select '{problem}', subject_id, status, severity from found where {condition} limit 1)"
        for condition, problem in _WRONG.items()
    )
    if rows := con.execute(f"from ({conditions}) limit 1").fetchall():
        raise RuleError(f"{rows[0][0]}: {rows[0][1:]}")
    # by hash first: the ids of ten million subjects are a gigabyte
    several = "select 1 from found group by {} having count(*) > 1 limit 1"
    if con.execute(several.format("hash(subject_id)")).fetchall():
        twice = con.execute(
            "select subject_id, count(*) from found group by subject_id having count(*) > 1 "
            "order by subject_id limit 1"
        ).fetchall()
        if twice:
            raise RuleError(f"one verdict per subject, but {twice[0][0]} has {twice[0][1]}")
