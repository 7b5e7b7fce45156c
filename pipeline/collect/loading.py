"""Loading: the pages of one endpoint on their way into tables, in chunks while others are still read."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial

import duckdb
import pyarrow as pa

from pipeline.collect.section import section
from pipeline.collect.store import Exchange, PageStore
from pipeline.errors import PageError
from pipeline.warehouse.home import with_room
from pipeline.warehouse.pages import loadable

BATCH_BYTES = 256 * 1024
"""Of bodies that each of DuckDB's threads takes at a time: what reads JSON takes a hundred times that while it does."""

CHUNK_BYTES = 16 * 1024 * 1024
"""Of bodies that are loaded together while a level is walked."""


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
        statements = tuple(self._section.following()) if self._chunks else self._section.per_chunk
        with_room(self._con, partial(self._load_together, chunk, statements))
        self._chunks += 1

    def _load_together(self, chunk: Sequence[Exchange], statements: Iterable[str]) -> None:
        """Executes the statements over the pages of a chunk; nothing is left of it when one fails."""
        read, as_json = self._store.read, self._as_json
        pages = ((page, loadable(as_json(read(page)))) for page in chunk if page.status < 300)
        made = batches(pages, self._first_page_id)
        if self._section.divisible:
            bodies: object = pa.Table.from_batches(self._checked(made), PAGES)
        else:
            bodies = pa.RecordBatchReader.from_batches(PAGES, made)
        self._con.register("pages", bodies)
        # in one transaction: what is made and dropped again never goes to disk
        self._con.execute("begin transaction")
        try:
            self._execute(statements)
            self._con.execute("commit")
        except BaseException:
            # a commit that fails has rolled back
            with suppress(duckdb.TransactionException):
                self._con.execute("rollback")
            raise
        finally:
            self._con.unregister("pages")

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
