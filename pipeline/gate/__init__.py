"""The quality gate: staging is checked against the data dictionary before it may become a snapshot."""

import importlib
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from pipeline.errors import GateError
from pipeline.gate import plan
from pipeline.gate.plan import Check
from pipeline.warehouse import home, schema

SHOWN_FAILURES = 10
"""How many broken promises an error message spells out."""


@dataclass(frozen=True)
class Outcome:
    """What one check found: `status` passed, failed, or weak (unexpected, but no reason to stop)."""

    check: Check
    status: str
    unexpected: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        table, columns = self.check.table, ", ".join(self.check.columns)
        shown = "; ".join(self.examples)
        return f"{table} ({columns}): {self.unexpected} {self.check.offence}, e.g. {shown}"


@dataclass(frozen=True)
class GateResult:
    """Every check of one gate run, in the order of the data dictionary."""

    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def ran(self) -> int:
        """How many checks ran; what `snapshot.gate_checks` records."""
        return len(self.outcomes)

    def having(self, status: str) -> tuple[Outcome, ...]:
        """The outcomes with that status."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)


def prepare() -> None:
    """Starts importing Great Expectations, which takes seconds, while the caller waits for a network."""
    # DuckDB looks for pandas when it is given a table: imported by two threads at once, or by one that gets a Ctrl-C
    # while it does, both could wait for each other, or the Ctrl-C be taken for a module that is not there
    importlib.import_module("pandas")
    thread = threading.Thread(target=importlib.import_module, args=("pipeline.gate.expectations",))
    thread.daemon = True
    thread.start()


def check(
    staging: Path | duckdb.DuckDBPyConnection,
    *,
    database: str | None = None,
    groups: tuple[str, ...] = schema.COLLECTED,
    memory_limit: str | None = None,
) -> GateResult:
    """The outcome of every check of `groups` on a staging file, or on `database` of an open connection.

    Raises:
        GateError: a promise of the data dictionary is broken, or the gate itself did not work.
    """
    if isinstance(staging, Path):
        with home.connect(staging, read_only=True) as con:
            if memory_limit:
                home.bind(con, memory_limit)
            return home.with_room(con, partial(check, con, database=database, groups=groups))
    started = time.monotonic()
    planned = plan.checks(groups)
    outcomes = _outcomes(staging, database, planned)
    if not planned or len(outcomes) != len(planned):
        raise GateError(
            f"the gate itself failed: {len(planned)} checks were planned and {len(outcomes)} ran; "
            "nothing was sealed"
        )
    result = GateResult(outcomes, time.monotonic() - started)
    failed = result.having("failed")
    if failed:
        raise GateError(_broken(failed, result.ran))
    return result


def _outcomes(
    con: duckdb.DuckDBPyConnection, database: str | None, planned: tuple[Check, ...]
) -> tuple[Outcome, ...]:
    # Great Expectations takes seconds to import: only commands that seal pay for it
    from pipeline.gate import expectations

    cursor = con.cursor()
    try:
        if database is not None:
            cursor.execute(f"use {database}")
        found = expectations.validate(cursor, planned)
    finally:
        cursor.close()
    return tuple(
        Outcome(planned[number], _status(planned[number], unexpected), unexpected, examples)
        for number, (unexpected, examples) in sorted(found.items())
    )


def _status(check: Check, unexpected: int) -> str:
    if not unexpected:
        return "passed"
    return "weak" if check.weak else "failed"


def _broken(failed: tuple[Outcome, ...], ran: int) -> str:
    lines = [f"  {outcome}" for outcome in failed[:SHOWN_FAILURES]]
    if len(failed) > SHOWN_FAILURES:
        lines.append(f"  and {len(failed) - SHOWN_FAILURES} more")
    return "\n".join(
        [
            f"the quality gate stopped this snapshot: {len(failed)} of {ran} checks failed",
            *lines,
            "Nothing was sealed and the last snapshot stays in force. An estate that changes while it "
            "is read can cause this once: run `muster collect` again. If the same keys come back, the "
            "pages or their mapping are wrong: compare the pages under raw/ with pipeline/sources.",
        ]
    )
