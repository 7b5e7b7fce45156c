"""Search in slices: a list too long for the service's paging is read as two halves, and those likewise.

A half is a condition on the hits, the other one its negation, so that together they are the whole
whatever the service does with hits that lack the field. The condition is taken from the first page:
ordered by guid, it is a fair sample of the list.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from pipeline.collect.endpoint import Paging, Request, Split
from pipeline.collect.envelope import Envelope
from pipeline.collect.paging import continuation
from pipeline.collect.rereading import Pages


class Hit(msgspec.Struct):
    """What a slice can be cut by."""

    createTime: int | None = None  # noqa: N815
    entityType: str | None = None  # noqa: N815


_decode = msgspec.json.Decoder(Hit)


def sliced(longest: int) -> Paging:
    """Pages of a search by continuation token; a search with more than `longest` hits is cut in two instead.

    A search that cannot be cut (all hits of the first page alike) is paged through to its end.
    """

    def pages(request: Request) -> Pages:
        def cut(first: Envelope) -> Split | None:
            if (first.search_count or 0) <= longest:
                return None
            condition = _condition([_decode.decode(row) for row in first.rows("value")])
            return None if condition is None else Split(tuple(_both(request, condition)))

        yield from continuation(request, cut)

    return pages


def _condition(sample: Sequence[Hit]) -> dict[str, Any] | None:
    """A condition that about half of the sample meets: by time of creation, else by type."""
    times = sorted(hit.createTime for hit in sample if hit.createTime is not None)
    if times and times[0] < times[-1]:
        middle = times[len(times) // 2]
        # hits made in the same instant stay together
        threshold = middle if middle > times[0] else next(t for t in times if t > middle)
        return {"createTime": {"operator": "lt", "timeThreshold": threshold}}
    types = sorted({hit.entityType for hit in sample if hit.entityType is not None})
    if len(types) > 1:
        return {"or": [{"entityType": name} for name in types[: len(types) // 2]]}
    return None


def _both(request: Request, condition: dict[str, Any]) -> list[Request]:
    """The request narrowed to the condition, and to all that does not meet it."""
    given = (request.body or {}).get("filter")
    return [
        request.with_body(filter={"and": [given, half]} if given else half)
        for half in (condition, {"not": condition})
    ]
