"""Review flows that clients write, held against what Immuta's OpenAPI document says of them (`dataAccessPolicy`)."""

from typing import Any

from pipeline.sandbox.immuta.writes import review
from pipeline.sandbox.immuta.writes.calls import RefusedError, mapping, objects, text

Json = dict[str, Any]
EVENTS = ("approve", "deny", "review", "dataProductPolicy")
DEFAULTS = ("approve", "review")
"""What a product's flow may come to where none of its rules applies."""
APPROVERS: dict[str, tuple[str, ...]] = {
    "ATTRIBUTE": ("key", "value"),
    "CATALOG PERMISSION": (),
    "DOMAIN PERMISSION": ("permission",),
    "GROUP": ("name",),
    "PERMISSION": ("permission",),
    "USER": ("id",),
}
"""Kinds of approvers and what each must say."""
PERMISSIONS = {
    "DOMAIN PERMISSION": (
        "Manage Policies",
        "Audit Activity",
        "Manage Data Products",
        "Manage Identifiers",
    ),
    "PERMISSION": ("GOVERNANCE", "USER_ADMIN", "AUDIT"),
}


def checked(value: Any, what: str) -> Json:
    """The flow with what is known of it.

    Raises:
        RefusedError: it has an event that cannot be carried out.
    """
    flow = mapping(value, what)
    rules = [_rule(one) for one in objects(flow.get("rules", []), "rules")]
    found = {"defaultEvent": _event(flow.get("defaultEvent"), DEFAULTS), "rules": rules}
    if "version" in flow:
        found["version"] = text(flow, "version")
    return found


def _rule(rule: Json) -> Json:
    conditions = mapping(rule.get("conditions"), "conditions")
    if len(conditions) != 1 or not conditions.keys() <= {"all", "any", "not"}:
        raise RefusedError(400, '"conditions" must have one of all, any, not')
    for name, value in conditions.items():
        if name != "not" and not isinstance(value, list):
            raise RefusedError(400, f'"{name}" of conditions must be a list')
    return {"conditions": conditions, "event": _event(rule.get("event"), EVENTS)}


def _event(value: Any, allowed: tuple[str, ...]) -> Json:
    event = mapping(value, "an event")
    kind = text(event, "type")
    if kind not in allowed:
        raise RefusedError(400, f'"type" of an event must be one of {", ".join(allowed)}')
    if kind == "dataProductPolicy":
        return {"type": kind}
    params = mapping(event.get("params", {}), "params")
    if kind == "review":
        stages = [_stage(one) for one in objects(params.get("stages"), "stages")]
        if not 1 <= len(stages) <= review.LONGEST:
            raise RefusedError(400, f'"stages" must be 1 to {review.LONGEST}')
        return {"params": {"stages": stages}, "type": kind}
    if params.get("comment") is not None:
        text(params, "comment")
    refuse_half_duration(params)
    known = ("comment", "duration", "durationUnit") if kind == "approve" else ("comment",)
    kept = {name: params[name] for name in known if params.get(name) is not None}
    return {"params": kept, "type": kind}


def _stage(stage: Json) -> Json:
    """A stage with those who decide in it: all of them, or any."""
    name = "all" if "all" in stage else "any"
    approvers = objects(stage.get(name), name)
    if not approvers:
        raise RefusedError(400, f'"{name}" of a stage must name an approver')
    for one in approvers:
        kind = text(one, "type")
        if kind not in APPROVERS:
            raise RefusedError(400, f'"type" of an approver must be one of {", ".join(APPROVERS)}')
        for key in APPROVERS[kind]:
            text(one, key)
        if kind in PERMISSIONS and one["permission"] not in PERMISSIONS[kind]:
            raise RefusedError(400, f'"permission" must be one of {", ".join(PERMISSIONS[kind])}')
    return {
        name: [{key: one[key] for key in ("type", *APPROVERS[one["type"]])} for one in approvers]
    }


def refuse_half_duration(said: Json) -> None:
    """Nothing, if a duration is a number with a unit or is not given at all.

    Raises:
        RefusedError: it is neither.
    """
    duration: Any = said.get("duration")
    unit = said.get("durationUnit")
    if duration is None and unit is None:
        return
    counted = isinstance(duration, int | float) and not isinstance(duration, bool)
    if (
        counted
        and 1 <= duration <= LONGEST_DURATION
        and isinstance(unit, str)
        and unit in review.UNITS
    ):
        return
    raise RefusedError(400, '"duration" must be at least 1, and "durationUnit" must be given')


LONGEST_DURATION = 1000
"""Of any unit: what no calendar holds is refused."""
