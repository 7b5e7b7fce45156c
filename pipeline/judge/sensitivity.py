"""The sensitivity map: which classification or tag means what, and how sensitive that is."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.judge import document
from pipeline.judge.document import Document
from pipeline.packs import Packs
from pipeline.warehouse import history, schema

SOURCES = ("purview", "immuta")
TIERS = (0, 1, 2, 3)
WAYS = ("names", "families", "patterns")

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
        ConfigError: an unknown key, a wrong tier, or one name with two meanings.
    """
    doc = document.read(packs.file("rules/sensitivity.yaml"))
    entries: dict[tuple[str, str, str], Entry] = {}
    for class_key, about in doc.values.items():
        for entry in _entries(doc, class_key, about):
            place = (entry.source, entry.way, folded(entry.text))
            other = entries.setdefault(place, entry)
            if other.class_key != class_key:
                raise doc.error(class_key, f"{entry.text} is a name of {other.class_key} already")
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


def _entries(doc: Document, class_key: str, about: Any) -> Iterator[Entry]:
    valid = ("tier", *SOURCES, "protection")
    if not isinstance(about, Mapping) or not set(about) <= set(valid):
        raise doc.error(class_key, f"not a mapping with the keys {', '.join(valid)}")
    tier = about.get("tier")
    if tier not in TIERS:
        raise doc.error(class_key, f"tier {tier!r} is not one of {', '.join(map(str, TIERS))}")
    for source in SOURCES:
        for way, texts in about.get(source, {}).items():
            if way not in WAYS:
                raise doc.error(class_key, f"{source}: {way}: not one of {', '.join(WAYS)}")
            for text in texts:
                yield Entry(source, way, text, class_key, tier)


def _pattern(text: str) -> str:
    return ".+".join(re.escape(part) for part in folded(text).split("*"))
