"""The server: both products on one host, before them a gateway with their common rules."""

import socket
from collections.abc import Callable, Iterator
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
from starlette.types import ASGIApp, Receive, Scope, Send

from . import account_api, datamap_api, glossary_api, govern_api, market_api, scan_api, signin
from .answers import atlas_error, govern_error, market_error, plane_error
from .estate import World, tenant_id
from .faults import Faults, Faulty
from .paging import PagingError
from .signin import Tokens

URL_LIMIT = 8192
OPEN_PATHS = ("/health", "/marketplace/health", "/bim/apikey/authenticate")
VERSIONED_PREFIXES = ("/account", "/scan/", "/datamap/api/search/")


class Gateway:
    """Refuses over-long URLs, calls without credentials and calls without an api-version."""

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app, self._tokens = app, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        answer = self._refusal(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        if len(scope["raw_path"]) + len(scope["query_string"]) >= URL_LIMIT:
            page = "<html><body><h1>414 Request-URI Too Large</h1></body></html>"
            return Response(page, 414, media_type="text/html")
        if path in OPEN_PATHS or "/oauth2/" in path:
            return None
        header = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
        refused = signin.refusal(self._tokens, path, header.decode("latin-1"))
        if refused is not None:
            return refused
        needs_version = path.startswith(VERSIONED_PREFIXES) or path.endswith("/next")
        if needs_version and "api-version" not in parse_qs(scope["query_string"].decode("latin-1")):
            message = "The api-version query parameter is required."
            return plane_error(400, "MissingApiVersionParameter", message)
        return None


async def _bad_paging(request: Request, refused: Exception) -> Response:
    """Refusal of a paging parameter, in the shape of the plane."""
    path, message = request.url.path, str(refused)
    if path.startswith("/datamap/"):
        return atlas_error(400, "ATLAS-400-00-01A", f"invalid parameters: {message}")
    if path.startswith(("/account", "/scan/")):
        return plane_error(400, "InvalidParameter", message)
    make = market_error if path.startswith("/marketplace/") else govern_error
    return make(400, "Bad Request", message)


async def _not_found(request: Request, refused: Exception) -> Response:
    """Answer for an address that no plane has."""
    del refused
    path = request.url.path
    if path.startswith("/datamap/"):
        return atlas_error(404, "ATLAS-404-00-00E", f"no such address: {path}")
    if path.startswith(("/account", "/scan/")):
        return plane_error(404, "NotFound", f"no such address: {path}")
    make = market_error if path.startswith("/marketplace/") else govern_error
    return make(404, "Not Found", f"Cannot {request.method} {path}")


def app(
    seed: int = 1,
    assets: int = 2000,
    as_of: datetime | None = None,
    *,
    faults: Faults | None = None,
    token_lifetime_s: int = 3599,
) -> Starlette:
    """The application; with `as_of` None the estate moves on with the clock."""
    tokens = Tokens(token_lifetime_s)
    middleware = [Middleware(Gateway, tokens=tokens)]
    if faults:
        middleware.insert(0, Middleware(Faulty, faults=faults))
    planes = (signin, datamap_api, glossary_api, account_api, scan_api, market_api, govern_api)
    found = Starlette(
        routes=[route for plane in planes for route in plane.ROUTES],
        middleware=middleware,
        exception_handlers={PagingError: _bad_paging, 404: _not_found},
    )
    found.state.tokens = tokens
    found.state.world = World(seed, assets, as_of)
    return found


def credentials(seed: int) -> dict[str, str]:
    """What opens the sandbox; it is public and works nowhere else."""
    return {
        "tenant_id": tenant_id(seed),
        "client_id": signin.CLIENT_ID,
        "client_secret": signin.CLIENT_SECRET,
        "purview_token": signin.PURVIEW_TOKEN,
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
    served = app(seed, assets, as_of, **options)
    served.state.world.now()
    _Server(served, port, ready or (lambda _: None)).serve_until_told()


@contextmanager
def running(
    *, seed: int = 1, assets: int = 2000, as_of: datetime | None = None, **options: Any
) -> Iterator[str]:
    """Base URL of a sandbox that serves from a thread of this process for the block's time."""
    ports: Queue[int] = Queue()
    server = _Server(app(seed, assets, as_of, **options), 0, ports.put)
    thread = Thread(target=server.serve_until_told, name="sandbox", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=30)}"
    finally:
        server.should_exit = True
        thread.join()
