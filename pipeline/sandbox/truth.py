"""What the shipped rules must find: verdicts worked out from the estate's own objects."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from . import clock, truth_access, truth_catalog, truth_immuta, truth_links, truth_owners
from .estate import Estate, History


class Expected(NamedTuple):
    """One failing or not evaluated verdict that a run over the estate must produce."""

    rule_id: str
    subject_id: str
    status: str
    reason: str


def expected(*, seed: int, assets: int, as_of: datetime) -> list[Expected]:
    """Every failing and every not evaluated verdict at `as_of`, by rule and subject."""
    estate = History(seed, assets).at(clock.day_number(as_of))
    return sorted(Expected(*verdict) for verdict in _verdicts(estate, as_of))


def _verdicts(estate: Estate, as_of: datetime) -> Iterator[tuple[str, str, str, str]]:
    yield from truth_catalog.verdicts(estate, as_of)
    yield from truth_immuta.verdicts(estate)
    yield from truth_links.verdicts(estate)
    yield from truth_owners.verdicts(estate)
    yield from truth_access.verdicts(estate, as_of)
