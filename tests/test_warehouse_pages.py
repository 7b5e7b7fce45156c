"""Stored pages: read back by position, and never silently altered."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import PageError
from pipeline.warehouse import home, pages
from pipeline.warehouse.home import Home
from pipeline.warehouse.pages import StoredPage

BODIES = [b'{"value": [1]}', b"", b'{"value": ["' + bytes(range(97, 123)) * 40 + b'"]}']


@pytest.fixture
def stored(tmp_path: Path) -> list[StoredPage]:
    """Three pages back to back in one part below `tmp_path`."""
    found, offset = [], 0
    part = tmp_path / "run-1" / "part-0"
    part.parent.mkdir()
    with part.open("wb") as file:
        for body in BODIES:
            member = gzip.compress(body, mtime=0)
            digest = hashlib.sha256(body).hexdigest()
            found.append(StoredPage("run-1", "part-0", offset, len(member), digest))
            offset += file.write(member)
    return found


def test_pages_are_read_back_by_position(tmp_path: Path, stored: list[StoredPage]) -> None:
    """Each member of a part is read on its own."""
    assert [page.read(tmp_path) for page in stored] == BODIES


def _absent(part: Path, page: StoredPage) -> None:
    part.unlink()


def _cut(part: Path, page: StoredPage) -> None:
    part.write_bytes(part.read_bytes()[: page.offset + page.length - 3])


def _replaced(part: Path, page: StoredPage) -> None:
    other = gzip.compress(BODIES[2].replace(b"a", b"b"), mtime=0)
    assert len(other) <= page.length
    part.write_bytes(part.read_bytes()[: page.offset] + other.ljust(page.length, b"\0"))


def _flipped_at(position: Callable[[StoredPage], int]) -> Callable[[Path, StoredPage], None]:
    def flip(part: Path, page: StoredPage) -> None:
        content = bytearray(part.read_bytes())
        content[page.offset + position(page)] ^= 0xFF
        part.write_bytes(bytes(content))

    return flip


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(_absent, id="absent"),
        pytest.param(_cut, id="cut"),
        pytest.param(_replaced, id="replaced"),
        pytest.param(_flipped_at(lambda page: 0), id="magic"),
        pytest.param(_flipped_at(lambda page: 12), id="stream"),
        pytest.param(_flipped_at(lambda page: page.length // 2), id="middle"),
        pytest.param(_flipped_at(lambda page: page.length - 6), id="checksum"),
    ],
)
def test_damage_is_named(
    tmp_path: Path, stored: list[StoredPage], damage: Callable[[Path, StoredPage], None]
) -> None:
    """A part that is gone, cut, replaced or has a flipped byte is a PageError naming file and position."""
    part = tmp_path / "run-1" / "part-0"
    damage(part, stored[2])
    with pytest.raises(PageError) as caught:
        stored[2].read(tmp_path)
    assert f"{part}: the page at byte {stored[2].offset}" in str(caught.value)


def test_every_flipped_byte_is_noticed_or_harmless(
    tmp_path: Path, stored: list[StoredPage]
) -> None:
    """No single altered byte of a member changes the body that is read: it raises, or the body is the same."""
    part = tmp_path / "run-1" / "part-0"
    page = stored[0]
    intact = part.read_bytes()
    noticed = 0
    for position in range(page.length):
        altered = bytearray(intact)
        altered[page.offset + position] ^= 0x01
        part.write_bytes(bytes(altered))
        try:
            assert page.read(tmp_path) == BODIES[0]
        except PageError:
            noticed += 1
    assert noticed > page.length // 2


def test_an_altered_digest_is_noticed(tmp_path: Path, stored: list[StoredPage]) -> None:
    """A body that does not have the digest of the log is refused, with both digests."""
    page = replace(stored[0], sha256="0" * 64)
    with pytest.raises(PageError, match="it was altered after it was received"):
        page.read(tmp_path)


def test_find_leads_from_a_row_to_its_page(tiny: Home) -> None:
    """The page_id of a row leads to the body that was stored for it."""
    with home.connect(tiny.sealed(), read_only=True) as con:
        body = pages.find(con, 2_000_000_000).read(tiny.raw)
        assert pages.item(body, "/value/0/id") == "a2"
        with pytest.raises(PageError, match="page 5 is not in the exchange table"):
            pages.find(con, 5)


def test_pointers_follow_rfc_6901() -> None:
    """Pointers walk objects and arrays, with ~1 for / and ~0 for ~."""
    body = b'{"a/b": {"m~n": [10, 20]}, "": 3}'
    assert pages.item(body, "/a~1b/m~0n/1") == 20
    assert pages.item(body, "/") == 3
    assert pages.item(b"[1]", "") == [1]


@pytest.mark.parametrize("pointer", ["/none", "/list/9", "/list/x", "/text/0/0", "/list/-1"])
def test_a_pointer_to_nothing_is_an_error(pointer: str) -> None:
    """A pointer that leads nowhere is a PageError, not a neighbour's value."""
    with pytest.raises(PageError, match="nothing at"):
        pages.item(b'{"list": [1, 2], "text": "abc"}', pointer)


def test_a_session_without_pages_has_none() -> None:
    """Looking a page up in a warehouse without exchanges is a PageError."""
    with duckdb.connect() as con:
        con.execute(
            "create table exchange (page_id bigint, run_id varchar, part varchar, part_offset bigint, part_length bigint, sha256 varchar)"
        )
        with pytest.raises(PageError):
            pages.find(con, 1)
