"""Calls: which requests an endpoint is read with, from the keys that staging knows by now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import msgspec

from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.staging import Staging
from pipeline.collect.walked import Walked

URL_BYTES = 4300
"""Longest query string of a batched read, a hundred guids: gateways refuse URLs of about 8 KB."""


@dataclass(frozen=True)
class Call:
    """One list or object to read: the first request, what it is about, and the keys that go into it as parameters."""

    first: Request
    key: str | None
    keys: tuple[str, ...] = ()

    def request(self, key_param: str) -> Request:
        """The request with its keys. There are many calls and few are under way: only those need it in full."""
        params = self.first.params + tuple((key_param, key) for key in self.keys)
        return replace(self.first, params=params)

    def halves(self) -> "tuple[Call, Call]":
        """The batch as two calls with half of its keys each."""
        middle = len(self.keys) // 2
        return replace(self, keys=self.keys[:middle]), replace(self, keys=self.keys[middle:])


def calls_of(outcome: Walked, staging: Staging) -> tuple[int, Iterator[Call]]:
    """How many calls an endpoint has, and these in a fixed order, each made when its turn comes; staging takes
    note of their keys."""
    endpoint = outcome.endpoint
    first = Request(endpoint.method, endpoint.plane, endpoint.path, endpoint.params, endpoint.body)
    if endpoint.for_each is None:
        return 1, iter([Call(first, None)])
    keys = staging.keys(outcome.source, endpoint)
    staging.asked(outcome.name, keys.texts())
    if endpoint.batch > 1:
        count = sum(1 for _ in _parts(endpoint, keys.texts()))
        return count, (Call(first, None, part) for part in _parts(endpoint, keys.texts()))

    def alone(key: str) -> tuple[str, ...]:
        return (key,) if endpoint.key_param else ()

    return len(keys), (
        Call(_filled(first, dict(zip(keys.names, row, strict=True))), key, alone(key))
        for key, row in zip(keys.texts(), keys, strict=True)
    )


def _filled(request: Request, values: Mapping[str, object]) -> Request:
    """The request about one row of `for_each`: placeholders of the path, then keys of the body."""
    path = request.path
    body: dict[str, Any] = {}
    for name, value in values.items():
        if "{" + name + "}" in path:
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        elif name != "key" and value is not None:
            text = str(value)
            body[name] = msgspec.json.decode(text) if text[:1] in "{[" else value
    filled = replace(request, path=path)
    return filled.with_body(**body) if body else filled


def _parts(endpoint: Endpoint, keys: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Keys in groups that fit a URL and the endpoint's largest batch."""
    part: list[str] = []
    room = URL_BYTES
    for key in keys:
        size = len(endpoint.key_param) + len(key) + 2
        if part and (room < size or len(part) >= endpoint.batch):
            yield tuple(part)
            part, room = [], URL_BYTES
        part.append(key)
        room -= size
    if part:
        yield tuple(part)
