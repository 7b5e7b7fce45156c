"""Immuta's pages, in the shapes that its documents and clients show, become the rows they say."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.collect.envelope import open_page
from pipeline.collect.staging import Staging
from pipeline.errors import PageError
from pipeline.sources.immuta import (
    SOURCE,
    data_sources,
    dictionaries,
    part,
    people,
    products,
    requests,
)

SOURCES = part(data_sources, dictionaries)
PEOPLE = part(people)
REQUESTS = part(products, requests)
PAYLOADS = Path(__file__).parent / "payloads" / "immuta"
PRODUCT = "99999999-0000-4000-8000-000000000001"
REQUEST, OTHER = "ckar00000000000000000001", "ckar00000000000000000002"
FILES = [
    ("data_source", None, "data_source"),
    ("data_source_detail", "41", "detail_41"),
    ("data_source_detail", "42", "detail_42"),
    ("data_source_detail", "43", "detail_43"),
    ("handler", "41", "handler_object"),
    ("handler", "42", "handler_list"),
    ("handler", "43", "handler_value"),
    ("dictionary", "41", "dictionary"),
    ("access", "41", "access"),
    ("tag", None, "tag"),
    ("policy", None, "policy"),
    ("user", None, "user"),
    ("data_product", None, "data_product"),
    ("product_source", PRODUCT, "product_source"),
    ("access_request", PRODUCT, "access_request"),
    ("product_member", PRODUCT, "product_member"),
    ("product_column", PRODUCT, "product_column"),
    ("request_form", PRODUCT, "request_form"),
    ("approval", REQUEST, "approval"),
    ("request_user", None, "request_user"),
]


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """One page of every endpoint, three of the sources' details and handlers."""
    pages = [(name, key, (PAYLOADS / f"{file}.json").read_bytes()) for name, key, file in FILES]
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages) as found:
        yield found


def day(month: int, number: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2026, month, number, hour, minute, tzinfo=UTC)


def test_every_payload_is_loaded() -> None:
    """No file lies beside the tests without being read."""
    assert {file for _, _, file in FILES} == {path.stem for path in PAYLOADS.iterdir()}


def test_handlers_are_asked_for_by_their_address(staging: Staging) -> None:
    """The number is in the address; without one the kind of source and its own number must do."""
    query = "select key, technology, handler from immuta.handler_wanted order by key"
    assert rows(staging, query) == [
        ("41", "snowflake", "941"),
        ("42", "asa", "942"),
        ("43", "databricks", "43"),
    ]


def test_sources_with_their_remote_table_from_all_three_handler_shapes(staging: Staging) -> None:
    """The object itself, in a list, or under value."""
    query = (
        "select id, technology, deleted, status, subscription_type, host, database_name, "
        "schema_name, table_name, created_at, detail_read, handler_read from immuta_source order by id"
    )
    since = day(1, 5, 8, 30)
    assert rows(staging, query) == [
        (41, "snowflake", False, "passed", "policy", "ab12.snowflake.example", "POWER", "PUBLIC",
         "BILLS", since, True, True),
        (42, "synapse", True, "passed", "manual", "ws.sql.example", "power", "dbo", "Meters",
         since, True, True),
        (43, "databricks", False, "failed", "manual", "adb.example", "main", "power", "sites",
         since, True, True),
    ]  # fmt: skip


def test_policies_that_apply(staging: Staging) -> None:
    """Global ones with their state, a local one only where it is not null."""
    query = "select source_id, policy, type, name, disabled from policy_application order by policy"
    assert rows(staging, query) == [
        (41, "global:7", "data", "Mask mail", False),
        (41, "global:8", "data", "Old", True),
        (41, "local:subscription", "subscription", "policy", False),
    ]
    assert rows(staging, "select source_id, tag from immuta_source_tag") == [(41, "Metering")]
    query = "select id, type, staged, deleted, actions->>'$[0].type', updated_at from immuta_policy"
    assert rows(staging, query) == [(7, "data", False, False, "masking", day(1, 6, 8, 30))]


def test_dictionary_columns_and_living_tags(staging: Staging) -> None:
    """A tag that was taken off is not on the column."""
    query = "select source_id, name, data_type, remote_type, nullable from immuta_column order by 2"
    assert rows(staging, query) == [
        (41, "BILL_ID", "integer", "NUMBER", False),
        (41, "CONTACT", "text", "VARCHAR", True),
    ]
    query = "select column_name, tag, tag_source from immuta_column_tag"
    assert rows(staging, query) == [
        ("CONTACT", "Discovered.Entity.Electronic Mail Address", "dataDiscovery")
    ]
    assert rows(staging, "select name, deleted from immuta_tag order by id") == [
        ("Discovered", False),
        ("Metering", True),
    ]


