"""What works and what does not, before a run: one check per thing a run needs, none of which changes anything."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx

from pipeline.clients import build_clients, planes_of, skipped
from pipeline.collect.store import PageStore
from pipeline.config import Config
from pipeline.doctor import folder, immuta, planes, standing
from pipeline.doctor.check import Check
from pipeline.errors import PassMusterError
from pipeline.sources.directory import feed
from pipeline.warehouse.home import Home

__all__ = ["Check", "examine"]


def examine(config: Config, home: Home) -> Iterator[Check]:
    """Every check in turn: the folder of results, then each plane of each source."""
    yield from folder.checks(home)
    with (
        tempfile.TemporaryDirectory() as scratch,
        httpx.Client(timeout=config.collect.timeout_s) as sign_in,
    ):
        store = PageStore(Path(scratch), "doctor")
        try:
            found = planes_of(config, sign_in)
            clients = build_clients(config, found, store)
        except PassMusterError as error:
            yield Check("configuration", "", "fails", str(error))
            return
        seen = standing.read(config, found["purview"], store, Path(scratch))
        for name, client in clients.items():
            off = skipped(config)[name]
            for probe in client.source.probes:
                if probe.plane in off:
                    yield Check(f"{name}.{probe.plane}", "", "ok", "switched off by configuration")
                else:
                    flow = found[name][probe.plane].auth
                    yield planes.check(client, probe, store, flow, seen)
            client.close()
        if config.directory.feed:
            yield _feed(config.directory.feed)
        if config.immuta.audit_feed and "activity" not in config.immuta.left_out:
            result, detail = immuta.feed(config.immuta.audit_feed)
            yield Check("immuta.activity", str(config.immuta.audit_feed), result, detail)
        store.close()


def _feed(path: Path) -> Check:
    """The file was read whole when the planes were put together: it is in order."""
    about = feed.summary(path)
    return Check("directory.feed", str(path), "ok", about)
