"""Data sources of Govern: every shape that was published or seen of handlers, dictionaries, access and policies."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import (
    Answer,
    Seen,
    client,
    endpoint,
    loaded,
    rows,
    serving,
    store_at,
)

from pipeline.collect.calls import Call
from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.envelope import open_page
from pipeline.collect.reading import read
from pipeline.collect.reconcile import reconcile
from pipeline.collect.walked import Walked
from pipeline.errors import PageError
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import connections, data_sources, dictionaries
from pipeline.sources.immuta.calls import counted, unwrapped

SOURCE = assembled("immuta", "pipeline.sources.immuta", (data_sources, dictionaries, connections))
HOST, DATABASE, SCHEMA, TABLE = "acme.example", "FIN", "LEDGER", "BALANCES"
CONNECTION = f"svc@{HOST}:443/{DATABASE}"
METADATA = {"hostname": HOST, "database": DATABASE, "schema": SCHEMA, "table": TABLE}
FLAT = {"database": DATABASE, "schema": SCHEMA, "connectionString": CONNECTION}
Page = tuple[str, str | None, bytes]


def page(name: str, key: str | None, body: Any) -> Page:
    return name, key, json.dumps(body).encode()


def listed(*numbers: int, **facts: Any) -> Page:
    hits = [{"id": number, "name": f"source {number}", **facts} for number in numbers]
    return page("data_source", None, {"hits": hits, "count": len(hits)})


def detail(number: int, **facts: Any) -> Page:
    url = f"https://tenant.example/snowflake/handler/{number}"
    said = {"id": number, "blobHandlerType": "Snowflake", "blobHandler": {"url": url}, **facts}
    return page("data_source_detail", str(number), said)


def found(tmp_path: Path, pages: Sequence[Page], query: str) -> list[tuple[Any, ...]]:
    with loaded(tmp_path, SOURCE, pages) as staging:
        return rows(staging, query)


def named(name: str) -> Endpoint:
    return next(one for one in SOURCE.endpoints if one.name == name)


WHOLE = {"dataSourceId": 5, "type": "odbcHandler", "connectionString": CONNECTION}


@pytest.mark.parametrize(
    "body",
    [
        WHOLE | {"metadata": METADATA},
        {"body": [{"dataSourceId": 5, "metadata": METADATA}]},
        {"body": [{"dataSourceId": 4, "metadata": METADATA | {"table": "OTHER"}},
                  {"dataSourceId": 5, "metadata": METADATA}]},
        {"body": {"dataSourceId": 5, "metadata": METADATA}},
        {"dataSourceId": 5, "value": {"metadata": METADATA}},
        {"dataSourceId": 5, "value": METADATA},
        {"dataSourceId": 5, "value": json.dumps({"metadata": METADATA})},
        {"dataSourceId": 5, "value": [METADATA]},
        {"body": [{"dataSourceId": 5, "table": TABLE, **FLAT}]},
        {"body": json.dumps([{"dataSourceId": "5", "table": TABLE, **FLAT}])},
    ],
)  # fmt: skip
def test_every_published_shape_of_a_handler_names_the_table(tmp_path: Path, body: Any) -> None:
    """One object, a list, `value`, any of them as text; what is flat tells its host in the connection string."""
    pages = [listed(5), detail(5), page("handler", "5", body)]
    query = "select host, database_name, schema_name, table_name, handler_read from immuta_source"
    assert found(tmp_path, pages, query) == [(HOST, DATABASE, SCHEMA, TABLE, True)]


def test_a_handler_that_tells_no_table_is_about_the_one_in_the_list(tmp_path: Path) -> None:
    """The documented list has database, schema and connection string only."""
    body = {"body": [{"dataSourceId": 5, **FLAT}]}
    pages = [listed(5, remoteTable=TABLE), detail(5), page("handler", "5", body)]
    query = "select host, schema_name, table_name, handler_read from immuta_source"
    assert found(tmp_path, pages, query) == [(HOST, SCHEMA, TABLE, True)]


@pytest.mark.parametrize(
    "body",
    [
        {"dataSourceId": 6, "metadata": METADATA},
        {"metadata": None},
        {"body": []},
        {"value": "not JSON {"},
        {},
    ],
)
def test_an_answer_without_this_sources_handler_is_missing(tmp_path: Path, body: Any) -> None:
    """Another source's handler, or a shape that nobody published, is no item: the table is not known."""
    pages = [listed(5, remoteTable=TABLE), detail(5), page("handler", "5", body)]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, "select count(*) from immuta.handler_item") == [(0,)]
        query = "select host, table_name, handler_read from immuta_source"
        assert rows(staging, query) == [(None, None, False)]


