"""Expected verdicts about access requests."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.requests import Request

Verdict = tuple[str, str, str, str]
PERIOD = timedelta(days=365)
GRACE = timedelta(hours=24)
SLA_DAYS = 5


def verdicts(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Failing verdicts of the ACC rules."""
    for found in estate.requests_by_product.values():
        for request in found:
            if _is_self_approved(request, as_of):
                yield "ACC-001", request.id, "fail", "approved by who asked or benefits"
            if _is_overdue(request, as_of):
                yield "ACC-004", request.id, "fail", "pending for more than five business days"
            if _outlives_expiry(request, found, as_of):
                yield "ACC-007", request.id, "fail", "access goes on after its expiry"


def _is_self_approved(request: Request, as_of: datetime) -> bool:
    approvals = [record for record in request.records if record.status == "APPROVED"]
    if not request.was_approved or max(a.updated_at for a in approvals) < as_of - PERIOD:
        return False
    return any(a.actor in (request.requester, request.beneficiary) for a in approvals if a.actor)


def _is_overdue(request: Request, as_of: datetime) -> bool:
    if request.status != "PENDING" or request.product.suspended:
        return False
    return clock.weekdays_between(request.created_at, as_of) > SLA_DAYS


def _is_valid(request: Request, as_of: datetime) -> bool:
    if request.type != "DATA_ACCESS" or request.status != "APPROVED":
        return False
    return request.expires_at is None or request.expires_at > as_of


def _outlives_expiry(request: Request, others: Sequence[Request], as_of: datetime) -> bool:
    if request.type != "DATA_ACCESS" or not request.was_approved or request.expires_at is None:
        return False
    if request.expires_at >= as_of - GRACE or not request.is_member:
        return False
    return not any(
        other is not request
        and other.beneficiary is request.beneficiary
        and _is_valid(other, as_of)
        for other in others
    )
