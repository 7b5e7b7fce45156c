"""The account plane of Purview: the account and its tree of collections."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import draws
from pipeline.sandbox.answers import estate_of, is_shown, json_answer
from pipeline.sandbox.estate import tenant_id
from pipeline.sandbox.people import of_domain
from pipeline.sandbox.purview import next_links
from pipeline.sandbox.vocabulary import ACCOUNT_NAME, COMPANY, DOMAINS, SUB_COLLECTIONS, Domain

Json = dict[str, Any]
CREATED = "2024-02-23T15:45:16.5674969Z"
COLLECTION_PAGE = 20
CONTACT_PAGE = 8
LANDING_EVERY = 2
"""Every so many business domains there is a collection below the one for raw data."""
REGULATED = ("fin002", "rsk006")
"""Collections that lie, with what is below them, in a platform domain of their own."""
PLATFORM_DOMAINS = (
    (ACCOUNT_NAME, "Northlight", "Prod"),
    ("nlregu", "Northlight Regulated", "Prod"),
    ("nltest", "Northlight Trials", "Test"),
)


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
    tree += [_landing(seed, domain) for domain in DOMAINS[::LANDING_EVERY]]
    return tree


def _landing(seed: int, domain: Domain) -> Json:
    stem, (key, _) = domain.collection[:3], SUB_COLLECTIONS[0]
    return _collection(seed, "ldg" + stem, f"{domain.title} Landing Zone", key + stem)


def _in_domain(collection: Json) -> Json:
    """The collection with its platform domain, as newer versions of the API tell it."""
    regulated = any(collection["name"].endswith(name[:3]) for name in REGULATED)
    inside = regulated or collection["name"] in REGULATED
    return {**collection, "domain": PLATFORM_DOMAINS[inside][0]}


async def collections(request: Request) -> Response:
    """One page of the collections that the caller may see, with a link to the next one where there is one."""
    whole = collection_tree(estate_of(request).seed)
    tree = [one for one in whole if is_shown(request, one["name"])]
    if request.query_params["api-version"] >= "2023":
        tree = [_in_domain(one) for one in tree]
    return json_answer({"count": len(tree), **next_links.page(request, tree, COLLECTION_PAGE)})


async def domains(request: Request) -> Response:
    """Every platform domain."""
    seed = estate_of(request).seed
    found = [
        {
            "containerType": "Domain",
            "environment": environment,
            "friendlyName": title,
            "name": name,
            "provisioningState": "Succeeded",
            "systemData": _system(seed),
        }
        for name, title, environment in PLATFORM_DOMAINS
    ]
    found[1]["mergeInfo"] = {"accountName": "northlight-risk", "mergeStatus": "Succeeded"}
    return json_answer({"count": len(found), "value": found})


async def contact_assignments(request: Request) -> Response:
    """One page of the contacts of collections: an expert of each business domain, a steward of some."""
    estate = estate_of(request)
    found = []
    for at, domain in enumerate(DOMAINS):
        team = of_domain(estate.people, at)
        if not is_shown(request, domain.collection):
            continue
        for turn, group in enumerate(("experts", "stewards")[: 1 + at % 2]):
            found.append(
                {
                    "assignmentId": draws.guid(estate.seed, "contact", domain.key, group),
                    "contactGroup": {
                        "referenceName": group,
                        "type": "ContactGroupDefinitionReference",
                    },
                    "principalId": team[1 + turn].object_id,
                    "scope": {"referenceName": domain.collection, "type": "CollectionReference"},
                    "systemData": _system(estate.seed),
                }
            )
    page = next_links.page(request, found, CONTACT_PAGE)
    return json_answer({"count": len(found), **page})


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
    Route("/account/domains", domains),
    Route("/account/contactAssignments", contact_assignments),
]
