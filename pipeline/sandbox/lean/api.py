"""The lean estate over HTTP: search, bulk reads and collections; other planes answer 403, dictionaries are empty."""

from datetime import datetime
from typing import Any, cast

import msgspec
import polars as pl
from isal import igzip
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging, signin
from pipeline.sandbox.answers import atlas_error, json_answer, plane_error
from pipeline.sandbox.lean import bodies
from pipeline.sandbox.lean.estate import LeanWorld
from pipeline.sandbox.purview import account_api
from pipeline.sandbox.purview.datamap import datamap_api
from pipeline.sandbox.purview.datamap.search import QueryError
from pipeline.sandbox.server import Gateway
from pipeline.sandbox.signin import Tokens
from pipeline.sandbox.weather.limits import Bucket, Limited

_JSON = "application/json"
_GZIP = {"content-encoding": "gzip"}


def _world(request: Request) -> LeanWorld:
    return cast(LeanWorld, request.app.state.world)


def _answer(request: Request, body: bytes) -> Response:
    if request.app.state.gzip:
        return Response(igzip.compress(body, 1, mtime=0), 200, _GZIP, _JSON)
    return Response(body, media_type=_JSON)


async def query(request: Request) -> Response:
    """Search page in the order of guids, which is the only one."""
    world = _world(request)
    try:
        body: dict[str, Any] = msgspec.json.decode(await request.body() or b"{}")
        limit = body.get("limit", 50)
        if not isinstance(limit, int) or not 1 <= limit <= datamap_api.MAX_LIMIT:
            raise QueryError(f"limit must lie between 1 and {datamap_api.MAX_LIMIT}")
        if (body.get("orderby") or [{"id": "ASC"}]) != [{"id": "ASC"}]:
            raise QueryError("this estate can be ordered by id only")
        given = body.pop("continuationToken", None)
        request_hash = paging.fingerprint(body)
        start = paging.offset_in(given, request_hash) if given else body.get("offset", 0)
        clause = body.get("filter") or {}
        found = world.search(paging.fingerprint(clause), clause)
        asked = [facet.get("facet", "") for facet in body.get("facets") or ()]
        counted = {name: world.now().facet(name, found) for name in asked} or None
    except (msgspec.DecodeError, QueryError, paging.PagingError, TypeError, AttributeError) as no:
        return atlas_error(400, "ATLAS-400-00-01A", f"invalid parameters: {no}")
    return _answer(request, _page(world, found, start, limit, request_hash, counted))


def _page(
    world: LeanWorld, found: pl.Series, start: int, limit: int, request_hash: str, counted: Any
) -> bytes:
    facts: dict[str, Any] = {
        "@search.count": len(found),
        "@search.count.approximate": False,
        "@search.facets": counted,
    }
    if start + limit < len(found):
        facts["continuationToken"] = paging.token(start + limit, request_hash)
    slots = found[start : start + limit].to_list()
    hits = bodies.hits(world.now(), slots) if slots else b""
    return msgspec.json.encode(facts)[:-1] + b',"value":[' + hits + b"]}"


async def bulk(request: Request) -> Response:
    """Entities of the guids asked for; unknown ones are left out."""
    guids = request.query_params.getlist("guid")
    if not guids:
        return atlas_error(400, "ATLAS-400-00-01A", "invalid parameters: guid is missing")
    estate = _world(request).now()
    slots = [slot for text in dict.fromkeys(guids) if (slot := estate.slot_of(text)) is not None]
    return _answer(request, bodies.bulk(estate, slots) if slots else b'{"entities":[]}')


async def nothing(_request: Request) -> Response:
    """A list of the account plane with nothing in it."""
    return json_answer({"count": 0, "value": []})


async def glossaries(_request: Request) -> Response:
    """No glossaries."""
    return json_answer([])


async def _refused(request: Request, _error: Exception) -> Response:
    return plane_error(403, "Forbidden", f"the lean estate has nothing at {request.url.path}")


ROUTES = [
    Route("/datamap/api/search/query", query, methods=["POST"]),
    Route("/datamap/api/atlas/v2/entity/bulk", bulk),
    Route("/datamap/api/atlas/v2/types/typedefs", datamap_api.typedefs),
    Route("/datamap/api/atlas/v2/glossary", glossaries),
    Route("/account", account_api.account),
    Route("/account/", account_api.account),
    Route("/account/collections", account_api.collections),
    Route("/account/contactAssignments", nothing),
    Route("/account/domains", nothing),
    *signin.ROUTES,
]


def app(
    seed: int,
    assets: int,
    as_of: datetime | None,
    *,
    gzip: bool = False,
    latency_s: float = 0.0,
    bucket: Bucket | None = None,
) -> Starlette:
    """The application; with `as_of` None the estate moves on with the clock."""
    tokens = Tokens()
    found = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(Limited, latency_s=latency_s, bucket=bucket),
            Middleware(Gateway, tokens=tokens),
        ],
        exception_handlers={404: _refused},
    )
    found.state.tokens, found.state.gzip = tokens, gzip
    found.state.world = LeanWorld(seed, assets, as_of)
    return found
