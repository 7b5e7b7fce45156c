"""The global policies of the tenant and the subscription policies that sources have of their own."""

from typing import Any, NamedTuple

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
SINCE = "2024-11-10T00:00:00.000Z"


class Policy(NamedTuple):
    """One global policy; data policies mask the columns that carry a tag."""

    id: int
    name: str
    type: str
    tag: str
    masking: str = "Consistent Value"
    staged: bool = False
    deleted: bool = False


POLICIES = (
    Policy(1, "Everybody may discover", "subscription", "Public", staged=True),
    Policy(2, "Department access", "subscription", "Internal"),
    Policy(3, "Approval by the owner", "subscription", "Restricted"),
    Policy(4, "Partner access (old)", "subscription", "Partner", deleted=True),
    Policy(5, "Mask payment cards", "data", s.TAGS[s.CARD][0]),
    Policy(6, "Null national identifiers", "data", s.TAGS[s.NATIONAL_ID][0], "Null"),
    Policy(7, "Hash social security numbers", "data", s.TAGS[s.SSN][0]),
    Policy(8, "Hash mail addresses", "data", s.TAGS[s.EMAIL][0]),
    Policy(9, "Null birth dates", "data", s.TAGS[s.BIRTH][0], "Null"),
    Policy(10, "Mask names (draft)", "data", s.TAGS[s.NAME][0], staged=True),
    Policy(11, "Mask all addresses (2023)", "data", s.TAGS[s.IP][0], deleted=True),
    Policy(12, "Hash account numbers", "data", s.TAGS[s.ACCOUNT][0]),
)
MASKED_TAGS = {
    policy.tag: policy.masking
    for policy in POLICIES
    if policy.type == "data" and not policy.staged and not policy.deleted
}


def global_policy(policy: Policy) -> Json:
    """Global policy as Govern answers it."""
    data = policy.type == "data"
    field = {"hasLeafNodes": False, "name": policy.tag, "source": "dataDiscovery"}
    masking: Json = {
        "config": {"fields": [field], "maskingConfig": {"metadata": {}, "type": policy.masking}},
        "exceptions": None,
        "type": "masking",
    }
    return {
        "actions": [
            {"description": None, "rules": [masking], "type": "masking"}
            if data
            else {
                "accessGrant": "READ",
                "allowDiscovery": True,
                "description": None,
                "exceptions": None,
                "shareResponsibility": False,
                "subscriptionType": "policy",
                "type": "subscription",
            }
        ],
        "certification": None,
        "circumstances": [
            {"columnTag": {"hasLeafNodes": False, "name": policy.tag}, "operator": "or",
             "type": "columnTags"}
            if data
            else {"operator": "or", "tag": {"name": policy.tag}, "type": "tags"}
        ],
        "clonedFrom": None,
        "createdAt": SINCE,
        "createdBy": 103,
        "createdByName": "Data Office",
        "deleted": policy.deleted,
        "id": policy.id,
        "metadata": None,
        "name": policy.name,
        "ownerRestrictions": None,
        "policyKey": policy.name.lower().replace(" ", "-"),
        "staged": policy.staged,
        "systemGenerated": False,
        "template": False,
        "type": policy.type,
        "updatedAt": SINCE,
    }  # fmt: skip


def local_subscription(domain: int) -> Json:
    """Subscription policy of one source: the people of its department."""
    group = {"iam": "okta", "name": f"{DOMAINS[domain].key}-readers"}
    return {
        "accessGrant": "READ",
        "allowDiscovery": False,
        "approvals": [],
        "automaticSubscription": True,
        "exceptions": {"conditions": [{"group": group, "type": "groups"}], "operator": "and"},
        "subscriptionType": "policy",
        "type": "subscription",
    }
