"""Expected verdicts about privileges: roles on collections, permissions in Immuta, groups of everybody."""

from collections.abc import Iterator

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import source_access
from pipeline.sandbox.purview import policy_api, roles
from pipeline.sandbox.truth import tiers

Verdict = tuple[str, str, str, str]
TOXIC = {"GOVERNANCE", "USER_ADMIN"}


def verdicts(estate: Estate) -> Iterator[Verdict]:
    """Failing verdicts of PLT-003, PLT-005 and MEM-007."""
    policies = policy_api.role_policies(estate)
    root = policies[0].collection
    for policy in policies:
        if policy.parent in (None, root):
            for role in (roles.ADMIN, roles.SOURCE_ADMIN):
                # people, a machine that is retired or somebody who was deleted: nobody is in order by name
                if (holders := policy.holders.get(role)) and holders.people:
                    subject = f"{policy.collection}:{role}"
                    yield "PLT-003", subject, "fail", "people have the role by name"
    for person in estate.immuta_people:
        if not person.disabled and {*person.permissions} >= TOXIC:
            yield "PLT-005", str(person.profile_id), "fail", "writes rules and gives attributes"
    known = tiers.of(estate)
    for source in estate.data_sources:
        if source.has_group_access and not source.deleted and known.of_source(source):
            group = source_access.group_of(source)
            if group.name == source_access.EVERYONE.name:
                subject = f"source:{source.id}:group:{group.id}:subscribed"
                yield "MEM-007", subject, "fail", "the group is everybody"
