"""The global policies of the tenant: whom they let in, what they mask, and whom they let out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.answers import estate_of, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import certifications
from pipeline.sandbox.immuta.clauses import all_of, any_of, attribute, group, purpose
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
SINCE = "2024-11-10T00:00:00.000Z"
MERGED = (
    "(@isInGroups('Dept Sales', 'Dept Finance') OR @hasAttribute('department', 'Claims')) "
    "AND @hasAttribute('clearance', 'internal')"
)


class Policy(NamedTuple):
    """One global policy; `tag` says where it applies, `clause` whom a subscription policy lets in or a
    data policy leaves out, `subscription` how people come in; one that is not `shared` is always required."""

    id: int
    name: str
    type: str
    tag: str
    masking: str = "Consistent Value"
    staged: bool = False
    deleted: bool = False
    subscription: str = "policy"
    clause: Json | None = None
    advanced: str | None = None
    shared: bool = True
    details: Json | None = None
    said: Json | None = None


_EVERY_SECOND = any_of(
    group("Dept Sales"),
    group("Dept Finance"),
    group("Dept Risk"),
    attribute("department", "Claims"),
)
_LABEL = {"label": "Reviewed", "recertify": True, "text": "Nobody outside the department needs it."}
_OWNERS = {"groups": [{"iam": "okta", "name": "hr-owners"}], "users": []}
_HOLDER, _PHONE = s.TAGS[s.LICENCE][0], s.TAGS[s.PHONE][0]

POLICIES = (
    Policy(1, "Everybody may discover", "subscription", "Public", staged=True,
           subscription="automatic"),
    Policy(2, "Department access", "subscription", "Internal", clause=_EVERY_SECOND),
    Policy(3, "Approval by the owner", "subscription", "Restricted", subscription="approval"),
    Policy(4, "Partner access (old)", "subscription", "Partner", deleted=True,
           clause=any_of(group("Partner sign-in", "saml"))),
    Policy(5, "Mask payment cards", "data", s.TAGS[s.CARD][0],
           clause=any_of(purpose("Fraud Detection"), group("Dept Risk"))),
    Policy(6, "Null national identifiers", "data", s.TAGS[s.NATIONAL_ID][0], "Null"),
    Policy(7, "Hash social security numbers", "data", s.TAGS[s.SSN][0], said={"ownerRestrictions": _OWNERS}),
    Policy(8, "Hash mail addresses", "data", s.TAGS[s.EMAIL][0],
           clause=any_of(group("Dept Marketing"), group("Dept Sales"))),
    Policy(9, "Null birth dates", "data", s.TAGS[s.BIRTH][0], "Null",
           clause=all_of(group("Dept Human Resources"), attribute("clearance", "restricted")),
           said={"certification": _LABEL | {"text": "No row is about anybody under age."}}),
    Policy(10, "Mask names (draft)", "data", s.TAGS[s.NAME][0], staged=True),
    Policy(11, "Mask all addresses (2023)", "data", s.TAGS[s.IP][0], deleted=True),
    Policy(12, "Hash account numbers", "data", s.TAGS[s.ACCOUNT][0], said={"certification": _LABEL}),
    Policy(13, "Research under a purpose", "subscription", "Research",
           clause=any_of(purpose("Research"), purpose("Research.Clinical Trials"))),
    Policy(14, "Cleared staff only", "subscription", "Restricted", shared=False,
           clause=all_of(group("Everyone"), attribute("clearance", "restricted"))),
    Policy(15, "Analysts", "subscription", "Analytics",
           advanced="@isInGroups('Dept Marketing') AND @hasAttribute('department', 'Marketing')"),
    Policy(16, "Chosen one by one", "subscription", "Board", subscription="manual"),
    Policy(17, "Merged (system-generated)", "subscription", "Internal", advanced=MERGED,
           said={"systemGenerated": True, "circumstances": None}),
    Policy(18, "Round amounts (template)", "data", "Finance.Ledger", "Rounding", staged=True,
           details={"bucketSize": 1000}, said={"template": True}),
    Policy(19, "Null birth dates (copy)", "data", s.TAGS[s.BIRTH][0], "Null", staged=True,
           said={"clonedFrom": 9}),
    Policy(20, "Shorten telephone numbers", "data", _PHONE, "Regular Expression",
           clause=any_of(group("Dept Digital Channels")),
           details={"regex": r"\d{4}$", "replacement": "****"}),
    Policy(21, "Constant for passports", "data", s.TAGS[s.PASSPORT][0], "Constant",
           details={"constant": "REDACTED"}),
    Policy(22, "Keep the form of licences", "data", _HOLDER, "Format Preserving Masking",
           clause=any_of(purpose("Fraud Detection.Card Payments"), attribute("department", "Claims"))),
    Policy(23, "Hide small groups (draft)", "data", "Discovered.Entity.Age", "K-Anonymization",
           staged=True, details={"k": 5}),
    Policy(24, "Reversible for the back office (draft)", "data", s.TAGS[s.ACCOUNT][0], "Reversible",
           staged=True),
    Policy(25, "Noise on positions (old)", "data", "Discovered.Entity.Location", "Randomized Response",
           deleted=True, details={"replacementRate": 0.1}),
    Policy(26, "Mask what is personal (2021)", "data", "Discovered.PII", "Constant",
           details={"constant": "REDACTED"}),
    Policy(27, "New Column Added", "data", s.UNMAPPED_TAGS[0], "Null", staged=True),
)  # fmt: skip
"""Some are used by their place: the second and third in the details of data sources."""

MASKED_TAGS = {
    policy.tag: policy.masking
    for policy in POLICIES
    if policy.type == "data" and not policy.staged and not policy.deleted
}


def global_policy(policy: Policy) -> Json:
    """Global policy as Govern answers it."""
    data = policy.type == "data"
    found = {
        "actions": [_masking(policy) if data else _subscription(policy)],
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
    return found | (policy.said or {})


def _masking(policy: Policy) -> Json:
    tag = {"hasLeafNodes": False, "name": policy.tag, "source": "dataDiscovery"}
    masking = {"metadata": policy.details or {}, "type": policy.masking}
    rule = {
        "config": {"fields": [tag], "maskingConfig": masking},
        "exceptions": policy.clause,
        "type": "masking",
    }
    return {"description": None, "rules": [rule], "type": "masking"}


def _subscription(policy: Policy) -> Json:
    found = {
        "accessGrant": "READ",
        "allowDiscovery": policy.shared,
        "description": None,
        "exceptions": policy.clause,
        "shareResponsibility": policy.shared,
        "subscriptionType": policy.subscription,
        "type": "subscription",
    }
    if policy.advanced:
        found["advanced"] = policy.advanced
    if policy.subscription == "approval":
        found["approvals"] = [{"requiredPermission": "OWNER", "specificApproverRequired": False}]
    return found


def local_subscription(domain: int) -> Json:
    """Subscription policy of one source: the people of its department, each department in its own way."""
    title = DOMAINS[domain].title
    team = group(f"Dept {title}")
    said: Sequence[Json] = (
        {"exceptions": all_of(team)},
        {"exceptions": any_of(team, group("Break Glass", "bim"))},
        {"exceptions": all_of(team, attribute("department", title))},
        {"exceptions": any_of(team, purpose("Fraud Detection"))},
        {"advanced": f"@isInGroups('Dept {title}') OR @hasAttribute('department', '{title}')"},
        {"exceptions": all_of(attribute("department", title))},
        {"exceptions": any_of(team, group(f"{DOMAINS[domain].key}-readers"))},
        {"exceptions": any_of(team, attribute("clearance", "restricted"), purpose("Research"))},
    )
    return {
        "accessGrant": "READ",
        "allowDiscovery": False,
        "approvals": [],
        "automaticSubscription": True,
        "exceptions": None,
        "subscriptionType": "policy",
        "type": "subscription",
    } | said[domain % len(said)]


def anyone() -> Json:
    """Subscription policy of one source that takes everybody."""
    return {"accessGrant": "READ", "subscriptionType": "automatic", "type": "subscription"}


def rows(estate: Estate) -> Sequence[Json]:
    """Every global policy, staged and deleted ones among them."""
    found = [global_policy(policy) for policy in POLICIES]
    for row in found:
        if row["id"] in certifications.TURNS:
            row["updatedAt"] = clock.iso_millis(certifications.changed_at(row["id"], estate.day))
    return estate.listed("policy", found)


async def policies(request: Request) -> Response:
    """Every global policy, in one answer."""
    return json_answer(rows(estate_of(request)))


ROUTES = [Route("/policy/global", policies)]