@pytest.mark.parametrize(
    ("technology", "kind"),
    [("asa", "Azure Synapse Analytics"), ("trino", "Trino"), ("snowflake", "Snowflake"),
     ("databricks", "Databricks"), ("redshift", "Redshift")],
)  # fmt: skip
@pytest.mark.parametrize(
    "blob_handler",
    [
        lambda url: {"url": url, "ca": None},
        lambda url: [{"url": url}],
        lambda url: [url],
        lambda url: url,
        lambda url: {"url": url.removeprefix("https://tenant.example")},
    ],
)
def test_the_address_names_family_and_number(
    tmp_path: Path, technology: str, kind: str, blob_handler: Any
) -> None:
    """In whichever of its published places it stands; the number is the handler's, not the source's."""
    address = blob_handler(f"https://tenant.example/{technology}/handler/77")
    said = {"id": 5, "blobHandlerType": kind, "blobHandler": address}
    pages = [page("data_source_detail", "5", said)]
    query = "select technology, handler from immuta.handler_wanted"
    assert found(tmp_path, pages, query) == [(technology, "77")]


def test_what_computes_and_the_connection_string_are_kept(tmp_path: Path) -> None:
    """The handler's connection string wins over the list's."""
    more = {"warehouse": "GOV_WH", "httpPath": "/sql/1.0/warehouses/9"}
    body = WHOLE | {"metadata": METADATA | more}
    pages = [
        listed(5, 6, connectionString="svc@list.example"),
        detail(5),
        page("handler", "5", body),
    ]
    query = "select connection_string, warehouse, http_path from immuta_source order by id"
    assert found(tmp_path, pages, query) == [
        (CONNECTION, "GOV_WH", "/sql/1.0/warehouses/9"),
        ("svc@list.example", None, None),
    ]


COLUMNS = [
    {"name": "ID", "dataType": "int", "isPrimaryKey": True, "nullable": "NO"},
    {"name": "MAIL", "dataType": "text", "isPrimaryKey": None, "nullable": "YES"},
    {"dataType": "a column without a name"},
]


@pytest.mark.parametrize(
    ("body", "item"),
    [
        (WHOLE | {"metadata": METADATA, "remoteTableDescription": json.dumps(COLUMNS)},
         "/remoteTableDescription"),
        (WHOLE | {"metadata": METADATA, "remoteTableDescription": COLUMNS},
         "/remoteTableDescription"),
        ({"value": {"metadata": METADATA, "remoteTableDescription": json.dumps(COLUMNS)}},
         "/value/remoteTableDescription"),
        ({"body": [{"metadata": METADATA | {"columns": COLUMNS}}]}, "/body/0/metadata/columns"),
    ],
)  # fmt: skip
def test_the_remote_table_is_described_in_a_text(tmp_path: Path, body: Any, item: str) -> None:
    """A JSON array inside a string, with yes and no in words; the pointer leads to that string."""
    pages = [listed(5), detail(5), page("handler", "5", body)]
    query = "select name, data_type, nullable, primary_key_part, item from immuta_remote_column order by 1"
    assert found(tmp_path, pages, query) == [
        ("ID", "int", False, True, item),
        ("MAIL", "text", True, None, item),
    ]


