"""Access requests for single tables, which belong to no data product."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.sandbox import draws
from pipeline.sandbox.immuta import requests
from pipeline.sandbox.immuta.requests import Asked
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.people import Person

ONE_IN = 12
STORIES = ("granted", "granted for a time", "denied", "canceled", "revoked", "slow")
"""What becomes of them: nobody decides on access of their own here."""


@dataclass(frozen=True, slots=True)
class TableRequest(Asked):
    """One access request for a table that is a data source."""

    source: DataSource

    @property
    def asset_id(self) -> str:
        """Id of the table as an asset of the Request app."""
        return asset_id(self.source)


def asset_id(source: DataSource) -> str:
    """Id of a table as an asset of the Request app."""
    return draws.guid(source.dataset.seed, "asset", source.id)


def of_sources(
    seed: int, day: int, sources: Sequence[DataSource], people: Sequence[Person]
) -> list[TableRequest]:
    """Requests for every so many-th data source, made when it was a few days old."""
    found = []
    for source in sources:
        key = ("table", source.id)
        if source.deleted or source.is_copy or draws.number(ONE_IN, seed, *key):
            continue
        plan = requests.planned(seed, source.dataset.born + 2 + source.id % 5, key)
        if plan.story not in STORIES or plan.created > day:
            continue
        hands = requests.people_of(seed, source.dataset.domain, people, plan.story, key)
        asked = requests.lived(seed, day, plan, key, hands)
        found.append(TableRequest(**requests.values_of(asked), source=source))
    return found
