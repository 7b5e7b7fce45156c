"""The server: both products on one host, before them a gateway with their common rules."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.sandbox import signin
from pipeline.sandbox.answers import (
    atlas_error,
    govern_error,
    graph_error,
    market_error,
    plane_error,
)
from pipeline.sandbox.directory import graph_api
from pipeline.sandbox.estate import tenant_id
from pipeline.sandbox.immuta import reads
from pipeline.sandbox.immuta.writes import write_api
from pipeline.sandbox.immuta.writes.changed_estate import ChangedWorld
from pipeline.sandbox.paging import PagingError
from pipeline.sandbox.purview import (
    account_api,
    audit_api,
    lookups_api,
    policy_api,
    workflow_api,
)
from pipeline.sandbox.purview.datamap import datamap_api, glossary_api, legacy_api
from pipeline.sandbox.purview.scanning import scan_api
from pipeline.sandbox.purview.unified import catalog_api, data_access_api
from pipeline.sandbox.signin import Tokens
from pipeline.sandbox.weather import faults as injected
from pipeline.sandbox.weather.calls import Layer, Layered
from pipeline.sandbox.weather.faults import Faults
from pipeline.sandbox.weather.forecast import REPORT, chosen, report

URL_LIMIT = 8192
OPEN_PATHS = (REPORT, "/health", "/marketplace/health", "/bim/apikey/authenticate")
VERSIONED_PREFIXES = (
    *signin.PLANE_PATHS,
    "/datamap/api/search/",
    "/datamap/api/audit/",
    "/catalog/api/search/",
)


class Gateway:
    """Refuses over-long URLs, calls without credentials and calls without an api-version."""

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app, self._tokens = app, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        answer = self._refusal(scope) if scope["type"] == "http" else None
        if scope["type"] == "http" and answer is None:
            scope["narrow"] = _is_narrow(scope)
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        if len(scope["raw_path"]) + len(scope["query_string"]) >= URL_LIMIT:
            page = "<html><body><h1>414 Request-URI Too Large</h1></body></html>"
            return Response(page, 414, media_type="text/html")
        if path in OPEN_PATHS or "/oauth2/" in path:
            return None
        refused = signin.refusal(self._tokens, path, _authorization(scope))
        if refused is not None:
            return refused
        versioned = path.startswith(VERSIONED_PREFIXES)
        # the Atlas part asks for no version, so that clients of Apache Atlas can read it
        needs_version = versioned or (path.endswith("/next") and "/atlas/" not in path)
        if needs_version and "api-version" not in parse_qs(scope["query_string"].decode("latin-1")):
            message = "The api-version query parameter is required."
            if path.startswith(("/datamap/", "/catalog/")):
                return atlas_error(400, "ATLAS-400-00-01A", f"invalid parameters: {message}")
            return plane_error(400, "MissingApiVersionParameter", message)
        return None


def _authorization(scope: Scope) -> str:
    header: bytes = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
    return header.decode("latin-1")


def _is_narrow(scope: Scope) -> bool:
    path: str = scope["path"]
    if path in OPEN_PATHS or "/oauth2/" in path:
        return False
    return signin.is_narrow(_authorization(scope))


async def _bad_paging(request: Request, refused: Exception) -> Response:
    """Refusal of a paging parameter, in the shape of the plane."""
    path, message = request.url.path, str(refused)
    if path.startswith(("/datamap/", "/catalog/")):
        return atlas_error(400, "ATLAS-400-00-01A", f"invalid parameters: {message}")
    if path.startswith(signin.PLANE_PATHS):
        return plane_error(400, "InvalidParameter", message)
    if path.startswith(signin.GRAPH_PATH):
        return graph_error(400, "Request_BadRequest", message)
    make = market_error if path.startswith("/marketplace/") else govern_error
    return make(400, "Bad Request", message)


async def _not_found(request: Request, refused: Exception) -> Response:
    """Answer for an address that no plane has."""
    del refused
    path = request.url.path
    if path.startswith(("/datamap/", "/catalog/")):
        return atlas_error(404, "ATLAS-404-00-00E", f"no such address: {path}")
    if path.startswith(signin.PLANE_PATHS):
        return plane_error(404, "NotFound", f"no such address: {path}")
    if path.startswith(signin.GRAPH_PATH):
        return graph_error(404, "BadRequest", f"Resource not found for the segment '{path}'.")
    make = market_error if path.startswith("/marketplace/") else govern_error
    return make(404, "Not Found", f"Cannot {request.method} {path}")


def app(
    seed: int = 1,
    assets: int = 2000,
    as_of: datetime | None = None,
    *,
    faults: Faults | None = None,
    weather: Sequence[str] = (),
    layers: Sequence[Layer] = (),
    clock: Callable[[], float] = time.monotonic,
    token_lifetime_s: int = 3599,
    account_access: bool = True,
) -> Starlette:
    """The application; with `as_of` None the estate moves on with the clock.

    `layers` come before every weather; `clock` is what weathers count seconds by. Without `account_access` the roles of the Unified
    Catalog are refused, as they are to an identity that has no role on the account's Azure resource.
    """
    tokens = Tokens(token_lifetime_s)
    middleware = [Middleware(Gateway, tokens=tokens)]
    weathers = chosen(weather, seed, clock)
    outside: list[Layer] = [*layers, *weathers, *([injected.layer(faults)] if faults else [])]
    if outside:
        middleware.insert(0, Middleware(Layered, layers=outside))
    planes = (
        signin,
        datamap_api,
        glossary_api,
        account_api,
        audit_api,
        scan_api,
        policy_api,
        workflow_api,
        catalog_api,
        data_access_api,
        lookups_api,
        graph_api,
        reads,
        write_api,
    )
    routes = [Route(REPORT, report), *(route for plane in planes for route in plane.ROUTES)]
    found = Starlette(
        routes=[*routes, *legacy_api.routes(routes)],
        middleware=middleware,
        exception_handlers={PagingError: _bad_paging, 404: _not_found},
    )
    found.state.tokens = tokens
    found.state.account_access = account_access
    found.state.weathers = weathers
    found.state.world = ChangedWorld(seed, assets, as_of)
    return found


def credentials(seed: int) -> dict[str, str]:
    """What opens the sandbox; it is public and works nowhere else."""
    return {
        "tenant_id": tenant_id(seed),
        "client_id": signin.CLIENT_ID,
        "client_secret": signin.CLIENT_SECRET,
        "purview_token": signin.PURVIEW_TOKEN,
        "graph_token": signin.GRAPH_TOKEN,
        "immuta_api_key": signin.IMMUTA_KEY,
        "immuta_request_token": signin.REQUEST_TOKEN,
    }


class _Server(uvicorn.Server):
    """A server on the loopback interface that tells when it accepts connections."""

    def __init__(self, served: Starlette, port: int, announce: Callable[[int], None]) -> None:
        super().__init__(
            uvicorn.Config(
                served, log_level="critical", access_log=False, lifespan="off", ws="none"
            )
        )
        # the protocol is named because asyncio switches Nagle's algorithm off only where it is
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce(self._listener.getsockname()[1])

    def serve_until_told(self) -> None:
        """Serves until `should_exit` is set or the process is interrupted."""
        with self._listener:
            self.run([self._listener])


def serve(
    *,
    port: int,
    seed: int,
    assets: int,
    as_of: datetime | None,
    ready: Callable[[int], None] | None = None,
    **options: Any,
) -> None:
    """Serves on the loopback interface until it is interrupted.

    Port 0 takes a free one; `ready` is called with the port once connections are accepted.
    `options` go to `app`.
    """
    serve_app(app(seed, assets, as_of, **options), port=port, ready=ready)


def serve_app(served: Starlette, *, port: int, ready: Callable[[int], None] | None = None) -> None:
    """Serves an application as `serve` does."""
    served.state.world.now()
    _Server(served, port, ready or (lambda _: None)).serve_until_told()


@contextmanager
def running(
    *, seed: int = 1, assets: int = 2000, as_of: datetime | None = None, **options: Any
) -> Iterator[str]:
    """Base URL of a sandbox that serves from a thread of this process for the block's time."""
    with running_app(app(seed, assets, as_of, **options)) as url:
        yield url


@contextmanager
def running_app(served: Starlette) -> Iterator[str]:
    """Base URL of an application that is served as `running` does."""
    ports: Queue[int] = Queue()
    server = _Server(served, 0, ports.put)
    thread = Thread(target=server.serve_until_told, name="sandbox", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=30)}"
    finally:
        server.should_exit = True
        thread.join()
