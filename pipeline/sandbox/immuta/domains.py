"""Immuta Govern (V1): domains, their data sources, and who may do what in them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import draws, paging
from pipeline.sandbox.answers import estate_of, govern_error, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.products import domain_id
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.people import of_domain
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
SINCE = "2024-11-08T10:00:00.000Z"
DELETED = len(DOMAINS) - 1
"""The business domain whose Immuta domain was deleted; its data sources and products still name it."""
BY_HAND = "Reference Data"
EMPTY = "Archive"


def _ids(estate: Estate) -> dict[str, str]:
    """Name of every domain by id."""
    known = {
        domain_id(estate.seed, at): domain.title
        for at, domain in enumerate(DOMAINS)
        if at != DELETED
    }
    further = {draws.guid(estate.seed, "immuta domain", name): name for name in (BY_HAND, EMPTY)}
    return known | further


def rows(estate: Estate) -> list[Json]:
    """Every domain: those of the business by tag, two by hand."""
    titles = {domain.title: at for at, domain in enumerate(DOMAINS)}
    return [
        {
            "assignmentType": "dynamic" if titles.get(name, 1) % 2 == 0 else "manual",
            "createdAt": SINCE,
            "createdBy": 103,
            "description": None if name in titles else f"{name}, kept by the data office",
            "id": number,
            "name": name,
            "tags": [{"name": name}] if titles.get(name, 1) % 2 == 0 else [],
            "type": "domain",
            "updatedAt": SINCE,
        }
        for number, name in _ids(estate).items()
    ]


def _page(request: Request, found: list[Any]) -> Response:
    return json_answer({"data": paging.size_page(found, request.query_params, 10)})


async def domains(request: Request) -> Response:
    """Page of domains."""
    return _page(request, rows(estate_of(request)))


async def domain(request: Request) -> Response:
    """One domain."""
    number = request.path_params["id"]
    row = next((one for one in rows(estate_of(request)) if one["id"] == number), None)
    return json_answer(row) if row else _missing()


def _missing() -> Response:
    return govern_error(404, "Not Found", "Domain not found.")


def sources_of(estate: Estate, name: str) -> list[DataSource]:
    """The data sources of a domain, disabled ones among them."""
    if name == BY_HAND:
        return [one for one in estate.data_sources if one.dataset.template.name == "limits"]
    at = next((at for at, one in enumerate(DOMAINS) if one.title == name), None)
    return [one for one in estate.data_sources if one.dataset.domain == at]


async def sources(request: Request) -> Response:
    """Page of the data sources of a domain."""
    estate = estate_of(request)
    name = _ids(estate).get(request.path_params["id"])
    if name is None:
        return _missing()
    return _page(
        request,
        [
            {"dataSourceId": one.id, "deleted": one.deleted, "name": one.name}
            for one in sources_of(estate, name)
        ],
    )


async def permissions(request: Request) -> Response:
    """Page of the people and groups with permissions in a domain."""
    estate = estate_of(request)
    name = _ids(estate).get(request.path_params["id"])
    if name is None:
        return _missing()
    at = next((at for at, one in enumerate(DOMAINS) if one.title == name), None)
    if at is None:
        return _page(request, [])
    team = [person for person in of_domain(estate.people, at) if person.in_immuta]
    manager, auditor = team[0], team[-1]
    found: list[Json] = [
        _person(manager.profile_id, manager.mail, manager.name,
                ["Manage Policies", "Manage Data Products"], ["Direct"]),
        _person(auditor.profile_id, auditor.mail, auditor.name,
                ["Audit Activity"], [f"Dept {name}"]),
        {"groupId": (at + 1) * 10, "name": f"Dept {name}", "permissions": ["Audit Activity"],
         "source": ["Direct"]},
    ]  # fmt: skip
    if at % 4 == 1:
        # a person that Immuta does not know any more
        found.append(
            _person(90_000 + at, f"profile {90_000 + at}", None, ["Manage Policies"], ["Direct"])
        )
    return _page(request, found)


def _person(
    profile: int, login: str, name: str | None, held: list[str], through: list[str]
) -> Json:
    return {
        "name": name,
        "permissions": held,
        "profileId": profile,
        "source": through,
        "userObjectId": login,
    }


ROUTES = [
    Route("/domain", domains),
    Route("/domain/{id}", domain),
    Route("/domain/{id}/datasources", sources),
    Route("/domain/{id}/permissions", permissions),
]
