"""Objects of the Immuta Request app as JSON (shapes of Immuta's published OpenAPI document)."""

from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.immuta import products
from pipeline.sandbox.immuta.policies import MASKED_TAGS
from pipeline.sandbox.immuta.products import Form, Product
from pipeline.sandbox.immuta.requests import Record, Request
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import DOMAINS, TEMPLATES

Json = dict[str, Any]
SINCE = "2024-11-20T09:15:00.000Z"
_STEWARDS: Json = {"permission": "Manage Data Products", "type": "DOMAIN PERMISSION"}
_REVIEW: Json = {
    "defaultEvent": {
        "params": {"stages": [{"any": [{"permission": "GOVERNANCE", "type": "PERMISSION"}]}]},
        "type": "review",
    },
    "rules": [],
}
_COUNTED = ("PENDING", "APPROVED", "REVOKED", "CANCELED", "DENIED")


def user(person: Person) -> Json:
    """A person with the ids that Govern knows him or her by."""
    return {
        "email": person.mail,
        "globalUserId": person.global_id,
        "iamId": "okta",
        "id": person.profile_id,
        "name": person.name,
        "username": person.mail,
    }


def caller(seed: int, person: Person) -> Json:
    """The owner of the token in use."""
    return {
        "authorizations": {},
        "collectionPermissions": {},
        "displayName": person.name,
        "email": person.mail,
        "expiration": 4102444800,
        "globalPermissions": ["GOVERNANCE", "AUDIT"],
        "globalUserId": person.global_id,
        "groups": [],
        "tenantInfo": {"id": draws.guid(seed, "tenant")},
        "trackingId": draws.guid(seed, "tracking"),
        "username": person.mail,
    }


def product(one: Product, seed: int, found: list[Request]) -> Json:
    """A data product; `status` is the caller's own relation to it."""
    metadata: Json | None = None
    if one.expert_id is not None:
        metadata = {"subjectMatterExpert": {"id": one.expert_id}}
        if one.expert is not None:
            metadata["subjectMatterExpert"]["name"] = one.expert.name
    subject = TEMPLATES[one.index % len(TEMPLATES)].name.replace("_", " ")
    counts = {
        f"{status.lower()}RequestCount": sum(request.status == status for request in found)
        for status in _COUNTED
    }
    return {
        "createdAt": SINCE,
        "createdBy": one.creator.global_id,
        "dataAccessPolicy": _REVIEW,
        "description": None if one.index % 5 == 4 else f"All about {subject} <b>v{one.index}</b>",
        "domains": [products.domain_id(seed, one.domain)] if one.has_domain else [],
        "expiration": None,
        "id": one.id,
        "maskingExceptionPolicy": _REVIEW,
        "metadata": metadata,
        "name": one.name,
        "sourceTypes": sorted({source.platform.technology for source in one.sources}),
        "stats": {
            "dataSourceCount": len(one.sources),
            "totalRequestCount": len(found),
            **counts,
        },
        "status": "NONE",
        "suspended": one.suspended,
        "updatedAt": SINCE,
    }


def product_source(seed: int, source: DataSource) -> Json:
    """A data source of a product; `status` is the caller's own relation to it."""
    database, schema, table = source.path
    return {
        "database": database,
        "hostname": source.host,
        "id": draws.cuid(seed, "product source", source.id),
        "name": source.name,
        "prefix": None,
        "schema": schema,
        "sourceId": str(source.id),
        "status": "NONE",
        "table": table,
        "type": source.platform.technology,
    }


def access_request(one: Request) -> Json:
    """An access request; `expiration` is absent where access is not limited."""
    found: Json = {
        "createdAt": clock.iso_millis(one.created_at),
        "dataProduct": {"description": None, "id": one.product.id, "name": one.product.name},
        "form": {"answers": [{"label": "Why?", "value": "=cmd|'/C calc'!A0 for the quarter"}]},
        "formVersion": one.product.forms[0].version if one.product.forms else "none",
        "id": one.id,
        "requestingUser": user(one.requester),
        "status": one.status,
        "type": one.type,
        "updatedAt": clock.iso_millis(one.updated_at),
        "user": user(one.beneficiary),
    }
    if one.expires_at is not None:
        found["expiration"] = clock.iso_millis(one.expires_at)
    return found


def approval(request: Request, record: Record) -> Json:
    """A review step; `actionBy` is absent where no person acted."""
    approved = record.status == "APPROVED"
    limited = approved and request.expires_at is not None
    found: Json = {
        "approverCriteriaMet": [_STEWARDS] if approved and record.actor else None,
        "approvers": [_STEWARDS],
        "createdAt": clock.iso_millis(record.created_at),
        "dataAccessRequestId": request.id,
        "duration": 4 if limited else None,
        "durationUnit": "WEEKS" if limited else None,
        "id": record.id,
        "prerequisites": [request.records[0].id] if record is not request.records[0] else [],
        "status": record.status,
        "updatedAt": clock.iso_millis(record.updated_at),
    }
    if record.actor is not None:
        found["actionBy"] = user(record.actor)
        found["reason"] = "decided by a reviewer"
    elif approved:
        found["reason"] = "approved by the review flow"
    return found


def determination(record: Record, request: Request) -> Json:
    """A decision that a person took."""
    return {
        "actionBy": user(record.actor) if record.actor else None,
        "createdAt": clock.iso_millis(record.created_at),
        "id": record.id,
        "reason": "decided by a reviewer",
        "requestingUser": user(request.requester),
        "status": record.status,
        "updatedAt": clock.iso_millis(record.updated_at),
        "user": user(request.beneficiary),
    }


def form(one: Product, found: Form) -> Json:
    """A request form with its questions and review flow."""
    creator = {"globalUserId": one.creator.global_id, "name": one.creator.name}
    question = {
        "id": draws.guid(0, found.id, "why"),
        "label": "Why do you need the data?",
        "required": found.required,
        "type": "SHORT_ANSWER",
    }
    team = {
        "id": draws.guid(0, found.id, "team"),
        "label": "Which team?",
        "options": [{"value": domain.title} for domain in DOMAINS],
        "required": False,
        "type": "DROPDOWN",
    }
    return {
        "createdAt": SINCE,
        "createdBy": creator,
        "dataUseAgreements": [],
        "fields": [question, team],
        "id": found.id,
        "name": f"{found.request_type.replace('_', ' ').title()} form",
        "policy": _REVIEW,
        "requestType": found.request_type,
        "updatedAt": SINCE,
        "updatedBy": creator,
        "version": found.version,
    }


def product_columns(one: Product) -> list[Json]:
    """The columns of all sources of a product; those without a dictionary have none."""
    return [
        _column(source, entry.name, entry.tags)
        for source in one.sources
        if source.has_dictionary
        for entry in source.dictionary()
    ]


def _column(source: DataSource, name: str, tags: tuple[str, ...]) -> Json:
    masking = next((MASKED_TAGS[tag] for tag in tags if tag in MASKED_TAGS), None)
    local = source.dataset.bits[27] > 240 and bool(tags)
    return {
        "globalPolicyInfo": {"maskingType": masking} if masking else None,
        "localPolicyInfo": {"maskingType": "Rounding"} if local else None,
        "name": name,
        "sourceId": str(source.id),
        "sourceName": source.name,
        "tags": list(tags),
        "type": source.platform.technology,
    }
