"""What the shipped rules must find: verdicts worked out from the estate's own objects."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.truth import access, catalog, immuta, links, owners


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
    yield from catalog.verdicts(estate, as_of)
    yield from immuta.verdicts(estate)
    yield from links.verdicts(estate)
    yield from owners.verdicts(estate)
    yield from access.verdicts(estate, as_of)
