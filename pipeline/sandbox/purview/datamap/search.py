"""Data Map search: filters, order and hits over the datasets of a day."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from pipeline.sandbox import clock
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import details, entities, glossary
from pipeline.sandbox.purview.datamap.entities import Json

Predicate = Callable[[Dataset], bool]
WINDOWS = {"LAST_24H": 1, "LAST_7D": 7, "LAST_30D": 30, "LAST_365D": 365}


class QueryError(ValueError):
    """A search request that the service refuses."""


def hit_classes(data: Dataset) -> tuple[list[str], list[str]]:
    """Classifications and labels of a hit; columns are rolled up for the built-in types only."""
    own = data.classes()
    names = [name for name in own if not name.startswith(s.LABEL_PREFIX)]
    if data.platform.key != "trino":
        for column in data.columns():
            if not column.deleted:
                names.extend(column.classes)
    labels = [name for name in own if name.startswith(s.LABEL_PREFIX)]
    return list(dict.fromkeys(names)), labels


def predicate(estate: Estate, clause: Any) -> Predicate:
    """Test that a filter object stands for.

    Raises:
        QueryError: the filter uses a word that the service does not know.
    """
    if not isinstance(clause, dict):
        raise QueryError("a filter must be an object")
    if not clause:
        return lambda _: True
    for word, join in (("and", all), ("or", any)):
        if word in clause:
            parts = [predicate(estate, part) for part in clause[word]]
            return lambda data, join=join: join(part(data) for part in parts)  # type: ignore[misc]
    if "not" in clause:
        inner = predicate(estate, clause["not"])
        return lambda data: not inner(data)
    if "attributeName" in clause:
        return _attribute(clause)
    word = next(iter(clause))
    value = clause[word]
    if word in ("createTime", "updateTime"):
        return _time(estate, word, value)
    simple: dict[str, Predicate] = {
        "objectType": lambda data: data.platform.object_type == value,
        "entityType": lambda data: data.type_name == value,
        "assetType": lambda data: data.platform.asset_type == value,
        "collectionId": lambda data: data.collection == value,
        "id": lambda data: data.guid == value,
        "classification": lambda data: value in hit_classes(data)[0],
        "label": lambda data: value in hit_classes(data)[1],
        "contactId": lambda data: any(value in ids for ids in data.contacts(estate.people)),
        "termGuid": lambda data: any(
            estate.terms[index].guid == value for index in glossary.of_dataset(data)
        ),
        "term": lambda data: any(
            estate.terms[index].name == value for index in glossary.of_dataset(data)
        ),
    }
    if word not in simple:
        raise QueryError(f"the filter {word!r} is not supported")
    return simple[word]


def _attribute(clause: Json) -> Predicate:
    name, operator, value = (clause.get(k) for k in ("attributeName", "operator", "attributeValue"))
    tests: dict[Any, Callable[[str], bool]] = {
        "eq": lambda text: text == value,
        "ne": lambda text: text != value,
        "contains": lambda text: str(value) in text,
        "prefix": lambda text: text.startswith(str(value)),
    }
    if name not in ("qualifiedName", "name") or operator not in tests:
        raise QueryError(f"the filter on {name!r} with {operator!r} is not supported")
    test = tests[operator]
    if name == "name":
        return lambda data: test(data.display_name)
    return lambda data: test(data.qualified_name)


def _time(estate: Estate, word: str, value: Any) -> Predicate:
    def stamp(data: Dataset) -> int:
        return data.created_at if word == "createTime" else data.updated_at

    if isinstance(value, str) and (value in WINDOWS or value == "MORE_THAN_365D"):
        days = WINDOWS.get(value, 365)
        edge = clock.millis(clock.cut(estate.day)) - days * 86_400_000
        return lambda data: (stamp(data) >= edge) == (value in WINDOWS)
    if isinstance(value, dict) and value.get("operator") in ("lt", "le", "gt", "ge", "eq"):
        limit, sign = int(value["timeThreshold"]), value["operator"]
        return lambda data: {
            "lt": stamp(data) < limit,
            "le": stamp(data) <= limit,
            "gt": stamp(data) > limit,
            "ge": stamp(data) >= limit,
            "eq": stamp(data) == limit,
        }[sign]
    raise QueryError(f"the filter {word!r} needs a window or an operator with a timeThreshold")


def matches(estate: Estate, query: Json) -> list[Dataset]:
    """Datasets that match, in the order asked for; without one, in that of equal scores."""
    test = predicate(estate, query.get("filter") or {})
    words = (query.get("keywords") or "*").lower()
    found = [
        data
        for data in estate.datasets
        if test(data)
        and (words == "*" or words in f"{data.display_name} {data.qualified_name}".lower())
    ]
    orders = query.get("orderby") or [{"score": "ASC"}]
    keys: dict[str, Callable[[Dataset], Any]] = {
        "name": lambda data: data.display_name,
        "updateTime": lambda data: data.updated_at,
        "createTime": lambda data: data.created_at,
        "id": lambda data: data.guid,
        "score": lambda data: data.bits[20:26],
    }
    for order in reversed(orders):
        name, way = next(iter(order.items()))
        if name not in keys:
            raise QueryError(f"cannot order by {name!r}")
        found.sort(key=keys[name], reverse=str(way).upper() == "DESC")
    return found


def hit(estate: Estate, data: Dataset) -> Json:
    """One search hit; `contact` is absent where there is none."""
    classes, labels = hit_classes(data)
    owners, experts = details.contacts_shown(estate.people, data)
    found: Json = {
        "@search.score": 1.0,
        "assetType": [data.platform.asset_type],
        "classification": classes,
        "collectionId": data.collection,
        "createTime": data.created_at,
        "description": None,
        "entityType": data.type_name,
        "id": data.guid,
        "label": labels,
        "name": data.display_name,
        "objectType": data.platform.object_type,
        "owner": entities.storage_owner(data),
        "qualifiedName": data.qualified_name,
        "term": [
            {
                "glossaryName": glossary.NAMES[term.glossary],
                "guid": term.guid,
                "name": term.name,
            }
            for term in (estate.terms[index] for index in glossary.of_dataset(data))
        ],
        "updateTime": data.updated_at,
    }
    contacts = [{"contactType": "Expert", "id": who} for who in experts]
    contacts += [{"contactType": "Owner", "id": who} for who in owners]
    if contacts:
        found["contact"] = contacts
    if s.ENDORSEMENT in classes:
        found["endorsement"] = ["Certified"]
    return found


def facets(found: list[Dataset], asked: list[Json]) -> Json:
    """Counts per value of the facets asked for."""
    values: dict[str, Callable[[Dataset], list[str]]] = {
        "entityType": lambda data: [data.type_name],
        "assetType": lambda data: [data.platform.asset_type],
        "classification": lambda data: hit_classes(data)[0],
        "label": lambda data: hit_classes(data)[1],
    }
    answer = {}
    for facet in asked:
        name = facet.get("facet", "")
        if name not in values:
            raise QueryError(f"the facet {name!r} is not supported")
        counted = Counter(value for data in found for value in values[name](data))
        answer[name] = [
            {"count": count, "value": value}
            for value, count in counted.most_common(facet.get("count", 10))
        ]
    return answer
