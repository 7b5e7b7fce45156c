"""Microsoft Graph v1.0, as far as it says who somebody is: objects by id, users, services, members of groups."""

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import draws, paging
from pipeline.sandbox.answers import estate_of, graph_error, json_answer
from pipeline.sandbox.directory import entra
from pipeline.sandbox.directory.entra import Account, Directory, Group, Service

Json = dict[str, Any]
MOST_IDS = 1000
MOST_MEMBERS = 999
MEMBERS_SENT = 40
"""Members on a page at most: the service may send fewer than are asked for."""
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_SENT_BY_DEFAULT = (
    "id", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName",
)  # fmt: skip


def _directory(request: Request) -> Directory:
    return entra.of(estate_of(request))


def _user(account: Account) -> Json:
    person = account.person
    first, _, last = person.name.partition(" ")
    return {
        "id": person.object_id,
        "businessPhones": [],
        "displayName": person.name,
        "givenName": first,
        "jobTitle": None,
        "mail": person.mail,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": last,
        "userPrincipalName": account.name,
        "accountEnabled": account.enabled,
        "userType": "Guest" if account.is_guest else "Member",
        "employeeId": None if account.is_guest else f"E{person.index:05d}",
    }


def _group(group: Group) -> Json:
    return {
        "id": group.id,
        "displayName": group.title,
        "mail": None,
        "mailEnabled": False,
        "securityEnabled": True,
    }


def _service(service: Service) -> Json:
    return {
        "id": service.id,
        "displayName": service.title,
        "accountEnabled": service.enabled,
        "appId": draws.guid(0, "application of", service.id),
        "servicePrincipalType": "Application",
    }


def _found(known: Directory, object_id: str, names: tuple[str, ...]) -> Json | None:
    """The object with its type and the properties `names`; None if the directory has none of that id."""
    kinds: tuple[tuple[str, Json | None], ...] = (
        ("user", _user(a) if (a := known.accounts.get(object_id)) else None),
        ("group", _group(g) if (g := known.groups.get(object_id)) else None),
        ("servicePrincipal", _service(s) if (s := known.services.get(object_id)) else None),
    )
    for kind, values in kinds:
        if values is not None:
            kept = {name: value for name, value in values.items() if name in names}
            return {"@odata.type": f"#microsoft.graph.{kind}"} | kept
    return None


def _selected(request: Request, default: tuple[str, ...] = _SENT_BY_DEFAULT) -> tuple[str, ...]:
    chosen = request.query_params.get("$select")
    return tuple(chosen.split(",")) if chosen else default


def _context(request: Request, what: str) -> str:
    return f"https://{request.headers['host']}/v1.0/$metadata#{what}"


async def by_ids(request: Request) -> Response:
    """The objects of the ids asked for; ids that the directory does not have are left out."""
    try:
        ids = msgspec.json.decode(await request.body())["ids"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return graph_error(400, "Request_BadRequest", "The body has no property 'ids'.")
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS:
        return graph_error(400, "Request_BadRequest", f"Between 1 and {MOST_IDS} ids are allowed.")
    wrong = next((i for i in ids if not isinstance(i, str) or not _GUID.fullmatch(i)), None)
    if wrong is not None:
        return graph_error(400, "Request_BadRequest", f"Invalid GUID: {wrong}")
    known, names = _directory(request), _selected(request)
    found = (_found(known, object_id.lower(), names) for object_id in sorted(set(ids)))
    value = [one for one in found if one is not None]
    return json_answer({"@odata.context": _context(request, "directoryObjects"), "value": value})


async def users(request: Request) -> Response:
    """The first users of the directory."""
    known, names = _directory(request), _selected(request)
    top = paging.integer(request.query_params, "$top", 100)
    first = list(known.accounts)[:top]
    value = [_found(known, object_id, names) for object_id in first]
    return json_answer({"@odata.context": _context(request, "users"), "value": value})


async def user(request: Request) -> Response:
    """One user by object id or by the name to sign in with, with the manager if that is asked for."""
    known, key = _directory(request), request.path_params["key"]
    account = known.accounts.get(key) or known.by_name.get(key.lower())
    if account is None:
        return _unknown(key)
    found = _found(known, account.person.object_id, _selected(request)) or {}
    del found["@odata.type"]
    if "manager" in request.query_params.get("$expand", "") and account.manager:
        found["manager"] = {"@odata.type": "#microsoft.graph.user", "id": account.manager}
    return json_answer({"@odata.context": _context(request, "users/$entity")} | found)


async def service_principal(request: Request) -> Response:
    """One service principal, with its owners if they are asked for."""
    known, key = _directory(request), request.path_params["key"]
    service = known.services.get(key)
    if service is None:
        return _unknown(key)
    found = _found(known, key, _selected(request, tuple(_service(service)))) or {}
    del found["@odata.type"]
    if "owners" in request.query_params.get("$expand", ""):
        found["owners"] = [
            {"@odata.type": "#microsoft.graph.user", "id": owner}
            for owner in service.owners
            if owner in known.accounts
        ]
    return json_answer({"@odata.context": _context(request, "servicePrincipals/$entity")} | found)


async def members(request: Request) -> Response:
    """Members of a group and of the groups inside it, page by page."""
    known, key = _directory(request), request.path_params["key"]
    if key not in known.groups:
        return _unknown(key)
    params = request.query_params
    top = paging.integer(params, "$top", 100)
    if not 1 <= top <= MOST_MEMBERS:
        return graph_error(400, "Request_UnsupportedQuery", f"$top is not within 1..{MOST_MEMBERS}")
    found = known.members(key)
    request_hash = paging.fingerprint("members", key)
    given = params.get("$skiptoken")
    start = paging.offset_in(given, request_hash) if given else 0
    end = start + min(top, MEMBERS_SENT)
    names = _selected(request)
    answer: Json = {
        "@odata.context": _context(request, "directoryObjects"),
        "value": [_found(known, object_id, names) for object_id in found[start:end]],
    }
    if end < len(found):
        token = paging.token(end, request_hash)
        following = request.url.include_query_params(**{"$skiptoken": token})
        answer["@odata.nextLink"] = str(following)
    return json_answer(answer)


def _unknown(key: str) -> Response:
    message = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    return graph_error(404, "Request_ResourceNotFound", message)


ROUTES = [
    Route("/v1.0/directoryObjects/getByIds", by_ids, methods=["POST"]),
    Route("/v1.0/users", users),
    Route("/v1.0/users/{key}", user),
    Route("/v1.0/servicePrincipals/{key}", service_principal),
    Route("/v1.0/groups/{key}/transitiveMembers", members),
]
