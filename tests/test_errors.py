"""What goes wrong, told in one message with the right exit code, and no damage done."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from command import Ended, muster, struck, tenant

from pipeline.sandbox import clock, server
from pipeline.sandbox.weather import faults
from pipeline.sources.purview import SOURCE

pytestmark = pytest.mark.slow

DAY = "2026-11-21"
ASSETS = 60


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What the warehouse of a folder answers."""
    with closing(duckdb.connect(str(folder / "data/warehouse.duckdb"), read_only=True)) as con:
        return con.execute(query).fetchall()


def test_an_unknown_key_is_named_with_the_valid_ones(tmp_path: Path) -> None:
    """A misspelt key ends with 2, names the file and the key, and lists what is valid there."""
    (tmp_path / "muster.toml").write_text('[purview]\nendpont = "https://x.example"\n')
    ended = muster("doctor", folder=tmp_path, code=2)
    assert "muster.toml: purview.endpont: unknown key" in ended.err
    assert "endpoint" in ended.err.replace("endpont", "")
    assert ended.out == ""


def test_no_configuration_says_what_to_set(tmp_path: Path) -> None:
    """Without any configuration `muster run` ends with 2 and says what to set."""
    ended = muster("run", folder=tmp_path, code=2)
    assert "PURVIEW_ACCOUNT_NAME" in ended.err
    assert not list(tmp_path.rglob("*.duckdb"))


def test_a_wrong_day_is_refused(tmp_path: Path) -> None:
    """`--as-of` that is no day ends with 2 before anything happens."""
    assert "neither a day" in muster("run", "--as-of", "yesterday", folder=tmp_path, code=2).err


def test_an_unreachable_host_ends_the_run(tmp_path: Path) -> None:
    """A host that is not there ends with 3 and one message that names it; nothing is sealed."""
    tenant(tmp_path, "http://127.0.0.1:9")
    ended = muster("run", folder=tmp_path, code=3)
    assert "http://127.0.0.1:9" in ended.err
    assert "cannot be reached" in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "data/warehouse.duckdb").exists()


@pytest.mark.parametrize(
    ("section", "key", "cure"),
    [
        ("purview", "token", "refused the credential"),
        ("immuta", "api_key", "IMMUTA_API_KEY"),
        ("immuta", "request_token", "refused the credential"),
    ],
)
def test_a_wrong_credential_ends_the_run(tmp_path: Path, section: str, key: str, cure: str) -> None:
    """A refused credential ends with 3, says which one without repeating it, and nothing is sealed."""
    with server.running(assets=ASSETS, as_of=clock.parse_as_of(DAY)) as url:
        tenant(tmp_path, url, **{section: {key: "wrong-credential-value"}})
        ended = muster("run", "--as-of", DAY, folder=tmp_path, code=3)
    assert cure in ended.err
    assert "wrong-credential-value" not in ended.err + ended.out
    assert not (tmp_path / "data/warehouse.duckdb").exists()


@dataclass(frozen=True)
class Night:
    """A folder of results, and how the run ended."""

    folder: Path
    ended: Ended


