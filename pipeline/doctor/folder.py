"""The folder of results: whether it can be written, whether there is room, and what is in it."""

import fcntl
import os
import shutil
from collections.abc import Iterator

from pipeline.doctor.check import Check
from pipeline.warehouse.home import Home, connect

LEAST_FREE_BYTES = 2 << 30


def checks(home: Home) -> Iterator[Check]:
    """Free space, the lock if somebody holds it, and the newest snapshot."""
    place = str(home.root)
    nearest = next(path for path in (home.root, *home.root.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        yield Check("results", place, "fails", "cannot be written; set MUSTER_HOME")
        return
    free = shutil.disk_usage(nearest).free
    enough = "ok" if free >= LEAST_FREE_BYTES else "warning"
    yield Check("results", place, enough, f"{free / (1 << 30):.1f} GiB free")
    lock = home.root / ".lock"
    if lock.exists():
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield Check("lock", place, "warning", f"held by process {file.read().strip()}")
    if home.pointer.exists():
        with connect(home.sealed(), read_only=True) as con:
            rows = con.execute("select id, complete from shown_snapshot").fetchall()
        for name, complete in rows:
            missing = "" if complete else ", not complete"
            yield Check("warehouse", str(home.pointer), "ok", f"newest snapshot {name}{missing}")
    else:
        yield Check("warehouse", str(home.pointer), "ok", "no snapshot yet")
