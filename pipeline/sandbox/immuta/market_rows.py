"""Objects of the Immuta Request app as JSON (shapes of Immuta's published OpenAPI document)."""

from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.immuta import forms, products
from pipeline.sandbox.immuta.policies import MASKED_TAGS
from pipeline.sandbox.immuta.products import Form, Product
from pipeline.sandbox.immuta.requests import Asked, Record, Request
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.table_requests import TableRequest
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import TEMPLATES

Json = dict[str, Any]
SINCE = forms.SINCE
TECHNOLOGIES = ("Snowflake", "Databricks", "Redshift", "Trino")
MOST_ASKED = 3
"""Columns that a masking exception is asked for."""
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
        "dataAccessPolicy": forms.product_flow(one),
        "description": None if one.index % 5 == 4 else f"All about {subject} <b>v{one.index}</b>",
        "domains": [products.domain_id(seed, one.domain)] if one.has_domain else [],
        "expiration": None,
        "id": one.id,
        "maskingExceptionPolicy": forms.REVIEW,
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
    } | one.said("product")


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


def access_request(one: Asked) -> Json:
    """An access request for a product or a table; `expiration` is absent where access is not limited."""
    found: Json = {
        "createdAt": clock.iso_millis(one.created_at),
        "form": forms.filled(one),
        "formVersion": forms.version_of(one),
        "id": one.id,
        "requestingUser": user(one.requester),
        "status": one.status,
        "type": one.type,
        "updatedAt": clock.iso_millis(one.updated_at),
        "user": user(one.beneficiary),
    }
    if isinstance(one, Request):
        found["dataProduct"] = {"description": None, "id": one.product.id, "name": one.product.name}
    elif isinstance(one, TableRequest):
        found["asset"] = _asset(one)
    if one.expires_at is not None:
        found["expiration"] = clock.iso_millis(one.expires_at)
    return found | one.said("request")


def _asset(one: TableRequest) -> Json:
    """The table that is asked for; Synapse is no technology of the published list."""
    source = one.source
    metadata: Json = {
        "dataSourceId": source.id,
        "description": None,
        "host": source.host,
        "legacyType": "table",
        "objectPath": list(source.path),
        "port": source.platform.port,
    }
    if source.platform.technology in TECHNOLOGIES:
        metadata["technology"] = source.platform.technology
    return {
        "id": one.asset_id,
        "metadata": metadata,
        "name": source.path[-1],
        "type": "DATA_OBJECT",
    }


def approval(request: Asked, record: Record) -> Json:
    """A review step; `actionBy` is absent where no person acted."""
    approved = record.status == "APPROVED"
    limited = approved and request.expires_at is not None
    entitled, named = _entitled(record)
    found: Json = {
        "approverCriteriaMet": entitled if approved and record.actor else None,
        "approvers": named,
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
    return found | request.said(record.id)


def _entitled(record: Record) -> tuple[list[Json] | None, list[Json]]:
    """What made who acted entitled, and who may act: now and then it was something else, nothing, or is gone."""
    share = draws.share(0, "entitled", record.id)
    if share < 0.03:
        return None, [forms.STEWARDS]
    if share < 0.05:
        return None, []
    return [forms.GOVERNORS if share < 0.1 else forms.STEWARDS], [forms.STEWARDS]


def determination(record: Record, request: Asked) -> Json:
    """A decision that a person took."""
    found: Json = {
        "actionBy": user(record.actor) if record.actor else None,
        "createdAt": clock.iso_millis(record.created_at),
        "id": record.id,
        "reason": "decided by a reviewer",
        "requestingUser": user(request.requester),
        "status": record.status,
        "updatedAt": clock.iso_millis(record.updated_at),
        "user": user(request.beneficiary),
    }
    if record.status == "APPROVED" and request.expires_at is not None:
        found["expiration"] = clock.iso_millis(request.expires_at)
    return found


def risk(one: Asked) -> Json:
    """How risky the app thinks an approval is: not worked out for every request."""
    word = ("LOW", "MODERATE", "HIGH", "PENDING", "INDETERMINATE")[int(one.id[-1], 36) % 5]
    if word in ("PENDING", "INDETERMINATE"):
        return {"approvalRisk": word}
    return {
        "approvalReasons": [],
        "approvalRisk": word,
        "cohort": {"literals": [{"name": "department", "negation": False, "value": "risk"}]},
        "conflictDetected": word == "HIGH",
        "denialReasons": ["few such requests were approved"] if word == "HIGH" else [],
        "explanation": "by what was decided on similar requests",
        "medianApprovalTimeWindowInDays": None,
        "nAllowed": 4,
        "nDenied": 1,
        "recommendation": "DENIED" if word == "HIGH" else "NONE",
        "riskValue": 0.4,
    }


def form(one: Product, found: Form) -> Json:
    """A request form of a product with its questions and review flow."""
    return {**forms.of_product(one, found), "requestType": found.request_type}


def product_columns(one: Product) -> list[Json]:
    """The columns of all sources of a product; those without a dictionary have none."""
    return [
        _column(source, entry.name, entry.tags)
        for source in one.sources
        if source.has_dictionary
        for entry in source.dictionary()
    ]


def exception_columns(one: Asked) -> list[Json]:
    """The columns that a masking exception is asked for, with the global policy that masks each."""
    if not isinstance(one, Request) or one.type != "MASKING_EXCEPTION":
        return []
    found = product_columns(one.product)
    if named := one.said("columns").get("columns"):
        asked = {(column["columnName"], column["sourceId"]) for column in named}
        found = [row for row in found if (row["name"], row["sourceId"]) in asked]
    else:
        # where nothing is masked any more, something else was asked for
        found = ([row for row in found if row["globalPolicyInfo"]] or found)[:MOST_ASKED]
    return [_excepted(row) for row in found]


def _excepted(row: Json) -> Json:
    kept = {key: row[key] for key in ("name", "sourceId", "sourceName", "tags", "type")}
    info = row["globalPolicyInfo"]
    if info is not None:
        info = {**info, "matchingRegex": None, "matchingTag": row["tags"][0]}
    return {**kept, "globalPolicyInfo": info}


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
