"""Terms, critical data elements and objectives as the Unified Catalog answers them (2026-03-20-preview)."""

from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.unified import catalog, catalog_relations
from pipeline.sandbox.purview.unified.catalog import Element
from pipeline.sandbox.purview.unified.catalog_rows import (
    CREATED,
    attributes,
    changed_at,
    contacts,
    stamped,
    system,
)
from pipeline.sandbox.vocabulary import DOMAINS, MAIL_DOMAIN, TEMPLATES

Json = dict[str, Any]
PROGRESS = ("NotTracked", "OnTrack", "Behind", "AtRisk")
OBJECTIVE_STATUSES = ("Draft", "Published", "Published", "Closed")


def term(estate: Estate, number: int) -> Json:
    """One term: that of a domain, or below it that of a kind of table."""
    owner, below = divmod(number, catalog.TERMS_PER_DOMAIN)
    kinds = [template for template in TEMPLATES if template.domain == owner]
    name = DOMAINS[owner].title if not below else kinds[below - 1].name.replace("_", " ").title()
    key = ("catalog term", number)
    status = draws.pick(catalog.STATUSES, estate.seed, "status", *key, (estate.day + number) // 120)
    found: Json = {
        "id": catalog.term_id(estate.seed, number),
        "name": name,
        "domain": catalog.domain_id(estate.seed, owner),
        "status": status,
        "description": f"<div>What <b>{name}</b> means.<script>alert(1)</script></div>"
        if number == 11
        else f"What {name} means.",
        "contacts": contacts(estate, owner, *key),
        "isLeaf": bool(below),
        "managedAttributes": attributes(number),
        "systemData": system(estate, 120, *key, expired=status == "EXPIRED"),
    }
    if below:
        found["parentId"] = catalog.term_id(estate.seed, number - below)
        found["acronyms"] = [name[:3].upper()] if number % 2 else []
    if number % 7 == 0:
        found["resources"] = [{"name": "Handbook", "url": f"https://{MAIL_DOMAIN}/terms"}]
    return found


def term_relations(estate: Estate, number: int, entity_type: str) -> list[Json]:
    """What a term is related to, of one kind; the type of the columns was renamed once."""
    seed = estate.seed
    found: list[tuple[str, str]] = []
    if entity_type == "DATAASSET":
        slots = catalog_relations.described_slots(estate, number)
        found = [(catalog.asset_id(seed, slot), "Related") for slot in slots]
    elif entity_type in ("DATACOLUMN", "CRITICALDATACOLUMN"):
        places = catalog_relations.described_columns(estate, number)
        found = [(catalog.column_id(seed, *place), "Related") for place in places]
    elif entity_type == "TERM":
        related = catalog_relations.related_terms(number)
        found = [(catalog.term_id(seed, other), how) for other, how in related]
    return [stamped(estate, guid, how) for guid, how in found]


def element(estate: Estate, one: Element) -> Json:
    """One critical data element."""
    key = ("critical element", one.number)
    status = draws.pick(catalog.STATUSES, estate.seed, "status", *key)
    return {
        "id": one.id,
        "name": one.title,
        "domain": catalog.domain_id(estate.seed, one.domain),
        "status": status,
        "dataType": catalog.element_type(one.number),
        "description": f"{one.title}, wherever it is kept.",
        "contacts": contacts(estate, one.domain, *key),
        "managedAttributes": attributes(one.number),
        "systemData": system(estate, 150, *key, expired=status == "EXPIRED"),
    }


def element_relations(estate: Estate, one: Element, entity_type: str) -> list[Json]:
    """What a critical data element is related to, of one kind; the type of the columns was renamed once."""
    ids: list[str] = []
    if entity_type in ("DATACOLUMN", "CRITICALDATACOLUMN"):
        ids = [catalog.column_id(estate.seed, *place) for place in one.columns]
    elif entity_type == "TERM":
        ids = [catalog.term_id(estate.seed, catalog.term_numbers(one.template)[1])]
    return [{"entityId": each, "relationshipType": "Related"} for each in ids]


def objective(estate: Estate, number: int) -> Json:
    """One objective, with what its key results add up to."""
    owner, key = number // catalog.OBJECTIVES_PER_DOMAIN, ("objective", number)
    results = key_results(estate, number)
    due = clock.cut(estate.day + draws.number(300, estate.seed, "due", *key) - 100)
    status = draws.pick(OBJECTIVE_STATUSES, estate.seed, "status", *key)
    changed = changed_at(estate, 60, *key)
    admin = draws.guid(estate.seed, "entra", 0)
    found: Json = {
        "id": catalog.objective_id(estate.seed, number),
        "definition": f"Know who answers for the data of {DOMAINS[owner].title}.",
        "domain": catalog.domain_id(estate.seed, owner),
        "status": status,
        "contacts": contacts(estate, owner, *key),
        "additionalProperties": {
            "overallStatus": results[0]["status"] if results else "NotTracked",
            "overallProgress": float(sum(one["progress"] for one in results)),
            "overallGoal": float(sum(one["goal"] for one in results)),
            "overallMax": 100.0 * len(results),
            "keyResultsCount": len(results),
        },
        "systemData": {
            "createdAt": CREATED,
            "createdBy": admin,
            "lastModifiedAt": changed,
            "lastModifiedBy": admin,
        },
    }
    if status == "Closed":
        found["systemData"] |= {"closedAt": changed, "closedBy": admin}
    return found | ({"targetDate": due.strftime("%Y-%m-%dT00:00:00.000Z")} if number % 4 else {})


def key_results(estate: Estate, number: int) -> list[Json]:
    """Key results of an objective; some have none."""
    owner = number // catalog.OBJECTIVES_PER_DOMAIN
    return [
        {
            "id": draws.guid(estate.seed, "key result", number, turn),
            "definition": f"Share of assets with an owner, part {turn + 1}.",
            "domainId": catalog.domain_id(estate.seed, owner),
            "status": draws.pick(PROGRESS, estate.seed, "progress", number, turn),
            "progress": float(draws.number(90, estate.seed, "reached", number, turn)),
            "goal": 90.0,
            "max": 100.0,
            "systemData": {"createdAt": CREATED},
        }
        for turn in range(draws.number(4, estate.seed, "key results", number))
    ]