@pytest.fixture(scope="module")
def bad_night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A run that is refused one plane of Purview, and gets spoilt pages of two lists of Immuta."""
    folder = tmp_path_factory.mktemp("bad-night")
    spoilt = {
        "/scan": faults.answering(403),
        "/tag": faults.malformed(),
        "/policy/global": faults.truncated(times=1),
    }
    with server.running(assets=ASSETS, as_of=clock.parse_as_of(DAY), faults=spoilt) as url:
        tenant(folder, url)
        return Night(folder, muster("run", "--as-of", DAY, folder=folder, code=3))


def test_a_forbidden_plane_is_a_gap_not_a_crash(bad_night: Night) -> None:
    """403 on one plane: the rest is sealed, rules that need it are not evaluated, exit code 3, page one says so."""
    folder = bad_night.folder
    assert "not complete" in bad_night.ended.err
    assert ("purview.data_source", 403) in rows(folder, "select endpoint, status from gap")
    query = "select distinct status from verdict where rule_id like 'SCN%' or rule_id = 'CLS-001'"
    assert rows(folder, query) in ([], [("not_evaluated",)])
    failing = rows(folder, "select distinct rule_id from verdict where status = 'fail'")
    assert ("EVD-001",) in failing
    page = (folder / "data/reports/latest/compliance.html").read_text(encoding="utf-8")
    assert "purview.data_source" in page


def test_malformed_pages_are_retried_then_a_gap(bad_night: Night) -> None:
    """A list whose page stays malformed is incomplete; one that recovers is read whole."""
    refused = {f"purview.{one.name}" for one in SOURCE.endpoints if one.plane == "scanning"}
    gaps = dict(rows(bad_night.folder, "select endpoint, reason from gap"))
    assert gaps.keys() - refused == {"immuta.tag"}
    reason = gaps["immuta.tag"]
    assert "JSON" in reason
    assert rows(bad_night.folder, "select count(*) from immuta_policy") > [(0,)]


def test_a_killed_run_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    """After kill -9 and a half-written part, the next run keeps what it has and seals the whole estate."""
    command = ("collect", "--sandbox", "--assets", str(ASSETS), "--as-of", DAY)
    raw, wanted = tmp_path / "data/raw", "*/immuta/access/exchanges.jsonl"

    def has_begun(_: str) -> bool:
        return bool(list(raw.glob(wanted)))

    assert struck(signal.SIGKILL, has_begun, *command, folder=tmp_path).code == -signal.SIGKILL
    (log,) = raw.glob(wanted)
    kept = len(log.read_bytes().splitlines()) - 1
    with log.open("ab") as file:
        file.write(b'{"seq": 99')
    (part,) = log.parent.glob("part-*.gz")
    with part.open("ab") as file:
        file.write(b"\x1f\x8b half a member")
    muster(*command, folder=tmp_path)
    lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    assert len(lines) >= kept
    assert len({line["identity"] for line in lines}) == len(lines)
    assert len(list(raw.iterdir())) == 1
    muster("snapshots", "verify", folder=tmp_path)
    assert rows(tmp_path, "select count(*) from asset") == [(ASSETS,)]


def _tells(endpoint: str, said: str) -> bool:
    return f'"{endpoint}"' in said


def test_an_interrupted_run_says_so_and_goes_on(tmp_path: Path) -> None:
    """Ctrl-C at any moment ends with 130 and one line; the next run goes on with the same pages."""
    small = ("collect", "--sandbox", "--assets", str(ASSETS))
    for seen in ("purview.collection", "purview.search", "immuta.access", "purview.process"):
        told = partial(_tells, seen)
        # each time in a process of its own from the start, which still imports what it needs later
        ended = struck(signal.SIGINT, told, *small, folder=tmp_path, cold=True)
        assert ended.code == 130, ended.err
        assert "interrupted" in ended.err
        assert "Traceback" not in ended.err
    muster(*small, folder=tmp_path)
    assert len(list((tmp_path / "data/raw").iterdir())) == 1


def test_a_second_run_is_refused_while_one_works(tmp_path: Path) -> None:
    """The lock ends the second run with 5 and names the first; reading goes on."""
    command = [sys.executable, "-m", "pipeline", "collect", "--sandbox", "--as-of", DAY]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("data/raw/*/run.json")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        ended = muster("run", "--sandbox", folder=tmp_path, code=5)
        process.kill()
    assert "another run is at work" in ended.err
    assert str(process.pid) in ended.err


def test_a_snapshot_without_verdicts_borrows_none(
    tmp_path: Path, night_in: Callable[[Path], Path]
) -> None:
    """After `collect` alone, findings stay those of the last judged night, and no report claims otherwise."""
    night_in(tmp_path)
    before = muster("findings", "list", "--json", folder=tmp_path).rows
    muster("collect", "--sandbox", "--assets", str(ASSETS), "--as-of", DAY, folder=tmp_path)
    ended = muster("findings", "list", "--json", folder=tmp_path)
    assert ended.rows == before
    assert "not judged yet" in ended.err
    assert "not judged yet" in muster("sql", "select count(*) from finding", folder=tmp_path).err
    assert "not judged yet" in muster("snapshots", "diff", folder=tmp_path).err
    assert "not judged yet" in muster("report", folder=tmp_path, code=2).err
    muster("judge", folder=tmp_path)
    after = muster("findings", "list", "--json", folder=tmp_path)
    assert "not judged yet" not in after.err
    assert DAY in {row["last_seen"][:10] for row in after.rows}
    assert DAY not in {row["last_seen"][:10] for row in before}


def test_doctor_says_what_works_and_what_does_not(tmp_path: Path) -> None:
    """One row per plane: what is seen, and in words what fails; exit code 3 if something does."""
    hole = {"/scan": faults.answering(403)}
    with server.running(assets=ASSETS, as_of=clock.parse_as_of(DAY), faults=hole) as url:
        tenant(tmp_path, url)
        ended = muster("doctor", "--json", folder=tmp_path, code=3)
    results = {row["about"]: row for row in ended.rows}
    assert results["purview.scanning"]["result"] == "fails"
    assert "403" in results["purview.scanning"]["detail"]
    assert results["purview.datamap"]["detail"].startswith(f"{ASSETS} assets visible")
    assert results["immuta.govern"]["result"] == "ok"
    assert "not ready for a run: purview.scanning" in ended.err
    muster("doctor", "--sandbox", folder=tmp_path)
