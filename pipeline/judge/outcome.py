"""What a judgement starts from, and what came of each rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.judge.rule import Rule
from pipeline.warehouse.wholeness import Lacking


@dataclass(frozen=True)
class Lacks:
    """What the collection of a snapshot lacks: lists that cannot be relied on, and endpoints without some answers."""

    unread: Lacking
    missing: Lacking


@dataclass(frozen=True)
class Moment:
    """What every rule of one judgement shares: the snapshot, its clock, and the map of classes."""

    number: int
    as_of: datetime
    crosswalk: list[dict[str, str]]
    stored: bool = False
    """Whether verdicts go to the store that is attached."""
    asked_for: frozenset[str] = frozenset()
    """Rules whose verdicts are looked up by subject while others are judged."""
    lacks: Lacks | None = None
    """As `holes.lacks` found it for all rules; None = it is asked for each rule, which takes as long as some rules."""

    @property
    def storing(self) -> int | None:
        """The number of the snapshot that verdicts are stored for; None where they are not."""
        return self.number if self.stored else None


@dataclass(frozen=True)
class Outcome:
    """How one rule went; `error` says what is wrong with it, `hole` which missing data silenced it.

    `seconds` includes waiting for rules that ran at the same time.
    """

    rule: Rule
    params: dict[str, Any]
    counts: Mapping[str, int]
    error: str | None = None
    hole: str | None = None
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """The word for it in `rule.state`."""
        if self.error:
            return "error"
        return "not_evaluated" if self.hole else "evaluated"

    @property
    def population(self) -> int:
        """Members of the population, whatever their verdict."""
        return sum(self.counts.values())
