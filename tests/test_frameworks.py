"""Frameworks: what a file may say, what its rules come to, and what nobody may conclude from it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import report_fixture
import yaml
from command import muster
from judging import Given, ask, blank, pack, seal

from pipeline import packs as packs_
from pipeline.errors import ConfigError
from pipeline.judge import framework, holes, rule
from pipeline.judge.judgement import judge
from pipeline.packs import Pack, Packs
from pipeline.report import page
from pipeline.report.sections import frameworks as section
from pipeline.report.sections import rule_cards
from pipeline.report.view import looking
from pipeline.warehouse import history
from pipeline.warehouse.home import Home, revise

SHIPPED = framework.load(packs_.load())
CLAIMS = re.compile(r"\bcomplian|\bconform|\bcertif|\bscore\b|\bis met\b|\bsatisfie", re.I)
STATED: dict[str, Any] = {
    "name": "House rules",
    "version": "1",
    "note": "evidence, no more",
    "controls": [
        {"id": "H 1", "title": "Assets have owners", "rules": ["TST-001", "TST-002"]},
        {"id": "H 2", "title": "Nothing is there to look at", "rules": ["TST-003"]},
        {"id": "H 3", "title": "Nobody can tell", "rules": ["TST-004"]},
        {"id": "H 4", "title": "Planned", "rules": ["TST-090", "TST-091"]},
        {"id": "H 5", "title": "Out of reach", "rules": []},
        {"id": "H 6", "title": "Some of each", "rules": ["TST-001", "TST-003", "TST-004", "TST-090"]},
        {"id": "H 7", "title": "In error", "rules": ["TST-005"]},
    ],
}  # fmt: skip
ESTATE: Given = {
    "asset": [{"guid": "a1"}, {"guid": "a2"}, {"guid": "a3"}, {"guid": "a4", "detail_read": False}],
    "contact": [{"asset_guid": "a1", "role": "Owner", "principal_id": "p1"}],
}
BLIND = "select guid as subject_id, 'not_evaluated' as status, 'unknown' as reason from asset"
NOBODY = f"{BLIND} where guid = 'none'"
BROKEN = "select guid as subject_id, 'pass' as status, error('no') as reason from asset"
RULES: dict[str, str | Mapping[str, Any]] = {
    "TST-001": {},
    "TST-002": "select guid as subject_id, 'pass' as status, 'x' as reason from asset",
    "TST-003": NOBODY,
    "TST-004": BLIND,
    "TST-005": BROKEN,
}


def _write(folder: Path, stated: Mapping[str, Any] | str, name: str = "house") -> Packs:
    path = folder / "rules" / "frameworks" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = stated if isinstance(stated, str) else yaml.safe_dump(dict(stated), sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return Packs((Pack("test", folder),))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, template: Path) -> tuple[Home, Path]:
    """A home judged with the rules and the framework above, and the folder of its pack."""
    folder = tmp_path_factory.mktemp("frameworks")
    home = blank(folder / "data", template)
    seal(home, 1, ESTATE)
    loaded = pack(folder / "pack", RULES)
    _write(folder / "pack", STATED)
    judge(home, loaded)
    return home, folder


def _statements(home: Home, at: int | None = None) -> dict[str, str]:
    return dict(ask(home, "select control_id, statement from framework_coverage", at))


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_framework_says_what_it_maps(name: str) -> None:
    """Each has controls in the framework's own numbers, a title for each, and the note that limits the claim."""
    found = SHIPPED[name]
    assert found.note == "rules give evidence relevant to a control; they never show that it is met"
    assert len(found.controls) > 10
    for control in found.controls:
        assert 10 < len(control.title) < 90, control
        assert not CLAIMS.search(control.title), control
        assert list(control.rules) == sorted(control.rules)


def test_the_seven_frameworks_are_there() -> None:
    """A reader finds the frameworks that auditors ask for first."""
    assert set(SHIPPED) == {
        "nist-800-53", "iso-27001", "soc-2", "gdpr", "pci-dss", "hipaa", "cdmc",
    }  # fmt: skip


def test_every_shipped_rule_is_relevant_to_something() -> None:
    """No rule that we ship is unknown to all frameworks, and none of ours that was taken out is named."""
    named = frozenset().union(*(found.rules for found in SHIPPED.values()))
    loaded = packs_.load()
    assert set(rule.load(loaded)) <= named
    assert named.isdisjoint(rule.removed(loaded))


