"""Expected verdicts about how requests were decided, and how products have them decided."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import forms, request_rows
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.requests import Asked, Record, Request
from pipeline.sandbox.truth import tiers

Verdict = tuple[str, str, str, str]
PERIOD = timedelta(days=365)
GRACE = timedelta(hours=24)
APPROVERS = 2
RESTRICTED = 1
AGREEMENT_CHARS = 100


def verdicts(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of ACC-002, ACC-003, ACC-009, ACC-011, ACC-012 and MSK-002."""
    for product in estate.products:
        if not product.suspended and tiers.of(estate).of_product(product):
            yield from _product(product)
    for request in estate.any_request_by_id.values():
        if request.was_approved and decided_at(request) >= as_of - PERIOD:
            yield from _steps(request, as_of)
            trail = _trail(request)
            if trail is not None:
                yield trail
            if not _is_restricted(estate, request):
                continue
            if trail is not None and trail[2] == "not_evaluated":
                yield (
                    "ACC-012",
                    request.id,
                    "not_evaluated",
                    "whether somebody had to approve is not known",
                )
            elif trail is None and _lacks_approver(request):
                yield "ACC-012", request.id, "fail", "fewer than two independent people approved"
    yield from _exceptions(estate, as_of)


def _approvals(request: Asked) -> list[Record]:
    return [record for record in request.records if record.status == "APPROVED"]


def decided_at(request: Asked) -> datetime:
    """When the last step of its review was approved."""
    return max(record.updated_at for record in _approvals(request))


def _product(product: Product) -> Iterator[Verdict]:
    """What a sensitive product asks of whoever wants access, where it has a form that asks at all."""
    if not any(form.request_type == "DATA_ACCESS" and form.required for form in product.forms):
        return
    flow = forms.form_flow(product)
    if _is(flow, "dataProductPolicy"):
        flow = forms.product_flow(product)
    if _is(flow, "approve"):
        yield "ACC-003", product.id, "fail", "requests approve themselves"
    texts = forms.of_product(product, product.forms[0])["dataUseAgreements"]
    if not any(len(one["body"]) >= AGREEMENT_CHARS for one in texts):
        yield "ACC-009", product.id, "fail", "no agreement that says anything"


def _is(flow: forms.Json, event: str) -> bool:
    return bool(flow["defaultEvent"]["type"] == event)


def _steps(request: Asked, as_of: datetime) -> Iterator[Verdict]:
    """Steps of a review that somebody took who was not entitled, or of whom that is not known."""
    for record in _approvals(request):
        if record.actor is not None and as_of - PERIOD <= record.updated_at <= as_of:
            allowed, named = request_rows.entitled(record)
            if not allowed and named:
                yield "ACC-002", record.id, "fail", "none of those who may"
            elif not allowed:
                yield "ACC-002", record.id, "not_evaluated", "who might is not on record"


def _trail(request: Asked) -> Verdict | None:
    """The verdict on a request that nobody is on record for, unless its form says that nobody has to decide."""
    if any(record.actor for record in _approvals(request)):
        return None
    if not isinstance(request, Request) or not request.product.forms:
        return None  # the tenant's own form approves by itself what is internal
    flow = forms.form_flow(request.product)
    if _is(flow, "approve"):
        return None
    if _is(flow, "dataProductPolicy"):
        return "ACC-011", request.id, "not_evaluated", "what the product said then is not known"
    return "ACC-011", request.id, "fail", "nobody is on record"


def _is_restricted(estate: Estate, request: Asked) -> bool:
    """Whether it is access to a restricted product that was asked for."""
    if not isinstance(request, Request) or request.type != "DATA_ACCESS":
        return False
    return tiers.of(estate).of_product(request.product) == RESTRICTED


def _lacks_approver(request: Asked) -> bool:
    """Whether it was approved by fewer than two who have no part in it."""
    parties = (request.requester, request.beneficiary)
    people = {record.actor for record in _approvals(request) if record.actor not in parties}
    return len(people - {None}) < APPROVERS


def _exceptions(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Masking exceptions that show columns after their end, but for what another one shows the same person."""
    asked = [one for one in estate.request_by_id.values() if one.type == "MASKING_EXCEPTION"]
    columns = {one.id: _columns(one) for one in asked}
    for request in asked:
        if request.expires_at is None or request.expires_at >= as_of - GRACE:
            continue
        if request.status not in ("APPROVED", "EXPIRED"):
            continue
        others = [one for one in asked if one.beneficiary is request.beneficiary]
        approved = [one for one in others if one.status == "APPROVED"]
        good = [one for one in approved if one.expires_at is None or one.expires_at > as_of]
        own = columns[request.id].difference(*(columns[one.id] for one in good))
        if own & {column for one in approved for column in columns[one.id]}:
            yield "MSK-002", request.id, "fail", "what it shows is still shown"


def _columns(request: Request) -> frozenset[tuple[str, str]]:
    return frozenset(
        (row["sourceId"], row["name"]) for row in request_rows.exception_columns(request)
    )
