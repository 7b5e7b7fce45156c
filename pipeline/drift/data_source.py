"""Data sources: the payload of `POST /api/v2/data`, and the registered tables of its host, database and schema."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.drift import owner
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
    Value,
    unique,
)
from pipeline.drift.live import Snapshot
from pipeline.drift.location import by_location, unseen
from pipeline.drift.shape import At, Keys, anything, flag, many, number, text

KEY = "connectionKey"
FOLDERS = ("data", "datasource", "datasources", "data-sources", "data_sources")
NOT_SHOWN = "Immuta does not show it"
OF_EVERY_SOURCE = ("options.tableTags", "owners.users", "owners.groups", "sources.table")
"""Paths that say something of all data sources of a collection: one that is not seen may not be so."""


_SOURCE = Keys(
    {
        "all": flag, "table": text, "schema": text, "query": text, "columns": anything,
        "columnDescriptions": anything, "description": text, "documentation": text,
        "naming": Keys({"datasource": text, "table": text, "schema": text}, open=True),
        "owners": owner.OWNERS, "tags": Keys({"table": many(text), "columns": anything}, open=True),
    },
    open=True,
)  # fmt: skip
_KEYS = Keys(
    {
        "connectionKey": text,
        "connection": Keys(
            {
                "handler": text, "hostname": text, "port": number, "database": text,
                "schema": text, "ssl": flag, "warehouse": text, "httpPath": text,
                "authenticationMethod": text, "username": text, "password": text,
                "connectionStringOptions": text, "region": text, "sid": text,
                "queryResultLocationBucket": text, "queryResultLocationDirectory": text,
                "userFiles": many(
                    Keys(
                        {"keyName": text, "content": text, "userFilename": text},
                        also={"key": "keyName", "fileName": "userFilename"},
                    )
                ),
            },
            required=("handler",),
        ),
        "nameTemplate": Keys(
            {
                "dataSourceFormat": text, "schemaFormat": text, "tableFormat": text,
                "schemaProjectNameFormat": text,
            }
        ),
        "options": Keys(
            {
                "tableTags": many(text), "staleDataTolerance": number,
                "disableSensitiveDataDiscovery": flag,
            },
            open=True,
        ),
        "owners": owner.OWNERS,
        "sources": many(_SOURCE, or_one=True),
    },
    required=("connectionKey", "connection"),
)  # fmt: skip


def shape(node: Node, at: At, lines: dict[str, int]) -> Mapping[str, Any]:
    """The payload of a collection of data sources.

    Raises:
        PayloadError: it is none.
    """
    return _KEYS(node, at, lines) or {}


def spread(payload: Mapping[str, Any]) -> list[Part]:
    """The collection by its connection key."""
    return [Part(payload["connectionKey"], payload)]


def match(snapshot: Snapshot, declared: Iterable[Declared]) -> tuple[list[Pair], list[Live]]:
    """Every declared collection with the data sources of its host, database and schema, and the places that nobody declares."""
    return by_location(snapshot.table("immuta_source"), declared)


def sides(snapshot: Snapshot, pair: Pair, live: Live) -> tuple[Stated, Found]:
    """What file and answers say of one collection of data sources, by path."""
    payload = pair.declared.payload
    connection = payload["connection"]
    stated: Stated = {"connectionKey": pair.declared.key}
    found: Found = {"connectionKey": _connection_key(snapshot, pair.declared.key)}
    for key, value in connection.items():
        if value is not None and key != "handler":
            # never the value: it may be a secret
            stated[f"connection.{key}"] = "(declared)"
            found[f"connection.{key}"] = Untold(NOT_SHOWN)
    for key, column in (
        ("hostname", "host"),
        ("database", "database_name"),
        ("schema", "schema_name"),
    ):
        if connection.get(key):
            stated[f"connection.{key}"] = connection[key].lower()
            spelled = unique(str(row[column]).lower() for row in live.rows)
            found[f"connection.{key}"] = Told(", ".join(spelled), live.places[:1])
    for key, column in (("warehouse", "warehouse"), ("httpPath", "http_path")):
        said = unique(str(row[column]) for row in live.rows if row.get(column))
        if connection.get(key) and said:
            stated[f"connection.{key}"] = connection[key]
            found[f"connection.{key}"] = Told(", ".join(said), live.places[:1])
    stated["connection.handler"] = _technology(connection["handler"])
    words = unique(str(row["technology"]) for row in live.rows)
    found["connection.handler"] = Told(", ".join(words), live.places[:1])
    for key in payload.get("nameTemplate") or {}:
        stated[f"nameTemplate.{key}"] = "(declared)"
    for key, value in (payload.get("options") or {}).items():
        if key != "tableTags" and value is not None:
            stated[f"options.{key}"] = "(declared)"
    tags = (payload.get("options") or {}).get("tableTags")
    if tags is not None:
        stated["options.tableTags"] = unique(tags)
        found["options.tableTags"] = _tags(snapshot, live, unique(tags))
    if payload.get("owners") is not None:
        owner.add(snapshot, payload["owners"], live, stated, found)
    if payload.get("sources") is not None:
        _sources(payload["sources"], live, stated, found)
    if why := unseen(snapshot.table("immuta_source")):
        for path in OF_EVERY_SOURCE:
            answer = found.get(path)
            if isinstance(answer, Told) and _may_change(path, stated[path], answer.value):
                found[path] = Untold(why, hole=True)
    return stated, found


def _may_change(path: str, ours: Value, theirs: Value) -> bool:
    """Whether one more data source could change the verdict on a path: what is the same may differ, and a table may turn up."""
    if path == "sources.table" and isinstance(ours, tuple) and isinstance(theirs, tuple):
        return set(theirs) <= set(ours)
    return ours == theirs


def _technology(handler: str) -> str:
    """The word of a handler as data sources have it."""
    word = handler.lower()
    return "synapse" if "synapse" in word else "trino" if "starburst" in word else word


def _connection_key(snapshot: Snapshot, key: str) -> Answer:
    """Only connections are listed by key; what was registered without one does not show its key."""
    table = snapshot.table("immuta_connection")
    for row in table.of("key", key):
        return Told(key, (table.place(row),))
    return Untold("no data source shows the key it was registered with")


def _tags(snapshot: Snapshot, live: Live, wanted: Sequence[str]) -> Answer:
    """The declared tags that every data source has; more tags are no difference, as catalogs and discovery add them too."""
    table = snapshot.table("immuta_source_tag")
    has = {row["id"]: {one["tag"] for one in table.of("source_id", row["id"])} for row in live.rows}
    read = [row for row in live.rows if row["detail_read"] and str(row["id"]) not in table.gaps]
    lacking = [row for row in read if not set(wanted) <= has[row["id"]]]
    if table.cut or (len(read) < len(live.rows) and not lacking):
        why = table.cut or f"{len(live.rows) - len(read)} data sources could not be read in full"
        return Untold(why, hole=True)
    source = snapshot.table("immuta_source")
    on_all = [tag for tag in wanted if all(tag in has[row["id"]] for row in read)]
    note = f"lacking on {owner.some(lacking)} of {len(live.rows)} data sources" if lacking else ""
    places = tuple(source.place(row) for row in (lacking or live.rows))
    return Told(unique(on_all), places, note)


def _sources(
    declared: Sequence[Mapping[str, Any]], live: Live, stated: Stated, found: Found
) -> None:
    """Adds which tables there are; details of single tables are not compared."""
    tables = unique(one["table"].lower() for one in declared if one.get("table"))
    have = unique(str(row["table_name"]).lower() for row in live.rows if row["table_name"])
    if any(one.get("all") for one in declared):
        have = unique(set(have) & set(tables))
    stated["sources.table"] = tables
    found["sources.table"] = Told(have, live.places)
    if any(set(one) - {"table", "schema", "all"} for one in declared):
        stated["sources.details"] = "(declared)"
        found["sources.details"] = Untold("details of single tables are not compared")
