"""Expected verdicts about tables that both systems have, and how long they have differed: gone on one side, other columns."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from pipeline.sandbox import clock
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.truth import tiers
from pipeline.sandbox.truth.nights import Night

Verdict = tuple[str, str, str, str]
COLUMNS_GRACE = timedelta(days=3)
GONE_GRACE = timedelta(days=7)
LOOK_BACK = timedelta(days=90)


def verdicts(nights: Sequence[Night]) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of XSY-007 and XSY-008 about the last of some nights."""
    as_of, estate = nights[-1]
    tables = {data.guid for data in estate.datasets}
    recent = [tiers.of(one.estate).twins for one in nights if one.as_of >= as_of - LOOK_BACK]
    twins = recent[-1]
    in_use = {
        twins[one.id].guid for one in estate.data_sources if not one.deleted and one.id in twins
    }
    for source in estate.data_sources:
        data = source.dataset
        if not source.deleted and source.id in twins:
            yield from _columns(source, data, nights)
        # a link counts for a while after it has gone
        linked = any(source.id in known for known in recent) and data.guid in tables
        if source.deleted and linked and data.guid not in in_use:
            yield from _gone(source, data, nights)


def _columns(source: DataSource, data: Dataset, nights: Sequence[Night]) -> Iterator[Verdict]:
    """Whether both systems have the same columns, or have differed for some days only."""
    subject = f"{data.guid}:{source.id}"
    listed = {column.name.lower() for column in data.columns() if not column.deleted}
    if not source.has_dictionary:
        yield "XSY-007", subject, "not_evaluated", "no dictionary"
        return
    if listed == {entry.name.lower() for entry in source.dictionary()}:
        return
    limit = nights[-1].as_of - COLUMNS_GRACE
    first = next(at for at, one in enumerate(nights) if one.estate.dataset(data.stem))
    changed = max(data.updated_at, clock.millis(source.created_at))
    if nights[first].as_of < limit or (first == 0 and changed < clock.millis(limit)):
        yield "XSY-007", subject, "fail", "a column that only one of the two has"
    elif first == 0:
        yield "XSY-007", subject, "not_evaluated", "since when they differ nobody knows"


def _gone(source: DataSource, data: Dataset, nights: Sequence[Night]) -> Iterator[Verdict]:
    """Whether a data source was disabled long ago, as far as anybody saw; Immuta's own date is that of its registration."""
    subject = f"{data.guid}:{source.id}"
    limit = nights[-1].as_of - GONE_GRACE
    states = [
        (one.as_of, found.deleted)
        for one in nights
        if (found := one.estate.data_source_by_id.get(source.id)) is not None
    ]
    alive = max((at for at, deleted in states if not deleted), default=None)
    if alive is None:
        gone_by = min(source.created_at, states[0][0])
    else:
        gone_by = min(at for at, _ in states if at > alive)
    if gone_by < limit:
        yield "XSY-008", subject, "fail", "disabled for long, and the table is still there"
    elif alive is None or alive < limit:
        yield "XSY-008", subject, "not_evaluated", "when it was disabled nobody saw"
