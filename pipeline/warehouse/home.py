"""The folder of results: where everything is, the lock on it, and the pointer to the newest warehouse."""

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb

from pipeline import log
from pipeline.errors import LockedError, UsageError

T = TypeVar("T")

KEPT_WAREHOUSES = 2
"""How many sealed files stay beside the newest one, for readers that opened them."""

THREAD_BYTES = 180 * 1024 * 1024
"""What each thread of a bound connection may count on: with less, many of them fail where a few go on."""

SMALL_BYTES = 100 * 1000 * 1000
"""A file up to this size is worked on by one thread: to share so little out among several takes longer than it saves.
The smallest warehouse takes a third of it, its staging most of it."""


@dataclass(frozen=True)
class Home:
    """The folder of results (`MUSTER_HOME`, by default ./data)."""

    root: Path

    @property
    def pointer(self) -> Path:
        """What users open: a link to the newest sealed warehouse file."""
        return self.root / "warehouse.duckdb"

    @property
    def warehouses(self) -> Path:
        """The folder of sealed warehouse files, one name each, never reused."""
        return self.root / "warehouse"

    @property
    def raw(self) -> Path:
        """One folder per collection run: pages as received and the exchange log."""
        return self.root / "raw"

    @property
    def reports(self) -> Path:
        """One folder per snapshot, and `latest`."""
        return self.root / "reports"

    @property
    def evidence(self) -> Path:
        """Evidence bundles."""
        return self.root / "evidence"

    def sealed(self) -> Path:
        """The newest sealed warehouse file itself.

        Raises:
            UsageError: nothing was sealed here yet.
        """
        path = self.pointer.resolve()
        if not path.is_file():
            if self.pointer.is_symlink():
                raise UsageError(
                    f"{self.pointer} points to {path.name}, which is gone; restore it, or point the link "
                    f"at another file of {self.warehouses} (its history ends earlier)"
                )
            raise UsageError(
                f"{self.pointer}: no sealed snapshot here yet; `muster run --sandbox` makes one"
            )
        return path


def connect(path: Path | str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in UTC that loads no extension from anywhere; to a small file it works with one thread."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "preserve_insertion_order": "false",
    }
    if is_small(path):
        config["threads"] = "1"
    con = duckdb.connect(str(path), read_only=read_only, config=config)
    con.execute("set TimeZone = 'UTC'")
    return con


def is_small(path: Path | str) -> bool:
    """Whether there is a file which one thread works on sooner than several."""
    file = Path(path)
    return file.is_file() and file.stat().st_size <= SMALL_BYTES


def bind(con: duckdb.DuckDBPyConnection, memory_limit: str) -> None:
    """Keeps a connection within `memory_limit`, a size or a share of this machine's: the rest is put on disk."""
    con.execute(f"set memory_limit = '{memory_limit}'")
    [(limit_bytes, threads)] = con.execute(
        "select parse_formatted_bytes(current_setting('memory_limit')), current_setting('threads')"
    ).fetchall()
    con.execute(f"set threads = {max(1, min(threads, limit_bytes // THREAD_BYTES))}")


def with_room(con: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """What `work` brings, which can be done twice: where it does not fit into the memory of a bound connection,
    it is done again without the bound, by one thread. Not all of it can be put on disk: JSON cannot.

    Raises:
        duckdb.OutOfMemoryException: this machine has too little memory for it.
    """
    try:
        return work()
    except duckdb.OutOfMemoryException as error:
        log.say("more memory needed than [collect] memory_limit", reason=str(error).split("\n")[0])
    [(limit, threads)] = con.execute(
        "select current_setting('memory_limit'), current_setting('threads')"
    ).fetchall()
    con.execute("reset memory_limit")
    con.execute("set threads = 1")
    try:
        return work()
    finally:
        con.execute(f"set threads = {threads}")
        with suppress(duckdb.OutOfMemoryException):
            con.execute(f"set memory_limit = '{limit}'")


@contextmanager
def lock(home: Home) -> Iterator[None]:
    """Holds the folder of results for one writing command.

    Raises:
        LockedError: another command holds it.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    path = home.root / ".lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise LockedError(
                f"{home.root}: another run is at work here (process {holder}); "
                "wait for it, or set MUSTER_HOME to another folder"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def revise(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a new copy of the newest warehouse; when the block ends well, the copy becomes the newest.

    Readers of the old file are never blocked and keep what they opened. A block that raises, or a
    crash, leaves the old file in place.
    """
    with revised(home) as building, connect(building) as con:
        # all of it must be on disk before it is pointed at, and nothing of it before that
        con.execute("set fsync_mode = 'none'")
        yield con
        con.execute("checkpoint")


@contextmanager
def revised(home: Home) -> Iterator[Path]:
    """A new copy of the newest warehouse, as `revise`; the block opens it, and closes it again."""
    home.warehouses.mkdir(parents=True, exist_ok=True)
    _remove(home.warehouses, "*.building*")
    final = home.warehouses / f"warehouse-{uuid.uuid4().hex[:12]}.duckdb"
    building = final.with_suffix(".building")
    if home.pointer.is_symlink() or home.pointer.exists():
        shutil.copyfile(home.sealed(), building)
    try:
        yield building
    except BaseException:
        _remove(home.warehouses, f"{building.name}*")
        raise
    _sync(building)
    building.rename(final)
    _sync(home.warehouses)
    _switch(home, final)


def _remove(folder: Path, pattern: str) -> None:
    """Removes what was not finished: files, and the folder that DuckDB spills to beside one."""
    for leftover in folder.glob(pattern):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def _switch(home: Home, final: Path) -> None:
    """Points the pointer at `final` in one step and drops old files nobody should open again."""
    link = home.root / ".warehouse.duckdb.new"
    link.unlink(missing_ok=True)
    link.symlink_to(final.relative_to(home.root))
    link.rename(home.pointer)
    _sync(home.root)
    others = [path for path in home.warehouses.glob("warehouse-*.duckdb") if path != final]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT_WAREHOUSES:]:
        path.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
