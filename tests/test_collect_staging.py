"""Staging: pages become rows with their provenance, or a PageError says which endpoint is to blame."""

import json
import threading
from pathlib import Path

import duckdb
import pytest
from collecting import endpoint, keep, rows, staging_at, store_at
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collect import loading
from pipeline.collect import staging as staging_module
from pipeline.collect.endpoint import Source
from pipeline.collect.loading import Loading, strings
from pipeline.collect.section import section
from pipeline.collect.staging import PAGES_PER_SNAPSHOT, Staging, sections
from pipeline.config import ImmutaConfig
from pipeline.errors import PageError
from pipeline.sources import immuta, purview
from pipeline.sources.immuta import activity
from pipeline.warehouse.home import bind

SQL = """-- what comes before the first section belongs to none
-- endpoint: thing
create table thing_item as
select page_id, key as about, from_json(body, '{"value": [{"id": "VARCHAR"}]}') as page from pages;
-- endpoint: strict, with a remark
create table strict_item as
select case when body not like '%value%' then error('no list') end as page from pages;
-- finish
create table finished as select count(*) as pages from thing_item;
"""
THING = endpoint()
SOURCE = Source("toy", (THING, endpoint("strict")), SQL, probes=())


def test_sections_are_cut_at_their_headings() -> None:
    """Each statement belongs to the endpoint named above it."""
    found = sections(SQL)
    assert list(found) == ["thing", "strict", "finish"]
    assert found["finish"].startswith("create table finished")
    assert "strict" not in found["thing"]


FED = activity.source(immuta.SOURCE, ImmutaConfig(audit_feed=Path("events.jsonl")))
"""Immuta where files stand in for the addresses of its activity: endpoints of the same SQL."""


@pytest.mark.parametrize(
    "configured", [(purview.SOURCE,), (immuta.SOURCE, FED)], ids=lambda found: found[0].name
)
def test_every_endpoint_has_its_section(configured: tuple[Source, ...]) -> None:
    """The endpoints of a source, however it is configured, and the sections of its SQL are the same, but for
    `start` and `finish`."""
    found = set(sections(configured[0].sql)) - {"start", "finish"}
    assert found == {endpoint.name for source in configured for endpoint in source.endpoints}


@settings(max_examples=15)
@given(st.lists(st.text(max_size=40), max_size=25), st.integers(1, 200), st.integers(1, 400))
def test_every_page_is_loaded_once_with_its_number(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], batch: int, chunk: int
) -> None:
    """However pages are grouped on their way, and however many looks are taken while they come, each one
    arrives with its own number and key."""
    path = tmp_path_factory.mktemp("run")
    store = store_at(path)
    with pytest.MonkeyPatch.context() as patch, staging_at(path, store) as staging:
        patch.setattr(loading, "BATCH_BYTES", batch)
        patch.setattr(loading, "CHUNK_BYTES", chunk)
        for number, text in enumerate(texts):
            body = json.dumps({"value": [{"id": text}]}).encode()
            keep(store, SOURCE, "thing", body, key=str(number))
            staging.feed(SOURCE, THING)
        staging.load(SOURCE, THING)
        found = rows(
            staging, "select page_id, about, page.value[1].id from toy.thing_item order by page_id"
        )
    store.close()
    assert found == [
        (PAGES_PER_SNAPSHOT + number + 1, str(number), text) for number, text in enumerate(texts)
    ]


def test_pages_are_loaded_while_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has come is in tables before the walk of the level ends, and its rest afterwards."""
    monkeypatch.setattr(loading, "CHUNK_BYTES", 1)
    monkeypatch.setattr(staging_module, "LOOK_AGAIN_S", 0.001)
    store = store_at(tmp_path)
    loaded = threading.Event()
    plain = Loading.feed

    def feed(self: Loading) -> None:
        plain(self)
        loaded.set()

    monkeypatch.setattr(Loading, "feed", feed)
    query = "select page.value[1].id from toy.thing_item order by page_id"
    with staging_at(tmp_path, store) as staging:
        with staging.feeding([(SOURCE, THING)], lambda: None):
            keep(store, SOURCE, "thing", b'{"value": [{"id": "early"}]}')
            assert loaded.wait(timeout=10)
        assert rows(staging, query) == [("early",)]
        keep(store, SOURCE, "thing", b'{"value": [{"id": "late"}]}')
        staging.load(SOURCE, THING)
        assert rows(staging, query) == [("early",), ("late",)]
    store.close()


def test_an_odd_page_stops_the_walk_that_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed format is told when its first page is loaded, not when the last one was read."""
    monkeypatch.setattr(loading, "CHUNK_BYTES", 1)
    monkeypatch.setattr(staging_module, "LOOK_AGAIN_S", 0.001)
    store = store_at(tmp_path)
    stopped = threading.Event()

    def walk(staging: Staging) -> None:
        with staging.feeding([(SOURCE, SOURCE.endpoints[1])], stopped.set):
            keep(store, SOURCE, "strict", b'{"valu": []}')
            assert stopped.wait(timeout=10)

    with (
        staging_at(tmp_path, store) as staging,
        pytest.raises(PageError, match=r"toy\.strict: a page cannot be loaded: .*no list"),
    ):
        walk(staging)
    store.close()


