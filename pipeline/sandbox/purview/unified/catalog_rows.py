"""Business domains, data products, data assets and columns as the Unified Catalog answers them (2026-03-20-preview)."""

from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import Person, of_domain
from pipeline.sandbox.purview.unified import catalog, catalog_relations, subscriptions
from pipeline.sandbox.purview.unified.catalog import BusinessDomain, DataProduct
from pipeline.sandbox.vocabulary import (
    ACCOUNT_NAME,
    DOMAINS,
    MAIL_DOMAIN,
    SUB_COLLECTIONS,
    TEMPLATES,
)

Json = dict[str, Any]
NOBODY = "00000000-0000-0000-0000-000000000000"
CREATED = "2025-10-06T08:15:02.1180000Z"
PRODUCT_TYPES = ("Master", "Analytical", "Reference", "Operational", "DashboardsOrReports", "AI")
FREQUENCIES = ("Hourly", "Daily", "Weekly", "Monthly", "Quarterly", "Yearly")
AUDIENCES = ("DataAnalyst", "BusinessAnalyst", "DataScientist", "Executive", "DataEngineer")


def responsible(estate: Estate, domain: int, *key: object) -> dict[str, list[Person]]:
    """People by role; a tenth has no owner, and administrators are rare. Who left the company may be among them."""
    team = of_domain(estate.people, domain % len(DOMAINS))
    found: dict[str, list[Person]] = {}
    if draws.share(estate.seed, "no owner", *key) >= 0.1:
        owners = 1 + draws.number(2, estate.seed, "owners", *key)
        found["owner"] = draws.sample(team, owners, estate.seed, "owner", *key)
    if draws.share(estate.seed, "expert", *key) < 0.6:
        found["expert"] = draws.sample(team, 1, estate.seed, "experts", *key)
    if draws.share(estate.seed, "administrator", *key) < 0.15:
        found["databaseAdmin"] = draws.sample(team, 1, estate.seed, "administrators", *key)
    return found


def changed_at(estate: Estate, period: int, *key: object) -> str:
    """Instant of the last change of something that changes every `period` days or so."""
    turn = draws.number(period, estate.seed, "turn", *key)
    day = (estate.day + turn) // period * period - turn
    return clock.iso_ticks(clock.moment(day, draws.share(estate.seed, "hour", *key)))


def system(estate: Estate, period: int, *key: object, expired: bool = False) -> Json:
    """Who made a row and when, and when it was last changed."""
    admin = draws.guid(estate.seed, "entra", 0)
    changed = changed_at(estate, period, *key)
    found: Json = {
        "createdAt": CREATED,
        "createdBy": admin,
        "lastModifiedAt": changed,
        "lastModifiedBy": admin,
        "provisioningState": "Succeeded",
    }
    return found | ({"expiredAt": changed, "expiredBy": admin} if expired else {})


def contacts(estate: Estate, domain: int, *key: object) -> Json:
    """The people of a row by role; a role that nobody has is absent."""
    return {
        role: [{"id": person.object_id, "description": person.name} for person in people]
        for role, people in responsible(estate, domain, *key).items()
    }


def attributes(number: int) -> list[Json]:
    """Managed attributes: none, or a retention class that was or was not filled in."""
    if number % 3 == 0:
        return []
    value = {} if number % 3 == 1 else {"value": '"7 years"'}
    return [{"name": "Records.Retention", "isRequired": True, **value}]


def domain(estate: Estate, one: BusinessDomain) -> Json:
    """One business domain; the two at the top name no other domain above them."""
    parents = (NOBODY, catalog.app_id(estate.seed))
    related: list[Json] = []
    if one.own is not None:
        own = DOMAINS[one.own]
        names = [(own.collection, own.title, ACCOUNT_NAME)]
        names += [
            (key + own.collection[:3], f"{own.title} {title}", own.collection)
            for key, title in SUB_COLLECTIONS
        ]
        related = [
            {
                "name": name,
                "friendlyName": title,
                "parentCollection": {"refName": parent, "type": "CollectionReference"},
            }
            for name, title, parent in names
        ]
    platform = {
        "name": ACCOUNT_NAME,
        "friendlyName": "Northlight",
        "relatedCollections": related,
    }
    above = one.parent
    return {
        "id": one.id,
        "name": one.title,
        "description": f"<p>What belongs to {one.title}.</p>",
        "parentId": parents[one.number % 2]
        if above is None
        else catalog.domain_id(estate.seed, above),
        "status": one.status,
        "type": catalog.DOMAIN_TYPES[one.number % len(catalog.DOMAIN_TYPES)],
        "isRestricted": one.number == 2,
        "thumbnail": {"color": "#0F6CBD"},
        "domains": [platform] if related else [],
        "managedAttributes": attributes(one.number),
        "systemData": system(estate, 200, "domain", one.number, expired=one.status == "EXPIRED"),
    }


