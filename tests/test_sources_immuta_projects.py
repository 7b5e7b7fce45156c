"""Purposes and projects of Govern become rows, whatever is left out of an answer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.collect.envelope import open_page
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.walked import Walked
from pipeline.errors import PageError
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import data_sources, policies, projects

SOURCE = assembled("immuta", "pipeline.sources.immuta", (data_sources, policies, projects))
WHEN = "2026-01-05T08:30:00.000Z"
LATER = "2026-03-05T08:30:00.000Z"


def moment(month: int) -> datetime:
    return datetime(2026, month, 5, 8, 30, tzinfo=UTC)


def page(**said: Any) -> bytes:
    return json.dumps(said).encode()


def purpose(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, **more}


PURPOSES = [
    purpose(
        1, "Research", acknowledgement="For research.", displayAcknowledgement=True, deleted=False
    )
    | {"systemGenerated": False, "addedByProfile": 7, "createdAt": WHEN, "updatedAt": LATER},
    purpose(2, "Marketing", deleted=True, acknowledgement=None, description=None),
]
TRIALS = purpose(4, "Trials", subpurposes=[purpose(5, "Trials.Phase 1"), purpose(6, "Phase 2")])
PROJECTS = [
    {"id": 10, "name": "Cohort", "status": "open", "deleted": False, "isEqualized": True,
     "hasDeletedPurposes": False, "subscriptionType": "approval", "purposeCount": 1},
    {"id": 11, "name": "Old", "status": "closed", "deleted": True, "subscriptionType": 3,
     "purposes": ["Marketing"]},
    {"id": 12, "name": "lake.hr"},
]  # fmt: skip
DETAIL = {
    "id": 10, "projectKey": "cohort", "name": "Cohort", "status": "open", "type": "user",
    "deleted": False, "allowMaskedJoins": True, "equalization": {"groups": ["Dept Risk"]},
    "subscriptionPolicy": {"type": "subscription", "exceptions": None},
    "workspace": {"id": 3, "type": "Snowflake"}, "createdBy": 7, "updatedBy": {"id": 8},
    "createdAt": WHEN, "updatedAt": LATER, "tags": [{"name": "Health"}, {"name": None}],
    "purposes": [purpose(1, "Research", deleted=False), purpose(2, "Marketing", deleted=True)],
    "stagedPurposes": [purpose(1, "Research"), "Trials"],
}  # fmt: skip


def member(profile: int, compliance: Any, **more: Any) -> dict[str, Any]:
    return {"profile": profile, "state": "subscribed", "compliance": compliance, **more}


MEMBERS = [
    member(
        7,
        {
            "isMissingPurposeAcknowledgement": False,
            "isMissingEntitlements": True,
            "missingDataSources": [41, {"id": 42}],
            "validationFrequencyExceeded": False,
        },
        approvals=[],
        name="Sam Sample",
        approved=True,
        createdAt=WHEN,
    ),
    member(8, {"isMissingPurposeAcknowledgement": True}),
    member(9, {}),
    member(
        9,
        None,
        state="pending",
        approved=False,
        approvals=[
            {"requiredPermission": "OWNER"},
            {"requiredPermission": "GOVERNANCE", "state": "approved"},
        ],
    ),
]
SOURCES = [
    {"dataSourceId": 41, "dataSourceName": "bills", "deleted": False, "addedByProfile": 7,
     "addedOn": WHEN, "derivedInThisProject": False, "connectionString": "db.example"},
    {"dataSourceId": 42},
]  # fmt: skip


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """Two pages of purposes, three projects of which one was read by itself, its members and sources."""
    pages = [
        ("purpose", None, page(purposes=PURPOSES, count=2)),
        ("purpose_detail", "1", page(**PURPOSES[0], subpurposes=[TRIALS])),
        ("project", None, page(hits=PROJECTS, count=3)),
        ("project_detail", "10", page(**DETAIL)),
        ("project_member", "10", page(members=MEMBERS)),
        ("project_source", "10", page(dataSources=SOURCES)),
    ]
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages) as found:
        yield found


def test_purposes_at_every_depth(staging: Staging) -> None:
    """Listed, deleted and nested ones, each with the one above it; what is not said is not made up."""
    query = (
        "select id, name, parent_name, acknowledgement, display_acknowledgement, deleted, "
        "system_generated, added_by, created_at, updated_at, item from immuta_purpose order by id"
    )
    blank = (None, None, False, None, None, None, None)
    assert rows(staging, query) == [
        (1, "Research", None, "For research.", True, False, False, 7, moment(1), moment(3), ""),
        (2, "Marketing", None, None, None, True, None, None, None, None, "/purposes/1"),
        (4, "Trials", "Research", *blank, "/subpurposes/0"),
        (5, "Trials.Phase 1", "Trials", *blank, "/subpurposes/0/subpurposes/0"),
        (6, "Phase 2", "Trials", *blank, "/subpurposes/0/subpurposes/1"),
    ]


@pytest.mark.parametrize("name", ["project_detail", "project_member", "project_source"])
def test_what_is_denied_of_a_project_that_is_there_is_a_gap(tmp_path: Path, name: str) -> None:
    """Nobody in it, nothing in it and no purpose would be good news; a project that is deleted, or gone, has none of it."""
    pages = [
        ("project", None, page(hits=PROJECTS, count=3)),
        ("project_detail", "10", page(**DETAIL)),
        ("project_detail", "11", page(**PROJECTS[1])),
    ]
    if name == "project_detail":
        pages = [pages[0], ("project_member", "10", page(members=MEMBERS))]
    with loaded(tmp_path, SOURCE, pages, gone={name: ["10", "11", "12"]}) as staging:
        [what] = [one for one in SOURCE.endpoints if one.name == name]
        asked = Walked(SOURCE, what, planned=3, calls=3, gone=["10", "11", "12"])
        assert not reconcile(staging, [asked])
        assert rows(staging, "select endpoint, key from gap") == [(f"immuta.{name}", "10")]


@pytest.mark.parametrize(
    ("listed", "wanted", "parents"),
    [
        ([purpose(1, "A"), purpose(2, "B")], ["1", "2"], {"A": None, "B": None}),
        ([purpose(1, "A"), purpose(2, "B", subpurposes=None)], [], {"A": None, "B": None}),
        ([purpose(1, "A", subpurposes=[purpose(2, "A.B")])], [], {"A": None, "A.B": "A"}),
        (
            [purpose(1, "A"), purpose(2, "A.B"), purpose(3, "A.B.C"), purpose(4, "St. Mary")],
            [],
            {"A": None, "A.B": "A", "A.B.C": "A.B", "St. Mary": None},
        ),
        ([], [], {}),
    ],
)
def test_purposes_are_asked_for_one_by_one_only_where_the_list_says_nothing_of_those_inside(
    tmp_path: Path, listed: list[dict[str, Any]], wanted: list[str], parents: dict[str, str | None]
) -> None:
    """Names that go on after another's, or a list inside, say it; a dot alone does not."""
    with loaded(tmp_path, SOURCE, [("purpose", None, page(purposes=listed))]) as staging:
        assert rows(staging, "select key from immuta.purpose_wanted order by key") == [
            (key,) for key in wanted
        ]
        assert dict(rows(staging, "select name, parent_name from immuta_purpose")) == parents


