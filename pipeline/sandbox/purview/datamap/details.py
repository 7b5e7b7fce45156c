"""What people and services add to a dataset: labels, managed attributes, terms on columns, stale contacts."""

from collections.abc import Sequence
from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Contacts, Dataset
from pipeline.sandbox.people import Person
from pipeline.sandbox.purview.datamap.typedefs import HANDLING, STEWARDSHIP
from pipeline.sandbox.vocabulary import TEMPLATES

Json = dict[str, Any]
RETENTION = ("6 months", "2 years", "10 years", "Legal hold")
OVER: Json = {
    "startTime": "2019/05/01 00:00:00",
    "endTime": "2024/05/01 00:00:00",
    "timeZone": "UTC",
}
TO_COME: Json = {"startTime": "2099/01/01 00:00:00", "timeZone": "Europe/Vienna"}
HOLDING: Json = {"startTime": "2019/05/01 00:00:00", "endTime": "2099/01/01 00:00:00"}
BOUNDED = {(None, 3): (s.SSN, OVER), (None, 5): (s.US_PASSPORT, TO_COME), (1, 7): (s.EMAIL, OVER)}
"""By position of a column (none: the dataset itself) and turn of the dataset."""
REGIONS = ("eu-central", "eu-west", "us-east", "uk-south")


def of_dataset(data: Dataset) -> Json:
    """Labels, custom and managed attributes as members of the entity; absent where there are none."""
    found: Json = {}
    if data.bits[38] < 12:
        found["labels"] = ["migrated"] if data.bits[39] % 2 else ["migrated", "to be <reviewed>"]
    if data.bits[18] < 60:
        found["customAttributes"] = {"microsoft_isDescriptionRichText": "true"}
        if data.bits[18] < 20:
            found["customAttributes"]["=import batch"] = f"wave-{data.bits[18] % 3}"
    values = managed_attributes(data)
    if values:
        found["businessAttributes"] = values
    return found


def managed_attributes(data: Dataset) -> dict[str, Json]:
    """Values of managed attributes by group."""
    drawn = draws.bits(data.seed, "managed attributes", data.slot, data.generation, size=6)
    handling: Json = {}
    if drawn[0] < 150:
        handling["Retention Class"] = RETENTION[drawn[0] % len(RETENTION)]
    if drawn[1] < 60 and data.platform.is_table:
        handling["Residency"] = [REGIONS[at] for at in sorted({drawn[1] % 4, drawn[2] % 4})]
    if drawn[3] < 40:
        handling["Review Date"] = clock.millis(clock.cut(drawn[3]))
    stewardship: Json = {}
    if drawn[4] < 50:
        stewardship["Cost Centre"] = f"CC-{1000 + drawn[4]}"
    if drawn[5] < 80:
        stewardship["Golden Source"] = drawn[5] % 2 == 0
    found = {HANDLING: handling, STEWARDSHIP: stewardship}
    return {group: values for group, values in found.items() if values}


def out_of_force(
    data: Dataset, position: int | None, carried: Sequence[str]
) -> list[tuple[str, Json]]:
    """Classes that a dataset, or its column at a position, carried once or is to carry: they say nothing of today."""
    found = BOUNDED.get((position, data.slot % 29))
    return [found] if found and found[0] not in carried else []


def in_force(guid: str) -> Json:
    """Validity periods of a class that counts today: mostly nothing is said of them."""
    said: dict[int, Json] = {1: {"validityPeriods": [HOLDING]}, 2: {"validityPeriods": []}}
    return said.get(int(guid[:2], 16) % 16, {})


def column_term(data: Dataset) -> tuple[int, int] | None:
    """Position of the column that has a glossary term of its own, and the term's index."""
    if not data.has_schema or data.bits[28] % 16 != 7:
        return None
    return 1 + data.bits[29] % 3, 2 * TEMPLATES.index(data.template)


def contacts_shown(people: Sequence[Person], data: Dataset) -> Contacts:
    """Contacts as search shows them: now and then the index keeps one who has gone, or lacks a new one."""
    owners, experts = data.contacts(people)
    if data.slot % 97 == 11:
        former = people[data.slot % len(people)].object_id
        owners = tuple(dict.fromkeys((*owners, former)))
    if data.slot % 101 == 7:
        experts = ()
    return Contacts(owners, experts)
