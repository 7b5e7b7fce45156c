"""Waivers: what counts, what does not, and what a waiver never does."""

from pathlib import Path

import pytest
import yaml
from judging import ask, blank, document, pack, seal, verdicts

from pipeline import packs as builtin
from pipeline.errors import ConfigError
from pipeline.judge import registers, trial
from pipeline.judge.judgement import judge
from pipeline.packs import Packs
from pipeline.warehouse.home import Home

FIT = {
    "id": "W1",
    "rule": "TST-001",
    "subject": "a2",
    "reason": "the table is dropped at the end of the quarter, see the ticket",
    "requested_by": "ada@example.com",
    "approved_by": "cleo@example.com",
    "ticket": "GOV-1",
    "created": "2026-11-01",
    "expires": "2026-12-31",
}
NIGHT = {
    "asset": [{"guid": "a1"}, {"guid": "a2"}, {"guid": "a3", "qualified_name": "mssql://h/db_1/t"}],
    "contact": [{"asset_guid": "a1", "role": "Owner", "principal_id": "p1"}],
}
EVD = builtin.load().file("rules/evidence/unfit-waiver.yaml").path.read_text(encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Home:
    home = blank(tmp_path / "data", template)
    seal(home, 1, NIGHT)
    return home


def _packs(tmp_path: Path, *waivers: dict[str, str]) -> Packs:
    found = pack(tmp_path / "pack", {"TST-001": {}})
    (tmp_path / "pack" / "rules" / "own" / "evd-004.yaml").write_text(EVD, encoding="utf-8")
    (tmp_path / "pack" / "waivers.yaml").write_text(yaml.safe_dump(list(waivers)))
    return found


def test_a_waived_verdict_stays_a_fail_with_a_flag(home: Home, tmp_path: Path) -> None:
    """A fit waiver marks the failing verdict, is counted with the rule, and leaves status and finding as they are."""
    judge(home, _packs(tmp_path, FIT))
    assert verdicts(home) == {"a1": "pass", "a2": "fail", "a3": "fail"}
    assert ask(home, "select subject_id from verdict where waived") == [("a2",)]
    assert ask(home, "select failed, waived from rule where id = 'TST-001'") == [(2, 1)]
    assert ask(home, "select subject_id, status from finding where waived") == [("a2", "new")]
    assert (
        ask(home, "select population = passed + failed + not_evaluated from rule") == [(True,)] * 2
    )
    assert ask(home, "select waiver_id, subject_id from waiver_match") == [("W1", "a2")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"expires": "2026-11-20"}, "it has ended"),
        ({"created": "2026-11-22"}, "it has not begun"),
        ({"approved_by": "ADA@example.com"}, "who asked for it approved it"),
        ({"reason": "because"}, "its justification is too short"),
        ({"subject": "gone"}, "it covers nothing that fails"),
        ({"subject": "*"}, "it names no subject"),
        ({"rule": "TST-009"}, "it covers nothing that fails"),
        ({"expires": "2027-06-30"}, "it lasts too long for what it covers"),
    ],
)
def test_an_unfit_waiver_is_a_finding_and_waives_nothing(
    home: Home, tmp_path: Path, change: dict[str, str], why: str
) -> None:
    """What is wrong with it is the reason of the finding; the failures it names count on."""
    judge(home, _packs(tmp_path, FIT | change))
    assert ask(home, "select status, reason from verdict where rule_id = 'EVD-004'") == [
        ("fail", why)
    ]
    assert ask(home, "select count(*) from verdict where waived") == [(0,)]


def test_an_owner_may_not_approve_a_waiver_for_what_is_theirs(home: Home, tmp_path: Path) -> None:
    """The approver is known as owner by object id, or by any name the directory has for that id."""
    rule = document("TST-002") | {
        "sql": "select guid as subject_id, 'fail' as status, 'x' as reason from asset"
    }
    found = _packs(
        tmp_path, FIT | {"rule": "TST-002", "subject": "a1", "approved_by": "owen@example.com"}
    )
    path = tmp_path / "pack" / "rules" / "own" / "tst-002.yaml"
    path.write_text(yaml.safe_dump(rule))
    seal(
        home,
        2,
        NIGHT
        | {
            "identity": [
                {"id": "p1", "kind": "human", "state": "active", "mail": "Owen@example.com"}
            ]
        },
    )
    judge(home, found)
    assert ask(home, "select reason from verdict where rule_id = 'EVD-004'") == [
        ("who approved it owns what it covers",)
    ]


