"""The business glossary: two glossaries, their terms and who is responsible for them."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.people import Person, of_domain
from pipeline.sandbox.vocabulary import DOMAINS, TEMPLATES

STATUSES = ("Approved", "Approved", "Draft", "Alert", "Expired")
NAMES = ("Northlight Glossary", "Finance Glossary")
TEMPLATE = "Northlight Template"


class Category(NamedTuple):
    """One glossary category, in another one or at the top."""

    guid: str
    glossary: int
    name: str
    above: str | None
    terms: tuple[int, ...]


class Term(NamedTuple):
    """One glossary term."""

    number: int
    guid: str
    glossary: int
    name: str
    nick_name: str
    status: str
    domain: int
    stewards: tuple[str, ...]
    experts: tuple[str, ...]
    updated_at: int


def glossary_guid(seed: int, glossary: int) -> str:
    """Guid of one of the glossaries."""
    return draws.guid(seed, "glossary", glossary)


def terms(seed: int, day: int, people: Sequence[Person]) -> list[Term]:
    """Every term: two for each kind of table, the second one below the first."""
    return [_term(seed, day, index, people) for index in range(2 * len(TEMPLATES))]


def _term(seed: int, day: int, index: int, people: Sequence[Person]) -> Term:
    template = TEMPLATES[index // 2]
    parent = template.name.replace("_", " ").title()
    name = parent if index % 2 == 0 else f"{parent}_Reporting Definition"
    if index == 11:
        name = f"{parent}_<script>alert('term')</script>"
    team = of_domain(people, template.domain)
    turn = index * 7 % 60
    epoch = (day + turn) // 60
    return Term(
        number=index,
        guid=draws.guid(seed, "term", index),
        glossary=1 if DOMAINS[template.domain].key == "finance" else 0,
        name=name,
        nick_name=name.rpartition("_")[2],
        status=draws.pick(STATUSES, seed, "term status", index, epoch),
        domain=template.domain,
        stewards=(draws.pick(team, seed, "steward", index).object_id,) if index % 6 else (),
        experts=(draws.pick(team, seed, "term expert", index).object_id,) if index % 4 == 1 else (),
        updated_at=clock.millis(clock.moment(epoch * 60 - turn, 0.3)),
    )


def categories(seed: int) -> list[Category]:
    """The categories: one at the top of each glossary, below it one per business domain."""
    found = []
    for at in range(len(NAMES)):
        top = draws.guid(seed, "category", at)
        found.append(Category(top, at, "Business Areas", None, ()))
        for number, domain in enumerate(DOMAINS):
            if (domain.key == "finance") == (at == 1):
                terms = tuple(
                    index
                    for index in range(2 * len(TEMPLATES))
                    if TEMPLATES[index // 2].domain == number and index % 4 != 3
                )
                guid = draws.guid(seed, "category", at, domain.key)
                found.append(Category(guid, at, domain.title, top, terms))
    return found


def related(index: int) -> dict[str, tuple[int, ...]]:
    """Indexes of related terms by the kind of relation."""
    found: dict[str, tuple[int, ...]] = {"seeAlso": (index ^ 1,)} if index % 6 == 0 else {}
    if index % 10 in (2, 4):
        found["synonyms"] = (index + 2 if index % 10 == 2 else index - 2,)
    return found


def of_dataset(dataset: Dataset) -> tuple[int, ...]:
    """Indexes of the terms assigned to a dataset."""
    first = 2 * TEMPLATES.index(dataset.template)
    chance = dataset.bits[28]
    if chance < 40:
        return (first,)
    return (first, first + 1) if chance < 60 else ()
