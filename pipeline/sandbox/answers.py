"""HTTP answers of both products: JSON bodies, the error shapes of each plane, the estate."""

from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pipeline.sandbox import draws
from pipeline.sandbox.estate import Estate, World
from pipeline.sandbox.vocabulary import DOMAINS

BRANCH = DOMAINS[0].collection
"""The collection of Purview on which a narrow identity has its roles."""

_encode = msgspec.json.Encoder().encode


def estate_of(request: Request) -> Estate:
    """The estate as it is now, or the part of it that a narrow identity is shown."""
    estate = cast(World, request.app.state.world).now()
    return estate.narrowed if is_narrow(request) else estate


def is_narrow(request: Request) -> bool:
    """Whether the caller has no permission that shows more than is its own."""
    return bool(request.scope.get("narrow"))


def is_shown(request: Request, collection: str) -> bool:
    """Whether the caller may see a collection of Purview, and what lies in it."""
    return not is_narrow(request) or collection == BRANCH or collection[3:] == BRANCH[:3]


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON answer with the body given."""
    return Response(_encode(body), status, headers, media_type="application/json")


def atlas_error(status: int, code: str, message: str) -> Response:
    """Error of the Data Map."""
    body = {"requestId": _request_id(message), "errorCode": code, "errorMessage": message}
    return json_answer(body, status)


def plane_error(status: int, code: str, message: str) -> Response:
    """Error of the account and scanning planes, and of the gateway before all planes."""
    headers = {"x-ms-error-code": code, "x-ms-request-id": _request_id(message)}
    return json_answer({"error": {"code": code, "message": message}}, status, headers)


def forbidden() -> Response:
    """Refusal of the account and scanning planes: the caller has no role on the collection."""
    return plane_error(403, "Forbidden", "Not authorized to access this resource.")


def graph_error(status: int, code: str, message: str) -> Response:
    """Error of Microsoft Graph."""
    request_id = _request_id(message)
    inner = {"client-request-id": request_id, "request-id": request_id}
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    return json_answer(body, status, {"request-id": request_id})


def govern_error(status: int, error: str, message: str) -> Response:
    """Error of Immuta Govern."""
    return json_answer({"statusCode": status, "error": error, "message": message}, status)


def market_error(status: int, error: str, message: str) -> Response:
    """Error of the Immuta Request app."""
    return json_answer({"statusCode": status, "message": message, "error": error}, status)


def _request_id(message: str) -> str:
    """Id that depends on the message alone, so that equal requests get equal bytes."""
    return draws.guid(0, "request id", message)
