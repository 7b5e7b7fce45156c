"""Immuta at any size for measurements: the ordinary answers about more products and requests than people would make.

`sources` data sources of 30 columns belong to a fifth as many products, which have twenty times as many
requests. A request is worked out from its number whenever it is asked for; each number is used for a new
one every 250 days, so that about one request in a hundred moves every night. None is about a single table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import products, requests, sources
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.requests import Asked, Hands, Request
from pipeline.sandbox.immuta.sources import DataSource, Entry
from pipeline.sandbox.immuta.table_requests import TableRequest
from pipeline.sandbox.purview.datamap import lineage

COLUMNS = 30
SOURCES_PER_PRODUCT = 5
REQUESTS_PER_PRODUCT = 100
UNEVEN = 61
"""How far apart the products' numbers of requests are at most, halved."""
CYCLE_DAYS = 250
ASSETS_PER_SOURCE = 2
"""About half of the estate's assets are tables that Immuta knows."""


class WideSource(DataSource):
    """A data source with more columns than the estate's tables have."""

    __slots__ = ()

    def dictionary(self) -> list[Entry]:
        """The columns with their tags, filled up with plain ones."""
        found = super().dictionary()
        return found + [
            Entry(f"measure_{number:02d}", "decimal", ()) for number in range(len(found), COLUMNS)
        ]


class AskedById(Mapping[str, Asked]):
    """The requests by id, each worked out anew."""

    def __init__(self, estate: "LeanImmutaEstate") -> None:
        self._estate = estate

    def __getitem__(self, text: str) -> Request:
        try:
            found = self._estate.request(int(text[1:9], 16))
        except (ValueError, IndexError):
            raise KeyError(text) from None
        if found.id != text:
            raise KeyError(text)
        return found

    def __iter__(self) -> Iterator[str]:
        return (self._estate.request(number).id for number in range(len(self)))

    def __len__(self) -> int:
        return self._estate.request_count


class AskedByProduct(Mapping[str, list[Request]]):
    """The requests of each product by its id, worked out anew."""

    def __init__(self, estate: "LeanImmutaEstate") -> None:
        self._estate = estate

    def __getitem__(self, product_id: str) -> list[Request]:
        estate = self._estate
        at = estate.product_by_id[product_id].index
        return [estate.request(number) for number in range(estate.first(at), estate.first(at + 1))]

    def __iter__(self) -> Iterator[str]:
        return iter(self._estate.product_by_id)

    def __len__(self) -> int:
        return len(self._estate.products)


class LeanImmutaEstate(Estate):
    """All objects of one day; a pure function of seed, size and day."""

    def __init__(self, seed: int, size: int, day: int, flows: lineage.Lineage) -> None:
        super().__init__(seed, size * ASSETS_PER_SOURCE, day, flows)
        self.size = size
        self.any_request_by_id = AskedById(self)  # type: ignore[assignment]  # a mapping will do
        self.requests_by_product = AskedByProduct(self)  # type: ignore[assignment]

    @cached_property
    def data_sources(self) -> list[DataSource]:
        """Immuta data sources by id."""
        return [
            WideSource(one.id, one.dataset, one.deleted, one.is_copy)
            for one in sources.data_sources(self.datasets)[: self.size]
        ]

    @cached_property
    def products(self) -> list[Product]:
        """Data products: those of the ordinary estate over and over, each with forms and sources of its own."""
        count = max(self.size // SOURCES_PER_PRODUCT, 1)
        models = products.products(self.seed, self.assets, self.day, self.people, [])
        live = [source for source in self.data_sources if not source.deleted]
        return [
            self._product(at, models[at % len(models)], tuple(live[at::count]))
            for at in range(count)
        ]

    def _product(self, at: int, model: Product, mine: tuple[DataSource, ...]) -> Product:
        forms = tuple(
            form._replace(
                id=draws.guid(self.seed, "lean form", at, form.request_type),
                version=draws.cuid(self.seed, "lean version", at, form.request_type),
            )
            for form in model.forms
        )
        return replace(
            model,
            index=at,
            id=draws.guid(self.seed, "lean product", at),
            name=f"{model.name} {at}",
            forms=forms,
            sources=mine,
        )

    @property
    def table_requests(self) -> list[TableRequest]:
        """Requests for single tables, of which there are none."""
        return []

    @property
    def request_count(self) -> int:
        """How many requests there are."""
        return REQUESTS_PER_PRODUCT * len(self.products)

    def first(self, at: int) -> int:
        """Number of the first request of a product; those of the one before end there."""
        even = REQUESTS_PER_PRODUCT * at
        return even - at * 37 % UNEVEN if 0 < at < len(self.products) else even

    def request(self, number: int) -> Request:
        """The request that has the number at present.

        Raises:
            IndexError: there is no such number.
        """
        if not 0 <= number < self.request_count:
            raise IndexError(number)
        at = number // REQUESTS_PER_PRODUCT
        if number >= self.first(at + 1):
            at += 1
        offset = number * 97 % CYCLE_DAYS
        cycle = (self.day + offset) // CYCLE_DAYS
        key = ("lean", number, cycle)
        plan = requests.planned(self.seed, cycle * CYCLE_DAYS - offset, key)
        asked = requests.lived(self.seed, self.day, plan, key, self._hands(number))
        said = requests.values_of(asked) | {"id": f"c{number:08x}{cycle:04x}{asked.id[-12:]}"}
        return Request(**said, product=self.products[at])

    def _hands(self, number: int) -> Hands:
        """Who asks, who benefits and who decides; one in three is asked for by somebody else."""
        everybody = self.immuta_people
        mine = number % len(everybody)
        asks = mine - 1 if number % 3 == 0 else mine
        return Hands(everybody[asks], everybody[mine], everybody[mine - 2], everybody[mine - 3])

    def asked_for(self, global_id: str) -> Iterator[Request]:
        """The requests for one person's access."""
        everybody = self.immuta_people
        for at, person in enumerate(everybody):
            if person.global_id == global_id:
                yield from map(self.request, range(at, self.request_count, len(everybody)))


class LeanImmutaWorld:
    """The estate of a fixed day, or of the day on which it is asked."""

    def __init__(self, seed: int, size: int, as_of: datetime | None) -> None:
        self.seed, self.size, self.as_of = seed, size, as_of
        self._flows = lineage.Lineage(())
        self._estate: LeanImmutaEstate | None = None

    def now(self) -> LeanImmutaEstate:
        """The present estate."""
        day = clock.day_number(self.as_of or datetime.now(UTC))
        if self._estate is None or self._estate.day != day:
            self._estate = LeanImmutaEstate(self.seed, self.size, day, self._flows)
        return self._estate
