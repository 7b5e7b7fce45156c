"""The ways in which the two products turn pages."""

import base64
import hashlib
import json
from collections.abc import Sequence
from math import ceil
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams

T = TypeVar("T")


class PagingError(ValueError):
    """A paging parameter that the service refuses."""


def integer(params: QueryParams, name: str, default: int) -> int:
    """Value of a whole-number parameter; `200.0` counts as 200, as real clients send it.

    Raises:
        PagingError: the value is no whole number, or negative.
    """
    text = params.get(name)
    if text is None or text == "":
        return default
    try:
        value = float(text)
    except ValueError:
        raise PagingError(f'"{name}" must be a number') from None
    if value < 0 or value != int(value):
        raise PagingError(f'"{name}" must be a whole number of at least 0')
    return int(value)


def fingerprint(*parts: Any) -> str:
    """Hash that binds a token to the request it was given out for."""
    return hashlib.md5(
        json.dumps(parts, sort_keys=True).encode(), usedforsecurity=False
    ).hexdigest()


def token(offset: int, request_hash: str) -> str:
    """Opaque token for the page that starts at an offset."""
    session = f"{request_hash[:8]}-{request_hash[8:12]}-4000-8000-{request_hash[12:24]}"
    body = {"sessionId": session, "offset": offset, "requestHash": request_hash}
    return base64.b64encode(msgspec.json.encode(body)).decode()


def offset_in(text: str, request_hash: str) -> int:
    """Offset that a token stands for.

    Raises:
        PagingError: the token is not ours, or was given out for another request.
    """
    try:
        body = msgspec.json.decode(base64.b64decode(text, validate=True))
        offset, theirs = body["offset"], body["requestHash"]
    except (ValueError, KeyError, TypeError):
        raise PagingError("the continuation token is not valid") from None
    if theirs != request_hash or not isinstance(offset, int):
        raise PagingError("the continuation token belongs to another request")
    return offset


def cursor_page(rows: Sequence[T], params: QueryParams, path: str) -> tuple[Sequence[T], Any]:
    """Rows and `meta` of a page that is turned by `nextToken`."""
    limit = integer(params, "limit", 10)
    if not 1 <= limit <= 100:
        raise PagingError("limit must not be less than 1 nor greater than 100")
    others = sorted((k, v) for k, v in params.multi_items() if k != "nextToken")
    request_hash = fingerprint(path, others)
    start = offset_in(params["nextToken"], request_hash) if params.get("nextToken") else 0
    end = start + limit
    following = token(end, request_hash) if end < len(rows) else None
    return rows[start:end], {"nextToken": following, "limit": limit}


def offset_page(rows: Sequence[T], params: QueryParams) -> tuple[Sequence[T], dict[str, int]]:
    """Rows and `meta` of a page that is turned by `offset` and counted by `totalCount`."""
    offset, limit = integer(params, "offset", 0), integer(params, "limit", 10)
    if limit < 1:
        raise PagingError("limit must not be less than 1")
    page = rows[offset : offset + limit]
    return page, {
        "offset": offset,
        "limit": limit,
        "totalCount": len(rows),
        "pageCount": len(page),
        "currentPage": offset // limit + 1,
        "totalPages": ceil(len(rows) / limit),
    }


def size_page(rows: Sequence[T], params: QueryParams, default: int) -> Sequence[T]:
    """Rows of a page that is turned by `size` and a row `offset`."""
    offset = integer(params, "offset", 0)
    return rows[offset : offset + integer(params, "size", default)]


def plain_page(rows: Sequence[T], params: QueryParams) -> Sequence[T]:
    """Rows of a glossary list: everything unless a limit is given; -1 means all as well."""
    limit = params.get("limit", "-1")
    if params.get("sort", "ASC").upper() == "DESC":
        rows = rows[::-1]
    offset = integer(params, "offset", 0)
    if limit == "-1":
        return rows[offset:]
    return rows[offset : offset + integer(params, "limit", -1)]
