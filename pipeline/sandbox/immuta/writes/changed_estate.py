"""The estate of the day with the writes of one server laid over it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from pipeline.sandbox.estate import Estate, World
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.requests import Request
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.table_requests import TableRequest
from pipeline.sandbox.immuta.writes.changed import (
    ChangedProduct,
    ChangedRequest,
    ChangedSource,
    ChangedTableRequest,
    on_day,
    values,
)
from pipeline.sandbox.immuta.writes.changes import Changes, ProductFacts
from pipeline.sandbox.immuta.writes.policy_fit import applied, fits, in_force


class ChangedEstate(Estate):
    """An estate that shows what was written; what nobody wrote about is that of the day."""

    def __init__(self, base: Estate, changes: Changes) -> None:
        kept = vars(base).items()
        self.__dict__.update(
            {name: value for name, value in kept if not _is_derived(name)}  # drawn, not worked out
        )
        self._base, self._changes = base, changes

    def listed(self, kind: str, rows: Any) -> list[dict[str, Any]]:
        """Rows of one kind with what clients wrote over them."""
        return self._changes.listed(kind, rows)

    def policies_on(
        self, source: DataSource, rows: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Global policies on a data source: those left of the estate's, and those written that fit it."""
        written = self._changes.rows.get("policy", {})
        drawn = [] if isinstance(source, ChangedSource) and source.is_new else rows
        found = [row for row in drawn if row["id"] not in written]
        return found + [
            applied(row)
            for row in written.values()
            if row is not None and in_force(row) and fits(row, source)
        ]

    @cached_property
    def data_sources(self) -> list[DataSource]:
        """Immuta data sources by id."""
        written = dict(self._changes.sources)
        found: list[DataSource] = []
        for base in self._base.data_sources:
            facts = written.pop(base.id, None)
            if facts is None:
                found.append(base)
            elif not facts.removed:
                deleted = base.deleted if facts.deleted is None else facts.deleted
                found.append(ChangedSource(base.id, base.dataset, deleted, base.is_copy, facts))
        for number, facts in written.items():
            if facts.dataset is not None and not facts.removed:
                found.append(
                    ChangedSource(number, facts.dataset, bool(facts.deleted), False, facts)
                )
        return sorted(found, key=lambda source: source.id)

    @cached_property
    def products(self) -> list[Product]:
        """Data products."""
        written = dict(self._changes.products)
        found = [self._product(base, written.pop(base.id, None)) for base in self._base.products]
        found += [
            self._product(facts.base, facts) for facts in written.values() if facts.base is not None
        ]
        return [product for product in found if product is not None]

    def _product(self, base: Product, facts: ProductFacts | None) -> Product | None:
        ids = [source.id for source in base.sources]
        if facts is not None and facts.source_ids is not None:
            ids = list(facts.source_ids)
        known = [self.data_source_by_id[one] for one in ids if one in self.data_source_by_id]
        sources = tuple(source for source in known if not source.deleted)
        if facts is None:
            return base if sources == base.sources else replace(base, sources=sources)
        if facts.removed:
            return None
        fields = {**values(base), **facts.fields, "sources": sources, "answers": facts.answers}
        return ChangedProduct(**fields)

    @cached_property
    def requests_by_product(self) -> dict[str, list[Request]]:
        """Access requests of each product."""
        written: dict[str, dict[str, ChangedRequest]] = {}
        for request in self._changes.requests.values():
            if isinstance(request, ChangedRequest):
                written.setdefault(request.product.id, {})[request.id] = on_day(request, self.day)
        found: dict[str, list[Request]] = {}
        for product in self.products:
            mine = {one.id: one for one in self._base.requests_by_product.get(product.id, [])}
            both = {**mine, **written.get(product.id, {})}
            found[product.id] = [
                one if one.product is product else replace(one, product=product)
                for one in both.values()
            ]
        return found

    @cached_property
    def table_requests(self) -> list[TableRequest]:
        """Access requests for single tables that are there."""
        both = {one.id: one for one in self._base.table_requests}
        for request in self._changes.requests.values():
            if isinstance(request, ChangedTableRequest):
                both[request.id] = on_day(request, self.day)
        known = self.data_source_by_id
        return [
            one if one.source is known[one.source.id] else replace(one, source=known[one.source.id])
            for one in both.values()
            if one.source.id in known
        ]

    @cached_property
    def narrowed(self) -> Estate:
        """What an identity without permissions is shown of it."""
        seen = ChangedEstate(self._base.narrowed, self._changes)
        seen.immuta_people = self._base.narrowed.immuta_people
        return seen


def _is_derived(name: str) -> bool:
    return isinstance(getattr(Estate, name, None), cached_property)


class ChangedWorld(World):
    """The estate that one server shows: of the day, with what was written to this server."""

    def __init__(self, seed: int, assets: int, as_of: datetime | None) -> None:
        super().__init__(seed, assets, as_of)
        self.changes = Changes(seed)
        self._shown: tuple[tuple[int, int], Estate] | None = None

    def now(self) -> Estate:
        """The present estate."""
        base = super().now()
        if not self.changes.version:
            return base
        state = (base.day, self.changes.version)
        if self._shown is None or self._shown[0] != state:
            self._shown = (state, ChangedEstate(base, self.changes))
        return self._shown[1]
