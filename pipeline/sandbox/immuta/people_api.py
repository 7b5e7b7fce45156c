"""Immuta Govern (V1): users, identity providers, and the one whose key is in use."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, paging, people
from pipeline.sandbox.answers import estate_of, is_narrow, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
SINCE = "2024-11-02T08:30:00.000Z"
SECOND_PERSON = 5_000
"""Added to a profile's number: the same human being, entered by hand under another profile."""
SECOND_ACCOUNT = 60_000
"""Added to a profile's number: another account of the same profile."""


async def users(request: Request) -> Response:
    """Page of users, disabled ones among them."""
    params = request.query_params
    found = [row for row in accounts(estate_of(request)) if _kept(row, request)]
    page = paging.size_page(found, params, 50)
    return json_answer({"hits": page, "count": len(found)})


def _kept(row: Json, request: Request) -> bool:
    params, profile = request.query_params, row["profile"]
    words = (
        (params.get("name", ""), profile["name"]),
        (params.get("email", ""), profile["email"] or ""),
        (params.get("userid", ""), row["userid"]),
    )
    provider = params.get("iamid", row["iamid"])
    return provider == row["iamid"] and all(part.lower() in text.lower() for part, text in words)


async def identity_providers(request: Request) -> Response:
    """Every identity provider, in one answer."""
    del request
    found = [
        {"id": "bim", "displayname": "Immuta Accounts", "type": "immuta", "oauth": False},
        {"id": "okta", "displayname": "Okta", "type": "saml", "oauth": True},
        {"id": "saml", "displayname": "Partner sign-in", "type": "saml", "oauth": False},
    ]
    return json_answer(found)


async def current_user(request: Request) -> Response:
    """The user whose key is in use: a governance service account, or one that may do little."""
    return json_answer(_service(narrow=is_narrow(request)))


def accounts(estate: Estate) -> Iterator[Json]:
    """Rows of the list: the company's people, some of them twice, and the accounts of machines."""
    yield _machine(1, "system", "Immuta System Account", ["APPLICATION_ADMIN", "USER_ADMIN"])
    yield _service(narrow=False)
    for machine in people.machines(estate.seed):
        yield _machine(machine.profile_id, machine.mail, machine.name, [], made=False)
    for person in estate.immuta_people:
        found = user(person, estate.day)
        yield found
        if person.index % 23 == 7:
            yield _by_hand(person, found)
        if person.index % 41 == 3:
            yield _second_account(person, found)


def _last_login(person: Person, day: int) -> str | None:
    """When somebody signed in last: most do every week or two, some never did or not for long."""
    if person.index % 6 == 5:
        return None
    if person.index % 16 == 3 and person.index % 32 > 16:
        return SINCE
    return clock.iso_millis(clock.moment(day - (day + person.index * 5) % 11, 0.6))


def user(person: Person, day: int) -> Json:
    """A user with permissions and attributes."""
    department = {"department": [DOMAINS[person.domain].title]}
    own = {"clearance": ["restricted", "internal"]} if person.index % 9 == 1 else {}
    return {
        "authorizations": department | own,
        "bimAuthorizations": own or None,
        "createdAt": SINCE,
        "disabled": person.disabled,
        "iamAuthorizations": department,
        "iamid": "okta",
        "id": person.profile_id,
        "lastExternalRefresh": SINCE,
        "lastLogin": _last_login(person, day),
        "permissions": list(person.permissions),
        "profile": _profile(person, person.profile_id),
        "systemGenerated": False,
        "updatedAt": SINCE,
        "userid": person.mail,
    }


def _profile(person: Person, number: int) -> Json:
    return {
        "about": None,
        "email": person.mail,
        "externalUserIds": {},
        "id": number,
        "name": person.name,
        "organization": DOMAINS[person.domain].title,
        "systemGenerated": False,
    }


def _by_hand(person: Person, first: Json) -> Json:
    """The same mail address under another profile: an account that was made before the provider was there."""
    number = person.profile_id + SECOND_PERSON
    return first | {
        "authorizations": {},
        "bimAuthorizations": {},
        "disabled": person.index % 2 == 0,
        "iamAuthorizations": None,
        "iamid": "bim",
        "id": number,
        "lastExternalRefresh": None,
        "lastLogin": None,
        "permissions": [],
        "profile": _profile(person, number),
        "userid": f"{person.name.split()[0].lower()}.{person.index}",
    }


def _second_account(person: Person, first: Json) -> Json:
    """Another provider's account of the same profile."""
    return first | {
        "iamid": "saml",
        "id": person.profile_id + SECOND_ACCOUNT,
        "permissions": [],
        "userid": f"partner-{person.index}",
    }


def _service(*, narrow: bool) -> Json:
    if narrow:
        return _machine(3, "svc-narrow", "Narrow reader", ["CREATE_PROJECT"], made=False)
    permissions = ["GOVERNANCE", "AUDIT"]
    return _machine(2, "svc-compliance", "Compliance reader", permissions, made=False)


def _machine(
    number: int, login: str, name: str, permissions: list[str], *, made: bool = True
) -> Json:
    return {
        "authorizations": {},
        "bimAuthorizations": None,
        "createdAt": SINCE,
        "disabled": False,
        "iamAuthorizations": None,
        "iamid": "bim",
        "id": number,
        "lastExternalRefresh": None,
        "lastLogin": None,
        "permissions": permissions,
        "profile": {"email": None, "id": number, "name": name, "systemGenerated": made},
        "systemGenerated": made,
        "updatedAt": SINCE,
        "userid": login,
    }


ROUTES = [
    Route("/bim/user", users),
    Route("/bim/iam", identity_providers),
    Route("/bim/rpc/user/current", current_user),
]
