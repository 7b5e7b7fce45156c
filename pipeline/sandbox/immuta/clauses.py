"""Conditions of policies: who is let in, or left out, in the words of V1."""

from typing import Any

Json = dict[str, Any]


def group(name: str, iam: str = "okta") -> Json:
    """The condition that somebody is in a group."""
    return {"group": {"iam": iam, "name": name}, "type": "groups"}


def attribute(name: str, value: str) -> Json:
    """The condition that somebody has an attribute."""
    return {
        "authorization": {"auth": name, "iam": "okta", "value": value},
        "type": "authorizations",
    }


def purpose(name: str) -> Json:
    """The condition that somebody works under a purpose."""
    return {"type": "purposes", "value": name}


ANYONE: Json = {"type": "anyone"}
"""The condition that everybody meets."""


def any_of(*conditions: Json) -> Json:
    """A clause of which one condition is enough."""
    return {"conditions": list(conditions), "operator": "or"}


def all_of(*conditions: Json) -> Json:
    """A clause of which every condition must be met."""
    return {"conditions": list(conditions), "operator": "and"}
