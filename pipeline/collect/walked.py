"""What came of one endpoint while it was walked: by many threads, so every note takes the lock."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.collect.endpoint import Endpoint, Source


@dataclass(frozen=True)
class Missing:
    """A call that was given up; `seq` is where its last answer is kept."""

    key: str
    status: int | None
    reason: str
    seq: int | None = None


@dataclass
class Walked:
    """What came of one endpoint: calls made and given up, items in their pages, and what the server said there is."""

    source: Source
    endpoint: Endpoint
    planned: int = 0
    calls: int = 0
    missing: list[Missing] = field(default_factory=list)
    items: int = 0
    first_total: int = 0
    last_total: int = 0
    totals_stated: bool = False
    approximate: bool = False
    skipped: bool = False
    gone: list[str] = field(default_factory=list)
    failed_in_a_row: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def name(self) -> str:
        """The endpoint's qualified name."""
        return self.source.qualified(self.endpoint)

    @property
    def unread(self) -> list[str]:
        """The keys of the calls that were not read to their end; `*` stands for a whole list, and for a plane
        that is switched off."""
        return ["*"] if self.skipped else [missing.key for missing in self.missing]

    def seen(self, items: int) -> None:
        """Takes note of the items of one page."""
        with self.lock:
            self.items += items

    def is_gone(self, key: str) -> None:
        """Takes note of a key that the server says it does not have (any more)."""
        with self.lock:
            self.gone.append(key)

    def answered(self, totals: Sequence[int], approximate: bool) -> None:
        """Takes note of one call that was read to its end."""
        with self.lock:
            self.calls += 1
            self.failed_in_a_row = 0
            self.approximate |= approximate
            if totals:
                self.totals_stated = True
                self.first_total += totals[0]
                self.last_total += totals[-1]

    def given_up(self, missing: Sequence[Missing], *, hopeful: bool = False) -> None:
        """Takes note of one call that was given up, or of the rest of one that was answered in part."""
        with self.lock:
            self.calls += 1
            self.failed_in_a_row = 0 if hopeful else self.failed_in_a_row + 1
            self.missing += missing
