"""What a source is: endpoints as data. Adding an endpoint is adding one `Endpoint` (and its SQL section)."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import msgspec

from pipeline.collect.envelope import Envelope


@dataclass(frozen=True)
class Request:
    """One read: a path below its plane, parameters in order, and a JSON body for searches.

    `reading` tells the second reading of a list that moved from the first one; it is not sent.
    """

    method: str
    plane: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    reading: int = 1

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


@dataclass(frozen=True)
class Split:
    """Lists that together are the present one, which is too long to be read as it is."""

    requests: tuple[Request, ...]


Paging = Callable[[Request], Generator[Request | Split, Envelope, None]]
"""Yields the requests of one list in turn, and is sent the page each one brought; a `Split` ends it."""


class Total(Enum):
    """What the number of items that came can be held against."""

    SERVER = "the server states how many there are"
    ASKED = "one item for every key asked for"
    CONTROL = "the answer only states how many items another list has"
    NONE = "nothing independent to count against"


@dataclass(frozen=True)
class Control:
    """Rows of a public table against what two other endpoints were told, before and after the walk."""

    table: str
    before: str
    after: str


@dataclass(frozen=True)
class Endpoint:
    """One list or object of a source's API.

    `for_each` is a query over staging whose columns fill the placeholders of `path` and, for the
    column `key`, name the call; any other column is a key of the body. Without it there is one call.
    With `batch` > 1 the keys go together into repeated `key_param` parameters, otherwise each call has
    its own. `after` names the
    endpoints it needs loaded, `helped_by` those it is read after and does without. `again` names the endpoint whose unanswered keys this one asks for
    once more, one by one: an `absent` status says that the key is gone. `one_list` says that the
    calls together are one list, which is not whole without any of them. `unasked` is the relation of
    what need not be asked for, as it is carried over from the last snapshot. `holes` is a query over
    staging when all is read: what the answers show, held against those of other endpoints, to be
    missing, with the columns `key` and `reason`. `needs` are permissions, one of which the caller must
    have on this plane (table `caller`) to be shown all of it: without one it is a part, whatever the
    service says. `as_json` translates a body that is none, for the
    walk and the SQL; it is stored as it came.
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
    helped_by: tuple[str, ...] = ()
    batch: int = 1
    key_param: str = ""
    absent: frozenset[int] = frozenset()
    needs: frozenset[str] = frozenset()
    again: str = ""
    one_list: bool = False
    unasked: str = ""
    holes: str = ""
    control: Control | None = None
    redact: frozenset[str] = frozenset()
    as_json: Callable[[bytes], bytes] | None = None

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The endpoints that are walked before this one."""
        return self.after + self.helped_by


@dataclass(frozen=True)
class Source:
    """One product: its endpoints in any order, the SQL that loads their pages, and one cheap read per plane.

    `probes` have the name of their plane; `muster doctor` sends them, a run does not. `carried` are
    the tables of which a run takes the rows of unchanged things over from the last snapshot, each
    with the column that names the thing. A source that is `last` is walked when the tables of all
    others are finished, and may ask what they say.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    sql: str
    probes: tuple[Endpoint, ...]
    carried: Mapping[str, str] = field(default_factory=dict)
    last: bool = False

    def qualified(self, endpoint: Endpoint) -> str:
        """The endpoint's name in tables and messages, e.g. purview.search."""
        return f"{self.name}.{endpoint.name}"
