"""The datasets of a day: compact records whose columns and contacts are worked out on demand."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.sandbox import clock, columns, draws, platforms
from pipeline.sandbox import people as people_of
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.columns import Column
from pipeline.sandbox.people import Person, of_domain
from pipeline.sandbox.vocabulary import (
    ACCOUNT_NAME,
    DOMAINS,
    HOSTILE_NAMES,
    REPORT_WORDS,
    SUB_COLLECTIONS,
    TEMPLATES,
    VARIANTS,
)

SCHEMA_MARK = "f6f6f6"


class Contacts(NamedTuple):
    """Object ids of the owners and experts of a dataset; an id may be an empty string."""

    owners: tuple[str, ...]
    experts: tuple[str, ...]


class Dataset:
    """One table, file or report: a generation of a slot of the estate, on one day."""

    __slots__ = (
        "_bare",
        "bits", "born", "day", "domain", "generation", "host_number", "name", "platform", "rank",
        "seed", "slot", "stem", "template",
    )  # fmt: skip

    def __init__(self, seed: int, slot: int, day: int, life: int, hosts: int) -> None:
        self.seed, self.slot, self.day = seed, slot, day
        self._bare: bool | None = None
        self.platform, self.rank = platforms.of_slot(slot)
        volatile = slot % 5 == 4
        turn = slot // 5 % life
        self.generation = 1 + (day + turn) // life if volatile else 0
        self.bits = draws.bits(seed, "dataset", slot, self.generation, size=40)
        if volatile:
            self.born = (self.generation - 1) * life - turn
        else:
            self.born = -30 - int.from_bytes(self.bits[30:32]) % 600
        text = self.bits[:12].hex()
        self.stem = f"{text[:8]}-{text[8:12]}-4{text[12:15]}-a{text[15:18]}-{text[18:20]}"
        place = self.rank // len(TEMPLATES)
        self.template = TEMPLATES[self.rank % len(TEMPLATES)]
        self.domain = self.template.domain
        self.host_number = 1 + (place + self.rank) % hosts
        self.name = self._table_name(place)

    def _table_name(self, place: int) -> str:
        """Name that no other dataset of the platform has, by the rank it is made from."""
        repeat, variant = divmod(place, len(VARIANTS))
        name = self.template.name + VARIANTS[variant] + (f"_{repeat:02d}" if repeat else "")
        return name + (f"_g{self.generation}" if self.generation else "")

    @property
    def guid(self) -> str:
        """Guid in the Data Map; tables end in zeros, their columns count up from there."""
        if self.platform.is_table:
            return self.schema_guid
        return self.stem + self.bits[12:17].hex()

    @property
    def schema_guid(self) -> str:
        """Guid of the table, or of the tabular schema of a file."""
        return f"{self.stem}{SCHEMA_MARK}0000"

    def column_guid(self, position: int) -> str:
        """Guid of the column at a position (from 1)."""
        return f"{self.stem}{SCHEMA_MARK}{position:04x}"

    @property
    def type_name(self) -> str:
        """Type name in the Data Map."""
        if self.platform.is_file and self.rank % 3 == 2:
            return "azure_datalake_gen2_resource_set"
        return self.platform.type_name

    @property
    def path(self) -> tuple[str, str, str]:
        """Database, schema and table as the platform spells them."""
        key = DOMAINS[self.domain].key
        database = {"databricks": "main", "trino": "lake"}.get(self.platform.key, "dw")
        words = (f"{database}_{'raw' if self.rank % 3 else 'curated'}", key, self.name)
        return (
            platforms.spelled(self.platform, words[0]),
            platforms.spelled(self.platform, words[1]),
            platforms.spelled(self.platform, words[2]),
        )

    @property
    def host(self) -> str:
        """Host name of the instance that holds the dataset."""
        return platforms.host(self.platform, self.host_number)

    @property
    def has_schema(self) -> bool:
        """Whether columns are known: some files are images or documents."""
        return not self.platform.is_report and not (self.platform.is_file and self.rank % 7 == 3)

    @property
    def is_parsable(self) -> bool:
        """Whether the qualified name of a table names host, database, schema and table."""
        return self.bits[17] >= 2

    @property
    def qualified_name(self) -> str:
        """Qualified name in the Data Map."""
        if self.platform.is_report:
            workspace = draws.guid(self.seed, "workspace", self.domain)
            return f"https://app.powerbi.com/groups/{workspace}/reports/{self.guid}"
        if self.platform.is_file:
            key, stage = DOMAINS[self.domain].key, "02-curated" if self.rank % 2 else "01-raw"
            return f"https://{self.host}/{stage}/{key}/{self.file_name}"
        write = platforms.qualified_name if self.is_parsable else platforms.broken_name
        return write(self.platform, self.host, self.path)

    @property
    def file_name(self) -> str:
        """Last part of a file's path."""
        if not self.has_schema:
            return f"{self.name}.pdf"
        if self.type_name.endswith("resource_set"):
            return self.name + "/{Year}/{Month}/part-{N}.parquet"
        return f"{self.name}.csv"

    @property
    def display_name(self) -> str:
        """Name shown to people; a handful are hostile to whoever prints them unescaped."""
        if self.slot % 283 == 101:
            return HOSTILE_NAMES[self.slot // 283 % len(HOSTILE_NAMES)]
        if self.platform.is_report:
            word = REPORT_WORDS[self.bits[18] % len(REPORT_WORDS)]
            return f"{self.name.replace('_', ' ').title()} {word}"
        return self.file_name.partition("/")[0] if self.platform.is_file else self.path[2]

    @property
    def collection(self) -> str:
        """Name of the collection that the dataset is filed in."""
        if self.bits[19] < 3:
            return ACCOUNT_NAME
        return SUB_COLLECTIONS[self.rank % 2][0] + DOMAINS[self.domain].collection[:3]

    def _switched(self, odds: float, period: int, *key: object) -> bool:
        turn = self.slot * 7 % period
        return draws.switched(
            self.seed, self.day, odds, period, turn, *key, self.slot, self.generation
        )

    @property
    def is_unclassified(self) -> bool:
        """Whether no scan has left a classification on it so far."""
        if self._bare is None:
            self._bare = self._switched(0.06, 50, "unclassified")
        return self._bare

    def columns(self) -> list[Column]:
        """The columns with their present classifications, deleted ones last."""
        if not self.has_schema:
            return []
        plain = columns.deserved(self.platform, self.template)
        if self.is_unclassified:
            found = [c._replace(classes=()) if c.classes else c for c in plain]
        else:
            found = [self._scanned(c) if c.classes else c for c in plain]
        if self.slot % 283 == 101:
            found.append(Column(len(found) + 1, '=1+1 "<b>note</b>"', "varchar(40)", ()))
        if self.slot % 53 == 17:
            found.append(Column(len(found) + 1, "legacy_ssn", "varchar(11)", (s.SSN,), True))
        return found

    def _scanned(self, column: Column) -> Column:
        found = self._classes(column.position - 1, column.classes)
        return column if found is column.classes else column._replace(classes=found)

    def _classes(self, at: int, deserved: tuple[str, ...]) -> tuple[str, ...]:
        """Classes that scans found on a column: some miss it, some find an address as well."""
        if deserved[0] == s.PASSWORDS:
            return deserved if self._switched(0.15, 40, "secret") else ()
        if self.bits[20 + at % 10] < 16:
            return ()
        if at == 1 and self._switched(0.08, 35, "further class"):
            return (*deserved, s.IP) if s.IP not in deserved else deserved
        return deserved

    def classes(self) -> list[str]:
        """Classifications of the dataset itself: marker, roll-up of a file, label, endorsement."""
        found: list[str] = []
        deserved = [name for field in self.template.fields for name in field.classes]
        sensitive = any(s.is_sensitive(name) for name in deserved)
        if not self.is_unclassified:
            if self.platform.is_file:
                kept = [c for c in self.columns() if c.classes and not c.deleted]
                found += sorted({name for column in kept for name in column.classes})
                if not self.has_schema and sensitive:
                    found.append(deserved[self.bits[32] % len(deserved)])
            if not sensitive and self.bits[33] < 200 and not self.platform.is_report:
                found.append(s.MARKER)
            if self.slot == 21 and self._switched(0.5, 9, "programme"):
                found.append(s.PROGRAMME)
        if (label := self.label) is not None:
            found.append(label)
        if self.platform.is_report and self.bits[35] < 40:
            found.append(s.ENDORSEMENT)
        return list(dict.fromkeys(found))

    @property
    def label(self) -> str | None:
        """Sensitivity label, as the classification that Purview makes of it."""
        if self.bits[34] >= 70:
            return None
        deserved = next((field.classes[0] for field in self.template.fields if field.classes), "")
        if s.TIER.get(deserved, 3) >= 3:
            return None
        label = draws.guid(self.seed, "label", self.bits[34] % 3)
        return s.LABEL_PREFIX + label.upper().replace("-", "_")

    def contacts(self, people: Sequence[Person]) -> Contacts:
        """Owners and experts by object id."""
        team = of_domain(people, self.domain)
        owner, expert = (team[self.bits[at] % len(team)].object_id for at in (36, 37))
        experts = (expert,) if self.bits[38] < 120 else ()
        if self._switched(0.10, 45, "ownerless"):
            return Contacts(("",) if self.bits[39] < 50 else (), experts)
        owner = self._stand_in() or owner
        deputy = team[self.bits[38] % len(team)].object_id
        return Contacts(tuple(dict.fromkeys((owner, deputy)[: 1 + self.bits[39] % 2])), experts)

    def _stand_in(self) -> str | None:
        """Owner that is no person: the owners' group of the domain, the group of an old project, or a machine."""
        chance = self.bits[35] ^ self.bits[34]
        if chance < 24:
            return people_of.owners_group(self.seed, self.domain)
        if chance < 34:
            return people_of.project_group(self.seed, self.domain)
        return people_of.machine_id(self.seed, "catalog-sync") if chance < 42 else None

    @property
    def created_at(self) -> int:
        """Epoch milliseconds of its first appearance in the Data Map."""
        return clock.millis(clock.moment(self.born, self.bits[31] / 256))

    @property
    def updated_at(self) -> int:
        """Epoch milliseconds of the last change to the dataset or its columns."""
        watched = [(0.06, 50, "unclassified"), (0.10, 45, "ownerless")]
        if self.has_schema:
            watched += [(0.08, 35, "further class"), (0.15, 40, "secret")]
        days = [
            draws.last_switch(
                self.seed, self.day, odds, period, self.slot * 7 % period, self.born,
                key, self.slot, self.generation,
            )
            for odds, period, key in watched
        ]  # fmt: skip
        day = max([self.born, *(day for day in days if day <= self.day)])
        return max(self.created_at, clock.millis(clock.moment(day, self.bits[29] / 256)))
