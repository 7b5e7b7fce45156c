"""One call that writes: what it brought, and how its answer or refusal is told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import yaml
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import is_narrow, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.writes.changed_estate import ChangedWorld
from pipeline.sandbox.immuta.writes.changes import Changes

Json = dict[str, Any]
REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
}


class RefusedError(Exception):
    """A write that the service does not do: status, message and further keys of the answer."""

    def __init__(self, status: int, message: str, **further: Any) -> None:
        super().__init__(message)
        self.status, self.further = status, further


@dataclass(frozen=True, slots=True)
class Call:
    """One call that writes, with the estate as it was before it."""

    request: Request
    changes: Changes
    estate: Estate
    raw: bytes

    def named(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """A number in the path; -1 where it is none, which nothing has."""
        text = self.named(name)
        return int(text) if text.isdecimal() and text.isascii() else -1

    def flag(self, name: str) -> bool:
        """A boolean of the query; clients spell it in lower case or as Python does."""
        return self.request.query_params.get(name, "false").lower() == "true"

    def json(self) -> Any:
        """The body, which is JSON whatever its content type says: some clients say nothing.

        Raises:
            RefusedError: it is not.
        """
        try:
            return msgspec.json.decode(self.raw or b"null")
        except msgspec.DecodeError as error:
            raise RefusedError(400, f"Bad request: the body is not JSON: {error}.") from error

    def document(self) -> Json:
        """The body as JSON or YAML: of what is kept as code.

        Raises:
            RefusedError: it is neither, or no object.
        """
        try:
            found = yaml.safe_load(self.raw)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise RefusedError(400, "Bad request: the body is neither JSON nor YAML.") from error
        return mapping(found, "the body")


def mapping(value: Any, what: str) -> Json:
    """The value, if it is an object.

    Raises:
        RefusedError: it is not.
    """
    if not isinstance(value, dict):
        raise RefusedError(400, f"Bad request: {what} must be an object.")
    return value


def objects(value: Any, what: str) -> list[Json]:
    """The value, if it is a list of objects.

    Raises:
        RefusedError: it is not.
    """
    if not isinstance(value, list):
        raise RefusedError(400, f"Bad request: {what} must be a list.")
    return [mapping(one, f"every item of {what}") for one in value]


def names(value: Any, what: str) -> list[str]:
    """The value, if it is a list of texts; none where it is null.

    Raises:
        RefusedError: it is not.
    """
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise RefusedError(400, f"Bad request: {what} must be a list of strings.")
    return found


def text(value: Json, name: str) -> str:
    """A text that the object must have.

    Raises:
        RefusedError: it is missing, empty or no text.
    """
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise RefusedError(400, f'Bad request: "{name}" is required.')
    return found


Write = Callable[[Call], Any]


def writing(path: str, method: str, write: Write) -> Route:
    """Route of Govern that writes; an identity without permissions is refused."""

    async def govern(request: Request) -> Response:
        if is_narrow(request):
            return _refusal(403, FORBIDDEN.get(path.split("/")[1], FORBIDDEN[""]), {})
        return await _answer(request, write, 200)

    return Route(path, govern, methods=[method])


def market_writing(path: str, method: str, write: Write, *, status: int = 200) -> Route:
    """Route of the Request app that writes; `status` is that of success. An answer of None has no body."""

    async def market(request: Request) -> Response:
        if is_narrow(request):
            return _refusal(403, "Forbidden resource", {})
        return await _answer(request, write, status)

    return Route("/marketplace/api" + path, market, methods=[method])


async def _answer(request: Request, write: Write, status: int) -> Response:
    raw = await request.body()
    world = cast(ChangedWorld, request.app.state.world)
    try:
        body = write(Call(request, world.changes, world.now(), raw))
    except RefusedError as refused:
        return _refusal(refused.status, str(refused), refused.further)
    return Response(status_code=status) if body is None else json_answer(body, status)


def _refusal(status: int, message: str, further: Json) -> Response:
    """A refusal; both surfaces have the same shape."""
    body = {"statusCode": status, "error": REASONS[status], "message": message} | further
    return json_answer(body, status)


FORBIDDEN = {
    "dictionary": "User must have one of the following roles to delete dictionary: owner,expert.",
    "": "User does not have permission to do this.",
}
"""Texts of a refusal by the first word of the path; that of dictionaries is Immuta's for every write."""
