"""The account plane of Purview: the account and its tree of collections."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import draws, paging
from .answers import estate_of, json_answer
from .estate import tenant_id
from .vocabulary import ACCOUNT_NAME, COMPANY, DOMAINS, SUB_COLLECTIONS

Json = dict[str, Any]
CREATED = "2024-02-23T15:45:16.5674969Z"
COLLECTION_PAGE = 20


def _system(seed: int) -> Json:
    admin = draws.guid(seed, "entra", 0)
    return {
        "createdAt": CREATED,
        "createdBy": admin,
        "createdByType": "User",
        "lastModifiedAt": CREATED,
        "lastModifiedBy": admin,
        "lastModifiedByType": "User",
    }


def _collection(seed: int, name: str, title: str, parent: str | None) -> Json:
    found: Json = {
        "collectionProvisioningState": "Succeeded",
        "friendlyName": title,
        "name": name,
        "systemData": _system(seed),
    }
    if parent is None:
        found["description"] = "The root collection."
    else:
        found["parentCollection"] = {"referenceName": parent, "type": "CollectionReference"}
    return found


def collection_tree(seed: int) -> list[Json]:
    """Every collection, parents before their children."""
    tree = [_collection(seed, ACCOUNT_NAME, "Northlight", None)]
    for domain in DOMAINS:
        tree.append(_collection(seed, domain.collection, domain.title, ACCOUNT_NAME))
        tree += [
            _collection(seed, key + domain.collection[:3], f"{domain.title} {title}",
                        domain.collection)
            for key, title in SUB_COLLECTIONS
        ]  # fmt: skip
    return tree


async def collections(request: Request) -> Response:
    """One page of collections, with a link to the next one where there is one."""
    tree = collection_tree(estate_of(request).seed)
    request_hash = paging.fingerprint("collections")
    given = request.query_params.get("$skipToken")
    start = paging.offset_in(given, request_hash) if given else 0
    end = start + COLLECTION_PAGE
    answer: Json = {"count": len(tree), "value": tree[start:end]}
    if end < len(tree):
        base = f"{request.url.scheme}://{request.headers['host']}{request.url.path}"
        version = request.query_params["api-version"]
        token = paging.token(end, request_hash).replace("+", "%2B").replace("=", "%3D")
        answer["nextLink"] = f"{base}?api-version={version}&$skipToken={token}"
    return json_answer(answer)


async def account(request: Request) -> Response:
    """The account itself."""
    seed = estate_of(request).seed
    return json_answer(
        {
            "id": f"/subscriptions/{tenant_id(seed)}/providers/Microsoft.Purview/accounts/sandbox",
            "location": "westeurope",
            "name": ACCOUNT_NAME,
            "properties": {
                "accountStatus": {"accountProvisioningState": "Succeeded"},
                "createdAt": CREATED,
                "friendlyName": COMPANY.title(),
                "provisioningState": "Succeeded",
                "publicNetworkAccess": "Enabled",
            },
            "sku": {"capacity": 1, "name": "Standard"},
            "systemData": _system(seed),
            "tags": {},
            "type": "Microsoft.Purview/accounts",
        }
    )


ROUTES = [
    Route("/account", account),
    Route("/account/", account),
    Route("/account/collections", collections),
]
