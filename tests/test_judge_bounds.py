"""The bounds of rules: what one that takes too much, or that somebody else wrote, can do to a judgement."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from judging import CONTACTS, ask, blank, pack, seal, verdicts
from typer.testing import CliRunner

from pipeline.cli import rules as rules_command
from pipeline.errors import RuleError
from pipeline.judge import (
    bench,
    bounds,
    evaluate,
    examples,
    ledger,
    rule,
    schedule,
    untrusted,
    waivers,
)
from pipeline.judge.bounds import Bounds
from pipeline.judge.judgement import judge
from pipeline.judge.outcome import Moment, Outcome
from pipeline.warehouse.home import Home

OWNED = {"asset_guid": "a1", "role": "Owner", "principal_id": "p1"}
TWO = {"asset": [{"guid": "a1"}, {"guid": "a2"}], "contact": [OWNED]}
VERDICT = "'a1' as subject_id, 'pass' as status, 'fine' as reason"
ENDLESS = f"select {VERDICT} from range(10000000000) a, range(1000) b having count(*) > 0"
HUNGRY = f"select {VERDICT}, len(list(hash(i)::varchar)) as n from range(200000000) r(i)"

HOSTILE = {
    "HST-001": ("select content as subject_id, 'pass' as status, 'r' as reason from read_text('/etc/passwd')", "only reads"),
    "HST-002": ("attach '/tmp/other.duckdb' as other", "error"),
    "HST-003": (f"select {VERDICT} from '/etc/passwd'", "exist"),
    "HST-004": (f"select {VERDICT} from read_csv('http://127.0.0.1:1/x.csv')", ""),
    "HST-005": ("load httpfs", "error"),
    "HST-006": (f"with recursive t as (select 1 as n union all select n + 1 from t) select {VERDICT} from t having max(n) > 0", "took more than"),
    "HST-007": (f"select {VERDICT}, length(repeat('0123456789', 400000000)) as n", "of memory"),
    "HST-008": (HUNGRY, "of memory"),
    "HST-009": ("copy (select 1) to '/tmp/muster-stolen.csv'", "error"),
    "HST-010": ("set enable_external_access = true", "error"),
    "HST-011": ("pragma enable_profiling", "error"),
    "HST-012": ("with gone as (delete from history.asset returning guid) select guid as subject_id, 'pass' as status, 'r' as reason from gone", "must be at the top level"),
    "HST-013": ("select * from query('set lock_configuration = false')", ""),
    "HST-014": (f"select {VERDICT}, getenv('HOME') as home", ""),
    "HST-015": ("select 1) ; copy asset to '/tmp/muster-stolen.csv' ; (select 1", "error"),
}  # fmt: skip
"""What a pack may try, and what its error says."""


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Home:
    return blank(tmp_path / "data", template)


@pytest.fixture(scope="module")
def attacked(
    tmp_path_factory: pytest.TempPathFactory, template: Path
) -> tuple[Mapping[str, Outcome], list[tuple[str, str]]]:
    """How hostile rules of a pack went beside an honest one, and all verdicts."""
    folder = tmp_path_factory.mktemp("attacked")
    home = blank(folder / "data", template)
    seal(home, 1, TWO)
    honest = rule.load(pack(folder / "pack", {"TST-001": {}}, "own"))["TST-001"]
    rules = {"TST-001": honest}
    for rule_id, (sql, _) in HOSTILE.items():
        rules[rule_id] = replace(honest, id=rule_id, sql=sql)
    params = {rule_id: dict[str, object]() for rule_id in rules}
    # checked when it is loaded, too: here nothing stands before the process
    with bench.opened(home, 1, Bounds(12, "800MB", 2)) as place:
        ledger.begin(place.con, bench.COLLECTED)
        moment = Moment(1, examples.AS_OF, [])
        outcomes = schedule.at_once(place, rules, params, moment)
        found = place.con.execute("select subject_id, status from judged order by all").fetchall()
    return outcomes, found


@pytest.mark.parametrize("rule_id", HOSTILE)
def test_a_hostile_rule_is_an_error_of_its_own(
    attacked: tuple[Mapping[str, Outcome], list[tuple[str, str]]], rule_id: str
) -> None:
    """Files, other databases, the network, settings, endless work and huge values: each is refused or stopped."""
    outcome = attacked[0][rule_id]
    assert outcome.state == "error"
    assert HOSTILE[rule_id][1].lower() in f"error: {outcome.error}".lower()
    assert outcome.population == 0


def test_everything_else_is_judged(
    attacked: tuple[Mapping[str, Outcome], list[tuple[str, str]]],
) -> None:
    """The honest rule beside them has its verdicts, and nothing was written."""
    assert attacked[0]["TST-001"].error is None
    assert attacked[1] == [("a1", "pass"), ("a2", "fail")]
    assert not Path("/tmp/muster-stolen.csv").exists()


def test_a_pack_is_judged_like_our_own(home: Home, tmp_path: Path) -> None:
    """Parameters, clock, map of classes, severity, name and evidence of a rule do not depend on who wrote it."""
    sql = (
        "select guid as subject_id, if(guid = any($kept), 'pass', 'fail') as status, "
        "concat($word, ' ', $as_of, ' ', json_array_length($crosswalk)) as reason, "
        "if(guid = 'a2', 'critical', null) as severity, concat(guid, '\"é') as subject_name, "
        "{'deep': [1, null]} as nested, 1.5::double as number from asset"
    )
    about: dict[str, Any] = {"sql": sql, "params": {"kept": ["a1"], "word": "wörd", "n": {"a": 1}}}
    about["sql"] += " where $n is not null"
    seal(home, 1, TWO)
    said = []
    for name in ("builtin", "own"):
        found = judge(home, pack(tmp_path / name, {"TST-001": about}, name))
        assert found.errors == {}
        said.append(ask(home, "select * from history.verdict order by all"))
    assert said[0] == said[1]
    assert verdicts(home) == {"a1": "pass", "a2": "fail"}


def test_a_pack_may_judge_waivers(home: Home, tmp_path: Path) -> None:
    """A rule of a pack sees which failures each waiver covers in this very judgement."""
    sql = "select waiver_id as subject_id, 'pass' as status, concat(count(*), ' covered') as reason from waiver_match group by all"
    packs = pack(
        tmp_path / "pack", {"TST-001": {}, "TST-002": {"sql": sql, "subject": "waiver"}}, "own"
    )
    (tmp_path / "pack" / "waivers.yaml").write_text(
        json.dumps(
            [
                {
                    "id": "W-1", "rule": "TST-001", "subject": "a2", "reason": "until the owner is back",
                    "requested_by": "a@example.com", "approved_by": "b@example.com",
                    "created": "2026-11-01", "expires": "2026-12-01", "ticket": "T-1",
                }
            ]
        )
    )  # fmt: skip
    seal(home, 1, TWO)
    assert judge(home, packs).errors == {}
    said = ask(home, "select subject_id, reason from verdict where rule_id = 'TST-002'")
    assert said == [("W-1", "1 covered")]
    assert ask(home, "select failed, waived from rule where id = 'TST-001'") == [(1, 1)]


def test_a_rule_of_ours_that_takes_too_long_fails_alone(home: Home, tmp_path: Path) -> None:
    """It is interrupted and in error, its former verdicts are kept, and the others are judged."""
    rules: dict[str, dict[str, Any]] = {"TST-001": {}, "TST-002": {"sql": CONTACTS}}
    seal(home, 1, TWO)
    judge(home, pack(tmp_path / "pack", rules))
    rules["TST-002"]["sql"] = ENDLESS
    seal(home, 2, TWO)
    found = judge(home, pack(tmp_path / "pack", rules), bounds=Bounds(3))
    assert list(found.errors) == ["TST-002"]
    assert "it took more than 3 s ([judge] rule_timeout_s)" in found.errors["TST-002"]
    assert verdicts(home) == {"a1": "pass", "a2": "fail"}
    assert verdicts(home, "TST-002") == dict.fromkeys(("a1", "a2"), "not_evaluated")


def test_a_rule_of_ours_that_needs_too_much_fails_alone(home: Home, tmp_path: Path) -> None:
    """It has its chance alone, and is in error then; the others are judged."""
    packs = pack(tmp_path / "pack", {"TST-001": {}, "TST-002": HUNGRY, "TST-003": {}})
    seal(home, 1, TWO)
    found = judge(home, packs, bounds=Bounds(60, "300MB"))
    assert list(found.errors) == ["TST-002"]
    assert "more than 300 MB of memory ([judge] memory_limit)" in found.errors["TST-002"]
    assert verdicts(home) == verdicts(home, "TST-003") == {"a1": "pass", "a2": "fail"}


def test_what_did_not_fit_beside_others_may_fit_alone(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lack of memory is no error of a rule as long as it had to share."""
    tried: list[str] = []
    fill = evaluate.fill

    def short_of_memory(con: duckdb.DuckDBPyConnection, stated: rule.Rule, values: object) -> None:
        tried.append(stated.id)
        if tried.count(stated.id) == 1 and stated.id == "TST-001":
            raise duckdb.OutOfMemoryException("no room")
        fill(con, stated, values)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluate, "fill", short_of_memory)
    rules: dict[str, dict[str, Any]] = {
        "TST-001": {},
        "TST-002": {"sql": CONTACTS, "blocked_by": ["TST-001"]},
    }
    seal(home, 1, TWO)
    assert judge(home, pack(tmp_path / "pack", rules)).errors == {}
    assert tried == ["TST-001", "TST-001", "TST-002"]
    assert verdicts(home, "TST-002") == {"a1": "pass"}


