"""Domains of Govern become rows, under either address that a tenant has for them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import Answer, Seen, loaded, rows, serving, staging_at, store_at

from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import data_sources, domains, policies

SOURCE = assembled("immuta", "pipeline.sources.immuta", (data_sources, policies, domains))
WALKED = replace(
    SOURCE,
    endpoints=tuple(replace(endpoint, needs=frozenset()) for endpoint in domains.ENDPOINTS),
    sql=re.sub(r"^-- finish$", "-- endpoint: nothing", SOURCE.sql, flags=re.M),
)
"""The domains alone, for whoever asks; what needs the tables of other groups is not finished."""
FINANCE, CLAIMS = "5b1c7c5e-0000-4000-8000-000000000001", "5b1c7c5e-0000-4000-8000-000000000002"
WHEN = "2026-01-05T08:30:00.000Z"
LISTED = [
    {"id": FINANCE, "name": "Finance", "description": "Money", "assignmentType": "dynamic",
     "tags": [{"name": "Finance"}, {"name": None}, "Ledger"], "createdBy": 7, "createdAt": WHEN,
     "updatedAt": WHEN, "type": "domain"},
    {"id": CLAIMS, "deleted": True, "tags": None},
]  # fmt: skip
SOURCES = [{"dataSourceId": 41, "name": "bills", "deleted": False}, {"dataSourceId": 42}]
PEOPLE = [
    {"name": "Sam Sample", "userObjectId": "sam@example.com", "profileId": 7,
     "permissions": ["Manage Policies", "Audit Activity"], "source": ["Direct", {"name": "Dept"}]},
    {"name": "Ola Owner", "userObjectId": "ola@example.com", "permissions": ["Audit Activity"]},
    {"name": "Dept Finance", "groupId": 9, "permissions": ["Manage Data Products"], "source": "Direct"},
    {"name": "Somebody", "permissions": ["Manage Identifiers"], "source": []},
    {"name": "Nobody", "profileId": 8, "permissions": []},
]  # fmt: skip


def page(rows: list[Any]) -> bytes:
    return json.dumps({"data": rows}).encode()


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """Two domains, the sources and permissions of one."""
    pages = [
        ("domain", "domain", page(LISTED)),
        ("domain_source", FINANCE, page(SOURCES)),
        ("domain_permission", FINANCE, page(PEOPLE)),
    ]
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages) as found:
        yield found


def test_domains(staging: Staging) -> None:
    """Assigned by tag or by hand; a domain without a name is known by its id."""
    when = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    query = (
        "select id, name, description, assignment_type, tags, deleted, created_by, created_at, "
        "item from immuta_domain order by id"
    )
    assert rows(staging, query) == [
        (
            FINANCE,
            "Finance",
            "Money",
            "dynamic",
            ["Finance", "Ledger"],
            False,
            "7",
            when,
            "/data/0",
        ),
        (CLAIMS, CLAIMS, None, None, [], True, None, None, "/data/1"),
    ]


def test_sources_and_permissions_of_domains(staging: Staging) -> None:
    """One row per permission, of a person, a group, or somebody who is only named."""
    query = "select domain_id, source_id, name, deleted from domain_source order by 2"
    assert rows(staging, query) == [(FINANCE, 41, "bills", False), (FINANCE, 42, None, None)]
    query = (
        "select principal_kind, principal_id, permission, name, user_id, granted_through "
        "from domain_permission order by all"
    )
    assert rows(staging, query) == [
        ("group", "9", "Manage Data Products", "Dept Finance", None, ["Direct"]),
        ("unknown", "Somebody", "Manage Identifiers", "Somebody", None, []),
        ("user", "7", "Audit Activity", "Sam Sample", "sam@example.com", ["Direct", "Dept"]),
        ("user", "7", "Manage Policies", "Sam Sample", "sam@example.com", ["Direct", "Dept"]),
        ("user", "ola@example.com", "Audit Activity", "Ola Owner", "ola@example.com", []),
    ]
    assert rows(staging, "select count(*) from immuta.domain_permission_item") == [(5,)]


@contextmanager
def walked(tmp_path: Path, answers: dict[str, Any]) -> Iterator[tuple[Staging, list[Seen], bool]]:
    """Staging after a walk of a tenant that has these lists, what was asked, and whether all came."""

    def answer(seen: Seen) -> Answer:
        found = answers.get(seen.path)
        if found is None:
            return Answer(b'{"message": "Not Found"}', 404)
        params = dict(seen.params)
        start, size = int(params["offset"]), int(params["size"])
        return Answer(page(found[start : start + size]))

    store = store_at(tmp_path)
    with serving(answer) as server, staging_at(tmp_path, store) as staging:
        plane = Plane(server.url, StaticToken("synthetic-bearer-token"))
        client = Client(WALKED, {"govern": plane}, Pace(1000.0), store)
        try:
            outcomes = collect({"immuta": client}, staging, workers=2, skip={})
        finally:
            client.close()
            store.close()
        yield staging, server.seen, reconcile(staging, outcomes)


@pytest.mark.parametrize("place", ["domain", "collection"])
def test_domains_are_found_under_either_address(tmp_path: Path, place: str) -> None:
    """What belongs to a domain is asked for where the domain was found, page by page."""
    many = [{"dataSourceId": number} for number in range(450)]
    answers = {
        f"/{place}": LISTED,
        f"/{place}/{FINANCE}/datasources": many,
        f"/{place}/{FINANCE}/permissions": PEOPLE,
        f"/{place}/{CLAIMS}/datasources": [],
    }
    with walked(tmp_path, answers) as (staging, seen, complete):
        assert rows(staging, "select id from immuta_domain order by id") == [(FINANCE,), (CLAIMS,)]
        assert rows(staging, "select count(*) from domain_source") == [(450,)]
        assert rows(staging, "select count(*) from domain_permission") == [(5,)]
        assert complete
    addresses = {one.path.split("/")[1] for one in seen}
    assert addresses == {"domain"} | {place}


def test_a_tenant_without_domains_is_a_gap(tmp_path: Path) -> None:
    """Under no address is not the same as none: nobody knows what the domains hold."""
    with walked(tmp_path, {}) as (staging, _, complete):
        assert not complete
        query = "select endpoint, status from gap where status is not null"
        assert rows(staging, query) == [("immuta.domain_older", 404)]
        query = "select verdict from reconciliation where endpoint = 'immuta.domain_source'"
        assert rows(staging, query) == [("incomplete",)]


def test_a_tenant_with_no_domain_is_none(tmp_path: Path) -> None:
    """An empty list is a whole one, and the older address is not asked."""
    with walked(tmp_path, {"/domain": []}) as (staging, seen, complete):
        assert complete
        assert [one.path for one in seen] == ["/domain"]
        assert rows(staging, "select count(*) from gap") == [(0,)]
