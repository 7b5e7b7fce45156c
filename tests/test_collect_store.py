"""The page store: what was kept comes back, and what a killed process left half-written does not."""

import gzip
import shutil
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from collecting import JSON
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect import store as store_module
from pipeline.collect.endpoint import Request
from pipeline.collect.store import LOG, LOGGED, Exchange, PageStore, identity
from pipeline.errors import PageError

FACTS: dict[str, Any] = {
    "key": None,
    "url": "https://purview.example/things",
    "status": 200,
    "attempt": 1,
    "sent_at": "2026-11-21T01:00:00+00:00",
    "received_at": "2026-11-21T01:00:01+00:00",
    "server_date": None,
    "redactions": [],
}
BODIES = st.lists(st.tuples(st.sampled_from(["one", "two"]), st.binary(max_size=300)), max_size=12)


def request(number: int) -> Request:
    return Request("GET", "main", "/things", (("page", str(number)),))


def keep(store: PageStore, number: int, body: bytes, endpoint: str = "one") -> Exchange:
    """Keeps the answer to request `number`, every other one as a server compressed it."""
    gzipped = gzip.compress(body) if number % 2 else None
    facts = {**FACTS, "source": "toy", "endpoint": endpoint}
    return store.keep(request(number), body, gzipped=gzipped, **facts)


def filled(raw: Path, count: int = 4) -> Path:
    """The folder of an endpoint with `count` pages."""
    store = PageStore(raw, "run")
    for number in range(count):
        keep(store, number, b"page %d" % number)
    store.close()
    return raw / "run" / "toy" / "one"


def numbers(raw: Path) -> list[int]:
    """The pages that an opened run has, by the number in their body."""
    store = PageStore(raw, "run")
    found = [int(body.split()[1]) for _, body in store.pages("toy", "one")]
    assert store.replayable == len(found)
    for number in found:
        kept = store.replay(request(number), "toy", "one")
        assert kept is not None
        assert store.read(kept) == b"page %d" % number
    store.close()
    return found


@given(BODIES)
def test_every_body_comes_back(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[tuple[str, bytes]]
) -> None:
    """In the process that kept it and in the next one, in the order it came, endpoint by endpoint."""
    raw = tmp_path_factory.mktemp("raw")
    store = PageStore(raw, "run")
    for number, (endpoint, body) in enumerate(bodies):
        kept = keep(store, number, body, endpoint)
        assert store.read(kept) == body
        assert store.replay(request(number), "toy", endpoint) == kept
    store.close()
    again = PageStore(raw, "run")
    for endpoint in ("one", "two"):
        found = list(again.pages("toy", endpoint))
        assert [body for _, body in found] == [body for name, body in bodies if name == endpoint]
        assert [kept for kept, _ in found] == again.exchanges("toy", endpoint)
    assert again.replayable == len(bodies)
    again.close()
    shutil.rmtree(raw)


def test_a_run_goes_on_behind_what_it_has(tmp_path: Path) -> None:
    """Numbers and positions continue, so that no two pages of a run are mixed up."""
    filled(tmp_path, 3)
    store = PageStore(tmp_path, "run")
    keep(store, 3, b"page 3")
    assert [kept.seq for kept in store.exchanges("toy", "one")] == [1, 2, 3, 4]
    store.close()
    assert numbers(tmp_path) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "tail", [b"\x1f\x8b\x08\x00half", gzip.compress(b"whole, but not logged", mtime=0)]
)
def test_a_body_without_its_line_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    """What was written when the process died is removed, and what comes next is readable."""
    folder = filled(tmp_path)
    with (folder / "part-0001.gz").open("ab") as part:
        part.write(tail)
    assert numbers(tmp_path) == [0, 1, 2, 3]
    store = PageStore(tmp_path, "run")
    keep(store, 4, b"page 4")
    store.close()
    assert numbers(tmp_path) == [0, 1, 2, 3, 4]
    assert tail not in (folder / "part-0001.gz").read_bytes()


