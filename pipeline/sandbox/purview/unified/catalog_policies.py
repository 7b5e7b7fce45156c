"""Who has which role in the Unified Catalog: one policy for the tenant and one for each business domain."""

from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import group_id, of_domain
from pipeline.sandbox.purview.unified import catalog
from pipeline.sandbox.purview.unified.catalog import BusinessDomain
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
ROLE = "purviewdatagovernancerole_builtin_"
OWNER, READER, CREATOR = (
    f"{ROLE}business-domain-{word}" for word in ("owner", "reader", "creator")
)
ADMINISTRATOR, HEALTH_READER = f"{ROLE}datagovernance-administrator", f"{ROLE}data-health-reader"
PRINCIPAL, GROUPS = "principal.microsoft.id", "principal.microsoft.groups"
ROLE_OF, PERMISSION_OF = "derived.purview.role", "derived.purview.permission"


def members(estate: Estate, domain: BusinessDomain, role: str) -> tuple[list[str], list[str]]:
    """Object ids of people and of groups that a role of a business domain names itself."""
    team = of_domain(estate.people, domain.number % len(DOMAINS))
    if role == OWNER:
        count = 1 + draws.number(2, estate.seed, "domain owners", domain.number)
        chosen = draws.sample(team, count, estate.seed, "domain owner", domain.number)
        return [person.object_id for person in chosen], []
    readers = draws.sample(team, 3, estate.seed, "domain reader", domain.number)
    name = "data-office" if domain.own is None else DOMAINS[domain.own].key
    groups = [group_id(estate.seed, name)]
    return [person.object_id for person in readers], groups if domain.number % 2 else []


def above(estate: Estate, domain: BusinessDomain, role: str) -> str | None:
    """Id of the domain whose members of the role count here too; a restricted domain takes nobody over."""
    if role == OWNER or domain.parent is None or domain.number == 2:
        return None
    return catalog.domain_id(estate.seed, domain.parent)


def administrators(estate: Estate) -> dict[str, list[str]]:
    """Object ids by role for the whole tenant."""
    return {
        ADMINISTRATOR: [estate.people[0].object_id, estate.people[9].object_id],
        CREATOR: [person.object_id for person in estate.people[8:12]],
        HEALTH_READER: [estate.people[16].object_id],
    }


def _named(attribute: str, ids: list[str], role: str) -> list[Json]:
    return [
        {"attributeName": attribute, "attributeValueIncludedIn": ids},
        {"fromRule": role, "attributeName": ROLE_OF, "attributeValueIncludes": role},
    ]


def _taken_over(rule: str) -> list[Json]:
    return [{"fromRule": rule, "attributeName": PERMISSION_OF, "attributeValueIncludes": rule}]


def _rule(name: str, ways: list[list[Json]]) -> Json:
    return {"kind": "attributerule", "id": name, "name": name, "dnfCondition": ways}


def _policy(name: str, guid: str, rules: list[Json], entity: Json, parent: str | None) -> Json:
    gathered = f"permission_dg:{name.removeprefix('dgpolicy_')}"
    rules = [*rules, _rule(gathered, [_taken_over(rule["id"]) for rule in rules])]
    properties: Json = {
        "description": "",
        "decisionRules": [
            {"kind": "decisionrule", "effect": "Permit", "dnfCondition": [_taken_over(gathered)]}
        ],
        "attributeRules": rules,
        "entity": entity,
    }
    if parent:
        properties["parentEntityName"] = parent
    return {"name": name, "id": guid, "version": 2, "properties": properties}


def of_tenant(estate: Estate) -> Json:
    """The policy of the tenant."""
    app = catalog.app_id(estate.seed)
    rules = [
        _rule(f"{role}:{app}", [_named(PRINCIPAL, ids, role)])
        for role, ids in administrators(estate).items()
    ]
    entity = {"type": "DataGovernanceAppReference", "referenceName": app}
    guid = draws.guid(estate.seed, "domain policy", "app")
    return _policy(f"dgpolicy_datagovernanceapp_{app}", guid, rules, entity, None)


def of_domain_policy(estate: Estate, domain: BusinessDomain) -> Json:
    """The policy of one business domain: own people, groups, and readers of the domain above."""
    rules = []
    for role in (OWNER, READER):
        people, groups = members(estate, domain, role)
        ways = [_named(PRINCIPAL, people, role)]
        if groups:
            ways.append(_named(GROUPS, groups, role)[::-1])
        if (parent := above(estate, domain, role)) is not None:
            ways.append(_taken_over(f"{role}:{parent}"))
        rules.append(_rule(f"{role}:{domain.id}", ways))
    entity = {"type": "BusinessDomainReference", "referenceName": domain.id}
    guid = draws.guid(estate.seed, "domain policy", domain.number)
    parent_name = catalog.app_id(estate.seed)
    return _policy(f"dgpolicy_businessdomain_{domain.id}", guid, rules, entity, parent_name)


def policies(estate: Estate) -> list[Json]:
    """Every policy, the tenant's first."""
    domains = catalog.domains(estate.seed)
    return [of_tenant(estate)] + [of_domain_policy(estate, domain) for domain in domains]
