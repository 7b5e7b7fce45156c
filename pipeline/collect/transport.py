"""Connections: one request out, one answer in as received, within its time."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
from isal import igzip, isal_zlib

from pipeline.collect.endpoint import Request
from pipeline.errors import PageError

DEADLINE_S = 300.0
"""For one whole answer: a body that dribbles never reaches the limit between two bytes."""


@dataclass(frozen=True)
class Plane:
    """Where one plane of a source is and how to sign in to it."""

    base_url: str
    auth: httpx.Auth


@dataclass(frozen=True)
class Received:
    """One answer: its body is still as it travelled."""

    status: int
    url: str
    headers: httpx.Headers
    raw: bytes
    sent_at: datetime
    received_at: datetime

    @property
    def zipped(self) -> bool:
        """Whether the server compressed the body."""
        return self.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip")

    def body(self) -> bytes:
        """The body as the server meant it.

        Raises:
            PageError: it is no whole gzip stream.
        """
        if not self.zipped:
            return self.raw
        try:
            body: bytes = igzip.decompress(self.raw)
        except (EOFError, OSError, isal_zlib.error) as error:  # type: ignore[misc]  # stubs: an instance
            raise PageError(f"the body is no whole gzip stream: {error}") from error
        return body


class Transport:
    """Sends for any number of threads; each thread has its own connections.

    (A client shared by threads loses requests when an idle connection expires.)
    """

    def __init__(
        self,
        planes: Mapping[str, Plane],
        *,
        timeout_s: float,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._planes = {name: replace(p, base_url=_address(p)) for name, p in planes.items()}
        self._timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0))
        self._deadline_s, self._clock = deadline_s, clock
        # reading the certificates takes longer than a request
        self._trust = httpx.create_ssl_context()
        self._local = threading.local()
        self._opened: list[httpx.Client] = []

    def address(self, plane: str) -> str:
        """The base URL of a plane."""
        return self._planes[plane].base_url

    def send(self, request: Request) -> Received:
        """The whole answer.

        Raises:
            httpx.TransportError: there was none, or it did not end in time.
            SignInError, UnreachableError: nobody could sign in.
        """
        plane = self._planes[request.plane]
        body = request.body_text
        sent_at, ends_at = datetime.now(UTC), self._clock() + self._deadline_s
        with self._http().stream(
            request.method,
            plane.base_url + request.path,
            params=httpx.QueryParams(request.params) if request.params else None,
            content=body,
            headers={"Content-Type": "application/json"} if body else None,
            auth=plane.auth,
        ) as response:
            raw = b"".join(self._in_time(response, ends_at))
        return Received(
            response.status_code,
            str(response.url),
            response.headers,
            raw,
            sent_at,
            datetime.now(UTC),
        )

    def close(self) -> None:
        """Closes the connections of every thread."""
        for http in self._opened:
            http.close()

    def _in_time(self, response: httpx.Response, ends_at: float) -> Iterator[bytes]:
        for chunk in response.iter_raw():
            if self._clock() > ends_at:
                raise httpx.ReadTimeout(f"no whole answer within {self._deadline_s:g} s")
            yield chunk

    def _http(self) -> httpx.Client:
        http: httpx.Client | None = getattr(self._local, "http", None)
        if http is None:
            http = self._local.http = httpx.Client(
                timeout=self._timeout,
                verify=self._trust,
                headers={"Accept-Encoding": "gzip", "User-Agent": "passmuster"},
            )
            self._opened.append(http)
        return http


def _address(plane: Plane) -> str:
    """The plane's base URL without a password: addresses are logged, stored and shown."""
    return str(httpx.URL(plane.base_url).copy_with(userinfo=b"")).rstrip("/")
