"""Stored pages: one gzip member per HTTP body, read back by position and checked against its digest."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from isal import igzip, isal_zlib

from pipeline.errors import PageError
from pipeline.warehouse import lines, tabular

_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.S,
)


def loadable(body: bytes) -> bytes:
    """`body` with every half of a surrogate pair that stands alone replaced by U+FFFD: some services send
    such escapes, and no JSON parser takes them."""
    # one byte is looked for ten times as fast as three, and most bodies do not have it
    if b"\\" not in body or (b"\\ud" not in body and b"\\uD" not in body):
        return body
    return _ESCAPES.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], body)


@dataclass(frozen=True)
class StoredPage:
    """Where one body is and what it must hash to; `exchange` has one row for each."""

    run_id: str
    part: str
    offset: int
    length: int
    sha256: str

    def read(self, raw: Path) -> bytes:
        """The body as stored.

        Raises:
            PageError: the part is missing, cut short or altered.
        """
        path = raw / self.run_id / self.part
        try:
            with path.open("rb") as file:
                file.seek(self.offset)
                body: bytes = igzip.decompress(file.read(self.length))
        except (OSError, EOFError, ValueError, isal_zlib.error) as error:  # type: ignore[misc]  # stubs: an instance
            raise PageError(
                f"{path}: the page at byte {self.offset} cannot be read back: {error}"
            ) from error
        found = hashlib.sha256(body).hexdigest()
        if found != self.sha256:
            raise PageError(
                f"{path}: the page at byte {self.offset} has sha256 {found}, "
                f"the exchange log says {self.sha256}: it was altered after it was received"
            )
        return body


def find(con: duckdb.DuckDBPyConnection, page_id: int) -> StoredPage:
    """Where the page of `exchange.page_id` is.

    Raises:
        PageError: no exchange has that number.
    """
    rows = con.execute(
        "select run_id, part, part_offset, part_length, sha256 from exchange where page_id = ?",
        [page_id],
    ).fetchall()
    if not rows:
        raise PageError(f"page {page_id} is not in the exchange table")
    return StoredPage(*rows[0])


def item(body: bytes, pointer: str) -> Any:
    """The JSON value at `pointer` (RFC 6901) in `body`, or the row or line of a file that
    `#row=n` (RFC 7111) or `#line=n` (RFC 5147) names.

    Raises:
        PageError: nothing is there.
    """
    if tabular.is_pointer(pointer):
        return tabular.item(body, pointer)
    if lines.is_pointer(pointer):
        return lines.item(body, pointer)
    try:
        value = msgspec.json.decode(loadable(body))
    except msgspec.DecodeError as error:
        raise PageError(f"the page is not JSON: {error}") from error
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[_position(key)] if isinstance(value, list) else value[key]
        except (LookupError, TypeError, ValueError) as error:
            raise PageError(f"nothing at {pointer} in the page (no {key!r})") from error
    return value


def _position(token: str) -> int:
    """An array index as RFC 6901 writes it: no sign, no leading zero."""
    if not re.fullmatch("0|[1-9][0-9]*", token):
        raise ValueError(token)
    return int(token)