def test_pages_of_a_resumed_run_are_loaded_like_new_ones(tmp_path: Path) -> None:
    """What an earlier process kept is in the store when the walk begins, and comes into tables once."""
    store = store_at(tmp_path)
    keep(store, SOURCE, "thing", b'{"value": [{"id": "before"}]}')
    store.close()
    again = store_at(tmp_path)
    with staging_at(tmp_path, again) as staging:
        keep(again, SOURCE, "thing", b'{"value": [{"id": "after"}]}')
        staging.feed(SOURCE, THING)
        staging.load(SOURCE, THING)
        found = rows(staging, "select page.value[1].id from toy.thing_item order by page_id")
    again.close()
    assert found == [("before",), ("after",)]


def test_statements_are_sorted_by_when_they_run() -> None:
    """What reads pages runs per chunk, with what is made of it and dropped again; the rest once, before or after."""
    found = section(
        "create macro half(x) as x / 2; "
        "create table page as select page_id, body from pages; "
        "create table thing as select * from page where body <> 'from pages'; "
        "drop table page; "
        "insert into other select distinct on (page_id) * from thing;"
    )
    assert found.divisible
    assert [text.split()[2] for text in found.once] == ["half(x)"]
    assert [text.split()[:3] for text in found.per_chunk] == [
        ["create", "table", "page"],
        ["create", "table", "thing"],
        ["drop", "table", "page;"],
    ]
    assert [text.split()[0] for text in found.following()] == ["create", "insert", "drop"]
    assert len(found.at_the_end) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "create table thing as select distinct key from pages",
        "create table thing as select count(*) as pages from pages",
        "create table thing as select key, max(body) as body from pages group by key",
        "create temp table thing as select key from pages",
        "create view thing as select key from pages",
    ],
)
def test_what_looks_at_several_pages_gets_all_of_them(sql: str) -> None:
    """A statement that no two chunks can run is run on every page at once."""
    assert not section(sql).divisible


@pytest.mark.parametrize("source", [purview.SOURCE, immuta.SOURCE], ids=lambda s: s.name)
def test_every_section_can_be_loaded_in_chunks(source: Source) -> None:
    """No section holds its pages back until the last one is read: memory stays bounded."""
    found = sections(source.sql)
    whole = {e.name for e in source.endpoints if not section(found.get(e.name, "")).divisible}
    assert whole == set()


def test_columns_of_text_are_made_without_pandas() -> None:
    """What DuckDB is handed equals what pyarrow would make of the same values, nulls included."""
    values = [None, b"", "\u00e9\u4e16".encode(), b"plain", None, b"x" * 70, *[None] * 9, b"end"]
    texts = [None if value is None else value.decode() for value in values]
    assert strings(values).to_pylist() == texts
    assert strings([]).to_pylist() == []


def test_a_page_that_takes_more_memory_than_allowed_is_loaded_all_the_same(tmp_path: Path) -> None:
    """What fails for want of memory is done again without the limit: every row is there once."""
    store = store_at(tmp_path)
    many = [
        {"id": f"some thing with a name that is long enough, number {at}"} for at in range(60_000)
    ]
    keep(store, SOURCE, "thing", json.dumps({"value": many}).encode())
    with staging_at(tmp_path, store) as staging:
        bind(staging.con, "20MB")
        loaded = "select sum(len(page.value)) from toy.thing_item"
        with pytest.raises(duckdb.OutOfMemoryException):
            staging.con.execute("select from_json($1, '[\"JSON\"]')", [json.dumps(many)])
        staging.load(SOURCE, THING)
        assert rows(staging, loaded) == [(60_000,)]
    store.close()


