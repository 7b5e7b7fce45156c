"""What was read against what there is: one verdict per endpoint, and every missing answer by its key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.staging import PAGES_PER_SNAPSHOT, Staging
from pipeline.collect.walked import Missing, Walked

APPROXIMATE_TOLERANCE = 0.005
REASONS = 3
"""How many reasons a gap names, where several calls of one list failed."""


def reconcile(staging: Staging, outcomes: Sequence[Walked]) -> bool:
    """Fills `reconciliation` and `gap`; true if nothing is missing anywhere."""
    named = {outcome.name: outcome for outcome in outcomes}
    again = {f"{o.source.name}.{o.endpoint.again}": o for o in outcomes if o.endpoint.again}
    for outcome in outcomes:
        # what was asked for once more is missing where it was asked for first
        last = again.get(outcome.name, outcome)
        tables = _fed(outcome.endpoint, outcome.source.endpoints)
        if not outcome.endpoint.again:
            _record_missing(staging, outcome.name, last.missing, tables)
        if outcome.endpoint.total is Total.ASKED and not outcome.skipped:
            _record_unreturned(staging, outcome, last.name, tables)
        counts = _counts(staging, outcome, last.name, named)
        _record_counts(staging, outcome, counts, tables, _unknown_before(outcome, outcomes))
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
    if before is None or after is None:
        if total in (Total.NONE, Total.CONTROL):
            return "no_control_total", None
        return "weak", "the server stated no total, though it used to"
    low, high = sorted((before, after))
    moved = f"the server's total moved from {before} to {after} during the walk"
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
    for other in outcomes:
        if other.source is outcome.source and other.endpoint.name in outcome.endpoint.after:
            if other.skipped or any(missing.key == "*" for missing in other.missing):
                return other.name
            if (earlier := _unknown_before(other, outcomes)) is not None:
                return earlier
    return None


def _items(outcome: Walked) -> str:
    """The relation with one row per item read of the endpoint."""
    return f"{outcome.source.name}.{outcome.endpoint.name}_item"


def _record_missing(
    staging: Staging, name: str, found: Sequence[Missing], tables: list[str]
) -> None:
    """One gap per key; what several calls of one list say about `*` is told together."""
    told: dict[str, list[Missing]] = {}
    for missing in found:
        told.setdefault(missing.key, []).append(missing)
    for key, several in told.items():
        reason = "; ".join(missing.reason for missing in several[:REASONS])
        if len(several) > REASONS:
            reason += f"; and {len(several) - REASONS} more"
        staging.con.execute(
            "insert into gap by name select ? as endpoint, ? as key, ?::varchar[] as tables, "
            "?::integer as status, ? as reason, ?::bigint as page_id",
            [
                name,
                key,
                tables,
                several[0].status,
                reason,
                staging.page_id(several[0].seq),
            ],
        )


def _record_unreturned(
    staging: Staging, outcome: Walked, last_asked: str, tables: list[str]
) -> None:
    """A key that was asked for and is in no answer is missing, whatever the status was, unless it is gone."""
    staging.con.execute(
        "insert into gap by name select a.endpoint, a.key, ?::varchar[] as tables, "
        "200 as status, 'asked for, but not in the answer' as reason "
        f"from asked a anti join {_items(outcome)} i on i.key = a.key "
        "anti join gap g on g.endpoint = a.endpoint and g.key = a.key "
        "where a.endpoint = ? and a.key not in (select key from gone where endpoint = ?)",
        [tables, outcome.name, last_asked],
    )


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
        f"(select count(*) from gone where endpoint = $2) from {_items(outcome)}",
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
    elif endpoint.total is not Total.CONTROL and (outcome.totals_stated or not outcome.planned):
        before, after = outcome.first_total, outcome.last_total
    return Counts(before, after, rows, distinct, carried, missing, lost)


def _count(staging: Staging, relation: str) -> int:
    number: int = staging.con.execute(f"select count(*) from {relation}").fetchall()[0][0]
    return number


def _record_counts(
    staging: Staging,
    outcome: Walked,
    counts: Counts,
    tables: list[str],
    unknown: str | None,
) -> None:
    """One row of `reconciliation`, and a gap where something is missing under no known key."""
    word, note = verdict(
        outcome.endpoint.total,
        skipped=outcome.skipped,
        failed=counts.missing,
        unknown=unknown,
        before=counts.before,
        after=counts.after,
        distinct=counts.distinct,
        approximate=outcome.approximate,
        lost=counts.lost,
    )
    if word == "incomplete" and (counts.lost > 0 or not counts.missing):
        # missing, but nobody knows under which key
        staging.con.execute(
            "insert into gap by name select $1 as endpoint, '*' as key, $2::varchar[] as tables, "
            "$3::varchar as reason where not exists (from gap where endpoint = $1 and key = '*')",
            [outcome.name, tables, note],
        )
    values = {
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
    staging.con.execute(
        f"insert into reconciliation ({', '.join(values)}) "
        f"values ({', '.join('?' for _ in values)})",
        list(values.values()),
    )
