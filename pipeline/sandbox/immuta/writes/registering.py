"""Data sources that clients register: what they must say, and what becomes of it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pipeline.sandbox import clock, platforms
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate, hosts_per_platform, life_days
from pipeline.sandbox.immuta.handlers import PLANTED
from pipeline.sandbox.immuta.sources import HANDLER_OFFSET, DataSource, canonical_path
from pipeline.sandbox.immuta.writes import columns
from pipeline.sandbox.immuta.writes.calls import Call, RefusedError, mapping, text
from pipeline.sandbox.people import Person
from pipeline.sandbox.platforms import Platform

Json = dict[str, Any]
SECRETS = ("password", "token", "privateKey", "clientSecret", "userFiles")
FLAT = (
    "private",
    "blobHandler",
    "blobHandlerType",
    "recordFormat",
    "type",
    "name",
    "sqlTableName",
    "organization",
)
"""What a flat body must have (Immuta V1, parameters of "Create a data source")."""
TECHNOLOGIES = {one.handler: one for one in platforms.PLATFORMS if one.handler}


class Draft(NamedTuple):
    """A data source that is to be: its name, its connection and what else was said about it."""

    name: str
    platform: Platform
    metadata: Json
    said: Json


def platform_of(call: Call) -> Platform:
    """The platform in the path.

    Raises:
        RefusedError: handlers have no such kind.
    """
    found = TECHNOLOGIES.get(call.named("technology"))
    if found is None:
        raise RefusedError(404, f"Cannot {call.request.method} {call.request.url.path}")
    return found


def drafts(platform: Platform, body: Json) -> list[Draft]:
    """What a body asks for: nested, as clients send it, or flat, as it is documented.

    Raises:
        RefusedError: something is missing, or the body names a table twice.
    """
    if "dataSource" not in body:
        missing = [name for name in FLAT if name not in body]
        if missing:
            raise RefusedError(400, f"Bad request: required: {', '.join(missing)}.")
        handler = mapping(body.get("handler", {}), "handler")
        return [_draft(platform, handler, body)]
    source = mapping(body["dataSource"], "dataSource")
    handlers = body.get("handler")
    if not isinstance(handlers, list):
        return [_draft(platform, mapping(handlers, "handler"), source)]
    found = [_draft(platform, mapping(one, "a handler"), source, many=True) for one in handlers]
    tables = [place(one) for one in found]
    twice = sorted({at[-1] for at in tables if tables.count(at) > 1})
    if twice:
        message = f"The payload contains duplicate tables: {', '.join(twice)}."
        raise RefusedError(400, f"Bad request: {message}")
    return found


def _draft(platform: Platform, handler: Json, source: Json, *, many: bool = False) -> Draft:
    given = mapping(handler.get("metadata", {}), "metadata")
    name = given.get("dataSourceName") if many else source.get("name")
    name = name or given.get("dataSourceName") or source.get("name")
    name = text({"name": name}, "name")
    table = given.get("table") or source.get("sqlTableName") or given.get("bodataTableName")
    defaults = {
        "hostname": platforms.host(platform, 1),
        "port": platform.port,
        "database": platforms.spelled(platform, "dw_raw"),
        "schema": platforms.spelled(platform, "public"),
        "username": "immuta_svc",
        "table": text({"table": table}, "table"),
    }
    known = {key: value for key, value in given.items() if key not in SECRETS}
    return Draft(name, platform, {**defaults, **known}, source)


def place(draft: Draft) -> tuple[str, ...]:
    """Where the table of a draft lives, as its platform compares it."""
    meta = draft.metadata
    path = (str(meta["database"]), str(meta["schema"]), str(meta["table"]))
    return canonical_path(draft.platform, str(meta["hostname"]), path)


def connection_string(platform: Platform, metadata: Json) -> str:
    """User, host, port and database of a connection in one text."""
    port = metadata.get("port") or platform.port
    user = metadata.get("username") or "immuta_svc"
    return f"{user}@{metadata['hostname']}:{port}/{metadata['database']}"


def refuse_taken(estate: Estate, names: Iterable[str]) -> None:
    """Nothing, if no data source has one of the names.

    Raises:
        RefusedError: one has.
    """
    taken = {source.name for source in estate.data_sources}
    for name in names:
        if name in taken:
            raise RefusedError(409, f"A data source with the name '{name}' already exists.")
        taken.add(name)


def register(call: Call, draft: Draft, owners: Sequence[Person]) -> int:
    """Id of the data source that a draft has become."""
    meta, number = draft.metadata, call.changes.source_id()
    table = table_at(call.estate, place(draft))
    known = columns.given(meta.get("columns"))
    if not known and table is not None:
        known = columns.of_table(table)
    when = call.changes.instant(call.estate.day)
    since = clock.iso_millis(when)
    call.changes.write_source(
        number,
        dataset=table or _stand_in(call.estate, draft.platform),
        name=draft.name,
        host=str(meta["hostname"]),
        port=_port(meta, draft.platform),
        path=(str(meta["database"]), str(meta["schema"]), str(meta["table"])),
        created_at=when,
        owners=tuple(owners),
        answers={
            "dataSource": _summary(draft, since),
            "detail": {
                "sqlTableName": draft.said.get("sqlTableName")
                or meta.get("bodataTableName")
                or meta["table"],
                "policyHandler": None,
                "tags": [],
                "updatedAt": since,
            },
            "handler": handler_row(draft.platform, meta, number),
        },
    )
    columns.write(call.changes, number, known, since)
    return number


def _port(meta: Json, platform: Platform) -> int:
    port = meta.get("port")
    if isinstance(port, bool) or not isinstance(port, int | str) or not str(port).isdecimal():
        return platform.port
    return int(port)


def _summary(draft: Draft, since: str) -> Json:
    said = draft.said
    return {
        "connectionString": connection_string(draft.platform, draft.metadata),
        "createdAt": since,
        "description": said.get("description"),
        "recordFormat": said.get("recordFormat") or "Not Provided",
        "status": "passed",
        "subscriptionPolicy": None,
        "subscriptionType": "manual",
    }


def handler_row(platform: Platform, meta: Json, number: int) -> Json:
    """What the handler answers of its connection: all that was said but its secrets."""
    known = {key: value for key, value in meta.items() if key not in (*SECRETS, "columns")}
    return {
        "connectionString": connection_string(platform, meta),
        "dataSourceId": number,
        "id": number + HANDLER_OFFSET,
        "metadata": {**known, "password": PLANTED},
    }


def table_at(estate: Estate, where: tuple[str, ...]) -> Dataset | None:
    """The table of the estate that lives there."""
    for data in estate.datasets:
        if data.platform.is_table and canonical_path(data.platform, data.host, data.path) == where:
            return data
    return None


def _stand_in(estate: Estate, platform: Platform) -> Dataset:
    """A table of the platform, for what nobody says about a table that the estate lacks."""
    slot = next(at for at in range(100) if platforms.of_slot(at)[0] is platform)
    life, hosts = life_days(estate.assets), hosts_per_platform(estate.assets)
    return Dataset(estate.seed, slot, estate.day, life, hosts)


def caller(estate: Estate) -> Person:
    """The person whom the keys of the sandbox belong to."""
    return estate.people[3]


def find(call: Call, number: int) -> DataSource:
    """A data source by its id.

    Raises:
        RefusedError: there is none.
    """
    found = call.estate.data_source_by_id.get(number)
    if found is None:
        raise RefusedError(404, "Data source not found.")
    return found