def test_a_description_that_cannot_be_read_describes_nothing(tmp_path: Path) -> None:
    """It decides nothing, so the handler is read all the same."""
    body = WHOLE | {"metadata": METADATA, "remoteTableDescription": '[{"name": '}
    pages = [listed(5), detail(5), page("handler", "5", body)]
    query = "select handler_read, (select count(*) from immuta_remote_column) from immuta_source"
    assert found(tmp_path, pages, query) == [(True, 0)]


def test_dictionaries_of_objects_and_of_names(tmp_path: Path) -> None:
    """The oldest document has names alone; tags keep where they come from, those taken off are left out."""
    tags = [
        {"name": "A.b", "source": "curated", "deleted": False},
        {"name": "C", "source": "catalog", "deleted": True},
        {"name": "D"},
    ]
    columns = [
        {"name": "X", "dataType": "text", "remoteColumn": "x", "description": "d", "tags": tags}
    ]
    pages = [
        page("dictionary", "5", {"metadata": [*columns, {"dataType": "no name"}]}),
        page("dictionary", "6", {"metadata": ["Y", {"name": "Z"}]}),
        page("dictionary", "7", {"metadata": []}),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        query = "select source_id, name, data_type, remote_name, description, item from immuta_column order by all"
        assert rows(staging, query) == [
            (5, "X", "text", "x", "d", "/metadata/0"),
            (6, "Y", None, None, None, "/metadata/0"),
            (6, "Z", None, None, None, "/metadata/1"),
        ]
        query = "select column_name, tag, tag_source from immuta_column_tag order by all"
        assert rows(staging, query) == [("X", "A.b", "curated"), ("X", "D", None)]


def test_no_dictionary_is_not_a_dictionary_that_was_refused() -> None:
    """404 is an answer, 403 is a hole."""
    assert named("dictionary").absent == {404}
    assert named("handler").absent == frozenset()
    assert named("source_policy").absent == {404}


def test_sources_without_a_dictionary_say_so(tmp_path: Path) -> None:
    """What the server says it does not have is told apart from what was not read."""
    with loaded(tmp_path, SOURCE, [listed(5, 6)], gone={"dictionary": ["6"]}) as staging:
        query = "select id, dictionary_absent from immuta_source order by id"
        assert rows(staging, query) == [(5, False), (6, True)]


def test_a_dictionary_that_is_denied_where_columns_are_listed_is_a_gap(tmp_path: Path) -> None:
    """A product shows columns by their dictionary: without it nobody knows their tags. Where nothing lists any, 404 is
    believed; that the platform has columns says nothing."""
    described = WHOLE | {"metadata": METADATA, "remoteTableDescription": COLUMNS}
    pages = [listed(5, 6), detail(6), page("handler", "6", described)]
    with loaded(tmp_path, SOURCE, pages, gone={"dictionary": ["5", "6"]}) as staging:
        staging.con.execute(
            "insert into product_column by name "
            "select 'p' as product_id, '5' as source_id, 'c' as name, [] as tags, 7 as page_id, '/data/0' as item"
        )
        asked = Walked(SOURCE, named("dictionary"), planned=2, calls=2, gone=["5", "6"])
        assert not reconcile(staging, [asked])
        said = "there is none, it says, but columns are listed by data products"
        assert rows(staging, "select endpoint, key, reason from gap") == [
            ("immuta.dictionary", "5", said)
        ]


@pytest.mark.parametrize(
    "body",
    [
        [{"columnName": "home"}, {"columnName": "mail"}],
        ["home", "mail"],
        {"hits": [{"columnName": "home"}, {"name": "mail"}], "count": 2},
        {"columns": ["home", {"columnName": "mail"}]},
    ],
)
def test_the_search_of_columns_in_every_envelope(tmp_path: Path, body: Any) -> None:
    """Which one it has is not documented; the pointer leads into the body as it came."""
    what = named("column_name")
    assert what.as_json is not None
    text = json.dumps(body).encode()
    assert open_page(what.as_json(text), what.items).size(what.items) == 2
    place = "" if isinstance(body, list) else "/" + next(iter(body))
    query = "select name, item from immuta_column_name order by name"
    assert found(tmp_path, [("column_name", None, text)], query) == [
        ("home", f"{place}/0"),
        ("mail", f"{place}/1"),
    ]


@pytest.mark.parametrize("body", [b'{"names": []}', b"7", b'"id"', b"{", b""])
def test_an_answer_without_a_list_is_refused(body: bytes) -> None:
    """It is not a search that found nothing."""
    translate = unwrapped("hits")
    with pytest.raises(PageError):
        open_page(translate(body), "hits")


def differences(tmp_path: Path, pages: Sequence[Page], asked: Sequence[str] = ()) -> set[Any]:
    with loaded(tmp_path, SOURCE, pages, asked={"dictionary": asked}) as staging:
        query = "select key, listed_in, missing_in, cause, hole from listing_difference"
        return set(rows(staging, query))


def test_columns_that_only_one_of_search_and_dictionaries_has(tmp_path: Path) -> None:
    """Both ways, without case; a column of disabled sources alone need not be found."""
    pages = [
        page("data_source", None, {"hits": [{"id": 5}, {"id": 6, "deleted": True}], "count": 2}),
        page("dictionary", "5", {"metadata": [{"name": "A"}, {"name": "B"}]}),
        page("dictionary", "6", {"metadata": [{"name": "OLD"}]}),
        page("column_name", None, ["a", "ghost"]),
    ]
    search, dictionary = "immuta.column_name", "immuta.dictionary"
    assert differences(tmp_path, pages) == {
        ("ghost", search, dictionary, "unknown", False),
        ("b", dictionary, search, "unknown", False),
    }
    (tmp_path / "again").mkdir()
    assert ("ghost", search, dictionary, "unread", False) in differences(
        tmp_path / "again", pages, asked=["5", "6", "7"]
    )


def test_a_search_that_gave_all_it_may_proves_no_absence(tmp_path: Path) -> None:
    """As many names as the limit may not be all of them; and no search at all proves nothing."""
    translate = unwrapped("hits", limit=2)
    assert json.loads(translate(b'["a"]'))["whole"] is True
    assert json.loads(translate(b'["a", "b"]'))["whole"] is False
    pages = [listed(5), page("dictionary", "5", {"metadata": [{"name": "A"}]})]
    assert differences(tmp_path, pages) == set()


ROW = {"profile": 7, "state": "subscribed", "iamid": "okta", "userid": "a@example.com"}


def test_access_with_an_end_and_a_subscription(tmp_path: Path) -> None:
    """The end under each name that it may have; what the row says of its origin is kept as sent."""
    users = [
        ROW | {"subscriptionId": 300, "expiration": "2026-12-01T00:00:00.000Z"},
        ROW | {"profile": 8, "subscriptionExpiration": "2026-12-02T00:00:00Z", "systemGenerated": True},
        ROW | {"profile": 9, "subscriptionContext": {"type": "policy", "id": 4}},
        ROW | {"profile": 10, "state": "ingest", "group": {"id": 3, "name": "finance"}},
    ]  # fmt: skip
    query = "select profile_id, state, subscription_id, expires_at, system_generated, origin_hint from immuta_membership order by 1"
    pages = [page("access", "5", {"users": users, "count": 4})]
    assert found(tmp_path, pages, query) == [
        (7, "subscribed", 300, datetime(2026, 12, 1, tzinfo=UTC), None, None),
        (8, "subscribed", None, datetime(2026, 12, 2, tzinfo=UTC), True, None),
        (9, "subscribed", None, None, None, '{"type":"policy","id":4}'),
        (10, "ingest", None, None, None, "group 3"),
    ]


OPEN = {"requiredPermission": "OWNER", "state": "pending"}


@pytest.mark.parametrize(
    ("approvals", "permission"),
    [
        ([OPEN, {"requiredPermission": "GOVERNANCE"}], "OWNER, GOVERNANCE"),
        ([OPEN, {"requiredPermission": "GOVERNANCE", "state": "Approved"}], "OWNER"),
        ([{**OPEN, "state": "denied"}], None),
        ([{"state": "pending"}, "OWNER", 7, None, []], None),
        ([], None),
        (None, None),
        ("OWNER", None),
        ({"requiredPermission": "OWNER"}, None),
    ],
)
def test_whose_approval_a_subscription_waits_for(
    tmp_path: Path, approvals: Any, permission: str | None
) -> None:
    """Of a person, of a group, and in the list of those that wait: what is open, and only where it says of whom."""
    said = {"state": "pending", "approvals": approvals}
    users = [{"profile": 7, **said}, {"groupId": 3, **said}]
    waits = {"id": 1, "approvals": approvals, "model": {"id": 5}, "entity": {"id": 7}}
    pages = [page("access", "5", {"users": users}), page("pending_subscription", None, {"hits": [waits]})]  # fmt: skip
    with loaded(tmp_path, SOURCE, pages) as staging:
        for table in ("immuta_membership", "immuta_group_access", "pending_subscription"):
            assert rows(staging, f"select required_permission from {table}") == [(permission,)]


@pytest.mark.parametrize("end", ["soon", "31/12/2026", 1798675200, ""])
def test_access_with_an_unreadable_end_is_lost(tmp_path: Path, end: Any) -> None:
    """It is not access without an end."""
    users = [ROW, ROW | {"profile": 8, "expiration": end}]
    query = "select item from immuta.access_item"
    assert found(tmp_path, [page("access", "5", {"users": users})], query) == [("/users/0",)]


@pytest.mark.parametrize(
    "row",
    [
        {"group": {"id": 3, "name": "finance", "iamid": "okta"}},
        {"group": 3, "name": "finance", "iamid": "okta"},
        {"groupId": 3, "groupName": "finance", "iamid": "okta"},
        {"type": "group", "id": 3, "name": "finance", "iamid": "okta"},
    ],
)
def test_groups_that_have_access_as_such(tmp_path: Path, row: Any) -> None:
    """A row about a group is no row about a person, and is not lost."""
    users = [ROW, {"profile": None, "state": "subscribed", "subscriptionId": 9, **row}]
    with loaded(tmp_path, SOURCE, [page("access", "5", {"users": users})]) as staging:
        assert rows(staging, "select profile_id from immuta_membership") == [(7,)]
        query = "select source_id, group_key, state, iam_id, name, subscription_id, item from immuta_group_access"
        assert rows(staging, query) == [(5, "3", "subscribed", "okta", "finance", 9, "/users/1")]
        assert rows(staging, "select count(*) from immuta.access_item") == [(2,)]


def gaps_of(answers: Any, tmp_path: Path) -> tuple[list[str], int]:
    """Reasons of what is missing of one list that is asked for, and how many items came."""
    what = endpoint(path="/access", items="users", paging=counted("users"))
    with serving(answers) as server, client(server.url, [what], store_at(tmp_path)) as sender:
        outcome = Walked(sender.source, what)
        read(sender, outcome, Call(Request("GET", "main", "/access"), "5"), lambda *_: None)
    return [missing.reason for missing in outcome.missing], outcome.items


def users(*numbers: int, count: int | None = None) -> Answer:
    body: dict[str, Any] = {"users": [{"profile": number} for number in numbers]}
    return Answer(json.dumps(body if count is None else body | {"count": count}).encode())


def test_a_list_that_states_more_than_came_is_paged(tmp_path: Path) -> None:
    """The rest is asked for by row offset, until the count is reached."""
    seen: list[Seen] = []

    def answer(asked: Seen) -> Answer:
        seen.append(asked)
        start = int(dict(asked.params).get("offset", 0))
        return users(*range(start, min(start + 2, 5)), count=5)

    assert gaps_of(answer, tmp_path) == ([], 5)
    assert [dict(asked.params).get("offset") for asked in seen] == [None, "2", "4"]


def test_a_list_that_cannot_be_paged_is_not_whole(tmp_path: Path) -> None:
    """The same rows again, or none: what is missing is said."""
    reasons, _ = gaps_of([users(1, 2, count=5)], tmp_path)
    assert reasons == ["/access: 2 of 5 items came, and no way to the rest"]


def test_a_list_that_states_no_count_is_asked_for_once(tmp_path: Path) -> None:
    """That is what is documented."""
    seen: list[Seen] = []

    def answer(asked: Seen) -> Answer:
        seen.append(asked)
        return users(1, 2)

    assert gaps_of(answer, tmp_path) == ([], 2)
    assert len(seen) == 1


def test_policies_in_force_are_asked_for_where_there_are_some(tmp_path: Path) -> None:
    """A null policy handler is no handler: the usual script stumbles there."""
    pages = [
        listed(5, 6, 7, 8),
        detail(5, policyHandler={"id": 5, "url": "/policy/handler/5"}),
        detail(6, policyHandler=None),
        detail(7),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert list(staging.keys(SOURCE, named("source_policy"))) == [("5",)]
        query = "select id, has_policy_handler from immuta_source order by id"
        assert rows(staging, query) == [(5, True), (6, False), (7, False), (8, None)]


@pytest.mark.parametrize("as_text", [False, True])
def test_the_policies_in_force(tmp_path: Path, as_text: bool) -> None:
    """In order, of any type, with their rules as sent."""
    policies = [
        {"type": "masking", "name": "Mask", "rules": [{"config": {"fields": []}}]},
        {"type": "rowOrObjectRestriction", "rules": None},
        {"description": "of no type"},
    ]
    said = {"jsonPolicies": json.dumps(policies) if as_text else policies, "rules": "in words"}
    query = "select source_id, position, type, name, rules::varchar, item from source_policy order by position"
    assert found(tmp_path, [page("source_policy", "5", said)], query) == [
        (5, 1, "masking", "Mask", '[{"config":{"fields":[]}}]', "/jsonPolicies/0"),
        (5, 2, "rowOrObjectRestriction", None, None, "/jsonPolicies/1"),
        (5, 3, "unknown", None, None, "/jsonPolicies/2"),
    ]


def test_policies_in_an_unknown_shape_are_missing(tmp_path: Path) -> None:
    """An answer without the list is not "no policy"."""
    pages = [page("source_policy", "5", {"rules": "in words"})]
    assert found(tmp_path, pages, "select * from immuta.source_policy_item") == []


def test_subscriptions_that_wait(tmp_path: Path) -> None:
    """Who asks for what since when, and whose approval is still open."""
    approvals = [
        {"requiredPermission": "OWNER", "state": "pending"},
        {"requiredPermission": "GOVERNANCE", "state": "approved"},
        {"requiredPermission": "USER_ADMIN"},
    ]
    asked = {
        "id": 652,
        "createdAt": "2026-02-14T14:25:16.509Z",
        "model": {"type": "datasource", "id": 41, "name": "Balances"},
        "entity": {"type": "profile", "id": 18, "name": "Mina", "email": "m@example.com"},
        "approvals": approvals,
    }
    hits = [asked, {"id": 653}, asked | {"id": 654, "createdAt": "yesterday"}]
    query = "select id, model_type, model_id, entity_type, entity_id, required_permission, created_at from pending_subscription order by id"
    pages = [page("pending_subscription", None, {"hits": hits, "count": 3})]
    since = datetime(2026, 2, 14, 14, 25, 16, 509000, UTC)
    assert found(tmp_path, pages, query) == [
        (652, "datasource", 41, "profile", 18, "OWNER, USER_ADMIN", since),
        (653, "unknown", None, "unknown", None, None, None),
    ]


def test_a_source_that_is_listed_twice_is_one(tmp_path: Path) -> None:
    """Rows are counted by their number: a page that overlaps another adds nothing."""
    pages = [listed(5, 6), listed(6, 7), detail(5), detail(5)]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, "select id from immuta_source order by id") == [(5,), (6,), (7,)]
        query = "select count(*), count(distinct key) from immuta.data_source_item"
        assert rows(staging, query) == [(4, 3)]
