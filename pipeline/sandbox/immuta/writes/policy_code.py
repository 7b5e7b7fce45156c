"""Policies kept as code (V2): the words of V2 are translated to those that V1 answers."""

from typing import Any

from pipeline.sandbox.immuta import clauses, policies
from pipeline.sandbox.immuta.writes import policy_writes
from pipeline.sandbox.immuta.writes.calls import (
    Call,
    RefusedError,
    mapping,
    names,
    objects,
    text,
    writing,
)

Json = dict[str, Any]
OPERATORS = {"all": "and", "any": "or"}
MASKS = {"Hash": "Consistent Value"}
SUBSCRIPTIONS = {
    "anyone": "automatic",
    "approval": "approval",
    "entitlements": "policy",
    "manual": "manual",
}
RULES = {
    "Masking": "masking",
    "Row Restriction by Custom Where Clause": "visibility",
    "Row Restriction by User Entitlements": "visibility",
}


def upsert(call: Call) -> Json:
    """What became, or in a dry run would become, of the policy with the key of the body."""
    body = call.document()
    key, name, row = text(body, "policyKey"), text(body, "name"), _translated(body)
    known = [one for one in policies.rows(call.estate) if not one["deleted"]]
    mine = next((one for one in known if one["policyKey"] == key), None)
    if mine is None or mine["name"] != name:
        policy_writes.refuse_taken(call.estate, name)
    if call.flag("reCertify") and row["certification"]:
        row["certification"] = row["certification"] | {"recertify": True}
    number = mine["id"] if mine else policy_writes.next_id(call.estate)
    if not call.flag("dryRun"):
        policy_writes.write(call, number, row, mine or {})
    return {
        "creating": mine is None,
        "dryRun": call.flag("dryRun"),
        "policyId": number if mine or not call.flag("dryRun") else None,
        "updating": mine is not None,
    }


def _translated(body: Json) -> Json:
    """The policy in the form of V1.

    Raises:
        RefusedError: it has a word that V2 does not know.
    """
    kind = body.get("type")
    actions = body.get("actions")
    if kind == "subscription":
        found = [subscription(mapping(actions, "actions"))]
    elif kind == "data":
        found = [_data(one) for one in objects(actions, "actions")]
    else:
        raise RefusedError(400, 'Bad request: "type" must be one of data, subscription.')
    operator = _word(OPERATORS, body.get("circumstanceOperator") or "any", "circumstanceOperator")
    circumstances = [
        _circumstance(one, operator)
        for one in objects(body.get("circumstances") or [], "circumstances")
    ]
    certification = body.get("certification")
    return {
        "actions": found,
        "certification": mapping(certification, "certification") if certification else None,
        "circumstances": circumstances or None,
        "name": body["name"],
        "ownerRestrictions": body.get("ownerRestrictions"),
        "policyKey": body["policyKey"],
        "staged": body.get("staged", False),
        "template": body.get("template", False),
        "type": kind,
    }


def _word(known: dict[str, str], word: Any, what: str) -> str:
    if not isinstance(word, str) or word not in known:
        raise RefusedError(400, f'Bad request: "{what}" must be one of {", ".join(known)}.')
    return known[word]


def subscription(action: Json) -> Json:
    """The one action of a subscription policy, of V1; a project is joined by the same words."""
    found = {
        "accessGrant": action.get("accessGrant", "READ"),
        "allowDiscovery": action.get("allowDiscovery", False),
        "automaticSubscription": action.get("automaticSubscription", False),
        "description": action.get("description"),
        "exceptions": None,
        "shareResponsibility": action.get("shareResponsibility", False),
        "subscriptionType": _word(SUBSCRIPTIONS, action.get("type"), "actions.type"),
        "type": "subscription",
    }
    if "approvals" in action:
        found["approvals"] = objects(action["approvals"], "approvals")
    if "advanced" in action:
        found["advanced"] = str(action["advanced"])
        found["subscriptionType"] = "advanced"
    if "entitlements" in action:
        found["exceptions"] = _people(mapping(action["entitlements"], "entitlements"))
    return found


def _people(given: Json) -> Json:
    """Whom a rule lets in or out."""
    conditions = [clauses.group(name) for name in names(given.get("groups"), "groups")]
    conditions += [
        clauses.attribute(text(one, "name"), text(one, "value"))
        for one in objects(given.get("attributes") or [], "attributes")
    ]
    operator = _word(OPERATORS, given.get("operator", "all"), "operator")
    return {"conditions": conditions, "operator": operator}


def _data(action: Json) -> Json:
    rules = [_rule(one) for one in objects(action.get("rules"), "rules")]
    kind = rules[0]["type"] if rules else "masking"
    return {"description": action.get("description"), "rules": rules, "type": kind}


def _rule(rule: Json) -> Json:
    kind = _word(RULES, rule.get("type"), "rules.type")
    config = mapping(rule.get("config"), "config")
    found: Json = {"config": config, "exceptions": None, "type": kind}
    if kind == "masking":
        masking = mapping(config.get("maskingConfig"), "maskingConfig")
        word = text(masking, "type")
        metadata = {name: value for name, value in masking.items() if name != "type"}
        found["config"] = {
            "fields": [
                {"hasLeafNodes": False, "name": text(one, "columnTag"), "source": "curated"}
                for one in objects(config.get("fields"), "fields")
            ],
            "maskingConfig": {"metadata": metadata, "type": MASKS.get(word, word)},
        }
    if rule.get("exceptions"):
        found["exceptions"] = _people(mapping(rule["exceptions"], "exceptions"))
    if rule.get("inclusions"):
        found["inclusions"] = _people(mapping(rule["inclusions"], "inclusions"))
    return found


def _circumstance(one: Json, operator: str) -> Json:
    """Where a policy applies; V1 names a tag by an object."""
    found = one | {"operator": operator}
    for name in ("tag", "columnTag"):
        if name in one:
            found[name] = {"hasLeafNodes": False, "name": str(one[name])}
    return found


ROUTES = [writing("/api/v2/policy", "POST", upsert)]
