"""What was read against what there is: one verdict per endpoint, and every missing answer by its key."""

from collections.abc import Sequence

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.staging import Staging
from pipeline.collect.walk import Walked

APPROXIMATE_TOLERANCE = 0.005


def reconcile(staging: Staging, outcomes: Sequence[Walked]) -> bool:
    """Fills `reconciliation` and `gap`; true if nothing is missing anywhere."""
    for outcome in outcomes:
        tables = _fed(outcome.endpoint, outcome.source.endpoints)
        _record_missing(staging, outcome, tables)
        if outcome.endpoint.total is Total.ASKED and not outcome.skipped:
            _record_unreturned(staging, outcome, tables)
        _record_counts(staging, outcome, tables, _unknown_before(outcome, outcomes))
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
        if total is Total.NONE:
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


def _record_missing(staging: Staging, outcome: Walked, tables: list[str]) -> None:
    for missing in outcome.missing:
        staging.con.execute(
            "insert into gap by name select ? as endpoint, ? as key, ?::varchar[] as tables, "
            "?::integer as status, ? as reason",
            [outcome.name, missing.key, tables, missing.status, missing.reason],
        )


def _record_unreturned(staging: Staging, outcome: Walked, tables: list[str]) -> None:
    """A key that was asked for and is in no answer is missing, whatever the status was."""
    staging.con.execute(
        "insert into gap by name select a.endpoint, a.key, ?::varchar[] as tables, "
        "200 as status, 'asked for, but not in the answer' as reason "
        f"from asked a anti join {_items(outcome)} i on i.key = a.key "
        "anti join gap g on g.endpoint = a.endpoint and g.key = a.key "
        "where a.endpoint = ?",
        [tables, outcome.name],
    )


def _record_counts(
    staging: Staging, outcome: Walked, tables: list[str], unknown: str | None
) -> None:
    rows, distinct, missing, asked = staging.con.execute(
        f"select count(*), count(distinct key), (select count(*) from gap where endpoint = $1), "
        f"(select count(*) from asked where endpoint = $1) from {_items(outcome)}",
        [outcome.name],
    ).fetchall()[0]
    before: int | None = None
    after: int | None = None
    if outcome.endpoint.total is Total.ASKED:
        before = after = asked
    elif outcome.totals_stated or not outcome.planned:
        before, after = outcome.first_total, outcome.last_total
    lost = outcome.items - rows
    word, note = verdict(
        outcome.endpoint.total,
        skipped=outcome.skipped,
        failed=missing,
        unknown=unknown,
        before=before,
        after=after,
        distinct=distinct,
        approximate=outcome.approximate,
        lost=lost,
    )
    if word == "incomplete" and (lost > 0 or not missing):
        # missing, but nobody knows under which key
        staging.con.execute(
            "insert into gap by name select $1 as endpoint, '*' as key, $2::varchar[] as tables, "
            "$3::varchar as reason where not exists (from gap where endpoint = $1 and key = '*')",
            [outcome.name, tables, note],
        )
    staging.con.execute(
        "insert into reconciliation by name select ? as endpoint, ? as source, "
        "?::varchar[] as tables, ? as calls, ? as failed, ?::bigint as server_total_before, "
        "?::bigint as server_total, ? as row_count, ? as distinct_keys, ? as verdict, ? as note",
        [
            outcome.name,
            outcome.source.name,
            tables,
            outcome.calls,
            missing,
            before,
            after,
            rows,
            distinct,
            word,
            note,
        ],
    )
