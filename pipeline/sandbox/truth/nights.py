"""Expected verdicts that hang on what earlier nights saw: sick sources, suspended products, new and lost columns."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import source_policies
from pipeline.sandbox.immuta.policies import MASKED_TAGS
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.truth import ways_in

Verdict = tuple[str, str, str, str]
NEW = s.UNMAPPED_TAGS[0]
NEW_DAYS = timedelta(days=7)
SUSPENDED_DAYS = timedelta(days=30)
LOOK_BACK = timedelta(days=90)


class Night(NamedTuple):
    """What a snapshot was taken of, and when."""

    as_of: datetime
    estate: Estate


def verdicts(nights: Sequence[Night]) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of PLT-001, DPR-004, CLS-005 and CLS-007 about the last of some nights."""
    *before, (as_of, estate) = nights
    for source in estate.data_sources:
        if not source.deleted:
            yield from _health(source, before)
            yield from _new_columns(source, nights)
    for product in estate.products:
        if product.suspended and _has_members(estate, product, as_of):
            yield from _suspended(product, nights)
    earlier = [night for night in before if night.as_of >= as_of - LOOK_BACK]
    for data in estate.datasets:
        yield from _lost(
            data, [found for one in earlier if (found := one.estate.dataset(data.stem))]
        )


def _health(source: DataSource, before: Sequence[Night]) -> Iterator[Verdict]:
    """A health job that fails two nights in a row is no blip; in the sandbox it goes on failing."""
    if source.is_healthy:
        return
    if before and source.id in before[-1].estate.data_source_by_id:
        yield "PLT-001", str(source.id), "fail", "its health job failed two nights in a row"
    else:
        yield "PLT-001", str(source.id), "not_evaluated", "one night does not tell"


def _new_columns(source: DataSource, nights: Sequence[Night]) -> Iterator[Verdict]:
    """Columns that have been marked as new for more than a week, as far as anybody saw."""
    if not source.has_dictionary:
        return
    seen = [one.as_of for one in nights if source.id in one.estate.data_source_by_id]
    if min(seen) >= nights[-1].as_of - NEW_DAYS:
        return
    for entry in source.dictionary():
        masked = source_policies.is_compiled(source) and not source_policies.shows_all(source)
        if NEW in entry.tags and not (masked and {*entry.tags} & MASKED_TAGS.keys()):
            yield (
                "CLS-007",
                f"{source.id}:{entry.name}",
                "fail",
                "nobody has looked at it for a week",
            )


def _has_members(estate: Estate, product: Product, as_of: datetime) -> bool:
    return any(
        one.is_member and one.type == "DATA_ACCESS" and ways_in.holds(one, as_of)
        for one in estate.requests_by_product[product.id]
    )


def _suspended(product: Product, nights: Sequence[Night]) -> Iterator[Verdict]:
    """A product is suspended since the first of the nights in a row that saw it so, or longer."""
    since = nights[-1].as_of
    began = False
    for night in reversed(nights):
        if not night.estate.product_by_id[product.id].suspended:
            began = True
            break
        since = night.as_of
    if since < nights[-1].as_of - SUSPENDED_DAYS:
        yield "DPR-004", product.id, "fail", "suspended for more than a month, with members"
    elif not began:
        yield "DPR-004", product.id, "not_evaluated", "since when it is suspended nobody saw"


def _lost(data: Dataset, earlier: Sequence[Dataset]) -> Iterator[Verdict]:
    """Columns that had a sensitive class on an earlier night and have it no more."""
    now = _classes(data)
    for guid, names in now.items():
        if any(_classes(then).get(guid, set()) - names for then in earlier):
            yield "CLS-005", guid, "fail", "a sensitive class is gone"


def _classes(data: Dataset) -> Mapping[str, set[str]]:
    """The sensitive classes of every column that is not deleted, by the guid of the column."""
    return {
        data.column_guid(column.position): {name for name in column.classes if s.is_sensitive(name)}
        for column in data.columns()
        if not column.deleted
    }
