"""What was read against what there is: one verdict per endpoint, and every missing answer by its key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.gaps import (
    items_of,
    note_what_is_hidden,
    record_holes,
    record_missing,
    record_unreturned,
)
from pipeline.collect.staging import PAGES_PER_SNAPSHOT, Staging
from pipeline.collect.walked import Walked

APPROXIMATE_TOLERANCE = 0.005


def reconcile(staging: Staging, outcomes: Sequence[Walked]) -> bool:
    """Fills `reconciliation` and `gap`; true if nothing is missing anywhere."""
    unsure = note_what_is_hidden(staging, outcomes)
    named = {outcome.name: outcome for outcome in outcomes}
    again = {f"{o.source.name}.{o.endpoint.again}": o for o in outcomes if o.endpoint.again}
    rows: list[dict[str, Any]] = []
    # in one transaction: every row by itself would go to disk
    staging.con.execute("begin transaction")
    for outcome in outcomes:
        # what was asked for once more is missing where it was asked for first
        last = again.get(outcome.name, outcome)
        tables = _fed(outcome.endpoint, outcome.source.endpoints)
        if not outcome.endpoint.again:
            record_missing(staging, outcome.name, last.missing, tables)
        if outcome.endpoint.total is Total.ASKED and not outcome.skipped:
            record_unreturned(staging, outcome, last.name, tables)
        if outcome.endpoint.holes and not outcome.skipped:
            record_holes(staging, outcome, tables)
        counts = _counts(staging, outcome, last.name, named)
        rows.append(_row(staging, outcome, counts, tables, outcomes, unsure))
    _record(staging, rows)
    staging.con.execute("commit")
    incomplete = staging.con.execute(
        "select (select count(*) from gap) "
        "+ (select count(*) from reconciliation where verdict = 'incomplete')"
    ).fetchall()
    return bool(incomplete[0][0] == 0)


def verdict(
    total: Total,
    *,
    skipped: bool,
    failed: int,
    before: int | None,
    after: int | None,
    distinct: int,
    approximate: bool,
    lost: int = 0,
    unknown: str | None = None,
    left_out: str | None = None,
    unsure: bool = False,
) -> tuple[str, str | None]:
    """The word for one endpoint, and why where it is not `reconciled`."""
    if skipped:
        return "skipped", "plane switched off by configuration"
    if unknown:
        return "incomplete", f"what to ask here is unknown: {unknown} was not read"
    if lost > 0:
        return "incomplete", f"{lost} items of the pages have no usable key: the format has changed"
    if failed:
        return "incomplete", f"{failed} answers are missing; see table gap"
    if left_out:
        return (
            "skipped",
            f"what to ask here {left_out} would have said, whose plane is switched off",
        )
    if unsure:
        return "weak", "whether this identity is shown all of it is unknown"
    if before is None or after is None:
        if total in (Total.NONE, Total.CONTROL):
            return "no_control_total", None
        return "weak", "the server stated no total, though it used to"
    low, high = sorted((before, after))
    moved = f"the server's total moved from {before} to {after} during the walk"
    if total is Total.ASKED:
        moved = f"of {before} asked for, the server says of {before - after} that it has none"
    if low <= distinct <= high:
        if approximate:
            return "weak", "the server calls its total approximate"
        return "reconciled", moved if low < high else None
    off = f"{distinct} distinct items for a stated total of {after}"
    if approximate and abs(distinct - after) <= APPROXIMATE_TOLERANCE * after:
        return "weak", f"{off}, which the server calls approximate"
    if distinct > high:
        return "weak", f"{off}: more than the server says there are"
    return "incomplete", off


def _fed(endpoint: Endpoint, endpoints: Sequence[Endpoint]) -> list[str]:
    """Tables that lack rows when this endpoint does: its own, and those of everything asked because of it."""
    found = dict.fromkeys(endpoint.tables)
    for other in endpoints:
        if endpoint.name in other.after:
            found |= dict.fromkeys(_fed(other, endpoints))
    return list(found)


def _unknown_before(outcome: Walked, outcomes: Sequence[Walked]) -> str | None:
    """The endpoint that should have said what to ask here, if its whole list was not read."""
    for other in _asked_before(outcome, outcomes):
        if any(missing.key == "*" for missing in other.missing):
            return other.name
    return None


def _left_out_before(outcome: Walked, outcomes: Sequence[Walked]) -> str | None:
    """The endpoint that would have said what to ask here, if its plane is switched off: that is no gap."""
    for other in _asked_before(outcome, outcomes):
        if other.skipped:
            return other.name
    return None


def _asked_before(outcome: Walked, outcomes: Sequence[Walked]) -> Iterator[Walked]:
    """The endpoints that an endpoint needs, and those that these need."""
    for other in outcomes:
        if other.source is outcome.source and other.endpoint.name in outcome.endpoint.after:
            yield other
            yield from _asked_before(other, outcomes)


@dataclass(frozen=True)
class Counts:
    """What came of one endpoint, in numbers; the totals are None where the server stated none."""

    before: int | None
    after: int | None
    rows: int
    distinct: int
    carried: int
    missing: int
    lost: int


def _counts(
    staging: Staging, outcome: Walked, last_asked: str, named: Mapping[str, Walked]
) -> Counts:
    endpoint = outcome.endpoint
    rows, distinct, missing, asked, gone = staging.con.execute(
        "select count(*), count(distinct key), "
        "(select count(*) from gap where endpoint = $1), "
        "(select count(*) from asked where endpoint = $1), "
        f"(select count(*) from gone where endpoint = $2) from {items_of(outcome)}",
        [outcome.name, last_asked],
    ).fetchall()[0]
    lost = outcome.items - rows
    before: int | None = None
    after: int | None = None
    carried = 0
    if endpoint.unasked:
        carried = _count(staging, f"{outcome.source.name}.{endpoint.unasked}")
    if endpoint.control is not None:
        first, last = (
            named[f"{outcome.source.name}.{name}"]
            for name in (endpoint.control.before, endpoint.control.after)
        )
        before = first.first_total if first.totals_stated else None
        after = last.last_total if last.totals_stated else None
        distinct = _count(staging, endpoint.control.table)
        earlier = f"page_id < {staging.number * PAGES_PER_SNAPSHOT}"
        carried = _count(staging, f"{endpoint.control.table} where {earlier}")
        # endpoints that complete this one's list have read the others
        rows = max(rows, distinct - carried)
    elif endpoint.total is Total.ASKED:
        before, after = asked, asked - gone
    elif endpoint.total is not Total.CONTROL and (
        # a list that the server does not have is an empty one
        outcome.totals_stated or outcome.planned == len(outcome.gone)
    ):
        before, after = outcome.first_total, outcome.last_total
    return Counts(before, after, rows, distinct, carried, missing, lost)


def _count(staging: Staging, relation: str) -> int:
    number: int = staging.con.execute(f"select count(*) from {relation}").fetchall()[0][0]
    return number


def _row(
    staging: Staging,
    outcome: Walked,
    counts: Counts,
    tables: list[str],
    outcomes: Sequence[Walked],
    unsure: frozenset[str],
) -> dict[str, Any]:
    """A row of `reconciliation`; records a gap where something is missing under no known key."""
    word, note = verdict(
        outcome.endpoint.total,
        skipped=outcome.skipped,
        failed=counts.missing,
        unknown=_unknown_before(outcome, outcomes),
        left_out=_left_out_before(outcome, outcomes),
        before=counts.before,
        after=counts.after,
        distinct=counts.distinct,
        approximate=outcome.approximate,
        lost=counts.lost,
        unsure=outcome.name in unsure,
    )
    if word == "incomplete" and (counts.lost > 0 or not counts.missing):
        # missing, but nobody knows under which key
        staging.con.execute(
            "insert into gap by name select $1 as endpoint, '*' as key, $2::varchar[] as tables, "
            "$3::varchar as reason where not exists (from gap where endpoint = $1 and key = '*')",
            [outcome.name, tables, note],
        )
    return {
        "endpoint": outcome.name,
        "source": outcome.source.name,
        "tables": tables,
        "calls": outcome.calls,
        "failed": counts.missing,
        "server_total_before": counts.before,
        "server_total": counts.after,
        "row_count": counts.rows,
        "distinct_keys": counts.distinct,
        "carried": counts.carried,
        "verdict": word,
        "note": note,
    }


def _record(staging: Staging, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    marks = f"({', '.join('?' * len(rows[0]))})"
    staging.con.execute(
        f"insert into reconciliation ({', '.join(rows[0])}) values {', '.join([marks] * len(rows))}",
        [value for row in rows for value in row.values()],
    )
