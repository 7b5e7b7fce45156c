"""One rule over one snapshot: its SQL runs as a subquery on a connection that can only read.

What comes out lies in `judged`: one row per rule and subject, in the columns of `verdict`. While a rule is
looked at, `found` has its verdicts, and `former` those of the snapshot before; both are the connection's own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from pipeline.errors import RuleError
from pipeline.judge import holes, ledger, query, said
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

_CHECKS = " union all ".join(
    [
        *(
            f"(select '{problem}', subject_id, status, severity from found where {condition} limit 1)"
            for condition, problem in _WRONG.items()
        ),
        "(select '', '', '', '' from found group by hash(subject_id) having count(*) > 1 limit 1)",
    ]
)
"""A row for each problem there is, with the first verdict that has it; without words where a subject may be there twice."""


def evaluate(
    con: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rule],
    params: Mapping[str, Mapping[str, Any]],
    moment: Moment,
) -> list[Outcome]:
    """How every rule went, one after the other, blockers first; adds to `judged`. Unbounded: for examples."""
    outcomes: dict[str, Outcome] = {}
    moment = replace(moment, lacks=holes.lacks(con))
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
        lacks = moment.lacks or holes.lacks(con)
        hole = holes.without_register(con, rule) or holes.whole(con, rule, blockers, lacks)
        if hole is None:
            missing = holes.missing_answers(con, rule, blockers, lacks)
            holes.carry_hidden(con, missing)
            holes.leave_blocked(con, rule, missing)
        else:
            holes.carry_everything(con, hole)
        return Outcome(rule, shown, ledger.keep(con, rule, moment), hole=hole)
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, RuleError) as problem:
        return failed(con, rule, shown, moment, str(problem))
    except Exception as problem:  # whatever else a rule brings about is its own error, too
        return failed(con, rule, shown, moment, f"{type(problem).__name__}: {problem}")


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
    found = "create or replace temp table found as "
    try:
        if columns := query.taken_apart(con, rule.sql).columns:
            con.execute(found + said.verdicts(rule.sql, rule.severity, columns), bound or None)
            return
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except (duckdb.Error, RuleError):
        # something is wrong with the SQL: by itself it says what, in its own words
        pass
    con.execute(found + said.statement(con, rule.sql, rule.severity, bound), bound or None)


def _check(con: duckdb.DuckDBPyConnection) -> None:
    """Refuses what no verdict may be.

    Raises:
        RuleError: a subject twice or without id, a status or severity that does not exist, no reason.
    """
    # in one statement, and subjects by hash first: the ids of ten million are a gigabyte
    rows = con.execute(_CHECKS).fetchall()
    for problem in _WRONG.values():
        for found, *verdict in rows:
            if found == problem:
                raise RuleError(f"{problem}: {tuple(verdict)}")
    if rows:
        twice = con.execute(
            "select subject_id, count(*) from found group by subject_id having count(*) > 1 "
            "order by subject_id limit 1"
        ).fetchall()
        if twice:
            raise RuleError(f"one verdict per subject, but {twice[0][0]} has {twice[0][1]}")
