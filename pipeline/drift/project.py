"""Projects: the payload of `POST /api/v2/project`, and what Govern lists of a project and its members."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pipeline.drift import entitlement
from pipeline.drift.document import Node
from pipeline.drift.facts import (
    Answer,
    Declared,
    Found,
    Live,
    Pair,
    Part,
    Stated,
    Told,
    Untold,
    given,
    nothing,
    unique,
)
from pipeline.drift.live import Row, Snapshot
from pipeline.drift.matching import by_key
from pipeline.drift.shape import At, Keys, anything, flag, many, text

KEY = "projectKey"
FOLDERS = ("project", "projects")


def _documentation(node: Node, at: At, lines: dict[str, int]) -> Any:
    """Text in the documentation of the provider, an object in that of the API: both are taken."""
    return (anything if isinstance(node.value, dict) else text)(node, at, lines)


_KEYS = Keys(
    {
        "projectKey": text,
        "name": text,
        "description": text,
        "documentation": _documentation,
        "allowMaskedJoins": flag,
        "purposes": many(text),
        "datasources": many(text),
        "subscriptionPolicy": entitlement.SUBSCRIPTION,
        "workspace": Keys({"type": text, "config": Keys({}, open=True)}, open=True),
        "equalization": flag,
        "tags": many(text),
    },
    required=("projectKey", "name"),
    also={"allowedMaskedJoins": "allowMaskedJoins"},
)


def shape(node: Node, at: At, lines: dict[str, int]) -> Mapping[str, Any]:
    """The payload of a project.

    Raises:
        PayloadError: it is none.
    """
    return _KEYS(node, at, lines) or {}


def spread(payload: Mapping[str, Any]) -> list[Part]:
    """The project by its key."""
    return [Part(payload["projectKey"], payload)]


def match(snapshot: Snapshot, declared: Iterable[Declared]) -> tuple[list[Pair], list[Live]]:
    """Every declared project with the live one of its key, and the live ones that nobody declares."""
    return by_key(
        snapshot.table("immuta_project"),
        declared,
        key=lambda row: row["project_key"] or f"(no key, id {row['id']})",
        aside=_aside,
    )


def _aside(row: Row) -> str:
    if row["deleted"]:
        return "deleted"
    # Immuta makes one for every schema that data sources come from
    return "made by Immuta" if row["type"] == "schema" else ""


def sides(snapshot: Snapshot, pair: Pair, live: Live) -> tuple[Stated, Found]:
    """What file and answers say of one project, by path."""
    payload = pair.declared.payload
    table = snapshot.table("immuta_project")
    row = live.rows[0]
    stated: Stated = given(payload, "name", "description")
    stated["allowMaskedJoins"] = bool(payload.get("allowMaskedJoins"))
    stated["equalization"] = bool(payload.get("equalization"))
    if payload.get("documentation") is not None:
        stated["documentation"] = _leaf(payload["documentation"])
    if payload.get("workspace") is not None:
        stated["workspace"] = _leaf(payload["workspace"])
    stated.update(
        entitlement.stated(
            payload.get("subscriptionPolicy") or {"type": "manual"}, "subscriptionPolicy"
        )
    )
    for key in ("purposes", "datasources", "tags"):
        if payload.get(key) is not None:
            stated[key] = unique(payload[key])
    found: Found = {
        "name": table.told(row, "name", nothing(row.get("name"))),
        "description": table.told(row, "description", nothing(row.get("description"))),
        "documentation": table.told(row, "documentation", nothing(row.get("documentation"))),
        "allowMaskedJoins": _flag(
            table.told(row, "allow_masked_joins", row.get("allow_masked_joins"))
        ),
        "equalization": _flag(table.told(row, "equalized", row.get("equalized"))),
        "purposes": _purposes(snapshot, row, payload.get("purposes") or ()),
        "datasources": _data_sources(snapshot, row),
        "workspace": _workspace(
            table.told(row, "workspace", row.get("workspace")),
            declared=payload.get("workspace") is not None,
        ),
        "tags": table.told(row, "tags", unique(row.get("tags") or ())),
        **_subscription(snapshot, row),
    }
    if not row.get("detail_read", True):
        found = {path: _unread(answer) for path, answer in found.items()}
    return stated, found


def _unread(answer: Answer) -> Answer:
    """The answer, unless it is empty: the list says less than the project's own page, which could not be read."""
    if isinstance(answer, Told):
        empty = answer.value in (None, ())
    else:
        empty = answer.why == entitlement.NOT_IN_ANSWER
    return Untold("only the list of projects could be read", hole=True) if empty else answer


def _flag(answer: Answer) -> Answer:
    if isinstance(answer, Told) and answer.value is None:
        return Untold(entitlement.NOT_IN_ANSWER)
    return answer


def _workspace(answer: Answer, *, declared: bool) -> Answer:
    """Whether there is one: what Immuta answers of it has other words than the payload."""
    if not isinstance(answer, Told):
        return answer
    if answer.value in (None, "null", "{}"):
        return replace(answer, value=None)
    if declared:
        return Untold("how Immuta answers a workspace is not published")
    return answer


def _purposes(snapshot: Snapshot, row: Row, declared: Iterable[str]) -> Answer:
    """The purposes in force; a declared one that nobody approved yet is said to be that, another one is in a note."""
    table = snapshot.table("project_purpose")
    if why := table.cut or table.gaps.get(str(row["id"]), ""):
        return Untold(why, hole=True)
    rows = [one for one in table.of("project_id", row["id"]) if not one.get("deleted")]
    places = tuple(table.place(one) for one in rows) or (
        snapshot.table("immuta_project").place(row),
    )
    waiting = unique(str(one["purpose"]) for one in rows if one.get("staged"))
    names = [str(one["purpose"]) for one in rows if not one.get("staged")]
    names += [f"{name} (not approved yet)" for name in waiting if name in declared]
    others = ", ".join(name for name in waiting if name not in declared)
    return Told(unique(names), places, f"not approved yet: {others}" if others else "")


def _data_sources(snapshot: Snapshot, row: Row) -> Answer:
    """The names of a project's data sources; a source that Immuta lists nowhere goes by its number."""
    table = snapshot.table("project_source")
    if why := table.cut or table.gaps.get(str(row["id"]), ""):
        return Untold(why, hole=True)
    sources = snapshot.table("immuta_source")
    rows = table.of("project_id", row["id"])
    places = tuple(table.place(one) for one in rows) or (
        snapshot.table("immuta_project").place(row),
    )
    found = (
        next((source["name"] for source in sources.of("id", one["source_id"])), one.get("name"))
        or f"data source {one['source_id']}"
        for one in rows
    )
    return Told(unique(map(str, found)), places)


def _subscription(snapshot: Snapshot, row: Row) -> Found:
    """How people join: the whole policy where the snapshot keeps it, else its kind alone."""
    table = snapshot.table("immuta_project")
    policy = row.get("subscription_policy")
    action = json.loads(policy) if isinstance(policy, str) else policy
    word = row.get("subscription_type")
    if isinstance(action, dict) and action:
        action = {"subscriptionType": word, **action}
        return entitlement.found(action, "subscriptionPolicy", table.place(row))
    if word is None:
        return {}
    kind = entitlement.TYPES.get(word, word)
    return {"subscriptionPolicy.type": table.told(row, "subscription_type", kind)}


def _leaf(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return nothing(value) if isinstance(value, str) else value
