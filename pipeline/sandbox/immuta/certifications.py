"""Global policies that owners must certify: where they apply, when each was changed last, and who certified it since."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate, hosts_per_platform, inventory, life_days
from pipeline.sandbox.immuta.sources import DataSource, data_sources
from pipeline.sandbox.people import Person

PERIOD = 28
PATIENCE = 40
TURNS = {12: 0, 9: 14}
"""By the id of a policy: its place in the days between two changes."""

_CLASSES = {12: s.ACCOUNT, 9: s.BIRTH}


class Certificate(NamedTuple):
    """One that ended with a change of its policy, or was given after it: by whom, or None where it ended."""

    id: str
    at: datetime
    source: DataSource
    policy: int
    who: Person | None


def policy_on(source: DataSource) -> int | None:
    """Id of the policy that the owner of a data source must certify, if there is one."""
    if source.dataset.bits[24] % 2:
        return None
    classes = {name for field in source.dataset.template.fields for name in field.classes}
    return next((policy for policy, name in _CLASSES.items() if name in classes), None)


def changed_on(policy: int, day: int) -> int:
    """The day on which a policy was changed last."""
    turn = TURNS[policy]
    return (day + turn) // PERIOD * PERIOD - turn


def changed_at(policy: int, day: int) -> datetime:
    """The instant of that change."""
    return clock.moment(changed_on(policy, day), 0.5)


def certificates(estate: Estate, first: int, last: int) -> Iterator[Certificate]:
    """What became of certificates in the days from `first` to `last`, and some around."""
    for policy in TURNS:
        day = changed_on(policy, last)
        while day + PERIOD > first and day >= 0:
            yield from _after(estate.seed, estate.assets, policy, day, tuple(estate.people), last)
            day -= PERIOD


@lru_cache(maxsize=32)
def _after(
    seed: int, assets: int, policy: int, day: int, people: Sequence[Person], last: int
) -> tuple[Certificate, ...]:
    """Every certificate ends with the change, and owners give a new one in time, late, or not before the next change."""
    found: list[Certificate] = []
    change = changed_at(policy, day)
    for source in data_sources(inventory(seed, assets, day)):
        if policy_on(source) != policy or source.deleted:
            continue
        key = ("certificate", policy, day, source.id)
        ended = draws.guid(seed, *key, "ended")
        found.append(Certificate(ended, change, source, policy, None))
        given = day + 1 + draws.number(PATIENCE, seed, *key)
        owner = next((row.person for row in source.access(people) if row.state == "owner"), None)
        if given <= min(last, day + PERIOD - 1) and owner and _is_there(source, given, assets):
            at = clock.moment(given, draws.share(seed, *key, "given"))
            found.append(Certificate(draws.guid(seed, *key, "given"), at, source, policy, owner))
    return tuple(found)


def _is_there(source: DataSource, day: int, assets: int) -> bool:
    """Whether the table is still the same on another day."""
    data = source.dataset
    then = Dataset(data.seed, data.slot, day, life_days(assets), hosts_per_platform(assets))
    return then.generation == data.generation
