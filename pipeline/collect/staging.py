"""Staging: the pages of one run as rows, in a DuckDB file of the run's own, before anything is sealed."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from pipeline.collect import recorded
from pipeline.collect.endpoint import Endpoint, Source
from pipeline.collect.keys import AT_A_TIME, Keys, parts
from pipeline.collect.loading import CHUNK_BYTES, Loading, strings
from pipeline.collect.section import sections
from pipeline.collect.store import PageStore
from pipeline.warehouse import carry, history, schema
from pipeline.warehouse.home import bind, connect, is_small, with_room

T = TypeVar("T")

PAGES_PER_SNAPSHOT = 1_000_000_000
FOR_ONE_WRITER = {
    "checkpoint_threshold": "64MB",
    "write_buffer_row_group_count": "1",
    "fsync_mode": "none",
}
"""Settings of the file: nobody recovers it, so nothing waits for the disk, and its log is folded in only where rows
would stay in memory."""
LOOK_AGAIN_S = 0.2
"""Between two looks at what has come, while a level is walked."""
CLOCKS_DIFFER_MS = 15 * 60 * 1000
"""How far the service's clock may be behind this machine's."""


@dataclass(frozen=True)
class Clock:
    """The moments a run goes by: its ages are counted to `as_of`, its first request was at `started_at`."""

    as_of: datetime
    started_at: datetime


@dataclass(frozen=True)
class Earlier:
    """The last snapshot, where a run may take unchanged things over from it.

    `listing` says what search is asked for: `all` hits, or only the `changes` and a total per slice.
    """

    warehouse: Path
    listing: str = "all"


class Staging:
    """Loads pages endpoint by endpoint and answers which keys the next endpoints are about."""

    def __init__(
        self,
        path: Path,
        store: PageStore,
        number: int,
        *,
        clock: Clock | None = None,
        earlier: Earlier | None = None,
        memory_limit: str | None = None,
    ) -> None:
        path.unlink(missing_ok=True)
        self.path, self.number, self._store = path, number, store
        self.con = connect(path)
        if memory_limit:
            bind(self.con, memory_limit)
        [(self._threads,)] = self.con.execute("select current_setting('threads')").fetchall()
        if earlier is None or is_small(earlier.warehouse):
            # until much has come: to share a few rows out takes longer than it saves
            self.con.execute("set threads = 1")
        spill = str(path.with_suffix(".tmp")).replace("'", "''")
        self.con.execute(f"set temp_directory = '{spill}'")
        for setting, chosen in FOR_ONE_WRITER.items():
            self.con.execute(f"set {setting} = '{chosen}'")
        history.create_staging(self.con, path.stem, schema.COLLECTED)
        self.con.execute("create temp table asked (endpoint varchar, key varchar)")
        self.con.execute("create temp table gone (endpoint varchar, key varchar)")
        self.con.execute("create temp table given_up (endpoint varchar, key varchar)")
        self._carries = earlier is not None
        if earlier is not None:
            carry.attach_last(self.con, earlier.warehouse)
        clock = clock or Clock(datetime.now(UTC), datetime.now(UTC))
        for name, value in (
            ("as_of", clock.as_of),
            ("started_ms", int(clock.started_at.timestamp() * 1000) - CLOCKS_DIFFER_MS),
            ("carry", earlier is not None),
            ("listing", earlier.listing if earlier else "all"),
        ):
            self.con.execute(f"set variable {name} = ?", [value])
        self._sections: dict[str, dict[str, str]] = {}
        self._loadings: dict[tuple[str, str], Loading] = {}
        # pages are loaded while the walk asks for keys
        self._turn = threading.RLock()

    def close(self) -> None:
        """Closes the file, so that the gate and the seal can open it."""
        self.con.close()

    def keys(self, source: Source, endpoint: Endpoint) -> Keys:
        """The rows of the endpoint's `for_each` query, in a fixed order so that a resumed run asks the same."""
        if endpoint.for_each is None:
            raise ValueError(f"{endpoint.name} has no for_each")
        with self._turn:
            self._start(source)
            self.con.execute(f"set search_path = '{source.name},main'")
            self.con.execute(f"select distinct * from ({endpoint.for_each}) order by all")
            names = [column[0] for column in self.con.description or []]
            fetched = iter(lambda: self.con.fetchmany(AT_A_TIME), [])
            found = Keys(names, chain.from_iterable(fetched))
            self.con.execute("set search_path = 'main'")
        return found

    def asked(self, name: str, keys: Iterable[str]) -> None:
        """Takes note of the keys an endpoint was asked for."""
        self._note("asked", name, keys)

    def gone(self, name: str, keys: Sequence[str]) -> None:
        """Takes note of the keys that the server says it does not have."""
        self._note("gone", name, keys)

    def given_up(self, name: str, keys: Sequence[str]) -> None:
        """Takes note of the calls that brought no whole answer, `*` for a list or a plane that is not asked."""
        self._note("given_up", name, keys)

    def load(self, source: Source, endpoint: Endpoint) -> None:
        """Turns the endpoint's pages into rows with its section of the source's SQL.

        Raises:
            PageError: a page is not what its SQL expects; the message names the endpoint.
        """
        with self._turn:
            if self._store.enough(source.name, endpoint.name, 0, CHUNK_BYTES):
                self._share_out()
            self._in_schema_of(source, self._loading(source, endpoint).finish)

    def feed(self, source: Source, endpoint: Endpoint) -> bool:
        """Loads some of what has come of the endpoint, and says whether there was enough for that; `load` does the rest.

        Raises:
            PageError: a page is not what its SQL expects; the message names the endpoint.
        """
        with self._turn:
            loading = self._loading(source, endpoint)
            # looked at often, and nearly always there is not
            if enough := loading.has_chunk():
                self._share_out()
                self._in_schema_of(source, loading.feed)
            return enough

    @contextmanager
    def feeding(
        self, endpoints: Sequence[tuple[Source, Endpoint]], stop: Callable[[], object]
    ) -> Iterator[None]:
        """Loads what comes of the endpoints while the block walks them; `load` does the rest.

        Raises:
            PageError: a page is not what its SQL expects; `stop` was called so that the walk ends soon.
        """
        ended = threading.Event()
        errors: list[BaseException] = []

        def work() -> None:
            try:
                while not ended.is_set():
                    # a walk that ends waits for one chunk, not for all that has piled up
                    if not sum(self.feed(source, endpoint) for source, endpoint in endpoints):
                        ended.wait(LOOK_AGAIN_S)
            except BaseException as error:
                errors.append(error)
                stop()

        thread = threading.Thread(target=work, name="loading")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        if errors:
            raise errors[0]

    def finish(self, source: Source) -> None:
        """Builds the tables that need several endpoints, and takes over what belongs to unchanged things."""
        self._run(source, "finish")
        for table, column in source.carried.items():
            carry.carry_rows(self.con, table, f"{source.name}.unchanged", column)

    def page_id(self, seq: int | None) -> int | None:
        """The number of a page by its position in the run."""
        return None if seq is None else self.number * PAGES_PER_SNAPSHOT + seq

    def record_exchanges(self, source: Source, run_id: str) -> None:
        """Fills `exchange` with every kept answer of the source, and with those that carried rows point to."""
        first_page_id = self.number * PAGES_PER_SNAPSHOT
        recorded.record(self.con, self._store, source, run_id, self.number, first_page_id)
        if self._carries and source.carried:
            carry.carry_exchanges(self.con, first_page_id)

    def _note(self, table: str, name: str, texts: Iterable[str]) -> None:
        with self._turn:
            for part in parts(texts, AT_A_TIME):
                noted = pa.table({"key": strings([key.encode() for key in part])})
                self.con.register("noted", noted)
                insert = f"insert into {table} select ? as endpoint, key from noted"
                self.con.execute(insert, [name])
                self.con.unregister("noted")

    def _share_out(self) -> None:
        """Lets all threads work, from now on."""
        self.con.execute(f"set threads = {self._threads}")

    def _loading(self, source: Source, endpoint: Endpoint) -> Loading:
        names = (source.name, endpoint.name)
        if names not in self._loadings:
            sql = self._section(source, endpoint.name)
            first_page_id = self.number * PAGES_PER_SNAPSHOT
            self._loadings[names] = Loading(
                self.con, self._store, names, sql, first_page_id, as_json=endpoint.as_json
            )
        return self._loadings[names]

    def _run(self, source: Source, section: str) -> None:
        statements = duckdb.extract_statements(self._section(source, section))

        def work() -> None:
            for statement in statements:
                with_room(self.con, partial(self.con.execute, statement))

        self._in_schema_of(source, work)

    def _section(self, source: Source, section: str) -> str:
        self._start(source)
        return self._sections[source.name].get(section, "")

    def _start(self, source: Source) -> None:
        """Makes the source's schema, with what its sections have in common, when it is first asked for."""
        if source.name not in self._sections:
            self._sections[source.name] = sections(source.sql)
            read = set(re.findall(r"\bbefore_(\w+)", source.sql)) | set(source.carried)
            carry.show_last(self.con, sorted(read & schema.tables().keys()), attached=self._carries)
            self.con.execute(f"create schema {source.name}")
            self._run(source, "start")

    def _in_schema_of(self, source: Source, work: Callable[[], T]) -> T:
        """Runs SQL of a source: what a section makes for later sections stays in the source's own schema."""
        self.con.execute(f"set search_path = '{source.name},main'")
        found = work()
        self.con.execute("set search_path = 'main'")
        return found
