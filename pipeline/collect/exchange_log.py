"""The exchange log of one endpoint: a line per exchange on disk, of which memory holds only where it is.

A run may have hundreds of thousands of exchanges; their lines take a kilobyte each in memory, their places forty bytes.
"""

import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

LOG = "exchanges.jsonl"


class Exchange(msgspec.Struct, frozen=True):
    """One line of the exchange log: what was asked, what came, and where its body is.

    A `refused` one is the last answer to a call that was given up: evidence, not a page.
    """

    seq: int
    identity: str
    source: str
    endpoint: str
    key: str | None
    method: str
    url: str
    request_body: str | None
    status: int
    attempt: int
    sent_at: str
    received_at: str
    server_date: str | None
    sha256: str
    size_bytes: int
    part: str
    part_offset: int
    part_length: int
    redactions: list[str]
    refused: bool = False


_TYPES = {
    int: "bigint",
    bool: "boolean",
    str: "varchar",
    str | None: "varchar",
    list[str]: "varchar[]",
}
LOGGED = {field.name: _TYPES[field.type] for field in msgspec.structs.fields(Exchange)}
"""The fields of a line and their types as DuckDB reads them."""


class ExchangeLog:
    """The lines of one endpoint, found by identity and by their turn; threads may add at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._turns = _Turns()
        self._starts = array("q")
        # of the bodies so far, together
        self._sizes = array("q")
        self._end = 0
        if path.exists():
            with path.open("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        self._note(_decode(line), len(line))
        self._file: IO[bytes] | None = None

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, exchange: Exchange) -> None:
        """Writes the line of an exchange."""
        line = msgspec.json.encode(exchange) + b"\n"
        with self._lock:
            if self._file is None:
                self._file = self._path.open("ab")
            self._file.write(line)
            self._file.flush()
            self._note(exchange, len(line))

    def find(self, identity: str) -> Exchange | None:
        """The latest exchange of a request that brought a page."""
        with self._lock:
            turn = self._turns.last(_short(identity))
            if turn is None:
                return None
            start = self._starts[turn]
        found = next(self._lines(start))
        return found if found.identity == identity else None

    def arrived(self, position: int, count: int | None = None) -> list[Exchange]:
        """The exchanges that brought pages, in the order they were kept, but for the first `position`; `count` at most."""
        with self._lock:
            count = min(count or len(self._starts), len(self._starts) - position)
            start = self._starts[position] if count > 0 else 0
        if count <= 0:
            return []
        return list(islice((one for one in self._lines(start) if not one.refused), count))

    def enough(self, position: int, size_bytes: int) -> int:
        """How many exchanges behind the first `position` have bodies of that size together; 0 if all have not."""
        with self._lock:
            before = self._sizes[position - 1] if position else 0
            last = bisect_left(self._sizes, before + size_bytes, position)
            return last - position + 1 if last < len(self._sizes) else 0

    def close(self) -> None:
        """Closes the file; what is in it can still be found."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _note(self, exchange: Exchange, length: int) -> None:
        if not exchange.refused:
            self._turns.add(_short(exchange.identity))
            self._starts.append(self._end)
            before = self._sizes[-1] if self._sizes else 0
            self._sizes.append(before + exchange.size_bytes)
        self._end += length

    def _lines(self, start: int) -> Iterator[Exchange]:
        with self._path.open("rb") as lines:
            lines.seek(start)
            yield from map(_decode, lines)


class _Turns:
    """Which exchange was the last one of an identity: a hash table in two arrays, where a dict takes seven times as much."""

    def __init__(self) -> None:
        self._identities = array("Q")
        # one more than the place in the other array; 0 is free
        self._slots = array("I", bytes(4 * 64))
        self._taken = 0

    def __len__(self) -> int:
        return self._taken

    def add(self, identity: int) -> None:
        """Takes note of the next exchange."""
        self._identities.append(identity)
        slot = self._slot(identity)
        self._taken += not self._slots[slot]
        self._slots[slot] = len(self._identities)
        if 3 * self._taken > 2 * len(self._slots):
            before, self._slots = self._slots, array("I", bytes(2 * 4 * len(self._slots)))
            for turn in filter(None, before):
                self._slots[self._slot(self._identities[turn - 1])] = turn

    def last(self, identity: int) -> int | None:
        """The last exchange of the identity, counted from 0."""
        turn = self._slots[self._slot(identity)]
        return turn - 1 if turn else None

    def _slot(self, identity: int) -> int:
        """Where the identity is, or would be."""
        slots, identities = self._slots, self._identities
        at = identity % len(slots)
        while (turn := slots[at]) and identities[turn - 1] != identity:
            at = (at + 1) % len(slots)
        return at


_decode = msgspec.json.Decoder(Exchange).decode


def _short(identity: str) -> int:
    return int(identity[:16], 16)
