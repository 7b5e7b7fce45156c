"""Tags that the Request app says are applied, held against those that dictionaries and data sources show.

The search names each tag that is on any of the data sources asked for, or on one of their columns, and neither the source nor
the column: it is asked of many sources at once. Of column tags it is the only second opinion that costs so little.
"""

from pipeline.collect.endpoint import Endpoint, Request, Total
from pipeline.collect.rereading import Pages
from pipeline.errors import PageError
from pipeline.sources.immuta.calls import SEES_REQUESTS, unwrapped

PAGE = 100
SOURCES_ASKED = 500
"""Data sources that one search is about."""


def by_offset(request: Request) -> Pages:
    """Pages by the offset in the body, until as many tags came as there are said to be.

    Raises:
        PageError: a page is the one before it again: the offset is not heeded.
    """
    start, before = 0, None
    while True:
        page = yield request.with_body(offset=start, limit=PAGE)
        rows, total = page.rows("hits"), page.total()
        start += len(rows)
        if not rows or (len(rows) < PAGE if total is None else start >= total):
            return
        if rows == before:
            raise PageError(f"{request.path}: the server sends the same tags at every offset")
        before = rows


ENDPOINTS = (
    Endpoint(
        "applied_tag",
        "request",
        "/api/metadata/tags/applied/search",
        ("applied_tag",),
        by_offset,
        method="POST",
        items="hits",
        total=Total.SERVER,
        for_each="""select model || '.' || part as key, model as "modelType", to_json(list(id order by id))::varchar as "dataSourceIds" """
        f"from (select id, (row_number() over (order by id) - 1) // {SOURCES_ASKED} as part from ("
        "select distinct source.id as id from data_source_item where not coalesce(source.deleted, false))), "
        "(select unnest(['column', 'datasource']) as model) group by model, part",
        after=("data_source",),
        # an app of before there was the search
        absent=frozenset({404}),
        needs=SEES_REQUESTS,
        as_json=unwrapped("data"),
    ),
)
