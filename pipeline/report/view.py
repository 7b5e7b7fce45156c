"""A read-only look at the warehouse as it was in one snapshot: what report definitions draw from."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from importlib import resources
from typing import Any

import duckdb
import polars as pl

from pipeline.errors import UsageError
from pipeline.report import words
from pipeline.report.basis import tables_in
from pipeline.report.parts import Figure, Tone
from pipeline.warehouse import history
from pipeline.warehouse.home import Home, connect

TARGET, AMBER = 0.80, 0.60
"""A rate at or over the first is drawn as passing, under the second as failing; both are printed."""


@dataclass(frozen=True)
class Snapshot:
    """The row of `snapshot` that a view looks at."""

    number: int
    id: str
    run_id: str
    as_of: datetime
    started_at: datetime
    sealed_at: datetime
    estate: str
    complete: bool
    skipped: list[str]
    tool_version: str
    config_sha256: str
    gate_checks: int


@dataclass(frozen=True)
class Rule:
    """A rule in force and its counts; `failed` includes the waived."""

    id: str
    title: str
    severity: str
    subject: str
    why: str
    fix: str
    confidence: str
    params: dict[str, Any]
    sql: str
    sha256: str
    pack: str
    state: str
    error: str | None
    population: int
    passed: int
    failed: int
    waived: int
    not_evaluated: int

    @property
    def group(self) -> str:
        """`OWN` of `OWN-001`."""
        return self.id.partition("-")[0]

    @property
    def tables(self) -> frozenset[str]:
        """The public tables that its query reads."""
        return tables_in(self.sql)

    @property
    def headline(self) -> bool:
        """Whether it may stand in headline rates: no heuristic, no analytic signal, no run check."""
        return self.confidence != "heuristic" and self.severity != "info" and self.group != "EVD"


class View:
    """The warehouse at one snapshot. Nothing can be changed through it; query results are kept."""

    def __init__(self, con: duckdb.DuckDBPyConnection, number: int) -> None:
        self._con = con.cursor()
        self._con.execute(f"set variable snapshot = {int(number)}")
        self._con.execute(
            resources.files(__package__).joinpath("subjects.sql").read_text(encoding="utf-8")
        )
        self._frames: dict[tuple[str, str], pl.DataFrame] = {}
        self.snapshot = Snapshot(**self.rows(_SNAPSHOT)[0])

    @cached_property
    def previous(self) -> "View | None":
        """The snapshot before this one, None for the first."""
        number = self.value(
            "select max(number) from snapshot where number < $n and judged_at is not null",
            n=self.number,
        )
        return None if number is None else View(self._con, int(number))

    @property
    def number(self) -> int:
        """The number of the snapshot."""
        return self.snapshot.number

    @property
    def as_of(self) -> datetime:
        """The one clock of every age in the report."""
        return self.snapshot.as_of

    def frame(self, sql: str, **values: Any) -> pl.DataFrame:
        """What `sql` returns; `$name` in it stands for a value."""
        key = (sql, json.dumps(values, default=str, sort_keys=True))
        if key not in self._frames:
            self._frames[key] = self._con.sql(sql, params=values).pl()
        return self._frames[key]

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of `frame`, each as a mapping."""
        return self.frame(sql, **values).to_dicts()

    def value(self, sql: str, **values: Any) -> Any:
        """The single value of a query of one row and one column."""
        return self.frame(sql, **values).item()

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rules in force by id."""
        return {
            row["id"]: Rule(**{**row, "params": json.loads(row["params"])})
            for row in self.rows(f"select {_OF_A_RULE} from rule order by id")
        }

    @cached_property
    def incomplete(self) -> frozenset[str]:
        """Public tables that lack rows in this snapshot, as far as the collection knows."""
        return frozenset(
            self.frame(
                "select distinct unnest(tables) as name from gap "
                "union "
                "select distinct unnest(tables) from reconciliation where verdict = 'incomplete'"
            )["name"].to_list()
        )

    @cached_property
    def left_out(self) -> frozenset[str]:
        """Public tables that a plane which is switched off would have filled. Without a directory people go by
        their ids, which reports say by themselves."""
        return frozenset(
            self.frame(
                "select distinct unnest(tables) as name from reconciliation "
                "where verdict = 'skipped' and source <> 'directory'"
            )["name"].to_list()
        )

    @property
    def lacking(self) -> frozenset[str]:
        """Public tables on which no figure can rest: rows are missing, or were never asked for."""
        return self.incomplete | self.left_out

    @cached_property
    def unjudged(self) -> int:
        """Verdicts that could not be reached, run checks left out."""
        return sum(rule.not_evaluated for rule in self.rules.values() if rule.group != "EVD")

    def counted(
        self, kpi: str, label: str, sql: str, *, before: bool = True, **extra: Any
    ) -> Figure:
        """A figure from a query that returns `num`, and `den` where it has a population.

        With `before` the change of `num` since the previous snapshot is part of it. Of tables that were left out
        nothing is counted.
        """
        if off := self.left_out & tables_in(sql):
            return absent(
                kpi, label, f"switched off by configuration ({words.listed(sorted(off), 1)})"
            )
        row = self.rows(sql)[0]
        number, population = _number(row["num"]), _number(row.get("den"))
        change = None
        # of what the snapshot before did not read whole, a change would say nothing
        known = self.previous and not self.previous.lacking & tables_in(sql)
        if before and known and self.previous and number is not None:
            old = _number(self.previous.rows(sql)[0]["num"])
            change = None if old is None else number - old
        return Figure(
            kpi,
            label,
            number,
            None if population is None else int(population),
            change=change,
            source="sql",
            tables=extra.pop("tables", None) or tables_in(sql),
            **extra,
        )

    def passing(self, kpi: str, label: str, rule_id: str, **extra: Any) -> Figure:
        """How many of its evaluated population pass `rule_id`, or that no rule covers it."""
        rule = self.rules.get(rule_id)
        if rule is None:
            return absent(kpi, label, f"no rule {rule_id} in this rule set")
        if rule.state == "error":
            return absent(kpi, label, f"rule {rule_id} could not run")
        if rule.state == "not_evaluated" and not rule.population:
            return absent(kpi, label, f"rule {rule_id} could not be evaluated")
        if rule.population and not rule.passed + rule.failed:
            return absent(kpi, label, f"none of {rule.population:,} could be evaluated")
        old = self.previous.rules.get(rule_id) if self.previous else None
        if old is not None and old.state != "evaluated":
            old = None
        return Figure(
            kpi,
            label,
            rule.passed,
            rule.passed + rule.failed,
            not_evaluated=rule.not_evaluated,
            waived=rule.waived,
            change=rule.passed - old.passed if old else None,
            tone=against_target(rule.passed, rule.passed + rule.failed),
            source=f"rule:{rule_id}",
            tables=rule.tables,
            **extra,
        )


def absent(kpi: str, label: str, cause: str, **extra: Any) -> Figure:
    """A figure that this snapshot cannot give, and why."""
    return Figure(kpi, label, None, cause=cause, **extra)


def _number(value: Any) -> int | float | None:
    """A count as an int: sums come as decimals."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def against_target(numerator: int, denominator: int) -> Tone:
    """The tone of a rate."""
    if not denominator:
        return ""
    share = numerator / denominator
    return "pass" if share >= TARGET else "warn" if share >= AMBER else "fail"


@contextmanager
def looking(home: Home, at: str | None = None) -> Iterator[View]:
    """A view of the newest snapshot of `home`, or of the one that `at` names.

    Raises:
        UsageError: there is no such snapshot, or an earlier version filled the warehouse.
    """
    with connect(home.sealed(), read_only=True) as con:
        if not history.is_current(con):
            raise UsageError(
                f"{home.sealed()}: filled by an earlier version of Pass Muster; "
                "`muster judge` or the next `muster run` brings it up to date"
            )
        reference = "9999-12-31" if at is None else at
        number = history.snapshot_number(con, reference)
        if number is None:
            raise UsageError(f"{at}: no such snapshot; `muster snapshots list` names them")
        yield View(con, number)


_OF_A_RULE = ", ".join(field.name for field in fields(Rule))

_SNAPSHOT = """
select number, id, run_id, as_of, started_at, sealed_at, estate, complete, skipped,
    tool_version, config_sha256, gate_checks
from shown_snapshot
"""
