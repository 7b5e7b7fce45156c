"""Waivers: what counts, what does not, and what a waiver never does."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from judging import ask, blank, document, pack, seal, verdicts

from pipeline import packs as builtin
from pipeline.errors import ConfigError
from pipeline.judge import examples, ledger, registers, sensitivity, trial, waivers
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
KNOWN = sensitivity.load(builtin.load())


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


OWEN: dict[str, list[dict[str, Any]]] = {
    "asset": [{"guid": "a1"}, {"guid": "a2"}, {"guid": "b"}],
    "asset_column": [{"guid": "c1", "asset_guid": "a1"}],
    "contact": [
        {"asset_guid": "a1", "role": "Owner", "principal_id": "g1"},
        {"asset_guid": "a2", "role": "Owner", "principal_id": "P1"},
        {"asset_guid": "b", "role": "Expert", "principal_id": "p1"},
    ],
    "identity": [
        {
            "id": "p1", "kind": "human", "state": "active",
            "user_principal_name": "Owen@example.com", "mail": "o.w@example.com",
        },
        {"id": "g1", "kind": "group", "state": "active"},
    ],
    "group_member": [{"group_id": "g1", "member_id": "p1"}],
    "immuta_source": [{"id": 1}, {"id": 2}, {"id": 3}],
    "immuta_user": [{"id": 10, "user_id": "owen@example.com"}, {"id": 11, "user_id": "ada@example.com"}],
    "immuta_membership": [
        {"source_id": 1, "profile_id": 10, "state": "owner"},
        {"source_id": 2, "profile_id": 10, "state": "subscribed"},
        {"source_id": 2, "profile_id": 11, "state": "owner"},
    ],
    "immuta_group": [{"id": 7, "name": "Stewards"}],
    "immuta_group_member": [{"group_id": 7, "profile_id": 10}],
    "immuta_group_access": [{"source_id": 3, "group_key": "Stewards", "state": "owner"}],
    "request_user": [{"id": "u1", "profile_id": 10}],
    "data_product": [{"id": "p", "expert_id": "u1"}, {"id": "q"}],
    "access_request": [
        {"id": "r1", "product_id": "p"}, {"id": "r2", "product_id": "q"}, {"id": "r3", "asset_source_id": 1},
    ],
    "approval": [{"id": "s1", "request_id": "r1"}],
    "active_grant": [
        {"id": "g:1", "object_kind": "source", "object_id": "1", "profile_id": 11},
        {"id": "g:2", "object_kind": "source", "object_id": "2", "profile_id": 10},
        {"id": "g:3", "object_kind": "source", "object_id": "2", "profile_id": 11},
    ],
}  # fmt: skip
"""What Owen owns: two assets, one through a group; two data sources, one through a group; a data product."""

SUBJECTS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("asset", "a1", {}, True),
    ("asset", "a2", {}, True),
    ("asset", "b", {}, False),
    ("asset_column", "c1", {}, True),
    ("entity", "a2", {}, True),
    ("immuta_source", "1", {}, True),
    ("immuta_source", "2", {}, False),
    ("immuta_source", "3", {}, True),
    ("immuta_column", "1:mail", {"source_id": 1}, True),
    ("immuta_column", "1:name", {}, True),
    ("immuta_column", "2:name", {}, False),
    ("policy_application", "1:global:10", {}, True),
    ("owner", "immuta_source:1:10", {"object_kind": "immuta_source", "object_id": "1"}, True),
    ("owner", "immuta_source:2:11", {"object_kind": "immuta_source", "object_id": "2"}, False),
    ("active_grant", "g:1", {}, True),
    ("active_grant", "g:2", {}, True),
    ("active_grant", "g:3", {}, False),
    ("access_request", "r1", {}, True),
    ("access_request", "r2", {"product_id": "q"}, False),
    ("access_request", "r3", {}, True),
    ("approval", "s1", {}, True),
    ("masking_grant", "r1:1:mail", {}, True),
    ("link", "a2:9", {"asset_guid": "a2", "source_id": 9}, True),
    ("link", "b:1", {"asset_guid": "b", "source_id": 1}, True),
    ("flow", "a2:b", {"from_guid": "a2", "to_guid": "b"}, True),
    ("flow", "b:a2", {"from_guid": "b", "to_guid": "a2"}, True),
    ("data_product", "p", {}, True),
    ("data_product", "q", {}, False),
]
"""Kind and id of a subject, the evidence about it, and whether it is Owen's."""


@pytest.fixture(scope="module")
def bench() -> Iterator[duckdb.DuckDBPyConnection]:
    """A workbench that serves every test of this module."""
    with closing(examples.workbench()) as con:
        yield con


def _matched(
    con: duckdb.DuckDBPyConnection, waiver: dict[str, str], **changes: list[dict[str, Any]]
) -> list[tuple[bool | None, bool | None]]:
    """Whether an owner approved, and whether who asked did, for a waiver of each subject; Owen's estate with `changes`."""
    names = [f"TST-{number:03}" for number in range(len(SUBJECTS))]
    asked = {"requested_by": "ada@example.com", "approved_by": "owen@example.com"} | waiver
    given = OWEN | {
        "waiver": [asked | {"id": name, "rule_id": name, "subject_pattern": "*"} for name in names],
        **changes,
    }
    examples.fill(con, given, KNOWN, examples.AS_OF, "test")
    ledger.begin(con)
    for name, (kind, subject_id, evidence, _) in zip(names, SUBJECTS, strict=True):
        con.execute(
            "insert into judged by name select $rule as rule_id, $id as subject_id, $kind as subject, "
            "'fail' as status, 'high' as severity, $evidence::json as evidence",
            {"rule": name, "id": subject_id, "kind": kind, "evidence": json.dumps(evidence)},
        )
    waivers.match(con)
    return con.execute(
        "select owner_approved, self_approved from waiver_match order by waiver_id"
    ).fetchall()


