"""Pages of the workflow service become classic workflows, their runs, tasks and replies; a list that is cut shows."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows, staging_at, store_at
from sandbox_fixture import DAY

from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.estate import History
from pipeline.sandbox.purview import workflows
from pipeline.sources import purview
from pipeline.sources.purview import workflow

SOURCE = purview.part(workflow)
PAYLOADS = Path(__file__).parent / "payloads" / "workflow"
WHO, OTHER, OFFICE = (f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb", "dd"))


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


ACCESS, REVIEW, GONE = guid(0xF1), guid(0xF2), guid(0xF9)
DONE, CANCELLED = guid(0xA1), guid(0xA2)
APPROVAL, SIMPLE = guid(0xB1), guid(0xB2)
NAMES = ("classic_workflow", "classic_workflow_detail", "classic_workflow_run", "classic_workflow_task")  # fmt: skip
BODIES: dict[str, Any] = {
    name: json.loads((PAYLOADS / f"{name}.json").read_text()) for name in NAMES
}


def pages(bodies: dict[str, Any]) -> list[tuple[str, str | None, bytes]]:
    keys = {"classic_workflow_detail": ACCESS}
    return [(name, keys.get(name), json.dumps(body).encode()) for name, body in bodies.items()]


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """One page of every list."""
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages(BODIES)) as found:
        yield found


def test_workflows_with_their_steps(staging: Staging) -> None:
    """Whom any step is assigned to, at whatever depth; of one that was not read in full the steps are unknown."""
    query = (
        "select id, name, enabled, created_by, updated_by, updated_at, step_types, assignee_ids, "
        "detail_read from classic_workflow order by id"
    )
    assert rows(staging, query) == [
        (ACCESS, "Access to readings", True, WHO, OTHER, datetime(2026, 3, 1, tzinfo=UTC),
         ["Approval", "If"], [WHO, OTHER, OFFICE], True),
        (REVIEW, "Review", False, None, None, None, None, None, False),
    ]  # fmt: skip


def test_what_starts_a_workflow(staging: Staging) -> None:
    """Every trigger with the part of the estate it is for."""
    query = (
        "select workflow_id, position, type, collection_id, glossary_guid, glossary_hierarchy "
        "from classic_workflow_trigger order by position"
    )
    assert rows(staging, query) == [
        (ACCESS, 0, "when_data_access_grant_is_requested", "meter1", None, None),
        (ACCESS, 1, "when_term_update_is_requested", None, guid(0x66), "Energy/Meter"),
    ]


def test_runs_say_who_asked_for_what_and_how_it_ended(staging: Staging) -> None:
    """Nine digits of a second are read; a comment is no more than that there is one."""
    query = (
        "select id, workflow_id, requestor_id, request_id, operation, target, status, started_at, "
        "ended_at, cancelled_at, comment_given from classic_workflow_run order by id"
    )
    fifth = datetime(2026, 11, 5, tzinfo=UTC)
    assert rows(staging, query) == [
        (DONE, ACCESS, OTHER, guid(0xC1), "GrantDataAccess", "readings", "Completed",
         datetime(2026, 11, 2, 9, 36, 11, 533263, tzinfo=UTC),
         datetime(2026, 11, 3, 10, tzinfo=UTC), None, False),
        (CANCELLED, GONE, OTHER, None, "UpdateAsset", "bills", "Canceled", fifth, None,
         fifth + timedelta(hours=1), True),
    ]  # fmt: skip


def test_tasks_and_who_replied(staging: Staging) -> None:
    """Whoever is waited for has a row, with a reply where the task is an approval."""
    query = (
        "select id, run_id, workflow_id, type, operation, approval_type, status, expires_at "
        "from classic_workflow_task order by id"
    )
    ends = datetime(2026, 12, 2, 9, 36, 12, tzinfo=UTC)
    assert rows(staging, query) == [
        (APPROVAL, DONE, ACCESS, "Approval", "GrantDataAccess", "PendingOnAll", "Approved", ends),
        (SIMPLE, CANCELLED, GONE, "SimpleTask", "UpdateAsset", None, "InProgress", None),
    ]
    query = (
        "select task_id, approver_id, reply, comment_given, replied_at from classic_workflow_reply "
        "order by all"
    )
    replied = datetime(2026, 11, 3, 9, 57, 46, 56708, tzinfo=UTC)
    assert rows(staging, query) == [
        (APPROVAL, WHO, "Approved", True, replied),
        (APPROVAL, OFFICE, "Pending", False, None),
        (SIMPLE, WHO, None, False, None),
    ]


def test_lists_that_agree_lack_nothing(staging: Staging) -> None:
    """Every approval has a run, and every run that an approval begins has one."""
    asked = {one.name: one for one in SOURCE.endpoints}
    assert list(staging.keys(SOURCE, asked["classic_workflow_run_alone"]).texts()) == []
    # one workflow is gone, of which a run tells
    named = staging.keys(SOURCE, asked["classic_workflow_detail"]).texts()
    assert sorted(named) == [ACCESS, REVIEW, GONE]
    assert rows(staging, "select missing_in, reason from purview.trimmed_list") == []
    assert rows(staging, "select run_id from classic_workflow_task anti join classic_workflow_run r on r.id = run_id") == []  # fmt: skip


def lacking(path: Path, *, age_days: int = 1, asked: bool = False, **changed: Any) -> list[Any]:
    """What is shown to be missing where lists are changed."""
    bodies = copy.deepcopy(BODIES) | changed
    began = datetime.now(UTC) - timedelta(days=age_days)
    for one in bodies["classic_workflow_run"]["value"]:
        one["startTime"] = began.isoformat()
    found = pages(bodies)
    runs = {one["id"]: one for one in BODIES["classic_workflow_run"]["value"]}
    alone = {task["workflowRunId"] for task in bodies["classic_workflow_task"]["value"]}
    alone -= {one["id"] for one in bodies["classic_workflow_run"]["value"]}
    if not asked:
        for key in sorted(alone):
            body = json.dumps({**runs[key], "startTime": began.isoformat()}).encode()
            found.append(("classic_workflow_run_alone", key, body))
    given = {"classic_workflow_run_alone": sorted(alone)}
    with loaded(path, SOURCE, found, asked=given) as staging:
        return rows(staging, "select missing_in, reason from purview.trimmed_list")


@pytest.mark.parametrize(
    ("made", "said"),
    [("2026-01-01T00:00:00Z", f"runs name 1 workflows that it lacks: {GONE}"), ("2999-01-01T00:00:00Z", None)],
)  # fmt: skip
def test_a_workflow_that_only_a_run_names(tmp_path: Path, made: str, said: str | None) -> None:
    """Where it is there, and was not made just now, the list of workflows is cut."""
    body = {"id": GONE, "createdTime": made, "actionDag": {"actions": {}}}
    found = [*pages(BODIES), ("classic_workflow_detail", GONE, json.dumps(body).encode())]
    with loaded(tmp_path, SOURCE, found) as staging:
        told = rows(staging, "select missing_in, reason from purview.trimmed_list")
    assert told == ([] if said is None else [("purview.classic_workflow", said)])


def test_an_approval_without_a_task_is_a_gap(tmp_path: Path) -> None:
    """The list of tasks that a caller is shown may be no more than its own."""
    told = lacking(tmp_path, classic_workflow_task={"value": []})
    reason = f"an approval begins 1 runs of which it has no task: {DONE}"
    assert told == [("purview.classic_workflow_task", reason)]


@pytest.mark.parametrize("what", ["steps", "changed"])
def test_what_a_run_begins_with_must_be_known(tmp_path: Path, what: str) -> None:
    """Of a workflow whose steps were not read, or are younger than the run, no task is demanded."""
    changed: dict[str, Any] = {"classic_workflow_task": {"value": []}}
    if what == "steps":
        changed["classic_workflow_detail"] = {"id": ACCESS}
    else:
        changed["classic_workflow"] = copy.deepcopy(BODIES["classic_workflow"])
        changed["classic_workflow"]["value"][0]["lastUpdateTime"] = datetime.now(UTC).isoformat()
    assert lacking(tmp_path, **changed) == []


@pytest.mark.parametrize(
    ("age_days", "asked", "said"),
    [
        (1, False, "tasks name 2 runs that it lacks: "),
        (200, False, None),
        (1, True, "does not answer about: "),
    ],
)
def test_a_run_that_only_a_task_names(
    tmp_path: Path, age_days: int, asked: bool, said: str | None
) -> None:
    """It is a run as well; the list of runs is cut where it began lately, or where the service refuses to tell."""
    none = {"value": []}
    told = lacking(tmp_path, age_days=age_days, asked=asked, classic_workflow_run=none)
    assert [one[0] for one in told] == ["purview.classic_workflow_run"] * (said is not None)
    assert said is None or said in told[0][1]


@pytest.mark.parametrize("token", [signin.PURVIEW_TOKEN, signin.NARROW_PURVIEW_TOKEN])
def test_the_plane_is_read_from_a_server(tmp_path: Path, token: str) -> None:
    """All of it is there and reconciled; an identity that is no administrator of workflows has gaps instead."""
    store = store_at(tmp_path)
    with (
        server.running(assets=60, as_of=DAY) as url,
        staging_at(tmp_path, store) as staging,
    ):
        client = Client(SOURCE, {"workflow": Plane(url, StaticToken(token))}, Pace(1e6), store)
        complete = reconcile(staging, collect({SOURCE.name: client}, staging, workers=2, skip={}))
        client.close()
        store.close()
        found = rows(staging, "select id, status from classic_workflow_run")
        tasks = rows(staging, "select run_id, status from classic_workflow_task")
        gaps = rows(staging, "select endpoint, status from gap")
    estate = History(1, 60).at(clock.day_number(DAY))
    since = clock.cut(estate.day) - timedelta(days=90)
    runs = {one.id: one for one in workflows.runs(estate) if one.started >= since}
    if token == signin.NARROW_PURVIEW_TOKEN:
        assert not complete
        assert found == []
        # its own tasks, of which it has none, say nothing of the others
        assert sorted(gaps) == [
            ("purview.classic_workflow_run", 403),
            ("purview.classic_workflow_task", 200),
        ]
        return
    assert gaps == []
    assert complete
    assert dict(found) == {guid: one.status for guid, one in runs.items()}
    assert {guid for guid, _ in tasks} == runs.keys()
    assert {status for _, status in tasks} == {"Approved", "Rejected", "Pending", "Canceled", "Completed", "InProgress"}  # fmt: skip
