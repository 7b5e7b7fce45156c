"""The collecting run as a whole: killed and gone on with, night after night, and never half sealed."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pytest
from sandbox_fixture import DAY

from pipeline import config, run
from pipeline.collect import runs
from pipeline.errors import ConfigError, GateError, IncompleteError, SignInError, UsageError
from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import History
from pipeline.sandbox.purview.datamap import entities, search
from pipeline.sandbox.weather.faults import Fault
from pipeline.warehouse import schema
from pipeline.warehouse.home import Home, connect

ASSETS = 60
WORKERS = 4
NEXT = DAY + timedelta(days=1)
KILLS = (3, 140, 37, 90)
"""After how many requests of its own each process is killed."""

CHILD = """
import json, os, signal, sys
from datetime import datetime
from pathlib import Path
from pipeline import config, gate, run
from pipeline.collect.staging import Staging
from pipeline.warehouse.home import Home

gate.prepare = lambda: None  # it does not live long enough to need it
home, as_of, workers, facts = json.loads(sys.argv[1])
dies_loading, load = sys.argv[2], Staging.load

def load_or_die(staging, source, endpoint):
    load(staging, source, endpoint)
    if endpoint.name == dies_loading:
        os.kill(os.getpid(), signal.SIGKILL)

Staging.load = load_or_die
settings = config.for_sandbox(config.Config(collect={"workers": workers}), facts)
run.collect_and_seal(settings, Home(Path(home)), estate="sandbox", config_sha256="x",
                     as_of=datetime.fromisoformat(as_of))
"""


@dataclass
class Killer(Fault):
    """No fault, but the end of a process as its requests come in; it counts every request."""

    left: int | None = None
    child: int | None = None
    calls: Counter[str] = field(default_factory=Counter)

    def takes_place(self) -> bool:
        self.calls["all"] += 1
        if self.left is not None and self.child is not None:
            self.left -= 1
            if self.left == 0:
                os.kill(self.child, signal.SIGKILL)
        return False


@contextmanager
def sandbox(as_of: datetime, killer: Killer | None = None) -> Iterator[dict[str, str]]:
    """The facts of a running sandbox."""
    behaviour = {"/": killer} if killer else None
    with server.running(assets=ASSETS, as_of=as_of, faults=behaviour) as url:
        yield {**server.credentials(1), "url": url}


def collect(
    facts: dict[str, str],
    home: Home,
    as_of: datetime | None,
    *,
    skip: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    **changed: Any,
) -> run.Sealed:
    """One run in this process, without the planes to `skip`."""
    settings = config.for_sandbox(config.Config(collect={"workers": WORKERS}), facts)
    left_out = {
        name: getattr(settings, name).model_copy(update={"skip": planes})
        for name, planes in skip.items()
    }
    settings = settings.model_copy(update=left_out)
    options = {"estate": "sandbox", "config_sha256": "x", "as_of": as_of, **changed}
    return run.collect_and_seal(settings, home, **options)


def contents(home: Home, snapshot: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every collected table of a snapshot, without their provenance."""
    found = {}
    with connect(home.sealed(), read_only=True) as con:
        for table in schema.tables().values():
            if table.historised and table.group in schema.COLLECTED:
                columns = ", ".join(table.content)
                query = f"select {columns} from {table.name}_at(?) order by all"
                found[table.name] = con.execute(query, [snapshot]).fetchall()
    return found


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[run.Sealed]]:
    """Three undisturbed runs: a day, the same day again, and the next one."""
    home = Home(tmp_path_factory.mktemp("nights"))
    sealed = []
    with sandbox(DAY) as facts:
        sealed += [collect(facts, home, DAY) for _ in range(2)]
    with sandbox(NEXT) as facts:
        sealed.append(collect(facts, home, NEXT))
    return home, sealed


@pytest.fixture
def history(nights: tuple[Home, list[run.Sealed]]) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(nights[0].sealed(), read_only=True) as con:
        yield con


def spoil(home: Home) -> None:
    """Leaves half a body and half a line behind, as a process does that dies while it writes."""
    for pattern, tail in (("part-*.gz", b"\x1f\x8b\x08\x00half"), ("*.jsonl", b'{"seq":99')):
        for path in sorted(home.raw.rglob(pattern))[:2]:
            with path.open("ab") as file:
                file.write(tail)


