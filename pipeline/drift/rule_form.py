"""One rule of a data policy in the words of V2, whether a payload or an answer of V1 says it."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.drift import entitlement
from pipeline.drift.facts import Conditions, Stated, listed, nothing, unique

MASKING = "Masking"
WHERE = "Row Restriction by Custom Where Clause"
ENTITLED = "Row Restriction by User Entitlements"

_MASKS = {"Consistent Value": "Hash"}
"""Masking types that V1 names otherwise; Null, Constant and Custom Function are the same."""

Rule = Mapping[str, Any]


def named(value: Any) -> str:
    """A tag or group: V1 has an object with a name where V2 has the name."""
    return str(value.get("name")) if isinstance(value, dict) else str(value)


def v2(rule: Rule) -> Stated:
    """What a rule of a payload says."""
    config = rule.get("config") or {}
    mask = config.get("maskingConfig") or {}
    found: Stated = {
        "type": rule["type"],
        "exceptions": entitlement.v2_conditions(rule.get("exceptions")),
        "inclusions": entitlement.v2_conditions(rule.get("inclusions")),
        "config.predicate": nothing(config.get("predicate")),
        "config.fields": Conditions(
            config.get("operator") or "any", unique(map(_field, config.get("fields") or ()))
        ),
        "config.maskingConfig.type": mask.get("type"),
    }
    return found


def v1(rule: Rule) -> Stated:
    """What a rule of an answer says."""
    config = mapping(rule.get("config"))
    mask = mapping(config.get("maskingConfig"))
    word = mask.get("type")
    operator = str(config.get("operator") or "any")
    return {
        "type": _kind(rule),
        "exceptions": entitlement.v1_conditions(mapping(rule.get("exceptions"))),
        "inclusions": entitlement.v1_conditions(mapping(rule.get("inclusions"))),
        "config.predicate": nothing(config.get("predicate")),
        "config.fields": Conditions(
            entitlement.OPERATORS.get(operator, operator),
            unique(map(_field, listed(config.get("fields")))),
        ),
        "config.maskingConfig.type": _MASKS.get(word, word) if isinstance(word, str) else None,
    }


def _kind(rule: Rule) -> str:
    """The V2 word for the kind of a V1 rule."""
    word = str(rule.get("type"))
    if word == "masking":
        return MASKING
    if word == "rowOrObjectRestriction":
        return WHERE if mapping(rule.get("config")).get("predicate") else ENTITLED
    return word


def _field(one: Any) -> str:
    """A masked field in words: V2 `{type: columnTags, columnTag: NAME}`, V1 `{name: NAME, source: ...}`."""
    if not isinstance(one, dict):
        return str(one)
    if one.get("type") in (None, "columnTags"):
        return f"column tag {named(one.get('columnTag') or one.get('name'))}"
    if one["type"] == "columnRegex":
        return (
            f"column regex {one.get('regex')}{' in any case' if one.get('caseInsensitive') else ''}"
        )
    rest = {key: value for key, value in one.items() if key != "type"}
    shown = f" {json.dumps(rest, sort_keys=True, ensure_ascii=False)}" if rest else ""
    return f"{one['type']}{shown}"


def in_words(rule: Stated) -> str:
    """A rule in one line."""
    fields = rule["config.fields"]
    on = ", ".join(fields.items) if isinstance(fields, Conditions) else ""
    how = rule["config.maskingConfig.type"] or rule["config.predicate"]
    return " ".join(str(part) for part in (rule["type"], how, f"on {on}" if on else "") if part)


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, empty where something else stands."""
    return value if isinstance(value, dict) else {}
