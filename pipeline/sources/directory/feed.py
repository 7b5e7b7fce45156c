"""A file instead of Microsoft Graph: people, groups and services as the personnel system exports them.

CSV in UTF-8 with commas and a header, or Parquet with the same columns. One row per person, group or
service; every cell but those of `REQUIRED` may be empty. The file is kept among the pages as it came.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from pipeline.collect.endpoint import Endpoint, Request, Source
from pipeline.collect.paging import single
from pipeline.collect.store import PageStore
from pipeline.errors import ConfigError, PageError
from pipeline.warehouse import tabular
from pipeline.warehouse.tabular import Row

PLANE = "feed"
MISTAKES_SHOWN = 20

REQUIRED = ("id", "kind", "state", "as_of")
OPTIONAL = (
    "display_name",
    "mail",
    "user_principal_name",
    "user_type",
    "employee_id",
    "manager_id",
    "sponsor_id",
    "member_of",
)
"""`member_of` holds the ids of groups, separated by semicolons (in Parquet, a list will do)."""

CHOICES = {
    "kind": ("human", "group", "service"),
    "state": ("active", "disabled", "deleted", "unknown"),
}


def read(path: Path) -> bytes:
    """The file, whole, once every row of it is in order.

    Raises:
        ConfigError: the file is not as documented: where, and what is valid there.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"[directory] feed: {path}: {error.strerror}") from error
    found: list[str] = []
    try:
        found = list(_mistakes(list(tabular.rows(body))))
    except PageError as error:
        found = [str(error)]
    if found:
        more = len(found) - MISTAKES_SHOWN
        shown = found[:MISTAKES_SHOWN] + ([f"and {more} more mistakes"] if more > 0 else [])
        raise ConfigError("\n".join(f"{path}: {mistake}" for mistake in shown))
    return body


def summary(path: Path) -> str:
    """How many rows a file that is in order has, and of which day the oldest is."""
    people = list(tabular.rows(path.read_bytes()))
    oldest = min(day for row in people if (day := _instant(row.values["as_of"])))
    return f"{len(people)} people, groups and services, the oldest row of {oldest:%Y-%m-%d}"


def keep(path: Path, store: PageStore) -> None:
    """Puts the file among the pages of the run, where the walk finds it; a run that goes on keeps the one it has.

    Raises:
        ConfigError: as `read`.
    """
    request = Request(_FEED.method, _FEED.plane, _FEED.path)
    if store.replay(request, SOURCE.name, _FEED.name) is not None:
        return
    now = datetime.now(UTC).isoformat()
    store.keep(
        request,
        read(path),
        source=SOURCE.name,
        endpoint=_FEED.name,
        key=None,
        url=path.absolute().as_uri(),
        status=200,
        attempt=1,
        sent_at=now,
        received_at=now,
        server_date=None,
        redactions=[],
    )


def as_json(body: bytes) -> bytes:
    """The rows of the file as the JSON that `feed.sql` reads.

    Raises:
        PageError: the file is no table.
    """
    return msgspec.json.encode({"value": [_person(row) for row in tabular.rows(body)]})


def _person(row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {name: _text(row.values.get(name)) for name in (*REQUIRED, *OPTIONAL)}
    stated = _instant(row.values.get("as_of"))
    values["as_of"] = stated.isoformat() if stated else None
    values["member_of"] = _listed(row.values.get("member_of"))
    return values | {"item": tabular.pointer(row.number)}


def _mistakes(rows: list[Row]) -> Iterator[str]:
    if not rows:
        yield "no rows: by an empty directory, everybody would have left"
        return
    columns = list(rows[0].values)
    valid = ", ".join((*REQUIRED, *OPTIONAL))
    unknown = [name for name in columns if name not in (*REQUIRED, *OPTIONAL)]
    missing = [name for name in REQUIRED if name not in columns]
    if unknown or missing:
        for name in unknown:
            yield f"header: column {name!r} is unknown; valid: {valid}"
        for name in missing:
            yield f"header: column {name!r} is missing; required: {', '.join(REQUIRED)}"
        return
    seen: dict[str, str] = {}
    for row in rows:
        for name in REQUIRED:
            if not _text(row.values[name]):
                yield f"{row.place}: column {name}: is empty"
        yield from _wrong_words(row)
        stated = row.values["as_of"]
        if _text(stated) and _instant(stated) is None:
            yield f"{row.place}: column as_of: {_text(stated)!r} is no day or instant like 2026-11-20"
        key = (_text(row.values["id"]) or "").lower()
        other = seen.setdefault(key, row.place)
        if key and other != row.place:
            yield f"{row.place}: column id: {key!r} is the id of {other} already"


def _wrong_words(row: Row) -> Iterator[str]:
    for name, choices in CHOICES.items():
        word = _text(row.values[name])
        if word and word not in choices:
            yield f"{row.place}: column {name}: {word!r} is not one of {', '.join(choices)}"


def _text(value: Any) -> str | None:
    """A cell as text; None for an empty one."""
    text = "" if value is None else str(value).strip()
    return text or None


def _listed(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else str(value or "").split(";")
    return [text for part in parts if (text := _text(part))]


def _instant(value: Any) -> datetime | None:
    """The instant of a cell: a day means its first moment, and no zone means UTC."""
    try:
        # days and instants of a Parquet file are written the way text has them
        found = datetime.fromisoformat(_text(value) or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_FEED = Endpoint(
    "feed",
    PLANE,
    "/feed",
    ("identity", "group_member", "identity_feed"),
    single,
    items="value",
    as_json=as_json,
)

SOURCE = Source(
    "directory",
    (_FEED,),
    resources.files(__package__).joinpath("feed.sql").read_text("utf-8"),
    probes=(),
    last=True,
)
