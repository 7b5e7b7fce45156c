"""Rows of the data access plane as it answers them (2023-10-01-preview)."""

from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate, tenant_id
from pipeline.sandbox.people import Person, of_domain
from pipeline.sandbox.purview.unified import catalog, subscriptions
from pipeline.sandbox.purview.unified.catalog import DataProduct
from pipeline.sandbox.purview.unified.subscriptions import Subscription
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
USE_CASES = ("Analytics", "Reporting", "Model training", "Customer care")
WORKFLOW = "Data access request"


def _person(estate: Estate, person: Person) -> Json:
    return {
        "identityType": "User",
        "objectId": person.object_id,
        "tenantId": tenant_id(estate.seed),
        "displayName": person.name,
        "email": person.mail,
    }


def _subscriber(estate: Estate, one: Subscription) -> Json:
    if one.subscriber_kind == "User":
        return _person(estate, one.subscriber)
    return {
        "identityType": one.subscriber_kind,
        "objectId": one.subscriber_id,
        "tenantId": tenant_id(estate.seed),
        "displayName": f"{DOMAINS[one.product.domain].title} {one.subscriber_kind}",
    }


def workflow_id(estate: Estate, domain: int) -> str:
    """Id of the workflow that decides about requests in a business domain."""
    return draws.guid(estate.seed, "access workflow", domain)


def subscription(estate: Estate, one: Subscription) -> Json:
    """One request; dates that are not known yet are absent."""
    product = one.product
    key = ("subscription row", one.id)
    values: Json = {
        "useCases": draws.sample(USE_CASES, 1 + product.number % 2, estate.seed, "use", *key),
        "termsOfUseAccepted": draws.share(estate.seed, "accepted", *key) < 0.9,
    }
    if draws.share(estate.seed, "commented", *key) < 0.7:
        values["requestorComments"] = "Needed for the quarterly figures."
    found: Json = {
        "dataSubscriptionId": one.id,
        "useWorkflow": one.run_id is not None,
        "governanceDomain": DOMAINS[product.domain].title,
        "writeAccess": one.write_access,
        "subscriptionStatus": one.status,
        "subscriberIdentity": _subscriber(estate, one),
        "requestorIdentity": _person(estate, one.requestor),
        "domainId": catalog.domain_id(estate.seed, product.domain),
        "dataProductId": product.id,
        "dataProductName": product.title,
        "businessDomainName": DOMAINS[product.domain].title,
        "policySetValues": values,
        "createdAt": clock.iso_ticks(one.created_at),
        "createdBy": one.requestor.object_id,
        "dataAssets": [
            {
                "dataAssetId": catalog.asset_id(estate.seed, slot),
                "dataAssetName": estate.datasets[slot].display_name,
                "dataAssetType": "General",
            }
            for slot in product.slots[:3]
        ],
        "accessProviders": [who.object_id for who in subscriptions.approvers(estate, product)[:1]],
        "usePowerAutomate": False,
    }
    if one.run_id is not None:
        found |= {
            "workflowId": workflow_id(estate, product.domain),
            "workflowType": "DataAccess",
            "workflowName": WORKFLOW,
        }
    if one.decided_at is not None:
        found["accessDecisionDate"] = clock.iso_ticks(one.decided_at)
    if one.expires_at is not None:
        found["accessExpirationDate"] = clock.iso_ticks(one.expires_at)
    return found


def has_policies(product: DataProduct) -> bool:
    """Whether a product has policies of its own; else those of its domain and terms count alone."""
    return product.number % 6 != 5


