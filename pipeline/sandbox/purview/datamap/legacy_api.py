"""The older Catalog plane of Purview: the Data Map under its former address, searched by offset.

The Data Map took its place, yet programs such as pyapacheatlas still call it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import atlas_error, estate_of, json_answer
from pipeline.sandbox.purview.datamap import search

BASE = "/catalog/api"
MAX_LIMIT = 1000
MAX_OFFSET = 100_000


async def query(request: Request) -> Response:
    """Search page from an offset on, with the exact count.

    Limits: Catalog 2023-02-01-preview, `SearchRequest`.
    """
    estate = estate_of(request)
    try:
        body: dict[str, Any] = msgspec.json.decode(await request.body() or b"{}")
        limit, offset = body.pop("limit", None) or 50, body.pop("offset", None) or 0
        if not 1 <= limit <= MAX_LIMIT or not 0 <= offset <= MAX_OFFSET:
            raise search.QueryError(f"limit is at most {MAX_LIMIT}, offset {MAX_OFFSET}")
        found = search.matches(estate, body)
        counted = search.facets(found, body["facets"]) if body.get("facets") else None
    except (msgspec.DecodeError, search.QueryError, TypeError, AttributeError) as refused:
        return atlas_error(400, "ATLAS-400-00-01A", f"invalid parameters: {refused}")
    return json_answer(
        {
            "@search.count": len(found),
            "@search.facets": counted,
            "value": [search.hit(estate, data) for data in found[offset : offset + limit]],
        }
    )


def routes(datamap: Iterable[Route]) -> Iterator[Route]:
    """Those of the Data Map's Atlas part under the older address, and the older search."""
    yield Route(f"{BASE}/search/query", query, methods=["POST"])
    for route in datamap:
        base, found, inner = route.path.partition("/datamap/api/atlas/")
        if found and not base:
            methods = sorted(route.methods or ())
            yield Route(f"{BASE}/atlas/{inner}", route.endpoint, methods=methods)
