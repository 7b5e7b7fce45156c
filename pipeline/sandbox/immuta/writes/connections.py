"""Data sources kept as code (V2): a body says all that there is to be on one connection."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.sandbox import platforms
from pipeline.sandbox.immuta import groups
from pipeline.sandbox.immuta.sources import canonical_path
from pipeline.sandbox.immuta.writes import registering
from pipeline.sandbox.immuta.writes.calls import (
    Call,
    RefusedError,
    mapping,
    names,
    objects,
    text,
    writing,
)
from pipeline.sandbox.immuta.writes.registering import Draft
from pipeline.sandbox.people import Person
from pipeline.sandbox.platforms import Platform

Json = dict[str, Any]
HANDLERS = {one.technology: one for one in platforms.PLATFORMS if one.handler}


class Plan(NamedTuple):
    """What a body comes to, by names of data sources: ids of those there are, drafts of all there are to be."""

    connection: Json
    wanted: dict[str, Draft]
    present: dict[str, int]
    replaced: bool

    @property
    def kept(self) -> dict[str, int]:
        """Those that stay with the connection: none, if it leads elsewhere now."""
        return {} if self.replaced else self.present

    @property
    def creating(self) -> list[str]:
        """Those to be registered."""
        return [name for name in self.wanted if name not in self.kept]

    @property
    def staying(self) -> list[str]:
        """Those that are there and wanted."""
        return [name for name in self.kept if name in self.wanted]


def upsert(call: Call) -> Json:
    """What is created, updated and deleted, or in a dry run would be."""
    body, dry = call.document(), call.flag("dryRun")
    key, plan = text(body, "connectionKey"), _planned(call, body)
    options = mapping(body.get("options") or {}, "options")
    tags = names(options.get("tableTags"), "tableTags")
    owners, known = _owners(call, body), call.estate.data_source_by_id
    disabled = {name for name, number in plan.present.items() if known[number].deleted}
    tagged = [name for name in plan.staying if _tags(call, plan.kept[name]) != tags]
    updating = [name for name in plan.staying if name in disabled or name in tagged]
    deleting = [
        name
        for name in plan.present
        if plan.replaced or (name not in plan.wanted and name not in disabled)
    ]
    if not dry:
        for name in deleting:
            fact = {"removed": True} if plan.replaced else {"deleted": True}
            call.changes.write_source(plan.present[name], **fact)
        first = owners or _self(call)
        made = {
            name: registering.register(call, plan.wanted[name], first) for name in plan.creating
        }
        sources = {**plan.kept, **made}
        call.changes.connections[key] = {"connection": plan.connection, "sources": sources}
        _settle(call, {name: sources[name] for name in plan.wanted}, tags, owners)
    detects = options.get("disableSensitiveDataDiscovery") is not True
    return {
        "creating": plan.creating,
        "deleting": deleting,
        "detectionRunning": detects and bool(plan.creating),
        "dryRun": dry,
        "noChange": [name for name in plan.staying if name not in updating],
        "tagsUpdated": bool(tagged or (tags and plan.creating)),
        "updating": updating,
    }


def _planned(call: Call, body: Json) -> Plan:
    """What the body comes to.

    Raises:
        RefusedError: the body is no connection, or takes the database or a name of another.
    """
    connection = mapping(body.get("connection"), "connection")
    platform, key = _platform(connection), text(body, "connectionKey")
    _check_wait(call)
    shown = {name: value for name, value in connection.items() if name not in registering.SECRETS}
    _refuse_covered(call, key, _database(platform, shown))
    wanted = {one.name: one for one in _wanted(call, platform, shown, body)}
    known = call.changes.connections.get(key, {"connection": shown, "sources": {}})
    there = call.estate.data_source_by_id
    present = {name: one for name, one in known["sources"].items() if one in there}
    registering.refuse_taken(call.estate, [name for name in wanted if name not in present])
    return Plan(shown, wanted, present, known["connection"] != shown)


def _settle(
    call: Call, sources: Mapping[str, int], tags: Sequence[str], owners: Sequence[Person] | None
) -> None:
    """Gives every data source of the body the tags and owners that the body names."""
    rows = [{"deleted": False, "name": tag, "source": "curated"} for tag in tags]
    for number in sources.values():
        facts: Json = {"deleted": False, "answers": {"detail": {"tags": rows}}}
        if owners is not None:
            facts["owners"] = tuple(owners)
        call.changes.write_source(number, **facts)


def _self(call: Call) -> list[Person]:
    return [registering.caller(call.estate)]


def _check_wait(call: Call) -> None:
    seconds = call.request.query_params.get("wait", "0")
    if not seconds.removeprefix("-").replace(".", "", 1).isdecimal():
        raise RefusedError(400, 'Bad request: "wait" must be a number.')


def _platform(connection: Json) -> Platform:
    name = text(connection, "handler")
    text(connection, "hostname")
    text(connection, "database")
    if name not in HANDLERS:
        raise RefusedError(400, f'Bad request: "handler" must be one of {", ".join(HANDLERS)}.')
    return HANDLERS[name]


def _database(platform: Platform, connection: Json) -> tuple[str, ...]:
    path = (str(connection["database"]), "", "")
    return canonical_path(platform, str(connection["hostname"]), path)[:3]


def _refuse_covered(call: Call, key: str, database: tuple[str, ...]) -> None:
    for other, known in call.changes.connections.items():
        connection = known["connection"]
        if other != key and _database(_platform(connection), connection) == database:
            raise RefusedError(400, f"Bad request: '{other}' has this hostname and database.")


def _wanted(call: Call, platform: Platform, connection: Json, body: Json) -> list[Draft]:
    """The data sources that the body names; without `sources` every table of the connection."""
    given = body.get("sources")
    if isinstance(given, dict):
        given = given.get("tables") if not given.get("all") else None
    if given is None:
        tables = [
            {"schema": one[3], "table": one[4]} for one in _tables(call, platform, connection)
        ]
    else:
        tables = objects(given, "sources")
    template = mapping(body.get("nameTemplate") or {}, "nameTemplate")
    return [_draft(platform, connection, template, one) for one in tables]


def _tables(call: Call, platform: Platform, connection: Json) -> list[tuple[str, ...]]:
    """Where the estate's tables on the connection are."""
    database, schema = _database(platform, connection), connection.get("schema")
    found = [
        (data.platform.key, data.host, *data.path)
        for data in call.estate.datasets
        if data.platform is platform
        and canonical_path(platform, data.host, data.path)[:3] == database
    ]
    return [one for one in found if schema is None or one[3].lower() == str(schema).lower()]