def test_projects(staging: Staging) -> None:
    """A project read by itself says more than its row in the list; what neither says is not known."""
    query = (
        "select id, project_key, name, status, type, deleted, subscription_type, equalized, "
        "allow_masked_joins, workspace->>'$.type', has_deleted_purposes, tags, created_by, "
        "updated_by, created_at, updated_at, detail_read from immuta_project order by id"
    )
    assert rows(staging, query) == [
        (10, "cohort", "Cohort", "open", "user", False, "approval", True, True, "Snowflake", False,
         ["Health"], 7, 8, moment(1), moment(3), True),
        (11, None, "Old", "closed", None, True, "3", None, None, None, None, [], None, None, None,
         None, False),
        (12, None, "lake.hr", None, None, False, None, None, None, None, None, [], None, None,
         None, None, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "equalized"),
    [
        ({"isEqualized": False, "equalization": {"groups": []}}, False),
        ({"equalization": True}, True),
        ({"equalization": {"groups": []}}, True),
        ({"equalization": None}, False),
        ({}, False),
    ],
)
def test_an_equalized_project(tmp_path: Path, said: dict[str, Any], equalized: bool) -> None:
    """It says so in a word, or by what it equalizes; read by itself, it is not where nothing is said."""
    pages = [
        ("project", None, page(hits=[{"id": 1}])),
        ("project_detail", "1", page(id=1, **said)),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, "select equalized from immuta_project") == [(equalized,)]


