"""Nights over the sandbox, from the first request to the last byte of a report."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from command import Ended, muster
from typer.testing import CliRunner

from pipeline.cli import findings
from pipeline.config import Config
from pipeline.sandbox import clock
from pipeline.sandbox.truth import oracle
from pipeline.warehouse.home import Home, connect

pytestmark = pytest.mark.slow

RULES = [*(Path(__file__).parents[1] / "rules").rglob("*.yaml")]
NIGHTS = ("2026-10-15", "2026-11-20", "2026-11-21")
"""The first is longer ago than any rule waits before it calls something late, lasting or lost."""
ASSETS = 2000
"""What the sandbox has unless told otherwise; in an estate of 1200 not every rule fails."""
PACK = ("--pack", "kept-by-people")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nights")


@pytest.fixture(scope="module")
def wrong_rows(folder: Path) -> list[dict[str, str]]:
    """What must be said of the wrong rows in the registers, which are those of the last night."""
    return muster(
        "sandbox", "registers", PACK[1], "--as-of", NIGHTS[-1], "--json", folder=folder
    ).rows


@pytest.fixture(scope="module")
def nights(folder: Path, wrong_rows: list[dict[str, str]]) -> list[Ended]:
    assert wrong_rows
    command = (*PACK, "run", "--sandbox", "--as-of")
    found = [muster(*command, night, folder=folder) for night in NIGHTS[:-1]]
    asked = ("--fail-on", "critical")
    return [*found, muster(*command, NIGHTS[-1], *asked, folder=folder, code=1)]


OF_REGISTERS = frozenset({"EVD-004", "MEM-004", "MEM-005"})
"""Rules about the rows of registers."""

NEVER_FAIL = frozenset(
    [
        "EVD-001",  # in fair weather everything is read
        "EVD-002",  # and every call is answered
        "EVD-005",  # the collector of the sandbox may see everything, and only reads
    ]
)
NEVER_PASS = frozenset(
    [
        "POL-003",  # there is one baseline policy, and here it is a draft
    ]
)
BY_THE_CLOCK = "EVD-003"
"""Whether these nights are long ago depends on the day on which the tests run."""


@pytest.fixture
def warehouse(folder: Path, nights: list[Ended]) -> Iterator[duckdb.DuckDBPyConnection]:
    assert nights
    with closing(duckdb.connect(str(folder / "data/warehouse.duckdb"), read_only=True)) as con:
        yield con


@pytest.mark.parametrize("night", NIGHTS)
def test_findings_are_exactly_what_was_planted(
    warehouse: duckdb.DuckDBPyConnection, night: str
) -> None:
    """Every planted violation and every planted hole is found under its rule, and no rule it was planted for finds more."""
    *before, as_of = (clock.parse_as_of(one) for one in NIGHTS[: NIGHTS.index(night) + 1])
    planted = oracle.expected(seed=1, assets=ASSETS, as_of=as_of, before=before)
    expected = {(row.rule_id, row.subject_id): row.status for row in planted}
    rows = warehouse.execute(
        "select rule_id, subject_id, status from verdict_at(?) where status <> 'pass'", [night]
    ).fetchall()
    found = {(rule, subject): status for rule, subject, status in rows if rule in oracle.RULES}
    assert {rule for rule, _ in expected} <= oracle.RULES
    assert found == expected


def test_wrong_rows_of_registers_are_found(
    warehouse: duckdb.DuckDBPyConnection, wrong_rows: list[dict[str, str]]
) -> None:
    """What people did wrong in their registers is found under its rule, and nothing else in them."""
    rows = warehouse.execute(
        "select rule_id, subject_id, status from verdict where status <> 'pass'"
    ).fetchall()
    expected = {(row["rule_id"], row["subject_id"], row["status"]) for row in wrong_rows}
    assert {row for row in rows if row[0] in OF_REGISTERS} == expected
    assert {rule for rule, _, _ in expected} == OF_REGISTERS


def test_every_shipped_rule_passes_and_fails(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every file is a rule that judged, both ways but for those known by name."""
    rows = warehouse.execute("select id, state, passed, failed from rule").fetchall()
    found = [re.search(r"^id: (\S+)", path.read_text("utf-8"), re.M) for path in RULES]
    assert sorted(rule for rule, *_ in rows) == sorted(one[1] for one in found if one)
    assert {state for _, state, _, _ in rows} == {"evaluated"}
    assert {rule for rule, _, _, failed in rows if not failed} - {BY_THE_CLOCK} == NEVER_FAIL
    assert {rule for rule, _, passed, _ in rows if not passed} - {BY_THE_CLOCK} == NEVER_PASS


