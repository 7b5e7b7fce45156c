"""What Immuta Govern knows: data sources, dictionaries, access, policies and tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.sandbox import clock, columns, draws, platforms
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.columns import Column
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.people import Person, machines, of_domain
from pipeline.sandbox.platforms import Platform
from pipeline.sandbox.vocabulary import DOMAINS

GENERATIONS = 1000
HANDLER_OFFSET = GENERATIONS // 2
RENEWED_DAYS = 90


class Entry(NamedTuple):
    """One column of a data dictionary."""

    name: str
    data_type: str
    tags: tuple[str, ...]


class Access(NamedTuple):
    """One row of a source's access list."""

    profile_id: int
    state: str
    person: Person | None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """One Immuta data source: a registered table of the estate, or its copy."""

    id: int
    dataset: Dataset
    deleted: bool
    is_copy: bool

    def said(self, kind: str) -> dict[str, Any]:
        """What clients wrote over one kind of answer about it: here nothing (`immuta.writes`)."""
        del kind
        return {}

    @property
    def handler_id(self) -> int:
        """Number of the handler, which is not that of the data source."""
        return self.id + HANDLER_OFFSET

    @property
    def platform(self) -> Platform:
        """Platform of the table."""
        return self.dataset.platform

    @property
    def name(self) -> str:
        """Name of the source in Immuta, unique in the tenant."""
        schema = DOMAINS[self.dataset.domain].title
        title = f"{schema} {self.dataset.name} {self.platform.key}{self.dataset.host_number:02d}"
        return f"{title} stage {self.dataset.rank % 3}" + (" (copy)" if self.is_copy else "")

    @property
    def host(self) -> str:
        """Host name as it was typed when the source was registered."""
        host = self.dataset.host
        return host.upper() if self.dataset.bits[14] % 16 == 1 else host

    @property
    def path(self) -> tuple[str, str, str]:
        """Database, schema and table as Immuta spells them."""
        database, schema, table = self.dataset.path
        if self.platform.key == "synapse":
            return database, schema, table.lower() if self.dataset.bits[13] < 6 else table
        if self.dataset.bits[13] % 8 == 1:  # registered by hand, in the other case
            return database.swapcase(), schema.swapcase(), table.swapcase()
        return database, schema, table

    @property
    def canonical_path(self) -> tuple[str, str, str, str, str]:
        """Platform, host, database, schema and table in the form that links the two systems."""
        return canonical_path(self.platform, self.host, self.path)

    @property
    def created_at(self) -> datetime:
        """When the source was registered: in the day after the table appeared."""
        return clock.moment(self.dataset.born, self.dataset.bits[26] / 256)

    @property
    def has_dictionary(self) -> bool:
        """Whether the data dictionary can be read."""
        return self.dataset.bits[15] >= 4

    @property
    def is_healthy(self) -> bool:
        """Whether its health job passes."""
        return self.dataset.bits[25] > 8

    @property
    def has_global_policy(self) -> bool:
        """Whether an enabled global subscription policy applies."""
        return not self._is_open and self.dataset.bits[16] % 4 != 0

    @property
    def has_local_policy(self) -> bool:
        """Whether the source has a subscription policy of its own."""
        return not self._is_open and self.dataset.bits[16] % 4 in (0, 1)

    @property
    def lets_anyone_in(self) -> bool:
        """Whether its own policy takes whoever asks, in place of one for all data sources that is switched off."""
        return (
            self.has_local_policy
            and not self.has_global_policy
            and draws.share(self.dataset.seed, "lets anyone in", self.id) < 0.06
        )

    @property
    def _is_open(self) -> bool:
        return self._switched(0.05, 50, "open")

    def _switched(self, odds: float, period: int, *key: object) -> bool:
        data = self.dataset
        turn = data.slot * 3 % period
        return draws.switched(data.seed, data.day, odds, period, turn, "immuta", *key, self.id)

    def dictionary(self) -> list[Entry]:
        """The columns with their tags."""
        unseen = columns.count(self.dataset.template) if self.lacks_column else None
        entries = [
            self._entry(column)
            for column in self.dataset.columns()
            if not column.deleted and column.position != unseen
        ]
        if self.dataset.bits[27] < 4 and self.platform.key != "synapse":
            # the same name once more in the other case: nobody can tell which one is meant
            twin = next((e for e in entries if e.tags), entries[0])
            entries.append(Entry(twin.name.swapcase(), twin.data_type, ()))
        return entries

    @property
    def lacks_column(self) -> bool:
        """Whether the table was given its last column after Immuta had looked at it."""
        return draws.share(self.dataset.seed, "column not seen", self.id) < 0.02

    def found_alone(self, column: Column) -> tuple[str, ...]:
        """Classes that a column deserves, that no scan of Purview found, and discovery in Immuta did."""
        missed = columns.missed(self.platform, self.dataset.template, column)
        key = ("found alone", self.id, column.position)
        return missed if missed and draws.share(self.dataset.seed, *key) < 0.12 else ()

    def _entry(self, column: Column) -> Entry:
        name = column.name
        tags = [
            s.TAGS[type_name][0]
            for type_name in (*column.classes, *self.found_alone(column))
            if type_name in s.TAGS
            and not self._switched(0.06, 45, "untagged", column.position, type_name)
        ]
        if tags and self.dataset.bits[25] < 60:
            tags.append(s.COUNTRY_TAG)
        if column.position == 1 and self.dataset.generation and self.dataset.bits[24] < 60:
            tags.append(s.UNMAPPED_TAGS[0])
        if name.lower() == "debit_amount":
            tags.append(s.UNMAPPED_TAGS[1])
        return Entry(name, column.data_type.partition("(")[0], tuple(tags))

    def access(self, people: Sequence[Person]) -> list[Access]:
        """Owners, experts and subscribers; an owner may be nobody that Immuta still knows."""
        team = [p for p in of_domain(people, self.dataset.domain) if p.in_immuta]
        owners = [team[self.dataset.bits[at] % len(team)] for at in (22, 23)]
        rows = [
            Access(p.profile_id, "owner", p)
            for p in dict.fromkeys(owners[: 1 + self.dataset.bits[24] % 2])
        ]
        if self._switched(0.05, 40, "ownerless"):
            rows = []
        elif self.dataset.bits[21] < 3:
            rows = [Access(90_000 + self.dataset.slot % 1000, "owner", None)]
        taken = {row.profile_id for row in rows}
        readers = [
            p for p in people if p.in_immuta and not p.disabled and p.profile_id not in taken
        ]
        key = ("reader", self.id)
        count = 3 + self.dataset.bits[20] % 6
        chosen = draws.sample(readers, count, self.dataset.seed, *key)
        expert, *rest = chosen
        rows.append(Access(expert.profile_id, "expert", expert))
        rows += [self._subscription(at, person) for at, person in enumerate(rest)]
        if (share := draws.share(self.dataset.seed, "machine", self.id)) < 0.03:
            machine = machines(self.dataset.seed)[int(share * 100)]
            rows.append(Access(machine.profile_id, "subscribed", machine))
        return rows

    def _subscription(self, at: int, person: Person) -> Access:
        """A row of somebody who was not made owner or expert: the first may wait, the second may write."""
        if at == 0 and self.has_pending:
            return Access(person.profile_id, "pending", person)
        if at == 1 and self.dataset.bits[20] % 7 == 0:
            return Access(person.profile_id, "ingest", person)
        return Access(person.profile_id, "subscribed", person, self._end(at))

    def _end(self, at: int) -> datetime | None:
        """When a subscription ends; it is renewed again and again, always in time."""
        if (self.dataset.bits[22] + at) % 6:
            return None
        turn = self.id * 7 % RENEWED_DAYS
        day = ((self.dataset.day + turn) // RENEWED_DAYS + 1) * RENEWED_DAYS - turn
        return clock.cut(day + 1)

    @property
    def has_pending(self) -> bool:
        """Whether somebody waits for access."""
        return self.dataset.bits[20] % 5 == 1

    @property
    def has_group_access(self) -> bool:
        """Whether the readers of its department have access as a group."""
        return self.dataset.bits[23] % 4 == 0


def canonical_path(
    platform: Platform, host: str, path: tuple[str, str, str]
) -> tuple[str, str, str, str, str]:
    """Where a table lives, spelled as its platform compares it."""
    database, schema, table = (platforms.folded(platform, word) for word in path)
    return platform.key, host.lower(), database, schema, table


def data_sources(datasets: Sequence[Dataset]) -> list[DataSource]:
    """Every registered source by id; disabled ones keep being listed."""
    found: list[DataSource] = []
    for data in datasets:
        if not _is_registered(data):
            continue
        base = (data.slot + 1) * GENERATIONS + data.generation % (GENERATIONS // 4)
        turn = data.slot * 3 % 50
        off = draws.switched(data.seed, data.day, 0.06, 50, turn, "disabled", base)
        found.append(DataSource(base, data, off, False))
        if data.bits[14] < 5:
            found.append(DataSource(base + GENERATIONS // 4, data, data.bits[14] >= 3, True))
    return found


def _is_registered(data: Dataset) -> bool:
    if not data.platform.is_table or not data.is_parsable:
        return False
    sensitive = any(
        s.is_sensitive(name) for field in data.template.fields for name in field.classes
    )
    return data.bits[12] < (228 if sensitive else 100)
