"""Immuta Govern (V1): data sources, handlers, dictionaries, access, tags, policies and users."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.answers import estate_of, govern_error, json_answer
from pipeline.sandbox.immuta import govern_rows as rows
from pipeline.sandbox.immuta.policies import POLICIES, global_policy
from pipeline.sandbox.immuta.sources import HANDLER_OFFSET, DataSource
from pipeline.sandbox.vocabulary import DOMAINS


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
    """Connection of a data source; the password in it is there to be redacted."""
    text = request.path_params["id"]
    number = int(text) - HANDLER_OFFSET if text.isdecimal() else -1
    source = estate_of(request).data_source_by_id.get(number)
    if source is None or source.platform.handler != request.path_params["technology"]:
        return govern_error(404, "Not Found", "Handler not found.")
    return json_answer(rows.handler(source))


async def dictionary(request: Request) -> Response:
    """Columns of a data source with their tags; some sources have none."""
    source = _find(request)
    if source is None or not source.has_dictionary:
        return _missing()
    return json_answer(rows.dictionary(source))


async def access(request: Request) -> Response:
    """Owners, experts and subscribers of a data source."""
    source = _find(request)
    if source is None:
        return _missing()
    people = estate_of(request).people
    return json_answer({"users": rows.access(source, source.access(people))})


async def tags(request: Request) -> Response:
    """Every tag, in one answer."""
    words = request.query_params.get("searchText", "").lower()
    names = [tag for pair in s.TAGS.values() for tag in pair]
    names += [*s.UNMAPPED_TAGS, s.COUNTRY_TAG, *(domain.title for domain in DOMAINS)]
    found = [
        {
            "color": None,
            "deleted": False,
            "description": None,
            "id": at + 1,
            "name": name,
            "source": "dataDiscovery" if name.startswith("Discovered") else "curated",
            "systemCreated": name.startswith("Discovered") or name == "New",
        }
        for at, name in enumerate(names)
        if words in name.lower()
    ]
    return json_answer(found)


async def policies(request: Request) -> Response:
    """Every global policy, staged and deleted ones among them."""
    del request
    return json_answer([global_policy(policy) for policy in POLICIES])


async def users(request: Request) -> Response:
    """Page of users, disabled ones among them."""
    found, params = estate_of(request).immuta_people, request.query_params
    words = params.get("name", "").lower()
    found = [person for person in found if words in person.name.lower()]
    page = paging.size_page(found, params, 50)
    return json_answer({"hits": [rows.user(person) for person in page], "count": len(found)})


async def current_user(request: Request) -> Response:
    """The user whose key is in use: a governance service account."""
    del request
    return json_answer(
        {
            "authorizations": {},
            "disabled": False,
            "iamid": "bim",
            "id": 2,
            "permissions": ["GOVERNANCE", "AUDIT"],
            "profile": {"email": None, "id": 2, "name": "Compliance reader"},
            "userid": "svc-compliance",
        }
    )


ROUTES = [
    Route("/dataSource", data_sources),
    Route("/dataSource/{id}", data_source),
    Route("/dataSource/{id}/access", access),
    Route("/dictionary/{id}", dictionary),
    Route("/tag", tags),
    Route("/policy/global", policies),
    Route("/bim/user", users),
    Route("/bim/rpc/user/current", current_user),
    Route("/{technology:str}/handler/{id}", handler),
]