def test_population_is_the_sum_of_its_verdicts(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Nobody in a population is without a verdict."""
    rows = warehouse.execute(
        "select r.id from rule r left join verdict v on v.rule_id = r.id group by r.id, r.population "
        "having count(v.subject_id) <> r.population"
    ).fetchall()
    assert rows == []


def test_the_estate_is_read_whole(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every endpoint reconciles or has nothing to reconcile with, and nothing is missing."""
    verdicts = dict(
        warehouse.execute("select verdict, count(*) from reconciliation group by 1").fetchall()
    )
    assert set(verdicts) == {"reconciled", "no_control_total"}
    assert warehouse.execute("select count(*) from gap").fetchall() == [(0,)]
    assert warehouse.execute("select bool_and(complete) from snapshot").fetchall() == [(True,)]


def test_nights_differ_and_the_difference_adds_up(folder: Path, nights: list[Ended]) -> None:
    """`snapshots diff` names findings that came, came back and went, as many as the run said and `findings list` shows."""
    assert "new findings" in nights[-1].out
    diff = muster("snapshots", "diff", "--json", folder=folder).rows
    changes = [row["change"] for row in diff if "change" in row]
    for status in ("new", "reopened"):
        listed = muster("findings", "list", "--status", status, "--json", folder=folder).rows
        assert changes.count(status) == len(listed) > 0
    assert changes.count("resolved") > 0
    came = changes.count("new") + changes.count("reopened")
    assert f"{came} new findings, {changes.count('resolved')} resolved" in nights[-1].out


def test_unchanged_rows_are_stored_once(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A night after another adds only what changed."""
    assets, changed = warehouse.execute(
        "select count(distinct guid), count(*) filter (where valid_from = 3 and guid in "
        "(select guid from history.asset where valid_from < 3)) from history.asset"
    ).fetchall()[0]
    assert 0 < changed < 0.1 * assets


def _shown(folder: Path, finding_id: str) -> list[dict[str, Any]]:
    """What `muster findings show` prints, without a process for every finding."""
    state = SimpleNamespace(home=Home(folder / "data"), config=Config())
    result = CliRunner().invoke(findings.app, ["show", finding_id, "--json"], obj=state)
    assert result.exit_code == 0, result
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_finding_walks_back_to_its_bytes(folder: Path, nights: list[Ended]) -> None:
    """One finding of each rule ends at a page whose digest another program confirms, or at a line of a register."""
    assert len(nights) == len(NIGHTS)
    query = "select any_value(id), rule_id from finding where status <> 'resolved' group by rule_id"
    # open while commands open it: what is open already is there at once
    with closing(connect(Home(folder / "data").sealed(), read_only=True)) as con:
        found = con.execute(query).fetchall()
        failing = con.execute("select id from rule where failed > 0").fetchall()
        trails = [(rule_id, *_shown(folder, finding_id)) for finding_id, rule_id in found]
    assert {rule for _, rule in found} == {rule for (rule,) in failing}
    for rule_id, shown in trails:
        if rule_id in OF_REGISTERS:
            evidence = json.loads(shown["finding"]["evidence"])
            lines = (folder / evidence["file"]).read_text("utf-8").splitlines()
            assert shown["finding"]["subject_id"] in lines[evidence["line"] - 1]
            continue
        sources = [row for row in shown["sources"] if row["exchange"]]
        assert sources, rule_id
        for source in sources:
            page = source["exchange"]
            part = folder / "data/raw" / page["run_id"] / page["part"]
            digest = _digest(part, page["part_offset"], page["part_length"])
            assert digest == page["sha256"]
            assert source["item"] is not None


@cache
def _digest(part: Path, offset: int, length: int) -> str:
    """What other programs say of a page, which many findings may lead to."""
    member = part.read_bytes()[offset:][:length]
    body = subprocess.run(["gzip", "-dc"], input=member, capture_output=True, check=True)
    digest = subprocess.run(["sha256sum"], input=body.stdout, capture_output=True, check=True)
    return digest.stdout.decode().split()[0]


def test_stored_pages_verify(folder: Path, nights: list[Ended]) -> None:
    """`snapshots verify` reads back every page of every night."""
    assert len(nights) == len(NIGHTS)
    muster("snapshots", "verify", folder=folder)


def test_handler_secrets_never_reach_the_disk(folder: Path, nights: list[Ended]) -> None:
    """The password that the sandbox puts into handlers is in no raw page and not in the warehouse."""
    assert len(nights) == len(NIGHTS)
    for part in (folder / "data/raw").rglob("part-*.gz"):
        assert b"sandbox-not-a-secret" not in gzip.decompress(part.read_bytes()), part
    handlers = list((folder / "data/raw").rglob("handler/part-*.gz"))
    assert len(handlers) == len(NIGHTS)


def test_any_duckdb_client_sees_every_night(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Plain names show the newest night, a session variable or a macro any other."""
    (newest,) = warehouse.execute("select count(*) from asset").fetchall()[0]
    (dated,) = warehouse.execute("select count(*) from asset_at('2026-11-21')").fetchall()[0]
    (first,) = warehouse.execute("select max(updated_at) from asset_at('2026-10-15')").fetchall()[0]
    warehouse.execute("set variable snapshot = 1")
    (shown,) = warehouse.execute("select max(updated_at) from asset").fetchall()[0]
    assert newest == dated == ASSETS
    assert shown == first


def test_reports_are_about_the_newest_night(folder: Path, nights: list[Ended]) -> None:
    """Both reports are there for each night, and `latest` is the last."""
    assert len(nights) == len(NIGHTS)
    for name in ("compliance", "access-ownership"):
        for night in ("20261015T020000Z", "20261120T020000Z", "20261121T020000Z"):
            assert night in (folder / f"data/reports/{night}/{name}.html").read_text("utf-8")
        latest = (folder / f"data/reports/latest/{name}.html").read_text("utf-8")
        assert "20261121T020000Z" in latest


def test_the_report_says_who_approved_the_registers(folder: Path, nights: list[Ended]) -> None:
    """Who approved the rows of a register stands beside it, and that nobody here approved the tier map that is shipped."""
    assert len(nights) == len(NIGHTS)
    html = (folder / "data/reports/latest/compliance.html").read_text("utf-8")
    table = html.partition('id="t-registers"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>.*?</tr>", table, re.S)
    said = {
        name: row for row in rows for name in ("transfers", "sensitivity") if f">{name}<" in row
    }
    assert "nobody here: as shipped" in said["sensitivity"]
    assert "@" in said["transfers"]


def test_owners_are_called_by_name(
    folder: Path, nights: list[Ended], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """The report shows the name of the busiest owner beside the id, and counts the assets whose owner is there."""
    assert len(nights) == len(NIGHTS)
    (name, owner) = warehouse.execute(
        "select i.display_name, i.id from contact c join identity i on i.id = c.principal_id "
        "where c.role = 'Owner' group by all order by count(*) desc, i.id limit 1"
    ).fetchall()[0]
    report = folder / "data/reports/latest/access-ownership"
    html = report.with_suffix(".html").read_text("utf-8")
    assert f"{name}<" in html
    assert owner in html
    figures = json.loads(report.with_suffix(".json").read_text("utf-8"))["figures"]
    (live,) = [figure for figure in figures if figure["kpi"] == "KC-03"]
    assert 0 < live["num"] < live["den"]


def test_fail_on_sets_the_exit_code(folder: Path, nights: list[Ended]) -> None:
    """A night ends with 1 only when asked to; judging again does so too, and finds the same."""
    assert [night.code for night in nights] == [0, 0, 1]
    assert "at or over --fail-on critical" in nights[-1].err
    before = muster("findings", "list", "--json", folder=folder).rows
    muster(*PACK, "judge", "--fail-on", "new", folder=folder, code=1)
    assert muster("findings", "list", "--json", folder=folder).rows == before
