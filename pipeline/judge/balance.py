"""The sum of a rule's verdicts: its population is what passes, fails, is waived and is not evaluated, and nothing else."""

from collections.abc import Mapping, Sequence

import duckdb

from pipeline.judge import evaluate, ledger
from pipeline.judge.outcome import Moment, Outcome
from pipeline.judge.rule import STATUSES

_STORED = """
select
    rule_id,
    sum(members)::bigint as population,
    coalesce(sum(members) filter (where status = 'pass' and not waived), 0)::bigint as passed,
    coalesce(sum(members) filter (where status = 'fail' and not waived), 0)::bigint as failed,
    coalesce(sum(members) filter (where status = 'fail' and waived), 0)::bigint as waived,
    coalesce(sum(members) filter (where status = 'not_evaluated' and not waived), 0)::bigint as not_evaluated
from judged
group by rule_id
"""


def settle(
    con: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome], moment: Moment
) -> tuple[list[Outcome], dict[str, int]]:
    """The outcomes as they can be stored, and how many fails of each rule are waived.

    A rule whose verdicts do not add up is in error, and so is nothing it said: its former verdicts
    are kept, not evaluated.
    """
    stored = {row[0]: row[1:] for row in con.execute(_STORED).fetchall()}
    settled = []
    waived: dict[str, int] = {}
    for outcome in outcomes:
        row = stored.get(outcome.rule.id, (0,) * 5)
        if problem := _imbalance(outcome.counts, *row):
            ledger.forget(con, outcome.rule.id, moment.storing)
            outcome = evaluate.failed(con, outcome.rule, outcome.params, moment, problem)
        else:
            waived[outcome.rule.id] = row[3]
        settled.append(outcome)
    return settled, waived


def _imbalance(
    counts: Mapping[str, int], population: int, passed: int, failed: int, waived: int, unknown: int
) -> str | None:
    """What does not add up, in words."""
    said = tuple(counts[status] for status in STATUSES)
    if population == passed + failed + waived + unknown and said == (
        passed,
        failed + waived,
        unknown,
    ):
        return None
    return (
        f"its verdicts do not add up: a population of {population}, but {passed} pass, {failed} fail, "
        f"{waived} waived and {unknown} not evaluated; the rule said "
        f"{', '.join(f'{count} {status}' for status, count in counts.items())}"
    )
