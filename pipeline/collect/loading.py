"""Loading: the pages of one endpoint on their way into tables, in chunks while others are still read.

A section of a source's SQL falls into three parts. Statements that read `pages` row by row run once
per chunk, and with them those on a table that is made of such rows and dropped again in the section.
What stands before the first of them prepares, the others run once when every page is in. A section
whose statements on `pages` look at several pages at once gets all of them in one chunk.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import duckdb
import pyarrow as pa

from pipeline.collect.store import Exchange, PageStore
from pipeline.errors import PageError
from pipeline.warehouse.home import with_room
from pipeline.warehouse.pages import loadable

BATCH_BYTES = 256 * 1024
"""Of bodies that each of DuckDB's threads takes at a time: what reads JSON takes a hundred times that while it does."""

CHUNK_BYTES = 16 * 1024 * 1024
"""Of bodies that are loaded together while a level is walked."""

_MAKES = re.compile(r"create\s+table\s+(\w+)\s+as\s+", re.I)
_DROPS = re.compile(r"drop\s+table\s+(\w+)", re.I)
_READS_PAGES = re.compile(r"\b(?:from|join)\s+pages\b", re.I)
_REPEATABLE = re.compile(r"create\s+table\s+\w+\s+as\s|insert\s+into\s|drop\s+table\s", re.I)
_ACROSS_ROWS = re.compile(
    r"\b(?:distinct|group\s+by|order\s+by|over|having|limit|qualify)\b"
    r"|\b(?:count|sum|min|max|first|last|arg_min|arg_max|any_value|list|string_agg|row_number)\s*\(",
    re.I,
)


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


class Loading:
    """Loads the pages of one endpoint, each of them once."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        store: PageStore,
        names: tuple[str, str],
        sql: str,
        first_page_id: int,
        *,
        as_json: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._con, self._store, self._names = con, store, names
        self._as_json = as_json or bytes
        self._section = section(sql)
        self._first_page_id = first_page_id
        self._position = 0
        self._chunks = 0

    def has_chunk(self) -> bool:
        """Whether enough has come for a whole chunk."""
        names, position = self._names, self._position
        return self._section.divisible and bool(self._store.enough(*names, position, CHUNK_BYTES))

    def feed(self) -> None:
        """Loads the next chunk, which has come.

        Raises:
            PageError: a page is not what its SQL expects; the message names the endpoint.
        """
        self._load(self._next())

    def finish(self) -> None:
        """Loads the rest, and runs what needs every page.

        Raises:
            PageError: a page is not what its SQL expects; the message names the endpoint.
        """
        while (chunk := self._next()) or not self._chunks:
            self._load(chunk)
        for statement in self._section.at_the_end:
            with_room(self._con, partial(self._execute, [statement]))

    def _next(self) -> Sequence[Exchange]:
        """The pages of the next chunk, or of what there is of it."""
        count = None
        if self._section.divisible:
            count = self._store.enough(*self._names, self._position, CHUNK_BYTES) or None
        came = self._store.arrived(*self._names, self._position, count)
        self._position += len(came)
        return came

    def _load(self, chunk: Sequence[Exchange]) -> None:
        if not self._chunks:
            self._execute(self._section.once)
        read, as_json = self._store.read, self._as_json
        pages = ((page, loadable(as_json(read(page)))) for page in chunk if page.status < 300)
        made = batches(pages, self._first_page_id)
        if self._section.divisible:
            bodies: object = pa.Table.from_batches(self._checked(made), PAGES)
        else:
            bodies = pa.RecordBatchReader.from_batches(PAGES, made)
        statements = tuple(self._section.following()) if self._chunks else self._section.per_chunk
        work = partial(self._execute_together, statements)
        self._con.register("pages", bodies)
        try:
            if self._section.divisible:
                with_room(self._con, work)
            else:
                work()
        finally:
            self._con.unregister("pages")
        self._chunks += 1

    def _execute_together(self, statements: Iterable[str]) -> None:
        """Executes them in one transaction: what is made and dropped again never goes to disk."""
        self._con.execute("begin transaction")
        try:
            self._execute(statements)
            self._con.execute("commit")
        except BaseException:
            self._con.execute("rollback")
            raise

    def _checked(self, made: Iterator[pa.RecordBatch]) -> list[pa.RecordBatch]:
        try:
            return list(made)
        except PageError as error:
            raise self._blamed(error) from error

    def _execute(self, statements: Iterable[str]) -> None:
        try:
            for statement in statements:
                self._con.execute(statement)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise self._blamed(error) from error

    def _blamed(self, error: Exception) -> PageError:
        return PageError(f"{'.'.join(self._names)}: a page cannot be loaded: {error}")


PAGES = pa.schema(
    [("page_id", pa.int64()), ("key", pa.large_string()), ("body", pa.large_string())]
)


def batches(
    pages: Iterable[tuple[Exchange, bytes]], first_page_id: int
) -> Iterator[pa.RecordBatch]:
    """Pages in few, bounded batches: small ones together, a large one alone.

    Raises:
        PageError: a body is not UTF-8.
    """
    kept: list[tuple[Exchange, bytes]] = []
    size = 0
    for page in pages:
        kept.append(page)
        size += len(page[1])
        if size >= BATCH_BYTES:
            yield _batch(kept, first_page_id)
            kept, size = [], 0
    if kept:
        yield _batch(kept, first_page_id)


def _batch(kept: Sequence[tuple[Exchange, bytes]], first_page_id: int) -> pa.RecordBatch:
    numbers = array("q", [first_page_id + exchange.seq for exchange, _ in kept])
    ids = pa.Array.from_buffers(pa.int64(), len(kept), [None, pa.py_buffer(numbers)])
    keys = strings([None if e.key is None else e.key.encode() for e, _ in kept])
    bodies = strings([body for _, body in kept])
    try:
        bodies.validate(full=True)
    except pa.ArrowInvalid as error:
        raise PageError(f"a body is not UTF-8: {error}") from error
    return pa.RecordBatch.from_arrays([ids, keys, bodies], schema=PAGES)


def strings(values: Sequence[bytes | None]) -> pa.Array:
    """A text column of UTF-8 bytes, made without a Python string per value (and without pandas, which
    pyarrow imports for lists)."""
    ends = array("q", [0])
    for value in values:
        ends.append(ends[-1] + len(value or b""))
    missing = [value is None for value in values]
    known = None
    if any(missing):
        bits = bytearray(len(values) // 8 + 1)
        for at, absent in enumerate(missing):
            bits[at // 8] |= (not absent) << at % 8
        known = pa.py_buffer(bytes(bits))
    text = b"".join([value for value in values if value])
    return pa.Array.from_buffers(
        pa.large_string(), len(values), [known, pa.py_buffer(ends), pa.py_buffer(text)]
    )


def _without(text: str, pattern: str) -> str:
    return re.sub(pattern, "", text)
