"""How access requests move: opened by a review flow, decided stage by stage, ended by hand or by time.

The calls are those of Immuta's OpenAPI document; what they do to a request is told in its guide "View and respond
to access requests". A state other than pending and approved is final.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pipeline.sandbox.immuta.requests import Record
from pipeline.sandbox.immuta.writes.changed import AnyChanged, Moved
from pipeline.sandbox.immuta.writes.changes import merged
from pipeline.sandbox.people import Person

Json = dict[str, Any]
UNITS = {
    "HOURS": timedelta(hours=1),
    "DAYS": timedelta(days=1),
    "WEEKS": timedelta(weeks=1),
    "MONTHS": timedelta(days=30),
    "YEARS": timedelta(days=365),
}
LONGEST = 20
"""Stages that a review flow may have here."""
STEWARDS: Json = {"permission": "Manage Data Products", "type": "DOMAIN PERMISSION"}
GOVERNORS: Json = {"permission": "GOVERNANCE", "type": "PERMISSION"}
DEFAULT_FLOW: Json = {
    "defaultEvent": {"params": {"stages": [{"any": [GOVERNORS, STEWARDS]}]}, "type": "review"},
    "rules": [],
}
"""The review flow of a product that names none (OpenAPI document, `dataAccessPolicy`)."""


class MoveError(Exception):
    """A request or a record that cannot go where a call wants it."""


class Opening(NamedTuple):
    """What a review flow makes of a new request."""

    status: str
    records: tuple[Record, ...]
    answers: Mapping[str, Json]
    expires_at: datetime | None


def event_of(flow: Json) -> Json:
    """The event that a flow comes to: that of the first rule without conditions, else the default."""
    for rule in flow.get("rules", []):
        conditions = rule.get("conditions", {})
        if conditions in ({"all": []}, {}):
            event: Json = rule["event"]
            return event
    default: Json = flow["defaultEvent"]
    return default if default["type"] != "dataProductPolicy" else DEFAULT_FLOW["defaultEvent"]


def opening(flow: Json, ids: Sequence[str], when: datetime) -> Opening:
    """State of a new request; `ids` are enough for its records."""
    event = event_of(flow)
    if event["type"] == "dataProductPolicy":
        event = DEFAULT_FLOW["defaultEvent"]
    params = event.get("params") or {}
    if event["type"] == "review":
        return _waiting(params.get("stages") or [{"any": [STEWARDS]}], ids, when)
    status = "APPROVED" if event["type"] == "approve" else "DENIED"
    expires = None
    said: Json = {"approvers": [], "reason": params.get("comment") or "decided by the review flow"}
    if status == "APPROVED" and params.get("duration"):
        expires = when + params["duration"] * UNITS[params["durationUnit"]]
        said |= {"duration": params["duration"], "durationUnit": params["durationUnit"]}
    record = Record(ids[0], status, None, when, when)
    return Opening(status, (record,), {record.id: said}, expires)


def _waiting(stages: Sequence[Json], ids: Sequence[str], when: datetime) -> Opening:
    """One record for a stage: the first waits for a decision, the others for the one before."""
    records, answers = [], {}
    for at, stage in enumerate(stages):
        status = "BLOCKED" if at else "PENDING"
        records.append(Record(ids[at], status, None, when, when))
        approvers = stage.get("any") or stage.get("all") or []
        answers[ids[at]] = {
            "approvers": approvers,
            "prerequisites": [ids[at - 1]] if at else [],
        }
    return Opening("PENDING", tuple(records), answers, None)


def decided(request: Moved, record_id: str, decision: Json, actor: Person, when: datetime) -> Moved:
    """The request after a decision on one of its records: one denial suffices, the last approval grants.

    Raises:
        MoveError: the record is not waiting for a decision.
    """
    record = next(one for one in request.records if one.id == record_id)
    if request.status != "PENDING" or record.status != "PENDING":
        raise MoveError(f"the approval record is {record.status}, its request {request.status}")
    status = decision["status"]
    said = {
        "approverCriteriaMet": None,
        "duration": decision.get("duration"),
        "durationUnit": decision.get("durationUnit"),
        "reason": decision.get("reason") or "",
    }
    if status == "APPROVED":
        said["approverCriteriaMet"] = request.said(record.id).get("approvers", [STEWARDS])[:1]
    acted = record._replace(status=status, actor=actor, updated_at=when)
    records = [acted if one.id == record_id else one for one in request.records]
    if status == "DENIED":
        records = [_ended(one, when) for one in records]
        moved = replace(request, status="DENIED", updated_at=when)
    elif any(one.status == "BLOCKED" for one in records):
        blocked = next(at for at, one in enumerate(records) if one.status == "BLOCKED")
        records[blocked] = records[blocked]._replace(status="PENDING", updated_at=when)
        moved = replace(request, updated_at=when)
    else:
        moved = replace(request, status="APPROVED", is_member=True, updated_at=when)
    answers = merged(request.answers, {record_id: said})
    moved = replace(moved, records=tuple(records), answers=answers)
    if moved.status == "APPROVED":
        return replace(moved, expires_at=_expiration(moved, when))
    return moved


def _expiration(request: AnyChanged, when: datetime) -> datetime | None:
    """End of access: of the shortest time that an approval was given for."""
    limits = [
        said["duration"] * UNITS[said["durationUnit"]]
        for said in (request.said(record.id) for record in request.records)
        if said.get("duration")
    ]
    return when + min(limits) if limits else None


def _ended(record: Record, when: datetime) -> Record:
    """The record of a request that is over."""
    if record.status in ("PENDING", "BLOCKED"):
        return record._replace(status="CANCELED", updated_at=when)
    return record


def canceled(request: Moved, when: datetime) -> Moved:
    """The request after whoever asked took it back.

    Raises:
        MoveError: it is decided already.
    """
    if request.status != "PENDING":
        raise MoveError(f"the request is {request.status}: only a pending one can be canceled")
    records = tuple(_ended(one, when) for one in request.records)
    return replace(request, status="CANCELED", updated_at=when, records=records)


def revoked(request: Moved, when: datetime) -> Moved:
    """The request after its access was withdrawn.

    Raises:
        MoveError: it grants nothing.
    """
    if request.status != "APPROVED":
        raise MoveError(f"the request is {request.status}: only an approved one can be revoked")
    return replace(request, status="REVOKED", is_member=False, updated_at=when)
