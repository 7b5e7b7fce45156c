"""What the waivers in the packs would do to the newest judged snapshot: nothing is stored."""

from collections.abc import Mapping
from typing import Any

from pipeline.errors import UsageError
from pipeline.judge import bench, ledger, registers, rule, schedule, sensitivity, waivers
from pipeline.judge.bench import COLLECTED
from pipeline.judge.bounds import Bounds
from pipeline.judge.outcome import Moment
from pipeline.packs import Packs
from pipeline.warehouse.home import Home, connect

COLUMNS = ("id", "rule_id", "verdict", "why", "covers", "expires_at", "approved_by", "file", "line")


def of_waivers(
    home: Home,
    packs: Packs,
    overrides: Mapping[str, Mapping[str, Any]],
    bounds: Bounds | None = None,
) -> list[dict[str, Any]]:
    """One row per waiver in the packs, in the columns `COLUMNS`: whether it would count, why (not), and what it covers.

    Raises:
        ConfigError: a register or a rule is wrong.
        UsageError: nothing was judged here yet.
    """
    rules = rule.load(packs)
    params = rule.effective(rules, overrides)
    kept = registers.load(packs)
    with connect(home.sealed(), read_only=True) as con:
        judged = con.execute(
            "select max(number), max_by(as_of, number) from snapshot where judged_at is not null"
        ).fetchall()
    number, as_of = judged[0]
    if number is None:
        raise UsageError("no judged snapshot here yet; `muster run --sandbox` makes one")
    with bench.opened(home, number, bounds or Bounds()) as place:
        con = place.con
        moment = Moment(number, as_of, sensitivity.load(packs).crosswalk())
        about = {id: stated for id, stated in rules.items() if stated.subject == waivers.SUBJECT}
        registers.show(con, kept, "waivers")
        ledger.begin(con, COLLECTED)
        con.execute(
            "insert into judged by name select * exclude (waived), false as waived from verdict"
        )
        con.execute("delete from judged where subject = ?", [waivers.SUBJECT])
        waivers.match(con)
        for name in ("waiver", "waiver_match"):
            place.share(name)
        schedule.one_by_one(place, about, params, moment, {})
        rows = con.sql("""
            select
                w.id,
                w.rule_id,
                coalesce(max(j.status) filter (where j.status <> 'pass'), 'pass') as verdict,
                string_agg(distinct j.reason, '; ' order by j.reason) as why,
                (select count(*) from waiver_match m where m.waiver_id = w.id) as covers,
                w.expires_at,
                w.approved_by,
                w.file,
                w.line
            from waiver w
            left join judged j on j.subject = 'waiver' and j.subject_id = w.id
            group by all
            order by w.file, w.line
        """)
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows.fetchall()]