@pytest.mark.slow
def test_a_killed_run_is_gone_on_with(
    nights: tuple[Home, list[run.Sealed]], tmp_path: Path
) -> None:
    """Killed again and again, sending or loading, it ends as if nothing had been; no answered request is sent again."""
    killer = Killer("status")
    home = Home(tmp_path)
    with sandbox(DAY, killer) as facts:
        arguments = json.dumps([str(tmp_path), DAY.isoformat(), WORKERS, facts])
        for count, dies_loading in [*((count, "") for count in KILLS), (None, "scan")]:
            command = [sys.executable, "-c", CHILD, arguments, dies_loading]
            with subprocess.Popen(command) as child:
                killer.child, killer.left = child.pid, count
                assert child.wait(timeout=100) == -signal.SIGKILL
            spoil(home)
        assert list(home.raw.glob("*/staging.duckdb"))
        sealed = collect(facts, home, DAY)
    assert sealed.complete
    assert [one.state for one in runs.runs(home.raw)] == ["sealed"]
    assert contents(home, sealed.snapshot_id) == contents(nights[0], nights[1][0].snapshot_id)

    logs = [line for log in home.raw.rglob("*.jsonl") for line in log.read_text().splitlines()]
    identities = Counter(json.loads(line)["identity"] for line in logs)
    assert set(identities.values()) == {1}
    sign_ins = 2 * (len(KILLS) + 2)
    under_way = 2 * WORKERS * (len(KILLS) + 1)
    assert len(logs) <= killer.calls["all"] <= len(logs) + under_way + sign_ins


def test_the_same_day_again_is_a_snapshot_of_its_own(
    nights: tuple[Home, list[run.Sealed]], history: duckdb.DuckDBPyConnection
) -> None:
    """It gets a suffix, and as nothing has changed not one row is stored again, but for how it was collected."""
    assert [one.snapshot_id for one in nights[1]] == [
        "20261121T020000Z",
        "20261121T020000Z-2",
        "20261122T020000Z",
    ]
    for table in schema.tables().values():
        # it tells of the calls of a run
        if table.name == "reconciliation":
            continue
        if table.historised and table.group in schema.COLLECTED:
            query = (
                f"select count(*) from history.{table.name} where valid_from = 2 or valid_to = 2"
            )
            assert history.execute(query).fetchall() == [(0,)], table.name


def test_what_was_struck_out_is_listed_once_for_every_night(
    history: duckdb.DuckDBPyConnection,
) -> None:
    """The ledger of redactions only grows: each night adds the places in its own pages, and ends no row of another."""
    listed = "select page_id, item, endpoint, key from redaction order by all"
    noted = "select page_id, unnest(redactions), endpoint, key from exchange order by all"
    found = history.execute(listed).fetchall()
    assert found == history.execute(noted).fetchall()
    nights = "select count(*) from redaction join exchange using (page_id) group by snapshot_number"
    counts = history.execute(nights).fetchall()
    assert len(counts) == 3
    query = "select count(*) from duckdb_tables() where schema_name = 'history' and table_name = 'redaction'"
    assert history.execute(query).fetchall() == [(0,)]


def test_what_has_not_changed_keeps_its_version(history: duckdb.DuckDBPyConnection) -> None:
    """The next day an asset has a new row exactly where the systems say something else about it."""
    known = History(1, ASSETS)
    before, after = known.at(clock.day_number(DAY)), known.at(clock.day_number(NEXT))
    said = [
        {
            data.guid: (entities.dataset(estate, data), search.hit(estate, data))
            for data in estate.datasets
        }
        for estate in (before, after)
    ]
    same = {guid for guid in said[0] if said[0][guid] == said[1].get(guid)}
    assert len(same) > ASSETS // 2
    kept = history.execute(
        "select guid from history.asset where valid_from = 1 and valid_to is null"
    ).fetchall()
    assert same <= {guid for (guid,) in kept}
    versions = history.execute("select guid, valid_from, valid_to from history.asset").fetchall()
    assert {guid for guid, start, _ in versions if start == 3} >= set(said[1]) - set(said[0])
    assert {guid for guid, _, end in versions if end == 3} >= set(said[0]) - set(said[1])
    assert set(said[1]) != set(said[0])


