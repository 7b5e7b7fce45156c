"""The one HTTP layer: pace, send, retry, check, keep. Only reads of known endpoints leave this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import httpx

from pipeline.collect.allowed import Allowed
from pipeline.collect.endpoint import Endpoint, Request, Source
from pipeline.collect.envelope import Envelope, open_page
from pipeline.collect.pace import Pace
from pipeline.collect.redact import redact
from pipeline.collect.retry import (
    ATTEMPTS,
    ATTEMPTS_MALFORMED,
    ATTEMPTS_SLOW,
    ATTEMPTS_THROTTLED,
    ATTEMPTS_UNREACHED,
    LONGEST_WAIT_S,
    OVERLOADED,
    RETRIED,
    SILENT_CALLS,
    SLOW,
    backoff_s,
    retry_after_s,
)
from pipeline.collect.store import Exchange, PageStore
from pipeline.collect.transport import DEADLINE_S, Plane, Received, Transport
from pipeline.errors import PageError, RequestError, SignInError, UnreachableError
from pipeline.warehouse.pages import loadable


@dataclass(frozen=True)
class _Failure:
    """A try that brought no page: why, the answer if there was one, the wait it asked for, and the tries it is worth."""

    reason: str
    answer: Received | None = None
    wait_s: float = 0.0
    attempts: int = ATTEMPTS
    slow: bool = False
    overloaded: bool = False

    @property
    def status(self) -> int | None:
        return self.answer.status if self.answer else None


class Client:
    """Reads endpoints of one source for any number of threads."""

    def __init__(
        self,
        source: Source,
        planes: Mapping[str, Plane],
        pace: Pace,
        store: PageStore,
        *,
        timeout_s: float = 60.0,
        deadline_s: float = DEADLINE_S,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.source = source
        self._transport = Transport(planes, timeout_s=timeout_s, deadline_s=deadline_s)
        self._pace, self._store = pace, store
        self._sleep = sleep or pace.stopped.wait
        self._answered: set[str] = set()
        self._silent: dict[str, int] = {}
        self._allowed = Allowed(source)

    def fetch(self, endpoint: Endpoint, request: Request, key: str | None) -> Envelope:
        """The page that answers `request`, kept in the store; replayed if this run has it already.

        Raises:
            RequestError: given up, with the last status and where the last answer is kept.
            SignInError: the credential was refused.
            UnreachableError: the host is not there, or not any more.
            ForbiddenRequestError: not a known read.
        """
        if (kept := self._store.replay(request, self.source.name, endpoint.name)) is not None:
            return _open(endpoint, kept.status, self._store.read(kept))
        self._allowed.check(request)
        attempt = 0
        while True:
            attempt += 1
            keep = partial(self._keep, endpoint, request, key, attempt)
            outcome = self._turn(endpoint, request, keep)
            if isinstance(outcome, Envelope):
                return outcome
            if attempt >= min(self._attempts(request), outcome.attempts):
                refused = keep(outcome.answer, refused=True) if outcome.answer else None
                self._give_up(request, outcome, attempt, refused)
            self._sleep(outcome.wait_s or backoff_s(attempt))

    def address(self, plane: str) -> str:
        """The base URL of a plane."""
        return self._transport.address(plane)

    def stop(self) -> None:
        """Ends every wait, so that threads come back soon: nothing new is sent."""
        self._pace.stop()

    def close(self) -> None:
        """Closes the connections of every thread."""
        self._transport.close()

    def _turn(
        self, endpoint: Endpoint, request: Request, keep: Callable[[Received], Exchange]
    ) -> Envelope | _Failure:
        """One try, when there is room for it and its moment has come."""
        place = self._pace.width.enter()
        overloaded = False
        try:
            self._pace.wait()
            if self._pace.stopped.is_set():
                raise RequestError("not sent: the run was stopped")
            outcome = self._try(endpoint, request, keep)
            overloaded = isinstance(outcome, _Failure) and outcome.overloaded
            return outcome
        finally:
            self._pace.width.leave(place, overloaded=overloaded)

    def _try(
        self, endpoint: Endpoint, request: Request, keep: Callable[[Received], Exchange]
    ) -> Envelope | _Failure:
        """The page, or why there is none."""
        try:
            answer = self._transport.send(request)
        except httpx.TransportError as error:
            slow = isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout)
            return _Failure(
                f"{type(error).__name__}: {error}",
                attempts=ATTEMPTS_SLOW if slow else ATTEMPTS,
                slow=slow,
                overloaded=True,
            )
        self._answered.add(request.plane)
        self._silent[request.plane] = 0
        status = answer.status
        if status < 300 or status in endpoint.absent:
            try:
                page = _open(endpoint, status, answer.body() if status < 300 else b"")
                keep(answer)
                return page
            except PageError as error:
                return _Failure(str(error), answer, attempts=ATTEMPTS_MALFORMED)
        if status == 401:
            name, host = self.source.qualified(endpoint), httpx.URL(answer.url).host
            raise SignInError(f"{name}: {host} refused the credential (HTTP 401)")
        return self._refusal(answer)

    def _refusal(self, answer: Received) -> _Failure:
        """What an answer with an error status means."""
        status = answer.status
        if status not in RETRIED:
            return _Failure(f"HTTP {status}", answer, attempts=1)
        wait_s = min(retry_after_s(answer.headers) or 0.0, LONGEST_WAIT_S)
        attempts, slow = ATTEMPTS, status in SLOW
        if status in (429, 503):
            self._pace.refused(wait_s or 1.0)
        if status == 429:
            attempts = ATTEMPTS_THROTTLED
        elif slow:
            attempts = ATTEMPTS_SLOW
        return _Failure(
            f"HTTP {status}", answer, wait_s, attempts, slow, overloaded=status in OVERLOADED
        )

    def _attempts(self, request: Request) -> int:
        return ATTEMPTS_THROTTLED if request.plane in self._answered else ATTEMPTS_UNREACHED

    def _give_up(
        self, request: Request, failure: _Failure, attempt: int, refused: Exchange | None
    ) -> None:
        """Ends one call; ends the run if the host is not there at all, or not any more."""
        url = self.address(request.plane)
        reason = failure.reason + (f" after {attempt} tries" if attempt > 1 else "")
        if failure.answer is None:
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
        raise RequestError(
            reason, failure.status, slow=failure.slow, seq=refused.seq if refused else None
        )

    def _keep(
        self,
        endpoint: Endpoint,
        request: Request,
        key: str | None,
        attempt: int,
        answer: Received,
        *,
        refused: bool = False,
    ) -> Exchange:
        """Writes the answer down, with its secrets replaced; of what cannot be searched for them, nothing.

        Raises:
            PageError: the body cannot be read or searched, and the answer is not one that was `refused`.
        """
        try:
            body, redactions = answer.body(), list[str]()
            if endpoint.redact and (refused or answer.status < 300):
                clean, redactions = redact(loadable(body), endpoint.redact)
                body = clean if redactions else body
        except PageError:
            if not refused:
                raise
            body, redactions = (b"", [""]) if endpoint.redact else (answer.raw, [])
        whole = answer.zipped and not redactions and not refused
        return self._store.keep(
            request,
            body,
            source=self.source.name,
            endpoint=endpoint.name,
            gzipped=answer.raw if whole else None,
            key=key,
            url=answer.url,
            status=answer.status,
            attempt=attempt,
            sent_at=answer.sent_at.isoformat(),
            received_at=answer.received_at.isoformat(),
            server_date=answer.headers.get("date"),
            redactions=redactions,
            refused=refused,
        )


def _open(endpoint: Endpoint, status: int, body: bytes) -> Envelope:
    if status >= 300:
        return Envelope(bare=[], absent=True)
    return open_page(endpoint.as_json(body) if endpoint.as_json else body, endpoint.items)