@pytest.mark.parametrize("cut", range(1, 40, 6))
def test_a_half_written_line_is_cut_off_with_its_body(tmp_path: Path, cut: int) -> None:
    """An exchange counts when its line is whole; the page of a half line is asked for again."""
    log = filled(tmp_path) / LOG
    log.write_bytes(log.read_bytes()[:-cut])
    assert numbers(tmp_path) == [0, 1, 2]
    assert log.read_bytes().endswith(b"}\n")
    store = PageStore(tmp_path, "run")
    keep(store, 3, b"page 3")
    store.close()
    assert numbers(tmp_path) == [0, 1, 2, 3]


def test_a_shortened_part_is_named(tmp_path: Path) -> None:
    """A part that lost bytes that were logged is damage, not a tail: the error says which and the cure."""
    part = filled(tmp_path) / "part-0001.gz"
    part.write_bytes(part.read_bytes()[:-3])
    with pytest.raises(PageError, match=r"part-0001\.gz: ends at byte .* remove the run's folder"):
        PageStore(tmp_path, "run")


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    """A part that is gone is found when the run is opened, not when its first page is read."""
    (filled(tmp_path) / "part-0001.gz").unlink()
    with pytest.raises(PageError, match=r"part-0001\.gz: ends at byte 0"):
        PageStore(tmp_path, "run")


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    """A whole line that cannot be read is damage as well."""
    log = filled(tmp_path) / LOG
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + b"\0" * 50 + b"\n" + lines[2])
    with pytest.raises(PageError, match=r"exchanges\.jsonl: damaged"):
        PageStore(tmp_path, "run")


