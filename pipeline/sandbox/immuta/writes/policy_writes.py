"""Global policies that clients write, in the form of V1."""

from typing import Any

from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import policies
from pipeline.sandbox.immuta.writes import registering
from pipeline.sandbox.immuta.writes.calls import Call, RefusedError, mapping, objects, text, writing

Json = dict[str, Any]
KEPT = (
    "certification",
    "circumstances",
    "clonedFrom",
    "metadata",
    "ownerRestrictions",
    "staged",
    "template",
)
"""What a policy may say beside its name, type and actions."""


def create(call: Call) -> Json:
    """The policy that was created."""
    body = mapping(call.json(), "the body")
    refuse_taken(call.estate, text(body, "name"))
    number = next_id(call.estate)
    return write(call, number, body, {})


def replace(call: Call) -> Json:
    """The policy as it is now: all of it is that of the body."""
    known = _find(call)
    body = mapping(call.json(), "the body")
    name = text(body, "name")
    if name != known["name"]:
        refuse_taken(call.estate, name)
    return write(call, known["id"], body, known)


def delete(call: Call) -> Json:
    """Nothing; the policy stays in the list, marked as deleted, and applies nowhere."""
    known = _find(call)
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    call.changes.write_row("policy", known["id"], known | {"deleted": True, "updatedAt": since})
    return {}


def _find(call: Call) -> Json:
    number = call.number("id")
    for row in policies.rows(call.estate):
        if row["id"] == number and not row["deleted"]:
            return row
    raise RefusedError(404, "Policy not found.")


def next_id(estate: Estate) -> int:
    """Id that no policy has."""
    return 1 + max(int(row["id"]) for row in policies.rows(estate))


def refuse_taken(estate: Estate, name: str) -> None:
    """Nothing, if no policy that is in force or staged has the name.

    Raises:
        RefusedError: one has; the answer is what clients recognise it by.
    """
    if any(row["name"] == name and not row["deleted"] for row in policies.rows(estate)):
        unique = {"code": "unique", "field": "name", "message": "name must be unique"}
        message = f"A policy with the name '{name}' exists."
        raise RefusedError(422, message, validation=[unique])


def write(call: Call, number: int, body: Json, known: Json) -> Json:
    """The policy that a body has become; `known` is what it was before.

    Raises:
        RefusedError: the body is no policy.
    """
    kind = body.get("type")
    if kind not in ("data", "subscription"):
        raise RefusedError(400, 'Bad request: "type" must be one of data, subscription.')
    actions = objects(body.get("actions"), "actions")
    if body.get("circumstances") is not None:
        objects(body["circumstances"], "circumstances")
    by = registering.caller(call.estate)
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    row = {
        "actions": actions,
        "createdAt": known.get("createdAt", since),
        "createdBy": known.get("createdBy", by.profile_id),
        "createdByName": known.get("createdByName", by.name),
        "deleted": False,
        "id": number,
        "name": text(body, "name"),
        "policyKey": body.get("policyKey") or text(body, "name").lower().replace(" ", "-"),
        "systemGenerated": False,
        "type": kind,
        "updatedAt": since,
    }
    row |= {name: body.get(name) for name in KEPT}
    row |= {"staged": body.get("staged") is True, "template": body.get("template") is True}
    call.changes.write_row("policy", number, row)
    return row


ROUTES = [
    writing("/policy/global", "POST", create),
    writing("/policy/global/{id}", "PUT", replace),
    writing("/policy/global/{id}", "DELETE", delete),
]