@pytest.mark.parametrize("approver", ["owen@example.com", "O.W@example.com", "P1"])
def test_an_owner_is_known_whatever_the_subject_is(
    bench: duckdb.DuckDBPyConnection, approver: str
) -> None:
    """By subject, evidence or the row of the subject; through groups; by object id, sign-in name and mail."""
    found = _matched(bench, {"approved_by": approver})
    assert found == [(owns, False) for *_, owns in SUBJECTS]


@pytest.mark.parametrize(
    ("asked", "approved"),
    [
        ("owen@example.com", "o.w@example.com"),
        ("owen@example.com", "p1"),
        ("p1", "O.W@example.com"),
        ("o.w@example.com", "OWEN@example.com"),
    ],
)
def test_who_asked_is_known_by_every_name(
    bench: duckdb.DuckDBPyConnection, asked: str, approved: str
) -> None:
    """Mail address, sign-in name and object id are one person, and so is the account in Immuta."""
    found = _matched(bench, {"requested_by": asked, "approved_by": approved})
    assert {own for _, own in found} == {True}


def _gap(endpoint: str, key: str, *tables: str) -> dict[str, Any]:
    return {"endpoint": endpoint, "key": key, "tables": list(tables)}


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        (
            {"identity": [], "group_member": [], "gap": [_gap("directory.principal", "*", "identity")]},
            {"a1", "a2", "c1", "link", "flow"},
        ),
        ({"gap": [_gap("directory.group_member", "g1", "group_member")], "group_member": []}, {"a1", "c1"}),
        ({"gap": [_gap("purview.search", "*", "contact")], "contact": []}, {"asset"}),
        (
            {"gap": [_gap("immuta.access", "1", "immuta_membership")], "immuta_membership": []},
            {"1", "1:mail"},
        ),
        ({"request_user": []}, {"p"}),
    ],
)  # fmt: skip
def test_an_owner_who_could_not_be_read_may_be_the_approver(
    bench: duckdb.DuckDBPyConnection, changes: dict[str, list[dict[str, Any]]], unknown: set[str]
) -> None:
    """A hole in the directory, in contacts or in the owners of a data source leaves it open; it never clears anybody."""
    whole = _matched(bench, {})
    found = _matched(bench, {}, **changes)
    lost = {
        word
        for (kind, subject_id, *_), (then, _), (now, _) in zip(SUBJECTS, whole, found, strict=True)
        for word in (kind, subject_id)
        if then and now is None
    }
    assert unknown <= lost
    assert not any(then and now is False for (then, _), (now, _) in zip(whole, found, strict=True))


def test_people_who_could_not_be_read_may_be_one(bench: duckdb.DuckDBPyConnection) -> None:
    """Without the directory two names are two people only where one list has both."""
    hole = {"identity": [], "gap": [_gap("directory.principal", "*", "identity")]}
    both = {"requested_by": "ada@example.com", "approved_by": "owen@example.com"}
    assert {own for _, own in _matched(bench, both, **hole)} == {False}
    stranger = both | {"approved_by": "cleo@example.com"}
    assert {own for _, own in _matched(bench, stranger)} == {False}
    assert {own for _, own in _matched(bench, stranger, **hole)} == {None}


def test_what_is_not_known_of_an_approver_waives_nothing(home: Home, tmp_path: Path) -> None:
    """The waiver is not evaluated, and the failure that it names counts on."""
    seal(home, 2, NIGHT | {"gap": [_gap("directory.principal", "*", "identity")]})
    judge(home, _packs(tmp_path, FIT))
    assert ask(home, "select status, reason from verdict where rule_id = 'EVD-004'") == [
        (
            "not_evaluated",
            "whether who approved it asked for it under another name could not be read",
        )
    ]
    assert ask(home, "select count(*) from verdict where waived") == [(0,)]


def test_only_a_star_stands_for_other_text(home: Home, tmp_path: Path) -> None:
    """An underscore in a pattern is an underscore; names are matched as well as ids."""
    found = [
        FIT | {"id": "name", "subject": "mssql://h/db_1/*"},
        FIT | {"id": "literal", "subject": "mssql://h/db__/t"},
    ]
    judge(home, _packs(tmp_path, *found))
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
            yaml.safe_dump([{name: value for name, value in FIT.items() if name != "ticket"}]),
            "waivers.yaml:1: ticket: missing; it holds text",
        ),
        (
            "waivers.yaml",
            "- {id: W1, created: soon}",
            ":1: created: 'soon' is not a day or an instant",
        ),
        ("transfers.parquet", "no parquet", "cannot be read"),
        ("recertification.csv", "", "no register of this name; registers: waivers, reviews"),
        ("hosts.csv", "", "transfers, changes, breakers; hosts belongs into rules/"),
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
