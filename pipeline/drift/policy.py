"""Global policies: the payload of `POST /api/v2/policy` and the answer of `GET /policy/global`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.drift import entitlement, rule, rule_form
from pipeline.drift.document import Node
from pipeline.drift.facts import (
    Answer,
    Conditions,
    Declared,
    Found,
    Live,
    Pair,
    Part,
    Place,
    Stated,
    Told,
    Untold,
    given,
    listed,
    nothing,
    unique,
)
from pipeline.drift.live import Row, Snapshot
from pipeline.drift.matching import by_key
from pipeline.drift.shape import At, Keys, anything, flag, many, one_of, text

KEY = "policyKey"
FOLDERS = ("policy", "policies")
_CERTIFICATION = {
    "label": "certification_label",
    "text": "certification_text",
    "recertify": "recertify",
}
"""Keys of `certification`, and the columns that have them; its tags are not kept."""

_DATA = many(
    Keys({"description": text, "rules": many(rule.RULE), "type": text}, required=("rules",))
)
_OWNER = Keys(
    {
        "users": many(Keys({"iamid": text, "username": text}, required=("username",))),
        "groups": many(anything),
    }
)
_CIRCUMSTANCE = Keys(
    {
        "type": text,
        "tag": text,
        "columnTag": text,
        "regex": text,
        "caseInsensitive": flag,
        "domains": many(Keys({"name": text, "id": text})),
        "operator": one_of("any", "all"),
    },
    required=("type",),
    open=True,
)


def _actions(node: Node, at: At, lines: dict[str, int]) -> Any:
    """`actions`: one object in a subscription policy, a list in a data policy."""
    if isinstance(node.value, list):
        return _DATA(node, at, lines)
    return entitlement.SUBSCRIPTION(node, at, lines)


_KEYS = Keys(
    {
        "policyKey": text,
        "name": text,
        "type": one_of("subscription", "data"),
        "actions": _actions,
        "ownerRestrictions": many(_OWNER, or_one=True),
        "circumstances": many(_CIRCUMSTANCE, or_one=True),
        "circumstanceOperator": one_of("all", "any"),
        "staged": flag,
        "template": flag,
        "certification": Keys(
            {"text": text, "label": text, "tags": many(text), "recertify": flag}, open=True
        ),
    },
    required=("policyKey", "name", "type", "actions"),
)


def shape(node: Node, at: At, lines: dict[str, int]) -> Mapping[str, Any]:
    """The payload of a policy.

    Raises:
        PayloadError: it is none.
    """
    payload: dict[str, Any] = _KEYS(node, at, lines) or {}
    wants_list = payload["type"] == "data"
    if isinstance(payload["actions"], list) != wants_list:
        must = "a list of actions with rules" if wants_list else "one mapping with a type"
        raise at.inside("actions").error(
            lines["actions"], f"must be {must} in a {payload['type']} policy"
        )
    return payload


def spread(payload: Mapping[str, Any]) -> list[Part]:
    """The policy by its key."""
    return [Part(payload["policyKey"], payload)]


def match(snapshot: Snapshot, declared: Iterable[Declared]) -> tuple[list[Pair], list[Live]]:
    """Every declared policy with the live one of its key, and the live ones that nobody declares."""
    table = snapshot.table("immuta_policy")
    return by_key(
        table,
        declared,
        key=lambda row: row["policy_key"] or f"(no key, id {row['id']})",
        aside=lambda row: (
            "deleted" if row["deleted"] else "made by Immuta" if row["system_generated"] else ""
        ),
    )


def sides(snapshot: Snapshot, pair: Pair, live: Live) -> tuple[Stated, Found]:
    """What file and answer say of one policy, by path."""
    payload = pair.declared.payload
    table = snapshot.table("immuta_policy")
    row, place = live.rows[0], live.places[0]
    circumstances = payload.get("circumstances") or []
    stated: Stated = given(payload, "name", "type", "template")
    stated["staged"] = bool(payload.get("staged"))
    stated["circumstances"] = Conditions(
        payload.get("circumstanceOperator") or _joined(circumstances) or "any",
        unique(map(_circumstance, circumstances)),
    )
    by_id = any(one.get("id") for c in circumstances for one in c.get("domains") or ())
    found: Found = {
        "name": table.told(row, "name", nothing(row.get("name"))),
        "type": table.told(row, "type", row.get("type")),
        "staged": _flag(row.get("staged"), place),
        "circumstances": _live_circumstances(_parsed(row.get("circumstances")), place, by_id=by_id),
    }
    _rest(payload, row, place, stated, found)
    actions = _parsed(row.get("actions"))
    if row.get("type") != payload["type"] or actions is None:
        stated["actions"] = f"of a {payload['type']} policy"
        if actions is not None:
            found["actions"] = Told(f"of a {row.get('type')} policy", (place,))
        return stated, found
    if payload["type"] == "data":
        rules_stated, rules_found = rule.sides(payload["actions"], listed(actions), place)
        return {**stated, **rules_stated}, {**found, **rules_found}
    stated.update(entitlement.stated(payload["actions"], "actions"))
    first = next((one for one in listed(actions) if isinstance(one, dict)), None)
    if first is not None:
        found.update(entitlement.found(first, "actions", place))
    return stated, found


def _rest(payload: Mapping[str, Any], row: Row, place: Place, stated: Stated, found: Found) -> None:
    """Owner restrictions, certification and template, as far as the snapshot keeps them."""
    if payload.get("ownerRestrictions") is not None:
        stated["ownerRestrictions"] = _owners(payload["ownerRestrictions"])
    for key, value in (payload.get("certification") or {}).items():
        if value is not None:
            stated[f"certification.{key}"] = _leaf(value)
    if row.get("template") is None:
        # sealed before snapshots kept these: that they are empty says nothing
        return
    found["template"] = _flag(row["template"], place)
    restrictions = listed(_parsed(row["owner_restrictions"]))
    owners = _owners([one for one in restrictions if isinstance(one, dict)])
    found["ownerRestrictions"] = Told(owners, (place,))
    for key, column in _CERTIFICATION.items():
        found[f"certification.{key}"] = Told(_leaf(row[column]), (place,))


def _live_circumstances(value: Any, place: Place, *, by_id: bool) -> Answer:
    sent = [one for one in listed(value) if isinstance(one, dict)]
    items = unique(_circumstance(one, by_id=by_id) for one in sent)
    return Told(Conditions(_joined(sent) or "any", items), (place,))


def _joined(circumstances: Iterable[Mapping[str, Any]]) -> str | None:
    """The word that joins circumstances that each carry one."""
    words = {str(one["operator"]) for one in circumstances if one.get("operator")}
    return "/".join(sorted(entitlement.OPERATORS.get(word, word) for word in words)) or None


def _circumstance(one: Mapping[str, Any], *, by_id: bool = False) -> str:
    """A circumstance in words; V1 has objects where V2 has names."""
    kind = one.get("type")
    if kind == "tags" and one.get("tag"):
        return f"tag {rule_form.named(one['tag'])}"
    if kind == "columnTags" and one.get("columnTag"):
        return f"column tag {rule_form.named(one['columnTag'])}"
    if kind == "columnRegex" and one.get("regex"):
        return f"column regex {one['regex']}{' in any case' if one.get('caseInsensitive') else ''}"
    if kind == "domains" and isinstance(one.get("domains"), list):
        first, second = ("id", "name") if by_id else ("name", "id")
        names = [str(d.get(first) or d.get(second)) for d in one["domains"] if isinstance(d, dict)]
        return f"domains {', '.join(sorted(names))}"
    rest = {key: value for key, value in one.items() if key not in ("type", "operator")}
    shown = f" {json.dumps(rest, sort_keys=True, ensure_ascii=False)}" if rest else ""
    return f"{kind}{shown}"


def _owners(restrictions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    found: list[str] = []
    for one in restrictions:
        for user in listed(one.get("users")):
            if not isinstance(user, dict):
                continue
            found.append(
                f"user {user.get('username') or user.get('userid')} of {user.get('iamid')}"
            )
        found += [f"group {rule_form.named(group)}" for group in listed(one.get("groups"))]
    return unique(found)


def _flag(value: Any, place: Place) -> Answer:
    return Untold(entitlement.NOT_IN_ANSWER) if value is None else Told(bool(value), (place,))


def _leaf(value: Any) -> Any:
    if isinstance(value, list):
        return unique(rule_form.named(one) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return nothing(value) if isinstance(value, str) else value


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
