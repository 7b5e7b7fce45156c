"""The policy store of Purview: roles on collections, DevOps and self-service policies."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import draws
from pipeline.sandbox.answers import estate_of, forbidden, is_shown, json_answer, plane_error
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview import access_policies, account_api, next_links, roles
from pipeline.sandbox.purview.roles import Holders, Policy

Json = dict[str, Any]
POLICY_PAGE = 12
ACTION = "Microsoft.Purview/accounts/"


def _role(role: roles.Role) -> Json:
    actions = [ACTION + action for action in role.actions]
    condition = {"attributeName": "request.azure.dataAction", "attributeValueIncludedIn": actions}
    return {
        "id": role.id,
        "name": role.id.removeprefix(roles.PREFIX),
        "properties": {
            "cnfCondition": [[condition]],
            "friendlyName": role.title,
            "provisioningState": "Provisioned",
            "roleType": "BuiltIn",
            "version": 1,
        },
        "type": "Microsoft.Purview/role",
    }


async def metadata_roles(request: Request) -> Response:
    """Every role; the only page links to itself."""
    return json_answer(
        {"nextLink": next_links.address(request), "values": [_role(one) for one in roles.ROLES]}
    )


def _one_of(name: str, values: Sequence[str]) -> Json:
    return {"attributeName": name, "attributeValueIncludedIn": list(values)}


def _is(name: str, value: str) -> Json:
    return {"attributeName": name, "attributeValueIncludes": value}


def _permission(rule: str) -> list[Json]:
    return [_is("derived.purview.permission", rule)]


def _rule(name: str, condition: list[list[Json]]) -> Json:
    return {"dnfCondition": condition, "id": name, "kind": "attributerule", "name": name}


def _holding(role: str, holders: Holders) -> Iterator[list[Json]]:
    """The disjuncts of a rule that name principals: people and groups apart, in either order inside."""
    is_role = _is("derived.purview.role", role)
    if holders.people or not holders.groups:
        yield [_one_of("principal.microsoft.id", holders.people), is_role]
    if holders.groups and holders.excluded:
        but = {
            "attributeName": "principal.microsoft.id",
            "attributeValueExcludedIn": holders.excluded,
        }
        yield [_one_of("principal.microsoft.groups", holders.groups), but, is_role]
    elif holders.groups:
        yield [is_role, _one_of("principal.microsoft.groups", holders.groups)]


def _rules(policy: Policy) -> list[Json]:
    """The rule of every role, then the one that joins them and takes over what is given above."""
    found = []
    for role, holders in policy.holders.items():
        disjuncts = list(_holding(role, holders))
        takes_over = policy.inherits_admins if role == roles.ADMIN else policy.inherits
        if policy.parent and takes_over:
            disjuncts.append(_permission(f"{role}:{policy.parent}"))
        found.append(_rule(f"{role}:{policy.collection}", disjuncts))
    joined = [_permission(rule["id"]) for rule in found]
    if policy.parent and policy.inherits:
        joined.append(_permission(f"permission:{policy.parent}"))
    return [*found, _rule(f"permission:{policy.collection}", joined)]


def _policy(seed: int, policy: Policy) -> Json:
    name = policy.collection
    decision = {
        "dnfCondition": [[_is("resource.purview.collection", name), *_permission(f"permission:{name}")]],
        "effect": "Permit",
        "kind": "decisionrule",
    }  # fmt: skip
    properties: Json = {
        "attributeRules": _rules(policy),
        "collection": {"referenceName": name, "type": "CollectionReference"},
        "decisionRules": [decision],
        "description": "",
    }
    if policy.parent:
        properties["parentCollectionName"] = policy.parent
    return {
        "id": draws.guid(seed, "metadata policy", name),
        "name": f"policy_{name}",
        "properties": properties,
        "version": policy.changes,
    }


def role_policies(estate: Estate) -> list[Policy]:
    """The policy of every collection, parents before their children."""
    tree = [
        (one["name"], one.get("parentCollection", {}).get("referenceName"))
        for one in account_api.collection_tree(estate.seed)
    ]
    return list(roles.policies(estate.seed, estate.day, estate.people, tree))


async def metadata_policies(request: Request) -> Response:
    """One page of the policies of all collections that the caller may see, or the policy of one."""
    estate = estate_of(request)
    wanted = request.query_params.get("collectionName")
    rows = [
        _policy(estate.seed, one)
        for one in role_policies(estate)
        if is_shown(request, one.collection)
        and (wanted is None or one.collection == wanted.lower())
    ]
    return json_answer(next_links.page(request, rows, POLICY_PAGE, "values"))


async def metadata_policy(request: Request) -> Response:
    """One policy by its id."""
    estate, wanted = estate_of(request), request.path_params["policy"]
    for one in role_policies(estate):
        if (found := _policy(estate.seed, one))["id"] == wanted:
            return json_answer(found) if is_shown(request, one.collection) else forbidden()
    return plane_error(404, "PolicyNotFound", "The policy does not exist.")


async def devops_policies(request: Request) -> Response:
    """One page of the policies about operating data systems."""
    rows = access_policies.devops(estate_of(request))
    return json_answer(next_links.page(request, rows, POLICY_PAGE))


async def self_service_policies(request: Request) -> Response:
    """One page of the policies that access requests have left behind."""
    rows = access_policies.self_service(estate_of(request))
    return json_answer(next_links.page(request, rows, POLICY_PAGE))


async def self_service_policy(request: Request) -> Response:
    """One such policy by its id."""
    wanted = request.path_params["policy"]
    for one in access_policies.self_service(estate_of(request)):
        if one["policyId"] == wanted:
            return json_answer(one)
    return plane_error(404, "PolicyNotFound", "The policy does not exist.")


# the specification and the published tutorial spell the addresses differently
ROUTES = [
    Route(base + path, answer)
    for base in ("/policyStore", "/policystore")
    for path, answer in (
        ("/metadataRoles", metadata_roles),
        ("/metadataroles", metadata_roles),
        ("/metadataPolicies", metadata_policies),
        ("/metadatapolicies", metadata_policies),
        ("/metadataPolicies/{policy}", metadata_policy),
        ("/metadatapolicies/{policy}", metadata_policy),
        ("/devops-policies", devops_policies),
        ("/self-service-policies", self_service_policies),
        ("/self-service-policies/{policy}", self_service_policy),
    )
]
