"""The folder of results: one writer, readers that are never blocked, and a switch in one step."""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import LockedError, UsageError
from pipeline.warehouse import home, seal
from pipeline.warehouse.home import Home


@pytest.fixture
def results(tmp_path: Path) -> Home:
    """A folder of results whose warehouse holds the number 1."""
    results = Home(tmp_path / "data")
    with home.revise(results) as con:
        con.execute("create table state as select 1 as number")
    return results


def _number(results: Home) -> int:
    with home.connect(results.sealed(), read_only=True) as con:
        number: int = con.execute("select number from state").fetchall()[0][0]
    return number


def _advance(results: Home) -> None:
    with home.revise(results) as con:
        con.execute("update state set number = number + 1")


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    """Without a sealed snapshot the error names the command that makes one."""
    with pytest.raises(UsageError, match="muster run --sandbox"):
        Home(tmp_path).sealed()


def test_a_revision_becomes_the_newest(results: Home) -> None:
    """What a revision wrote is what the pointer leads to, as a file that needs no log."""
    _advance(results)
    assert _number(results) == 2
    assert results.pointer.is_symlink()
    assert not Path(results.pointer.readlink()).is_absolute()
    assert not list(results.warehouses.glob("*.wal"))


def test_readers_keep_what_they_opened(results: Home) -> None:
    """A reader that was there before a revision goes on reading the old state, also after the switch."""
    with home.connect(results.sealed(), read_only=True) as before:
        _advance(results)
        with home.connect(results.sealed(), read_only=True) as after:
            query = "select number from state"
            assert before.execute(query).fetchall() == [(1,)]
            assert after.execute(query).fetchall() == [(2,)]
            assert before.execute(query).fetchall() == [(1,)]


def test_concurrent_readers_see_whole_states(results: Home) -> None:
    """Two readers that open the pointer again and again during revisions always find a sealed number, never going back."""
    seen: list[list[int]] = [[], []]
    done = threading.Event()
    started = [threading.Event(), threading.Event()]

    def read(slot: int) -> None:
        while not done.is_set() or not seen[slot]:
            seen[slot].append(_number(results))
            started[slot].set()

    readers = [threading.Thread(target=read, args=(slot,)) for slot in range(2)]
    for reader in readers:
        reader.start()
    for event in started:
        assert event.wait(20)
    for _ in range(3):
        _advance(results)
    done.set()
    for reader in readers:
        reader.join()
    assert _number(results) == 4
    for numbers in seen:
        assert numbers
        assert numbers == sorted(numbers)
        assert set(numbers) <= {1, 2, 3, 4}


def test_a_failed_revision_leaves_the_old_warehouse(results: Home) -> None:
    """A block that raises changes nothing and leaves no file behind."""
    before = results.sealed()
    files = sorted(results.warehouses.iterdir())
    with pytest.raises(duckdb.ConversionException), home.revise(results) as con:
        con.execute("update state set number = 9; select 'nine'::integer")
    assert results.sealed() == before
    assert sorted(results.warehouses.iterdir()) == files
    assert _number(results) == 1


KILLED = """
import os, sys
from pathlib import Path
from pipeline.warehouse import home
with home.revise(home.Home(Path(sys.argv[1]))) as con:
    con.execute("update state set number = 9")
    con.execute("create table big as select * from range(300000)")
    os._exit(137)
"""


def test_a_killed_revision_leaves_the_old_warehouse(results: Home) -> None:
    """A process that dies inside a revision leaves the old state, and the next revision removes what it left."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(results.root)], check=False)
    assert done.returncode == 137
    assert _number(results) == 1
    assert list(results.warehouses.glob("*.building*"))
    _advance(results)
    assert _number(results) == 2
    assert not list(results.warehouses.glob("*.building*"))


def test_old_files_are_dropped(results: Home) -> None:
    """A few files stay for readers that opened them, the rest goes."""
    for _ in range(5):
        _advance(results)
    kept = list(results.warehouses.iterdir())
    assert len(kept) == home.KEPT_WAREHOUSES + 1
    assert results.sealed() in kept


HOLDER = """
import sys
from pathlib import Path
from pipeline.warehouse import home
with home.lock(home.Home(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_refused(results: Home) -> None:
    """While another process holds the lock, locking fails with code 5 and names the process; afterwards it works."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(results.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(LockedError, match=f"process {holder.pid}") as caught,
            home.lock(results),
        ):
            pass
        assert caught.value.exit_code == 5
        holder.communicate()
    with home.lock(results):
        pass


def test_a_killed_writer_releases_the_lock(results: Home) -> None:
    """The lock of a process that was killed is free."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(results.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    with home.lock(results):
        pass


def test_a_pointer_that_leads_nowhere_starts_no_new_history(tmp_path: Path) -> None:
    """When the newest file is gone, sealing is refused: an empty history would make everything new."""
    results = Home(tmp_path)
    with home.revise(results) as con:
        con.execute("create table t (n integer)")
    results.sealed().unlink()
    with pytest.raises(UsageError, match="which is gone"), home.revise(results):
        pytest.fail("nothing may be built")
    with pytest.raises(UsageError, match="which is gone"):
        seal.newest(results)


def test_a_bound_connection_has_threads_for_its_memory() -> None:
    """Each thread may count on its share of the limit; one always works."""
    with home.connect(":memory:") as con:
        for limit, tenths, threads in (("2.0 gb", 19, 8), ("600MB", 6, 3), ("100MB", 1, 1)):
            con.execute("set threads = 8")
            home.bind(con, limit)
            asked = "select parse_formatted_bytes(current_setting('memory_limit')), current_setting('threads')"
            [(bytes_, found)] = con.execute(asked).fetchall()
            assert (round(bytes_ / 10**8), found) == (tenths, threads)


def test_what_cannot_go_by_way_of_the_disk_is_done_without_the_bound(tmp_path: Path) -> None:
    """Work that fails for want of memory is done again, and the bound holds as before."""
    large = "select length(list(range)::varchar) from range(3000000)"
    with home.connect(tmp_path / "some.duckdb") as con:
        home.bind(con, "30MB")
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute(large)
        assert home.with_room(con, lambda: con.execute(large).fetchall()) == [(25888890,)]
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute(large)