def test_a_timer_strikes_between_statements_too() -> None:
    """A statement that begins after the time is over does not go on for ever."""

    def late(con: duckdb.DuckDBPyConnection) -> None:
        with Bounds(rule_timeout_s=0.05).within_time(con):
            time.sleep(0.2)  # the clock strikes while nothing runs
            con.execute("select count(*) from range(100000000000)").fetchall()

    with duckdb.connect() as con, pytest.raises(RuleError, match="took more"):
        late(con)


@pytest.mark.parametrize(
    ("text", "bytes_"), [("4GB", 4 * 10**9), ("1.5 mb", 1_500_000), (" 512KB", 512_000)]
)
def test_sizes_are_read(text: str, bytes_: int) -> None:
    """A memory limit is a size, or a share of this machine's memory."""
    assert Bounds(memory_limit=text).memory_bytes == bytes_
    share = Bounds(memory_limit="50%").memory_bytes
    assert abs(2 * share - Bounds(memory_limit="99.9%").memory_bytes) < share / 100


def test_only_our_own_rules_are_trusted(tmp_path: Path) -> None:
    """A rule that replaces one of ours is somebody else's."""
    loaded = [rule.load(pack(tmp_path, {"TST-001": {}}, name)) for name in ("builtin", "own")]
    assert [untrusted.is_untrusted(rules["TST-001"]) for rules in loaded] == [False, True]


