"""What the shipped rules must find: verdicts worked out from the estate's own objects."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.sandbox import clock
from pipeline.sandbox.estate import History
from pipeline.sandbox.truth import (
    access,
    approvals,
    catalog,
    certificates,
    grants,
    immuta,
    links,
    nights,
    owners,
    pairs,
    policies,
    privileges,
    protection,
    scans,
    stewardship,
)
from pipeline.sandbox.truth.nights import Night

RULES = frozenset(
    (
        "ACC-001", "ACC-002", "ACC-003", "ACC-004", "ACC-005", "ACC-006", "ACC-007", "ACC-009",
        "ACC-011", "ACC-012", "CLS-001", "CLS-002", "CLS-004", "CLS-005", "CLS-006", "CLS-007",
        "CLS-008", "DPR-001", "DPR-002", "DPR-003", "DPR-004", "EVD-001", "EVD-002", "GLO-004",
        "MEM-001", "MEM-007", "MEM-009", "MSK-002", "OWN-001", "OWN-002", "OWN-003", "OWN-005",
        "PLT-001", "PLT-003", "PLT-005", "POL-001", "POL-002", "POL-003", "POL-004", "POL-005",
        "POL-007", "POL-008", "POL-009", "POL-010", "SCN-001", "SCN-002", "SCN-003", "SCN-005",
        "SCN-006", "XSY-001", "XSY-002", "XSY-003", "XSY-004", "XSY-005", "XSY-007", "XSY-008",
    )
)  # fmt: skip
"""The rules whose verdicts follow from how the estate was planned; in fair weather those of EVD-001 and EVD-002 are all good."""


class Expected(NamedTuple):
    """One failing or not evaluated verdict that a run over the estate must produce."""

    rule_id: str
    subject_id: str
    status: str
    reason: str


def expected(
    *, seed: int, assets: int, as_of: datetime, before: Sequence[datetime] = ()
) -> list[Expected]:
    """Every failing and every not evaluated verdict at `as_of`, by rule and subject.

    `before` has the earlier nights whose snapshots the same warehouse holds: without them it is the first.
    """
    history = History(seed, assets)
    seen = [Night(night, history.at(clock.day_number(night))) for night in (*sorted(before), as_of)]
    return sorted(Expected(*verdict) for verdict in _verdicts(seen))


def _verdicts(seen: Sequence[Night]) -> Iterator[tuple[str, str, str, str]]:
    as_of, estate = seen[-1]
    yield from catalog.verdicts(estate, as_of)
    yield from immuta.verdicts(estate)
    yield from links.verdicts(estate)
    yield from owners.verdicts(estate)
    yield from access.verdicts(estate, as_of)
    yield from approvals.verdicts(estate, as_of)
    yield from grants.verdicts(estate, as_of)
    yield from policies.verdicts(estate)
    yield from privileges.verdicts(estate)
    yield from protection.verdicts(estate)
    yield from scans.verdicts(estate, as_of)
    yield from stewardship.verdicts(estate, as_of)
    yield from certificates.verdicts(seen)
    yield from nights.verdicts(seen)
    yield from pairs.verdicts(seen)
