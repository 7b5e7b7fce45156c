"""Judging a sealed snapshot: what it means, what is linked, who has access, every rule's verdicts, stored with history."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from pipeline.errors import UsageError
from pipeline.judge import (
    balance,
    bench,
    framework,
    groundwork,
    holes,
    ledger,
    rule,
    schedule,
    waivers,
)
from pipeline.judge.bench import COLLECTED, Bench
from pipeline.judge.bounds import Bounds
from pipeline.judge.outcome import Moment, Outcome
from pipeline.judge.rule import SEVERITIES, STATUSES, Rule
from pipeline.packs import Packs
from pipeline.warehouse import history, schema
from pipeline.warehouse.home import Home, revise, revised


@dataclass(frozen=True)
class Judgement:
    """What judging a snapshot came to."""

    snapshot_id: str
    rules: int
    errors: Mapping[str, str]
    population: int
    passed: int
    failed: int
    not_evaluated: int
    failed_by_severity: Mapping[str, int]
    new: int
    resolved: int


def judge(
    home: Home,
    packs: Packs,
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    bounds: Bounds | None = None,
) -> Judgement:
    """Judges the newest snapshot by the rules of `packs`; the caller holds the lock.

    Judging again replaces the earlier judgement of the same snapshot.

    Raises:
        ConfigError: a rule file, the sensitivity map, a framework or an override is wrong; nothing is stored.
    """
    rules = rule.load(packs)
    params = rule.effective(rules, overrides or {})
    ground = groundwork.load(packs)
    frameworks = framework.load(packs)
    rule_ids = {*rules, *rule.removed(packs)}
    bounds = bounds or Bounds()
    home.sealed()
    with revise(home) as con:
        con.execute(f"set memory_limit = '{bounds.memory_bytes}B'")
        history.initialise(con)
        number, snapshot_id, as_of = _newest(con)
        # an earlier judgement of it rests on another ground from here on
        con.execute("update snapshot set judged_at = null where number = ?", [number])
        groundwork.write(con, ground, number)
    asked_for = {blocker for stated in rules.values() for blocker in stated.blocked_by}
    asked_for |= {stated.id for stated in rules.values() if stated.subject == waivers.SUBJECT}
    moment = Moment(number, as_of, ground.known.crosswalk(), True, frozenset(asked_for))
    bench.clear(home.root)
    with (
        revised(home) as building,
        bench.opened(home, number, bounds, home.root, building) as place,
    ):
        ledger.begin_storing(place.con, COLLECTED, number)
        outcomes, waived = evaluated(place, rules, params, moment)
        ledger.keep_rows(place.con, *holes.unloaded(place.con, rule_ids, number), number)
        counts = _counts(place.con)
        by_severity = _failed_by_severity(place.con)
        place.con.execute(f"create table {COLLECTED}.waiver_match as from temp.waiver_match")
        with place.storing as con:
            con.execute("begin transaction")
            ledger.settle(con, COLLECTED, number)
            _merge_waived(con, number)
            _write_rules(con, outcomes, waived, rule_ids, number)
            framework.write(con, frameworks, number)
            con.execute("update snapshot set judged_at = now() where number = ?", [number])
            con.execute("commit")
            new, resolved = _changes(con, number)
            con.execute("checkpoint")
    return Judgement(
        snapshot_id=snapshot_id,
        rules=len(outcomes),
        errors={o.rule.id: o.error for o in outcomes if o.error},
        population=sum(counts.values()),
        passed=counts["pass"],
        failed=counts["fail"],
        not_evaluated=counts["not_evaluated"],
        failed_by_severity=by_severity,
        new=new,
        resolved=resolved,
    )


def _merge_waived(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Merges what waivers name into history."""
    staged = f"(select *, 0::ubigint as content_hash from {COLLECTED}.waiver_match)"
    history.merge(con, schema.tables()["waiver_match"], staged, number)


def evaluated(
    place: Bench,
    rules: Mapping[str, Rule],
    params: Mapping[str, Mapping[str, Any]],
    moment: Moment,
) -> tuple[list[Outcome], dict[str, int]]:
    """How every rule went, and how many fails of each are waived; rules about waivers when it is known what fails."""
    late: dict[str, Rule] = {}
    for stated in rules.values():
        if stated.subject == waivers.SUBJECT or late.keys() & {*stated.blocked_by}:
            late[stated.id] = stated
    early = {id: stated for id, stated in rules.items() if id not in late}
    ledger.begin(place.con, COLLECTED)
    place.work_out()
    outcomes = schedule.at_once(place, early, params, moment)
    waivers.match(place.con)
    place.share("waiver_match")
    outcomes |= schedule.one_by_one(place, late, params, moment, outcomes)
    waivers.apply(place.con)
    return balance.settle(place.con, list(outcomes.values()), moment)


