"""Immuta Govern (V1): data sources, handlers, dictionaries, access and the policies in force."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox.answers import estate_of, govern_error, json_answer
from pipeline.sandbox.immuta import govern_rows as rows
from pipeline.sandbox.immuta import handlers, source_access, source_policies
from pipeline.sandbox.immuta.sources import HANDLER_OFFSET, DataSource


def _find(request: Request, number: str = "id") -> DataSource | None:
    text = request.path_params[number]
    return estate_of(request).data_source_by_id.get(int(text)) if text.isdecimal() else None


def _missing() -> Response:
    return govern_error(404, "Not Found", "Data source not found.")


async def data_sources(request: Request) -> Response:
    """Page of data sources, disabled ones among them."""
    estate, params = estate_of(request), request.query_params
    found = estate.data_sources
    words = params.get("searchText", "").lower()
    if words:
        found = [source for source in found if words in source.name.lower()]
    page = paging.size_page(found, params, 10)
    if params.get("nameOnly", "false").lower() == "true":
        return json_answer(
            {"hits": [{"id": one.id, "name": one.name} for one in page], "count": len(found)}
        )
    return json_answer({"hits": [rows.summary(estate, one) for one in page], "count": len(found)})


async def data_source(request: Request) -> Response:
    """One data source with its policies and the address of its handler."""
    source = _find(request)
    return json_answer(rows.detail(estate_of(request), source)) if source else _missing()


async def handler(request: Request) -> Response:
    """Connection of a data source; the secrets in it are there to be redacted."""
    text = request.path_params["id"]
    number = int(text) - HANDLER_OFFSET if text.isdecimal() else -1
    source = estate_of(request).data_source_by_id.get(number)
    if source is None or source.platform.handler != request.path_params["technology"]:
        return govern_error(404, "Not Found", "Handler not found.")
    return json_answer(handlers.shaped(source, rows.handler(source)))


async def dictionary(request: Request) -> Response:
    """Columns of a data source with their tags; some sources have none."""
    source = _find(request)
    if source is None or not source.has_dictionary:
        return _missing()
    return json_answer(rows.dictionary(source))


async def access(request: Request) -> Response:
    """Owners, experts, subscribers and who waits; some sources list a group."""
    source = _find(request)
    if source is None:
        return _missing()
    people = estate_of(request).people
    return json_answer({"users": source_access.access(source, source.access(people))})


async def column_names(request: Request) -> Response:
    """Names of columns in any dictionary of a source that is not disabled, the first few."""
    words = request.query_params.get("searchText", "").lower()
    names = {
        entry.name
        for source in estate_of(request).data_sources
        if source.has_dictionary and not source.deleted
        for entry in source.dictionary()
    }
    found = sorted(name for name in names if words in name.lower())
    limit = paging.integer(request.query_params, "limit", 10)
    return json_answer([{"columnName": name} for name in found[:limit]])


async def policy_handler(request: Request) -> Response:
    """The data policies in force on a data source; without one there is no handler."""
    source = _find(request)
    if source is None or not source_policies.is_compiled(source):
        return govern_error(404, "Not Found", "Policy handler not found.")
    return json_answer(source_policies.handler(source))


async def pending_requests(request: Request) -> Response:
    """Page of subscriptions that wait for approval."""
    found = list(source_access.pending(estate_of(request)))
    page = paging.size_page(found, request.query_params, 15)
    return json_answer({"count": len(found), "hits": page})


ROUTES = [
    Route("/dataSource", data_sources),
    Route("/dataSource/{id}", data_source),
    Route("/dataSource/{id}/access", access),
    Route("/dictionary/columns", column_names),
    Route("/dictionary/{id}", dictionary),
    Route("/policy/handler/{id}", policy_handler),
    Route("/subscription/getPendingRequestsForUser", pending_requests),
    Route("/{technology:str}/handler/{id}", handler),
]
