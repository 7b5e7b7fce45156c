"""The large Immuta over HTTP: the ordinary routes of both planes, but for two that would look at every request."""

from datetime import datetime
from typing import cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging, signin
from pipeline.sandbox.answers import estate_of, json_answer, market_error
from pipeline.sandbox.immuta import market_api, reads
from pipeline.sandbox.immuta import request_rows as rows
from pipeline.sandbox.lean.immuta import LeanImmutaEstate, LeanImmutaWorld
from pipeline.sandbox.server import Gateway
from pipeline.sandbox.signin import Tokens
from pipeline.sandbox.weather.limits import Bucket, Limited


def _estate(http: Request) -> LeanImmutaEstate:
    return cast(LeanImmutaEstate, estate_of(http))


async def access_requests(http: Request) -> Response:
    """Page of all access requests, by number."""
    estate = _estate(http)
    page, meta = paging.offset_page(range(estate.request_count), http.query_params)
    data = [rows.access_request(estate.request(number)) for number in page]
    return json_answer({"data": data, "meta": meta})


async def approved_masking_columns(http: Request) -> Response:
    """Columns that a person may see unmasked, by the requests that are approved."""
    asked = http.query_params.get("userId")
    if not asked:
        return market_error(400, "Bad Request", "userId should not be empty")
    columns = {
        (column["sourceId"], column["name"])
        for one in _estate(http).asked_for(asked)
        if one.type == "MASKING_EXCEPTION" and one.status == "APPROVED"
        for column in rows.exception_columns(one)
    }
    return json_answer(
        [{"columnName": name, "sourceId": source} for source, name in sorted(columns)]
    )


_ASKED = market_api.BASE + "/access-request"
ROUTES = [
    Route(_ASKED, access_requests),
    Route(_ASKED + "/approved-masking-exception-columns", approved_masking_columns),
    *signin.ROUTES,
    *reads.ROUTES,
]


def app(
    seed: int,
    sources: int,
    as_of: datetime | None,
    *,
    gzip: bool = False,
    latency_s: float = 0.0,
    bucket: Bucket | None = None,
) -> Starlette:
    """The application; with `as_of` None the estate moves on with the clock."""
    tokens = Tokens()
    middleware = [
        Middleware(Limited, latency_s=latency_s, bucket=bucket),
        Middleware(Gateway, tokens=tokens),
    ]
    if gzip:
        middleware.append(Middleware(GZipMiddleware, minimum_size=500, compresslevel=1))
    found = Starlette(routes=ROUTES, middleware=middleware)
    found.state.tokens = tokens
    found.state.world = LeanImmutaWorld(seed, sources, as_of)
    return found
