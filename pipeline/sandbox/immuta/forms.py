"""Request forms in all their versions, and the agreements that whoever asks must accept.

Every product has forms of its own; the tenant has standard ones besides. A form that was changed keeps its id and gets
a new version; requests name the version that they were made with.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.sandbox import draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import agreed
from pipeline.sandbox.immuta.products import Form, Product, domain_id
from pipeline.sandbox.immuta.requests import Asked, Request
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
SINCE = "2024-11-20T09:15:00.000Z"
CHANGED = "2025-03-03T10:20:00.000Z"
WHY = "Why do you need the data?"
WHICH_TEAM = "Which team?"
WHAT_FOR = "What for?"
HOW_LONG = "How long do you need access to this data?"
OLD_SHARE = 0.3
"""How many requests were made with the version before the present one."""
STEWARDS: Json = {"permission": "Manage Data Products", "type": "DOMAIN PERMISSION"}
GOVERNORS: Json = {"permission": "GOVERNANCE", "type": "PERMISSION"}
REVIEW: Json = {
    "defaultEvent": {"params": {"stages": [{"any": [GOVERNORS]}]}, "type": "review"},
    "rules": [],
}
_TWO_STAGES: Json = {
    "defaultEvent": {
        "params": {"stages": [{"any": [STEWARDS]}, {"all": [GOVERNORS, {"key": "role", "type": "ATTRIBUTE", "value": "privacy"}]}]},
        "type": "review",
    },
    "rules": [
        {
            "conditions": {"all": []},
            "event": {"params": {"comment": "internal", "duration": 6, "durationUnit": "MONTHS"}, "type": "approve"},
        }
    ],
    "version": "1",
}  # fmt: skip
_DENY: Json = {"defaultEvent": {"params": {"comment": "closed"}, "type": "deny"}, "rules": []}
_BY_PRODUCT: Json = {"defaultEvent": {"type": "dataProductPolicy"}, "rules": []}
STEWARDED: Json = {
    "defaultEvent": {"params": {"stages": [{"any": [GOVERNORS, STEWARDS]}]}, "type": "review"},
    "rules": [],
}
OPEN: Json = {"defaultEvent": {"params": {"comment": "harmless"}, "type": "approve"}, "rules": []}


class Standard(NamedTuple):
    """One form of the tenant: its name, review flow, and the agreements that come with it."""

    name: str
    flow: Json
    agreements: tuple[int, ...]


STANDARDS = (
    Standard("Standard access", _TWO_STAGES, (0, 1)),
    Standard("Closed data", _DENY, ()),
    Standard("As the product says", _BY_PRODUCT, (2,)),
)


def standard_version(at: int) -> str:
    """Version of one of the tenant's forms; products without a form are asked for with the first."""
    return draws.cuid(0, "standard form", at, CHANGED)


def version_of(one: Asked) -> str:
    """Version of the form that a request was made with."""
    if not isinstance(one, Request) or not one.product.forms:
        return standard_version(0)
    form = next((f for f in one.product.forms if f.request_type == one.type), one.product.forms[0])
    old = draws.share(0, "old form", one.id) < OLD_SHARE
    return old_version(form) if old else form.version


def old_version(form: Form) -> str:
    """The version before the present one."""
    return draws.cuid(0, "old version", form.id)


def agreement(estate: Estate, at: int) -> Json:
    """A data use agreement."""
    return agreed.shown(estate.seed, at) | _made(_author(estate))


def agreements(estate: Estate) -> list[Json]:
    """Every data use agreement."""
    return [agreement(estate, at) for at in range(len(agreed.AGREEMENTS))]


def _author(estate: Estate) -> Person:
    return estate.immuta_people[0]


def _made(person: Person, changed: str = SINCE) -> Json:
    creator = {"globalUserId": person.global_id, "name": person.name}
    return {"createdAt": SINCE, "createdBy": creator, "updatedAt": changed, "updatedBy": creator}