def test_only_a_star_stands_for_other_text(home: Home, tmp_path: Path) -> None:
    """An underscore in a pattern is an underscore; names are matched as well as ids."""
    waivers = [
        FIT | {"id": "name", "subject": "mssql://h/db_1/*"},
        FIT | {"id": "literal", "subject": "mssql://h/db__/t"},
    ]
    judge(home, _packs(tmp_path, *waivers))
    assert ask(home, "select waiver_id, subject_id from waiver_match") == [("name", "a3")]


def test_a_check_says_what_would_count_without_storing_anything(home: Home, tmp_path: Path) -> None:
    """`muster waivers check` holds new waivers against the newest snapshot and leaves it alone."""
    judge(home, _packs(tmp_path))
    rows = trial.of_waivers(home, _packs(tmp_path, FIT, FIT | {"id": "W2", "subject": "gone"}), {})
    assert [(row["id"], row["verdict"], row["covers"], row["line"]) for row in rows] == [
        ("W1", "pass", 1, 1),
        ("W2", "fail", 0, 10),
    ]
    assert ask(home, "select count(*) from waiver") == [(0,)]


def test_a_rule_that_needs_a_register_waits_for_it(home: Home, tmp_path: Path) -> None:
    """Without the register nothing is evaluated and the reason names the file; with it the rule is judged."""
    found = pack(tmp_path / "pack", {"TST-001": {"registers": ["reviews"]}})
    judge(home, found)
    assert set(verdicts(home).values()) == {"not_evaluated"}
    (reason,) = ask(home, "select distinct reason from verdict")
    assert "registers/reviews.csv" in reason[0]
    assert ask(home, "select state, error from rule") == [("not_evaluated", reason[0])]
    (tmp_path / "pack" / "registers").mkdir()
    header = "id,principal,object_kind,object,decision,reviewer,decided,author,approver\n"
    (tmp_path / "pack" / "registers" / "reviews.csv").write_text(
        header
        + "R1,p1,source,1,keep,cleo@example.com,2026-11-01,ada@example.com,cleo@example.com\n"
    )
    judge(home, found)
    assert verdicts(home) == {"a1": "pass", "a2": "fail", "a3": "fail"}
    assert ask(home, "select id, file like '%reviews.csv', line from review_decision") == [
        ("R1", True, 2)
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "reviews.csv",
            "id,who\n1,x\n",
            ":2: who: unknown column; columns of reviews: id, principal",
        ),
        ("reviews.csv", "id\n1,2\n", ":2: not as many values as the first line has names"),
        ("waivers.yaml", "a: b", ":1: not a list of rows"),
        ("waivers.yaml", "- {id: W1}\n- x", ":2: not a mapping of columns to values"),
        ("waivers.yaml", "- {id: W1, id: W2}", ":1: a column given twice"),
        ("waivers.yaml", "- {id: W1}", ":1: rule: missing; it holds text"),
        (
            "waivers.yaml",
            "- {id: W1, created: soon}",
            ":1: created: 'soon' is not a day or an instant",
        ),
        ("transfers.parquet", "no parquet", "cannot be read"),
        ("recertification.csv", "", "no register of this name; registers: waivers, reviews"),
        (
            "changes.csv",
            "id,subject,change,from,until,author,approver\nC1,a,b,2026-01-01,2026-02-01,Ada,ada\n",
            ":2: approver: ada approved a row of their own",
        ),
        (
            "changes.csv",
            "id,subject,change,from,until,author,approver\n"
            + "C1,a,b,2026-01-01,2026-02-01,x,y\n" * 2,
            ":3: id C1 is in ",
        ),
    ],
)
def test_a_wrong_register_is_named_by_file_and_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    """Nothing of a wrong register is used, and the message says where it is wrong and what is valid."""
    found = pack(tmp_path / "pack", {"TST-001": {}})
    (tmp_path / "pack" / "registers").mkdir()
    (tmp_path / "pack" / "registers" / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        registers.load(found)
    assert message in str(caught.value)
    assert name in str(caught.value)