def test_people(staging: Staging) -> None:
    """One person has two kinds of access; a user without a profile is known by its own number."""
    query = "select profile_id, state, email, approved from immuta_membership order by 1, 2"
    assert rows(staging, query) == [
        (101, "owner", "sam@example.com", True),
        (101, "subscribed", None, True),
        (102, "pending", None, False),
    ]
    query = "select id, user_id, name, permissions, disabled, last_login_at from immuta_user order by id"
    assert rows(staging, query) == [
        (101, "sam@example.com", "Sam Sample", ["GOVERNANCE"], False, day(11, 1, 8, 30)),
        (102, "robot", None, [], False, None),
    ]


def test_products(staging: Staging) -> None:
    """An expert may have an id and no name, tags and masking may be null."""
    query = (
        "select id, name, domains, suspended, created_by, expert_id, expert_name, "
        "total_request_count, data_source_count from data_product"
    )
    assert rows(staging, query) == [
        (PRODUCT, "Billing 360", [], False, "guid-creator", "guid-expert", None, 2, 1)
    ]
    assert rows(staging, "select product_id, source_id, technology from data_product_source") == [
        (PRODUCT, "41", "Snowflake")
    ]
    query = "select name, tags, global_masking, local_masking from product_column order by name"
    assert rows(staging, query) == [
        ("BILL_ID", [], None, None),
        ("CONTACT", ["Discovered.Entity.Electronic Mail Address"], "Consistent Value", None),
    ]


def test_requests_and_members(staging: Staging) -> None:
    """Who asked and who benefits are two people, and an end may be missing."""
    query = (
        "select id, status, requester_id, user_id, form_version, created_at, expires_at "
        "from access_request order by id"
    )
    assert rows(staging, query) == [
        (REQUEST, "APPROVED", "guid-asker", "guid-user", "v1", day(2, 1), day(6, 30, 0)),
        (OTHER, "PENDING", "guid-user", "guid-user", None, day(2, 1), None),
    ]
    query = "select product_id, request_id, user_id, expires_at from product_member"
    assert rows(staging, query) == [(PRODUCT, REQUEST, "guid-user", None)]


def test_review_steps(staging: Staging) -> None:
    """Spaces are no reason, the text of a reason is not kept, and nobody may have acted."""
    query = (
        "select request_id, status, actor_id, reason_given, duration, duration_unit "
        "from approval order by id"
    )
    assert rows(staging, query) == [
        (REQUEST, "APPROVED", "guid-reviewer", False, 4, "WEEKS"),
        (REQUEST, "BLOCKED", None, True, None, None),
    ]


def test_forms(staging: Staging) -> None:
    """A field is required unless it says otherwise; rules and inheritance may be absent."""
    query = (
        "select request_type, version, field_count, required_field_count, review_rule_count, "
        "default_event, inherited from request_form order by version"
    )
    assert rows(staging, query) == [
        ("DATA_ACCESS", "v1", 2, 1, 1, "review", True),
        ("MASKING_EXCEPTION", "v2", 0, 0, 0, "approve", False),
    ]


def test_people_of_the_request_app(staging: Staging) -> None:
    """Those who come inside requests need not be asked for; the others are, and may have left."""
    assert rows(staging, "select key from immuta.user_wanted order by all") == [
        ("guid-creator",),
        ("guid-expert",),
    ]
    assert rows(staging, "select id, profile_id, name from request_user order by profile_id") == [
        ("guid-asker", 101, "Guid-Asker"),
        ("guid-user", 103, "Guid-User"),
        ("guid-reviewer", 104, "Guid-Reviewer"),
        ("guid-creator", 105, "Guid-Creator"),
    ]


@pytest.mark.parametrize(
    ("kind", "technology"),
    [
        ("Azure Synapse Analytics", "asa"),
        ("MS SQL Server", "asa"),
        ("Snowflake", "snowflake"),
        ("Databricks (Spark)", "databricks"),
        ("Amazon Redshift", "redshift"),
        ("Starburst (Trino)", "trino"),
    ],
)
def test_kinds_of_sources_without_an_address(tmp_path: Path, kind: str, technology: str) -> None:
    """The kind that people see leads to the handler's path."""
    page = f'{{"id": 5, "blobHandlerType": "{kind}", "blobHandler": null}}'.encode()
    with loaded(tmp_path, SOURCES, [("data_source_detail", "5", page)]) as staging:
        query = "select technology, handler from immuta.handler_wanted"
        assert rows(staging, query) == [(technology, "5")]


def test_a_kind_that_nobody_knows_has_no_handler(tmp_path: Path) -> None:
    """It is not asked for, and its source is listed with an unknown remote table."""
    pages = [
        ("data_source", None, b'{"count": 1, "hits": [{"id": 5, "name": "n"}]}'),
        ("data_source_detail", "5", b'{"id": 5, "blobHandlerType": "Custom"}'),
    ]
    with loaded(tmp_path, SOURCES, pages) as staging:
        assert rows(staging, "select count(*) from immuta.handler_wanted") == [(0,)]
        query = "select id, technology, host, detail_read, handler_read from immuta_source"
        assert rows(staging, query) == [(5, None, None, True, False)]


