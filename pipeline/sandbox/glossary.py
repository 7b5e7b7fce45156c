"""The business glossary: two glossaries, their terms and who is responsible for them."""

from collections.abc import Sequence
from typing import NamedTuple

from . import clock, draws
from .datasets import Dataset
from .people import Person, of_domain
from .vocabulary import DOMAINS, TEMPLATES

STATUSES = ("Approved", "Approved", "Draft", "Alert", "Expired")
NAMES = ("Northlight Glossary", "Finance Glossary")


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


def of_dataset(dataset: Dataset) -> tuple[int, ...]:
    """Indexes of the terms assigned to a dataset."""
    first = 2 * TEMPLATES.index(dataset.template)
    chance = dataset.bits[28]
    if chance < 40:
        return (first,)
    return (first, first + 1) if chance < 60 else ()
