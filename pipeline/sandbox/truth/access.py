"""Expected verdicts about access requests."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.requests import Asked, Request
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.truth import ways_in

Verdict = tuple[str, str, str, str]
PERIOD = timedelta(days=365)
GRACE = timedelta(hours=24)
SLA_DAYS = 5


def verdicts(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of ACC-001, ACC-004 and ACC-007."""
    for request in estate.any_request_by_id.values():
        if _is_self_approved(request, as_of):
            yield "ACC-001", request.id, "fail", "approved by who asked or benefits"
        if _is_overdue(request, as_of):
            yield "ACC-004", request.id, "fail", "pending for more than five business days"
        if _is_over(request, as_of) and not _goes_on(estate, request, as_of):
            yield from _outlived(estate, request, as_of)


def _is_self_approved(request: Asked, as_of: datetime) -> bool:
    approvals = [record for record in request.records if record.status == "APPROVED"]
    if not request.was_approved or max(a.updated_at for a in approvals) < as_of - PERIOD:
        return False
    return any(a.actor in (request.requester, request.beneficiary) for a in approvals if a.actor)


def _is_overdue(request: Asked, as_of: datetime) -> bool:
    if request.status != "PENDING" or (isinstance(request, Request) and request.product.suspended):
        return False
    return clock.weekdays_between(request.created_at, as_of) > SLA_DAYS


def _is_over(request: Asked, as_of: datetime) -> bool:
    """Whether access was approved until a day that is gone."""
    if request.type != "DATA_ACCESS" or not request.was_approved or request.expires_at is None:
        return False
    return request.expires_at < as_of - GRACE


def _goes_on(estate: Estate, request: Asked, as_of: datetime) -> bool:
    """Whether another request for the same product gives the same person access."""
    return isinstance(request, Request) and any(
        other.type == "DATA_ACCESS" and other.beneficiary is request.beneficiary
        and ways_in.holds(other, as_of)
        for other in estate.requests_by_product[request.product.id]
    )  # fmt: skip


def _outlived(estate: Estate, request: Asked, as_of: datetime) -> Iterator[Verdict]:
    """Access that goes on after its end, but for what lets the person into all of it in another way."""
    if isinstance(request, Request):
        sources: Sequence[DataSource] = request.product.sources
    else:
        sources = [one.source for one in estate.table_requests if one is request]
    found = {ways_in.standing(estate, one, request.beneficiary, as_of) for one in sources}
    if found == {"held"}:
        return
    if request.is_member or "left" in found:
        if found and found <= {"held", "unknown"}:
            yield "ACC-007", request.id, "not_evaluated", "something else may let the person in"
        else:
            yield "ACC-007", request.id, "fail", "access goes on after its expiry"
    elif "unknown" in found:
        yield "ACC-007", request.id, "not_evaluated", "what lets the person in is not known"
