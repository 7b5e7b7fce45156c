"""Staging: pages become rows with their provenance, or a PageError says which endpoint is to blame."""

import json
from pathlib import Path

import pytest
from collecting import endpoint, keep, rows, staging_at, store_at
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collect import staging as staging_module
from pipeline.collect.endpoint import Source
from pipeline.collect.staging import PAGES_PER_SNAPSHOT, sections
from pipeline.errors import PageError
from pipeline.sources import immuta, purview

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


@pytest.mark.parametrize("source", [purview.SOURCE, immuta.SOURCE], ids=lambda s: s.name)
def test_every_endpoint_has_its_section(source: Source) -> None:
    """The endpoints of a source and the sections of its SQL are the same, but for `start` and `finish`."""
    found = set(sections(source.sql)) - {"start", "finish"}
    assert found == {endpoint.name for endpoint in source.endpoints}


@settings(max_examples=15)
@given(st.lists(st.text(max_size=40), max_size=25), st.integers(1, 200))
def test_every_page_is_loaded_once_with_its_number(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], batch: int
) -> None:
    """However pages are grouped on their way, each one arrives with its own number and key."""
    path = tmp_path_factory.mktemp("run")
    store = store_at(path)
    for number, text in enumerate(texts):
        keep(
            store, SOURCE, "thing", json.dumps({"value": [{"id": text}]}).encode(), key=str(number)
        )
    plain = staging_module.BATCH_BYTES
    staging_module.BATCH_BYTES = batch
    try:
        with staging_at(path, store) as staging:
            staging.load(SOURCE, THING)
            found = rows(
                staging,
                "select page_id, about, page.value[1].id from toy.thing_item order by page_id",
            )
    finally:
        staging_module.BATCH_BYTES = plain
        store.close()
    assert found == [
        (PAGES_PER_SNAPSHOT + number + 1, str(number), text) for number, text in enumerate(texts)
    ]


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
    assert found == (["key", "name"], [("a", "a!"), ("b", "b!"), ("c", "c!")])


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
