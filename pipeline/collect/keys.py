"""Keys: what an endpoint is asked about, packed until its calls are made, because there may be a million."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

AT_A_TIME = 10_000
"""Keys that are Python objects at a time; packed, one takes a third of the memory."""

Row = tuple[Any, ...]
"""One thing to ask about: its key, and what else goes into the request."""


class Keys:
    """Rows by column name; they can be gone through again and again, by one thread at a time each."""

    def __init__(self, names: Sequence[str], rows: Iterable[Row]) -> None:
        self.names = tuple(names)
        self._count = 0
        self._packed: list[bytes] = []
        for part in parts(rows, AT_A_TIME):
            self._packed.append(msgspec.msgpack.encode(part))
            self._count += len(part)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        for part in self._packed:
            yield from _unpack(part)

    def texts(self) -> Iterator[str]:
        """The `key` of each row."""
        at = self.names.index("key")
        return (str(row[at]) for row in self)


def parts(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """The things in lists of that many, the last one shorter."""
    rest = iter(things)
    while part := list(islice(rest, size)):
        yield part


_unpack = msgspec.msgpack.Decoder(list[Row]).decode
