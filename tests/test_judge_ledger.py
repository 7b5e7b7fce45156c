"""The ledger: what of a judgement is written, night after night, and what it says changed."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from judging import ask, blank, pack, seal, verdicts

from pipeline.judge.judgement import Judgement, judge
from pipeline.packs import Packs
from pipeline.warehouse.home import Home

GUIDS = [f"a{n}" for n in range(8)]
NIGHTS = 5

SENSITIVE = """
select a.guid as subject_id, if(s.asset_guid is null, 'pass', 'fail') as status, 'sensitive or not' as reason
from asset a
left join sensitive_asset s on s.asset_guid = a.guid
"""


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Home:
    return blank(tmp_path / "data", template)


def two_rules(folder: Path) -> Packs:
    """Two rules about contacts, the second only of assets that pass the first."""
    return pack(folder / "pack", {"TST-001": {}, "TST-002": {"blocked_by": ["TST-001"]}})


def estate(chance: random.Random) -> tuple[dict[str, Any], dict[str, str]]:
    """Assets that are there, unread, owned or not by chance, and what becomes of each."""
    given: dict[str, Any] = {"asset": [], "contact": []}
    expected = {}
    for guid in GUIDS:
        lot = chance.choice(["pass", "fail", "fail", "not_evaluated", "gone"])
        if lot != "gone":
            given["asset"].append({"guid": guid, "detail_read": lot != "not_evaluated"})
            expected[guid] = lot
        if lot == "pass":
            given["contact"].append({"asset_guid": guid, "role": "Owner", "principal_id": "p1"})
    return given, expected


@dataclass(frozen=True)
class Night:
    """What should have become of each asset, and what was said on the morning after."""

    expected: dict[str, str]
    verdicts: dict[str, str]
    judged: Judgement
    new: int
    resolved: set[str]


@pytest.fixture(scope="module", params=[1, 2])
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> tuple[Home, list[Night]]:
    """Nights of an estate that changes by chance, judged by two rules, and what was said after each."""
    folder, chance = tmp_path_factory.mktemp("lived"), random.Random(request.param)
    home, packs, nights = blank(folder / "data", template), two_rules(folder), []
    for number in range(1, NIGHTS + 1):
        given, expected = estate(chance)
        seal(home, number, given)
        judged = judge(home, packs)
        [(new,)] = ask(home, "select count(*) from finding where status in ('new', 'reopened')")
        resolved = {one for (one,) in ask(home, "select id from finding where status = 'resolved'")}
        nights.append(Night(expected, verdicts(home), judged, new, resolved))
    return home, nights


def test_history_has_every_night(lived: tuple[Home, list[Night]]) -> None:
    """Whatever comes, goes, passes, fails or is hidden: each night is there as it was, and rows only where it changed."""
    home, nights = lived
    said = "select subject_id, status from verdict where rule_id = 'TST-001'"
    changes, before = 0, dict[str, str]()
    for number, night in enumerate(nights, 1):
        assert night.verdicts == night.expected
        assert dict(ask(home, said, at=number)) == night.expected
        changes += len(night.expected.items() - before.items())
        before = night.expected
    assert ask(home, "select count(*) from history.verdict where rule_id = 'TST-001'") == [
        (changes,)
    ]


def test_what_changed_is_what_the_findings_say(lived: tuple[Home, list[Night]]) -> None:
    """The judgement counts as new and ended exactly the findings that are so in that snapshot, hidden ones included."""
    ended = set[str]()
    for night in lived[1]:
        came_and_went = (night.judged.new, night.judged.resolved)
        assert came_and_went == (night.new, len(night.resolved - ended))
        ended = night.resolved


def test_a_rule_that_is_gone_keeps_its_findings(home: Home, tmp_path: Path) -> None:
    """Its verdicts become not evaluated once, and are not stored again on the next night."""
    two: dict[str, Any] = {"TST-001": {}, "TST-002": {}}
    seal(home, 1, {"asset": [{"guid": "a1"}]})
    judge(home, pack(tmp_path / "two", two))
    fewer = pack(tmp_path / "fewer", {"TST-001": {}})
    for number in (2, 3):
        seal(home, number, {"asset": [{"guid": "a1"}]})
        judge(home, fewer)
    stored = "select rule_id, status, valid_from, valid_to from history.verdict order by all"
    assert ask(home, stored) == [
        ("TST-001", "fail", 1, None),
        ("TST-002", "fail", 1, 2),
        ("TST-002", "not_evaluated", 2, None),
    ]


def test_a_view_that_was_worked_out_hides_no_hole(home: Home, tmp_path: Path) -> None:
    """Where classifications were skipped, a rule that reads them through a view says nothing."""
    packs = pack(tmp_path / "pack", {"TST-001": SENSITIVE})
    classes = [{"entity_guid": "a1", "asset_guid": "a1", "type_name": "Example Mail"}]
    given: dict[str, Any] = {"asset": [{"guid": "a1"}, {"guid": "a2"}], "classification": classes}
    seal(home, 1, given)
    assert judge(home, packs).errors == {}
    assert verdicts(home) == {"a1": "fail", "a2": "pass"}
    skipped = {
        "endpoint": "purview.entity",
        "verdict": "skipped",
        "tables": ["classification"],
    }
    seal(home, 2, {**given, "reconciliation": [skipped]})
    judge(home, packs)
    assert verdicts(home) == {"a1": "not_evaluated", "a2": "not_evaluated"}
    reasons = ask(home, "select distinct reason from verdict")
    assert reasons == [("purview.entity was skipped by configuration",)]
