"""An estate of any size worked out by arithmetic: a million assets cost some tens of megabytes.

Slots come in blocks of ten. In each block slot 9 is a process that writes the datasets 0 to 4 and
reads four datasets: those of the block before or, at the head of a chain of eight blocks, 5 to 8 of
its own. One slot in eighty is volatile: its dataset lives 25 days, then another one takes its place;
these are all in one collection, as scratch areas are.
Everything else changes its owner once in a hundred days, one per cent of the estate every night.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import polars as pl

from pipeline.sandbox import clock, platforms
from pipeline.sandbox.purview import account_api
from pipeline.sandbox.purview.datamap.search import QueryError

BLOCK = 10
CHAIN = 8
LIFE_DAYS = 25
CHANGE_DAYS = 100
KEPT_SEARCHES = 64
DAY_MS = 86_400_000

TABLES = tuple(p for p in platforms.PLATFORMS if p.is_table)
PROCESS_TYPE = "adf_copy_activity"
TYPE_NAMES = (*(platform.type_name for platform in TABLES), PROCESS_TYPE)

_COMPARED = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge", "eq": "eq"}


def mixed(slot: int) -> int:
    """A number below 2**32 that looks drawn, for each slot another (Knuth's multiplicative hash)."""
    return slot * 2654435761 % 4294967296


def is_process(slot: int) -> bool:
    """Whether the slot holds a process."""
    return slot % BLOCK == 9


def is_volatile(slot: int) -> bool:
    """Whether the slot's dataset comes and goes; none of these has lineage."""
    return slot % (BLOCK * CHAIN) == 5 * BLOCK + 8


def generation(slot: int, day: int) -> int:
    """How many datasets the slot held before the present one."""
    return (day + slot // (BLOCK * CHAIN)) // LIFE_DAYS if is_volatile(slot) else 0


def guid(slot: int, generation: int) -> str:
    """Guid of what a slot holds; guids sort as slots do, columns count up in the last four digits."""
    mix = mixed(slot)
    return f"{slot:08x}-{generation:04x}-4{mix & 4095:03x}-a{mix >> 20:03x}-{mix:08x}0000"


@dataclass(frozen=True)
class LeanEstate:
    """All objects of one day; a pure function of seed, size and day."""

    seed: int
    assets: int
    day: int

    def slot_of(self, text: str) -> int | None:
        """The slot that holds an asset with this guid today."""
        try:
            slot = int(text[:8], 16)
        except ValueError:
            return None
        known = slot < self.assets and guid(slot, generation(slot, self.day)) == text
        return slot if known else None

    @cached_property
    def collections(self) -> list[str]:
        """Names of all collections; three assets in ten are in the first one."""
        return [str(found["name"]) for found in account_api.collection_tree(self.seed)]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row per slot in the order of guids: what searches can filter by."""
        slot = pl.int_range(self.assets, dtype=pl.UInt64)
        mix = slot * 2654435761 % 4294967296
        volatile = slot % (BLOCK * CHAIN) == 5 * BLOCK + 8
        place = mix // 7 % 10
        turn = (slot // (BLOCK * CHAIN)).cast(pl.Int64)
        born = (
            pl.when(volatile)
            .then((self.day + turn) // LIFE_DAYS * LIFE_DAYS - turn)
            .otherwise(-30 - (mix // 11 % 600).cast(pl.Int64))
        )
        epoch = clock.millis(clock.cut(0))
        within = (mix // 13 % (DAY_MS - 60_000)).cast(pl.Int64)
        created = epoch + (born - 1) * DAY_MS + within
        changed = self.day - (self.day + (mix // 17 % CHANGE_DAYS).cast(pl.Int64)) % CHANGE_DAYS
        moved = epoch + (changed - 1) * DAY_MS + within
        others = max(len(self.collections) - 1, 1)
        return pl.select(
            collection=pl.when(volatile)
            .then(others)
            .when(place < 3)
            .then(0)
            .otherwise(1 + mix // 19 % others)
            .cast(pl.UInt8),
            type=pl.when(slot % BLOCK == 9)
            .then(len(TABLES))
            .otherwise(slot // BLOCK % len(TABLES))
            .cast(pl.UInt8),
            createTime=created,
            updateTime=pl.max_horizontal(created, pl.when(volatile).then(created).otherwise(moved)),
        )

    def matching(self, clause: Any) -> pl.Series:
        """Slots that a filter object lets through, in the order of their guids.

        Raises:
            QueryError: the filter uses a word that the service does not know.
        """
        test = self._test(clause)
        return self.frame.select(pl.arg_where(test).alias("slot"))["slot"]

    def _test(self, clause: Any) -> pl.Expr:
        if not isinstance(clause, dict):
            raise QueryError("a filter must be an object")
        if not clause:
            return pl.repeat(True, self.assets)
        if "and" in clause:
            return pl.all_horizontal(*(self._test(part) for part in clause["and"]))
        if "or" in clause:
            return pl.any_horizontal(*(self._test(part) for part in clause["or"]))
        if "not" in clause:
            return ~self._test(clause["not"])
        word, value = next(iter(clause.items()))
        if word in ("createTime", "updateTime"):
            if not isinstance(value, dict) or value.get("operator") not in _COMPARED:
                raise QueryError(f"the filter {word!r} needs an operator with a timeThreshold")
            compare = getattr(pl.col(word), _COMPARED[value["operator"]])
            found: pl.Expr = compare(int(value["timeThreshold"]))
            return found
        names = {"collectionId": self.collections, "entityType": TYPE_NAMES}
        if word not in names:
            raise QueryError(f"the filter {word!r} is not supported")
        column = {"collectionId": "collection", "entityType": "type"}[word]
        at = list(names[word]).index(value) if value in names[word] else 255
        return pl.col(column) == at

    def facet(self, name: str, slots: pl.Series) -> list[dict[str, Any]]:
        """Counts per value of a facet over the slots, the largest first.

        Raises:
            QueryError: the service has no such facet.
        """
        names = {"collectionId": self.collections, "entityType": TYPE_NAMES}
        if name not in names:
            raise QueryError(f"the facet {name!r} is not supported")
        column = {"collectionId": "collection", "entityType": "type"}[name]
        counted = self.frame[column].gather(slots).value_counts(sort=True)
        return [{"count": count, "value": names[name][at]} for at, count in counted.iter_rows()]


class LeanWorld:
    """The estate of a fixed day, or of the day on which it is asked, and the searches open in it."""

    def __init__(self, seed: int, assets: int, as_of: datetime | None) -> None:
        self.seed, self.assets, self._as_of = seed, assets, as_of
        self._estate: LeanEstate | None = None
        self.searches: OrderedDict[str, pl.Series] = OrderedDict()

    def now(self) -> LeanEstate:
        """The present estate."""
        day = clock.day_number(self._as_of or datetime.now(UTC))
        if self._estate is None or self._estate.day != day:
            self._estate = LeanEstate(self.seed, self.assets, day)
            self.searches.clear()
        return self._estate

    def search(self, identity: str, clause: Any) -> pl.Series:
        """The slots of one search; those of the latest searches are kept."""
        estate, found = self.now(), self.searches.get(identity)
        if found is None:
            found = self.searches[identity] = estate.matching(clause)
            if len(self.searches) > KEPT_SEARCHES:
                self.searches.popitem(last=False)
        return found
