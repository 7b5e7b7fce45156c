"""Calls: which requests an endpoint is read with, from the keys that staging knows by now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import msgspec

from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.staging import Staging
from pipeline.collect.walked import Walked

URL_BYTES = 4000
"""Longest query string of a batched read: gateways refuse URLs of about 8 KB."""


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
    names, rows = staging.keys(outcome.source, endpoint)
    keys = [str(row[names.index("key")]) for row in rows]
    staging.asked(outcome.name, keys)
    if endpoint.batch > 1:
        parts = _parts(endpoint, keys)
        return len(parts), (Call(first, None, part) for part in parts)

    def alone(key: str) -> tuple[str, ...]:
        return (key,) if endpoint.key_param else ()

    return len(keys), (
        Call(_filled(first, dict(zip(names, row, strict=True))), key, alone(key))
        for key, row in zip(keys, rows, strict=True)
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


def _parts(endpoint: Endpoint, keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Keys in groups that fit a URL and the endpoint's largest batch."""
    parts: list[list[str]] = []
    room = 0
    for key in keys:
        size = len(endpoint.key_param) + len(key) + 2
        if not parts or room < size or len(parts[-1]) >= endpoint.batch:
            parts.append([])
            room = URL_BYTES
        parts[-1].append(key)
        room -= size
    return [tuple(part) for part in parts]
