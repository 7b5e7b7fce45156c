"""What is missing: one row of `gap` per answer that did not come, and per list of which only a part was shown."""

from collections.abc import Sequence

from pipeline.collect.staging import PAGES_PER_SNAPSHOT, Staging
from pipeline.collect.walked import Missing, Walked

REASONS = 3
"""How many reasons a gap names, where several calls of one list failed."""


def note_what_is_hidden(staging: Staging, outcomes: Sequence[Walked]) -> frozenset[str]:
    """Adds a missing answer to every list of which the caller is shown a part; the names of those of
    which nobody knows whether that is so."""
    rows = staging.con.execute("select plane, permissions, page_id from caller").fetchall()
    held = {plane: (set(permissions), page_id) for plane, permissions, page_id in rows}
    unsure = set()
    for outcome in outcomes:
        needs, plane = outcome.endpoint.needs, outcome.endpoint.plane
        # a list that was not asked for hides nothing
        if not needs or outcome.skipped or outcome.planned == len(outcome.gone):
            continue
        if plane not in held:
            unsure.add(outcome.name)
            continue
        permissions, page_id = held[plane]
        if not needs & permissions:
            has = ", ".join(sorted(permissions)) or "no permission"
            reason = f"this identity has {has}: without {' or '.join(sorted(needs))} a part is left out unsaid"
            outcome.missing.append(Missing("*", None, reason, page_id % PAGES_PER_SNAPSHOT))
    return frozenset(unsure)


def record_missing(
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


def record_unreturned(
    staging: Staging, outcome: Walked, last_asked: str, tables: list[str]
) -> None:
    """A key that was asked for and is in no answer is missing, whatever the status was, unless it is gone."""
    staging.con.execute(
        "insert into gap by name select a.endpoint, a.key, ?::varchar[] as tables, "
        "200 as status, 'asked for, but not in the answer' as reason "
        f"from asked a anti join {items_of(outcome)} i on i.key = a.key "
        "anti join gap g on g.endpoint = a.endpoint and g.key = a.key "
        "where a.endpoint = ? and a.key not in (select key from gone where endpoint = ?)",
        [tables, outcome.name, last_asked],
    )


def record_holes(staging: Staging, outcome: Walked, tables: list[str]) -> None:
    """One gap per key that the endpoint's answers show to be missing elsewhere."""
    staging.con.execute(f"set search_path = '{outcome.source.name},main'")
    staging.con.execute(
        "insert into gap by name select ? as endpoint, h.key as key, ?::varchar[] as tables, "
        f"200 as status, h.reason as reason from ({outcome.endpoint.holes}) h "
        "anti join gap g on g.endpoint = ? and g.key = h.key",
        [outcome.name, tables, outcome.name],
    )
    staging.con.execute("set search_path = 'main'")


def items_of(outcome: Walked) -> str:
    """The relation with one row per item read of the endpoint."""
    return f"{outcome.source.name}.{outcome.endpoint.name}_item"
