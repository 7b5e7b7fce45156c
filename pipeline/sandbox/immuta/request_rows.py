"""Access requests of the Immuta Request app as JSON: what is asked for, its review, its risk, its columns."""

from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.immuta import forms
from pipeline.sandbox.immuta.market_rows import product_columns, user
from pipeline.sandbox.immuta.requests import Asked, Record, Request
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.table_requests import TableRequest, asset_id

Json = dict[str, Any]
TECHNOLOGIES = ("Snowflake", "Databricks", "Redshift", "Trino")
MOST_ASKED = 3
"""Columns that a masking exception is asked for."""


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
        found["asset"] = asset(one.source)
    if one.expires_at is not None:
        found["expiration"] = clock.iso_millis(one.expires_at)
    return found | one.said("request")


def asset(source: DataSource) -> Json:
    """A table that can be asked for; Synapse is no technology of the published list."""
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
        "id": asset_id(source),
        "metadata": metadata,
        "name": source.path[-1],
        "type": "DATA_OBJECT",
    }


def approval(request: Asked, record: Record) -> Json:
    """A review step; `actionBy` is absent where no person acted."""
    approved = record.status == "APPROVED"
    limited = approved and request.expires_at is not None
    allowed, named = entitled(record)
    found: Json = {
        "approverCriteriaMet": allowed if approved and record.actor else None,
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


def entitled(record: Record) -> tuple[list[Json] | None, list[Json]]:
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


def risk(one: Asked) -> Json | None:
    """How risky the app thinks an approval is: not worked out for every request, and never where a policy decided."""
    if one.was_approved and not any(record.actor for record in one.records):
        return None
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