def test_the_verdicts_of_a_rule_add_up(home: Home, tmp_path: Path) -> None:
    """Population is pass, fail, waived and not evaluated, in what is stored too."""
    assets: list[dict[str, Any]] = [
        {"guid": "a1"},
        {"guid": "a2"},
        {"guid": "a3", "detail_read": False},
    ]
    seal(home, 1, {**TWO, "asset": assets})
    judge(home, pack(tmp_path / "pack", {"TST-001": {}}))
    counts = "select population, passed, failed, waived, not_evaluated from rule"
    assert ask(home, counts) == [(3, 1, 1, 0, 1)]


def test_verdicts_that_do_not_add_up_are_an_error(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A waived pass, or a verdict that got lost, puts that rule in error, and leaves the others."""

    def apply(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("update judged set waived = true where rule_id = 'TST-002' and status = 'pass'")
        con.execute("delete from judged where rule_id = 'TST-003' and status = 'fail'")

    packs = pack(tmp_path / "pack", {f"TST-00{n}": {} for n in (1, 2, 3)})
    seal(home, 1, TWO)
    judge(home, packs)
    seal(home, 2, TWO)
    monkeypatch.setattr(waivers, "apply", apply)
    found = judge(home, packs)
    assert sorted(found.errors) == ["TST-002", "TST-003"]
    assert "do not add up: a population of 2, but 0 pass, 1 fail" in found.errors["TST-002"]
    assert (found.population, found.not_evaluated) == (6, 4)
    assert verdicts(home, "TST-001") == {"a1": "pass", "a2": "fail"}
    for rule_id in ("TST-002", "TST-003"):
        assert verdicts(home, rule_id) == dict.fromkeys(("a1", "a2"), "not_evaluated")
    counts = (
        "select population, passed, failed, waived, not_evaluated from rule where id > 'TST-001'"
    )
    assert ask(home, counts) == [(2, 0, 0, 0, 2)] * 2


def test_rules_that_tell_nothing_are_listed(home: Home, tmp_path: Path) -> None:
    """`muster rules firing` says which judge nobody, evaluate nobody, never fail, always fail, or err."""
    one = "select guid as subject_id, '{}' as status, 'r' as reason from asset"
    rules: dict[str, str | dict[str, Any]] = {
        "TST-001": {},
        "TST-002": one.format("pass"),
        "TST-003": one.format("fail"),
        "TST-004": one.format("not_evaluated"),
        "TST-005": one.format("pass") + " where guid = 'nobody'",
        "TST-006": "select boom from asset",
    }
    seal(home, 1, TWO)
    judge(home, pack(tmp_path / "pack", rules))
    state = SimpleNamespace(home=home)
    result = CliRunner().invoke(rules_command.app, ["firing", "--json"], obj=state)
    assert result.exit_code == 0, result.exception
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["id"], row["says"]) for row in rows] == [
        ("TST-006", "is in error"),
        ("TST-005", "judges nobody"),
        ("TST-004", "could evaluate nobody"),
        ("TST-002", "never fails"),
        ("TST-003", "always fails"),
    ]
    assert "boom" in rows[0]["detail"]


def test_a_container_has_less_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share is one of what this process may have at all."""
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(bounds, "CONTAINER", limit)
    whole = Bounds(memory_limit="50%").memory_bytes
    limit.write_text("max\n")
    assert Bounds(memory_limit="50%").memory_bytes == whole
    limit.write_text("1000000\n")
    assert Bounds(memory_limit="50%").memory_bytes == 500_000


def test_what_a_killed_judge_left_is_cleared(home: Home, tmp_path: Path) -> None:
    """Verdicts half collected, and what DuckDB had put on disk, are gone after the next judgement."""
    seal(home, 1, TWO)
    for folder in (home.root / f"{bench.PREFIX}dead", home.warehouses / "w.building.tmp"):
        folder.mkdir()
        (folder / "part").write_text("half")
    judge(home, pack(tmp_path / "pack", {"TST-001": {}}))
    assert not list(home.root.glob(f"{bench.PREFIX}*"))
    assert not list(home.warehouses.glob("*.building*"))
