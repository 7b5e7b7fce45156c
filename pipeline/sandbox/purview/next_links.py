"""Lists that go on at an address: the account, scanning and policy planes of Purview."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from pipeline.sandbox import paging

Json = dict[str, Any]
TOKEN = "$skipToken"  # noqa: S105 (name of a paging parameter)


def page(request: Request, rows: Sequence[Json], size: int, items: str = "value") -> Json:
    """One page of at most `size` rows under `items`, with the address of the next one where there is one.

    Raises:
        PagingError: the token is not one of this list.
    """
    request_hash = paging.fingerprint(request.url.path)
    given = request.query_params.get(TOKEN)
    start = paging.offset_in(given, request_hash) if given else 0
    end = start + size
    found: Json = {items: list(rows[start:end])}
    if end < len(rows):
        token = quote(paging.token(end, request_hash), safe="")
        found["nextLink"] = f"{address(request)}&{TOKEN}={token}"
    return found


def address(request: Request) -> str:
    """The address of the request without its place in a list."""
    base = f"{request.url.scheme}://{request.headers['host']}{request.url.path}"
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != TOKEN]
    return base + "?" + "&".join(f"{quote(k)}={quote(v)}" for k, v in kept)