def test_a_file_of_another_pack_replaces_ours(tmp_path: Path) -> None:
    """Frameworks are content of packs: same path, other mapping; both digests are kept."""
    (tmp_path / "mine").mkdir()
    _write(tmp_path / "mine", STATED, "soc-2")
    found = framework.load(packs_.load([tmp_path / "mine"]))
    assert set(found) == set(SHIPPED)
    assert found["soc-2"].name == "House rules"
    assert found["soc-2"].file.overridden[0].sha256 == SHIPPED["soc-2"].file.sha256


def _changed(number: int, **values: Any) -> dict[str, Any]:
    controls = [dict(control) for control in STATED["controls"]]
    controls[number].update(values)
    return {**STATED, "controls": controls}


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ({**STATED, "score": 1}, r"house\.yaml:\d+: score: unknown key; valid: name, version, note, controls"),
        ({k: v for k, v in STATED.items() if k != "note"}, "note is missing"),
        ({**STATED, "controls": []}, "controls is missing"),
        ({**STATED, "controls": "all"}, r"house\.yaml:4: controls: not a list"),
        ({**STATED, "version": 4.0}, r"house\.yaml:2: version: 4\.0 is not text; write it in quotes"),
        (_changed(0, met=True), r"house\.yaml:5: controls: met: unknown key; valid: id, title, rules"),
        (_changed(1, id="H 1"), r"house\.yaml:10: controls: id: H 1 is given twice, first in line 5"),
        (_changed(1, id=7.1), r"house\.yaml:10: controls: id: 7\.1 is not text; write it in quotes"),
        (_changed(0, title=" "), r"house\.yaml:5: controls: title: ' ' is not text"),
        (_changed(0, rules=["OWN-1"]), r"house\.yaml:5: controls: rules: 'OWN-1' is not like OWN-001"),
        (_changed(0, rules=["OWN-001", "OWN-001"]), r"house\.yaml:5: controls: rules: OWN-001 is given twice"),
        (_changed(0, rules=None), r"house\.yaml:5: controls: rules: not a list of rule ids"),
        ({**STATED, "controls": ["H 1"]}, r"house\.yaml:5: controls: 'H 1' is not a mapping with id, title, rules"),
        ("", "not a mapping of keys to values"),
        ("name: x\nname: y\n", r"house\.yaml:2: name: given twice, first in line 1"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, stated: Any, problem: str) -> None:
    """What cannot be meant is refused, with file, line and what is valid."""
    with pytest.raises(ConfigError, match=problem):
        framework.load(_write(tmp_path, stated))


def test_a_wrong_framework_stores_nothing(tmp_path: Path, template: Path) -> None:
    """A judgement is refused before anything is written."""
    home = blank(tmp_path / "data", template)
    seal(home, 1, ESTATE)
    loaded = pack(tmp_path / "pack", {"TST-001": {}})
    _write(tmp_path / "pack", {**STATED, "score": 1})
    with pytest.raises(ConfigError, match="score"):
        judge(home, loaded)
    assert ask(home, "select count(*) from rule") == [(0,)]


def test_what_the_rules_came_to_is_said_in_words(judged: tuple[Home, Path]) -> None:
    """Counts where something was judged; otherwise that the control is not measured, and why."""
    assert _statements(judged[0]) == {
        "H 1": "evidence relevant to H 1: 2 rules, 2 evaluated, 2 exceptions; 1 verdict not evaluated",
        "H 2": "not measured: 1 rule in force, nothing in scope",
        "H 3": "not measured: 1 rule in force, none could be evaluated",
        "H 4": "not measured: no rule in force of 2 mapped",
        "H 5": "not measured: no rule looks at it",
        "H 6": "evidence relevant to H 6: 4 rules, 1 evaluated, 2 exceptions; 5 verdicts not evaluated; "
        "1 with nothing in scope; 1 not in force",
        "H 7": "not measured: 1 rule in force, none could be evaluated",
    }


