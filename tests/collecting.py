"""A scripted HTTP server on a real socket, a clock that only moves when told, and clients of both."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import strategies as st

from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Endpoint, Request, Source
from pipeline.collect.pace import Pace
from pipeline.collect.paging import single
from pipeline.collect.staging import Staging
from pipeline.collect.store import PageStore
from pipeline.collect.transport import Plane
from pipeline.collect.walk import levels

_NUMBERS = count(1)
TOKEN = "synthetic-bearer-token"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def odd(*names: str) -> st.SearchStrategy[Any]:
    """A little JSON of any shape, in which objects often have keys of these names."""
    plain = (
        st.none() | st.booleans() | st.integers() | st.floats(-1e300, 1e300) | st.text(max_size=5)
    )
    keys = st.sampled_from(names) | st.text(max_size=3)
    return plain | st.recursive(
        st.lists(plain, max_size=2) | st.dictionaries(keys, plain, max_size=2),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2),
        max_leaves=3,
    )


class Clock:
    """Seconds that pass only while somebody sleeps; what was slept is kept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


@dataclass(frozen=True)
class Seen:
    """One request as it reached the server; `peer` tells connections apart."""

    method: str
    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    peer: int


@dataclass(frozen=True)
class Answer:
    """What the server sends; `missing` bytes are announced and never come, a dropped call gets nothing."""

    body: bytes = b'{"value": []}'
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0
    dropped: bool = False


@dataclass
class Server:
    """The base URL of a running server, what it was sent, and what it answers."""

    url: str
    answer: Callable[[Seen], Answer]
    seen: list[Seen] = field(default_factory=list)


@contextmanager
def serving(answers: Sequence[Answer] | Callable[[Seen], Answer]) -> Iterator[Server]:
    """A server that gives the answers in turn (the last one for ever), or asks a function."""
    script = answers if callable(answers) else _in_turn(list(answers))
    httpd = _Quiet(("127.0.0.1", 0), _Handler)
    httpd.script = Server(f"http://127.0.0.1:{httpd.server_address[1]}", script)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield httpd.script
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@contextmanager
def client(
    url: str,
    endpoints: Sequence[Endpoint],
    store: PageStore,
    clock: Clock | None = None,
    *,
    sql: str = "",
    **options: Any,
) -> Iterator[Client]:
    """A client of a source called toy with all its planes at `url`; it never really sleeps, and closes its store."""
    clock = clock or Clock()
    plane = Plane(url, StaticToken(TOKEN))
    found = Client(
        Source("toy", tuple(endpoints), sql, probes=()),
        {endpoint.plane: plane for endpoint in endpoints},
        Pace(1000.0, clock=clock, sleep=clock.sleep),
        store,
        **{"sleep": clock.sleep, "timeout_s": 5.0, **options},
    )
    try:
        yield found
    finally:
        found.close()
        store.close()


def endpoint(name: str = "thing", path: str = "/things", **options: Any) -> Endpoint:
    """An endpoint of one page with a list `value`."""
    plane = options.pop("plane", "main")
    defaults: dict[str, Any] = {"items": "value", "paging": single, "tables": ("asset",)}
    return Endpoint(name, plane, path, **{**defaults, **options})


def store_at(path: Path) -> PageStore:
    """The page store of a run called run."""
    return PageStore(path, "run")


def _in_turn(answers: list[Answer]) -> Callable[[Seen], Answer]:
    return lambda _: answers.pop(0) if len(answers) > 1 else answers[0]


class _Quiet(ThreadingHTTPServer):
    script: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Quiet

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        params = parse_qsl(parts.query, keep_blank_values=True)
        peer = self.client_address[1]
        seen = Seen(self.command, parts.path, params, headers, body, peer)
        script = self.server.script
        script.seen.append(seen)
        answer = script.answer(seen)
        self.close_connection = answer.dropped or answer.missing > 0
        if answer.dropped:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + answer.missing))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = _serve  # noqa: N815 (named by http.server)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests look at what was seen."""


@contextmanager
def staging_at(path: Path, store: PageStore) -> Iterator[Staging]:
    """The staging file of a run, closed afterwards."""
    staging = Staging(path / "staging.duckdb", store, 1)
    try:
        yield staging
    finally:
        staging.close()


def rows(staging: Staging, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query over staging."""
    return staging.con.execute(query).fetchall()


def keep(store: PageStore, source: Source, name: str, body: bytes, **facts: Any) -> None:
    """Keeps `body` as the client would after a read of the endpoint `name`."""
    what = next(endpoint for endpoint in source.endpoints if endpoint.name == name)
    key = facts.get("key")
    stated = {
        "key": None,
        "url": f"https://{source.name}.example{what.path}",
        "status": 200,
        "attempt": 1,
        "sent_at": "2026-11-21T01:00:00+00:00",
        "received_at": "2026-11-21T01:00:01.5+00:00",
        "server_date": None,
        "redactions": [],
    }
    request = Request(what.method, what.plane, what.path, (("page", f"{key} {next(_NUMBERS)}"),))
    store.keep(request, body, source=source.name, endpoint=name, **{**stated, **facts})


@contextmanager
def loaded(
    path: Path,
    source: Source,
    pages: Sequence[tuple[str, str | None, bytes]],
    *,
    asked: Mapping[str, Sequence[str]] = MappingProxyType({}),
    gone: Mapping[str, Sequence[str]] = MappingProxyType({}),
    finish: bool = True,
) -> Iterator[Staging]:
    """Staging with these pages (endpoint, key, body) of a source loaded, and nothing of its other endpoints.

    By endpoint, `asked` has keys that were asked for, and `gone` those that the server does not have.
    """
    store = store_at(path)
    for name, key, body in pages:
        keep(store, source, name, body, key=key)
    try:
        with staging_at(path, store) as staging:
            for name, keys in asked.items():
                staging.asked(f"{source.name}.{name}", keys)
            for name, keys in gone.items():
                staging.gone(f"{source.name}.{name}", keys)
            for level in levels([source]):
                for _, what in level:
                    staging.load(source, what)
            if finish:
                staging.finish(source)
            yield staging
    finally:
        store.close()
