"""What things of the Unified Catalog are related to, and the numbers that all is worked out from."""

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.unified import catalog
from pipeline.sandbox.purview.unified.catalog import DataProduct, Element
from pipeline.sandbox.vocabulary import DOMAINS, TEMPLATES, Template


def domain_numbers(estate: Estate) -> dict[str, int]:
    """Number of every business domain by its id."""
    return {one.id: one.number for one in catalog.domains(estate.seed)}


def term_numbers(estate: Estate) -> dict[str, int]:
    """Number of every term by its id."""
    numbers = range(len(DOMAINS) * catalog.TERMS_PER_DOMAIN)
    return {catalog.term_id(estate.seed, number): number for number in numbers}


def element_numbers(estate: Estate) -> dict[str, int]:
    """Number of every critical data element by its id."""
    return {one.id: one.number for one in catalog.held(estate).elements}


def elements_of(estate: Estate, product: DataProduct) -> list[Element]:
    """The critical data elements that a product is related to: those of its kind of table, or none."""
    kind = TEMPLATES.index(product.template)
    if product.number % 3 == 0:
        return []
    return [one for one in catalog.held(estate).elements if one.template == kind]


def objectives_of(product: DataProduct) -> list[int]:
    """Numbers of the objectives that a product serves: one or both of its domain, or none."""
    first = product.domain * catalog.OBJECTIVES_PER_DOMAIN
    return list(range(first, first + product.number % (catalog.OBJECTIVES_PER_DOMAIN + 1)))


def described_slots(estate: Estate, number: int) -> list[int]:
    """Slots of the data assets that a term describes: some of its kind of table."""
    kind = _kind(number)
    if kind is None:
        return []
    slots = (slot for slot in catalog.held(estate).slots if estate.datasets[slot].template is kind)
    return [slot for slot, _ in zip(slots, range(number % 4), strict=False)]


def described_columns(estate: Estate, number: int) -> list[tuple[int, int]]:
    """(slot, position) of the columns that a term describes: some of the critical data of its kind of table."""
    kind = _kind(number)
    return [
        place
        for one in catalog.held(estate).elements
        if kind is not None and TEMPLATES[one.template] is kind
        for place in one.columns[:2]
    ]


def related_terms(number: int) -> list[tuple[int, str]]:
    """Numbers of the terms that a term is related to, and how: the one above it, and now and then the one beside it."""
    below = number % catalog.TERMS_PER_DOMAIN
    found = [(number - below, "Parent")] if below else []
    if below and number % 3 == 0:
        found.append((number - 1, "Synonym" if below > 1 else "Related"))
    return found


def _kind(number: int) -> Template | None:
    """The kind of table that a term stands for; None for the term of a whole domain."""
    owner, below = divmod(number, catalog.TERMS_PER_DOMAIN)
    kinds = [template for template in TEMPLATES if template.domain == owner]
    return kinds[below - 1] if below else None
