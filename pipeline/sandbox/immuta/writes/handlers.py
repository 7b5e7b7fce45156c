"""Handlers: data sources are registered through them, and their connections are kept in them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock
from pipeline.sandbox.answers import json_answer
from pipeline.sandbox.immuta import govern_rows
from pipeline.sandbox.immuta.sources import HANDLER_OFFSET, DataSource
from pipeline.sandbox.immuta.writes import columns, registering
from pipeline.sandbox.immuta.writes.calls import (
    Call,
    RefusedError,
    mapping,
    objects,
    text,
    writing,
)
from pipeline.sandbox.platforms import Platform

Json = dict[str, Any]


def create(call: Call) -> Json:
    """One data source, or for a list of handlers the jobs that make one each."""
    platform = registering.platform_of(call)
    body = mapping(call.json(), "the body")
    found = registering.drafts(platform, body)
    registering.refuse_taken(call.estate, [draft.name for draft in found])
    wanted = mapping(body.get("schemaEvolution", {}), "schemaEvolution").get("ownerProfileId")
    people = call.estate.immuta_people
    owner = next((one for one in people if one.profile_id == wanted), None)
    owners = [owner or registering.caller(call.estate)]
    numbers = [registering.register(call, draft, owners) for draft in found]
    at = registering.connection_string(platform, found[0].metadata) if found else ""
    if isinstance(body.get("handler"), list):
        return _jobs(call, platform, at, len(numbers))
    return {
        "connectionString": at,
        "dataSourceId": numbers[0],
        "id": numbers[0] + HANDLER_OFFSET,
        "warnings": None,
    }


def _jobs(call: Call, platform: Platform, at: str, count: int) -> Json:
    """A bulk; its id is a number on Synapse and a text elsewhere."""
    waiting = call.changes.pending_jobs
    waiting[at] = waiting.get(at, 0) + count
    number = call.changes.next_number()
    return {
        "bulkId": number if platform.handler == "asa" else f"bulk-{number}",
        "connectionString": at,
        "jobsCreated": count,
    }


def _handled(call: Call) -> DataSource:
    """The data source of the handler in the path.

    Raises:
        RefusedError: there is none, or it is of another technology.
    """
    platform = registering.platform_of(call)
    found = call.estate.data_source_by_id.get(call.number("id") - HANDLER_OFFSET)
    if found is None or found.platform.handler != platform.handler:
        raise RefusedError(404, "Handler not found.")
    return found


def replace(call: Call) -> Json:
    """The handler with another connection: what the body leaves out is gone, but the columns stay."""
    source, body = _handled(call), mapping(call.json(), "the body")
    platform = source.platform
    meta = mapping(mapping(body.get("handler"), "handler").get("metadata"), "metadata")
    if platform.handler != "asa":
        text(body, "connectionString")
    for name in ("hostname", "database", "schema", "table"):
        text(meta, name)
    _connect(call, source, meta)
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    if meta.get("columns") is not None:
        columns.write(call.changes, source.id, columns.given(meta["columns"]), since)
    row = registering.handler_row(platform, meta, source.id)
    if platform.handler == "asa":
        return {"body": [row], "dataSourceId": source.id}
    known = columns.given(meta.get("columns")) or govern_rows.dictionary(source)["metadata"]
    return {"ca": "", "columns": known, "id": source.handler_id}


def _connect(call: Call, source: DataSource, meta: Json) -> None:
    row = registering.handler_row(source.platform, meta, source.id)
    call.changes.write_source(
        source.id,
        host=str(meta["hostname"]),
        port=int(meta["port"]) if str(meta.get("port")).isdecimal() else None,
        path=(str(meta["database"]), str(meta["schema"]), str(meta["table"])),
        answers={
            "dataSource": {"connectionString": row["connectionString"]},
            "handler": row,
        },
    )


def replace_many(call: Call) -> Json:
    """Another connection for every data source of a connection string; their tables stay."""
    platform, body = registering.platform_of(call), call.json()
    if platform.handler == "asa":
        items = objects(body.get("body") if isinstance(body, dict) else body, "body")
    else:
        items = [mapping(body, "the body")]
    touched, last = 0, ""
    for item in items:
        last = text(item, "connectionString")
        meta = mapping(mapping(item.get("handler"), "handler").get("metadata"), "metadata")
        for source in call.estate.data_sources:
            row = govern_rows.summary(call.estate, source)
            same = source.platform.handler == platform.handler and row["connectionString"] == last
            if same:
                _connect(call, source, {**_kept(source), **meta, **_table(source)})
                touched += 1
    return _jobs(call, platform, last, touched)


def _kept(source: DataSource) -> Json:
    return {"hostname": source.host, "port": source.platform.port}


def _table(source: DataSource) -> Json:
    database, schema, table = source.path
    return {"database": database, "schema": schema, "table": table}


def trigger_high_cardinality(call: Call) -> str:
    """Id of the job that looks for the column with most values."""
    source = _handled(call)
    entries = source.dictionary()
    name = entries[0].name if entries else None
    known = govern_rows.handler(source)["metadata"] | source.said("handler").get("metadata", {})
    metadata = {**known, "highCardinality": name}
    call.changes.write_source(source.id, answers={"handler": {"metadata": metadata}})
    return f"job-{call.changes.next_number()}"


def refresh_native_view(call: Call) -> str:
    """Id of the job that makes the view anew; Databricks has no such views."""
    source = _handled(call)
    if source.platform.handler == "databricks":
        raise RefusedError(404, f"Cannot PUT {call.request.url.path}")
    return f"job-{call.changes.next_number()}"


async def jobs(request: Request) -> Response:
    """Jobs of a connection string that are not done: each is seen waiting once, then it is."""
    at = request.query_params.get("connectionString", "")
    waiting = request.app.state.world.changes.pending_jobs.pop(at, 0)
    return json_answer({"pending": waiting} if waiting else {})


_HANDLER = "/{technology}/handler/{id}"
ROUTES = [
    Route("/jobs", jobs),
    writing("/{technology}/handler", "POST", create),
    writing(_HANDLER, "PUT", replace),
    writing("/{technology}/bulk", "PUT", replace_many),
    writing(_HANDLER + "/triggerHighCardinalityJob", "PUT", trigger_high_cardinality),
    writing(_HANDLER + "/refreshNativeViewJob", "PUT", refresh_native_view),
]