def product(estate: Estate, one: DataProduct) -> Json:
    """One data product; what nobody filled in is absent."""
    seed, key = estate.seed, ("purview product", one.number)
    related = len(relations(estate, one, "DATAASSET"))
    found: Json = {
        "id": one.id,
        "name": one.title,
        "domain": catalog.domain_id(seed, one.domain),
        "status": one.status,
        "type": draws.pick(PRODUCT_TYPES, seed, "type", *key),
        "contacts": contacts(estate, one.domain, *key),
        "endorsed": draws.share(seed, "endorsed", *key) < 0.3,
        "activeSubscriberCount": subscriptions.active(estate, one),
        # the server counts from time to time only
        "additionalProperties": {"assetCount": related + (2 if one.number % 10 == 6 else 0)},
        "managedAttributes": attributes(one.number),
        "systemData": system(estate, 90, *key, expired=one.status == "EXPIRED"),
    }
    if draws.share(seed, "described", *key) < 0.85:
        found["description"] = f"<div>Everything about {one.template.name}.</div>"
    if draws.share(seed, "business use", *key) < 0.75:
        found["businessUse"] = "Forecasts, and the reports of the department."
    if draws.share(seed, "frequency", *key) < 0.8:
        found["updateFrequency"] = draws.pick(FREQUENCIES, seed, "often", *key)
    if draws.share(seed, "label", *key) < 0.4:
        found["sensitivityLabel"] = draws.guid(seed, "label", one.number % 3)
    if draws.share(seed, "scored", *key) < 0.7:
        found["dataQualityScore"] = round(40 + 60 * draws.share(seed, "score", *key), 2)
    if draws.share(seed, "terms of use", *key) < 0.6:
        link = {"url": f"https://{MAIL_DOMAIN}/terms/{one.number}", "name": "Terms of use"}
        found["termsOfUse"] = [link]
        found["documentation"] = [link | {"name": "Handbook"}] if one.number % 2 else []
    if one.number % 4:
        found["audience"] = draws.sample(AUDIENCES, one.number % 4, seed, "audience", *key)
    return found


def relations(estate: Estate, one: DataProduct, entity_type: str) -> list[Json]:
    """What a data product is related to, of one kind."""
    if entity_type == "DATAASSET":
        ids = [catalog.asset_id(estate.seed, slot) for slot in one.slots]
        lost = catalog.lost_asset(estate.seed, one)
        ids += [lost] if lost else []
    elif entity_type == "TERM":
        numbers = catalog.term_numbers(TEMPLATES.index(one.template))
        ids = [catalog.term_id(estate.seed, at) for at in numbers[one.number % 2 :]]
    elif entity_type == "CRITICALDATAELEMENT":
        ids = [each.id for each in catalog_relations.elements_of(estate, one)]
    elif entity_type == "OBJECTIVE":
        ids = [catalog.objective_id(estate.seed, at) for at in catalog_relations.objectives_of(one)]
    else:
        ids = []
    return [stamped(estate, each, "Related") for each in ids]


def stamped(estate: Estate, guid: str, relation: str) -> Json:
    """One relation to something, with who made it and when."""
    stamp = {"createdAt": CREATED, "createdBy": draws.guid(estate.seed, "entra", 0)}
    return {"entityId": guid, "relationshipType": relation, "description": "", "systemData": stamp}


def asset(estate: Estate, slot: int) -> Json:
    """One data asset: a copy of what the Data Map said when it was last refreshed."""
    data, key = estate.datasets[slot], ("catalog asset", slot)
    refreshed = changed_at(estate, 30, *key)
    found: Json = {
        "id": catalog.asset_id(estate.seed, slot),
        "name": data.display_name,
        "type": "ADLSGen2Path" if data.platform.is_file else "General",
        "source": {
            "type": "DataMap",
            "assetId": catalog.source_guid(estate, slot),
            "assetType": data.type_name,
            "fqn": data.qualified_name,
            "accountName": ACCOUNT_NAME,
            "lastRefreshedAt": refreshed,
            "lastRefreshedBy": NOBODY,
        },
        "classifications": sorted({name for c in data.columns() for name in c.classes}),
        "systemData": system(estate, 30, *key),
    }
    if slot % 3 == 0:
        found["contacts"] = contacts(estate, data.domain, *key)
    if data.platform.is_table and slot % 4 == 0:
        found["schema"] = _schema(data)
    return found


def _schema(data: Dataset) -> list[Json]:
    return [
        {"name": c.name, "type": c.data_type, "classifications": list(c.classes)}
        for c in data.columns()
        if not c.deleted
    ]


def column(estate: Estate, slot: int, position: int) -> Json:
    """One data column, which leads back to the column of the Data Map."""
    data = estate.datasets[slot]
    known = next(c for c in data.columns() if c.position == position)
    return {
        "id": catalog.column_id(estate.seed, slot, position),
        "source": {
            "type": "DataMap",
            "assetId": data.guid,
            "columnId": data.column_guid(position),
        },
        "columnDetails": {
            "name": known.name,
            "dataType": known.data_type,
            "qualifiedName": f"{data.qualified_name}#{known.name}",
        },
        "assetDetails": {
            "assetId": catalog.asset_id(estate.seed, slot),
            "name": data.display_name,
            "fqn": data.qualified_name,
        },
    }
