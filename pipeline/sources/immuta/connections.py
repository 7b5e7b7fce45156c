"""Connections of Govern and the objects below them, where a tenant registers tables so.

Their keys come from the search of objects: without a path it lists the connections, with one what
is below it. Of what that search answers only the names `objectPath`, `technology`, `state`, `settings`
and `overrides` are documented; it is paged like the other lists of Govern. A tenant without connections
answers 404: there are none. `/api/connections` is a preview that knows their state; a tenant without it
answers 404.
"""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import GOVERN_PAGE, SECRETS, unwrapped

_SEARCH = "/data/object/search"
_PARTS = ("connection", "database", "schema")
_UNWRAPPED = unwrapped("hits", "data", "objects", "dataObjects", "children", "results")


def _objects(name: str, depth: int, above: str) -> Endpoint:
    """The search for what is directly below each object that `above` found; depth 1 is the connections."""
    parts = _PARTS[: depth - 1]
    asked = ", ".join(f"parts[{at}] as {part}" for at, part in enumerate(parts, 1))
    return Endpoint(
        name,
        "govern",
        "".join([_SEARCH, *(f"/{{{part}}}" for part in parts)]),
        ("immuta_object", "immuta_connection"),
        GOVERN_PAGE,
        method="POST",
        body={},
        items="hits",
        for_each=f"select path as key, {asked} from {above}_item where len(parts) = {len(parts)}"
        if above
        else None,
        after=(above,) if above else (),
        absent=frozenset({404}),
        redact=SECRETS,
        as_json=_UNWRAPPED,
    )


def _connection(name: str, path: str) -> Endpoint:
    """What is said of each connection."""
    return Endpoint(
        name,
        "govern",
        path,
        ("immuta_connection",),
        single,
        for_each="select distinct parts[1] as key from connection_object_item",
        after=("connection_object",),
        absent=frozenset({404}),
        redact=SECRETS,
    )


ENDPOINTS = (
    _objects("connection_object", 1, ""),
    _objects("database_object", 2, "connection_object"),
    _objects("schema_object", 3, "database_object"),
    _objects("table_object", 4, "schema_object"),
    _connection("connection", "/data/connection/{key}"),
    _connection("connection_state", "/api/connections/{key}"),
)
