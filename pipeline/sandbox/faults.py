"""Faults that tests switch on: what a path prefix does instead of answering properly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Kind = Literal["status", "malformed", "truncated", "dropped"]


@dataclass(slots=True)
class Fault:
    """One misbehaviour; it ends after `times` calls, or never where that is None."""

    kind: Kind
    status: int = 200
    times: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def takes_place(self) -> bool:
        """Whether the present call is hit; counts it."""
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


def answering(status: int, times: int | None = None) -> Fault:
    """An error status: for ever, or for the first calls."""
    return Fault("status", status, times)


def throttled(retry_after: str = "1", times: int = 1) -> Fault:
    """429 with a `Retry-After`, once unless told otherwise."""
    return Fault("status", 429, times, {"Retry-After": retry_after})


def malformed(times: int | None = None) -> Fault:
    """A complete body that is not JSON."""
    return Fault("malformed", times=times)


def truncated(times: int | None = None) -> Fault:
    """The first half of the body, then the end of the connection."""
    return Fault("truncated", times=times)


def dropped(times: int | None = None) -> Fault:
    """The end of the connection before the first byte of a body."""
    return Fault("dropped", times=times)


Faults = Mapping[str, Fault]


class Faulty:
    """An application that misbehaves on the path prefixes given; the first that fits counts."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app, self._faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        fault = self._fault(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "status":
            body = b'{"error":{"code":"Injected","message":"an injected fault"}}'
            answer = Response(body, fault.status, fault.headers, "application/json")
            await answer(scope, receive, send)
        else:
            await self._spoil(fault.kind, scope, receive, send)

    def _fault(self, scope: Scope) -> Fault | None:
        for prefix, fault in self._faults.items():
            if scope["path"].startswith(prefix) and fault.takes_place():
                return fault
        return None

    async def _spoil(self, kind: Kind, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        chunks: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        body = b"".join(chunks)
        if kind == "malformed":
            body = body[:-1] + b",]"
            start["headers"] = _with_length(start["headers"], len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        await send(start)
        half = body[: len(body) // 2] if kind == "truncated" else b""
        # more is announced and never comes: the server closes the connection
        await send({"type": "http.response.body", "body": half, "more_body": True})


def _with_length(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]
