"""Data products that clients create, change and delete."""

import re
import unicodedata
from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import domains, market_rows, products
from pipeline.sandbox.immuta.products import Form, Product
from pipeline.sandbox.immuta.writes import flows, registering
from pipeline.sandbox.immuta.writes.calls import (
    Call,
    RefusedError,
    mapping,
    market_writing,
    names,
    objects,
    text,
)
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MARKS = frozenset(")(-_/\\")
FLOWS = {
    "dataAccessPolicy": ("dataAccessReviewFlow", "dataAccessPolicy"),
    "maskingExceptionPolicy": ("maskingExceptionReviewFlow", "maskingExceptionPolicy"),
}
"""Review flows by the name in answers; bodies may use the new name or the deprecated one."""


def create(call: Call) -> Json:
    """The data product that was created."""
    body = mapping(call.json(), "the body")
    text(body, "name")
    for name in ("metadata", "domains", "dataSources"):
        if name not in body:
            raise RefusedError(400, f'"{name}" is required')
    source_ids = _source_ids(call, body["dataSources"])
    number = body.get("id") or call.changes.guid("product")
    if number in call.estate.product_by_id or number in call.changes.products:
        raise RefusedError(409, "A data product with this id already exists")
    base = _new(call, str(number), body)
    fields, answer = _said(call, body, base)
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    answer = {"description": None, "createdAt": since, "updatedAt": since, **answer}
    call.changes.write_product(
        base.id, base=base, fields=fields, source_ids=source_ids, answers={"product": answer}
    )
    return shown(call, base.id)


def _new(call: Call, number: str, body: Json) -> Product:
    """A product of its own: nothing of it is drawn but the versions of its forms."""
    forms = tuple(
        Form(
            id=str(body.get(name) or body.get("requestFormId") or draws.guid(0, number, kind)),
            request_type=kind,
            required=True,
            version=draws.cuid(0, "form version", number, kind),
        )
        for kind, name in (
            ("DATA_ACCESS", "dataAccessRequestFormId"),
            ("MASKING_EXCEPTION", "maskingExceptionRequestFormId"),
        )
    )
    return Product(
        index=10_000 + call.changes.next_number(),
        id=number,
        name=body["name"],
        domain=0,
        has_domain=True,
        expert=None,
        expert_id=None,
        creator=registering.caller(call.estate),
        suspended=False,
        forms=forms,
        sources=(),
    )


def update(call: Call) -> Json:
    """The data product with what the body says; its data sources stay."""
    product = find(call)
    fields, answer = _said(call, mapping(call.json(), "the body"), product)
    _write(call, product.id, fields=fields, answer=answer)
    return shown(call, product.id)


def _write(call: Call, number: str, *, answer: Json, **facts: Any) -> None:
    since = clock.iso_millis(call.changes.instant(call.estate.day))
    answer = {**answer, "updatedAt": since}
    call.changes.write_product(number, **facts, answers={"product": answer})


def delete(call: Call) -> None:
    """Nothing; the product is gone, and its requests with it."""
    call.changes.write_product(find(call).id, removed=True)


def replace_sources(call: Call) -> Json:
    """The data product with the data sources of the body, and no others."""
    product = find(call)
    body = mapping(call.json(), "the body")
    _write(call, product.id, answer={}, source_ids=_source_ids(call, body.get("dataSources")))
    return shown(call, product.id)


def find(call: Call) -> Product:
    """The data product in the path.

    Raises:
        RefusedError: there is none.
    """
    found = call.estate.product_by_id.get(call.named("id"))
    if found is None:
        raise RefusedError(404, "Data product not found")
    return found


def shown(call: Call, number: str) -> Json:
    """A data product as the reads answer it now."""
    estate: Estate = call.request.app.state.world.now()
    return market_rows.product(
        estate.product_by_id[number], estate.seed, estate.requests_by_product[number]
    )


def _source_ids(call: Call, value: Any) -> tuple[int, ...]:
    ids = [text(one, "sourceId") for one in objects(value, "dataSources")]
    known = call.estate.data_source_by_id
    unknown = [one for one in ids if not one.isdecimal() or int(one) not in known]
    if unknown:
        raise RefusedError(400, f"No such data sources: {', '.join(unknown)}")
    return tuple(dict.fromkeys(int(one) for one in ids))


def _said(call: Call, body: Json, product: Product) -> tuple[Json, Json]:
    """Fields of the product and keys of its answer that a body sets.

    Raises:
        RefusedError: a value is not allowed, or the name is in use.
    """
    fields: Json = {}
    answer: Json = {}
    if "name" in body:
        fields["name"] = _name(call, body["name"], product)
    if "domains" in body:
        answer["domains"] = named = _domains(call, body["domains"])
        fields["has_domain"] = True
        by_id = {products.domain_id(call.estate.seed, at): at for at in range(len(DOMAINS))}
        fields["domain"] = by_id.get(named[0], product.domain)
    if "metadata" in body:
        answer["metadata"] = body["metadata"]
        fields |= _expert(call.estate, body["metadata"])
    if "description" in body:
        if not isinstance(body["description"], str | None):
            raise RefusedError(400, '"description" must be a string')
        answer["description"] = body["description"]
    if "suspended" in body:
        if not isinstance(body["suspended"], bool):
            raise RefusedError(400, '"suspended" must be a boolean')
        fields["suspended"] = body["suspended"]
    for name, spellings in FLOWS.items():
        given = [body[spelling] for spelling in spellings if body.get(spelling) is not None]
        if given:
            answer[name] = flows.checked(given[0], name)
    return fields, answer


def _name(call: Call, name: Any, product: Product) -> str:
    """A name that is free (pattern: Immuta's OpenAPI document, `CreateDataProduct.name`)."""
    allowed = isinstance(name, str) and all(
        one in MARKS or one.isspace() or unicodedata.category(one)[0] in "LMN" for one in name
    )
    if not allowed or not 1 <= len(name) <= 255:
        raise RefusedError(400, '"name" must have 1 to 255 letters, digits, blanks or )(-_/\\')
    others = (one.name for one in call.estate.products if one.id != product.id)
    if name in others:
        raise RefusedError(409, f"A data product with the name '{name}' already exists")
    return str(name)


def _domains(call: Call, value: Any) -> list[str]:
    known = {row["id"] for row in domains.rows(call.estate)}
    named = names(value, "domains")
    if not named:
        raise RefusedError(400, '"domains" must name at least one domain')
    unknown = [one for one in named if one not in known]
    if unknown:
        raise RefusedError(400, f"No such domains: {', '.join(unknown)}")
    return named


def _expert(estate: Estate, metadata: Any) -> Json:
    if metadata is None:
        return {"expert": None, "expert_id": None}
    expert = mapping(
        mapping(metadata, "metadata").get("subjectMatterExpert"), "subjectMatterExpert"
    )
    number = text(expert, "id")
    if not GUID.fullmatch(number):
        raise RefusedError(400, '"subjectMatterExpert.id" must be a UUID')
    return {"expert": person(estate, number), "expert_id": number}


def person(estate: Estate, number: Any) -> Person | None:
    """The person with a global user id."""
    return next((one for one in estate.immuta_people if one.global_id == number), None)


_PRODUCT = "/data-product/{id}"
ROUTES = [
    market_writing("/data-product", "POST", create, status=201),
    market_writing(_PRODUCT, "PUT", update),
    market_writing(_PRODUCT, "DELETE", delete),
    market_writing(_PRODUCT + "/datasources", "PUT", replace_sources),
]
