"""The Unified Catalog of a day: business domains, data products over parts of the estate, terms, critical
data elements and objectives. What is drawn for is a number, so that any row can be worked out alone."""

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pipeline.sandbox import draws
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.vocabulary import DOMAINS, TEMPLATES, Template

STATUSES = ("PUBLISHED", "PUBLISHED", "PUBLISHED", "PUBLISHED", "DRAFT", "EXPIRED")
DOMAIN_TYPES = ("LineOfBusiness", "FunctionalUnit", "Regulatory", "DataDomain", "Project")
PARENT_OF = {0: 8, 1: 9, 2: 9, 3: 5, 4: 8, 5: 9, 6: 8, 7: 4}
"""Number of the domain above each of the company's own; 8 and 9 stand above them all."""
GROUPINGS = ("Customer and Market", "Corporate Functions")
MOST_ASSETS = 30
TERMS_PER_DOMAIN = 5
OBJECTIVES_PER_DOMAIN = 2
GONE_EVERY = 41


class BusinessDomain(NamedTuple):
    """One business domain; `own` is the company's domain it stands for, None for a grouping of others."""

    number: int
    id: str
    title: str
    parent: int | None
    own: int | None
    status: str


class DataProduct(NamedTuple):
    """One data product with the slots of the estate that its data assets stand for."""

    number: int
    id: str
    title: str
    domain: int
    template: Template
    status: str
    slots: tuple[int, ...]


class Element(NamedTuple):
    """One critical data element with the (slot, position) of its columns."""

    number: int
    id: str
    title: str
    domain: int
    template: int
    columns: tuple[tuple[int, int], ...]


class Held(NamedTuple):
    """What is searched for once a day: the rest is worked out on request."""

    products: tuple[DataProduct, ...]
    by_id: dict[str, DataProduct]
    slots: tuple[int, ...]
    elements: tuple[Element, ...]
    columns: dict[str, tuple[int, int]]


