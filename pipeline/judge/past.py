"""Judging a snapshot of any day without storing anything: what rules say now, or said then, of the data of that day.

The map of classes, the links and the registers are those that the snapshot was judged with.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import UsageError
from pipeline.judge import bench, rule, sensitivity
from pipeline.judge.bounds import Bounds
from pipeline.judge.holes import NOT_IN_FORCE
from pipeline.judge.judgement import evaluated
from pipeline.judge.outcome import Moment, Outcome
from pipeline.judge.rule import STATUSES, Rule
from pipeline.packs import PackFile, Packs
from pipeline.warehouse.home import Home, connect

Params = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Backtest:
    """What a rule would have said of one snapshot, beside what was said then; None = it was not in force."""

    snapshot_id: str
    as_of: str
    said: Mapping[str, int]
    said_then: Mapping[str, int] | None
    now_failing: tuple[str, ...]
    no_longer_failing: tuple[str, ...]
    error: str | None


def judged_numbers(home: Home, first: str | None, last: str | None) -> list[int]:
    """The numbers of the judged snapshots from `first` to `last`, oldest first.

    Raises:
        UsageError: a reference names no judged snapshot.
    """
    with connect(home.sealed(), read_only=True) as con:
        numbers = [
            number
            for (number,) in con.execute(
                "select number from snapshot where judged_at is not null order by number"
            ).fetchall()
        ]
        ends = [_number(con, reference) for reference in (first, last) if reference is not None]
    low = ends[0] if first is not None else 0
    high = ends[-1] if last is not None else max(numbers, default=0)
    found = [number for number in numbers if low <= number <= high]
    if not found:
        raise UsageError("no judged snapshot in these days; `muster snapshots list` names them")
    return found


def _number(con: duckdb.DuckDBPyConnection, reference: str) -> int:
    rows = con.execute("select judged_number(snapshot_number(?))", [reference]).fetchall()
    if rows[0][0] is None:
        raise UsageError(
            f"{reference}: no judged snapshot of that day or before; `muster snapshots list` names them"
        )
    return int(rows[0][0])


@contextmanager
def judging(
    home: Home,
    number: int,
    rules: Mapping[str, Rule],
    params: Params,
    crosswalk: list[dict[str, str]],
    bounds: Bounds | None = None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Outcome]]]:
    """A connection whose temp table `judged` has what `rules` say of snapshot `number`, and how each went.

    `crosswalk` is for a snapshot that no rule with a crosswalk was judged on.
    """
    with bench.opened(home, number, bounds or Bounds()) as place:
        rows = place.con.execute("select as_of from snapshot where number = ?", [number]).fetchall()
        moment = Moment(number, rows[0][0], _crosswalk(place.con, number) or crosswalk)
        yield place.con, evaluated(place, rules, params, moment)[0]


def _crosswalk(con: duckdb.DuckDBPyConnection, number: int) -> list[dict[str, str]] | None:
    """Class key -> equivalent tags as snapshot `number` was judged with them; None if nothing has kept that."""
    rows = con.execute(
        "select params ->> 'crosswalk' from history.rule where valid_from <= $number "
        "and (valid_to is null or valid_to > $number) and error is distinct from $kept "
        "and json_exists(params, 'crosswalk') order by id limit 1",
        {"number": number, "kept": NOT_IN_FORCE},
    ).fetchall()
    found: list[dict[str, str]] | None = json.loads(rows[0][0]) if rows else None
    return found


def verdicts(
    home: Home, packs: Packs, overrides: Params, number: int, bounds: Bounds | None = None
) -> list[dict[str, Any]]:
    """One row per verdict that the rules as they are now give on snapshot `number`.

    Raises:
        ConfigError: a rule, an override or the map of classes is wrong.
    """
    rules = rule.load(packs)
    params = rule.effective(rules, overrides)
    crosswalk = sensitivity.load(packs).crosswalk()
    with judging(home, number, rules, params, crosswalk, bounds) as (con, _):
        found = con.sql(
            "select rule_id, subject_id, subject_name, status, severity, reason, waived "
            "from judged order by all"
        )
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def counted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per rule: how many verdicts of which kind."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        counts = found.setdefault(
            row["rule_id"],
            {"rule": row["rule_id"], "population": 0, "waived": 0, **dict.fromkeys(STATUSES, 0)},
        )
        counts["population"] += 1
        counts["waived"] += row["waived"]
        counts[row["status"]] += 1
    return list(found.values())


def backtest(
    home: Home,
    packs: Packs,
    overrides: Params,
    rule_id: str,
    numbers: list[int],
    bounds: Bounds | None = None,
) -> Iterator[Backtest]:
    """What the rule as it is now says of each snapshot in turn.

    Raises:
        ConfigError: a rule or an override is wrong.
        UsageError: there is no such rule.
    """
    rules = rule.load(packs)
    if rule_id not in rules:
        raise UsageError(f"no rule {rule_id!r}; rules: {', '.join(sorted(rules))}")
    involved = rule.with_blockers(rules, rules[rule_id])
    params = rule.effective(rules, overrides)
    crosswalk = sensitivity.load(packs).crosswalk()
    for number in numbers:
        with judging(home, number, involved, params, crosswalk, bounds) as (
            con,
            outcomes,
        ):
            outcome = next(outcome for outcome in outcomes if outcome.rule.id == rule_id)
            then = _counts(con, "verdict", rule_id)
            rows = con.execute(
                "select id, as_of::varchar from snapshot where number = ?", [number]
            ).fetchall()
            yield Backtest(
                rows[0][0],
                rows[0][1],
                outcome.counts,
                then if sum(then.values()) else None,
                _failing_only_in(con, "judged", "verdict", rule_id),
                _failing_only_in(con, "verdict", "judged", rule_id),
                outcome.error,
            )


def _counts(con: duckdb.DuckDBPyConnection, table: str, rule_id: str) -> dict[str, int]:
    counted = dict(
        con.execute(
            f"select status, count(*) from {table} where rule_id = ? group by status", [rule_id]
        ).fetchall()
    )
    return {status: counted.get(status, 0) for status in STATUSES}


def _failing_only_in(
    con: duckdb.DuckDBPyConnection, there: str, not_here: str, rule_id: str
) -> tuple[str, ...]:
    rows = con.execute(
        f"select subject_id from {there} where rule_id = $rule and status = 'fail' "
        f"except select subject_id from {not_here} where rule_id = $rule and status = 'fail' "
        "order by all",
        {"rule": rule_id},
    ).fetchall()
    return tuple(subject_id for (subject_id,) in rows)


def stored(con: duckdb.DuckDBPyConnection, number: int) -> tuple[dict[str, Rule], Params]:
    """The rules that snapshot `number` was judged with, and their parameters, as the warehouse has them.

    Rules whose verdicts were only kept are left out.
    """
    rows = con.sql(
        "select * exclude (valid_from, valid_to, row_hash), params::varchar as params_text "
        "from history.rule where valid_from <= $number and (valid_to is null or valid_to > $number) "
        "and error is distinct from $kept order by id",
        params={"number": number, "kept": NOT_IN_FORCE},
    )
    found = [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
    rules = {row["id"]: _stated(con, row) for row in found}
    return rule.ordered(rules), {id: stated.params for id, stated in rules.items()}


def _stated(con: duckdb.DuckDBPyConnection, row: Mapping[str, Any]) -> Rule:
    params = json.loads(row["params_text"])
    # given to every rule anew, and stored only so that it can be read
    params.pop("crosswalk", None)
    return Rule(
        id=row["id"],
        title=row["title"],
        severity=row["severity"],
        subject=row["subject"],
        why=row["why"],
        fix=row["fix"],
        confidence=row["confidence"],
        params=params,
        sql=row["sql"],
        sql_line=1,
        blocked_by=tuple(row["blocked_by"] or ()),
        registers=tuple(row["registers"] or ()),
        examples=(),
        uses=frozenset(con.extract_statements(row["sql"])[0].named_parameters),
        file=PackFile(f"rules/{row['id']}", Path(), row["pack"], row["sha256"]),
    )
