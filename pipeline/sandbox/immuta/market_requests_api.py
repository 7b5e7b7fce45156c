"""The Immuta Request app: access requests, their review, the columns they are about, their risk."""

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import estate_of, json_answer, market_error
from pipeline.sandbox.immuta import request_rows as rows
from pipeline.sandbox.immuta.market_api import BASE, listed, missing, offset
from pipeline.sandbox.immuta.requests import Asked


async def access_requests(http: HttpRequest) -> Response:
    """Page of all access requests that the caller can manage, those for single tables among them."""
    return listed(http, list(estate_of(http).any_request_by_id.values()))


def _asked(http: HttpRequest) -> Asked | None:
    return estate_of(http).any_request_by_id.get(http.path_params["id"])


async def access_request(http: HttpRequest) -> Response:
    """One access request."""
    found = _asked(http)
    if found is None:
        return missing("Access request")
    return json_answer(rows.access_request(found))


async def records(http: HttpRequest) -> Response:
    """Review steps of one access request."""
    found = _asked(http)
    if found is None:
        return missing("Access request")
    return json_answer({"approvalRecords": [rows.approval(found, one) for one in found.records]})


async def masking_columns(http: HttpRequest) -> Response:
    """Page of the columns that a masking exception was asked for."""
    found = _asked(http)
    if found is None:
        return missing("Access request")
    return offset(http, rows.exception_columns(found), lambda one: one)


async def approved_masking_columns(http: HttpRequest) -> Response:
    """Columns that a person may see unmasked, by the requests that are approved."""
    asked = http.query_params.get("userId")
    if not asked:
        return market_error(400, "Bad Request", "userId should not be empty")
    columns = {
        (column["sourceId"], column["name"])
        for one in estate_of(http).request_by_id.values()
        if one.beneficiary.global_id == asked and one.status == "APPROVED"
        for column in rows.exception_columns(one)
    }
    found = [{"columnName": name, "sourceId": source} for source, name in sorted(columns)]
    return json_answer(found)


async def risk_assessment(http: HttpRequest) -> Response:
    """How risky an approval would be; nothing but the word where it is not worked out."""
    found = _asked(http)
    if found is None:
        return missing("Access request")
    worked_out = rows.risk(found)
    return json_answer(worked_out) if worked_out else missing("Risk assessment")


_ASKED = BASE + "/access-request"
ROUTES = [
    Route(_ASKED, access_requests),
    Route(_ASKED + "/approved-masking-exception-columns", approved_masking_columns),
    Route(_ASKED + "/{id}", access_request),
    Route(_ASKED + "/{id}/records", records),
    Route(_ASKED + "/{id}/masking-exception-columns", masking_columns),
    Route(_ASKED + "/{id}/risk-assessment", risk_assessment),
]
