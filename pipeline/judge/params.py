"""Parameters of rules: what a value may be, and defaults replaced by what a configuration or an example sets."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ConfigError


def overridden(
    rule_id: str, defaults: Mapping[str, Any], changes: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The defaults of a rule's parameters with `changes`; `where` names their place in messages.

    Raises:
        ConfigError: unknown parameter, a value of another kind than the default, or none that JSON can hold.
    """
    for name, value in changes.items():
        if name not in defaults:
            valid = ", ".join(defaults) or "none"
            raise ConfigError(f"{where}.{name}: no parameter of {rule_id}; its parameters: {valid}")
        if problem := unstorable(value):
            raise ConfigError(f"{where}.{name}: {problem}")
        if _kind(value) != _kind(defaults[name]):
            raise ConfigError(
                f"{where}.{name}: {value!r} is not {_kind(defaults[name])}, "
                f"as the default {defaults[name]!r} is"
            )
    return {**defaults, **changes}


def unstorable(value: Any) -> str | None:
    """Why a value can neither be stored with the verdicts nor sent to the process of a pack's rule; None if it can."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return (
            f"no text, number, list or mapping of those (a day is text: put it in quotes): {error}"
        )
    return None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else "text"