def test_an_altered_page_is_not_read(tmp_path: Path) -> None:
    """One changed byte in a body is found by its digest, or by gzip."""
    part = filled(tmp_path) / "part-0001.gz"
    altered = bytearray(part.read_bytes())
    altered[len(altered) // 2] ^= 1
    part.write_bytes(altered)
    store = PageStore(tmp_path, "run")
    with pytest.raises(PageError, match=r"part-0001\.gz: the page at byte"):
        list(store.pages("toy", "one"))


def test_a_full_part_is_followed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts have a bounded size, and a reopened run goes on in the newest one."""
    monkeypatch.setattr(store_module, "PART_BYTES", 60)
    folder = filled(tmp_path, 6)
    parts = sorted(path.name for path in folder.glob("part-*"))
    assert len(parts) > 1
    store = PageStore(tmp_path, "run")
    assert keep(store, 6, b"page 6").part >= f"toy/one/{parts[-1]}"
    store.close()
    assert numbers(tmp_path) == [0, 1, 2, 3, 4, 5, 6]


def test_threads_keep_pages_at_the_same_time(tmp_path: Path) -> None:
    """Eight threads that write to the same two endpoints lose and mix nothing."""
    store = PageStore(tmp_path, "run")
    barrier = threading.Barrier(8)

    def work(thread: int) -> None:
        barrier.wait(timeout=10)
        for number in range(thread, 200, 8):
            body = (b"page %d " % number) * (1 + number % 50)
            keep(store, number, body, "one" if number % 3 else "two")

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    store.close()
    again = PageStore(tmp_path, "run")
    found = [*again.pages("toy", "one"), *again.pages("toy", "two")]
    assert sorted(kept.seq for kept, _ in found) == list(range(1, 201))
    for kept, body in found:
        number = int(body.split()[1])
        assert body == (b"page %d " % number) * (1 + number % 50)
        assert kept.identity == identity(request(number), "toy", kept.endpoint)


def test_what_arrived_is_told_in_turn(tmp_path: Path) -> None:
    """Who loads while others keep sees every page once; the answer to a call that was given up is no page."""
    store = PageStore(tmp_path, "run")
    first = [keep(store, number, b"page") for number in range(3)]
    facts = {**FACTS, "source": "toy", "endpoint": "one", "status": 500}
    store.keep(request(9), b"no", refused=True, **facts)
    assert store.arrived("toy", "one", 0) == first
    last = keep(store, 3, b"page")
    assert store.arrived("toy", "one", 3) == [last]
    assert store.arrived("toy", "one", 4) == store.arrived("toy", "two", 0) == []
    store.close()
    again = PageStore(tmp_path, "run")
    assert again.arrived("toy", "one", 0) == [*first, last]
    again.close()


def test_chunks_are_told_by_their_size(tmp_path: Path) -> None:
    """How many more pages make up so many bytes, refusals left out; none while there are not enough."""
    store = PageStore(tmp_path, "run")
    for number in range(4):
        keep(store, number, b"ten bytes!")
        facts = {**FACTS, "source": "toy", "endpoint": "one", "status": 500}
        store.keep(request(10 + number), b"no", refused=True, **facts)
    assert [store.enough("toy", "one", 0, size) for size in (1, 10, 11, 40, 41)] == [1, 1, 2, 4, 0]
    assert store.enough("toy", "one", 3, 11) == store.enough("toy", "two", 0, 1) == 0
    assert [kept.seq for kept in store.arrived("toy", "one", 1, 2)] == [3, 5]
    store.close()


def test_every_exchange_is_found_again(tmp_path: Path) -> None:
    """Among any number of exchanges the last one of a request is replayed, also after a restart."""
    store = PageStore(tmp_path, "run")
    kept = [keep(store, number, b"page") for number in range(300)]
    kept[7] = keep(store, 7, b"the same once more")
    for found in (store, PageStore(tmp_path, "run")):
        assert [found.replay(request(number), "toy", "one") for number in range(300)] == kept
        assert found.replay(request(300), "toy", "one") is None
        found.close()
    assert PageStore(tmp_path, "run").replayable == 300


def test_memory_holds_places_only(tmp_path: Path) -> None:
    """An exchange costs a fraction of its line in memory, so that a long run does not grow with its requests."""
    store = PageStore(tmp_path, "run")
    tracemalloc.start()
    try:
        for number in range(200):
            keep(store, number, b"page")
        before, _ = tracemalloc.get_traced_memory()
        for number in range(200, 1200):
            keep(store, number, b"page")
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        store.close()
    assert (after - before) / 1000 < 60
    assert store.log("toy", "one").stat().st_size / 1200 > 400


def test_the_log_is_described_for_duckdb(tmp_path: Path) -> None:
    """Every field of a line has a type, and a line read back by DuckDB says what was kept."""
    store = PageStore(tmp_path, "run")
    kept = keep(store, 1, b"page")
    store.close()
    shape = ", ".join(f"{name}: '{kind}'" for name, kind in LOGGED.items())
    found = duckdb.execute(
        f"from read_json($1, format = 'newline_delimited', columns = {{{shape}}})",
        [str(store.log("toy", "one"))],
    ).fetchall()
    assert found == [msgspec.structs.astuple(kept)]


def test_answers_without_a_body_to_load_are_no_pages(tmp_path: Path) -> None:
    """A kept 404 is replayed like any answer, but there is nothing in it to load."""
    store = PageStore(tmp_path, "run")
    facts = {**FACTS, "source": "toy", "endpoint": "one", "status": 404}
    kept = store.keep(request(1), b"<html>", **facts)
    assert list(store.pages("toy", "one")) == []
    assert store.replay(request(1), "toy", "one") == kept
    store.close()


@given(JSON, JSON)
def test_requests_that_differ_are_not_mixed_up(one: Any, other: Any) -> None:
    """Method, plane, path, parameters, body, source and endpoint all make a request another one."""
    plain = Request("POST", "main", "/things", (("a", "b"),), {"x": one})
    assert identity(plain, "toy", "one") == identity(plain.with_body(x=one), "toy", "one")
    others = [
        Request("GET", "main", "/things", (("a", "b"),), {"x": one}),
        Request("POST", "side", "/things", (("a", "b"),), {"x": one}),
        Request("POST", "main", "/thing", (("a", "b"),), {"x": one}),
        Request("POST", "main", "/things", (("a", "c"),), {"x": one}),
        plain.with_body(y=other),
    ]
    found = [identity(request, "toy", "one") for request in [plain, *others]]
    assert len({*found, identity(plain, "other", "one"), identity(plain, "toy", "two")}) == 8
