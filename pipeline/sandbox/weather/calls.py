"""One call and its answer as layers see them: what comes between the sandbox and those who read it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import anyio
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGN_IN = ("/oauth2/", "/bim/apikey/authenticate")
DRIBBLE_S = 0.05

Delivery = Literal["whole", "cut", "dropped", "dribbled"]
"""All of the body; half of what was announced; nothing of it; a byte at a time."""

LONE = "lone-half"
"""What stands in a page for half of a surrogate pair: a body can have one, but no JSON library reads or writes it."""
_LONE_HALF = b"\\ud83d"


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    body: bytes
    url_bytes: int
    authorization: str

    @property
    def signs_in(self) -> bool:
        """Whether it asks for a token."""
        return any(part in self.path for part in SIGN_IN)

    @property
    def name(self) -> str:
        """What makes two calls the same."""
        return f"{self.method} {self.path}?{urlencode(self.params)} {self.body!r}"

    def param(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next((value for key, value in self.params if key == name), None)

    def with_param(self, name: str, value: object) -> "Call":
        """The same call with another value of one parameter, in its place."""
        params = tuple((key, str(value) if key == name else old) for key, old in self.params)
        return replace(self, params=params)


@dataclass(frozen=True)
class Answer:
    """One answer as it will be sent."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    delivery: Delivery = "whole"

    def page(self) -> Any:
        """What the body says; None where it is no good answer in JSON."""
        if self.status >= 300 or "json" not in self.headers.get("content-type", ""):
            return None
        return msgspec.json.decode(self.body.replace(_LONE_HALF, LONE.encode()))

    def saying(self, page: Any) -> "Answer":
        """The same answer with another body."""
        return replace(self, body=msgspec.json.encode(page).replace(LONE.encode(), _LONE_HALF))


Proceed = Callable[[Call], Awaitable[Answer]]
Layer = Callable[[Call, Proceed], Awaitable[Answer]]
"""Answers a call, itself or by what lies behind it; may change the call and the answer."""


class Layered:
    """An application behind layers, the first of which is the outermost."""

    def __init__(self, app: ASGIApp, layers: Sequence[Layer]) -> None:
        self._app, self._layers = app, layers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        proceed: Proceed = partial(self._inner, scope)
        for layer in reversed(self._layers):
            proceed = partial(_through, layer, proceed)
        await _deliver(await proceed(await _call(scope, receive)), receive, send)

    async def _inner(self, scope: Scope, call: Call) -> Answer:
        """What the application itself answers."""
        start: Message = {}
        chunks: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": call.body}

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        query = scope["query_string"]
        if call.params != _params(query):
            query = urlencode(call.params).encode()
        await self._app({**scope, "query_string": query}, receive, keep)
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        headers.pop("content-length", None)
        return Answer(start["status"], b"".join(chunks), headers)


async def _through(layer: Layer, proceed: Proceed, call: Call) -> Answer:
    return await layer(call, proceed)


async def _call(scope: Scope, receive: Receive) -> Call:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query: bytes = scope["query_string"]
    authorization = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
    return Call(
        scope["method"],
        scope["path"],
        _params(query),
        body,
        len(scope["raw_path"]) + len(query),
        authorization.decode("latin-1"),
    )


def _params(query: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


async def _deliver(answer: Answer, receive: Receive, send: Send) -> None:
    announced = {**answer.headers, "content-length": str(len(answer.body))}
    headers = [(name.encode(), value.encode()) for name, value in announced.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.delivery == "whole":
        await send({"type": "http.response.body", "body": answer.body})
        return
    if answer.delivery == "dribbled":
        for at in range(len(answer.body)):
            await send(
                {
                    "type": "http.response.body",
                    "body": answer.body[at : at + 1],
                    "more_body": True,
                }
            )
            # nothing more comes from the client but its end
            with anyio.move_on_after(DRIBBLE_S):
                await receive()
                return
    half = answer.body[: len(answer.body) // 2] if answer.delivery == "cut" else b""
    # more is announced and never comes: the server closes the connection
    await send({"type": "http.response.body", "body": half, "more_body": True})