def policy_set(estate: Estate, product: DataProduct, kind: str) -> Json:
    """The policy set of a product; the effective one is never laxer than the applied one."""
    seed, key = estate.seed, ("policy set", product.number)
    grantors = draws.sample(of_domain(estate.people, product.domain), 1, seed, "grantor", *key)
    policies: Json = {
        "approvers": [_person(estate, one) for one in subscriptions.approvers(estate, product)],
        "permittedSubscribers": ["User", "Group"] if product.number % 3 else ["User"],
        "permittedUseCases": draws.sample(USE_CASES, 2, seed, "permitted", *key),
        "dataAccessGrantors": [_person(estate, one) for one in grantors],
        "termsOfUseRequired": draws.share(seed, "terms", *key) < 0.5,
        "partnerSharingPermitted": draws.share(seed, "partners", *key) < 0.2,
        "customerSharingPermitted": False,
        "privacyComplianceApprovalRequired": kind == "Effective" and product.domain == 2,
        "skipWorkflow": product.number % 5 == 0,
        "usePowerAutomate": False,
    }
    if product.number % 10 == 4:
        del policies["approvers"]
    if draws.share(seed, "limited", *key) < 0.6:
        policies["maximumAccessDuration"] = draws.pick(("P30D", "P90D", "P1Y"), seed, "long", *key)
    if draws.share(seed, "timeline", *key) < 0.4:
        policies["approvalTimeline"] = "P5D"
    if kind == "Effective" and product.domain in (2, 3):
        policies["sensitiveMarkers"] = ["Personal data"]
    return {
        "policySetId": draws.guid(seed, *key, kind),
        "targetResource": {"resourceId": product.id, "resourceType": "DataProduct"},
        "policySetKind": kind,
        "dataProductPolicies": policies,
    }


def applied_set(estate: Estate, kind: str, guid: str, number: int) -> Json | None:
    """The policy set of a business domain, term or critical data element; most have none."""
    key = (kind, number)
    if draws.share(estate.seed, "has policies", *key) >= 0.4:
        return None
    policies: Json = {
        "privacyComplianceApprovalRequired": draws.share(estate.seed, "privacy", *key) < 0.5,
        "partnerSharingPermitted": False,
        "customerSharingPermitted": False,
    }
    if number % 2:
        policies["sensitiveMarkers"] = ["Personal data"]
    else:
        policies["maximumAccessDuration"] = "P180D"
    return {
        "policySetId": draws.guid(estate.seed, "policy set", *key),
        "targetResource": {"resourceId": guid, "resourceType": kind},
        "policySetKind": "Applied",
        "dataProductPolicies": policies,
    }


def workflow(estate: Estate, domain: int) -> Json:
    """The workflow that decides about requests in one business domain; one of them is switched off."""
    return {
        "workflowId": workflow_id(estate, domain),
        "type": "DataAccess",
        "name": WORKFLOW,
        "isEnabled": domain != len(DOMAINS) - 1,
        "description": f"Who may have the data of {DOMAINS[domain].title}.",
        "triggers": [
            {
                "type": "DataAccessRequestSubmitted",
                "underGlossaryHierarchy": catalog.domain_id(estate.seed, domain),
            }
        ],
        "actionDag": [
            {"actionId": "decide", "actionType": "StartAndWaitForAnApproval", "parameters": {}},
            {"actionId": "provide", "actionType": "GrantDataAccess", "parameters": {}},
        ],
        "createdBy": estate.people[0].object_id,
        "lastModifiedBy": estate.people[domain].object_id,
        "accessProviders": [estate.people[8 + domain].object_id],
    }


def run(estate: Estate, one: Subscription) -> Json:
    """The run of the workflow that decides about one request."""
    found: Json = {
        "workflowRunId": one.run_id,
        "workflowId": workflow_id(estate, one.product.domain),
        "subscriber": _subscriber(estate, one),
        "requestor": _person(estate, one.requestor),
        "status": "InProgress" if one.decided_at is None else "Completed",
        "workflowType": "DataAccess",
        "workflowName": WORKFLOW,
        "workflowRunName": f"Access to {one.product.title}",
        "triggers": [{"type": "DataAccessRequestSubmitted"}],
        "createdAt": clock.iso_ticks(one.created_at),
        "createdBy": one.requestor.object_id,
    }
    if one.decided_at is not None:
        found["modifiedAt"] = clock.iso_ticks(one.decided_at)
    return found


def approvals(estate: Estate, one: Subscription) -> list[Json]:
    """The approvals of one run."""
    found = []
    for approval in one.approvals:
        row: Json = {
            "approvalId": approval.id,
            "workflowRunId": one.run_id,
            "approver": _person(estate, approval.approver),
            "decision": approval.decision,
        }
        if approval.decided_at is not None:
            row["decisionDate"] = clock.iso_ticks(approval.decided_at)
        if approval.decision == "Rejected":
            row["comments"] = "Not for this purpose."
        found.append(row)
    return found
