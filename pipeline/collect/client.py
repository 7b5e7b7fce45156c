"""The one HTTP layer: sign, pace, send, retry, check, keep. Only reads of known endpoints leave this machine."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
from isal import igzip, isal_zlib

from pipeline.collect.endpoint import Endpoint, Request, Source
from pipeline.collect.envelope import Envelope, open_page
from pipeline.collect.pace import Pace
from pipeline.collect.redact import redact
from pipeline.collect.retry import (
    ATTEMPTS,
    ATTEMPTS_MALFORMED,
    ATTEMPTS_UNREACHED,
    LONGEST_WAIT_S,
    RETRIED,
    SILENT_CALLS,
    backoff_s,
    retry_after_s,
)
from pipeline.collect.store import PageStore
from pipeline.errors import (
    ForbiddenRequestError,
    PageError,
    RequestError,
    SignInError,
    UnreachableError,
)


@dataclass(frozen=True)
class Plane:
    """Where one plane of a source is and how to sign in to it."""

    base_url: str
    auth: httpx.Auth


class Client:
    """Reads endpoints of one source for any number of threads; each thread has its own connections.

    (A client shared by threads loses requests when an idle connection expires.)
    """

    def __init__(
        self,
        source: Source,
        planes: Mapping[str, Plane],
        pace: Pace,
        store: PageStore,
        *,
        timeout_s: float = 60.0,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.source = source
        self._planes = {name: replace(p, base_url=_address(p)) for name, p in planes.items()}
        self._pace, self._store = pace, store
        self._timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0))
        self._sleep = sleep or pace.stopped.wait
        # reading the certificates takes longer than a request
        self._trust = httpx.create_ssl_context()
        self._local = threading.local()
        self._opened: list[httpx.Client] = []
        self._answered: set[str] = set()
        self._silent: dict[str, int] = {}
        self._allowed = [
            (endpoint.method, endpoint.plane, _template(endpoint.path))
            for endpoint in (*source.endpoints, *source.probes)
        ]

    def fetch(self, endpoint: Endpoint, request: Request, key: str | None) -> Envelope:
        """The page that answers `request`, kept in the store; replayed if this run has it already.

        Raises:
            RequestError: given up, with the last status.
            SignInError: the credential was refused.
            UnreachableError: the host is not there, or not any more.
            ForbiddenRequestError: not a known read.
        """
        if (kept := self._store.replay(request, self.source.name)) is not None:
            return _open(endpoint, kept.status, self._store.read(kept))
        self._check_allowed(request)
        attempt = 0
        while True:
            attempt += 1
            self._pace.wait()
            if self._pace.stopped.is_set():
                raise RequestError("not sent: the run was stopped")
            outcome = self._try(endpoint, request, key, attempt)
            if isinstance(outcome, Envelope):
                return outcome
            if attempt >= min(self._attempts(request), outcome.attempts):
                self._give_up(request, f"{outcome.reason} after {attempt} tries", outcome.status)
            self._sleep(outcome.wait_s or backoff_s(attempt))

    def _try(
        self, endpoint: Endpoint, request: Request, key: str | None, attempt: int
    ) -> "Envelope | _Failure":
        """The page, or why it is worth another try."""
        sent_at = datetime.now(UTC)
        try:
            response, raw = self._send(request)
        except httpx.TransportError as error:
            return _Failure(f"{type(error).__name__}: {error}", None)
        self._answered.add(request.plane)
        self._silent[request.plane] = 0
        status = response.status_code
        if status < 300 or status in endpoint.absent:
            try:
                return self._keep(endpoint, request, key, response, raw, attempt, sent_at)
            except PageError as error:
                return _Failure(str(error), status, attempts=ATTEMPTS_MALFORMED)
        if status in RETRIED:
            wait_s = min(retry_after_s(response) or 0.0, LONGEST_WAIT_S)
            if status in (429, 503):
                self._pace.refused(wait_s or 1.0)
            return _Failure(f"HTTP {status}", status, wait_s)
        if status == 401:
            name = self.source.qualified(endpoint)
            raise SignInError(f"{name}: {response.url.host} refused the credential (HTTP 401)")
        raise RequestError(f"HTTP {status}", status)

    def address(self, plane: str) -> str:
        """The base URL of a plane."""
        return self._planes[plane].base_url

    def stop(self) -> None:
        """Ends every wait, so that threads come back soon: nothing new is sent."""
        self._pace.stopped.set()

    def close(self) -> None:
        """Closes the connections of every thread."""
        for http in self._opened:
            http.close()

    def _attempts(self, request: Request) -> int:
        return ATTEMPTS if request.plane in self._answered else ATTEMPTS_UNREACHED

    def _give_up(self, request: Request, reason: str, status: int | None) -> None:
        """Ends one call; ends the run if the host is not there at all, or not any more."""
        url = self._planes[request.plane].base_url
        if status is None:
            self._silent[request.plane] = self._silent.get(request.plane, 0) + 1
        if request.plane not in self._answered:
            raise UnreachableError(
                f"{self.source.name}: {url} cannot be reached ({reason}); "
                "check the address in the configuration, then try `muster doctor`"
            )
        if self._silent[request.plane] >= SILENT_CALLS:
            raise UnreachableError(
                f"{self.source.name}: {url} stopped answering ({reason}); "
                "the same command goes on from here once it is back"
            )
        raise RequestError(reason, status)

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

    def _send(self, request: Request) -> tuple[httpx.Response, bytes]:
        plane = self._planes[request.plane]
        body = request.body_text
        with self._http().stream(
            request.method,
            plane.base_url + request.path,
            params=httpx.QueryParams(request.params) if request.params else None,
            content=body,
            headers={"Content-Type": "application/json"} if body else None,
            auth=plane.auth,
        ) as response:
            return response, b"".join(response.iter_raw())

    def _keep(
        self,
        endpoint: Endpoint,
        request: Request,
        key: str | None,
        response: httpx.Response,
        raw: bytes,
        attempt: int,
        sent_at: datetime,
    ) -> Envelope:
        zipped = response.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip")
        body = _unzip(raw) if zipped else raw
        page = _open(endpoint, response.status_code, body)
        redactions: list[str] = []
        if endpoint.redact and response.status_code < 300:
            body, redactions = redact(body, endpoint.redact)
        self._store.keep(
            request,
            body,
            source=self.source.name,
            endpoint=endpoint.name,
            gzipped=raw if zipped and not redactions else None,
            key=key,
            url=str(response.url),
            status=response.status_code,
            attempt=attempt,
            sent_at=sent_at.isoformat(),
            received_at=datetime.now(UTC).isoformat(),
            server_date=response.headers.get("date"),
            redactions=redactions,
        )
        return page

    def _check_allowed(self, request: Request) -> None:
        for method, plane, path in self._allowed:
            if (method, plane) == (request.method, request.plane) and path.fullmatch(request.path):
                return
        raise ForbiddenRequestError(
            f"{request.method} {request.path} on {self.source.name} is no read this program knows"
        )


@dataclass(frozen=True)
class _Failure:
    """A try that brought no page: why, the status if there was an answer, and the wait it asked for."""

    reason: str
    status: int | None
    wait_s: float = 0.0
    attempts: int = ATTEMPTS


def _open(endpoint: Endpoint, status: int, body: bytes) -> Envelope:
    return open_page(body, endpoint.items) if status < 300 else Envelope(bare=[])


def _address(plane: Plane) -> str:
    """The plane's base URL without a password: addresses are logged, stored and shown."""
    return str(httpx.URL(plane.base_url).copy_with(userinfo=b"")).rstrip("/")


def _template(path: str) -> re.Pattern[str]:
    """`/scan/datasources/{name}/scans` as a pattern; a placeholder is one segment, but `.` and `..` are none."""
    return re.compile(re.sub(r"\\{[^}]*\\}", r"(?!\\.{1,2}(?:/|$))[^/]+", re.escape(path)))


def _unzip(raw: bytes) -> bytes:
    try:
        body: bytes = igzip.decompress(raw)
    except (EOFError, OSError, isal_zlib.error) as error:  # type: ignore[misc]  # stubs: an instance
        raise PageError(f"the body is no whole gzip stream: {error}") from error
    return body