def count(assets: int) -> int:
    """How many data products an estate of that many assets has."""
    return max(12, min(assets // 60, 400))


def domain_id(seed: int, number: int) -> str:
    """Id of a business domain."""
    return draws.guid(seed, "business domain", number)


def app_id(seed: int) -> str:
    """Id under which the tenant's Unified Catalog is known to its policies."""
    return draws.guid(seed, "data governance app")


def asset_id(seed: int, slot: int) -> str:
    """Id of the data asset for a slot of the estate; it is not the guid in the Data Map."""
    return draws.guid(seed, "catalog asset", slot)


def source_guid(estate: Estate, slot: int) -> str:
    """Guid that a data asset names; a few were deleted from the Data Map since."""
    if slot % GONE_EVERY == 7:
        return draws.guid(estate.seed, "deleted asset", slot)
    return estate.datasets[slot].guid


def column_id(seed: int, slot: int, position: int) -> str:
    """Id of a data column of the Unified Catalog."""
    return draws.guid(seed, "catalog column", slot, position)


def lost_asset(seed: int, product: DataProduct) -> str | None:
    """Id of a data asset that a product is still related to although it is in no list."""
    return draws.guid(seed, "lost asset", product.number) if product.number % 9 == 2 else None


def domains(seed: int) -> list[BusinessDomain]:
    """Every business domain: those of the company first, then the two above them."""
    own = [
        BusinessDomain(at, domain_id(seed, at), domain.title, PARENT_OF[at], at, "PUBLISHED")
        for at, domain in enumerate(DOMAINS)
    ]
    own[6] = own[6]._replace(status="EXPIRED")
    own[7] = own[7]._replace(status="DRAFT")
    above = [
        BusinessDomain(at, domain_id(seed, at), title, None, None, "PUBLISHED")
        for at, title in enumerate(GROUPINGS, len(DOMAINS))
    ]
    return own + above


_HELD: WeakKeyDictionary[Estate, Held] = WeakKeyDictionary()


def held(estate: Estate) -> Held:
    """The products and elements of an estate, searched for once."""
    found = _HELD.get(estate)
    if found is None:
        products = tuple(_product(estate, number) for number in range(count(estate.assets)))
        elements = tuple(_element(estate, number) for number in range(len(_CRITICAL)))
        found = _HELD[estate] = Held(
            products,
            {product.id: product for product in products},
            tuple(sorted({slot for product in products for slot in product.slots})),
            elements,
            {
                column_id(estate.seed, *place): place
                for element in elements
                for place in element.columns
            },
        )
    return found


def _product(estate: Estate, number: int) -> DataProduct:
    domain = number % len(DOMAINS)
    mine = [template for template in TEMPLATES if template.domain == domain]
    template = mine[number // len(DOMAINS) % len(mine)]
    series = number // len(TEMPLATES)
    title = f"{template.name.replace('_', ' ').title()} Product" + (f" {series}" if series else "")
    if number == 7:
        title = "=cmd|' /C calc'!A0 <b>Sessions</b>"
    epoch = (estate.day + number * 11) // 90
    return DataProduct(
        number,
        draws.guid(estate.seed, "purview product", number),
        title,
        domain,
        template,
        draws.pick(STATUSES, estate.seed, "purview product status", number, epoch),
        _slots(estate, number, domain),
    )


def _slots(estate: Estate, number: int, domain: int) -> tuple[int, ...]:
    """Slots of the product's data assets: of its own domain, and for some products there are none."""
    if number % 13 == 9:
        return ()
    wanted = 1 + draws.number(MOST_ASSETS, estate.seed, "purview product size", number)
    places = (_near(estate, ("purview product", number, turn), domain) for turn in range(wanted))
    return tuple(sorted({slot for slot in places if slot is not None}))


def _near(estate: Estate, key: Sequence[object], domain: int) -> int | None:
    """The first slot of a domain from a drawn one on."""
    size = len(estate.datasets)
    start = draws.number(size, estate.seed, *key)
    steps = range(start, start + 4 * len(TEMPLATES))
    return next((at % size for at in steps if estate.datasets[at % size].domain == domain), None)


_CRITICAL = tuple(
    (at, next(place for place, field in enumerate(template.fields) if field.classes))
    for at, template in enumerate(TEMPLATES)
    if any(field.classes for field in template.fields)
)
"""(template, column) of every critical data element: the first sensitive column of each template."""


def element_type(number: int) -> str:
    """Data type of a critical data element."""
    template, at = _CRITICAL[number]
    return "DATETIME" if TEMPLATES[template].fields[at].data_type == "date" else "TEXT"


def _element(estate: Estate, number: int) -> Element:
    template, at = _CRITICAL[number]
    field = TEMPLATES[template].fields[at]
    subject = TEMPLATES[template].name.replace("_", " ").title()
    size = len(estate.datasets)
    start = draws.number(size, estate.seed, "critical", number)
    fitting = (
        slot % size
        for slot in range(start, start + min(size, 20 * len(TEMPLATES)))
        if _has_field(estate.datasets[slot % size], TEMPLATES[template])
    )
    wanted = number % 5  # some elements have no column yet
    slots = [slot for _, slot in zip(range(wanted), fitting, strict=False)]
    return Element(
        number,
        draws.guid(estate.seed, "critical element", number),
        f"{subject} {field.name.replace('_', ' ').title()}",
        TEMPLATES[template].domain,
        template,
        tuple((slot, at + 1) for slot in slots),
    )


def _has_field(data: Dataset, template: Template) -> bool:
    return data.template is template and data.has_schema


def term_id(seed: int, number: int) -> str:
    """Id of a term."""
    return draws.guid(seed, "catalog term", number)


def term_numbers(template: int) -> tuple[int, int]:
    """Numbers of the domain's own term and of the term for one kind of table."""
    top = TEMPLATES[template].domain * TERMS_PER_DOMAIN
    below = [at for at, one in enumerate(TEMPLATES) if one.domain == TEMPLATES[template].domain]
    return top, top + 1 + below.index(template)


def objective_id(seed: int, number: int) -> str:
    """Id of an objective."""
    return draws.guid(seed, "objective", number)