def test_counts_are_those_of_the_rules(judged: tuple[Home, Path]) -> None:
    """Population, passes, fails and what is not evaluated are the sums over the rules in force."""
    counts = "rules_mapped, rules_in_force, rules_evaluated, population, passed, failed, waived, not_evaluated"
    rows = ask(
        judged[0],
        f"select {counts}, not_in_force, measured from framework_coverage order by position",
    )
    assert rows[0] == (2, 2, 2, 8, 5, 2, 0, 1, [], True)
    assert rows[3] == (2, 0, 0, 0, 0, 0, 0, 0, ["TST-090", "TST-091"], False)
    assert rows[4] == (0, 0, 0, 0, 0, 0, 0, 0, [], False)
    assert rows[5] == (4, 3, 1, 8, 1, 2, 0, 5, ["TST-090"], True)


def test_a_waived_exception_is_counted_apart(tmp_path: Path, template: Path) -> None:
    """Exceptions are the fails that no waiver covers; the waived stand beside them."""
    home = blank(tmp_path / "data", template)
    seal(home, 1, ESTATE)
    loaded = pack(tmp_path / "pack", {"TST-001": {}})
    evd = packs_.load().file("rules/evidence/unfit-waiver.yaml").path.read_text(encoding="utf-8")
    (tmp_path / "pack/rules/own/evd-004.yaml").write_text(evd, encoding="utf-8")
    waiver = {
        "id": "W1", "rule": "TST-001", "subject": "a2", "ticket": "GOV-1",
        "reason": "the table is dropped at the end of the quarter, see the ticket",
        "requested_by": "ada@example.com", "approved_by": "cleo@example.com",
        "created": "2026-11-01", "expires": "2026-12-31",
    }  # fmt: skip
    (tmp_path / "pack/waivers.yaml").write_text(yaml.safe_dump([waiver]))
    _write(tmp_path / "pack", {**STATED, "controls": STATED["controls"][:1]})
    judge(home, loaded)
    assert _statements(home) == {
        "H 1": "evidence relevant to H 1: 2 rules, 1 evaluated, 1 exception, 1 waived; "
        "1 verdict not evaluated; 1 not in force"
    }


def test_a_rule_that_is_gone_is_not_in_force(tmp_path: Path, template: Path) -> None:
    """Its verdicts are kept, but a control is not measured by a rule that no pack has any more."""
    home = blank(tmp_path / "data", template)
    seal(home, 1, ESTATE)
    loaded = pack(tmp_path / "pack", {"TST-001": {}, "TST-002": RULES["TST-002"]})
    _write(tmp_path / "pack", {**STATED, "controls": STATED["controls"][:1]})
    judge(home, loaded)
    seal(home, 2, ESTATE)
    (tmp_path / "pack/rules/own/tst-001.yaml").unlink()
    judge(home, loaded)
    assert ask(home, "select state, error from rule where id = 'TST-001'") == [
        ("not_evaluated", holes.NOT_IN_FORCE)
    ]
    assert _statements(home) == {
        "H 1": "evidence relevant to H 1: 2 rules, 1 evaluated, 0 exceptions; 1 not in force"
    }
    assert "2 exceptions" in _statements(home, at=1)["H 1"]


def test_a_past_snapshot_keeps_the_mapping_it_was_judged_with(
    tmp_path: Path, template: Path
) -> None:
    """A control that is taken out, or a framework, is still there in the snapshots before."""
    home = blank(tmp_path / "data", template)
    seal(home, 1, ESTATE)
    loaded = pack(tmp_path / "pack", {"TST-001": {}})
    _write(tmp_path / "pack", STATED)
    judge(home, loaded)
    seal(home, 2, ESTATE)
    (tmp_path / "pack/rules/frameworks/house.yaml").unlink()
    judge(home, loaded)
    assert ask(home, "from framework") == []
    assert _statements(home) == {}
    assert len(_statements(home, at=1)) == len(STATED["controls"])


