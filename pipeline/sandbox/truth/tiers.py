"""How sensitive datasets, data sources and data products are, and which dataset a data source is."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import sources
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.sources import DataSource

CLASS_OF = {tag: name for name, tags in s.TAGS.items() for tag in tags}


def strictest(names: Iterable[str]) -> int | None:
    """The strictest tier among classifications, of those that make data sensitive."""
    return min((s.TIER[name] for name in names if s.is_sensitive(name)), default=None)


def of_dataset(data: Dataset) -> int | None:
    """Tier of a dataset by its own classifications and those of its columns."""
    return strictest(classes(data))


def classes(data: Dataset) -> set[str]:
    """Classifications that say something about a dataset, its own and those of its columns."""
    columns = (column for column in data.columns() if not column.deleted)
    own = (name for name in data.classes() if s.is_decision(name))
    return {*own, *(name for column in columns for name in column.classes)}


class Tiers:
    """Tiers of data sources and products, and the datasets that are certainly the same tables."""

    def __init__(self, estate: Estate) -> None:
        self.twins = _twins(estate)
        self._sources = {source.id: self._of_source(source) for source in estate.data_sources}

    def _of_source(self, source: DataSource) -> int | None:
        twin = self.twins.get(source.id)
        found = classes(twin) if twin else set()
        if source.has_dictionary:
            tags = {tag for entry in source.dictionary() for tag in entry.tags}
            found |= {CLASS_OF[tag] for tag in tags if tag in CLASS_OF}
        return strictest(found)

    def of_source(self, source: DataSource) -> int | None:
        """Tier by the tags in its dictionary and the classifications of the dataset."""
        return self._sources[source.id]

    def of_product(self, product: Product) -> int | None:
        """Tier of the strictest data source in it."""
        return min((t for one in product.sources if (t := self.of_source(one))), default=None)


def _twins(estate: Estate) -> dict[int, Dataset]:
    """The dataset of every data source; where two enabled sources claim one, it is neither's."""
    tables = {
        sources.canonical_path(data.platform, data.host, data.path): data
        for data in estate.datasets
        if data.platform.is_table and data.is_parsable
    }
    enabled: dict[tuple[str, ...], int] = defaultdict(int)
    for source in estate.data_sources:
        enabled[source.canonical_path] += not source.deleted
    return {
        source.id: tables[path]
        for source in estate.data_sources
        if (path := source.canonical_path) in tables and enabled[path] < 2
    }


@lru_cache(maxsize=2)
def of(estate: Estate) -> Tiers:
    """The tiers of what is in an estate."""
    return Tiers(estate)
