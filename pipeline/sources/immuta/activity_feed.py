"""Activity from files: the events that Immuta exports to S3 or ADLS, one JSON object a line.

`[immuta] audit_feed` names a file, or a folder whose files of the names in `SUFFIXES` are read, at any
depth. Every file is kept among the pages as it came; rows point at its lines.
"""

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from isal import igzip, isal_zlib

from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.envelope import Envelope
from pipeline.collect.store import PageStore
from pipeline.errors import ConfigError, PageError
from pipeline.warehouse import lines

PLANE = "activity"
SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")


def files(path: Path) -> list[Path]:
    """The files to read, in the order of their names.

    Raises:
        ConfigError: there is none.
    """
    if path.is_file():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.name.endswith(SUFFIXES) and one.is_file())
    if not found:
        raise ConfigError(
            f"[immuta] audit_feed: {path}: no such file, or a folder without a file that ends in "
            + ", ".join(SUFFIXES)
        )
    return found


def endpoint(path: Path) -> Endpoint:
    """The read of every file of a feed, in turn."""

    def pages(request: Request) -> Generator[Request, Envelope, None]:
        for one in files(path):
            yield _asked(request, path, one)

    return replace(FEED, paging=pages)


def keep(path: Path, store: PageStore) -> None:
    """Puts the files among the pages of the run; a run that goes on keeps those it has.

    Raises:
        ConfigError: a file cannot be read, or a line of it is no JSON object.
    """
    for one in files(path):
        request = _asked(Request(FEED.method, FEED.plane, FEED.path), path, one)
        if store.replay(request, "immuta", FEED.name) is not None:
            continue
        now = datetime.now(UTC).isoformat()
        store.keep(
            request,
            _body(one),
            source="immuta",
            endpoint=FEED.name,
            key=None,
            url=one.absolute().as_uri(),
            status=200,
            attempt=1,
            sent_at=now,
            received_at=now,
            server_date=None,
            redactions=[],
        )


def as_json(body: bytes) -> bytes:
    """The lines of a file as the JSON that `activity.sql` reads.

    Raises:
        PageError: a line is no JSON object.
    """
    found = [{"item": lines.pointer(line.number), "event": line.value} for line in lines.rows(body)]
    return msgspec.json.encode({"hits": found})


def _asked(request: Request, root: Path, file: Path) -> Request:
    """The request that stands for one file, by its name below the folder."""
    name = file.name if file == root else file.relative_to(root).as_posix()
    return request.with_params(file=name)


def _body(file: Path) -> bytes:
    """The events of a file, unpacked, once every line of it is in order."""
    try:
        body = file.read_bytes()
        if body.startswith(b"\x1f\x8b"):
            body = igzip.decompress(body)
    except OSError as error:
        raise ConfigError(f"[immuta] audit_feed: {file}: {error.strerror or error}") from error
    except (EOFError, isal_zlib.error) as error:  # type: ignore[misc]  # stubs: an instance
        raise ConfigError(f"[immuta] audit_feed: {file}: no whole gzip file: {error}") from error
    try:
        for _ in lines.rows(body):
            pass
    except PageError as error:
        raise ConfigError(f"[immuta] audit_feed: {file}: {error}") from error
    return body


def _whole(request: Request) -> Generator[Request, Envelope, None]:
    yield request


FEED = Endpoint(
    "activity_feed",
    PLANE,
    "/feed",
    ("immuta_audit_event",),
    _whole,
    items="hits",
    as_json=as_json,
)
