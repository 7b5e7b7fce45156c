"""Projects and purposes kept as code (V2), in the form in which V1 answers them."""

import json
from typing import Any

from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import projects_api
from pipeline.sandbox.immuta.writes import policy_code, registering
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


def by_id(estate: Estate, key: str) -> Json:
    """A project by the text of its id.

    Raises:
        RefusedError: there is none.
    """
    for row in projects_api.rows(estate):
        if str(row["id"]) == key:
            return row
    raise RefusedError(404, "Project not found.")


def upsert(call: Call) -> Json:
    """What became, or in a dry run would become, of the project with the key of the body."""
    body, dry = call.document(), call.flag("dryRun")
    key, name = text(body, "projectKey"), text(body, "name")
    known = [row for row in projects_api.rows(call.estate) if not row["deleted"]]
    mine = next((row for row in known if row["projectKey"] == key), None)
    if any(row["name"] == name for row in known if row is not mine):
        raise RefusedError(409, f"A project with the name '{name}' already exists.")
    sources = _sources(call, body)
    purpose_rows = _purposes(call, body)
    before = set(mine["dataSourceIds"]) if mine else set()
    number = mine["id"] if mine else 5000 + call.changes.next_number()
    if not dry:
        row = _row(call, body, number, mine or {})
        row |= {"dataSourceIds": sorted(sources), "purposes": purpose_rows}
        call.changes.write_row("project", number, row)
    return {
        "creating": mine is None,
        "creatingWorkspace": mine is None and bool(body.get("workspace")),
        "deletingWorkspace": bool(mine and mine["workspace"] and not body.get("workspace")),
        "dryRun": dry,
        "numberOfDataSourcesAdded": len(sources - before),
        "numberOfDataSourcesRemoved": len(before - sources),
        "projectId": None if dry and mine is None else number,
        "updating": mine is not None,
    }


def _sources(call: Call, body: Json) -> set[int]:
    """Ids of the data sources that a project names.

    Raises:
        RefusedError: a name is none of a data source.
    """
    by_name = {source.name: source.id for source in call.estate.data_sources}
    wanted = names(body.get("datasources"), "datasources")
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise RefusedError(400, f"Bad request: no such data sources: {', '.join(unknown)}.")
    return {by_name[name] for name in wanted}


def _purposes(call: Call, body: Json) -> list[Json]:
    by_name = {row["name"]: row for row in projects_api.purposes(call.estate) if not row["deleted"]}
    wanted = names(body.get("purposes"), "purposes")
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise RefusedError(400, f"Bad request: no such purposes: {', '.join(unknown)}.")
    return [by_name[name] for name in wanted]


def _row(call: Call, body: Json, number: int, known: Json) -> Json:
    """The project as V1 answers it; both spellings of the masked joins are taken."""
    by = registering.caller(call.estate).profile_id
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    given = mapping(body.get("subscriptionPolicy") or {"type": "manual"}, "subscriptionPolicy")
    policy = policy_code.subscription(given)
    joins = body.get("allowedMaskedJoins", body.get("allowMaskedJoins", False))
    documentation = body.get("documentation") or ""
    return {
        "allowMaskedJoins": joins is True,
        "createdAt": known.get("createdAt", since),
        "createdBy": known.get("createdBy", by),
        "deleted": False,
        "description": body.get("description"),
        "documentation": documentation
        if isinstance(documentation, str)
        else json.dumps(documentation),
        "equalization": {"enabled": True} if body.get("equalization") is True else None,
        "id": number,
        "name": text(body, "name"),
        "projectKey": text(body, "projectKey"),
        "stagedPurposes": [],
        "status": "open",
        "subscriptionPolicy": policy,
        "subscriptionType": policy["subscriptionType"],
        "tags": [
            {"deleted": False, "name": tag, "source": "curated"}
            for tag in names(body.get("tags"), "tags")
        ],
        "type": "user",
        "updatedAt": since,
        "updatedBy": by,
        "workspace": body.get("workspace"),
    }


def delete(call: Call) -> Json:
    """The project that is gone, or in a dry run would be."""
    key = call.named("key")
    for row in projects_api.rows(call.estate):
        if row["projectKey"] == key and not row["deleted"]:
            if not call.flag("dryRun"):
                call.changes.write_row("project", row["id"], None)
            return {"deleting": True, "dryRun": call.flag("dryRun"), "projectId": row["id"]}
    raise RefusedError(404, f"Project not found: {key}.")


def upsert_purpose(call: Call) -> Json:
    """What became, or in a dry run would become, of the purpose with the name of the body."""
    body, dry = call.document(), call.flag("dryRun")
    known = {row["name"]: row for row in projects_api.purposes(call.estate) if not row["deleted"]}
    mine = known.get(text(body, "name"))
    wanted = _family(body, "")
    number = mine["id"] if mine else None
    if not dry:
        for name, one in wanted.items():
            row = _purpose(call, name, one, known.get(name, {}))
            call.changes.write_row("purpose", row["id"], row)
            number = row["id"] if name == body["name"] else number
        for name, row in known.items():
            if name.startswith(f"{body['name']}.") and name not in wanted:
                call.changes.write_row("purpose", row["id"], None)
    return {
        "creating": mine is None,
        "dryRun": dry,
        "purposeId": number,
        "updating": mine is not None,
    }


def _family(body: Json, above: str) -> dict[str, Json]:
    """A purpose and those below it, by their full names."""
    name = above + text(body, "name")
    found = {name: body}
    for one in objects(body.get("subpurposes") or [], "subpurposes"):
        found |= _family(one, f"{name}.")
    return found


def _purpose(call: Call, name: str, body: Json, known: Json) -> Json:
    by = registering.caller(call.estate).profile_id
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    return {
        "acknowledgement": body.get("acknowledgement"),
        "addedByProfile": known.get("addedByProfile", by),
        "createdAt": known.get("createdAt", since),
        "deleted": False,
        "description": body.get("description"),
        "displayAcknowledgement": body.get("acknowledgement") is not None,
        "id": known.get("id") or 5000 + call.changes.next_number(),
        "name": name,
        "systemGenerated": False,
        "updatedAt": since,
    }


ROUTES = [
    writing("/api/v2/project", "POST", upsert),
    writing("/api/v2/project/{key}", "DELETE", delete),
    writing("/api/v2/purpose", "POST", upsert_purpose),
]
