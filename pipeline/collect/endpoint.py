"""What a source is: endpoints as data. Adding an endpoint is adding one `Endpoint` (and its SQL section)."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import msgspec

from pipeline.collect.envelope import Envelope


@dataclass(frozen=True)
class Request:
    """One read: a path below its plane, parameters in order, and a JSON body for searches."""

    method: str
    plane: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None

    def with_params(self, **changes: str) -> "Request":
        """The same request with some parameters set anew."""
        kept = tuple((name, value) for name, value in self.params if name not in changes)
        return replace(self, params=kept + tuple(changes.items()))

    def with_body(self, **changes: Any) -> "Request":
        """The same request with some keys of the body set anew."""
        return replace(self, body={**(self.body or {}), **changes})

    @property
    def body_text(self) -> str | None:
        """The body as sent: keys in a fixed order, because tokens are bound to the bytes."""
        if self.body is None:
            return None
        return msgspec.json.encode(self.body, order="sorted").decode()


Paging = Callable[[Request], Generator[Request, Envelope, None]]
"""Yields the requests of one list in turn, and is sent the page each one brought."""


class Total(Enum):
    """What the number of items that came can be held against."""

    SERVER = "the server states how many there are"
    ASKED = "one item for every key asked for"
    NONE = "nothing independent to count against"


@dataclass(frozen=True)
class Endpoint:
    """One list or object of a source's API.

    `for_each` is a query over staging whose columns fill the placeholders of `path` and, for the
    column `key`, name the call; without it there is one call. With `batch` > 1 the keys go
    together into repeated `key_param` parameters. `after` names the endpoints it needs loaded.
    """

    name: str
    plane: str
    path: str
    tables: tuple[str, ...]
    paging: Paging
    method: str = "GET"
    params: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    items: str = ""
    total: Total = Total.NONE
    for_each: str | None = None
    after: tuple[str, ...] = ()
    batch: int = 1
    key_param: str = ""
    absent: frozenset[int] = frozenset()
    redact: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Source:
    """One product: its endpoints in any order, the SQL that loads their pages, and one cheap read per plane.

    `probes` have the name of their plane; `muster doctor` sends them, a run does not.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    sql: str
    probes: tuple[Endpoint, ...]

    def qualified(self, endpoint: Endpoint) -> str:
        """The endpoint's name in tables and messages, e.g. purview.search."""
        return f"{self.name}.{endpoint.name}"