def test_an_odd_page_names_its_endpoint(tmp_path: Path) -> None:
    """What the SQL cannot take stops the run with the endpoint's name and the engine's reason."""
    store = store_at(tmp_path)
    keep(store, SOURCE, "strict", b'{"valu": []}')
    with (
        staging_at(tmp_path, store) as staging,
        pytest.raises(PageError, match=r"toy\.strict: a page cannot be loaded: .*no list"),
    ):
        staging.load(SOURCE, SOURCE.endpoints[1])
    store.close()


def test_a_page_that_is_no_json_names_its_endpoint(tmp_path: Path) -> None:
    """A stored page that no client would have accepted does not become an empty table."""
    store = store_at(tmp_path)
    keep(store, SOURCE, "thing", b'{"value": [')
    with (
        staging_at(tmp_path, store) as staging,
        pytest.raises(PageError, match=r"toy\.thing: a page cannot be loaded: .*JSON"),
    ):
        staging.load(SOURCE, THING)
    store.close()


def test_a_page_that_was_altered_on_disk_is_named(tmp_path: Path) -> None:
    """Loading reads every page against its digest, and the error says which file."""
    store = store_at(tmp_path)
    keep(store, SOURCE, "thing", b'{"value": [{"id": "some thing that is long enough"}]}')
    part = tmp_path / "run" / "toy" / "thing" / "part-0001.gz"
    altered = bytearray(part.read_bytes())
    altered[20] ^= 1
    part.write_bytes(altered)
    with (
        staging_at(tmp_path, store) as staging,
        pytest.raises(PageError, match=r"toy\.thing: .*part-0001\.gz"),
    ):
        staging.load(SOURCE, THING)
    store.close()


def test_sections_of_two_sources_do_not_meet(tmp_path: Path) -> None:
    """Each source's own tables are in a schema of its own; public tables are shared."""
    store = store_at(tmp_path)
    other = Source("other", SOURCE.endpoints, SQL, probes=())
    with staging_at(tmp_path, store) as staging:
        for source in (SOURCE, other):
            staging.load(source, THING)
            staging.finish(source)
        names = rows(
            staging,
            "select schema_name, table_name from duckdb_tables() where table_name like '%_item'",
        )
    store.close()
    assert sorted(names) == [("other", "thing_item"), ("toy", "thing_item")]


def test_keys_come_once_and_in_order(tmp_path: Path) -> None:
    """A resumed run asks for the same keys in the same order, so that its calls are the same."""
    store = store_at(tmp_path)
    keys = "select v as key, v || '!' as name from (values ('b'), ('a'), ('b'), ('c')) t(v)"
    with staging_at(tmp_path, store) as staging:
        staging.load(SOURCE, THING)
        found = staging.keys(SOURCE, endpoint(for_each=keys))
    store.close()
    assert found.names == ("key", "name")
    assert list(found) == [("a", "a!"), ("b", "b!"), ("c", "c!")]


def test_exchanges_are_rows_with_their_page_number(tmp_path: Path) -> None:
    """The log of a source becomes `exchange`, absent answers included, times as times."""
    store = store_at(tmp_path)
    keep(store, SOURCE, "thing", b'{"value": []}', key="k")
    keep(store, SOURCE, "thing", b"<html>", status=404, redactions=["/password"], attempt=3)
    with staging_at(tmp_path, store) as staging:
        staging.record_exchanges(SOURCE, "run")
        found = rows(
            staging,
            "select page_id, snapshot_number, endpoint, key, status, attempt, redactions, "
            "epoch(received_at - sent_at), part_length > 0 from exchange order by page_id",
        )
    store.close()
    first = PAGES_PER_SNAPSHOT + 1
    assert found == [
        (first, 1, "toy.thing", "k", 200, 1, [], 1.5, True),
        (first + 1, 1, "toy.thing", None, 404, 3, ["/password"], 1.5, True),
    ]


def test_staging_starts_anew_each_time(tmp_path: Path) -> None:
    """What a killed process left in the file is gone: rows come from pages alone."""
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    store = store_at(folder)
    for _ in range(2):
        with staging_at(folder, store) as staging:
            assert rows(staging, "select count(*) from asset") == [(0,)]
            staging.load(SOURCE, THING)
    store.close()
