"""Shared fixtures: a folder of results with three sealed snapshots of a tiny estate, pages and findings included."""

import fcntl
import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from command import muster
from hypothesis import settings
from judging import blank

from pipeline.collect import client
from pipeline.collect.retry import backoff_s
from pipeline.warehouse import history, home, schema
from pipeline.warehouse.home import Home
from pipeline.warehouse.schema import Column

# a busy machine is no failure
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

Rows = Sequence[Mapping[str, Any]]
FIRST_DAY = datetime(2026, 11, 1, 2, tzinfo=UTC)
NEUTRAL = {
    "VARCHAR": "x",
    "BOOLEAN": True,
    "INTEGER": 0,
    "BIGINT": 0,
    "DOUBLE": 1.0,
    "JSON": "{}",
    "VARCHAR[]": [],
    "TIMESTAMP WITH TIME ZONE": FIRST_DAY,
}


def _complete(columns: Sequence[Column], row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` with a neutral value in every required column it leaves out."""
    unknown = set(row) - {column.name for column in columns}
    assert not unknown, f"no such column: {unknown}"
    required = {column.name: NEUTRAL[column.type] for column in columns if column.required}
    return {**required, **row}


@pytest.fixture(scope="session", autouse=True)
def _one_thread_of_duckdb() -> Iterator[None]:
    """DuckDB works with one thread in the processes of tests, which share the cores: for a few rows, more
    threads take a sixth more. Commands that tests start (`command.muster`) are other processes and have the usual number."""
    connect = duckdb.connect

    def connected(
        database: str = ":memory:", read_only: bool = False, config: Mapping[str, str] | None = None
    ) -> duckdb.DuckDBPyConnection:
        return connect(database, read_only=read_only, config={"threads": "1", **(config or {})})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connected)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobody_waits_long() -> Iterator[None]:
    """What a sandbox refused is asked for again at once, where a tenant would be left in peace for seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "backoff_s", lambda attempt: backoff_s(attempt) / 1000)
        yield


@pytest.fixture(scope="session")
def insert() -> Callable[[duckdb.DuckDBPyConnection, str, str, Rows], None]:
    """A function that inserts rows into a table of the dictionary; required columns left out get neutral values."""

    def insert(con: duckdb.DuckDBPyConnection, target: str, table: str, rows: Rows) -> None:
        for row in rows:
            full = _complete(schema.tables()[table].columns, row)
            marks = ", ".join("?" for _ in full)
            con.execute(
                f"insert into {target} ({', '.join(full)}) values ({marks})", list(full.values())
            )

    return insert


@pytest.fixture(scope="session")
def seal(
    insert: Callable[[duckdb.DuckDBPyConnection, str, str, Rows], None],
) -> Callable[[Home, int, Mapping[str, Rows]], None]:
    """A function that seals snapshot `number`, of day `number`, with these rows and one stored page."""

    def seal(results: Home, number: int, tables: Mapping[str, Rows]) -> None:
        as_of = FIRST_DAY + timedelta(days=number - 1)
        page = _store_page(results.raw, number)
        snapshot = {
            "number": number,
            "id": as_of.strftime("%Y%m%dT%H%M%SZ"),
            "run_id": f"run-{number}",
            "as_of": as_of,
            "estate": "tiny",
            "judged_at": as_of,
        }
        with home.revise(results) as con:
            history.initialise(con)
            con.execute("attach ':memory:' as staging")
            groups = tuple({table.group for table in schema.tables().values()})
            history.create_staging(con, "staging", groups)
            for name, table in schema.tables().items():
                if table.historised:
                    insert(con, f"staging.{name}", name, tables.get(name, ()))
                    history.merge(con, table, f"staging.{name}", number)
            insert(con, "snapshot", "snapshot", [snapshot])
            insert(con, "exchange", "exchange", [page])
            con.execute("detach staging")

    return seal


def _store_page(raw: Path, number: int) -> dict[str, Any]:
    """Writes one page below `raw`; the exchange row that describes it."""
    body = json.dumps({"value": [{"id": f"a{number}", "name": "x" * 200}]}).encode()
    member = gzip.compress(body, mtime=0)
    part = raw / f"run-{number}" / "purview" / "purview.search" / "part-0"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(member)
    return {
        "page_id": number * 1_000_000_000,
        "snapshot_number": number,
        "run_id": f"run-{number}",
        "source": "purview",
        "endpoint": "purview.search",
        "sha256": hashlib.sha256(body).hexdigest(),
        "size_bytes": len(body),
        "part": "purview/purview.search/part-0",
        "part_length": len(member),
    }


def _asset(guid: str, name: str) -> dict[str, Any]:
    return {"guid": guid, "name": name, "qualified_name": f"mssql://{guid}.example.com"}


def _verdict(guid: str, status: str) -> dict[str, Any]:
    finding = hashlib.sha256(f"OWN-001|purview:{guid}|".encode()).hexdigest()[:16]
    return {
        "rule_id": "OWN-001",
        "subject_id": guid,
        "subject": "asset",
        "status": status,
        "severity": "high",
        "finding_id": finding,
        "waived": False,
        "subject_name": guid,
    }


SNAPSHOTS: list[dict[str, Rows]] = [
    {
        "asset": [_asset("a1", "orders"), _asset("a2", "clients"), _asset("a3", "=1+1")],
        "verdict": [_verdict("a1", "fail"), _verdict("a2", "pass"), _verdict("a3", "fail")],
    },
    {
        "asset": [_asset("a1", "orders"), _asset("a2", "customers"), _asset("a4", "stock")],
        "verdict": [_verdict("a1", "fail"), _verdict("a2", "fail"), _verdict("a4", "pass")],
    },
    {
        "asset": [_asset("a1", "orders"), _asset("a2", "customers"), _asset("a3", "=1+1")],
        "verdict": [_verdict("a1", "pass"), _verdict("a2", "fail"), _verdict("a3", "fail")],
    },
]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results with an empty warehouse, for `judging.blank`: its names take a second to make."""
    folder = tmp_path_factory.mktemp("blank")
    with home.revise(Home(folder)) as con:
        history.initialise(con)
    return folder


@pytest.fixture(scope="session")
def _sealed_once(
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    seal: Callable[[Home, int, Mapping[str, Rows]], None],
) -> Home:
    results = blank(tmp_path_factory.mktemp("tiny") / "sealed", template)
    for number, tables in enumerate(SNAPSHOTS, start=1):
        seal(results, number, tables)
    return results


@pytest.fixture
def tiny(_sealed_once: Home, tmp_path: Path) -> Home:
    """A folder of results of its own: three snapshots, in which a2 is renamed, a3 leaves and returns, a4 comes and goes."""
    shutil.copytree(_sealed_once.root, tmp_path / "data", symlinks=True)
    return Home(tmp_path / "data")


NIGHT = ("run", "--sandbox", "--assets", "60", "--as-of", "2026-11-20")
"""The command whose results tests start from that are about what comes after it."""


@pytest.fixture(scope="session")
def night_in(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[Path], Path]:
    """A function that puts the results of `NIGHT` into a folder, a copy for whoever asks; they are made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    # workers have a folder each, below that of the tests as a whole
    folder = (base if worker_id == "master" else base.parent) / "night"
    folder.mkdir(exist_ok=True)
    with (folder / ".made").open("a+") as made:
        fcntl.flock(made, fcntl.LOCK_EX)
        if not made.tell():
            muster(*NIGHT, folder=folder, cold=True)
            made.write("whole")

    def night_in(place: Path) -> Path:
        shutil.copytree(folder / "data", place / "data", symlinks=True)
        return place

    return night_in


SLOW_FILES = (
    "test_end_to_end.py",
    "test_errors.py",
    "test_weather.py",
    "test_readme.py",
    "test_judge_mutants.py",
    "test_report_browser.py",
    "test_incremental.py",
    "test_rules.py",
    "test_run.py",
    "test_judge_engine.py",
    "test_report_publish.py",
    "test_gate.py",
    "test_sources_immuta_activity.py",
    "test_sandbox_immuta_writes_collected.py",
    "test_collect_sandbox.py",
    "test_drift_sandbox.py",
    "test_frameworks.py",
    "test_example_pack.py",
)
"""Files that take long, the longest first: they start first, so that no worker is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of slow files before the others; within a file the order stays."""
    place = {name: at for at, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))
