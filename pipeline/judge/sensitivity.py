"""The sensitivity map: which classification or tag means what, and how sensitive that is."""

import json
import re
from dataclasses import dataclass

import duckdb

from pipeline.errors import ConfigError
from pipeline.judge import registers
from pipeline.judge.registers import Loaded
from pipeline.packs import Packs
from pipeline.warehouse import history, schema

NAME = "sensitivity"
"""The register that holds it."""

OBSERVED = """
select 'purview' as source, type_name as name from classification
union
select 'purview', name from classification_def
union
select 'immuta', name from immuta_tag
union
select 'immuta', tag from immuta_column_tag
union
select 'immuta', tag from immuta_source_tag
union
select 'immuta', unnest(tags) from product_column
"""

_ENTRY = json.dumps(
    dict.fromkeys(("source", "way", "form", "name", "class_key"), "varchar") | {"tier": "integer"}
)


@dataclass(frozen=True)
class Entry:
    """One line of the map: names of `source` that match mean `class_key`."""

    source: str
    way: str
    text: str
    class_key: str
    tier: int


@dataclass(frozen=True)
class SensitivityMap:
    """The whole map, as a list of entries."""

    entries: tuple[Entry, ...]

    def crosswalk(self) -> list[dict[str, str]]:
        """One row per class key and Immuta tag that is its equivalent."""
        return [
            {"class_key": entry.class_key, "tag": entry.text}
            for entry in self.entries
            if entry.source == "immuta" and entry.way == "names"
        ]


def load(packs: Packs) -> SensitivityMap:
    """The map of the packs in force.

    Raises:
        ConfigError: as `of`, or a row of its file is wrong.
    """
    return of(registers.one(packs, NAME))


def of(loaded: Loaded | None) -> SensitivityMap:
    """The map that a register says.

    Raises:
        ConfigError: it says nothing, or one name has two meanings, or one class two tiers.
    """
    if loaded is None or not loaded.rows:
        where = loaded.files[0].label if loaded else f"rules/{NAME}"
        raise ConfigError(
            f"{where}: nothing says what is sensitive, and without that nothing would be"
        )
    entries: dict[tuple[str, str, str], Entry] = {}
    tiers: dict[str, int] = {}
    for row in loaded.rows:
        entry = Entry(row["source"], row["way"], row["name"], row["class_key"], int(row["tier"]))
        where = f"{row['file']}:{row['line']}: {entry.class_key}"
        other = entries.setdefault((entry.source, entry.way, folded(entry.text)), entry)
        if other.class_key != entry.class_key:
            raise ConfigError(f"{where}: {entry.text} is a name of {other.class_key} already")
        if tiers.setdefault(entry.class_key, entry.tier) != entry.tier:
            raise ConfigError(f"{where}: tier {entry.tier}, and {tiers[entry.class_key]} above")
    return SensitivityMap(tuple(entries.values()))


def folded(name: str) -> str:
    """`name` in the form in which names are compared."""
    return name.upper().translate(str.maketrans(". ", "__"))


def write(con: duckdb.DuckDBPyConnection, known: SensitivityMap, number: int) -> None:
    """Makes `sensitivity` of snapshot `number` say what every name in the map or in the snapshot means.

    A full name beats a family, a family beats a pattern; then the stricter tier wins.
    """
    entries = [
        {
            "source": e.source,
            "way": e.way,
            "form": _pattern(e.text) if e.way == "patterns" else folded(e.text),
            "name": e.text,
            "class_key": e.class_key,
            "tier": e.tier,
        }
        for e in known.entries
    ]
    con.execute(
        "create or replace temp table map_entry as "
        f"select unnest(from_json($entries, '[{_ENTRY}]'), recursive := true)",
        {"entries": json.dumps(entries)},
    )
    con.execute(f"""
        create or replace temp table sensitivity_staged as
        select o.source, o.name, e.class_key, e.tier, 0::ubigint as content_hash
        from (
            {OBSERVED}
            union
            select source, name from map_entry where way = 'names'
        ) o
        join map_entry e
            on e.source = o.source
            and case e.way
                when 'names' then translate(upper(o.name), '. ', '__') = e.form
                when 'families' then starts_with(translate(upper(o.name), '. ', '__'), e.form)
                else regexp_full_match(translate(upper(o.name), '. ', '__'), e.form)
            end
        where o.name is not null
        qualify row_number() over (
            partition by o.source, o.name
            order by list_position(['names', 'families', 'patterns'], e.way), e.tier, e.class_key
        ) = 1
    """)
    history.merge(con, schema.tables()["sensitivity"], "sensitivity_staged", number)


def _pattern(text: str) -> str:
    return ".+".join(re.escape(part) for part in folded(text).split("*"))
