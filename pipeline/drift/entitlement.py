"""Who a policy lets in or leaves out, and how people join: V2 payloads and V1 answers in one form.

V1 says `and`/`or`, `groups`/`authorizations` and `policy` where V2 says `all`/`any`, `groups`/`attributes` and `entitlements`.
"""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.drift.facts import (
    Answer,
    Conditions,
    Found,
    Place,
    Stated,
    Told,
    Untold,
    given,
    listed,
    nothing,
    unique,
)
from pipeline.drift.shape import Keys, flag, many, one_of, text

GRANTS = Keys(
    {
        "operator": one_of("any", "all"),
        "groups": many(text),
        "purposes": many(text),
        "attributes": many(Keys({"name": text, "value": text}, required=("name", "value"))),
    }
)
"""`entitlements`, `exceptions` and `inclusions` of V2; purposes are not in every version of its documentation."""

SUBSCRIPTION = Keys(
    {
        "type": one_of("anyone", "approval", "entitlements", "manual"),
        "description": text,
        "automaticSubscription": flag,
        "allowDiscovery": flag,
        "shareResponsibility": flag,
        "accessGrant": one_of("READ", "WRITE"),
        "approvals": many(
            Keys(
                {"specificApproverRequired": flag, "requiredPermission": text},
                required=("requiredPermission",),
            )
        ),
        "entitlements": GRANTS,
        "advanced": text,
    },
    required=("type",),
)
"""`actions` of a subscription policy and `subscriptionPolicy` of a project, in V2."""

OPERATORS = {"and": "all", "or": "any"}
TYPES = {
    "automatic": "anyone",
    "approval": "approval",
    "policy": "entitlements",
    "advanced": "entitlements",
    "manual": "manual",
}
"""`subscriptionType` of V1, and what V2 calls it."""

NOT_IN_ANSWER = "Immuta's answer does not have it"
_ON_BOTH = ("automaticSubscription", "allowDiscovery", "shareResponsibility", "accessGrant")


def v2_conditions(grants: Mapping[str, Any] | None) -> Conditions:
    """What `entitlements`, `exceptions` or `inclusions` of a payload say; nothing said is no condition."""
    grants = grants or {}
    items = [f"group {name}" for name in grants.get("groups") or ()]
    items += [f"purpose {name}" for name in grants.get("purposes") or ()]
    items += [
        f"attribute {pair['name']} = {pair['value']}" for pair in grants.get("attributes") or ()
    ]
    return Conditions(grants.get("operator") or "any", unique(items))


def v1_conditions(grants: Mapping[str, Any] | None) -> Conditions:
    """What `exceptions` of an answer say; a condition of another kind is kept as it was sent."""
    grants = grants or {}
    operator = str(grants.get("operator") or "any")
    items = [_condition(one) for one in listed(grants.get("conditions"))]
    return Conditions(OPERATORS.get(operator, operator), unique(items))


def _condition(condition: Any) -> str:
    if isinstance(condition, dict):
        group, grant = condition.get("group"), condition.get("authorization")
        if condition.get("type") == "groups" and isinstance(group, dict):
            return f"group {group.get('name')}"
        if condition.get("type") == "authorizations" and isinstance(grant, dict):
            return f"attribute {grant.get('auth')} = {grant.get('value')}"
        name = condition.get("value") or condition.get("purpose")
        if condition.get("type") == "purposes" and name:
            return f"purpose {name.get('name') if isinstance(name, dict) else name}"
    return json.dumps(condition, sort_keys=True, ensure_ascii=False)


def stated(policy: Mapping[str, Any], prefix: str) -> Stated:
    """What a payload says of how people join, by path below `prefix`."""
    found = given(policy, "type", "description", *_ON_BOTH)
    if policy["type"] == "entitlements":
        found["advanced"] = nothing(policy.get("advanced"))
        found["entitlements"] = v2_conditions(policy.get("entitlements"))
    if policy["type"] == "approval" or policy.get("approvals"):
        approvals = policy.get("approvals") or []
        found["approvals"] = unique(one["requiredPermission"] for one in approvals)
        found["approvals.specificApproverRequired"] = unique(
            one["requiredPermission"] for one in approvals if one.get("specificApproverRequired")
        )
    return {f"{prefix}.{key}": value for key, value in found.items()}


def found(action: Mapping[str, Any], prefix: str, place: Place) -> Found:
    """What an answer says of how people join, by path below `prefix`."""
    places = (place,)
    word = action.get("subscriptionType")
    answers: dict[str, Answer] = {
        "type": Told(TYPES.get(str(word), str(word)), places) if word else Untold(NOT_IN_ANSWER),
        "description": Told(nothing(action.get("description")), places),
        "advanced": Told(_advanced(action), places),
        "entitlements": Told(v1_conditions(_object(action.get("exceptions"))), places),
        **_approvals(action, places),
    }
    for key in _ON_BOTH:
        value = action.get(key)
        answers[key] = Untold(NOT_IN_ANSWER) if value is None else Told(value, places)
    return {f"{prefix}.{key}": answer for key, answer in answers.items()}


def _advanced(action: Mapping[str, Any]) -> str | None:
    inside = (_object(action.get("exceptions")) or {}).get("advanced")
    return nothing(action.get("advanced") or inside)


def _approvals(action: Mapping[str, Any], places: tuple[Place, ...]) -> Found:
    approvals = action.get("approvals")
    if not isinstance(approvals, list):
        return {
            "approvals": Untold(NOT_IN_ANSWER),
            "approvals.specificApproverRequired": Untold(NOT_IN_ANSWER),
        }
    known = [one for one in approvals if isinstance(one, dict)]
    specific: Answer = Untold(NOT_IN_ANSWER)
    if all("specificApproverRequired" in one for one in known):
        specific = Told(
            unique(str(one.get("requiredPermission")) for one in known
                   if one["specificApproverRequired"]), places
        )  # fmt: skip
    return {
        "approvals": Told(unique(str(one.get("requiredPermission")) for one in known), places),
        "approvals.specificApproverRequired": specific,
    }


def _object(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None
