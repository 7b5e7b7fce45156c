"""Access requests that clients make, decide, take back and revoke."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pipeline.sandbox.immuta import market_rows, request_rows, table_requests
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.requests import Asked
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.table_requests import TableRequest
from pipeline.sandbox.immuta.writes import flows, product_writes, registering, review
from pipeline.sandbox.immuta.writes.calls import (
    Call,
    RefusedError,
    mapping,
    market_writing,
    objects,
    text,
)
from pipeline.sandbox.immuta.writes.changed import (
    AnyChanged,
    ChangedRequest,
    ChangedTableRequest,
    as_changed,
)

Json = dict[str, Any]
DECISION = {"status", "reason", "duration", "durationUnit"}


def ask(call: Call) -> Json:
    """The request for access that was made."""
    return _asked(call, "DATA_ACCESS", {})


def ask_for_exception(call: Call) -> Json:
    """The request to see masked columns that was made."""
    body = mapping(call.json(), "the body")
    columns = [
        {"columnName": text(one, "columnName"), "sourceId": text(one, "sourceId")}
        for one in objects(body.get("columns"), "columns")
    ]
    product = product_writes.find(call)
    known = {(row["name"], row["sourceId"]) for row in market_rows.product_columns(product)}
    unknown = [
        one["columnName"] for one in columns if (one["columnName"], one["sourceId"]) not in known
    ]
    if unknown or not columns:
        raise RefusedError(400, f"No such columns of the data product: {', '.join(unknown)}")
    return _asked(call, "MASKING_EXCEPTION", {"columns": {"columns": columns}})


def _asked(call: Call, kind: str, answers: Json) -> Json:
    product = product_writes.find(call)
    mine = call.estate.requests_by_product[product.id]
    name = "dataAccessPolicy" if kind == "DATA_ACCESS" else "maskingExceptionPolicy"
    flow = market_rows.product(product, call.estate.seed, mine).get(name, review.DEFAULT_FLOW)
    made = _made(call, kind, flow, [one for one in mine if one.type == kind])
    answers = {**made.pop("answers"), **answers}
    answers["request"] |= {"formVersion": _form_version(product, kind)}
    request = ChangedRequest(**made, product=product, answers=answers)
    call.changes.write_request(request)
    return request_rows.access_request(request)


def ask_for_table(call: Call) -> Json:
    """The request for access to a single table that was made."""
    source = _table(call)
    mine = [one for one in call.estate.table_requests if one.source.id == source.id]
    made = _made(call, "DATA_ACCESS", review.DEFAULT_FLOW, mine)
    request = ChangedTableRequest(**made, source=source)
    call.changes.write_request(request)
    return request_rows.access_request(request)


def _table(call: Call) -> DataSource:
    for source in call.estate.data_sources:
        if table_requests.asset_id(source) == call.named("id"):
            return source
    raise RefusedError(404, "Asset not found")


def _made(call: Call, kind: str, flow: Json, mine: Sequence[Asked]) -> Json:
    """Fields of a new request, as the review flow opens it.

    Raises:
        RefusedError: nobody has the id in the body, or that person is waiting for a decision already.
    """
    body = mapping(call.json(), "the body")
    beneficiary = product_writes.person(call.estate, body.get("user"))
    if beneficiary is None:
        raise RefusedError(400, '"user" must be the global id of a user')
    waiting = [one.beneficiary.index for one in mine if one.status == "PENDING"]
    if kind == "DATA_ACCESS" and beneficiary.index in waiting:
        raise RefusedError(409, "The user has a pending request for this already")
    when = call.changes.instant(call.estate.day)
    ids = [call.changes.cuid("record") for _ in range(review.LONGEST)]
    opened = review.opening(flow, ids, when)
    return {
        "answers": {**opened.answers, "request": {"form": body.get("form")}},
        "beneficiary": beneficiary,
        "created_at": when,
        "expires_at": opened.expires_at,
        "id": call.changes.cuid("request"),
        "is_member": opened.status == "APPROVED",
        "records": opened.records,
        "requester": registering.caller(call.estate),
        "status": opened.status,
        "type": kind,
        "updated_at": when,
    }


def _form_version(product: Product, kind: str) -> str:
    return next((form.version for form in product.forms if form.request_type == kind), "none")


def decide(call: Call) -> Json:
    """The approval record after the decision of the body."""
    decision = mapping(call.json(), "the body")
    further = sorted(set(decision) - DECISION)
    if further:
        raise RefusedError(400, f"property {further[0]} should not exist")
    if decision.get("reason") is not None:
        text(decision, "reason")
    if decision.get("status") not in ("APPROVED", "DENIED"):
        raise RefusedError(400, '"status" must be APPROVED or DENIED')
    flows.refuse_half_duration(decision)
    number, actor = call.named("id"), registering.caller(call.estate)
    request = _reviewed(call, number)
    moved = _moved(
        call, request, lambda one, when: review.decided(one, number, decision, actor, when)
    )
    return request_rows.approval(moved, next(one for one in moved.records if one.id == number))


def _reviewed(call: Call, number: str) -> Asked:
    """The request that an approval record belongs to.

    Raises:
        RefusedError: there is no such record.
    """
    for request in call.estate.any_request_by_id.values():
        if any(record.id == number for record in request.records):
            return request
    raise RefusedError(404, "Approval record not found")


def cancel(call: Call) -> None:
    """Nothing; the request is taken back."""
    found = call.estate.any_request_by_id.get(call.named("id"))
    if found is None:
        raise RefusedError(404, "Access request not found")
    _moved(call, found, review.canceled)


def revoke(call: Call) -> None:
    """Nothing; the access that the request gave is withdrawn."""
    found = call.estate.request_by_id.get(call.named("request"))
    if found is None or found.product.id != product_writes.find(call).id:
        raise RefusedError(404, "Access request not found")
    _moved(call, found, review.revoked)


def revoke_table(call: Call) -> None:
    """Nothing; the access to the table that the request gave is withdrawn."""
    found = call.estate.any_request_by_id.get(call.named("request"))
    if not isinstance(found, TableRequest) or found.source.id != _table(call).id:
        raise RefusedError(404, "Access request not found")
    _moved(call, found, review.revoked)


def _moved(
    call: Call, request: Asked, move: Callable[[AnyChanged, datetime], AnyChanged]
) -> AnyChanged:
    """The request after a move, which is remembered.

    Raises:
        RefusedError: it cannot move so.
    """
    try:
        found = move(as_changed(request), call.changes.instant(call.estate.day))
    except review.MoveError as error:
        raise RefusedError(409, str(error)) from error
    call.changes.write_request(found)
    return found


_PRODUCT = "/data-product/{id}/request"
ROUTES = [
    market_writing(_PRODUCT, "POST", ask, status=201),
    market_writing(_PRODUCT + "/masking-exception", "POST", ask_for_exception, status=201),
    market_writing(_PRODUCT + "/{request}", "DELETE", revoke, status=204),
    market_writing("/asset/{id}/request", "POST", ask_for_table, status=201),
    market_writing("/asset/{id}/request/{request}", "DELETE", revoke_table, status=204),
    market_writing("/access-request/{id}", "DELETE", cancel, status=204),
    market_writing("/approval-record/{id}", "PUT", decide),
]