def test_a_snapshot_tells_where_it_comes_from(
    nights: tuple[Home, list[run.Sealed]], history: duckdb.DuckDBPyConnection
) -> None:
    """Run, clock, completeness and the number of checks are in its row; its pages are in `exchange`."""
    rows = history.execute(
        "select number, as_of, complete, skipped, estate, gate_checks, run_id from snapshot order by 1"
    ).fetchall()
    assert [row[:5] for row in rows] == [
        (number, as_of, True, [], "sandbox") for number, as_of in ((1, DAY), (2, DAY), (3, NEXT))
    ]
    assert all(row[5] == nights[1][0].checks > 100 for row in rows)
    assert [row[6] for row in rows] == [one.run_id for one in runs.runs(nights[0].raw)]
    query = "select snapshot_number, run_id, count(*) > 300 from exchange group by all order by 1"
    assert history.execute(query).fetchall() == [(row[0], row[6], True) for row in rows]


def test_a_day_before_the_newest_is_refused(nights: tuple[Home, list[run.Sealed]]) -> None:
    """History is one line: nothing is sent and no folder is made, and the command ends with 2."""
    home, _ = nights
    before = runs.runs(home.raw)
    killer = Killer("status")
    with sandbox(DAY, killer) as facts, pytest.raises(UsageError, match="lies before") as refused:
        collect(facts, home, DAY)
    assert refused.value.exit_code == 2
    assert killer.calls["all"] == 0
    assert runs.runs(home.raw) == before


def test_a_failed_sign_in_seals_nothing(tmp_path: Path) -> None:
    """There is no warehouse afterwards, and the run can be gone on with."""
    home = Home(tmp_path)
    with sandbox(DAY) as facts, pytest.raises(SignInError):
        collect({**facts, "client_secret": "wrong"}, home, DAY)
    assert not home.pointer.exists()
    assert [one.state for one in runs.runs(home.raw)] == ["collecting"]


def test_broken_data_is_not_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the gate refuses leaves the pages for inspection, and the next run collects anew."""

    def refuse(_: Path, **limits: str) -> None:
        raise GateError("3 of 354 checks failed")

    monkeypatch.setattr(run.gate, "check", refuse)
    home = Home(tmp_path)
    few = {"purview": config.PURVIEW_PLANES, "immuta": ("request",), "directory": ("graph",)}
    with sandbox(DAY) as facts, pytest.raises(GateError):
        collect(facts, home, DAY, skip=few)
    assert not home.pointer.exists()
    (one,) = runs.runs(home.raw)
    assert one.state == "rejected"
    assert list((home.raw / one.run_id).rglob("part-*.gz"))
    assert not runs.begin(home.raw, DAY, "sandbox", "x")[1]


def test_too_little_memory_rejects_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seal that runs out of memory leaves a run that the same command goes on with."""

    def full(*_about: Any) -> str:
        raise duckdb.OutOfMemoryException("12 MB used")

    monkeypatch.setattr(run, "seal", full)
    home = Home(tmp_path)
    few = {"purview": config.PURVIEW_PLANES, "immuta": ("request",), "directory": ("graph",)}
    with sandbox(DAY) as facts, pytest.raises(IncompleteError, match=r"12 MB used.*goes on"):
        collect(facts, home, DAY, skip=few)
    assert not home.pointer.exists()
    assert [one.state for one in runs.runs(home.raw)] == ["collecting"]
    assert runs.begin(home.raw, DAY, "sandbox", "x")[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "no Purview account: set PURVIEW_ACCOUNT_NAME"),
        ({"purview": {"account": "a"}}, "no Immuta tenant: set IMMUTA_HOST"),
        (
            {"purview": {"account": "a"}, "immuta": {"govern_url": "https://i.example"}},
            "no Immuta API key: set IMMUTA_API_KEY",
        ),
        (
            {"purview": {"account": "a"}, "immuta": {"skip": ["govern"]}},
            "no token for Immuta's Request app: set IMMUTA_REQUEST_TOKEN",
        ),
    ],
)
def test_a_missing_setting_shows_before_anything_is_written(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    """The message names the variable and the key, and no run is begun."""
    home = Home(tmp_path / "data")
    given = config.Config(**settings)
    with pytest.raises(ConfigError, match=message):
        run.collect_and_seal(given, home, estate="e", config_sha256="x", as_of=None)
    assert not home.root.exists()
