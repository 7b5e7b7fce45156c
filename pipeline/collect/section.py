"""Sections: a source's SQL by endpoint, and what of a section runs when.

A section falls into three parts. Statements that read `pages` row by row run once per chunk, and with
them those on a table that is made of such rows and dropped again in the section. What stands before the
first of them prepares, the others run once when every page is in. A section whose statements on `pages`
look at several pages at once gets all of them in one chunk.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import duckdb

_MAKES = re.compile(r"create\s+table\s+(\w+)\s+as\s+", re.I)
_DROPS = re.compile(r"drop\s+table\s+(\w+)", re.I)
_READS_PAGES = re.compile(r"\b(?:from|join)\s+pages\b", re.I)
_REPEATABLE = re.compile(r"create\s+table\s+\w+\s+as\s|insert\s+into\s|drop\s+table\s", re.I)
_ACROSS_ROWS = re.compile(
    r"\b(?:distinct|group\s+by|order\s+by|over|having|limit|qualify)\b"
    r"|\b(?:count|sum|min|max|first|last|arg_min|arg_max|any_value|list|string_agg|row_number)\s*\(",
    re.I,
)


def sections(sql: str) -> dict[str, str]:
    """The statements of a source's SQL by endpoint, from its `-- endpoint: name` lines; what stands under
    several `-- start` or `-- finish` lines is run together, in that order."""
    parts = re.split(r"^-- (?:endpoint: (\w+)|(start|finish)).*\n", sql, flags=re.M)
    found: dict[str, str] = {}
    for at in range(1, len(parts), 3):
        name = parts[at] or parts[at + 1]
        found[name] = found.get(name, "") + parts[at + 2]
    return found


@dataclass(frozen=True)
class Section:
    """Statements of an endpoint's section: `once` per run, `per_chunk` of pages, `at_the_end`."""

    once: tuple[str, ...]
    per_chunk: tuple[str, ...]
    at_the_end: tuple[str, ...]
    divisible: bool

    def following(self) -> Iterator[str]:
        """The statements per chunk for every chunk after the first: what made a table adds to it."""
        dropped = {match[1] for text in self.per_chunk if (match := _DROPS.match(text))}
        for text in self.per_chunk:
            made = _MAKES.match(text)
            if made and made[1] not in dropped:
                yield f"insert into {made[1]} {text[made.end() :]}"
            else:
                yield text


@cache
def section(sql: str) -> Section:
    """A section's statements, sorted by when they run."""
    statements = [found.query.strip() for found in duckdb.extract_statements(sql)]
    plain = [_without(text, r"--[^\n]*") for text in statements]
    dropped = {match[1] for text in plain if (match := _DROPS.match(text))}
    # tables that live for one chunk
    passing: set[str] = set()
    chosen: list[int] = []
    for at, text in enumerate(plain):
        if _READS_PAGES.search(text) or any(re.search(rf"\b{name}\b", text) for name in passing):
            chosen.append(at)
            made = _MAKES.match(text)
            if made and made[1] in dropped:
                passing.add(made[1])
    rows_alone = [_without(plain[at], r"'(?:[^']|'')*'") for at in chosen]
    repeatable = all(_REPEATABLE.match(text) for text in rows_alone)
    first = chosen[0] if chosen else 0
    return Section(
        tuple(statements[:first]),
        tuple(statements[at] for at in chosen),
        tuple(text for at, text in enumerate(statements) if at >= first and at not in chosen),
        divisible=repeatable and not any(_ACROSS_ROWS.search(text) for text in rows_alone),
    )


def _without(text: str, pattern: str) -> str:
    return re.sub(pattern, "", text)
