"""What missing data does to verdicts: a hole is never compliance, and never ends a finding.

Works on the temp tables of `evaluate`: `found` (verdicts of one rule in this snapshot) and
`former` (its verdicts in the snapshot before).
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import duckdb

from pipeline.judge import query
from pipeline.judge.outcome import Lacks, Outcome
from pipeline.judge.rule import Rule
from pipeline.judge.subjects import SUBJECTS
from pipeline.warehouse import schema, wholeness

_REQUESTS = ("access_request", "approval", "product_member", "request_user")
_ACCESS = (
    *_REQUESTS, "data_product", "data_product_source", "immuta_source", "immuta_membership", "immuta_user",
    "policy_application", "immuta_policy", "policy_condition", "immuta_group", "immuta_group_access", "immuta_group_member",
    "immuta_attribute", "immuta_project", "project_member", "project_source",
)  # fmt: skip
DERIVED_FROM = {
    "link": ("asset", "immuta_source"),
    "link_candidate": ("asset", "immuta_source"),
    "active_grant": _ACCESS,
    "request_event": _REQUESTS,
    "masking_grant": (
        *_ACCESS, "masking_exception_column", "approved_masking_exception", "product_column", "immuta_column_tag",
        "policy_masking", "classification", "asset_column", "asset", "request_form_version",
    ),
    "carried_class": ("asset", "asset_column", "classification", "process", "lineage_edge", "column_lineage"),
}  # fmt: skip
"""Tables that we fill ourselves, and the tables they are made of."""

ABOUT_THE_RUN = "endpoint"
"""The subject of rules that judge the holes themselves."""

NOT_IN_FORCE = "rule not in force in this judgement"

IN_FORCE_BEFORE = "valid_from < $number and (valid_to is null or valid_to >= $number)"
"""Rows of history that were in force in the snapshot before `$number`."""

# Which members a missing answer hides cannot be told: a column's guid is not known before it is read.
_MISSING = """
select endpoint, tables
from gap
union
select endpoint, tables
from reconciliation
where verdict = 'weak'
    and distinct_keys < least(server_total_before, server_total)
