"""Past snapshots: what rules say of them now, and why figures changed between two of them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from judging import CONTACTS, ask, blank, pack, seal

from pipeline.errors import UsageError
from pipeline.judge import past
from pipeline.judge.attribution import CAUSES, FIGURES, Part, attribute
from pipeline.judge.judgement import judge
from pipeline.packs import Packs
from pipeline.warehouse.home import Home

LENGTH = (
    "select guid as subject_id, case when not detail_read then 'not_evaluated' "
    "when length(name) > $most then 'fail' else 'pass' end as status, 'x' as reason from asset"
)


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Home:
    return blank(tmp_path / "data", template)


def _assets(**names: str) -> dict[str, list[dict[str, Any]]]:
    return {
        "asset": [
            {"guid": guid, "name": name, "detail_read": bool(name)} for guid, name in names.items()
        ]
    }


def _length(folder: Path, most: int = 3, **changes: Any) -> Packs:
    return pack(folder, {"TST-001": {"sql": LENGTH, "params": {"most": most}, **changes}})


def _causes(parts: list[Part], figure: str = "open") -> dict[str, float]:
    (part,) = (part for part in parts if part.figure == figure)
    assert part.after - part.before == pytest.approx(sum(part.by_cause.values()))
    return {cause: change for cause, change in part.by_cause.items() if change}


def test_the_estate_and_holes_are_told_apart(home: Home, tmp_path: Path) -> None:
    """Fixed, new and gone failures are the estate's; those that appear or vanish behind a hole are not."""
    packs = _length(tmp_path / "pack")
    seal(home, 1, _assets(fixed="long", gone="long", hidden="long", shown="", fine="ok"))
    judge(home, packs)
    seal(home, 2, _assets(fixed="ok", hidden="", shown="long", fine="ok", new="long", more="long"))
    judge(home, packs)
    parts = attribute(home, packs, 1, 2)
    assert _causes(parts) == {}
    by_cause = {part.figure: part.by_cause for part in parts}
    assert by_cause["open"]["estate"] == 0  # two new, one fixed, one gone
    assert by_cause["open"]["gap"] == 0  # one hidden, one shown
    assert by_cause["population"]["estate"] == 1
    assert by_cause["passed"]["estate"] == 1


def test_a_hidden_failure_is_a_gap(home: Home, tmp_path: Path) -> None:
    """A failure that could not be evaluated any more lowers the count because of a gap, not of the estate."""
    packs = _length(tmp_path / "pack")
    seal(home, 1, _assets(a="long", b="long"))
    judge(home, packs)
    seal(home, 2, _assets(a="", b="long"))
    judge(home, packs)
    assert _causes(attribute(home, packs, 1, 2)) == {"gap": -1}


def test_rules_parameters_and_waivers_are_told_apart(home: Home, tmp_path: Path) -> None:
    """Each changes one thing on the same estate, and gets the whole difference."""
    folder = tmp_path / "pack"
    night = _assets(a="1234", b="12345", c="123456")
    seal(home, 1, night)
    judge(home, _length(folder, 3))
    seal(home, 2, night)
    judge(home, _length(folder, 3), overrides={"TST-001": {"most": 5}})
    assert _causes(attribute(home, _length(folder, 3), 1, 2)) == {"parameter": -2}
    seal(home, 3, night)
    judge(
        home, _length(folder, 3, sql=LENGTH.replace(">", ">=")), overrides={"TST-001": {"most": 5}}
    )
    assert _causes(attribute(home, _length(folder, 3), 2, 3)) == {"rule": 1}
    assert _causes(attribute(home, _length(folder, 3), 1, 3)) == {"parameter": -2, "rule": 1}
    waiver = {
        "id": "W1",
        "rule": "TST-001",
        "subject": "c",
        "reason": "x",
        "requested_by": "ada@example.com",
        "approved_by": "cleo@example.com",
        "ticket": "GOV-1",
        "created": "2026-11-01",
        "expires": "2026-12-31",
    }
    about = {
        "subject": "waiver",
        "sql": "select id as subject_id, 'pass' as status, 'x' as reason from waiver",
    }
    packs = pack(folder, {"TST-002": about})
    _length(folder, 3, sql=LENGTH.replace(">", ">="))
    (folder / "waivers.yaml").write_text(yaml.safe_dump([waiver]))
    seal(home, 4, night)
    judge(home, packs, overrides={"TST-001": {"most": 5}})
    assert _causes(attribute(home, packs, 3, 4, "TST-001")) == {"waiver": -1}


def test_a_missing_register_is_a_matter_of_scope(home: Home, tmp_path: Path) -> None:
    """What is not evaluated because nobody keeps a register is no gap in the collection."""
    folder = tmp_path / "pack"
    (folder / "registers").mkdir(parents=True)
    file = folder / "registers" / "reviews.csv"
    file.write_text("id,principal,object_kind,object,decision,reviewer,decided,author,approver\n")
    packs = _length(folder, registers=["reviews"])
    for number, kept in ((1, True), (2, False)):
        if not kept:
            file.unlink()
        seal(home, number, _assets(a="long"))
        judge(home, packs)
    assert _causes(attribute(home, packs, 1, 2)) == {"scope": -1}


NIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "ok", "long", "longer"]))


@given(first=NIGHTS, second=NIGHTS, most=st.integers(1, 6), stricter=st.booleans())
@settings(
    max_examples=6,
    deadline=None,
    # a case takes a second: shrinking one takes minutes
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_parts_sum_to_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    first: dict[str, str],
    second: dict[str, str],
    most: int,
    stricter: bool,
) -> None:
    """Of every figure, whatever changes at once."""
    folder = tmp_path_factory.mktemp("sum")
    home = blank(folder / "data", template)
    seal(home, 1, _assets(**first))
    judge(home, _length(folder / "pack"))
    seal(home, 2, _assets(**second))
    sql = LENGTH.replace(">", ">=") if stricter else LENGTH
    packs = _length(folder / "pack", sql=sql)
    judge(home, packs, overrides={"TST-001": {"most": most}})
    parts = attribute(home, packs, 1, 2)
    assert [part.figure for part in parts] == list(FIGURES)
    for part in parts:
        assert list(part.by_cause) == list(CAUSES)
        assert part.after - part.before == pytest.approx(sum(part.by_cause.values()))
    counted = ask(home, "select count(*) filter (where status = 'fail') from verdict", at=2)
    assert parts[0].after == counted[0][0]


def test_a_rule_is_tried_on_past_snapshots(home: Home, tmp_path: Path) -> None:
    """A backtest says what the rule says now, what was said then, and which subjects differ; nothing is stored."""
    folder = tmp_path / "pack"
    for number in (1, 2):
        seal(home, number, _assets(a="1234", b="123"))
        judge(home, _length(folder, 3))
    packs = _length(folder, 3, sql=LENGTH.replace(">", ">="))
    numbers = past.judged_numbers(home, "day-1", None)
    found = list(past.backtest(home, packs, {}, "TST-001", numbers))
    assert [one.snapshot_id for one in found] == ["day-1", "day-2"]
    assert found[0].said["fail"] == 2
    assert found[0].said_then == {"pass": 1, "fail": 1, "not_evaluated": 0}
    assert (found[0].now_failing, found[0].no_longer_failing) == (("b",), ())
    assert ask(home, "select count(*) from verdict where status = 'fail'") == [(1,)]
    with pytest.raises(UsageError, match="no rule 'TST-009'"):
        list(past.backtest(home, packs, {}, "TST-009", numbers))
    with pytest.raises(UsageError, match="no judged snapshot"):
        past.judged_numbers(home, None, "2020-01-01")


def test_a_past_snapshot_is_judged_by_the_rules_of_now(home: Home, tmp_path: Path) -> None:
    """Its own data, rules of now, counts by rule; the newest snapshot and what is stored stay as they are."""
    folder = tmp_path / "pack"
    seal(home, 1, _assets(a="long"))
    judge(home, _length(folder, 3))
    seal(home, 2, _assets(a="ok", b="ok"))
    judge(home, _length(folder, 3))
    packs = pack(folder, {"TST-002": CONTACTS})
    rows = past.verdicts(home, packs, {}, 1)
    assert {row["rule"]: (row["pass"], row["fail"]) for row in past.counted(rows)} == {
        "TST-001": (0, 1),
        "TST-002": (0, 1),
    }
    assert ask(home, "select distinct rule_id from verdict", at=1) == [("TST-001",)]


def test_a_past_snapshot_keeps_its_map(home: Home, tmp_path: Path) -> None:
    """Which tags stand for a class is as it was when the snapshot was judged, whatever the packs say now."""
    folder = tmp_path / "pack"
    sql = "select guid as subject_id, if(contains($crosswalk, name), 'pass', 'fail') as status, 'x' as reason from asset"
    packs = pack(folder, {"TST-001": sql})
    mapped = {"EMAIL": {"tier": 2, "immuta": {"names": ["Mail.Old"]}}}
    (folder / "rules" / "sensitivity.yaml").write_text(yaml.safe_dump(mapped))
    seal(home, 1, _assets(a="Mail.Old"))
    judge(home, packs)
    mapped["EMAIL"]["immuta"] = {"names": ["Mail.New"]}
    (folder / "rules" / "sensitivity.yaml").write_text(yaml.safe_dump(mapped))
    seal(home, 2, _assets(a="Mail.New"))
    judge(home, packs)
    assert [row["status"] for row in past.verdicts(home, packs, {}, 1)] == ["pass"]
    assert [row["status"] for row in past.verdicts(home, packs, {}, 2)] == ["pass"]
    found = past.backtest(home, packs, {}, "TST-001", [1, 2])
    assert [(one.said["pass"], one.now_failing) for one in found] == [(1, ()), (1, ())]