@pytest.mark.parametrize("name", ["access_request", "product_member"])
@pytest.mark.parametrize("field", ["expiration", "createdAt", "updatedAt"])
@pytest.mark.parametrize("instant", ["in two weeks", "30/06/2026", 1782777600, {"at": 1}, ""])
def test_a_request_with_an_unreadable_instant_is_lost(
    tmp_path: Path, name: str, field: str, instant: Any
) -> None:
    """An end that cannot be read is not "no end": the item has no row, and its neighbours have theirs."""
    good = {"id": "good", "createdAt": "2026-02-01T08:00:00.000Z", "expiration": None}
    page = json.dumps({"data": [good, good | {"id": "bad", field: instant}]}).encode()
    with loaded(tmp_path, REQUESTS, [(name, PRODUCT, page)]) as staging:
        assert rows(staging, f"select item from immuta.{name}_item") == [("/data/0",)]
        assert rows(staging, f"select count(*), max(expires_at) from {name}") == [(1, None)]


@pytest.mark.parametrize("person", [{}, {"name": "N"}, {"globalUserId": None}])
def test_a_record_of_somebody_without_an_id_is_lost(tmp_path: Path, person: dict[str, Any]) -> None:
    """It would pass for one on which nobody acted; where nobody did, there is nobody."""
    records = [{"id": "alone", "actionBy": None}, {"id": "bad", "actionBy": person}]
    page = json.dumps({"approvalRecords": [*records, {"id": "absent"}]}).encode()
    with loaded(tmp_path, REQUESTS, [("approval", "r", page)]) as staging:
        query = "select item from immuta.approval_item order by item"
        assert rows(staging, query) == [("/approvalRecords/0",), ("/approvalRecords/2",)]


@pytest.mark.parametrize("tags", [["PII"], [{"name": None}], [{"name": "PII"}, {"title": "PHI"}]])
def test_a_column_with_a_tag_that_cannot_be_read_is_lost(tmp_path: Path, tags: list[Any]) -> None:
    """What nobody can name may be what makes the column sensitive; no tags at all are none."""
    columns = [{"name": "a"}, {"name": "b", "tags": []}, {"name": "c", "tags": tags}]
    page = json.dumps({"metadata": columns}).encode()
    with loaded(tmp_path, SOURCES, [("dictionary", "5", page)]) as staging:
        query = "select name from immuta.dictionary_item order by name"
        assert rows(staging, query) == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("policy", "applied"),
    [
        ({}, []),
        ({"exceptions": None, "type": None}, []),
        ([], []),
        ({"type": "subscription"}, [("local:subscription",)]),
        ({"subscriptionType": "manual"}, [("local:subscription",)]),
    ],
)
def test_a_local_policy_says_what_it_is(
    tmp_path: Path, policy: Any, applied: list[tuple[str]]
) -> None:
    """Something empty in its place is no policy."""
    page = json.dumps({"id": 5, "subscriptionPolicy": policy}).encode()
    with loaded(tmp_path, SOURCES, [("data_source_detail", "5", page)]) as staging:
        assert rows(staging, "select policy from policy_application") == applied


@pytest.mark.parametrize("profile", ["101", 101, [], [{"id": 101}], {}, {"id": None}, {"id": "x"}])
def test_a_user_whose_profile_cannot_be_read_is_lost(tmp_path: Path, profile: Any) -> None:
    """The account's number is not the profile's, so it never stands in for one that is there."""
    page = json.dumps({"hits": [{"id": 7, "profile": profile}, {"id": 8}]}).encode()
    with loaded(tmp_path, PEOPLE, [("user", None, page)]) as staging:
        assert rows(staging, "select item, key from immuta.user_item") == [("/hits/1", "8")]
        assert rows(staging, "select id from immuta_user") == [(8,)]


@pytest.mark.parametrize("body", [b'{"columns": []}', b'{"metadata": {"BILL_ID": {}}}'])
def test_a_dictionary_without_its_list_is_refused(body: bytes) -> None:
    """A list under another name, or an object in its place, is not a source without columns."""
    dictionary = next(e for e in SOURCE.endpoints if e.name == "dictionary")
    with pytest.raises(PageError, match="no list 'metadata'"):
        open_page(body, dictionary.items)


def test_every_column_of_a_dictionary_is_counted(staging: Staging) -> None:
    """The walk and the rows count the same things."""
    dictionary = next(e for e in SOURCE.endpoints if e.name == "dictionary")
    page = open_page((PAYLOADS / "dictionary.json").read_bytes(), dictionary.items)
    (found,) = rows(staging, "select count(*) from immuta.dictionary_item")
    assert found == (page.size(dictionary.items),)
