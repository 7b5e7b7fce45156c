"""What an identity is shown of Immuta: its permissions, the lists it sees in part only, and how long its token lasts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from pipeline.collect.endpoint import Endpoint, Source
from pipeline.collect.immuta import token_left_s
from pipeline.sources.immuta import activity_feed

Json = Mapping[str, Any]
Said = tuple[str, str]

EXPIRES_SOON = timedelta(days=14)
"""A token that lasts less long is warned about."""

FOREVER = timedelta(days=36_500)
"""An expiry further away than this is none."""

ONE_CALLER = {"govern": ("govern", "activity"), "request": ("request",)}
"""Planes that the caller of a plane reads."""

LISTS = {
    "data_source": "data sources",
    "policy": "global policies",
    "iam": "identity providers",
    "domain": "domains",
    "domain_older": "domains",
    "activity": "audit events",
    "activity_log": "audit events",
    "all_request": "access requests",
}
"""What the lists are called that are not called by their endpoint's name."""


def said(source: Source, plane: str, answer: Json, flow: httpx.Auth) -> Said:
    """Result and detail of the line about a plane of Immuta."""
    if plane == "activity":
        return _activity(answer)
    permissions = _texts(answer.get("permissions" if plane == "govern" else "globalPermissions"))
    who = answer.get("userid") or answer.get("username") or answer.get("globalUserId") or "?"
    has = f"permissions {', '.join(sorted(permissions))}" if permissions else "no permissions"
    detail = f"signed in as {who}, {has}"
    if plane == "request" and (domains := _texts(answer.get("collectionPermissions"))):
        detail += f", and more on {len(domains)} domains"
    partial = list(_partial(source.endpoints, plane, permissions))
    detail += "".join(f"; {one}" for one in partial)
    result = "warning" if partial else "ok"
    if plane == "request":
        soon, expiry = _expiry(token_left_s(flow, answer))
        detail += expiry
        result = "warning" if soon else result
    return result, detail


def feed(path: Path) -> Said:
    """Result and detail of the line about files of audit events, which are in order."""
    found = activity_feed.files(path)
    newest = max(datetime.fromtimestamp(one.stat().st_mtime, UTC) for one in found)
    return "ok", f"{len(found)} files of audit events, the newest of {newest:%Y-%m-%d}"


def _partial(
    endpoints: Sequence[Endpoint], plane: str, permissions: frozenset[str]
) -> Iterator[str]:
    """In words, per set of permissions that is lacking: which lists are trimmed without it."""
    lists: dict[frozenset[str], dict[str, None]] = {}
    for one in endpoints:
        if one.needs and one.plane in ONE_CALLER[plane] and not one.needs & permissions:
            word = LISTS.get(one.name, f"{one.name.replace('_', ' ')}s")
            lists.setdefault(one.needs, {})[word] = None
    for needs, words in lists.items():
        yield f"without {' or '.join(sorted(needs))} only a part is shown of: {', '.join(words)}"


def _expiry(left_s: float | None) -> tuple[bool, str]:
    """Whether a token ends soon, and the words for when."""
    if left_s is None or left_s > FOREVER.total_seconds():
        return False, ""
    left = timedelta(seconds=max(left_s, -FOREVER.total_seconds()))
    ends = f"{datetime.now(UTC) + left:%Y-%m-%d}"
    if left < timedelta():
        return True, f"; its token expired on {ends}: make a new one in the Request app"
    if left < EXPIRES_SOON:
        return True, f"; its token expires on {ends}: make a new one in the Request app"
    return False, f"; its token expires on {ends}"


def _activity(answer: Json) -> Said:
    """The answer of the search, which hosted tenants do not have."""
    found = answer.get("hits")
    total = found.get("total") if isinstance(found, dict) else None
    count = total.get("value") if isinstance(total, dict) else total
    if found is None:
        return "warning", (
            "audit events cannot be searched on this tenant: the older log is read instead; "
            "name exported files in [immuta] audit_feed to read those"
        )
    return "ok", "audit events can be searched" + ("" if count is None else f": {count} of them")


def _texts(value: Any) -> frozenset[str]:
    """The texts of a list, or the keys of an object; anything else is none."""
    return frozenset(map(str, value)) if isinstance(value, list | dict) else frozenset()
