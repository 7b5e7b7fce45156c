"""From a finding back to the bytes: its verdict, the rows it rests on, and the page each row was read from."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import PageError, UsageError
from pipeline.judge import holes
from pipeline.judge.subjects import SUBJECTS
from pipeline.warehouse import lines, pages, schema, tabular

RELATED_ROWS = 20
"""Rows shown of one related table; a data source can have thousands of runs."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """One row a verdict rests on, the exchange it came from, and the item in that page, digest verified.

    `item` is None when the page cannot be read back; `problem` says why.
    """

    table: str
    row: Row
    exchange: Row | None
    item: Any
    problem: str | None


@dataclass(frozen=True)
class Trail:
    """Everything known about one finding: `verdict` is None when its subject has none any more."""

    finding: Row
    rule: Row | None
    verdict: Row | None
    sources: tuple[Source, ...]
    exchanges: tuple[Row, ...]


def find(con: duckdb.DuckDBPyConnection, prefix: str) -> Row:
    """The finding whose id starts with `prefix`.

    Raises:
        UsageError: none does, or several do.
    """
    rows = fetch(
        con,
        "select * from finding where starts_with(id, $prefix) order by id limit 6",
        prefix=prefix,
    )
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise UsageError(f"no finding {prefix!r}; `muster findings list` shows their ids")
    some = ", ".join(row["id"] for row in rows)
    raise UsageError(f"{prefix!r} starts several ids: {some}; give more of it")


def trail(con: duckdb.DuckDBPyConnection, finding: Row, raw: Path) -> Trail:
    """The way from `finding` to its pages, which are below `raw`."""
    about = {"rule": finding["rule_id"], "id": finding["subject_id"]}
    rules = fetch(con, "select * from rule where id = $rule", rule=finding["rule_id"])
    verdicts = fetch(
        con, "select * from verdict where rule_id = $rule and subject_id = $id", **about
    )
    exchanges: list[Row] = []
    if finding["subject"] == holes.ABOUT_THE_RUN:
        exchanges = fetch(
            con,
            "select * from exchange where endpoint = $id "
            "and snapshot_number = (select number from shown_snapshot) order by page_id",
            id=finding["subject_id"],
        )
    read = holes.tables_read(con, rules[0]["sql"]) if rules else []
    sources = tuple(
        _source(con, table, row, raw)
        for table, row in _rows(con, finding["subject"], finding["subject_id"], read)
    )
    return Trail(
        finding,
        rules[0] if rules else None,
        verdicts[0] if verdicts else None,
        sources,
        tuple(exchanges),
    )


def hint(source: Source) -> str | None:
    """Shell commands that read the item again without us; None for a row that has no page.

    The keys in a page are whatever its author wrote: quoted for jq, then for the shell.
    """
    if source.exchange is None:
        return None
    page = source.exchange
    steps = "".join(
        f"[{token if token.isascii() and token.isdigit() else json.dumps(token)}]"
        for token in _tokens(source.row["item"])
    )
    part = shlex.quote(f"{page['run_id']}/{page['part']}")
    body = f"tail -c +{page['part_offset'] + 1} {part} | head -c {page['part_length']} | gzip -dc"
    if tabular.is_pointer(source.row["item"]) or lines.is_pointer(source.row["item"]):
        # a file is no JSON; which of its rows it was is said by the pointer
        return f"{body} | sha256sum"
    return f"{body} | sha256sum\n{body} | jq {shlex.quote(f'.{steps}')}"


def fetch(con: duckdb.DuckDBPyConnection, query: str, **values: Any) -> list[Row]:
    """The rows of a query as mappings."""
    result = con.execute(query, values or None)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _rows(
    con: duckdb.DuckDBPyConnection, subject: str, subject_id: str, read: list[str]
) -> Iterator[tuple[str, Row]]:
    """(table, row) of the subject itself, then of what the rule read about it."""
    about = SUBJECTS[subject]
    if subject == "classification_type":
        yield from _example_of_class(con, subject_id)
        return
    if about.table:
        tables = [(about.table, about.key)] + ([("asset", "guid")] if subject == "entity" else [])
        for table, key in tables:
            query = f"select * from {table} where {key}::varchar = $id"
            for row in fetch(con, query, id=subject_id):
                yield table, row
    for table, condition in about.related.items():
        if table in read:
            query = f"select * from {table} where {condition} order by all limit {RELATED_ROWS}"
            for row in fetch(con, query, id=subject_id):
                yield table, row


def _example_of_class(con: duckdb.DuckDBPyConnection, subject_id: str) -> Iterator[tuple[str, Row]]:
    source, _, name = subject_id.partition(":")
    table, key = (
        ("classification", "type_name") if source == "purview" else ("immuta_column_tag", "tag")
    )
    for row in fetch(
        con, f"select * from {table} where {key} = $name order by all limit 1", name=name
    ):
        yield table, row


def _source(con: duckdb.DuckDBPyConnection, table: str, row: Row, raw: Path) -> Source:
    if "page_id" not in (column.name for column in schema.tables()[table].columns):
        return Source(table, row, None, None, None)
    exchanges = fetch(con, "select * from exchange where page_id = $page", page=row["page_id"])
    item, problem = None, None
    try:
        body = pages.find(con, row["page_id"]).read(raw)
        item = pages.item(body, row["item"])
    except PageError as error:
        problem = str(error)
    return Source(table, row, exchanges[0] if exchanges else None, item, problem)


def _tokens(pointer: str) -> Iterator[str]:
    for token in pointer.split("/")[1:]:
        yield token.replace("~1", "/").replace("~0", "~")


def as_json(found: Trail) -> Mapping[str, Any]:
    """The trail as one JSON object."""
    return {
        "finding": found.finding,
        "verdict": found.verdict,
        "rule": found.rule,
        "sources": [vars(source) | {"reread": hint(source)} for source in found.sources],
        "exchanges": list(found.exchanges),
    }
