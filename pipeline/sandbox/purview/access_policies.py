"""Purview's policies about access to data: for those who operate it, and for those who asked for it."""

from datetime import timedelta
from typing import Any

from pipeline.sandbox import clock, draws, platforms
from pipeline.sandbox.estate import Estate, tenant_id
from pipeline.sandbox.people import group_id, of_domain
from pipeline.sandbox.purview import roles

Json = dict[str, Any]
ROLE = "purviewdatarole_builtin_"
DEVOPS_ROLES = ("sqlperfmonitor", "sqlsecurityauditor")
SELF_SERVICE = 26


def resource_path(seed: int, platform: platforms.Platform, number: int) -> str:
    """Azure address of everything in one instance of an Azure platform."""
    group = f"/subscriptions/{tenant_id(seed)}/resourceGroups/data/providers/"
    name = platforms.host(platform, number).partition(".")[0]
    if platform.is_file:
        return f"{group}Microsoft.Storage/storageAccounts/{name}/**"
    return f"{group}Microsoft.Synapse/workspaces/{name}/**"


def _made(seed: int, day: int, by: str, *key: object) -> Json:
    """Who made a policy and when; all were made in the 200 days before their last change."""
    made = clock.moment(day, draws.share(seed, *key, "made"))
    return {
        "createdAt": clock.iso_ticks(made - timedelta(days=draws.number(200, seed, *key, "age"))),
        "createdBy": by,
        "lastModifiedAt": clock.iso_ticks(made),
        "lastModifiedBy": by,
    }


def devops(estate: Estate) -> list[Json]:
    """Policies about operating each Azure platform: one role a policy, held by people and a group."""
    seed, found = estate.seed, []
    for source in estate.sources:
        if source.platform not in (platforms.SYNAPSE, platforms.FILES):
            continue
        for turn, role in enumerate(DEVOPS_ROLES):
            key = ("devops", source.name, role)
            holders = draws.sample(estate.people, 1 + turn, seed, *key)
            rule = {
                "effect": "Permit",
                "principalGroups": [group_id(seed, "platform-operations")] * (1 - turn),
                "principals": [person.object_id for person in holders],
                "purviewRoleName": ROLE + role,
                "resourceAzurePath": resource_path(seed, source.platform, source.host_number),
            }
            day = min(estate.day, draws.number(60, seed, *key))
            made = _made(seed, day, estate.people[0].object_id, *key)
            found.append(
                {"decisionRules": [rule], "purviewResourceName": source.name, "systemData": made}
            )
    return found


def self_service(estate: Estate) -> list[Json]:
    """Access given on request: some without an end, some whose end has passed."""
    return [_given(estate, number) for number in range(SELF_SERVICE)]


def _given(estate: Estate, number: int) -> Json:
    seed, key = estate.seed, ("self-service", number)
    team = of_domain(estate.people, number % 8)
    asked = draws.pick(team, seed, *key)
    platform = (platforms.FILES, platforms.SYNAPSE)[number % 2]
    rule: Json = {
        "effect": "Permit",
        "purviewRoleName": ROLE + "read",
        "resourceAzurePath": resource_path(seed, platform, 1 + number % 2),
    }
    if number % 7 == 3:
        rule["principalGroups"] = [group_id(seed, "data-office")]
    elif number % 9 == 5:
        rule["principals"] = [roles.stranger_id(seed, 40 + number)]
    else:
        rule["principals"] = [asked.object_id]
    # it was given at some time of the last year, and is renewed when half a year has passed
    age = (estate.day + number * 13) % 180
    given = max(estate.day - age, 0)
    found: Json = {
        "decisionRule": rule,
        "policyId": draws.guid(seed, *key),
        "requestor": asked.object_id,
        "systemData": _made(seed, given, estate.people[number % 8].object_id, *key),
    }
    if number % 5:
        end = clock.cut(given) + timedelta(days=(90, 150, 365)[number % 3])
        found["expiresAt"] = clock.iso_ticks(end)
    return found