def of_product(one: Product, form: Form) -> Json:
    """A form of a product, as the list of all forms has it."""
    return {
        "dataUseAgreements": agreed.of_product(one),
        "fields": _fields(form.id, required=form.required),
        "id": form.id,
        "name": f"{form.request_type.replace('_', ' ').title()} form",
        "policy": form_flow(one),
        "version": form.version,
        **_made(one.creator),
    }


def form_flow(one: Product) -> Json:
    """Who decides, as the forms of a product say."""
    if one.index % 11 == 6:
        return OPEN
    return (STEWARDED, _BY_PRODUCT, REVIEW, _by_creator(one))[one.index % 4]


def product_flow(one: Product) -> Json:
    """Who decides about access to a product where its form leaves it open."""
    return (STEWARDED, STEWARDED, OPEN)[one.index % 3]


def _by_creator(one: Product) -> Json:
    creator = {"displayName": one.creator.name, "id": one.creator.global_id, "type": "USER"}
    stages = [{"any": [GOVERNORS, creator]}]
    return {"defaultEvent": {"params": {"stages": stages}, "type": "review"}, "rules": []}


def filled(one: Asked) -> Json:
    """The answers of a request: most people explain themselves, some hardly, some not at all."""
    share = draws.share(0, "answers", one.id)
    why = "" if share < 0.04 else "please" if share < 0.12 else "=cmd|'/C calc'!A0 for the quarter"
    answers: list[Json] = [{"label": WHY, "value": why}, {"label": WHICH_TEAM, "value": "Sales"}]
    if not isinstance(one, Request) or not one.product.forms:
        answers = [
            {"label": WHAT_FOR, "value": ["Reports"] if why else []},
            {"label": HOW_LONG, "value": {"duration": 3, "durationUnit": "MONTHS"}},
        ]
    return {"answers": answers}


def _fields(form_id: str, *, required: bool) -> list[Json]:
    question = {
        "id": draws.guid(0, form_id, "why"),
        "label": WHY,
        "required": required,
        "type": "SHORT_ANSWER",
    }
    team = {
        "id": draws.guid(0, form_id, "team"),
        "label": WHICH_TEAM,
        "options": [{"value": domain.title} for domain in DOMAINS],
        "required": False,
        "type": "DROPDOWN",
    }
    return [question, team]


def standard(estate: Estate, at: int) -> Json:
    """A form of the tenant."""
    name, flow, terms = STANDARDS[at]
    number = draws.guid(estate.seed, "standard form", at)
    uses = {
        "id": draws.guid(0, number, "uses"),
        "label": WHAT_FOR,
        # without a word about it, a question must be answered
        "options": [{"value": "Reports"}, {"value": "Models"}],
        "type": "CHECKBOXES",
    }
    duration = {
        "id": draws.guid(0, number, "duration"),
        "label": HOW_LONG,
        "required": True,
        "type": "ACCESS_DURATION",
    }
    return {
        "dataUseAgreements": [agreed.shown(estate.seed, one) for one in terms],
        "fields": [uses, duration],
        "id": number,
        "name": name,
        "policy": flow,
        "version": standard_version(at),
        **_made(_author(estate), CHANGED),
    }


def every(estate: Estate) -> Iterator[Json]:
    """Every form in the version in force."""
    yield from (standard(estate, at) for at in range(len(STANDARDS)))
    for one in estate.products:
        yield from (of_product(one, form) for form in one.forms)


def listed(estate: Estate) -> list[Json]:
    """Every form in the version in force, with the domains that it is used in."""
    domains = {
        form.id: [domain_id(estate.seed, one.domain)] if one.has_domain else []
        for one in estate.products
        for form in one.forms
    }
    return [{**one, "associatedDomains": domains.get(one["id"], [])} for one in every(estate)]


def in_version(estate: Estate, version: str) -> Json | None:
    """A form as it was in a version."""
    for at in range(len(STANDARDS)):
        if standard_version(at) == version:
            return standard(estate, at)
    for one in estate.products:
        for form in one.forms:
            if form.version == version:
                return of_product(one, form)
            if old_version(form) == version:
                fields = _fields(form.id, required=False)[:1]
                return {**of_product(one, form), "fields": fields, "version": version}
    return None
