"""Dictionaries and data sources that clients write, disable and remove."""

from typing import Any

from pipeline.sandbox import clock
from pipeline.sandbox.immuta import govern_rows
from pipeline.sandbox.immuta.writes import columns, registering
from pipeline.sandbox.immuta.writes.calls import Call, RefusedError, mapping, text, writing

Json = dict[str, Any]
TEXTS = ("description", "organization", "category")
DETAILS = ("documentation", "private", "columnEvolutionEnabled")


def write_dictionary(call: Call) -> Json:
    """The dictionary as it is now: all columns are those of the body."""
    source = registering.find(call, call.number("id"))
    found = columns.in_dictionary(call.json())
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    columns.write(call.changes, source.id, found, since)
    types = sorted({one["dataType"] for one in found})
    written = {"metadata": found, "types": types, "updatedAt": since}
    return govern_rows.dictionary(source) | written


def delete_dictionary(call: Call) -> Json:
    """Nothing; the data source is without a dictionary from now on."""
    source = registering.find(call, call.number("id"))
    if not source.has_dictionary:
        raise RefusedError(404, "Data source not found.")
    call.changes.write_source(source.id, has_dictionary=False, entries=())
    return {}


def update_source(call: Call) -> Json:
    """The data source with what the body says; `deleted` false restores one that was disabled."""
    source = registering.find(call, call.number("id"))
    body = mapping(call.json(), "the body")
    facts: Json = {}
    if "name" in body and body["name"] != source.name:
        registering.refuse_taken(call.estate, [text(body, "name")])
        facts["name"] = body["name"]
    if "deleted" in body:
        if not isinstance(body["deleted"], bool):
            raise RefusedError(400, 'Bad request: "deleted" must be a boolean.')
        facts["deleted"] = body["deleted"]
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    said = {name: body[name] for name in TEXTS if name in body}
    details = {name: body[name] for name in DETAILS if name in body} | {"updatedAt": since}
    answers = {"dataSource": said, "detail": details}
    call.changes.write_source(source.id, **facts, answers=answers)
    after = call.request.app.state.world.now()
    row: Json = govern_rows.detail(after, after.data_source_by_id[source.id])
    return row


def delete_source(call: Call) -> Json:
    """Whether it is gone: the first call disables a data source, the next one removes it."""
    source = registering.find(call, call.number("id"))
    if source.deleted:
        call.changes.write_source(source.id, removed=True)
    else:
        call.changes.write_source(source.id, deleted=True)
    return {"hardDelete": source.deleted, "id": source.id, "name": source.name}


ROUTES = [
    writing("/dictionary/{id}", "POST", write_dictionary),
    writing("/dictionary/{id}", "PUT", write_dictionary),
    writing("/dictionary/{id}", "DELETE", delete_dictionary),
    writing("/dataSource/{id}", "PUT", update_source),
    writing("/dataSource/{id}", "DELETE", delete_source),
]
