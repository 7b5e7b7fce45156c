"""The bench that rules are judged on: a sealed snapshot that can only be read, and a file that collects verdicts.

Every connection sees the same sealed file, the snapshot asked for, and `judged`, which lies in a file
of its own in a temporary folder, so that verdicts by the million are not held in memory.
"""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.ipc

from pipeline.judge.bounds import Bounds
from pipeline.judge.ledger import STORE
from pipeline.warehouse.home import Home, connect

COLLECTED = "judging"
"""What the file of verdicts is called where it is attached."""

PREFIX = ".muster-judging-"

WORKED_OUT = (
    "sensitive_class",
    "sensitive_asset",
    "sensitive_source",
    "sensitive_object",
    "sensitive_product",
)
"""Views of the warehouse that are tables while rules are judged; the processes of untrusted rules see the views."""

UNFINISHED = "read_write, recovery_mode no_wal_writes"
"""How a file is attached that nobody opens again unless it was closed well: nothing needs to be written twice for that."""

CHECKPOINT = "256MB"
"""What may come in small parts before they are put in order; each time, what is in the last part is written again."""


def clear(place: Path) -> None:
    """Removes what benches left in `place` that were killed; nobody else may have one there."""
    for leftover in place.glob(f"{PREFIX}*"):
        shutil.rmtree(leftover)


@dataclass(frozen=True)
class Bench:
    """Connections to one snapshot: `con` is the judge's own, `others` are for rules that run at once.

    `storing` sees the copy of the warehouse that takes the verdicts.
    """

    warehouse: Path
    number: int
    bounds: Bounds
    folder: Path
    con: duckdb.DuckDBPyConnection
    others: tuple[duckdb.DuckDBPyConnection, ...]
    storing: duckdb.DuckDBPyConnection
    shared: dict[str, str] = field(default_factory=dict)
    abandoned: threading.Event = field(default_factory=threading.Event)

    def share(self, name: str) -> None:
        """Lets the processes of untrusted rules see a temp table of `con`, as it is now."""
        path = self.folder / f"{name}.shared"
        rows = self.con.sql(f"from temp.{name}").to_arrow_table()
        with pyarrow.ipc.new_file(str(path), rows.schema) as sink:
            sink.write_table(rows)
        self.shared[name] = str(path)

    def work_out(self) -> None:
        """Makes tables of the views that many rules read, for all connections: each rule would work them out again."""
        for name in WORKED_OUT:
            self.con.execute(f"create table {COLLECTED}.{name} as from {name}")
        for con in (self.con, *self.others):
            for name in WORKED_OUT:
                con.execute(f"create temp view {name} as from {COLLECTED}.{name}")

    def abandon(self) -> None:
        """Ends whatever runs, now."""
        self.abandoned.set()
        for con in (self.con, *self.others):
            con.interrupt()

    def close(self) -> None:
        """Closes every connection."""
        for con in (*self.others, self.storing, self.con):
            con.close()


@contextmanager
def opened(
    home: Home, number: int, bounds: Bounds, place: Path | None = None, store: Path | None = None
) -> Iterator[Bench]:
    """A bench for snapshot `number` of the newest sealed file; what it collects in `place` is gone afterwards.

    Without a place it is the machine's folder for temporary files: a reader need not be able to write.
    `store` is the copy of that file which takes the verdicts.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place) as folder:
        warehouse = home.sealed()
        con = connect(warehouse, read_only=True)
        others = tuple(con.cursor() for _ in range(bounds.at_once))
        bench = Bench(warehouse, number, bounds, Path(folder), con, others, con.cursor())
        for path, name in ((bench.folder / "verdicts.duckdb", COLLECTED), (store, STORE)):
            if path:
                con.execute(f"attach '{path}' as {name} ({UNFINISHED})")
        con.execute(f"set checkpoint_threshold = '{CHECKPOINT}'")
        # what was collected is of no use afterwards
        con.execute("pragma disable_checkpoint_on_shutdown")
        con.execute(f"set memory_limit = '{bounds.memory_bytes}B'")
        con.execute(f"set temp_directory = '{bench.folder / 'spill'}'")
        for one in (con, *others):
            _point(one, number)
        bench.storing.execute("set TimeZone = 'UTC'")
        if store:
            bench.storing.execute(f"use {STORE}")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        try:
            yield bench
        finally:
            bench.close()


def read_only(home: Home, number: int) -> duckdb.DuckDBPyConnection:
    """A connection to the newest sealed file that shows snapshot `number` and can neither write nor leave the file."""
    con = connect(home.sealed(), read_only=True)
    _show(con, number)
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _point(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Makes a connection see the snapshot, and then the verdicts collected."""
    rows = con.execute("select current_database()").fetchall()
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"set search_path = '\"{rows[0][0]}\".main,{COLLECTED}.main'")
    _show(con, number)


def _show(con: duckdb.DuckDBPyConnection, number: int) -> None:
    con.execute(f"set variable snapshot = {number}")
    # everybody else sees the map and the links of a snapshot once it is judged; its judge does now
    con.execute("create temp macro judged_number(shown) as shown")
