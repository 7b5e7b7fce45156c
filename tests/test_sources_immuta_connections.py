"""Connections of Govern: what is below them is found by search, and a tenant without them has none."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from collecting import Answer, Seen, client, loaded, rows, serving, staging_at, store_at

from pipeline.collect.allowed import Allowed
from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.walk import collect
from pipeline.errors import ForbiddenRequestError
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import connections

SOURCE = assembled("immuta", "pipeline.sources.immuta", (connections,))
SEARCH = "/data/object/search"
TREE: dict[str, list[Any]] = {
    SEARCH: [{"objectPath": "snow-1", "technology": "Snowflake", "state": "active"}],
    f"{SEARCH}/snow-1": [
        {
            "objectPath": "snow-1/FIN",
            "state": "active",
            "settings": {"isActive": True, "dataOwners": [{"type": "group", "name": "owners"}]},
            "overrides": None,
        }
    ],
    f"{SEARCH}/snow-1/FIN": [{"objectPath": ["snow-1", "FIN", "A/B"], "state": "INACTIVE"}],
    f"{SEARCH}/snow-1/FIN/A%2FB": [
        {"objectPath": ["snow-1", "FIN", "A/B", "T1"], "dataSourceId": 41},
        {"objectPath": ["snow-1", "FIN", "A/B", "T2"], "metadata": {"dataSourceId": 42}},
        {"name": "T3", "dataSource": {"id": 43}},
    ],
}
DETAIL = {
    "connectionKey": "snow-1",
    "connection": {
        "technology": "Snowflake",
        "hostname": "acme.example",
        "password": "planted-secret",
        "privateKey": "[REDACTED]",
    },
    "nativeIntegrationId": 3,
    "createdBy": 2,
    "createdAt": "2026-01-12T08:30:00.000Z",
}
MISSING = Answer(b'{"statusCode": 404, "message": "Not Found"}', status=404)


def said(body: Any) -> Answer:
    return Answer(json.dumps(body).encode())


def tenant(seen: Seen) -> Answer:
    """A tenant with one connection, whose search knows no paging."""
    if seen.path == "/data/connection/snow-1":
        return said(DETAIL)
    if seen.path == "/api/connections/snow-1":
        return said({"connectionKey": "snow-1", "state": "UNHEALTHY"})
    return said({"hits": TREE[seen.path], "count": len(TREE[seen.path])})


@contextmanager
def collected(tmp_path: Path, answers: Any) -> Iterator[tuple[Staging, list[Seen], bool]]:
    """Staging with everything read from a server, what it was sent, and whether nothing is missing."""
    store = store_at(tmp_path)
    with (
        serving(answers) as server,
        client(server.url, SOURCE.endpoints, store, sql=SOURCE.sql) as sender,
        staging_at(tmp_path, store) as staging,
    ):
        outcomes = collect({"toy": sender}, staging, workers=2, skip={})
        whole = reconcile(staging, outcomes)
        staging.record_exchanges(sender.source, "run")
        yield staging, server.seen, whole


def test_the_tree_below_a_connection(tmp_path: Path) -> None:
    """From the root down, whichever way a path is written; a slash inside a name is no border."""
    with collected(tmp_path, tenant) as (staging, _, whole):
        query = "select path, parent_path, depth, technology, state, source_id from immuta_object order by path"
        assert rows(staging, query) == [
            ("snow-1", None, 1, "Snowflake", "active", None),
            ("snow-1/FIN", "snow-1", 2, "Snowflake", "active", None),
            ("snow-1/FIN/A%2FB", "snow-1/FIN", 3, "Snowflake", "inactive", None),
            ("snow-1/FIN/A%2FB/T1", "snow-1/FIN/A%2FB", 4, "Snowflake", None, 41),
            ("snow-1/FIN/A%2FB/T2", "snow-1/FIN/A%2FB", 4, "Snowflake", None, 42),
            ("snow-1/FIN/A%2FB/T3", "snow-1/FIN/A%2FB", 4, "Snowflake", None, 43),
        ]
        assert whole


def test_what_holds_for_an_object(tmp_path: Path) -> None:
    """As it was sent, as there are no more than the names of settings; null is not said."""
    with collected(tmp_path, tenant) as (staging, _, _):
        query = (
            "select path, settings->>'$.dataOwners[0].name', settings is null, overrides is null "
            "from immuta_object where depth < 3 order by path"
        )
        assert rows(staging, query) == [
            ("snow-1", None, True, True),
            ("snow-1/FIN", "owners", False, True),
        ]


def test_a_connection_in_its_own_words(tmp_path: Path) -> None:
    """Where it leads and how it is; the preview alone knows that it is not well."""
    with collected(tmp_path, tenant) as (staging, _, _):
        query = (
            "select key, technology, state, host, native_integration_id, created_by, "
            "detail_read, connection->>'$.password' from immuta_connection"
        )
        assert rows(staging, query) == [
            ("snow-1", "Snowflake", "UNHEALTHY", "acme.example", 3, 2, True, "[REDACTED]")
        ]


def test_struck_out_values_are_in_the_ledger(tmp_path: Path) -> None:
    """One row each, of what we replaced; what the server had replaced itself is not ours."""
    with collected(tmp_path, tenant) as (staging, _, _):
        query = (
            "select item, endpoint, key from redaction join exchange using (page_id, endpoint, key)"
        )
        assert rows(staging, query) == [("/connection/password", "toy.connection", "snow-1")]
    assert not any(
        b"planted" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )


def test_a_tenant_without_connections_has_none(tmp_path: Path) -> None:
    """404 at the root is an answer: nothing more is asked, nothing is missing."""
    with collected(tmp_path, [MISSING]) as (staging, seen, whole):
        assert whole
        assert [asked.path for asked in seen] == [SEARCH]
        assert rows(staging, "select count(*) from immuta_connection") == [(0,)]
        assert rows(staging, "select count(*) from gap") == [(0,)]


def test_a_tenant_without_the_preview_lacks_nothing(tmp_path: Path) -> None:
    """The state is then what the search says."""

    def answer(seen: Seen) -> Answer:
        return MISSING if seen.path.startswith("/api/") else tenant(seen)

    with collected(tmp_path, answer) as (staging, _, whole):
        assert whole
        assert rows(staging, "select state from immuta_connection") == [("ACTIVE",)]


def test_a_connection_that_is_refused_is_a_gap(tmp_path: Path) -> None:
    """403 is no absence: the connection is known by its key, and that it was not read."""

    def answer(seen: Seen) -> Answer:
        refused = seen.path.startswith("/data/connection/")
        return Answer(b"{}", status=403) if refused else tenant(seen)

    with collected(tmp_path, answer) as (staging, _, whole):
        assert not whole
        assert rows(staging, "select endpoint, key, status from gap") == [
            ("toy.connection", "snow-1", 403)
        ]
        query = "select key, detail_read, host from immuta_connection"
        assert rows(staging, query) == [("snow-1", False, None)]


def test_a_list_of_objects_that_repeats_a_part_is_refused(tmp_path: Path) -> None:
    """A server that states more than it sends, whatever the offset, leaves the list incomplete."""

    def answer(seen: Seen) -> Answer:
        if seen.path == SEARCH:
            return said({"hits": TREE[SEARCH], "count": 3})
        return tenant(seen)

    with collected(tmp_path, answer) as (staging, _, whole):
        assert not whole
        assert ("toy.connection_object", "*") in rows(staging, "select endpoint, key from gap")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda hits: hits,
        lambda hits: {"hits": hits},
        lambda hits: {"data": hits, "total": len(hits)},
        lambda hits: {"objects": hits, "next": None},
    ],
)
def test_objects_in_every_envelope(tmp_path: Path, wrap: Any) -> None:
    """Which one the search has is not documented; the pointer leads into the body as it came."""
    body = wrap(TREE[SEARCH])
    place = "" if isinstance(body, list) else "/" + next(iter(body))
    page = ("connection_object", None, json.dumps(body).encode())
    with loaded(tmp_path, SOURCE, [page]) as staging:
        query = "select path, item from immuta_object"
        assert rows(staging, query) == [("snow-1", f"{place}/0")]


def names(endpoints: Sequence[Endpoint]) -> set[str]:
    return {endpoint.name for endpoint in endpoints if endpoint.method == "POST"}


def test_only_the_search_of_objects_is_posted() -> None:
    """It reads; settings, crawls and deletions of the same plane are no reads."""
    allowed = Allowed(SOURCE)
    assert names(SOURCE.endpoints) == {
        "connection_object",
        "database_object",
        "schema_object",
        "table_object",
    }
    for path in (SEARCH, f"{SEARCH}/k", f"{SEARCH}/k/d", f"{SEARCH}/k/d/s%2Ft"):
        allowed.check(Request("POST", "govern", path))
    for method, path in (
        ("POST", "/data/crawl/k"),
        ("PUT", "/data/settings/k"),
        ("DELETE", "/data/object/k"),
        ("POST", "/data/connection"),
        ("PATCH", "/api/connections/k"),
        ("DELETE", "/api/connections/k"),
        ("POST", f"{SEARCH}/k/d/s/t/.."),
    ):
        with pytest.raises(ForbiddenRequestError):
            allowed.check(Request(method, "govern", path))
