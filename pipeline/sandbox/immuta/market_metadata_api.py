"""The Immuta Request app: what it knows of Govern: domains, people, groups, attributes, tags."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, draws, paging
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.answers import estate_of, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import market_rows as rows
from pipeline.sandbox.immuta import products
from pipeline.sandbox.immuta.market_api import BASE, missing, offset
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
GROUPS_FROM = 300
"""Numbers of groups begin here."""


def _domains(estate: Estate) -> list[Json]:
    return [
        {"description": "", "id": products.domain_id(estate.seed, at), "name": domain.title}
        for at, domain in enumerate(DOMAINS)
    ]


async def domains(request: Request) -> Response:
    """Every domain."""
    return json_answer({"domains": _domains(estate_of(request))})


async def domain(request: Request) -> Response:
    """One domain."""
    found = [one for one in _domains(estate_of(request)) if one["id"] == request.path_params["id"]]
    return json_answer(found[0]) if found else missing("Domain")


async def domain_sources(request: Request) -> Response:
    """Page of the data sources in a domain."""
    estate = estate_of(request)
    ids = [one["id"] for one in _domains(estate)]
    if request.path_params["id"] not in ids:
        return missing("Domain")
    at = ids.index(request.path_params["id"])
    mine = [one for one in estate.data_sources if one.dataset.domain == at and not one.deleted]
    return offset(request, mine, _source)


def _source(source: DataSource) -> Json:
    database, schema, table = source.path
    return {
        "createdAt": clock.iso_millis(source.created_at),
        "dataSourceId": source.id,
        "database": database,
        "hostname": source.host,
        "name": source.name,
        "platform": source.platform.technology,
        "prefix": None,
        "schema": schema,
        "table": table,
    }


async def users(request: Request) -> Response:
    """Users with the global ids asked for, or the first ones; there is no second page."""
    params, people = request.query_params, estate_of(request).immuta_people
    asked, words = set(params.getlist("globalUserId")), params.get("filter", "").lower()
    found = [
        one
        for one in people
        if (not asked or one.global_id in asked) and words in f"{one.name} {one.mail}".lower()
    ]
    limit = paging.integer(params, "limit", 100)
    return json_answer({"users": [rows.user(one) for one in found[:limit]]})


async def groups(request: Request) -> Response:
    """The first groups; there is no second page."""
    params = request.query_params
    words = params.get("filter", "").lower()
    found = [
        {
            "email": f"{one.key}-data@example.com" if at % 2 else None,
            "iamId": "okta" if at % 3 else None,
            "id": GROUPS_FROM + at,
            "name": f"{one.title} data",
        }
        for at, one in enumerate(DOMAINS)
        if words in one.title.lower()
    ]
    return json_answer({"groups": found[: paging.integer(params, "limit", 100)]})


async def attributes(request: Request) -> Response:
    """Every attribute that a user can have."""
    kind = request.query_params.get("type", "department")
    found = [{"type": "department", "value": one.title} for one in DOMAINS if kind == "department"]
    return json_answer({"attributes": found})


async def tags(request: Request) -> Response:
    """Tags that a name begins to spell."""
    params = request.query_params
    words = params.get("searchText", "").lower()
    names = [tag for pair in s.TAGS.values() for tag in pair if words in tag.lower()]
    found = [
        {
            "displayName": name.rpartition(".")[2],
            "id": at + 1,
            "name": name,
            "source": "dataDiscovery",
        }
        for at, name in enumerate(names)
    ]
    return json_answer(found[: paging.integer(params, "limit", 200)])


async def tokens(request: Request) -> Response:
    """The caller's own tokens."""
    estate = estate_of(request)
    return json_answer(
        [
            {
                "active": True,
                "creationDate": rows.SINCE,
                "description": "Compliance reader",
                "tenantId": draws.guid(estate.seed, "tenant"),
                "tokenId": draws.guid(estate.seed, "token"),
                "userId": estate.people[3].global_id,
            }
        ]
    )


_METADATA = BASE + "/metadata"
ROUTES = [
    Route(_METADATA + "/domain", domains),
    Route(_METADATA + "/domain/{id}", domain),
    Route(_METADATA + "/domain/{id}/datasources", domain_sources),
    Route(_METADATA + "/users", users),
    Route(_METADATA + "/groups", groups),
    Route(_METADATA + "/attributes", attributes),
    Route(_METADATA + "/tags", tags),
    Route(BASE + "/auth/tokens", tokens),
]
