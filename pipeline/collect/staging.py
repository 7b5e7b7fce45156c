"""Staging: the pages of one run as rows, in a DuckDB file of the run's own, before anything is sealed."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.collect.endpoint import Endpoint, Source
from pipeline.collect.store import Exchange, PageStore
from pipeline.errors import PageError
from pipeline.warehouse import history, schema
from pipeline.warehouse.home import connect

PAGES_PER_SNAPSHOT = 1_000_000_000
BATCH_BYTES = 4 * 1024 * 1024

_PAGES = pa.schema([("page_id", pa.int64()), ("key", pa.string()), ("body", pa.string())])


class Staging:
    """Loads pages endpoint by endpoint and answers which keys the next endpoints are about."""

    def __init__(self, path: Path, store: PageStore, number: int) -> None:
        path.unlink(missing_ok=True)
        self.path, self.number, self._store = path, number, store
        self.con = connect(path)
        spill = str(path.with_suffix(".tmp")).replace("'", "''")
        self.con.execute(f"set temp_directory = '{spill}'")
        history.create_staging(self.con, path.stem, schema.COLLECTED)
        self.con.execute("create temp table asked (endpoint varchar, key varchar)")
        self._sections: dict[str, dict[str, str]] = {}

    def close(self) -> None:
        """Closes the file, so that the gate and the seal can open it."""
        self.con.close()

    def keys(self, source: Source, endpoint: Endpoint) -> tuple[list[str], list[tuple[str, ...]]]:
        """Column names and rows of the endpoint's `for_each` query, in a fixed order so that a resumed run asks the same."""
        if endpoint.for_each is None:
            raise ValueError(f"{endpoint.name} has no for_each")
        cursor = self.con.cursor()
        cursor.execute(f"set search_path = '{source.name},main'")
        cursor.execute(f"select distinct * from ({endpoint.for_each}) order by all")
        return [column[0] for column in cursor.description or []], cursor.fetchall()

    def asked(self, name: str, keys: Sequence[str]) -> None:
        """Takes note of the keys an endpoint was asked for."""
        if keys:
            table = pa.table({"endpoint": pa.array([name] * len(keys)), "key": pa.array(keys)})
            self.con.register("asked_now", table)
            self.con.execute("insert into asked select * from asked_now")
            self.con.unregister("asked_now")

    def load(self, source: Source, endpoint: Endpoint) -> None:
        """Turns the endpoint's pages into rows with its section of the source's SQL.

        Raises:
            PageError: a page is not what its SQL expects; the message names the endpoint.
        """
        name = source.qualified(endpoint)
        pages = self._store.pages(source.name, endpoint.name)
        reader = pa.RecordBatchReader.from_batches(_PAGES, _batches(pages, self.number))
        self.con.register("pages", reader)
        try:
            self._run(source, endpoint.name)
        except duckdb.Error as error:
            raise PageError(f"{name}: a page cannot be loaded: {error}") from error
        finally:
            self.con.unregister("pages")

    def finish(self, source: Source) -> None:
        """Builds the tables that need several endpoints."""
        self._run(source, "finish")

    def record_exchanges(self, source: Source, run_id: str) -> None:
        """Fills `exchange` with every kept answer of the source."""
        for endpoint in source.endpoints:
            exchanges = self._store.exchanges(source.name, endpoint.name)
            if exchanges:
                self.con.register("kept", _exchange_table(exchanges))
                self.con.execute(
                    "insert into exchange by name select "
                    f"{self.number}::bigint * {PAGES_PER_SNAPSHOT} + seq as page_id, "
                    f"{self.number} as snapshot_number, ? as run_id, "
                    "* exclude (seq, identity) "
                    "replace (source || '.' || endpoint as endpoint, "
                    "sent_at::timestamptz as sent_at, received_at::timestamptz as received_at) "
                    "from kept",
                    [run_id],
                )
                self.con.unregister("kept")

    def _run(self, source: Source, section: str) -> None:
        if source.name not in self._sections:
            self._sections[source.name] = sections(source.sql)
            self.con.execute(f"create schema {source.name}")
            self._run(source, "start")
        # what a section makes for later sections stays in the source's own schema
        self.con.execute(f"set search_path = '{source.name},main'")
        self.con.execute(self._sections[source.name].get(section, ""))
        self.con.execute("set search_path = 'main'")


def sections(sql: str) -> dict[str, str]:
    """The statements of a source's SQL by endpoint, from its `-- endpoint: name` lines; what stands under
    several `-- start` or `-- finish` lines is run together, in that order."""
    parts = re.split(r"^-- (?:endpoint: (\w+)|(start|finish)).*\n", sql, flags=re.M)
    found: dict[str, str] = {}
    for at in range(1, len(parts), 3):
        name = parts[at] or parts[at + 1]
        found[name] = found.get(name, "") + parts[at + 2]
    return found


def _batches(pages: Iterator[tuple[Exchange, bytes]], number: int) -> Iterator[pa.RecordBatch]:
    """Pages in few, bounded batches: small ones together, a large one alone."""
    ids: list[int] = []
    keys: list[str | None] = []
    bodies: list[str] = []
    size = 0
    for exchange, body in pages:
        ids.append(number * PAGES_PER_SNAPSHOT + exchange.seq)
        keys.append(exchange.key)
        bodies.append(body.decode())
        size += len(body)
        if size >= BATCH_BYTES:
            yield pa.record_batch([ids, keys, bodies], schema=_PAGES)
            ids, keys, bodies, size = [], [], [], 0
    if ids:
        yield pa.record_batch([ids, keys, bodies], schema=_PAGES)


def _exchange_table(exchanges: list[Exchange]) -> pa.Table:
    names = Exchange.__struct_fields__
    return pa.table({name: [getattr(exchange, name) for exchange in exchanges] for name in names})
