"""The audit history of the Data Map: what changed in the estate, by whom, told from the estate itself."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate, hosts_per_platform, life_days
from pipeline.sandbox.purview.datamap import glossary, typedefs

Json = dict[str, Any]
HISTORY_DAYS = 90
WATCHED = 20
"""Of the lasting datasets every so many-th is watched closely enough to tell its changes."""


class Event(NamedTuple):
    """One entry of the log."""

    at: int
    operation: str
    who: str
    guid: str
    name: str
    qualified_name: str
    type_name: str
    collection: str | None
    old: Json | None
    new: Json | None


def _person(estate: Estate, *key: object) -> str:
    return draws.pick(estate.people, estate.seed, "audit", *key).object_id


def _about(
    data: Dataset, at: int, operation: str, who: str, old: Json | None, new: Json | None
) -> Event:
    return Event(
        at, operation, who, data.guid, data.display_name, data.qualified_name, data.type_name,
        data.collection, old and {data.guid: old}, new and {data.guid: new},
    )  # fmt: skip


def _assets(estate: Estate) -> Iterator[Event]:
    """Datasets that came and went, labels that were given, classifications that scans changed."""
    first = estate.day - HISTORY_DAYS
    life, hosts = life_days(estate.assets), hosts_per_platform(estate.assets)
    for data in estate.datasets:
        if data.slot % 5 == 4 and data.born >= first:
            attributes = {"attributes": {"name": data.display_name}, "guid": data.guid}
            yield _about(data, data.created_at, "EntityCreated", "ServiceAdmin", None, attributes)
            if data.generation > 1:
                gone = Dataset(estate.seed, data.slot, data.born - 1, life, hosts)
                end = clock.millis(clock.moment(data.born, 0.9))
                old = {"attributes": {"name": gone.display_name}, "guid": gone.guid}
                yield _about(gone, end, "EntityDeleted", "ServiceAdmin", old, None)
        elif data.slot % WATCHED == 0:
            yield from _changes(estate, data, first)


def _changes(estate: Estate, data: Dataset, first: int) -> Iterator[Event]:
    at = data.updated_at
    if at < clock.millis(clock.cut(first)):
        return
    names = [name for column in data.columns() for name in column.classes]
    if data.is_unclassified:
        yield _about(data, at, "ClassificationDeleted", "ServiceAdmin",
                     {"classifications": ["MICROSOFT.PERSONAL.EMAIL"]}, {"classifications": []})  # fmt: skip
    elif names:
        yield _about(data, at, "ClassificationAdded", "ServiceAdmin",
                     {"classifications": []}, {"classifications": names[:3]})  # fmt: skip
    if (label := data.label) is not None:
        who = _person(estate, "label", data.slot)
        yield _about(data, at + 1000, "SensitivityLabelChanged", who, None, {"labels": [label]})
    for index in glossary.of_dataset(data):
        who, term = _person(estate, "term", data.slot, index), estate.terms[index].name
        yield _about(data, at + 2000, "GlossaryTermAssigned", who, None, {"meanings": [term]})


def _terms(estate: Estate) -> Iterator[Event]:
    for term in estate.terms:
        who = term.stewards[0] if term.stewards else _person(estate, "glossary", term.number)
        name = f"{term.name}@{glossary.NAMES[term.glossary]}"
        old, new = {"status": "Draft"}, {"status": term.status}
        yield Event(
            term.updated_at, "GlossaryTermUpdated", who, term.guid, term.name, name,
            "AtlasGlossaryTerm", None, old, new,
        )  # fmt: skip


def _definitions(estate: Estate) -> Iterator[Event]:
    """A custom classification that somebody describes anew every ten days."""
    for at, name in enumerate(name for name in typedefs.classification_names() if "." not in name):
        day = estate.day - (estate.day + at * 3) % 10
        guid = draws.guid(estate.seed, "typedef", name)
        yield Event(
            clock.millis(clock.moment(day, 0.4)), "ClassificationDefinitionUpdated",
            _person(estate, "definition", name), guid, name, name, "CLASSIFICATION", None,
            {"description": ""}, {"description": name},
        )  # fmt: skip


CATEGORIES: dict[str, Callable[[Estate], Iterator[Event]]] = {
    "Asset": _assets,
    "GlossaryTerm": _terms,
    "ClassificationDef": _definitions,
}


def events(estate: Estate, category: str) -> list[Event]:
    """Everything the log has of one category, oldest first."""
    return sorted(
        CATEGORIES[category](estate), key=lambda event: (event.at, event.guid, event.operation)
    )


def row(estate: Estate, event: Event) -> Json:
    """One entry as the service writes it: values are JSON texts, times have no zone."""
    moment = datetime.fromtimestamp(event.at // 1000, tz=clock.CUT.tzinfo)
    key = (event.guid, event.operation, event.at, json.dumps(event.new))
    found: Json = {
        "workload": "PurviewDataMap",
        "recordType": 227,
        "id": draws.guid(estate.seed, "audit event", *key),
        "creationTime": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "operation": event.operation,
        "userType": 0,
        "userKey": event.who,
        "userId": event.who,
        "changeRequestId": draws.guid(estate.seed, "change request", *key),
        "cloudType": "Azure",
        "objectId": event.guid,
        "objectName": event.name,
        "objectFullyQualifiedName": event.qualified_name,
        "objectType": event.type_name,
    }
    if event.collection is not None:
        found["objectCollectionId"] = event.collection
    for name, value in (("oldValue", event.old), ("newValue", event.new)):
        if value is not None:
            found[name] = json.dumps(value)
    return found
