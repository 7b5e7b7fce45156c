"""Answers of Immuta's V1 API as the payloads of V2 that would have made what they show."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.sandbox.immuta.sources import DataSource

Json = dict[str, Any]
MASKS = {"Consistent Value": "Hash"}
JOINED = {"and": "all", "or": "any"}
SUBSCRIPTIONS = {
    "automatic": "anyone",
    "approval": "approval",
    "policy": "entitlements",
    "advanced": "entitlements",
    "manual": "manual",
}


class Place(NamedTuple):
    """Where tables of one data connection lie, without regard to case."""

    platform: str
    host: str
    database: str
    schema: str


def policy(row: Json) -> Json:
    """A global policy as the payload that makes it."""
    circumstances = [_circumstance(one) for one in row["circumstances"] or ()]
    found: Json = {"policyKey": row["policyKey"], "name": row["name"], "type": row["type"]}
    if row["type"] == "data":
        found["actions"] = [
            without_nulls(
                {"description": one["description"], "rules": [_rule(r) for r in one["rules"]]}
            )
            for one in row["actions"]
        ]
    else:
        found["actions"] = subscription(row["actions"][0])
    if circumstances:
        words = {one.get("operator") for one in row["circumstances"]} - {None}
        found["circumstanceOperator"] = JOINED[words.pop()] if words else "any"
        found["circumstances"] = circumstances
    found["staged"] = row["staged"]
    if row["template"]:
        found["template"] = True
    if row.get("certification"):
        found["certification"] = without_nulls(row["certification"])
    restrictions = row.get("ownerRestrictions")
    if restrictions:
        found["ownerRestrictions"] = restrictions
    return found


def _circumstance(one: Json) -> Json:
    plain = {key: value for key, value in one.items() if key != "operator"}
    for key in ("tag", "columnTag"):
        if key in plain:
            plain[key] = name(plain[key])
    return plain


def _rule(row: Json) -> Json:
    """A rule; row restrictions answer `rowOrObjectRestriction` for both kinds that V2 has."""
    config = row["config"]
    found: Json = {"type": "Masking" if row["type"] == "masking" else row["type"]}
    if row["type"] == "masking":
        mask = config["maskingConfig"]
        inside = {**(mask.get("metadata") or {}), **mask}
        inside.pop("metadata", None)
        found["config"] = {
            "operator": JOINED.get(config.get("operator", "or"), "any"),
            "fields": [
                {"type": "columnTags", "columnTag": name(field.get("columnTag") or field)}
                for field in config["fields"]
            ],
            "maskingConfig": {**inside, "type": MASKS.get(mask["type"], mask["type"])},
        }
    elif config.get("predicate"):
        found |= {
            "type": "Row Restriction by Custom Where Clause",
            "config": {"predicate": config["predicate"]},
        }
    else:
        found |= {
            "type": "Row Restriction by User Entitlements",
            "config": {
                "operator": "any",
                "matches": _matches((config.get("qualifications") or {}).get("conditions") or ()),
            },
        }
    for key in ("exceptions", "inclusions"):
        grants = _grants(row.get(key))
        if grants:
            found[key] = grants
    return found


def _matches(conditions: Sequence[Json]) -> list[Json]:
    return [
        {
            "type": "attribute",
            "attribute": (one.get("authorization") or {}).get("auth", ""),
            "tag": name(one.get("columnTag") or one.get("tag") or ""),
        }
        for one in conditions
    ]


def _grants(row: Json | None) -> Json:
    """Groups and attributes that let people in, or leave them out; {} for none."""
    conditions = (row or {}).get("conditions") or []
    groups = [one["group"]["name"] for one in conditions if one["type"] == "groups"]
    attributes = [
        {"name": one["authorization"]["auth"], "value": one["authorization"]["value"]}
        for one in conditions
        if one["type"] == "authorizations"
    ]
    under = [one["value"] for one in conditions if one["type"] == "purposes"]
    if not groups and not attributes and not under:
        return {}
    found = {"groups": groups, "attributes": attributes, "purposes": under}
    return {"operator": JOINED[(row or {})["operator"]]} | {k: v for k, v in found.items() if v}


def subscription(row: Json) -> Json:
    """How people join, as `actions` of a policy or `subscriptionPolicy` of a project."""
    found: Json = {"type": SUBSCRIPTIONS[row["subscriptionType"]]}
    for key in ("description", "automaticSubscription", "allowDiscovery", "shareResponsibility",
                "accessGrant"):  # fmt: skip
        if row.get(key) is not None:
            found[key] = row[key]
    advanced = row.get("advanced") or (row.get("exceptions") or {}).get("advanced")
    if advanced:
        found["advanced"] = advanced
    elif found["type"] == "entitlements":
        grants = _grants(row.get("exceptions"))
        found |= {"entitlements": grants} if grants else {}
    if row.get("approvals"):
        keys = ("requiredPermission", "specificApproverRequired")
        found["approvals"] = [
            {key: one[key] for key in keys if key in one} for one in row["approvals"]
        ]
    return found


def purposes(rows: Sequence[Json]) -> list[Json]:
    """Purposes as trees: `Parent.Child` stands below `Parent`."""
    by_name: dict[str, Json] = {}
    roots: list[Json] = []
    for row in sorted(rows, key=lambda one: str(one["name"])):
        name = row["name"]
        one = without_nulls(
            {
                "name": name,
                "description": row.get("description"),
                "acknowledgement": row.get("acknowledgement"),
            }
        )
        by_name[name] = one
        parent = by_name.get(name.rpartition(".")[0])
        if parent is None:
            roots.append(one)
        else:
            one["name"] = name.rpartition(".")[2]
            parent.setdefault("subpurposes", []).append(one)
    return roots


def connections(sources: Sequence[tuple[DataSource, Json]]) -> list[Json]:
    """Data sources as the connections they could have been registered with: one for each schema."""
    places: dict[Place, list[tuple[DataSource, Json]]] = defaultdict(list)
    for source, detail in sources:
        database, schema, _ = source.path
        place = Place(
            source.platform.technology, source.host.lower(), database.lower(), schema.lower()
        )
        places[place].append((source, detail))
    return [_connection(place, found) for place, found in sorted(places.items())]


def _connection(place: Place, sources: Sequence[tuple[DataSource, Json]]) -> Json:
    source = sources[0][0]
    database, schema, _ = source.path
    tags = set.intersection(*({name(tag) for tag in detail["tags"]} for _, detail in sources))
    return {
        "connectionKey": "-".join((place.host.partition(".")[0], place.database, place.schema)),
        "connection": {
            "handler": place.platform,
            "hostname": place.host,
            "port": source.platform.port,
            "database": database,
            "schema": schema,
            "username": "immuta_svc",
            # whoever deploys fills it in
            "password": "${IMMUTA_CONNECTION_PASSWORD}",
        },
        "nameTemplate": {"dataSourceFormat": "<schema>.<tablename>", "schemaFormat": "<schema>"},
        "options": {"tableTags": sorted(tags)},
    }


def name(value: Any) -> str:
    """A name, which V1 often puts into an object."""
    return str(value["name"]) if isinstance(value, dict) else str(value)


def without_nulls(row: Mapping[str, Any]) -> Json:
    """What a row says, without what it says nothing of."""
    return {key: value for key, value in row.items() if value is not None}
