"""The nightly run: collect, check, seal, judge, report. Each stage is a function of what the one before left on disk."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb
import httpx

from pipeline import gate, interruption, log
from pipeline.clients import build_clients, keep_files, planes_of, skipped
from pipeline.collect import auth, runs
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Clock, Earlier, Staging
from pipeline.collect.store import PageStore
from pipeline.collect.transport import Plane
from pipeline.collect.walk import Report, collect
from pipeline.config import Config
from pipeline.errors import GateError, IncompleteError, PageError
from pipeline.sources.purview import roles
from pipeline.warehouse.home import Home
from pipeline.warehouse.seal import Facts, Newest, check_order, newest, seal

NOTHING: Report = lambda _name, _done, _planned: None  # noqa: E731


@dataclass(frozen=True)
class Sealed:
    """A snapshot just sealed: what it is called, and what is missing from it."""

    snapshot_id: str
    collected: "Collected"
    checks: int

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.collected.complete


@dataclass(frozen=True)
class Collected:
    """What came of a collection: calls made, answers missing, items carried over because nothing changed them."""

    complete: bool
    calls: int
    missing: int
    carried: int


def collect_and_seal(
    config: Config,
    home: Home,
    *,
    estate: str,
    config_sha256: str,
    as_of: datetime | None,
    report: Report = NOTHING,
) -> Sealed:
    """Reads both systems and seals what they said; the caller holds the lock.

    Raises:
        SignInError, UnreachableError: nothing is sealed; the next run goes on from here.
        GateError: the data is broken: nothing is sealed, the pages stay for inspection.
    """
    with httpx.Client(timeout=config.collect.timeout_s) as sign_in:
        # what is wrong with the configuration must show before anything is written
        planes = planes_of(config, sign_in)
        last = newest(home)
        check_order(as_of or datetime.now(UTC), last)
        run, goes_on = runs.begin(
            home.raw,
            as_of,
            estate,
            config_sha256,
            newest=last.as_of if last else None,
            sealed=last.run_id if last else None,
        )
        store = PageStore(home.raw, run.run_id)
        if goes_on:
            log.say("going on with an unfinished run", run=run.run_id, kept=store.replayable)
        number = last.number + 1 if last else 1
        gate.prepare()
        earlier = _earlier(config, home, last, estate, run.as_of)
        staging = Staging(
            home.raw / run.run_id / "staging.duckdb",
            store,
            number,
            clock=Clock(run.as_of, run.started_at),
            earlier=earlier,
            memory_limit=config.collect.memory_limit,
        )
        with _left_in_order(run, home.raw):
            collected = _collect(config, planes, store, staging, report)
            checked = gate.check(staging.path, memory_limit=config.collect.memory_limit)
    facts = Facts(
        run.run_id,
        run.as_of,
        run.started_at,
        estate,
        collected.complete,
        earlier is None,
        [f"{name}.{plane}" for name, skip in skipped(config).items() for plane in sorted(skip)],
        version("passmuster"),
        config_sha256,
        checked.ran,
    )
    interruption.check()
    with _left_in_order(run, home.raw):
        snapshot_id = seal(home, staging.path, number, facts, config.collect.memory_limit)
    log.say("sealed", snapshot=snapshot_id, complete=collected.complete, checks=checked.ran)
    run.state = "sealed"
    run.save(home.raw)
    staging.path.unlink()
    return Sealed(snapshot_id, collected, checked.ran)


@contextmanager
def _left_in_order(run: runs.Run, raw: Path) -> Iterator[None]:
    """Lets a run that fails in the block be gone on with, or not, as its pages deserve.

    Raises:
        IncompleteError: there was too little memory.
    """
    try:
        yield
    except (GateError, PageError):
        # the same pages would fail again: the next run collects anew, these stay for inspection
        run.state = "rejected"
        run.save(raw)
        raise
    except duckdb.OutOfMemoryException as error:
        raise IncompleteError(
            f"this machine has too little memory ({error}); the same command goes on from here"
        ) from error


def _earlier(
    config: Config, home: Home, last: Newest | None, estate: str, as_of: datetime
) -> Earlier | None:
    """The last snapshot, if unchanged assets may be carried over from it: it is of this estate, this
    version made it, and the last full refresh is not too long ago."""
    if last is None or last.refreshed_at is None:
        return None
    same = (last.estate, last.tool_version) == (estate, version("passmuster"))
    due = last.refreshed_at + timedelta(days=config.collect.full_refresh_days)
    if not same or as_of >= due:
        return None
    return Earlier(home.sealed(), config.collect.listing)


def _collect(
    config: Config,
    planes: Mapping[str, Mapping[str, Plane]],
    store: PageStore,
    staging: Staging,
    report: Report,
) -> Collected:
    """What came of all endpoints together; their rows are in staging, and everything is closed afterwards."""
    keep_files(config, store)
    clients = build_clients(config, planes, store)
    try:
        outcomes = collect(
            clients,
            staging,
            workers=config.collect.workers,
            skip=skipped(config),
            report=report,
        )
        # all planes of Purview are read by one identity
        for plane in list(planes["purview"].values())[:1]:
            roles.note_lacking(staging, outcomes, auth.bearer_of(plane.auth))
        complete = reconcile(staging, outcomes)
        [(missing, carried)] = staging.con.execute(
            "select (select count(*) from gap), (select sum(carried) from reconciliation)"
        ).fetchall()
        for client in clients.values():
            staging.record_exchanges(client.source, store.run_id)
    finally:
        for client in clients.values():
            client.close()
        store.close()
        staging.close()
    return Collected(complete, sum(o.calls for o in outcomes), missing, int(carried))