def test_every_column_of_the_view_is_explained(judged: tuple[Home, Path]) -> None:
    """Ad-hoc SQL is a feature: the view and each of its columns say what they are."""
    assert ask(
        judged[0],
        "select column_name from duckdb_columns() where table_name = 'framework_coverage' and comment is null",
    ) == []  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A sealed home with verdicts of some of our rules and the frameworks that we ship."""
    home = report_fixture.seal(tmp_path_factory.mktemp("drawn"), 1, 60)
    with revise(home) as con:
        history.initialise(con)
        framework.write(con, SHIPPED, 1)
    return home


def test_the_report_lists_every_control(drawn: Home) -> None:
    """All controls of all frameworks stand in the section, those without evidence too, folded by framework."""
    with looking(drawn) as view:
        made = section.section(view)
        rows = {row["control_id"]: row for row in view.rows("from framework_coverage where framework_id = 'soc-2' order by position")}  # fmt: skip
    folds = list(page.walk(made, page.Fold))
    assert [fold.id for fold in folds] == sorted(
        (f"framework-{name}" for name in SHIPPED), key=lambda id: SHIPPED[id[10:]].name
    )
    table = next(fold for fold in folds if fold.id == "framework-soc-2").blocks[0]
    assert [row[0] for row in table.rows] == [page.Code(c.id) for c in SHIPPED["soc-2"].controls]
    assert [row[-1] for row in table.rows] == [rows[c.id]["statement"] for c in SHIPPED["soc-2"].controls]  # fmt: skip
    gaps = [control_id for control_id, row in rows.items() if not row["measured"]]
    overview = made.blocks[1]
    assert isinstance(overview, page.Table)
    assert ", ".join(gaps) in [row[-1] for row in overview.rows]
    assert "PI1.3" in gaps


def test_the_report_draws_only_what_is_chosen(drawn: Home) -> None:
    """A report of one's own may show some frameworks only."""
    with looking(drawn) as view:
        made = section.section(view, ("gdpr",))
    assert [fold.id for fold in page.walk(made, page.Fold)] == ["framework-gdpr"]


def test_the_report_makes_no_claim(drawn: Home) -> None:
    """No rate, no score, no verdict about a control; not measured has a dash and no number."""
    with looking(drawn) as view:
        made = section.section(view)
    assert all(figure.den is None and not figure.tone for figure in page.walk(made, page.Figure))
    for table in page.walk(made, page.Table):
        for row in table.rows:
            assert not CLAIMS.search(str(row[-1]))
            if str(row[-1]).startswith("not measured"):
                assert row[4:6] == (None, None)


def test_a_report_without_frameworks_says_so(tmp_path: Path) -> None:
    """A snapshot that was judged without a mapping has an empty section with a reason."""
    with looking(report_fixture.seal(tmp_path, 1, 30)) as view:
        made = section.section(view)
        cards = rule_cards.section(view)
    overview = made.blocks[1]
    assert isinstance(overview, page.Table)
    assert overview.rows == ()
    assert overview.empty == "No framework was mapped when this snapshot was judged."
    assert all(card.relevant == () for card in page.walk(cards, page.Card))


def test_a_rule_card_names_the_controls(drawn: Home) -> None:
    """A reader of a rule sees what it is relevant to, in each framework's numbers and order."""
    with looking(drawn) as view:
        cards = {card.rule_id: card for card in page.walk(rule_cards.section(view), page.Card)}
    assert dict(cards["ACC-007"].relevant)["NIST SP 800-53"] == "AC-2(2), AC-2(3)"
    assert dict(cards["OWN-001"].relevant)["GDPR"] == "art. 5(2), art. 24"


def test_the_command_lists_and_shows(judged: tuple[Home, Path]) -> None:
    """`list` reads the packs, `show` what was stored; JSON has every count."""
    _, folder = judged
    listed = muster("--pack", "pack", "frameworks", "list", "--json", folder=folder).rows
    house = next(row for row in listed if row["id"] == "house")
    assert (house["controls"], house["with_rule"], house["rules"]) == (7, 5, 5)
    assert house["not_in_force"] == ["TST-090", "TST-091"]
    shown = muster("frameworks", "show", "HOUSE", "--json", folder=folder).rows
    assert [row["control_id"] for row in shown] == [c["id"] for c in STATED["controls"]]
    assert shown[0]["exceptions"] == 2
    text = muster("frameworks", "show", "house", "--at", "day-1", folder=folder).out
    assert "evidence, no more" in text
    assert "not measured: no rule looks at it" in text
    assert not CLAIMS.search(text)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nope"], "no framework 'nope' in this judgement; frameworks: house"),
        (["house", "--at", "1999-01-01"], "no snapshot then"),
    ],
)
def test_the_command_says_what_is_valid(
    judged: tuple[Home, Path], arguments: list[str], problem: str
) -> None:
    """A name or a snapshot that is not there is a usage error that lists what is."""
    ended = muster("frameworks", "show", *arguments, folder=judged[1], code=2)
    assert problem in ended.err
