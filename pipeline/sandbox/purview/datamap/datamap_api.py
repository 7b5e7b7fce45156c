"""The Data Map plane of Purview: search, entities, type definitions and lineage."""

from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox.answers import atlas_error, estate_of, is_narrow, is_shown, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import lineage_graph, search, shown
from pipeline.sandbox.purview.datamap import typedefs as definitions
from pipeline.sandbox.purview.datamap.entity_store import (
    Encoded,
    EntityStore,
    bulk_body,
    single_body,
)

MAX_LIMIT = 1000
_JSON = "application/json"


def _store(request: Request, estate: Estate) -> EntityStore:
    """Encoded entities of the estate; those of an earlier day are forgotten."""
    store = cast(EntityStore | None, getattr(request.app.state, "entity_store", None))
    if store is None or store.estate is not estate:
        store = request.app.state.entity_store = EntityStore(estate)
    return store


async def query(request: Request) -> Response:
    """Search page with the exact count and, while there is more, a token for the next page."""
    estate = estate_of(request)
    try:
        body: dict[str, Any] = msgspec.json.decode(await request.body() or b"{}")
        limit = body.get("limit", 50)
        if not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
            raise search.QueryError(f"limit must lie between 1 and {MAX_LIMIT}")
        given = body.pop("continuationToken", None)
        request_hash = paging.fingerprint(body)
        start = paging.offset_in(given, request_hash) if given else 0
        kept = _searches(request, estate)
        # what one caller is shown is not what another one is
        found = kept.get((request_hash, is_narrow(request)))
        if found is None:
            matches = search.matches(estate, body)
            found = [data for data in matches if is_shown(request, data.collection)]
            kept[request_hash, is_narrow(request)] = found
        counted = search.facets(found, body["facets"]) if body.get("facets") else None
    except (
        msgspec.DecodeError,
        search.QueryError,
        paging.PagingError,
        TypeError,
        AttributeError,
    ) as refused:
        return atlas_error(400, "ATLAS-400-00-01A", f"invalid parameters: {refused}")
    answer: dict[str, Any] = {
        "@search.count": len(found),
        "@search.count.approximate": False,
        "@search.facets": counted,
        "value": [search.hit(estate, data) for data in found[start : start + limit]],
    }
    if start + limit < len(found):
        answer["continuationToken"] = paging.token(start + limit, request_hash)
    return json_answer(answer)


def _searches(request: Request, estate: Estate) -> dict[tuple[str, bool], Any]:
    """Results of the searches that are being paged through today."""
    day, kept = getattr(request.app.state, "searches", (None, {}))
    if day is not estate or len(kept) > 200:
        kept = {}
        request.app.state.searches = (estate, kept)
    return cast(dict[tuple[str, bool], Any], kept)


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "false").lower() == "true"


def _read(request: Request, store: EntityStore, guid: str) -> Encoded | None:
    bare, alone = _flag(request, "ignoreRelationships"), _flag(request, "minExtInfo")
    if bare or alone:
        return store.bare(guid, relations=not bare, referred=not alone)
    return store.get(guid)


async def bulk(request: Request) -> Response:
    """Entities of the guids asked for; unknown ones are left out, and so are those that are not shown."""
    guids = request.query_params.getlist("guid")
    if not guids:
        return atlas_error(400, "ATLAS-400-00-01A", "invalid parameters: guid is missing")
    estate = estate_of(request)
    store = _store(request, estate)
    wanted = (guid for guid in dict.fromkeys(guids) if shown.entity(request, estate, guid))
    found = (_read(request, store, guid) for guid in wanted)
    return Response(bulk_body(one for one in found if one), media_type=_JSON)


async def single(request: Request) -> Response:
    """One entity with what it refers to."""
    guid, estate = request.path_params["guid"], estate_of(request)
    found = _read(request, _store(request, estate), guid)
    if found is None:
        return _unknown(guid)
    if not shown.entity(request, estate, guid):
        return shown.refused(guid)
    return Response(single_body(found), media_type=_JSON)


async def header(request: Request) -> Response:
    """Short form of one entity."""
    guid, estate = request.path_params["guid"], estate_of(request)
    if not shown.entity(request, estate, guid):
        return shown.refused(guid)
    try:
        return json_answer(lineage_graph.header(estate, guid))
    except KeyError:
        return _unknown(guid)


def _unknown(guid: str) -> Response:
    message = f"Given instance guid {guid} is invalid/not found"
    return atlas_error(404, "ATLAS-404-00-005", message)


async def typedefs(request: Request) -> Response:
    """Type definitions, of one category or all: never paged, however many there are."""
    kind = request.query_params.get("type", "").upper()
    return json_answer(definitions.answer(estate_of(request).seed, kind))


async def lineage(request: Request) -> Response:
    """Lineage around one asset; an asset without lineage gets an empty graph, not an error."""
    guid, estate, params = request.path_params["guid"], estate_of(request), request.query_params
    direction = params.get("direction", "")
    if direction not in lineage_graph.DIRECTIONS:
        return atlas_error(400, "ATLAS-400-00-026", "Invalid lineage query parameters: direction")
    if estate.dataset(guid) is None and guid not in estate.lineage.by_guid:
        return _unknown(guid)
    if not shown.entity(request, estate, guid):
        return shown.refused(guid)
    depth, width = paging.integer(params, "depth", 3), paging.integer(params, "width", 10)
    found = lineage_graph.graph(estate, guid, direction, depth, width)
    return json_answer(shown.graph(request, estate, found))


async def lineage_next(request: Request) -> Response:
    """Further neighbours of one node, one hop away."""
    guid, estate, params = request.path_params["guid"], estate_of(request), request.query_params
    direction = params.get("direction", "")
    if direction not in ("INPUT", "OUTPUT"):
        return atlas_error(400, "ATLAS-400-00-026", "Invalid lineage query parameters: direction")
    if not shown.entity(request, estate, guid):
        return shown.refused(guid)
    offset = paging.integer(params, "offset", 0)
    limit = -1 if params.get("limit", "-1") == "-1" else paging.integer(params, "limit", 0)
    found = lineage_graph.next_page(estate, guid, direction, offset, limit)
    return json_answer(shown.graph(request, estate, found))


ROUTES = [
    Route("/datamap/api/search/query", query, methods=["POST"]),
    Route("/datamap/api/atlas/v2/entity/bulk", bulk),
    Route("/datamap/api/atlas/v2/entity/guid/{guid}", single),
    Route("/datamap/api/atlas/v2/entity/guid/{guid}/header", header),
    Route("/datamap/api/atlas/v2/types/typedefs", typedefs),
    Route("/datamap/api/atlas/v2/lineage/{guid}", lineage),
    Route("/datamap/api/atlas/v2/lineage/{guid}/next", lineage_next),
    Route("/datamap/api/lineage/{guid}/next", lineage_next),
]
