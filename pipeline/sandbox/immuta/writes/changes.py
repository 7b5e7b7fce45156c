"""What clients wrote to one server since it started."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.sources import Entry
from pipeline.sandbox.immuta.writes.changed import AnyChanged
from pipeline.sandbox.people import Person

Json = dict[str, Any]
LEAD = timedelta(minutes=10)
"""Writes are dated this long before the cut of the day: after everything drawn, never younger than it."""
FIRST_FAR_ID = 90_000_000
_NEAR_IDS = 1000  # the estate's own ids begin here


class SourceFacts(NamedTuple):
    """What was written about one data source; None leaves what the estate says."""

    dataset: Dataset | None = None
    removed: bool = False
    deleted: bool | None = None
    name: str | None = None
    host: str | None = None
    port: int | None = None
    path: tuple[str, str, str] | None = None
    created_at: datetime | None = None
    entries: tuple[Entry, ...] | None = None
    has_dictionary: bool | None = None
    owners: tuple[Person, ...] | None = None
    answers: Mapping[str, Json] = {}


class ProductFacts(NamedTuple):
    """What was written about one data product; `base` is that of a new one."""

    base: Product | None = None
    removed: bool = False
    fields: Mapping[str, Any] = {}
    source_ids: tuple[int, ...] | None = None
    answers: Mapping[str, Json] = {}


class Changes:
    """The writes that one server took, by what they are about."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.version = 0
        self.sources: dict[int, SourceFacts] = {}
        self.products: dict[str, ProductFacts] = {}
        self.requests: dict[str, AnyChanged] = {}
        self.rows: dict[str, dict[Any, Json | None]] = {}
        self.pending_jobs: dict[str, int] = {}
        self.connections: dict[str, Json] = {}
        self._drawn = 0

    def touch(self) -> None:
        """Makes the next read look anew."""
        self.version += 1

    def next_number(self) -> int:
        """A number that this server gives once."""
        self._drawn += 1
        return self._drawn

    def cuid(self, what: str) -> str:
        """A fresh identifier."""
        return draws.cuid(self.seed, "written", what, self.next_number())

    def guid(self, what: str) -> str:
        """A fresh guid."""
        return draws.guid(self.seed, "written", what, self.next_number())

    def source_id(self) -> int:
        """Id of the next data source: below those of the estate, then far above them."""
        taken = sum(facts.dataset is not None for facts in self.sources.values())
        return taken + 1 if taken + 1 < _NEAR_IDS // 2 else FIRST_FAR_ID + taken

    def instant(self, day: int) -> datetime:
        """When the present write happens: each a millisecond after the one before."""
        return clock.cut(day) - LEAD + timedelta(milliseconds=self.next_number())

    def write_source(self, number: int, **facts: Any) -> None:
        """Adds facts about a data source; `answers` are added to those written before."""
        known = self.sources.get(number, SourceFacts())
        if "answers" in facts:
            facts["answers"] = merged(known.answers, facts["answers"])
        self.sources[number] = known._replace(**facts)
        self.touch()

    def write_product(self, number: str, **facts: Any) -> None:
        """Adds facts about a data product, like `write_source`."""
        known = self.products.get(number, ProductFacts())
        if "answers" in facts:
            facts["answers"] = merged(known.answers, facts["answers"])
        if "fields" in facts:
            facts["fields"] = {**known.fields, **facts["fields"]}
        self.products[number] = known._replace(**facts)
        self.touch()

    def write_request(self, request: AnyChanged) -> None:
        """Keeps an access request as it is now."""
        self.requests[request.id] = request
        self.touch()

    def write_row(self, kind: str, key: Any, row: Json | None) -> None:
        """Keeps a row of a list, or None for one that is gone."""
        self.rows.setdefault(kind, {})[key] = row
        self.touch()

    def listed(self, kind: str, rows: Sequence[Json]) -> list[Json]:
        """`rows` with those written in their place, without those that are gone, new ones last."""
        written = self.rows.get(kind, {})
        known = {row["id"] for row in rows}
        found = [written.get(row["id"], row) for row in rows]
        found += [row for key, row in written.items() if key not in known]
        return [row for row in found if row is not None]


def merged(known: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    """Answers by kind, what is new laid over what was known."""
    return {**known, **{kind: {**known.get(kind, {}), **row} for kind, row in new.items()}}
