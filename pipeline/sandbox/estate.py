"""The estate at one day: everything that exists, and the ways to find it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from threading import Lock
from typing import Any

from pipeline.sandbox import clock, draws, people
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.immuta import objects, products, projects, requests, table_requests
from pipeline.sandbox.immuta import sources as immuta
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.projects import Project
from pipeline.sandbox.immuta.requests import Asked, Request
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.table_requests import TableRequest
from pipeline.sandbox.people import Person
from pipeline.sandbox.purview.datamap import glossary, lineage
from pipeline.sandbox.purview.scanning import scans


def life_days(assets: int) -> int:
    """Days that a short-lived dataset exists, so that some come and go every day."""
    return max(8, min(60, assets // 5))


def hosts_per_platform(assets: int) -> int:
    """How many instances of each platform there are."""
    return 2 + min(assets // 20_000, 3)


def inventory(seed: int, assets: int, day: int) -> list[Dataset]:
    """Every dataset of the day, by slot."""
    life, hosts = life_days(assets), hosts_per_platform(assets)
    return [Dataset(seed, slot, day, life, hosts) for slot in range(assets)]


class Estate:
    """All objects of one day; a pure function of seed, size and day, worked out on demand."""

    def __init__(self, seed: int, assets: int, day: int, flows: lineage.Lineage) -> None:
        self.seed, self.assets, self.day = seed, assets, day
        self.lineage = flows
        self.people = people.staff(seed, assets, day)
        self.datasets = inventory(seed, assets, day)
        self.by_stem = {data.stem: data for data in self.datasets}

    def listed(self, kind: str, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """Rows of one kind with what clients wrote over them: here nobody wrote (`immuta.writes`)."""
        del kind
        return rows

    def policies_on(
        self, source: DataSource, rows: Sequence[dict[str, Any]]
    ) -> Sequence[dict[str, Any]]:
        """Global policies on a data source after what clients wrote: here nobody wrote."""
        del source
        return rows

    def dataset(self, guid: str) -> Dataset | None:
        """The dataset whose guid, schema or column this is."""
        return self.by_stem.get(guid[:26])

    def source_name_of(self, data: Dataset) -> str:
        """Name of the data source that the dataset was scanned in."""
        return scans.source_name(data.platform, data.host_number)

    @cached_property
    def sources(self) -> list[scans.Source]:
        """Registered Purview data sources."""
        hosts = hosts_per_platform(self.assets)
        return scans.sources(self.seed, self.day, hosts)

    @cached_property
    def source_by_name(self) -> dict[str, scans.Source]:
        """Purview data sources by name."""
        return scans.by_name(self.sources)

    def scan_of(self, data: Dataset) -> str:
        """Resource id of the scan that produced a dataset."""
        name = self.source_name_of(data)
        found = self.source_by_name[name].scans
        return f"datasources/{name}/scans/{found[data.rank % 5 == 0].name}"

    @cached_property
    def terms(self) -> list[glossary.Term]:
        """Glossary terms."""
        return glossary.terms(self.seed, self.day, self.people)

    @cached_property
    def datasets_by_term(self) -> dict[int, list[Dataset]]:
        """Datasets that each term is assigned to."""
        found: dict[int, list[Dataset]] = defaultdict(list)
        for data in self.datasets:
            for index in glossary.of_dataset(data):
                found[index].append(data)
        return found

    @cached_property
    def data_sources(self) -> list[DataSource]:
        """Immuta data sources by id."""
        return immuta.data_sources(self.datasets)

    @cached_property
    def data_source_by_id(self) -> dict[int, DataSource]:
        """Immuta data sources by id."""
        return {source.id: source for source in self.data_sources}

    @cached_property
    def narrowed(self) -> "Estate":
        """The estate as Immuta shows it to an identity without permissions: parts of its lists, as if they were all."""
        seen = Estate(self.seed, self.assets, self.day, self.lineage)
        seen.data_sources = self.data_sources[::3]
        seen.immuta_people = self.immuta_people[::4]
        seen.products = self.products[::2]
        return seen

    @cached_property
    def connected(self) -> objects.Tree:
        """The objects of Immuta's connections."""
        return objects.Tree(self.data_sources)

    @cached_property
    def immuta_people(self) -> list[Person]:
        """People with an Immuta account."""
        return [person for person in self.people if person.in_immuta]

    @cached_property
    def products(self) -> list[Product]:
        """Data products."""
        return products.products(self.seed, self.assets, self.day, self.people, self.data_sources)

    @cached_property
    def product_by_id(self) -> dict[str, Product]:
        """Data products by id."""
        return {product.id: product for product in self.products}

    @cached_property
    def requests_by_product(self) -> dict[str, list[Request]]:
        """Access requests of each product."""
        return {
            product.id: requests.of_product(self.seed, self.day, product, self.people)
            for product in self.products
        }

    @cached_property
    def request_by_id(self) -> dict[str, Request]:
        """Access requests for products by id."""
        return {
            request.id: request for found in self.requests_by_product.values() for request in found
        }

    @cached_property
    def projects(self) -> list[Project]:
        """Immuta projects."""
        return projects.projects(self.seed, self.assets, self.day, self.people, self.data_sources)

    @cached_property
    def table_requests(self) -> list[TableRequest]:
        """Access requests for single tables, which are no product's."""
        return table_requests.of_sources(self.seed, self.day, self.data_sources, self.people)

    @cached_property
    def any_request_by_id(self) -> dict[str, Asked]:
        """Access requests by id, for products and for single tables."""
        return {**self.request_by_id, **{one.id: one for one in self.table_requests}}


class History:
    """The estates of the days that were asked for; the two latest are kept."""

    def __init__(self, seed: int, assets: int) -> None:
        self.seed, self.assets = seed, assets
        self._flows = lineage.processes(seed, assets)
        self._kept: dict[int, Estate] = {}
        self._lock = Lock()

    def at(self, day: int) -> Estate:
        """The estate of one day."""
        with self._lock:
            estate = self._kept.get(day)
            if estate is None:
                if len(self._kept) > 1:
                    del self._kept[next(iter(self._kept))]
                estate = self._kept[day] = Estate(self.seed, self.assets, day, self._flows)
            return estate


def tenant_id(seed: int) -> str:
    """Id of the company's Entra tenant."""
    return draws.guid(seed, "tenant")


class World:
    """The estate that the server shows: of a fixed day, or of the day on which it is asked."""

    def __init__(self, seed: int, assets: int, as_of: datetime | None) -> None:
        self.seed, self.as_of = seed, as_of
        self.history = History(seed, assets)

    def now(self) -> Estate:
        """The present estate."""
        return self.history.at(clock.day_number(self.as_of or datetime.now(UTC)))