def _draft(platform: Platform, connection: Json, template: Json, one: Json) -> Draft:
    schema = str(one.get("schema") or connection.get("schema") or "public")
    table = text(one, "table")
    words = {"<tablename>": table, "<schema>": schema, "<database>": str(connection["database"])}

    def filled(form: str) -> str:
        for mark, word in words.items():
            form = form.replace(mark, word.lower())
        return form

    name = filled(str(template.get("dataSourceFormat") or "<schema>.<tablename>"))
    meta = {name: value for name, value in connection.items() if name != "handler"}
    meta |= {
        "bodataSchemaName": filled(str(template.get("schemaFormat") or "<schema>")),
        "bodataTableName": filled(str(template.get("tableFormat") or "<tablename>")),
        "dataSourceName": name,
        "schema": schema,
        "table": table,
    }
    return Draft(name, platform, meta, {})


def _tags(call: Call, number: int) -> list[str]:
    source = call.estate.data_source_by_id[number]
    return [one["name"] for one in source.said("detail").get("tags", [])]


def _owners(call: Call, body: Json) -> list[Person] | None:
    """The owners that the body names; None leaves those that are, an empty list leaves the caller alone."""
    if body.get("owners") is None:
        return None
    found: list[Person] = []
    for one in objects(body["owners"], "owners"):
        found += _holders(call, str(one.get("type")), text(one, "name"))
    return list({person.index: person for person in found}.values()) or _self(call)


def _holders(call: Call, kind: str, name: str) -> list[Person]:
    """A user, or the people of a group: access lists of owners show persons.

    Raises:
        RefusedError: nobody has the name.
    """
    if kind == "group":
        for group in groups.groups(call.estate):
            if group.name == name:
                return list(group.people)
    else:
        for person in call.estate.immuta_people:
            if name in (person.mail, person.name):
                return [person]
    raise RefusedError(400, f"Bad request: no such {kind}: {name}.")


def delete(call: Call) -> Json:
    """The data sources of a connection, which are gone, or in a dry run would be."""
    key = call.named("key")
    known = call.changes.connections.get(key)
    if known is None:
        raise RefusedError(404, f"Connection not found: {key}.")
    ids = call.estate.data_source_by_id
    present = {name: one for name, one in known["sources"].items() if one in ids}
    if not call.flag("dryRun"):
        for number in present.values():
            call.changes.write_source(number, removed=True)
        del call.changes.connections[key]
    return {"deleting": list(present), "dryRun": call.flag("dryRun")}


ROUTES = [
    writing("/api/v2/data", "POST", upsert),
    writing("/api/v2/data/{key}", "DELETE", delete),
]
