"""The engine: what a rule may do, what happens when it errs, and what missing data does to verdicts."""

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest
from judging import ask, blank, pack, seal, verdicts

from pipeline.errors import ConfigError, UsageError
from pipeline.judge import judgement, query
from pipeline.judge.bench import read_only
from pipeline.judge.judgement import judge
from pipeline.packs import Packs
from pipeline.warehouse.home import Home, revise

OWNED = {"asset_guid": "a1", "role": "Owner", "principal_id": "p1"}
TWO = {"asset": [{"guid": "a1"}, {"guid": "a2"}], "contact": [OWNED]}


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Home:
    return blank(tmp_path / "data", template)


@pytest.fixture
def owners(tmp_path: Path) -> Packs:
    """One rule: an asset has a contact."""
    return pack(tmp_path / "pack", {"TST-001": {}})


def test_verdicts_are_counted_and_stored(home: Home, owners: Packs) -> None:
    """A judgement says how many members, passes and failures there are, and the warehouse has them."""
    seal(home, 1, TWO)
    found = judge(home, owners)
    assert (found.rules, found.errors) == (1, {})
    assert (found.population, found.passed, found.failed, found.not_evaluated) == (2, 1, 1, 0)
    assert found.failed_by_severity == {"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0}
    assert (found.new, found.resolved) == (1, 0)
    assert verdicts(home) == {"a1": "pass", "a2": "fail"}
    counts = ask(home, "select state, population, passed, failed, not_evaluated from rule")
    assert counts == [("evaluated", 2, 1, 1, 0)]


def test_the_id_of_a_finding_is_made_of_rule_and_subject_alone(home: Home, owners: Packs) -> None:
    """Anybody can compute a finding's id again: sha256 of rule and canonical key, 16 characters."""
    seal(home, 1, TWO)
    judge(home, owners)
    expected = "select sha256('TST-001|purview:a2|')[:16]"
    assert ask(home, "select id from finding") == ask(home, expected)


def test_further_columns_are_evidence(home: Home, owners: Packs) -> None:
    """What a rule selects beyond the fixed columns is kept as JSON beside the verdict."""
    seal(home, 1, {"asset": [{"guid": "a1", "platform": "snowflake", "qualified_name": "q"}]})
    judge(home, owners)
    found = ask(home, "select subject_name, evidence, severity, waived from verdict")
    assert found == [("q", '{"platform":"snowflake"}', "high", False)]


def test_the_next_snapshot_tells_new_from_resolved(home: Home, owners: Packs) -> None:
    """Over two snapshots, one finding ends, one begins, and nothing that is the same is stored again."""
    seal(home, 1, {"asset": [{"guid": "a1"}, {"guid": "a2"}, {"guid": "a3"}]})
    judge(home, owners)
    seal(home, 2, {"asset": [{"guid": g} for g in ("a1", "a2", "a3", "a4")], "contact": [OWNED]})
    found = judge(home, owners)
    assert (found.new, found.resolved, found.failed) == (1, 1, 3)
    states = dict(ask(home, "select subject_id, status from finding"))
    assert states == {"a1": "resolved", "a2": "open", "a3": "open", "a4": "new"}
    stored = ask(home, "select count(*) from history.verdict where valid_from = 2")
    assert stored == [(2,)]


def test_judging_again_replaces_the_first_judgement(home: Home, owners: Packs) -> None:
    """A snapshot judged twice has the verdicts of the second time, and the same findings."""
    seal(home, 1, TWO)
    first = judge(home, owners)
    before = ask(home, "select * from history.verdict order by all")
    assert judge(home, owners) == first
    assert ask(home, "select * from history.verdict order by all") == before


def test_a_judgement_that_breaks_off_leaves_none_behind(
    home: Home, owners: Packs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged again and killed, a snapshot counts as not judged: its verdicts rested on what was replaced by then."""
    seal(home, 1, TWO)
    judge(home, owners)

    def killed(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(judgement, "evaluated", killed)
        with pytest.raises(KeyboardInterrupt):
            judge(home, owners)
    assert ask(home, "select judged_at from snapshot") == [(None,)]
    assert ask(home, "select * from finding") == []
    judge(home, owners)
    assert verdicts(home) == {"a1": "pass", "a2": "fail"}


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select guid as subject_id, 'pass' as status from asset", "has no column reason"),
        ("select guid as subject_id, 'ok' as status, 'r' as reason from asset", "a status is not"),
        ("select guid as subject_id, null as status, 'r' as reason from asset", "a status is not"),
        ("select null as subject_id, 'pass' as status, 'r' as reason from asset", "no subject_id"),
        ("select guid as subject_id, 'pass' as status, '' as reason from asset", "no reason"),
        ("select 'a1' as subject_id, 'pass' as status, 'r' as reason from asset", "a1 has 2"),
        (
            "select guid as subject_id, 'fail' as status, 'r' as reason, 'bad' as severity from asset",
            "a severity is not one of critical, high",
        ),
        ("select guid as subject_id, 'pass' as status, 'r' as reason, 1 as reason from asset", "one name"),
        ("select no_such_column from asset", "no_such_column"),
        ("select content as subject_id, 'pass' as status, 'r' as reason from read_text('/etc/hosts')", "disabled"),
        (f"select {'lower(' * 450}guid{')' * 450} as subject_id, 'pass' as status, 'r' as reason from asset", "nested too deeply"),
        ("with gone as (delete from history.asset returning guid) select guid as subject_id, 'pass' as status, 'r' as reason from gone", ""),
    ],
)  # fmt: skip
def test_a_rule_fails_alone(home: Home, tmp_path: Path, sql: str, problem: str) -> None:
    """A wrong, writing or prying rule has the state error; the other rules and the data are untouched."""
    seal(home, 1, TWO)
    found = judge(home, pack(tmp_path / "pack", {"TST-001": {}, "TST-002": sql}))
    assert list(found.errors) == ["TST-002"]
    assert problem in found.errors["TST-002"]
    assert verdicts(home) == {"a1": "pass", "a2": "fail"}
    assert ask(home, "select id, state from rule order by id") == [
        ("TST-001", "evaluated"),
        ("TST-002", "error"),
    ]
    assert ask(home, "select count(*) from asset") == [(2,)]


def test_whatever_a_rule_brings_about_is_its_own_error(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody thought of puts that rule in error, by name, and the others are judged."""
    taken_apart = query.taken_apart

    def failing(con: duckdb.DuckDBPyConnection, sql: str) -> query.Query:
        if "odd" in sql:
            raise ZeroDivisionError("an odd thing")
        return taken_apart(con, sql)

    monkeypatch.setattr(query, "taken_apart", failing)
    seal(home, 1, TWO)
    odd = "select guid as subject_id, 'pass' as status, 'odd' as reason from asset"
    found = judge(home, pack(tmp_path / "pack", {"TST-001": {}, "TST-002": odd}))
    assert found.errors == {"TST-002": "ZeroDivisionError: an odd thing"}
    assert verdicts(home) == {"a1": "pass", "a2": "fail"}


def test_a_rule_error_ends_no_finding(home: Home, tmp_path: Path) -> None:
    """Verdicts of a rule that errs later are carried as not evaluated, passes included."""
    seal(home, 1, TWO)
    judge(home, pack(tmp_path / "pack", {"TST-001": {}}))
    seal(home, 2, {})
    found = judge(home, pack(tmp_path / "pack", {"TST-001": "select boom from asset"}))
    assert (found.population, found.not_evaluated, found.resolved) == (2, 2, 0)
    assert verdicts(home) == {"a1": "not_evaluated", "a2": "not_evaluated"}
    reasons = ask(home, "select distinct starts_with(reason, 'rule error: ') from verdict")
    assert reasons == [(True,)]
    assert ask(home, "select status, hidden from finding") == [("open", True)]


@pytest.mark.parametrize(
    "statement",
    [
        "create table t (i integer)",
        "insert into history.contact by name select * from contact",
        "set enable_external_access = true",
        "reset memory_limit",
        "copy asset to 'out.csv'",
        "attach 'other.duckdb'",
        "select * from glob('/*')",
        "install httpfs",
    ],
)
def test_the_connection_of_rules_is_locked(home: Home, statement: str) -> None:
    """What rules run on cannot write, read files, attach, or change its own settings."""
    seal(home, 1, TWO)
    with closing(read_only(home, 1)) as con, pytest.raises(duckdb.Error):
        con.execute(statement)


def test_a_subject_behind_a_gap_is_carried(home: Home, owners: Packs) -> None:
    """A failing subject that vanishes while answers are missing stays as not evaluated; without the gap it ends."""
    seal(home, 1, TWO)
    judge(home, owners)
    gap = {"endpoint": "purview.entity", "key": "a2", "tables": ["asset", "contact"]}
    seal(home, 2, {"asset": [{"guid": "a1"}], "contact": [OWNED], "gap": [gap]})
    found = judge(home, owners)
    assert found.resolved == 0
    assert verdicts(home) == {"a1": "pass", "a2": "not_evaluated"}
    assert ask(home, "select reason from verdict where subject_id = 'a2'") == [
        ("not found while answers are missing from purview.entity",)
    ]
    seal(home, 3, {"asset": [{"guid": "a1"}], "contact": [OWNED], "gap": [gap]})
    judge(home, owners)
    assert verdicts(home)["a2"] == "not_evaluated"
    seal(home, 4, {"asset": [{"guid": "a1"}], "contact": [OWNED]})
    assert judge(home, owners).resolved == 1
    assert verdicts(home) == {"a1": "pass"}


def test_a_gap_in_tables_the_rule_does_not_read_hides_nothing(home: Home, owners: Packs) -> None:
    """A subject that is gone while only unrelated data is missing is gone."""
    seal(home, 1, TWO)
    judge(home, owners)
    gap = {"endpoint": "purview.process", "key": "a2", "tables": ["process"]}
    seal(home, 2, {"asset": [{"guid": "a1"}], "contact": [OWNED], "gap": [gap]})
    assert judge(home, owners).resolved == 1


@pytest.mark.parametrize("key", ["a1", "a column of it"])
def test_a_population_never_shrinks_because_of_a_hole(home: Home, owners: Packs, key: str) -> None:
    """Members that passed and are absent while any answer is missing are kept, whatever its key."""
    guids = ("a1", "a2", "a3", "a4")
    contacts = [OWNED | {"asset_guid": guid} for guid in guids]
    seal(home, 1, {"asset": [{"guid": guid} for guid in guids], "contact": contacts})
    judge(home, owners)
    gap = {"endpoint": "purview.entity", "key": key, "tables": ["asset"]}
    seal(home, 2, {"asset": [{"guid": "a4"}], "contact": contacts[3:], "gap": [gap]})
    found = judge(home, owners)
    assert (found.population, found.passed, found.not_evaluated) == (4, 1, 3)
    seal(home, 3, {"asset": [{"guid": "a4"}], "contact": contacts[3:]})
    assert judge(home, owners).population == 1


@pytest.mark.parametrize(("distinct_keys", "expected"), [(9, "not_evaluated"), (10, None)])
def test_a_list_that_may_be_short_ends_no_finding(
    home: Home, owners: Packs, distinct_keys: int, expected: str | None
) -> None:
    """With fewer items than an approximate total, an absent member may be among those not read."""
    seal(home, 1, TWO)
    judge(home, owners)
    short = _reconciliation(verdict="weak", distinct_keys=distinct_keys)
    seal(home, 2, {"asset": [{"guid": "a1"}], "contact": [OWNED], "reconciliation": [short]})
    judge(home, owners)
    assert verdicts(home).get("a2") == expected


def _reconciliation(**changes: Any) -> dict[str, Any]:
    return {
        "endpoint": "purview.search",
        "tables": ["asset"],
        "verdict": "incomplete",
        "server_total_before": 10,
        "server_total": 10,
        "distinct_keys": 9,
    } | changes


def _whole_gap(given: dict[str, Any]) -> None:
    given["gap"] = [{"endpoint": "purview.search", "key": "*", "tables": ["asset"]}]


def _incomplete(given: dict[str, Any]) -> None:
    given["reconciliation"] = [_reconciliation()]


def _skipped(given: dict[str, Any]) -> None:
    given["reconciliation"] = [_reconciliation(verdict="skipped")]


def _more_than_the_gaps(given: dict[str, Any]) -> None:
    given["reconciliation"] = [_reconciliation(distinct_keys=8)]
    given["gap"] = [{"endpoint": "purview.search", "key": "a9", "tables": ["asset"]}]


@pytest.mark.parametrize(
    ("hole", "said"),
    [
        (_whole_gap, "purview.search was not read completely"),
        (_incomplete, "purview.search was not read completely"),
        (_skipped, "purview.search was skipped by configuration"),
        (_more_than_the_gaps, "purview.search was not read completely"),
    ],
)
def test_an_incomplete_table_leaves_no_verdict(
    home: Home, owners: Packs, hole: Callable[[dict[str, Any]], None], said: str
) -> None:
    """With a table cut short every verdict is unknown, and members that are absent now are kept."""
    seal(home, 1, TWO)
    judge(home, owners)
    given: dict[str, Any] = {"asset": [{"guid": "a2"}, {"guid": "a3"}]}
    hole(given)
    seal(home, 2, given)
    found = judge(home, owners)
    assert (found.errors, found.resolved, found.passed, found.failed) == ({}, 0, 0, 0)
    assert verdicts(home) == dict.fromkeys(("a1", "a2", "a3"), "not_evaluated")
    assert ask(home, "select distinct reason from verdict") == [(said,)]
    assert ask(home, "select state, error from rule") == [("not_evaluated", said)]


@pytest.mark.parametrize("changes", [{}, {"tables": ["scan"]}, {"verdict": "reconciled"}])
def test_missing_answers_known_by_key_leave_the_rest_reliable(
    home: Home, owners: Packs, changes: dict[str, Any]
) -> None:
    """An endpoint that is incomplete only by what `gap` names, or feeds other tables, spoils nothing."""
    given: dict[str, Any] = dict(TWO)
    given["reconciliation"] = [_reconciliation(**changes)]
    if not changes:
        given["gap"] = [{"endpoint": "purview.search", "key": "a9", "tables": ["asset"]}]
    seal(home, 1, given)
    judge(home, owners)
    assert verdicts(home) == {"a1": "pass", "a2": "fail"}


def test_tables_behind_views_and_links_count_as_read(home: Home, tmp_path: Path) -> None:
    """A rule that reads a derived view, or the links, depends on the tables these are made of."""
    ok = "select guid as subject_id, 'pass' as status, 'fine' as reason from asset_column"
    rules = {
        "TST-001": {"sql": f"{ok} where guid in (select column_guid from sensitive_column)"},
        "TST-002": {"sql": f"{ok} where guid not in (select asset_guid from link)"},
        "TST-003": {"sql": ok},
    }
    given = {
        "asset": [{"guid": "a1"}],
        "asset_column": [{"guid": "c1", "asset_guid": "a1"}],
        "classification": [{"asset_guid": "a1", "column_guid": "c1", "type_name": "example.mail"}],
        "reconciliation": [
            _reconciliation(endpoint="x", tables=["classification"]),
            _reconciliation(endpoint="y", tables=["immuta_source"]),
        ],
    }
    seal(home, 1, given)
    judge(
        home,
        pack(tmp_path / "pack", {k: v | {"subject": "asset_column"} for k, v in rules.items()}),
    )
    found = dict(ask(home, "select rule_id, reason from verdict"))
    assert found == {
        "TST-001": "x was not read completely",
        "TST-002": "y was not read completely",
        "TST-003": "fine",
    }


def test_rules_about_the_run_judge_holes_themselves(home: Home, tmp_path: Path) -> None:
    """A rule with endpoints as subjects is evaluated whatever is missing."""
    sql = (
        "select r.endpoint as subject_id, 'fail' as status, 'is incomplete' as reason "
        "from reconciliation r where exists (select 1 from asset)"
    )
    seal(home, 1, {"asset": [{"guid": "a1"}], "reconciliation": [_reconciliation()]})
    judge(home, pack(tmp_path / "pack", {"TST-001": {"sql": sql, "subject": "endpoint"}}))
    assert verdicts(home) == {"purview.search": "fail"}


BLOCKED = {"blocked_by": ["TST-001"]}
ALWAYS_FAIL = "select guid as subject_id, 'fail' as status, 'as ever' as reason from asset"


def test_a_failed_prerequisite_takes_the_subject_out(home: Home, tmp_path: Path) -> None:
    """One cause is one finding: what fails the first rule is no member of the second."""
    packs = pack(tmp_path / "pack", {"TST-001": {}, "TST-002": {"sql": ALWAYS_FAIL, **BLOCKED}})
    seal(home, 1, TWO)
    judge(home, packs)
    assert verdicts(home, "TST-002") == {"a1": "fail"}


def test_an_unknown_prerequisite_ends_no_finding(home: Home, tmp_path: Path) -> None:
    """While a prerequisite is not evaluated, a finding that depends on it stays, hidden."""
    packs = pack(tmp_path / "pack", {"TST-001": {}, "TST-002": {"sql": ALWAYS_FAIL, **BLOCKED}})
    seal(home, 1, TWO)
    judge(home, packs)
    seal(
        home,
        2,
        {"asset": [{"guid": "a1", "detail_read": False}, {"guid": "a2"}], "contact": [OWNED]},
    )
    judge(home, packs)
    assert verdicts(home, "TST-002") == {"a1": "not_evaluated"}
    seal(home, 3, {"asset": [{"guid": "a1"}, {"guid": "a2"}]})
    judge(home, packs)
    assert verdicts(home, "TST-002") == {}


def test_an_unknown_prerequisite_leaves_the_subject_unknown(home: Home, tmp_path: Path) -> None:
    """Who may or may not be a member is counted as not evaluated from the first snapshot on, with the rule it depends on."""
    packs = pack(tmp_path / "pack", {"TST-001": {}, "TST-002": {"sql": ALWAYS_FAIL, **BLOCKED}})
    seal(home, 1, {"asset": [{"guid": "a1", "detail_read": False}, {"guid": "a2"}]})
    judge(home, packs)
    assert ask(
        home, "select subject_id, status, reason from verdict where rule_id = 'TST-002'"
    ) == [("a1", "not_evaluated", "depends on TST-001, which could not be evaluated for it")]


def test_a_gap_behind_a_prerequisite_keeps_the_population(home: Home, tmp_path: Path) -> None:
    """A pass stays a member, unknown, when answers are missing that only its prerequisite reads; a failed one ends it."""
    passing = {"sql": ALWAYS_FAIL.replace("'fail'", "'pass'"), **BLOCKED}
    packs = pack(tmp_path / "pack", {"TST-001": {}, "TST-002": passing})
    both = [OWNED, OWNED | {"asset_guid": "a2"}]
    seal(home, 1, TWO | {"contact": both})
    judge(home, packs)
    gap = {"endpoint": "purview.entity", "key": "a1", "tables": ["contact"]}
    assets: list[dict[str, Any]] = [{"guid": "a1", "detail_read": False}, {"guid": "a2"}]
    seal(home, 2, {"asset": assets, "gap": [gap]})
    judge(home, packs)
    assert verdicts(home) == {"a1": "not_evaluated", "a2": "fail"}
    assert verdicts(home, "TST-002") == {"a1": "not_evaluated"}


def test_a_rule_that_is_not_loaded_ends_no_finding(home: Home, tmp_path: Path) -> None:
    """Verdicts of a forgotten pack are kept as not evaluated, night after night, until the rule's id is removed."""
    judge_pack = pack(tmp_path / "both", {"TST-001": {}, "TST-002": ALWAYS_FAIL})
    one = pack(tmp_path / "one", {"TST-001": {}})
    seal(home, 1, TWO)
    judge(home, judge_pack)
    for number in (2, 3):
        seal(home, number, TWO)
        found = judge(home, one)
        assert (found.rules, found.resolved, found.population, found.not_evaluated) == (1, 0, 4, 2)
        assert verdicts(home, "TST-002") == {"a1": "not_evaluated", "a2": "not_evaluated"}
    said = ask(home, "select distinct reason from verdict where rule_id = 'TST-002'")
    assert said == [("rule not in force in this judgement",)]
    row = "select state, error, population, failed, not_evaluated from rule where id = 'TST-002'"
    assert ask(home, row) == [("not_evaluated", said[0][0], 2, 0, 2)]
    (tmp_path / "one" / "rules" / "removed.yaml").write_text("[TST-002]")
    seal(home, 4, TWO)
    assert judge(home, one).resolved == 2
    assert verdicts(home, "TST-002") == {}
    assert ask(home, "select id from rule") == [("TST-001",)]


def test_what_ended_is_counted_by_snapshot_not_by_time(home: Home, owners: Packs) -> None:
    """Two snapshots of one moment: what ended in the first has not ended in the second again."""
    seal(home, 1, TWO)
    judge(home, owners)
    seal(home, 2, {"asset": [{"guid": "a1"}], "contact": [OWNED]})
    assert judge(home, owners).resolved == 1
    seal(home, 3, {"asset": [{"guid": "a1"}], "contact": [OWNED]})
    with revise(home) as con:
        con.execute(
            "update snapshot set as_of = (select as_of from snapshot where number = 2) where number = 3"
        )
    assert judge(home, owners).resolved == 0


def test_a_judged_snapshot_says_when(home: Home, owners: Packs) -> None:
    """A snapshot has no moment of judgement until it is judged."""
    seal(home, 1, TWO)
    judge(home, owners)
    seal(home, 2, TWO)
    assert ask(home, "select judged_at is null from snapshot order by number") == [
        (False,),
        (True,),
    ]
    judge(home, owners)
    assert ask(home, "select judged_at is null from snapshot order by number") == [
        (False,),
        (False,),
    ]


def test_a_broken_prerequisite_leaves_dependents_unknown(home: Home, tmp_path: Path) -> None:
    """When the first rule errs, the second cannot be relied on either."""
    packs = pack(
        tmp_path / "pack",
        {"TST-001": "select boom from asset", "TST-002": {"sql": ALWAYS_FAIL, **BLOCKED}},
    )
    seal(home, 1, TWO)
    judge(home, packs)
    assert verdicts(home, "TST-002") == {"a1": "not_evaluated", "a2": "not_evaluated"}


def test_a_column_is_blocked_by_its_asset(home: Home, tmp_path: Path) -> None:
    """A rule about columns can depend on a rule about their asset."""
    sql = "select guid as subject_id, 'fail' as status, 'as ever' as reason from asset_column"
    rules = {"TST-001": {}, "TST-002": {"sql": sql, "subject": "asset_column", **BLOCKED}}
    columns = [{"guid": "c1", "asset_guid": "a1"}, {"guid": "c2", "asset_guid": "a2"}]
    seal(home, 1, TWO | {"asset_column": columns})
    judge(home, pack(tmp_path / "pack", rules))
    assert verdicts(home, "TST-002") == {"c1": "fail"}


def test_overrides_are_bound_and_recorded(home: Home, tmp_path: Path) -> None:
    """A parameter set in the configuration reaches the SQL and the rule's row."""
    sql = (
        "select guid as subject_id, if(list_contains($kept, guid), 'pass', 'fail') as status, "
        "$word as reason from asset"
    )
    packs = pack(
        tmp_path / "pack", {"TST-001": {"sql": sql, "params": {"kept": ["a1"], "word": "w"}}}
    )
    seal(home, 1, TWO)
    judge(home, packs, overrides={"TST-001": {"kept": ["a2"]}})
    assert verdicts(home) == {"a1": "fail", "a2": "pass"}
    assert ask(home, "select params from rule") == [('{"kept": ["a2"], "word": "w"}',)]


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"TST-009": {}}, "params.TST-009: no such rule; rules: TST-001"),
        (
            {"TST-001": {"wrd": "x"}},
            "params.TST-001.wrd: no parameter of TST-001; its parameters: word",
        ),
        ({"TST-001": {"word": 3}}, "params.TST-001.word: 3 is not text, as the default 'w' is"),
        (
            {"TST-001": {"word": date(2026, 1, 1)}},
            "params.TST-001.word: no text, number, list or mapping of those (a day is text: put it in quotes): "
            "Object of type date is not JSON serializable",
        ),
    ],
)
def test_a_wrong_override_stops_before_anything(
    home: Home, tmp_path: Path, overrides: dict[str, dict[str, Any]], problem: str
) -> None:
    """An override of something that is not there is told with what is."""
    sql = "select guid as subject_id, 'pass' as status, $word as reason from asset"
    packs = pack(tmp_path / "pack", {"TST-001": {"sql": sql, "params": {"word": "w"}}})
    seal(home, 1, TWO)
    with pytest.raises(ConfigError) as caught:
        judge(home, packs, overrides=overrides)
    assert str(caught.value) == problem
    assert ask(home, "select count(*) from verdict") == [(0,)]


def test_nothing_sealed_is_said(tmp_path: Path, owners: Packs) -> None:
    """Judging an empty folder says how to fill it."""
    with pytest.raises(UsageError, match="muster run --sandbox"):
        judge(Home(tmp_path / "data"), owners)
