"""Data products and people of the Immuta Request app as JSON (shapes of Immuta's published OpenAPI document)."""

from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox.immuta import forms, products, source_policies
from pipeline.sandbox.immuta.policies import MASKED_TAGS
from pipeline.sandbox.immuta.products import Form, Product
from pipeline.sandbox.immuta.requests import Request
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import TEMPLATES

Json = dict[str, Any]
SINCE = forms.SINCE
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


def _column(source: DataSource, name: str, tags: tuple[str, ...]) -> Json:
    masking = next((MASKED_TAGS[tag] for tag in tags if tag in MASKED_TAGS), None)
    if source_policies.shows_all(source):
        masking = None
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
