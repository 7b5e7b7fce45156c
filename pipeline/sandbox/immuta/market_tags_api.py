"""The Immuta Request app: which tags are applied to columns and data sources, without saying to which of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import estate_of, json_answer, market_error
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import govern_rows, tags
from pipeline.sandbox.immuta.market_api import BASE
from pipeline.sandbox.immuta.sources import DataSource

Json = dict[str, Any]
COLUMN, SOURCE = "column", "datasource"
SINCE = "2024-11-05T09:00:00.000Z"


class Wanted(msgspec.Struct):
    """What is searched for; every word may be left out."""

    dataProductId: str | None = None  # noqa: N815
    dataSourceIds: list[int] | None = None  # noqa: N815
    searchText: str = ""  # noqa: N815
    modelType: str | list[str] = msgspec.field(default_factory=lambda: [SOURCE, COLUMN])  # noqa: N815
    offset: int = 0
    limit: int = 10


async def applied(request: Request) -> Response:
    """Part of the tags that are on any of the data sources asked for, or on their columns."""
    try:
        wanted = msgspec.json.decode(await request.body() or b"{}", type=Wanted)
    except msgspec.DecodeError as error:
        return market_error(400, "Bad Request", str(error))
    if wanted.offset < 0 or wanted.limit < 1:
        return market_error(400, "Bad Request", "offset or limit is too small")
    estate = estate_of(request)
    names = {name for source in _asked(estate, wanted) for name in _names(estate, source, wanted)}
    found = [row for row in tags.rows(estate) if row["name"] in names and not row["deleted"]]
    found = [row for row in found if wanted.searchText.lower() in row["name"].lower()]
    page = found[wanted.offset : wanted.offset + wanted.limit]
    return json_answer({"data": [_row(row) for row in page], "total": len(found)})


def _asked(estate: Estate, wanted: Wanted) -> list[DataSource]:
    """The data sources that are searched, disabled ones never."""
    found = [source for source in estate.data_sources if not source.deleted]
    if wanted.dataProductId is not None:
        product = estate.product_by_id.get(wanted.dataProductId)
        found = list(product.sources) if product else []
    if wanted.dataSourceIds is None:
        return found
    ids = set(wanted.dataSourceIds)
    return [source for source in found if source.id in ids]


def _names(estate: Estate, source: DataSource, wanted: Wanted) -> Iterator[str]:
    if COLUMN in wanted.modelType and source.has_dictionary:
        for column in govern_rows.dictionary(source)["metadata"]:
            yield from (tag["name"] for tag in column["tags"])
    if SOURCE in wanted.modelType:
        yield from (tag["name"] for tag in govern_rows.detail(estate, source)["tags"])


def _row(tag: Mapping[str, Any]) -> Json:
    return {
        "color": tag["color"],
        "createdAt": SINCE,
        "createdBy": None,
        "deleted": False,
        "description": tag["description"],
        "displayName": tag["name"].rpartition(".")[2],
        "name": tag["name"],
        "protected": tag["systemCreated"],
        "source": tag["source"],
        "systemCreated": tag["systemCreated"],
        "tagId": tag["id"],
        "updatedAt": SINCE,
    }


ROUTES = [Route(BASE + "/metadata/tags/applied/search", applied, methods=["POST"])]
