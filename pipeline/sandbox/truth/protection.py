"""Expected verdicts about what both systems know: tables, and columns that are sensitive in one or the other."""

from collections.abc import Iterator

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import source_policies, sources
from pipeline.sandbox.immuta.policies import MASKED_TAGS
from pipeline.sandbox.immuta.sources import DataSource, Entry
from pipeline.sandbox.truth import tiers
from pipeline.sandbox.truth.tiers import CLASS_OF

Verdict = tuple[str, str, str, str]


def verdicts(estate: Estate) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of XSY-002, XSY-004 and XSY-005."""
    twins = tiers.of(estate).twins
    shown = {source.id for product in estate.products for source in product.sources}
    tables = {
        sources.canonical_path(data.platform, data.host, data.path)
        for data in estate.datasets
        if data.platform.is_table and data.is_parsable
    }
    for source in estate.data_sources:
        if source.deleted:
            continue
        twin = twins.get(source.id)
        yield from _columns(source, twin, is_shown=source.id in shown)
        if twin is not None:
            yield from _unclassified(source, twin)
        elif source.canonical_path in tables:
            yield "XSY-002", str(source.id), "not_evaluated", "two enabled sources for one table"
        elif source.platform.key == "trino":
            yield "XSY-002", str(source.id), "not_evaluated", "the table is another store's"
        else:
            yield "XSY-002", str(source.id), "fail", "the catalogue has no such table"


def _entries(source: DataSource) -> list[Entry]:
    return source.dictionary() if source.has_dictionary else []


def _columns(source: DataSource, twin: Dataset | None, *, is_shown: bool) -> Iterator[Verdict]:
    """Whether columns that are sensitive by tag or class are masked for anybody."""
    tagged = {one.name: one.tags for one in _entries(source)}
    wanted = {name for name, tags in tagged.items() if any(tag in CLASS_OF for tag in tags)}
    for column in twin.columns() if twin else ():
        if not column.deleted and any(map(s.is_sensitive, column.classes)):
            wanted.add(column.name)
    for name in wanted - _masked(source):
        subject = f"{source.id}:{name}"
        if not source_policies.has_handler(source):
            yield "XSY-004", subject, "fail", "no data policy at all"
        elif is_shown and _is_said_to_be_masked(source, tagged.get(name, ())):
            yield "XSY-004", subject, "not_evaluated", "a product says that it is masked"
        else:
            yield "XSY-004", subject, "fail", "nothing masks it"


def _masked(source: DataSource) -> set[str]:
    """Columns that a policy in force masks for somebody at least."""
    if not source_policies.is_compiled(source) or source_policies.shows_all(source):
        return set()
    return {one.name for one in source.dictionary() if any(tag in MASKED_TAGS for tag in one.tags)}


def _is_said_to_be_masked(source: DataSource, tags: tuple[str, ...]) -> bool:
    by_all = any(tag in MASKED_TAGS for tag in tags) and not source_policies.shows_all(source)
    return by_all or (source.dataset.bits[27] > 240 and bool(tags))


def _unclassified(source: DataSource, twin: Dataset) -> Iterator[Verdict]:
    """Columns for whose tags Purview has neither the class nor a stricter one."""
    classes = {column.name: column.classes for column in twin.columns() if not column.deleted}
    for entry in _entries(source):
        known = classes.get(entry.name, ())
        for name in {CLASS_OF[tag] for tag in entry.tags if tag in CLASS_OF} - {*known}:
            if not any(s.TIER.get(other, 3) < s.TIER[name] for other in known):
                yield "XSY-005", f"{source.id}:{entry.name}", "fail", "Purview has no class for it"
                break
