"""Classic workflows of Purview: what people asked to change, and who approved it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import Person, group_id, of_domain
from pipeline.sandbox.purview.datamap import glossary
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
HISTORY_DAYS = 120
EXPIRES_AFTER = timedelta(days=30)
OPERATIONS = {
    "when_term_creation_is_requested": "CreateTerm",
    "when_term_update_is_requested": "UpdateTerm",
    "when_data_access_grant_is_requested": "GrantDataAccess",
    "when_asset_update_is_requested": "UpdateAsset",
}
_TERMS = (
    ("Create glossary term", "when_term_creation_is_requested"),
    ("Update glossary term", "when_term_update_is_requested"),
)


class Workflow(NamedTuple):
    """One workflow: its trigger, where it is for, and whether people approve or just do something."""

    id: str
    name: str
    trigger: Json
    approvers: tuple[str, ...]
    approves: bool
    enabled: bool
    domain: int


class Run(NamedTuple):
    """One run of a workflow on one day; without a decision its approvers are waited for."""

    id: str
    workflow: Workflow
    requestor: Person
    started: datetime
    decided: datetime | None
    reply: str
    status: str


def workflows(estate: Estate) -> list[Workflow]:
    """Two about terms, one about access to data of each domain, and one that is switched off."""
    office, found = group_id(estate.seed, "data-office"), []
    for at, (name, trigger) in enumerate(_TERMS):
        where = {"underGlossary": glossary.glossary_guid(estate.seed, 0)} if at else {}
        found.append(_workflow(estate, name, {"type": trigger, **where}, (office,), at))
    for at, domain in enumerate(DOMAINS):
        trigger = "when_data_access_grant_is_requested"
        scope = {"type": trigger, "underCollection": domain.collection}
        team = of_domain(estate.people, at)
        approvers = tuple(sorted({person.object_id for person in team[: 1 + at % 3]}))
        found.append(_workflow(estate, f"Access to {domain.title}", scope, approvers, at))
    off = {"type": "when_asset_update_is_requested"}
    return [*found, _workflow(estate, "Review of assets", off, (office,), 3, approves=False)]


def _workflow(
    estate: Estate,
    name: str,
    trigger: Json,
    approvers: tuple[str, ...],
    domain: int,
    *,
    approves: bool = True,
) -> Workflow:
    guid = draws.guid(estate.seed, "classic workflow", name)
    return Workflow(guid, name, trigger, approvers, approves, approves, domain)


def runs(estate: Estate) -> Iterator[Run]:
    """What the service has of runs, oldest first: nearly one a day."""
    known = workflows(estate)
    for day in range(estate.day - HISTORY_DAYS, estate.day + 1):
        if draws.share(estate.seed, "classic run", day, "any") < 0.8:
            yield _run(estate, draws.pick(known, estate.seed, "classic run", day), day)


def _run(estate: Estate, workflow: Workflow, day: int) -> Run:
    seed, key = estate.seed, ("classic run", day)
    share = draws.share(seed, *key, "end")
    decided_on = day + 1 + int(share * 12)
    # some are never decided, and some taken back by whoever asked
    decided = None
    if share < 0.85 and decided_on <= estate.day:
        decided = clock.moment(decided_on, share)
    status = "InProgress" if decided is None else "Completed"
    return Run(
        id=draws.guid(seed, *key),
        workflow=workflow,
        requestor=draws.pick(of_domain(estate.people, workflow.domain), seed, *key, "who"),
        started=clock.moment(day, share),
        decided=decided,
        reply="Approved" if share < 0.65 else "Rejected",
        status="Canceled" if share >= 0.95 else status,
    )


def metadata(estate: Estate, one: Workflow) -> Json:
    """A workflow as lists have it: without its steps."""
    made = clock.cut(0)
    return {
        "id": one.id,
        "triggers": [one.trigger],
        "createdTime": clock.iso_ticks(made),
        "createdBy": estate.people[0].object_id,
        "lastUpdateTime": clock.iso_ticks(made),
        "updatedBy": estate.people[one.domain].object_id,
        "name": one.name,
        "isEnabled": one.enabled,
        "description": "",
    }


def whole(estate: Estate, one: Workflow) -> Json:
    """A workflow with its steps: what waits for people, then what comes of it."""
    kind, name = (
        ("Approval", "Start and wait for an approval")
        if one.approves
        else ("SimpleTask", "Create task")
    )
    parameters: Json = {"title": one.name, "assignedTo": list(one.approvers)}
    if one.approves:
        parameters["approvalType"] = _approval_type(one)
    operation = OPERATIONS[one.trigger["type"]]
    then = {operation: {"type": operation, "runAfter": {}}}
    otherwise = {"Send reject email notification": {"type": "EmailNotification", "runAfter": {}}}
    outcome = f"@outputs('{name}')['body/outcome']"
    actions = {
        name: {"type": kind, "inputs": {"parameters": parameters}, "runAfter": {}},
        "Condition": {
            "type": "If",
            "expression": {"and": [{"equals": [outcome, "Approved"]}]},
            "actions": then,
            "else": {"actions": otherwise},
            "runAfter": {name: ["Succeeded"]},
        },
    }
    return metadata(estate, one) | {"actionDag": {"actions": actions}}


def _approval_type(one: Workflow) -> str:
    return "PendingOnAny" if one.domain % 2 else "PendingOnAll"


def run(one: Run) -> Json:
    """A run as lists have it."""
    found: Json = {
        "id": one.id,
        "workflowId": one.workflow.id,
        "startTime": clock.iso_ticks(one.started),
        "requestor": one.requestor.object_id,
        "userRequestId": one.id,
        "runPayload": _payload(one),
        "status": one.status,
    }
    if one.status == "Canceled":
        found["cancelTime"] = clock.iso_ticks(one.started + timedelta(hours=1))
        found["cancelComment"] = "Asked twice."
    elif one.decided is not None:
        found["endTime"] = clock.iso_ticks(one.decided)
    return found


def run_in_full(estate: Estate, one: Run) -> Json:
    """A run with what was asked for and how far it is."""
    request = {"requestor": one.requestor.object_id}
    return run(one) | {
        "runPayload": _payload(one) | {"payload": {}},
        "actionDag": whole(estate, one.workflow)["actionDag"],
        "detail": {"runInput": {"request": request}, "actions": {}},
    }


def _payload(one: Run) -> Json:
    return {"type": OPERATIONS[one.workflow.trigger["type"]], "targetValue": one.workflow.name}


def task(one: Run) -> Json:
    """What a run has people do."""
    found: Json = {
        "type": "Approval" if one.workflow.approves else "SimpleTask",
        "id": draws.guid(0, "classic task", one.id),
        "title": one.workflow.name,
        "workflowRunId": one.id,
        "workflowId": one.workflow.id,
        "requestor": one.requestor.object_id,
        "createdTime": clock.iso_ticks(one.started),
        "lastUpdateTime": clock.iso_ticks(one.decided or one.started),
        "payload": _payload(one),
    }
    if not one.workflow.approves:
        status = "Completed" if one.decided else "InProgress"
        detail = {"assignedTo": list(one.workflow.approvers), "changeHistory": []}
        return found | {"taskDetail": {"taskBody": "", "status": status, **detail}}
    ends = clock.iso_ticks(one.started + EXPIRES_AFTER)
    settings = {"expireAfter": {"Month": {"number": 1}}, "notifyOnExpiration": []}
    found["expiryInfo"] = {
        "nextExpiryNotificationTime": ends, "expiryTime": ends, "expirySettings": settings
    }  # fmt: skip
    state = "Canceled" if one.status == "Canceled" else one.reply if one.decided else "Pending"
    found["approvalDetail"] = {
        "approvalType": _approval_type(one.workflow),
        "status": state,
        "approvers": {who: _reply(one) for who in one.workflow.approvers},
    }
    return found


def _reply(one: Run) -> Json:
    if one.decided is None:
        return {"reply": "Pending"}
    said = {"comment": "Not needed."} if one.reply == "Rejected" else {}
    return {"reply": one.reply, "responseTime": clock.iso_ticks(one.decided), **said}
