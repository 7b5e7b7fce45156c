"""Expected verdicts about Immuta Govern and the data products."""

from collections.abc import Iterator

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import domains
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.people import Person, of_domain
from pipeline.sandbox.vocabulary import DOMAINS

Verdict = tuple[str, str, str, str]


def verdicts(estate: Estate) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of OWN-005, POL-001, CLS-004 (tags) and DPR rules."""
    tags: set[str] = set()
    for source in estate.data_sources:
        if source.has_dictionary:
            tags.update(tag for entry in source.dictionary() for tag in entry.tags)
        if source.deleted:
            continue
        yield from _owners(estate, source)
        if not source.has_global_policy and not source.has_local_policy:
            yield "POL-001", str(source.id), "fail", "no subscription policy applies"
    for tag in tags:
        if not s.is_mapped_tag(tag):
            yield "CLS-004", f"immuta:{tag}", "fail", "tag is not mapped to a tier"
    managers = [_manager(estate, at) for at in range(len(DOMAINS))]
    for product in estate.products:
        yield from _product(product, managers[product.domain])


def _owners(estate: Estate, source: DataSource) -> Iterator[Verdict]:
    owners = [row for row in source.access(estate.people) if row.state == "owner"]
    known = [row.person for row in owners if row.person]
    if owners and not known:
        yield "OWN-005", str(source.id), "not_evaluated", "no owner is a known user"
    elif all(person.disabled for person in known):
        yield "OWN-005", str(source.id), "fail", "no active owner" if owners else "no owner"


def _manager(estate: Estate, domain: int) -> Person | None:
    """Who manages the products of a domain: the first of its team, while the domain is there."""
    team = (one for one in of_domain(estate.people, domain) if one.in_immuta)
    return next(team, None) if domain != domains.DELETED else None


def _product(product: Product, manager: Person | None) -> Iterator[Verdict]:
    if not product.has_domain:
        yield "DPR-001", product.id, "fail", "no domain"
    elif all(one is None or one.disabled for one in (product.expert, manager)):
        yield "DPR-001", product.id, "fail", "no active expert, and nobody who manages it"
    asked = any(form.request_type == "DATA_ACCESS" and form.required for form in product.forms)
    if not product.suspended and not asked:
        yield "DPR-002", product.id, "fail", "no access form with a required question"
    if not product.suspended and not any(one.is_healthy for one in product.sources):
        yield "DPR-003", product.id, "fail", "nothing in it that works"
