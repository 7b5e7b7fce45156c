"""Exceptions over snapshots: what moved them since the previous one, how many there were at each."""

from dataclasses import dataclass
from typing import Any

from pipeline.report.view import View


@dataclass(frozen=True)
class Flow:
    """One step from the exceptions open before to those open now; `sign` is 0 for the two ends."""

    name: str
    number: int
    sign: int
    scope: bool = False


def since_previous(view: View, families: tuple[str, ...] = ()) -> list[Flow]:
    """The flows from the previous snapshot's open exceptions to this one's; they add up. Empty for the first."""
    if view.previous is None:
        return []
    chosen = ", ".join(f"'{f}'" for f in families)
    row = view.rows(
        _FLOWS.format(which=f"in ({chosen})" if families else "<> 'EVD'"),
        before=view.previous.snapshot.number,
    )[0]
    always = {"new", "reopened", "fixed", "entered", "left"}
    steps = [
        ("new", "New", 1, False),
        ("reopened", "Reopened", 1, False),
        ("entered", "Came into scope", 1, True),
        ("rule_added", "Rule added", 1, True),
        ("seen_again", "Evaluated again", 1, True),
        ("waiver_ended", "Waiver ended", 1, False),
        ("fixed", "Fixed", -1, False),
        ("left", "Went out of scope", -1, True),
        ("rule_gone", "Rule removed", -1, True),
        ("unseen", "No longer evaluated", -1, True),
        ("waived", "Waived", -1, False),
    ]
    flows = [Flow("Open before", row["opening"], 0)]
    flows += [
        Flow(label, row[name], sign, outside)
        for name, label, sign, outside in steps
        if row[name] or name in always
    ]
    return [*flows, Flow("Open now", row["closing"], 0)]


def over_time(view: View, families: tuple[str, ...] = (), limit: int = 90) -> list[dict[str, Any]]:
    """One row per snapshot up to this one, oldest first: open exceptions by severity, the digest of its rules, and how
    many of these could not be evaluated."""
    chosen = ", ".join(f"'{f}'" for f in families)
    rows = view.rows(
        """
        with shot as (
            select number, id, as_of, complete
            from snapshot
            where number <= $number
                and judged_at is not null
            order by number desc
            limit $limit
        ),

        rules as (
            select
                s.number,
                md5(string_agg(r.id || r.sha256 || r.params::varchar, ',' order by r.id)) as rules,
                count(r.id) filter (where r.state <> 'evaluated') as silent
            from shot s
            left join history.rule r
                on r.valid_from <= s.number and (r.valid_to is null or r.valid_to > s.number)
            group by s.number
        )

        select
            s.number, s.id, s.as_of, s.complete, any_value(r.rules) as rules, any_value(r.silent) as silent,
            count(v.rule_id) filter (where v.severity = 'critical') as critical,
            count(v.rule_id) filter (where v.severity = 'high') as high,
            count(v.rule_id) filter (where v.severity = 'medium') as medium,
            count(v.rule_id) filter (where v.severity = 'low') as low
        from shot s
        join rules r on r.number = s.number
        left join history.verdict v
            on v.valid_from <= s.number
            and (v.valid_to is null or v.valid_to > s.number)
            and v.status = 'fail'
            and not v.waived
            and split_part(v.rule_id, '-', 1) {which}
        group by s.number, s.id, s.as_of, s.complete
        order by s.number
        """.replace("{which}", f"in ({chosen})" if families else "<> 'EVD'"),
        number=view.number,
        limit=limit,
    )
    before: dict[str, Any] = {}
    for row in rows:
        row["rules_changed"] = bool(before) and row["rules"] != before["rules"]
        row["silent_changed"] = bool(before) and row["silent"] != before["silent"]
        before = row
    return rows


_FLOWS = """
with before as (
    select * exclude (valid_from, valid_to, row_hash)
    from history.verdict
    where valid_from <= $before and (valid_to is null or valid_to > $before)
        and split_part(rule_id, '-', 1) {which}
),

rule_before as (
    select id
    from history.rule
    where valid_from <= $before and (valid_to is null or valid_to > $before)
),

now as (
    select *
    from verdict
    where split_part(rule_id, '-', 1) {which}
),

pair as (
    select
        coalesce(b.rule_id, n.rule_id) as rule_id,
        b.status as was,
        n.status as now,
        coalesce(b.status = 'fail' and not b.waived, false) as was_open,
        coalesce(n.status = 'fail' and not n.waived, false) as is_open,
        f.status as finding_status
    from before b
    full join now n on n.finding_id = b.finding_id
    left join finding f on f.id = n.finding_id and n.status = 'fail'
)

select
    count(*) filter (where was_open) as opening,
    count(*) filter (where is_open) as closing,
    count(*) filter (where is_open and was = 'fail' and not was_open) as waiver_ended,
    count(*) filter (where is_open and was is null and finding_status <> 'reopened'
        and rule_id in (select id from rule_before)) as entered,
    count(*) filter (where is_open and was is null and finding_status <> 'reopened'
        and rule_id not in (select id from rule_before)) as rule_added,
    count(*) filter (where is_open and was <> 'fail' and finding_status = 'open') as seen_again,
    count(*) filter (where is_open and was <> 'fail' and finding_status = 'new') as new,
    count(*) filter (where is_open and finding_status = 'reopened') as reopened,
    count(*) filter (where was_open and now = 'fail' and not is_open) as waived,
    count(*) filter (where was_open and now = 'pass') as fixed,
    count(*) filter (where was_open and now = 'not_evaluated') as unseen,
    count(*) filter (where was_open and now is null and rule_id in (select id from rule)) as "left",
    count(*) filter (where was_open and now is null and rule_id not in (select id from rule)) as rule_gone
from pair
"""
