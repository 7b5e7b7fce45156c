"""Tags that clients create, and put on data sources, columns and projects."""

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.sandbox import clock
from pipeline.sandbox.immuta import govern_rows, tags
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.writes import columns, projects, registering
from pipeline.sandbox.immuta.writes.calls import (
    Call,
    RefusedError,
    mapping,
    objects,
    text,
    writing,
)

Json = dict[str, Any]


def create(call: Call) -> list[Json]:
    """The tags created; under a root tag the names are those of its hierarchy."""
    body = mapping(call.json(), "the body")
    names = [text(one, "name") for one in objects(body.get("tags"), "tags")]
    root = mapping(body["rootTag"], "rootTag") if body.get("rootTag") else None
    known = _known(call)
    if root is not None:
        above = text(root, "name")
        names = [one if one.startswith(f"{above}.") else f"{above}.{one}" for one in names]
        if root.get("deleteHierarchy") is True:
            known = _without(call, known, above)
        if above not in known:
            names.insert(0, above)
    overlap = sorted(name for name in names if name in known)
    if overlap:
        raise RefusedError(400, f"Tags overlap with existing hierarchies: {', '.join(overlap)}")
    return [_created(call, name) for name in dict.fromkeys(names)]


def _known(call: Call) -> dict[str, Json]:
    """Tags that are not deleted by name; of two with one name that of Immuta."""
    found = [row for row in tags.rows(call.estate) if not row["deleted"]]
    return {row["name"]: row for row in reversed(found)}


def _without(call: Call, known: dict[str, Json], above: str) -> dict[str, Json]:
    """The tags that are left when a hierarchy is removed."""
    gone = [name for name in known if name == above or name.startswith(f"{above}.")]
    for name in gone:
        call.changes.write_row("tag", known[name]["id"], None)
    return {name: row for name, row in known.items() if name not in gone}


def _created(call: Call, name: str) -> Json:
    number = 1000 + call.changes.next_number()
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    row = {
        "color": None,
        "deleted": False,
        "description": None,
        "id": number,
        "name": name,
        "source": "curated",
        "systemCreated": False,
    }
    call.changes.write_row("tag", number, row)
    by = registering.caller(call.estate).profile_id
    return row | {"createdAt": since, "createdBy": by, "updatedAt": since}


def delete(call: Call) -> Json:
    """Nothing; the tag and those below it are gone."""
    name = call.named("tag")
    known = _known(call)
    if name not in known:
        raise RefusedError(404, "Tag not found.")
    if known[name]["systemCreated"]:
        raise RefusedError(400, "Bad request: tags of the system cannot be deleted.")
    _without(call, known, name)
    return {}


def put_on(call: Call) -> list[Json]:
    """The tags that a data source, column or project has now: all of the body's, or none if one is unknown."""
    wanted = [text(one, "name") for one in objects(call.json(), "the body")]
    known = _known(call)
    unknown = sorted(name for name in wanted if name not in known)
    if unknown:
        raise RefusedError(400, f"Bad request: no such tags: {', '.join(unknown)}.")
    added = [_applied(name, known[name]["source"]) for name in wanted]

    def more(present: Sequence[Json]) -> list[Json]:
        have = {one["name"] for one in present}
        return [*present, *(one for one in added if one["name"] not in have)]

    return _rewritten(call, more)


def take_off(call: Call) -> list[Json]:
    """The tags that are left: without the one in the path, or those in the body."""
    path, body = call.request.path_params.get("tag"), call.json()
    gone = {path} if path else {text(one, "name") for one in objects(body, "the body")}

    def fewer(present: Sequence[Json]) -> list[Json]:
        missing = sorted(gone - {one["name"] for one in present})
        if missing:
            raise RefusedError(404, f"Tag not found: {', '.join(missing)}.")
        return [one for one in present if one["name"] not in gone]

    return _rewritten(call, fewer)


def put_on_many(call: Call) -> Json:
    """How many data sources got the tags in place of those they had."""
    body = mapping(call.json(), "the body")
    wanted = objects(mapping(body.get("update"), "update").get("tags"), "tags")
    found = [_applied(text(one, "name"), str(one.get("source") or "curated")) for one in wanted]
    ids = body.get("ids")
    if not isinstance(ids, list) or not all(isinstance(one, int) for one in ids):
        raise RefusedError(400, 'Bad request: "ids" must be a list of numbers.')
    sources = [registering.find(call, one) for one in ids]
    for source in sources:
        call.changes.write_source(source.id, answers={"detail": {"tags": found}})
    return {"updated": len(sources)}


def _applied(name: str, source: str) -> Json:
    return {"deleted": False, "name": name, "source": source}


def _rewritten(call: Call, change: Callable[[Sequence[Json]], list[Json]]) -> list[Json]:
    """Tags of the model in the path, after a change of them."""
    kind, key = call.named("model"), call.named("key")
    if kind == "project":
        return _project(call, key, change)
    number, _, column = key.partition("_")
    if kind not in ("datasource", "column") or not number.isdecimal():
        raise RefusedError(404, f"No such model: {kind}.")
    source = registering.find(call, int(number))
    if kind == "column":
        return _column(call, source, column, change)
    found = change(govern_rows.detail(call.estate, source)["tags"])
    call.changes.write_source(source.id, answers={"detail": {"tags": found}})
    return found


def _column(
    call: Call, source: DataSource, name: str, change: Callable[[Sequence[Json]], list[Json]]
) -> list[Json]:
    known = govern_rows.dictionary(source)["metadata"] if source.has_dictionary else []
    for at, one in enumerate(known):
        if one["name"] == name:
            found = change(one["tags"])
            since = clock.iso_millis(call.changes.instant(call.estate.day))
            rows = [*known[:at], one | {"tags": found}, *known[at + 1 :]]
            columns.write(call.changes, source.id, rows, since)
            return found
    raise RefusedError(404, "Column not found.")


def _project(call: Call, key: str, change: Callable[[Sequence[Json]], list[Json]]) -> list[Json]:
    row = projects.by_id(call.estate, key)
    found = change(row["tags"])
    call.changes.write_row("project", row["id"], row | {"tags": found})
    return found


_MODEL = "/tag/{model}/{key}"
ROUTES = [
    writing("/tag", "POST", create),
    writing("/tag/{tag}", "DELETE", delete),
    writing(_MODEL, "POST", put_on),
    writing(_MODEL, "DELETE", take_off),
    writing(_MODEL + "/{tag}", "DELETE", take_off),
    writing("/dataSource/bulk/tags", "PUT", put_on_many),
]
