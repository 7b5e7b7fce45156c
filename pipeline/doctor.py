"""What works and what does not, before a run: one check per thing a run needs, none of which changes anything."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from pipeline import run
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.store import PageStore
from pipeline.config import Config
from pipeline.errors import PassMusterError
from pipeline.warehouse.home import Home, connect

LEAST_FREE_BYTES = 2 << 30
FULL_VIEW = {"GOVERNANCE", "AUDIT"}
"""Immuta permissions, one of which a credential needs to see every data source and request."""


@dataclass(frozen=True)
class Check:
    """One thing looked at: `result` is ok, warning or fails."""

    about: str
    place: str
    result: str
    detail: str


def examine(config: Config, home: Home) -> Iterator[Check]:
    """Every check in turn: the folder of results, then each plane of each source."""
    yield from _folder(home)
    with (
        tempfile.TemporaryDirectory() as folder,
        httpx.Client(timeout=config.collect.timeout_s) as sign_in,
    ):
        store = PageStore(Path(folder), "doctor")
        try:
            clients = run.build_clients(config, run.planes_of(config, sign_in), store)
        except PassMusterError as error:
            yield Check("configuration", "", "fails", str(error))
            return
        for name, client in clients.items():
            skipped = getattr(config, name).skip
            for probe in client.source.probes:
                if probe.plane in skipped:
                    yield Check(f"{name}.{probe.plane}", "", "ok", "switched off by configuration")
                else:
                    yield _plane(client, probe, store)
            client.close()
        store.close()


def _plane(client: Client, probe: Endpoint, store: PageStore) -> Check:
    about = f"{client.source.name}.{probe.plane}"
    place = client.address(probe.plane)
    request = Request(probe.method, probe.plane, probe.path, probe.params, probe.body)
    try:
        client.fetch(probe, request, None)
    except PassMusterError as error:
        return Check(about, place, "fails", _worded(error))
    kept = store.replay(request, client.source.name)
    answer = msgspec.json.decode(store.read(kept)) if kept else {}
    result, detail = _SEEN[about](answer)
    return Check(about, place, result, detail)


def _worded(error: PassMusterError) -> str:
    if getattr(error, "status", None) == 403:
        return "HTTP 403: signed in, but without a role on this plane; a run records it as a gap"
    return str(error)


def _assets(answer: dict[str, Any]) -> tuple[str, str]:
    count = answer.get("@search.count") or 0
    return ("ok", f"{count} assets visible") if count else ("warning", "no asset is visible")


def _collections(answer: dict[str, Any]) -> tuple[str, str]:
    rows = answer.get("value") or []
    roots = [row.get("name") for row in rows if not row.get("parentCollection")]
    if not roots:
        return "warning", f"{len(rows)} collections on the first page, the root is not among them"
    return "ok", f"sees from the root collection {', '.join(map(str, roots))}"


def _data_sources(answer: dict[str, Any]) -> tuple[str, str]:
    return "ok", f"{answer.get('count', len(answer.get('value') or []))} data sources visible"


def _governor(answer: dict[str, Any]) -> tuple[str, str]:
    permissions = set(answer.get("permissions") or [])
    who = f"signed in as {answer.get('userid', '?')}, permissions {', '.join(sorted(permissions))}"
    if permissions & FULL_VIEW:
        return "ok", who
    return "warning", f"{who}: without GOVERNANCE or AUDIT lists are silently partial"


def _requester(answer: dict[str, Any]) -> tuple[str, str]:
    permissions = set(answer.get("globalPermissions") or [])
    who = (
        f"signed in as {answer.get('username', '?')}, permissions {', '.join(sorted(permissions))}"
    )
    if permissions & FULL_VIEW:
        return "ok", who
    return "warning", f"{who}: without GOVERNANCE or AUDIT requests are silently partial"


_SEEN = {
    "purview.datamap": _assets,
    "purview.account": _collections,
    "purview.scanning": _data_sources,
    "immuta.govern": _governor,
    "immuta.request": _requester,
}
"""How the answer of each plane's probe reads."""


def _folder(home: Home) -> Iterator[Check]:
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
