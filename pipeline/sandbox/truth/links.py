"""Expected verdicts about tables that both systems should know, and about their columns."""

from collections import defaultdict
from collections.abc import Iterator

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import sources
from pipeline.sandbox.immuta.sources import DataSource

Verdict = tuple[str, str, str, str]


def verdicts(estate: Estate) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of the XSY rules."""
    registered: dict[tuple[str, ...], list[DataSource]] = defaultdict(list)
    for source in estate.data_sources:
        if not source.deleted:
            registered[source.canonical_path].append(source)
    for data in estate.datasets:
        if data.platform.is_table:
            yield from _table(data, registered)


def _table(data: Dataset, registered: dict[tuple[str, ...], list[DataSource]]) -> Iterator[Verdict]:
    columns = [column for column in data.columns() if not column.deleted]
    if not any(s.is_sensitive(name) for column in columns for name in column.classes):
        return
    if not data.is_parsable:
        yield "XSY-001", data.guid, "not_evaluated", "qualified name names no table"
        return
    found = registered[sources.canonical_path(data.platform, data.host, data.path)]
    if len(found) > 1:
        yield "XSY-001", data.guid, "not_evaluated", "two enabled sources for one table"
    elif not found:
        yield "XSY-001", data.guid, "fail", "no enabled source for the table"
    else:
        yield from _columns(data, found[0])


def _columns(data: Dataset, source: DataSource) -> Iterator[Verdict]:
    tagged: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for entry in source.dictionary():
        tagged[entry.name.lower()].append(entry.tags)
    for column in data.columns():
        wanted = [name for name in column.classes if s.is_sensitive(name) and name in s.TAGS]
        if column.deleted or not wanted:
            continue
        guid = data.column_guid(column.position)
        candidates = tagged[column.name.lower()]
        if not source.has_dictionary:
            yield "XSY-003", guid, "not_evaluated", "source has no dictionary"
        elif len(candidates) > 1:
            yield "XSY-003", guid, "not_evaluated", "column name is ambiguous"
        elif candidates and not all(s.has_counterpart(name, candidates[0]) for name in wanted):
            yield "XSY-003", guid, "fail", "counterpart tag is missing"