@pytest.mark.parametrize(
    ("said", "holds", "answer"),
    [
        (b'{"isEqualized": true}', True, "true"),
        (b'{"equalized": false, "members": []}', False, "false"),
        (b'{"state": "False"}', False, "False"),
        (b'{"status": "recalculating"}', None, "recalculating"),
        (b'{"details": {}}', None, None),
        (b" true", True, "true"),
        (b'"stale"', None, "stale"),
        (b"null", None, None),
        (b"[]", None, None),
    ],
)
def test_the_state_of_an_equalization(
    tmp_path: Path, said: bytes, holds: bool | None, answer: str | None
) -> None:
    """In every shape that it may have; what is said in no word that is known is not said to hold, and is kept as sent."""
    pages = [
        ("project", None, page(hits=[{"id": 10, "isEqualized": True}])),
        ("project_equalization", "10", said),
    ]
    query = "select project_id, holds, answer, said is not null, item from project_equalization"
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, query) == [(10, holds, answer, True, "")]


@pytest.mark.parametrize("body", [b"", b"yes", b"{"])
def test_an_equalization_that_is_no_json_is_refused(body: bytes) -> None:
    """A gateway's page is no state."""
    with pytest.raises(PageError):
        open_page(projects.state_in_an_object(body), "")


def test_only_equalized_projects_that_are_there_are_asked_for_their_state(
    staging: Staging, tmp_path: Path
) -> None:
    """By the list or by themselves; one of which nothing is known is not."""
    assert rows(
        staging, "select key from immuta.project_known where equalized and not deleted"
    ) == [("10",)]
    pages = [
        ("project", None, page(hits=[{"id": 1}, {"id": 2}, {"id": 3, "isEqualized": True, "deleted": True}])),
        ("project_detail", "1", page(id=1, equalization={"groups": []})),
    ]  # fmt: skip
    [asked] = [one for one in SOURCE.endpoints if one.name == "project_equalization"]
    with loaded(tmp_path, SOURCE, pages) as found:
        found.con.execute("set search_path = 'immuta,main'")
        assert found.con.execute(str(asked.for_each)).fetchall() == [("1",)]


def test_purposes_of_projects(staging: Staging) -> None:
    """In force, staged or deleted, named or by id; one that is in force is not staged as well."""
    query = (
        "select project_id, purpose, purpose_id, staged, deleted, item from project_purpose "
        "order by project_id, purpose"
    )
    assert rows(staging, query) == [
        (10, "Marketing", 2, False, True, "/purposes/1"),
        (10, "Research", 1, False, False, "/purposes/0"),
        (10, "Trials", None, True, None, "/stagedPurposes/1"),
        (11, "Marketing", None, False, None, "/hits/1/purposes/0"),
    ]


def test_members_of_projects(staging: Staging) -> None:
    """Whoever is not said to lack an agreement is not said to have agreed."""
    query = (
        "select project_id, profile_id, state, name, approved, acknowledged, missing_entitlements, "
        "validation_overdue, missing_source_count, created_at, required_permission from project_member order by 2, 3"
    )
    unknown = (None, None, None, None, None)
    assert rows(staging, query) == [
        (10, 7, "subscribed", "Sam Sample", True, True, True, False, 2, moment(1), None),
        (10, 8, "subscribed", None, None, False, None, None, None, None, None),
        (10, 9, "pending", None, False, *unknown, "OWNER"),
        (10, 9, "subscribed", None, None, *unknown, None),
    ]


def test_sources_of_projects(staging: Staging) -> None:
    """Who added which, and when; a number alone will do."""
    query = (
        "select project_id, source_id, name, deleted, derived, added_by, added_at "
        "from project_source order by 2"
    )
    assert rows(staging, query) == [
        (10, 41, "bills", False, False, 7, moment(1)),
        (10, 42, None, None, None, None, None),
    ]


@pytest.mark.parametrize("missing", ["profile", "state"])
def test_a_member_who_cannot_be_told_is_lost(tmp_path: Path, missing: str) -> None:
    """It has no row, and so counts as lost, while its neighbour has one."""
    said = [{**MEMBERS[0], missing: None}, MEMBERS[1]]
    with loaded(tmp_path, SOURCE, [("project_member", "10", page(members=said))]) as staging:
        assert rows(staging, "select item from immuta.project_member_item") == [("/members/1",)]