def _newest(con: duckdb.DuckDBPyConnection) -> tuple[int, str, datetime]:
    rows = con.execute(
        "select number, id, as_of from snapshot order by number desc limit 1"
    ).fetchall()
    if not rows:
        raise UsageError("no snapshot to judge here yet; `muster run --sandbox` makes one")
    number, snapshot_id, as_of = rows[0]
    return number, snapshot_id, as_of


def _counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counted = dict(
        con.execute("select status, sum(members)::bigint from judged group by status").fetchall()
    )
    return {status: counted.get(status, 0) for status in STATUSES}


def _failed_by_severity(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counted = dict(
        con.execute(
            "select severity, count(*) from judged where status = 'fail' group by severity"
        ).fetchall()
    )
    return {severity: counted.get(severity, 0) for severity in SEVERITIES}


def _write_rules(
    con: duckdb.DuckDBPyConnection,
    outcomes: list[Outcome],
    waived: Mapping[str, int],
    rule_ids: Collection[str],
    number: int,
) -> None:
    """Stores how every rule went; one that is gone but for its verdicts stays, so that they can be explained."""
    table = schema.tables()["rule"]
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    con.execute(f"create temp table rule_staged ({columns}, content_hash ubigint default 0)")
    names = table.names
    rows = [_rule_row(outcome, waived) for outcome in outcomes]
    con.executemany(
        f"insert into rule_staged ({', '.join(names)}) values ({', '.join('?' * len(names))})",
        [[row[name] for name in names] for row in rows],
    )
    con.execute(
        "insert into rule_staged by name select * exclude (valid_from, valid_to, row_hash) "
        "replace ('not_evaluated' as state, $reason as error, 0 as passed, 0 as failed, 0 as waived, "
        f"population as not_evaluated) from history.rule where {holes.IN_FORCE_BEFORE} "
        "and population > 0 and not list_contains($known::varchar[], id)",
        {"reason": holes.NOT_IN_FORCE, "known": sorted(rule_ids), "number": number},
    )
    history.merge(con, table, "rule_staged", number)


def _rule_row(outcome: Outcome, waived: Mapping[str, int]) -> dict[str, Any]:
    stated = outcome.rule
    return {
        "id": stated.id,
        "title": stated.title,
        "severity": stated.severity,
        "subject": stated.subject,
        "why": stated.why,
        "fix": stated.fix,
        "confidence": stated.confidence,
        "params": json.dumps(outcome.params, ensure_ascii=False),
        "sql": stated.sql,
        "blocked_by": list(stated.blocked_by),
        "registers": list(stated.registers),
        "sha256": stated.file.sha256,
        "pack": stated.file.pack,
        "state": outcome.state,
        "error": outcome.error or outcome.hole,
        "population": outcome.population,
        "passed": outcome.counts["pass"],
        "failed": outcome.counts["fail"],
        "waived": waived.get(outcome.rule.id, 0),
        "not_evaluated": outcome.counts["not_evaluated"],
    }


def _changes(con: duckdb.DuckDBPyConnection, number: int) -> tuple[int, int]:
    """(findings that are new or came back, findings that ended) in snapshot `number`, by what it changed."""
    con.execute(
        "create temp table open_before as select finding_id, status from history.verdict "
        "where valid_to = ? and status <> 'pass'",
        [number],
    )
    if con.execute("from open_before where status = 'not_evaluated' limit 1").fetchall():
        # it may hide a finding, or hide nothing
        con.execute(f"set variable snapshot = {number - 1}")
        con.execute(
            "delete from open_before where status = 'not_evaluated' "
            "and finding_id not in (select id from finding where status <> 'resolved')"
        )
        con.execute(f"set variable snapshot = {number}")
    rows = con.execute(
        "with said as (from history.verdict where valid_from = $number and status <> 'pass') "
        "select (select count(*) from said where status = 'fail' "
        "and finding_id not in (select finding_id from open_before)), "
        "(select count(*) from open_before where finding_id not in (select finding_id from said))",
        {"number": number},
    ).fetchall()
    return rows[0][0], rows[0][1]