"""


def lacks(con: duckdb.DuckDBPyConnection) -> Lacks:
    """What the collection of the snapshot lacks."""
    return Lacks(wholeness.lacking(con), con.execute(_MISSING).fetchall())


def recall(con: duckdb.DuckDBPyConnection, rule: Rule, number: int) -> None:
    """Makes `former` show the verdicts of the rule in the snapshot before `number`."""
    # a view: only a hole, an error or a prerequisite asks for them
    before = IN_FORCE_BEFORE.replace("$number", str(number))
    con.execute(
        "create or replace temp view former as "
        "select subject_id, status, severity, reason, subject_name, evidence from history.verdict "
        f"where rule_id = '{rule.id}' and {before}"
    )


def whole(
    con: duckdb.DuckDBPyConnection, rule: Rule, blockers: Sequence[Outcome], lacks: Lacks
) -> str | None:
    """Why nothing that this rule says can be relied on: a table it reads is not complete; None if it can be.

    Raises:
        RuleError: the tables it reads cannot be told.
    """
    if rule.subject == ABOUT_THE_RUN:
        return None
    for blocker in blockers:
        if blocker.error or blocker.hole:
            return f"depends on {blocker.rule.id}, which could not be evaluated"
    tables = [name for name in tables_read(con, rule.sql) if name not in ("gap", "reconciliation")]
    return "; ".join(wholeness.among(lacks.unread, tables)) or None


def without_register(con: duckdb.DuckDBPyConnection, rule: Rule) -> str | None:
    """Which register that the rule needs nobody keeps, and where it would lie; None if all are there."""
    if not rule.registers:
        return None
    rows = con.execute(
        "select name from register where present and list_contains($names::varchar[], name)",
        {"names": list(rule.registers)},
    ).fetchall()
    missing = [name for name in rule.registers if (name,) not in rows]
    if not missing:
        return None
    files = " and ".join(f"registers/{name}.csv (or .yaml, .parquet)" for name in missing)
    return f"no register of {' and '.join(missing)}: {files} in a pack would answer this"


def carry_everything(con: duckdb.DuckDBPyConnection, reason: str) -> None:
    """Makes every verdict not_evaluated for `reason`, and keeps former members that are absent now."""
    con.execute("update found set status = 'not_evaluated', reason = ?", [reason])
    _carry(con, "true", "?", [reason])


def leave_blocked(con: duckdb.DuckDBPyConnection, rule: Rule, missing: Sequence[str]) -> None:
    """Takes subjects out whose prerequisite failed; where that is unknown, so is the subject, and a former finding stays.

    With answers `missing`, a former pass stays too: the population never shrinks because of a hole.
    """
    kept = "true" if missing else "status <> 'pass'"
    for blocker, blocker_subject in _blockers(con, rule):
        pairs = "select subject_id, subject_id as parent_id from {}"
        now, before = pairs.format("found"), pairs.format("former")
        if blocker_subject != rule.subject:
            now = before = SUBJECTS[rule.subject].inside[blocker_subject]
        unknown = [f"depends on {blocker}, which could not be evaluated for it", blocker]
        con.execute(
            f"delete from found where subject_id in ({_blocked(now)} and b.status = 'fail')",
            [blocker],
        )
        con.execute(
            "update found set status = 'not_evaluated', reason = ? "
            f"where subject_id in ({_blocked(now)} and b.status = 'not_evaluated')",
            unknown,
        )
        _carry(
            con,
            f"{kept} and subject_id in ({_blocked(before)} and b.status = 'not_evaluated')",
            "?",
            unknown,
        )


def missing_answers(
    con: duckdb.DuckDBPyConnection, rule: Rule, blockers: Sequence[Outcome], lacks: Lacks
) -> list[str]:
    """The endpoints that lack answers which the rule, or one that blocks it, would have read.

    Raises:
        RuleError: the tables it reads cannot be told.
    """
    if rule.subject == ABOUT_THE_RUN:
        return []
    tables = set(tables_read(con, rule.sql))
    for blocker in blockers:
        tables.update(tables_read(con, blocker.rule.sql))
    return wholeness.among(lacks.missing, tables)


def carry_hidden(con: duckdb.DuckDBPyConnection, missing: Sequence[str]) -> None:
    """Keeps every former member that is absent now as not_evaluated, while any answer is `missing`."""
    if missing:
        reason = f"not found while answers are missing from {', '.join(missing)}"
        _carry(con, "true", "?", [reason])


def unloaded(
    con: duckdb.DuckDBPyConnection, known: Collection[str], number: int
) -> tuple[str, dict[str, Any], list[str]]:
    """The query for the former verdicts of rules that are not `known` now, as not_evaluated, its values, and the rules."""
    former = f"from history.verdict where {IN_FORCE_BEFORE.replace('$number', str(number))}"
    rows = con.execute(
        f"select distinct rule_id {former} and not list_contains(?::varchar[], rule_id)",
        [sorted(known)],
    ).fetchall()
    rule_ids = sorted(rule_id for (rule_id,) in rows)
    query = (
        "select rule_id, subject_id, subject, 'not_evaluated' as status, severity, $reason as reason, "
        f"subject_name, evidence, finding_id, false as waived {former} "
        "and list_contains($rules::varchar[], rule_id)"
    )
    return query, {"reason": NOT_IN_FORCE, "rules": rule_ids}, rule_ids


def tables_read(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """The public tables that `sql` reads, through derived views too.

    Raises:
        RuleError: DuckDB cannot say what the query is made of.
    """
    found: set[str] = set()
    todo = [sql]
    while todo:
        for name in query.taken_apart(con, todo.pop()).relations - found:
            found.add(name)
            if name in DERIVED_FROM:
                found.update(DERIVED_FROM[name])
            elif name in schema.views():
                todo.append(schema.views()[name])
    return sorted(found & schema.tables().keys())


def _blockers(con: duckdb.DuckDBPyConnection, rule: Rule) -> Iterator[tuple[str, str]]:
    """(rule id, subject) of the blockers that gave any verdict."""
    for blocker in rule.blocked_by:
        rows = con.execute(
            "select subject from judged where rule_id = ? limit 1", [blocker]
        ).fetchall()
        if rows:
            yield blocker, rows[0][0]


def _blocked(pairs: str) -> str:
    """SQL for the subjects whose parent in `pairs` has a verdict of the rule that is bound as ?."""
    return (
        f"select pair.subject_id from ({pairs}) pair "
        "join judged b on b.subject_id = pair.parent_id and b.rule_id = ?"
    )


def _carry(con: duckdb.DuckDBPyConnection, condition: str, reason: str, values: list[Any]) -> None:
    """Adds the former members that meet `condition` and are absent now, as not_evaluated."""
    con.execute(
        "insert into found by name "
        f"select subject_id, 'not_evaluated' as status, severity, {reason} as reason, subject_name, "
        f"evidence from former where {condition} "
        "and not exists (select 1 from found f where f.subject_id = former.subject_id)",
        values,
    )
