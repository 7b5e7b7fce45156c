"""Data products: what belongs together, who answers for it and how access is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.sandbox import draws
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.people import Person, of_domain
from pipeline.sandbox.vocabulary import DOMAINS, TEMPLATES

SUBJECTS = ("360", "Core", "Insight", "Regulatory", "Partner", "Archive")


class Form(NamedTuple):
    """One request form of a product: for what, and whether its questions are required."""

    id: str
    request_type: str
    required: bool
    version: str


@dataclass(frozen=True, slots=True)
class Product:
    """One data product on one day."""

    index: int
    id: str
    name: str
    domain: int
    has_domain: bool
    expert: Person | None
    expert_id: str | None
    creator: Person
    suspended: bool
    forms: tuple[Form, ...]
    sources: tuple[DataSource, ...]

    def said(self, kind: str) -> dict[str, Any]:
        """What clients wrote over one kind of answer about it: here nothing (`immuta.writes`)."""
        del kind
        return {}


def count(assets: int) -> int:
    """How many products an estate of that many assets offers."""
    return max(12, min(assets * 3 // 100, 400))


def domain_id(seed: int, domain: int) -> str:
    """Id of an Immuta domain."""
    return draws.guid(seed, "immuta domain", domain)


def products(
    seed: int, assets: int, day: int, people: Sequence[Person], sources: Sequence[DataSource]
) -> list[Product]:
    """Every product; each business subject's sources are shared out among its products."""
    total = count(assets)
    shares: list[list[DataSource]] = [[] for _ in range(total)]
    for source in sources:
        data = source.dataset
        if source.deleted or source.is_copy:
            continue
        mine = range(TEMPLATES.index(data.template) % total, total, len(TEMPLATES))
        shares[mine[data.rank // len(TEMPLATES) % len(mine)]].append(source)
    return [_product(seed, day, index, people, shares[index]) for index in range(total)]


def _product(
    seed: int, day: int, index: int, people: Sequence[Person], sources: Sequence[DataSource]
) -> Product:
    def drawn(odds: float, period: int, what: str) -> bool:
        return draws.switched(seed, day, odds, period, index * 7 % period, "product", what, index)

    template = TEMPLATES[index % len(TEMPLATES)]
    team = [p for p in of_domain(people, template.domain) if p.in_immuta]
    expert: Person | None = draws.pick(team, seed, "sme", index)
    expert_id = expert.global_id if expert else None
    if drawn(0.05, 60, "no expert"):
        expert, expert_id = None, None
    elif index % 37 == 5:  # an account that was deleted in Immuta
        expert, expert_id = None, draws.guid(seed, "deleted user", index)
    subject = SUBJECTS[index // len(TEMPLATES) % len(SUBJECTS)]
    number = index // (len(TEMPLATES) * len(SUBJECTS))
    title = f"{DOMAINS[template.domain].title} {template.name.replace('_', ' ').title()} {subject}"
    return Product(
        index=index,
        id=draws.guid(seed, "product", index),
        name=title + (f" {number + 1}" if number else ""),
        domain=template.domain,
        has_domain=not drawn(0.06, 70, "no domain"),
        expert=expert,
        expert_id=expert_id,
        creator=draws.pick(team, seed, "creator", index),
        suspended=drawn(0.08, 80, "suspended"),
        forms=_forms(seed, index, drawn(0.12, 50, "poor form")),
        # what is announced before there is anything in it
        sources=() if index % 29 == 11 else tuple(sources),
    )


def _forms(seed: int, index: int, poor: bool) -> tuple[Form, ...]:
    """Forms of a product; a poor set lacks the form for access or its required questions."""

    def form(request_type: str, required: bool) -> Form:
        key = ("form", index, request_type)
        return Form(
            draws.guid(seed, *key), request_type, required, draws.cuid(seed, "version", *key)
        )

    masking = form("MASKING_EXCEPTION", True)
    if not poor:
        access = form("DATA_ACCESS", True)
        return (access, masking) if index % 2 else (access,)
    return ((), (masking,), (form("DATA_ACCESS", False),))[index % 3]
