"""Immuta Govern (V1): groups, and who is in them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox.answers import estate_of, govern_error, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import Person, of_domain
from pipeline.sandbox.vocabulary import DOMAINS, MAIL_DOMAIN

Json = dict[str, Any]
SINCE = "2024-11-02T08:30:00.000Z"
GONE_PROFILE = 90_000
"""Profiles from here on belong to nobody that Immuta still knows."""
KINDS = 10
"""Numbers that each department has for its groups."""


class Group(NamedTuple):
    """One group: its number, provider, name, attributes and people; `gone` is the profile of one who left."""

    id: int
    iam: str
    name: str
    attributes: dict[str, list[str]]
    people: Sequence[Person]
    gone: int | None = None


def groups(estate: Estate) -> Iterator[Group]:
    """Every group: four of each department, everybody, and one that is empty."""
    here = [person for person in estate.people if person.in_immuta]
    yield Group(1, "okta", "Everyone", {}, here)
    yield Group(2, "bim", "Break Glass", {"clearance": ["all"]}, ())
    for at, domain in enumerate(DOMAINS):
        team = [person for person in of_domain(estate.people, at) if person.in_immuta]
        first = (at + 1) * KINDS
        center = {"cost_center": [f"CC{at + 1:02d}"], "department": [domain.title]}
        yield Group(first, "okta", f"Dept {domain.title}", center, team)
        yield Group(first + 1, "okta", f"{domain.key}-readers", {}, team[::2])
        yield Group(first + 2, "okta", f"{domain.key}-owners", {}, team[:2])
        yield Group(
            first + 3,
            "bim",
            f"{domain.title} migration",
            {},
            [one for one in team if one.disabled][:3],
            GONE_PROFILE + at,
        )


def _row(group: Group) -> Json:
    return {
        "authorizations": group.attributes,
        "createdAt": SINCE,
        "description": None,
        "email": f"group-{group.id}@{MAIL_DOMAIN}" if group.iam == "okta" else None,
        "gid": group.name.lower().replace(" ", "-") if group.iam == "okta" else None,
        "iamid": group.iam,
        "id": group.id,
        "name": group.name,
        "updatedAt": SINCE,
    }


def _member(group: Group, person: Person) -> Json:
    profile = {"email": person.mail, "id": person.profile_id, "name": person.name}
    return _membership(group, profile, person.mail, disabled=person.disabled)


def _membership(group: Group, profile: Json, login: str, *, disabled: bool) -> Json:
    return {
        "disabled": disabled,
        "group": group.id,
        "iamid": "okta",
        "id": group.id * 100_000 + profile["id"],
        "profile": profile,
        "uid": profile["id"],
        "userid": login,
    }


async def listing(request: Request) -> Response:
    """Page of groups."""
    params = request.query_params
    words = params.get("name", "").lower()
    found = [one for one in groups(estate_of(request)) if words in one.name.lower()]
    page = paging.size_page(found, params, 50)
    return json_answer({"hits": [_row(one) for one in page], "count": len(found)})


async def members(request: Request) -> Response:
    """Page of the people in a group, one of whom may be nobody that Immuta still knows."""
    text = request.path_params["id"]
    group = next((one for one in groups(estate_of(request)) if str(one.id) == text), None)
    if group is None:
        return govern_error(404, "Not Found", "Group not found.")
    found = [_member(group, person) for person in group.people]
    if group.gone is not None:
        profile = {"email": None, "id": group.gone, "name": None}
        found.append(_membership(group, profile, f"profile {group.gone}", disabled=True))
    page = paging.size_page(found, request.query_params, 50)
    return json_answer({"hits": page, "count": len(found)})


ROUTES = [
    Route("/bim/group", listing),
    Route("/bim/group/{id}/user", members),
]
