"""Expected verdicts about access in force: of whom the directory says what, and until when."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from pipeline.sandbox.directory import entra
from pipeline.sandbox.directory.entra import Directory
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.projects import Project
from pipeline.sandbox.immuta.requests import Asked, Request
from pipeline.sandbox.immuta.sources import Access, DataSource
from pipeline.sandbox.people import Person
from pipeline.sandbox.truth import tiers, ways_in
from pipeline.sandbox.truth.approvals import decided_at

Verdict = tuple[str, str, str, str]
A = TypeVar("A", bound=Asked)
MOST_DAYS = {1: 90, 2: 365}
"""For how long access to data of a tier may last."""


class Grant(NamedTuple):
    """Access of one person or machine; `person` is None for somebody whom Immuta does not know any more."""

    id: str
    person: Person | None
    project: Project | None = None


def verdicts(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of MEM-001, MEM-009, ACC-005 and ACC-006, as of a first snapshot."""
    known = entra.of(estate)
    for grant in _every(estate):
        yield from _holder(known, grant)
    for product in estate.products:
        tier = tiers.of(estate).of_product(product)
        if not product.suspended and tier:
            for found in _by_person(estate, product).values():
                last = _longest([one for one in found if ways_in.holds(one, as_of)] or found)
                yield from _end(_id(product, found[0]), tier, last, last.expires_at)
    yield from _on_tables(estate, as_of)


def _every(estate: Estate) -> Iterator[Grant]:
    """Everybody's access to data sources, products and projects."""
    for source in estate.data_sources:
        if not source.deleted:
            for row in source.access(estate.people):
                if row.state != "pending":
                    subject = f"source:{source.id}:user:{row.profile_id}:{row.state}"
                    yield Grant(subject, row.person, _project_behind(estate, source, row))
    for product in estate.products:
        if not product.suspended:
            for person, requests in _by_person(estate, product).items():
                yield Grant(_id(product, requests[0]), person)
    for project in estate.projects:
        if not project.deleted:
            for member in project.members:
                if member.state != "pending":
                    level = "owner" if member.state == "owner" else "member"
                    subject = f"project:{project.id}:user:{member.profile_id}:{level}"
                    yield Grant(subject, member.person, project)


def _project_behind(estate: Estate, source: DataSource, row: Access) -> Project | None:
    """The project by which a machine is let into a data source, where nobody lets it in by hand."""
    if not row.person or not row.person.is_machine or not source.has_global_policy:
        return None
    found = [
        project
        for project in estate.projects
        if not project.deleted
        and source in project.sources
        and any(one.person == row.person and one.state != "pending" for one in project.members)
    ]
    return min(found, key=lambda project: project.id, default=None)


def _id(product: Product, request: Request) -> str:
    return f"product:{product.id}:user:{request.beneficiary.profile_id}:member"


def _by_person(estate: Estate, product: Product) -> dict[Person, list[Request]]:
    """The requests by which people are in a product: approved, or still in its list of members."""
    found: dict[Person, list[Request]] = defaultdict(list)
    for request in estate.requests_by_product[product.id]:
        in_it = request.is_member or request.status == "APPROVED"
        if request.type == "DATA_ACCESS" and in_it:
            found[request.beneficiary].append(request)
    return found


def _holder(known: Directory, grant: Grant) -> Iterator[Verdict]:
    """Whether who holds the access is still there, and who answers for a machine that does."""
    service = known.services.get(grant.person.object_id) if grant.person else None
    account = known.by_name.get(grant.person.mail) if grant.person else None
    if service is None and account is None:
        yield "MEM-001", grant.id, "not_evaluated", "nobody signs in with that name"
        yield "MEM-009", grant.id, "not_evaluated", "a person or a machine, nobody knows"
    elif account is not None and not account.enabled:
        yield "MEM-001", grant.id, "fail", "the account is closed"
    elif service is not None:
        if not service.enabled:
            yield "MEM-001", grant.id, "fail", "the machine is retired"
        owners = [known.accounts[one] for one in service.owners if one in known.accounts]
        purposes = grant.project.purposes if grant.project else ()
        if not any(one.enabled for one in owners) or all(one.deleted for one in purposes):
            yield "MEM-009", grant.id, "fail", "nobody answers for it, or it serves no purpose"


def _longest(found: Sequence[A]) -> A:
    """The request that lasts longest: one without an end before all others."""
    endless = [one for one in found if one.expires_at is None]
    return endless[0] if endless else max(found, key=lambda one: one.expires_at or one.created_at)


def _on_tables(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Subscriptions to sensitive data sources that a request for the table itself explains best."""
    by_product = [
        (source.id, request)
        for request in estate.request_by_id.values()
        if request.type == "DATA_ACCESS" and ways_in.holds(request, as_of)
        for source in request.product.sources
    ]
    for asked in estate.table_requests:
        source, person = asked.source, asked.beneficiary
        tier = tiers.of(estate).of_source(source)
        if source.deleted or not tier or not ways_in.holds(asked, as_of):
            continue
        others = [o for number, o in by_product if number == source.id and o.beneficiary is person]
        row = next((one for one in source.access(estate.people) if one.person is person), None)
        if row is None or row.state != "subscribed" or _longest([asked, *others]) is not asked:
            continue
        subject = f"source:{source.id}:user:{person.profile_id}:subscribed"
        yield from _end(subject, tier, asked, row.expires_at or asked.expires_at)


def _end(subject: str, tier: int, asked: Asked, until: datetime | None) -> Iterator[Verdict]:
    """Whether access to what is sensitive ends, and soon enough after it was approved."""
    if until is None:
        yield "ACC-005", subject, "fail", "it has no end"
    elif until > decided_at(asked) + timedelta(days=MOST_DAYS[tier]):
        yield "ACC-006", subject, "fail", "it ends too late"
