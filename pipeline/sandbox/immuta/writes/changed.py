"""Access requests, data products and data sources as clients left them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.sandbox import clock
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.requests import Asked, Request
from pipeline.sandbox.immuta.sources import Access, DataSource, Entry
from pipeline.sandbox.immuta.table_requests import TableRequest
from pipeline.sandbox.people import Person
from pipeline.sandbox.platforms import Platform

if TYPE_CHECKING:
    from pipeline.sandbox.immuta.writes.changes import SourceFacts

Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class ChangedSource(DataSource):
    """A data source over which something was written; `facts` win over what is drawn."""

    facts: "SourceFacts"

    def said(self, kind: str) -> Json:
        """What was written over one kind of answer."""
        return self.facts.answers.get(kind, {})

    @property
    def is_new(self) -> bool:
        """Whether the estate does not have it: a client created it."""
        return self.facts.dataset is not None

    @property
    def platform(self) -> Platform:
        """Platform of the table, at the port that was given."""
        found = super().platform
        return found if self.facts.port is None else replace(found, port=self.facts.port)

    @property
    def name(self) -> str:
        """Name of the source in Immuta."""
        return super().name if self.facts.name is None else self.facts.name

    @property
    def host(self) -> str:
        """Host name as it was given."""
        return super().host if self.facts.host is None else self.facts.host

    @property
    def path(self) -> tuple[str, str, str]:
        """Database, schema and table as they were given."""
        return super().path if self.facts.path is None else self.facts.path

    @property
    def created_at(self) -> datetime:
        """When the source was registered."""
        return self.facts.created_at or super().created_at

    @property
    def has_dictionary(self) -> bool:
        """Whether the data dictionary can be read."""
        known = self.facts.has_dictionary
        return super().has_dictionary if known is None else known

    @property
    def has_global_policy(self) -> bool:
        """Whether an enabled global subscription policy applies."""
        return not self.is_new and super().has_global_policy

    @property
    def has_local_policy(self) -> bool:
        """Whether the source has a subscription policy of its own."""
        return not self.is_new and super().has_local_policy

    @property
    def has_pending(self) -> bool:
        """Whether somebody waits for access."""
        return not self.is_new and super().has_pending

    @property
    def has_group_access(self) -> bool:
        """Whether the readers of its department have access as a group."""
        return not self.is_new and super().has_group_access

    def dictionary(self) -> list[Entry]:
        """The columns with their tags."""
        known = self.facts.entries
        return super().dictionary() if known is None else list(known)

    def access(self, people: Sequence[Person]) -> list[Access]:
        """Owners as they were written; experts and subscribers of a source that was there before."""
        owners = self.facts.owners
        if owners is None:
            return super().access(people)
        rows = [Access(one.profile_id, "owner", one) for one in owners]
        if self.is_new:
            return rows
        taken = {row.profile_id for row in rows}
        others = [row for row in super().access(people) if row.state != "owner"]
        return rows + [row for row in others if row.profile_id not in taken]


@dataclass(frozen=True, eq=False)
class ChangedProduct(Product):
    """A data product over which something was written."""

    answers: Mapping[str, Json] = field(default_factory=dict)

    def said(self, kind: str) -> Json:
        """What was written over one kind of answer."""
        return self.answers.get(kind, {})


@dataclass(frozen=True, eq=False)
class ChangedRequest(Request):
    """An access request that a client made or moved; `answers` are kept by kind, of a record by its id."""

    answers: Mapping[str, Json] = field(default_factory=dict)

    def said(self, kind: str) -> Json:
        """What was written over one kind of answer."""
        return self.answers.get(kind, {})


@dataclass(frozen=True, eq=False)
class ChangedTableRequest(TableRequest):
    """An access request for a single table that a client made or moved."""

    answers: Mapping[str, Json] = field(default_factory=dict)

    def said(self, kind: str) -> Json:
        """What was written over one kind of answer."""
        return self.answers.get(kind, {})


AnyChanged = ChangedRequest | ChangedTableRequest
Moved = TypeVar("Moved", bound=AnyChanged)


def values(one: Any) -> dict[str, Any]:
    """Fields of a dataclass by name."""
    return {known.name: getattr(one, known.name) for known in fields(one)}


def as_changed(one: Asked) -> AnyChanged:
    """A request of the estate, ready to be moved."""
    if isinstance(one, ChangedRequest | ChangedTableRequest):
        return one
    make = ChangedRequest if isinstance(one, Request) else ChangedTableRequest
    return make(**values(one))


def on_day(one: Moved, day: int) -> Moved:
    """The request on a later day: an approval that was limited has run out by then."""
    expires = one.expires_at
    if one.status != "APPROVED" or expires is None or expires > clock.cut(day):
        return one
    return replace(one, status="EXPIRED", is_member=False, updated_at=expires)
