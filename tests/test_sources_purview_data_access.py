"""Pages of the data access plane become requests, policy sets, workflow runs and approvals."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import JSON, loaded, rows
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.envelope import open_page
from pipeline.collect.staging import Staging
from pipeline.sources import purview
from pipeline.sources.purview import account, data_access, entities, search, types, unified_catalog
from pipeline.warehouse.pages import item

SOURCE = purview.part(search, entities, types, account, unified_catalog, data_access)
PAYLOADS = Path(__file__).parent / "payloads" / "data_access"
OWNER, EXPERT, ADMIN, GROUP = (
    f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb", "cc", "dd")
)


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


READINGS, RUN = guid(0xE1), guid(0x71)
METERING, METER, POINT = guid(0xD2), guid(0x7E1), guid(0xCDE1)
KEYS = {
    "applied_policy_set": READINGS,
    "effective_policy_set": READINGS,
    "domain_policy_set": METERING,
    "term_policy_set": METER,
    "element_policy_set": POINT,
    "access_approval": RUN,
}


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """One page of every list."""
    pages = [(path.stem, KEYS.get(path.stem), path.read_bytes()) for path in PAYLOADS.iterdir()]
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages) as found:
        yield found


def test_requests_in_the_shape_of_the_schema(staging: Staging) -> None:
    """Who asked, for whom, for what, when it was decided and when it ends."""
    query = (
        "select product_id, product_name, domain_id, status, subscriber_id, subscriber_kind, "
        "requestor_id, write_access, use_cases, terms_accepted, catalog_asset_ids, provider_ids, "
        "workflow_id, created_at, decided_at, expires_at from data_subscription where id = ?"
    )
    assert staging.con.execute(query, [guid(0x51)]).fetchall() == [
        (READINGS, "Meter Readings", guid(0xD2), "Granted", GROUP, "Group", OWNER, True,
         ["Analytics"], True, [guid(0xCA1)], [ADMIN], guid(0x3F),
         datetime(2026, 1, 5, 8, tzinfo=UTC), datetime(2026, 1, 7, 9, 30, 0, 123456, tzinfo=UTC),
         datetime(2026, 7, 1, tzinfo=UTC)),
    ]  # fmt: skip


def test_requests_in_the_shape_of_the_examples(staging: Staging) -> None:
    """The published examples name everything differently; a request for a term is for no product."""
    query = (
        "select id, product_id, product_name, status, subscriber_id, requestor_id, created_at, "
        "updated_at, expires_at from data_subscription where id > ? order by id"
    )
    first, second = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
    assert staging.con.execute(query, [guid(0x51)]).fetchall() == [
        (guid(0x52), READINGS, "Meter Readings", "Declined", EXPERT, None, first, second, None),
        (guid(0x53), None, "Meter", "Pending", None, None, None, None, None),
        (guid(0x54), guid(0xE2), None, "unknown", None, None, None, None, None),
    ]


def test_comments_are_not_kept(staging: Staging) -> None:
    """Only whether there is one; blanks are none."""
    query = "select id, comment_given from data_subscription order by id"
    assert rows(staging, query) == [
        (guid(0x51), True),
        (guid(0x52), True),
        (guid(0x53), False),
        (guid(0x54), False),
    ]
    tables = ("data_subscription", "access_approval", "access_workflow_run", "access_workflow")
    kept = [json.dumps(rows(staging, f"select * from {table}"), default=str) for table in tables]
    for text in ("asked by", "Need access", "Not for this"):
        assert not any(text in one for one in kept)


def test_policy_sets_of_both_shapes(staging: Staging) -> None:
    """What a shape does not state is null, not empty; approvers without an id are left out."""
    query = (
        "select product_id, kind, id, permitted_use_cases, permitted_subscribers, approver_ids, "
        "grantor_ids, sensitive_markers, approval_timeline, maximum_duration, "
        "terms_of_use_required, privacy_approval_required, partner_sharing, customer_sharing, "
        "skips_workflow, uses_power_automate, self_service from access_policy_set "
        "where subject_kind = 'DataProduct' order by kind"
    )
    assert rows(staging, query) == [
        (READINGS, "Applied", guid(0x61), ["Analytics"], ["User", "Group"], [OWNER], [],
         ["Personal data"], "P5D", "P90D", True, True, False, None, False, False, None),
        (READINGS, "Effective", guid(0x62), None, None, None, None, None, None, None, None, None,
         None, None, True, None, True),
    ]  # fmt: skip


def test_policy_sets_of_other_things(staging: Staging) -> None:
    """Domains, terms and critical data have policy sets of their own, which are of no product."""
    query = (
        "select subject_kind, subject_id, product_id, kind, id, privacy_approval_required, "
        "maximum_duration, sensitive_markers from access_policy_set "
        "where subject_kind <> 'DataProduct' order by 1"
    )
    assert rows(staging, query) == [
        ("BusinessDomain", METERING, None, "Applied", guid(0x63), True, None, None),
        ("CriticalDataElement", POINT, None, "Applied", guid(0x65), None, None, ["Personal data"]),
        ("Term", METER, None, "Applied", guid(0x64), None, "P30D", None),
    ]
    query = "select count(*) from access_policy_set where product_id is distinct from subject_id"
    assert rows(staging, query) == [(3,)]


def test_workflows(staging: Staging) -> None:
    """What starts a workflow, its steps, and whether it is switched on; what is not stated is none or null."""
    query = (
        "select id, name, type, enabled, triggers, scopes, actions, provider_ids, created_by, "
        "updated_by from access_workflow order by id"
    )
    assert rows(staging, query) == [
        (guid(0x3F), "Requests", "DataAccess", True,
         ["DataAccessRequestSubmitted", "DataProductPublish"], [METERING], ["Approval"], [ADMIN],
         OWNER, EXPERT),
        (guid(0x40), guid(0x40), None, None, [], [], [], [], None, None),
    ]  # fmt: skip


def test_approvals_come_bare_or_in_an_object(tmp_path: Path) -> None:
    """Both published shapes are the same rows, and each leads to its place in the bytes."""
    whole = json.loads((PAYLOADS / "access_approval.json").read_bytes())
    pages = [
        ("access_approval", key, json.dumps(body).encode())
        for key, body in (("bare", whole["value"]), ("whole", whole))
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        found = rows(
            staging, "select run_id, key, item from purview.access_approval_item order by all"
        )
    assert [(run, key) for run, key, _ in found] == [
        (run, one["approvalId"]) for run in ("bare", "whole") for one in whole["value"]
    ]
    bodies = {key: body for _, key, body in pages}
    assert [item(bodies[run], place)["approvalId"] for run, _, place in found] == [
        key for _, key, _ in found
    ]


@given(approvals=st.lists(JSON, max_size=5), blanks=st.sampled_from(["", " ", "\n\t"]))
def test_any_list_of_approvals_is_counted(approvals: list[Any], blanks: str) -> None:
    """A bare list of anything has as many approvals as its object would, which is left as it is."""
    bare = (blanks + json.dumps(approvals)).encode()
    page = open_page(data_access.approvals_in_an_object(bare), "value")
    assert page.size("value") == len(approvals)
    whole = json.dumps({"value": approvals}).encode()
    assert data_access.approvals_in_an_object(whole) is whole


SUBSCRIBED = [
    # status, subscriber, end
    ("Granted", "a", None),
    ("Granted", "a", None),
    ("Granted", "b", "2020-01-01T00:00:00Z"),
    ("Completed", "c", None),
    ("Revoked", "d", None),
    ("Pending", "e", None),
]
"""Of these requests one person has access for certain, and four may count."""


@pytest.mark.parametrize("following", [None, "https://utility.example/next"])
def test_a_count_of_subscribers_that_no_requests_explain_is_worth_a_look(
    tmp_path: Path, following: str | None
) -> None:
    """It is listed as a difference and is no hole, because nobody says what is counted; a list that was
    not read to its end proves nothing."""
    counts = {"few": 0, "least": 1, "many": 5, "most": 4, "none": 0, "silent": None}
    products = [{"id": key, "activeSubscriberCount": count} for key, count in counts.items()]
    subscriptions = [
        {
            "dataSubscriptionId": f"{product} {at}",
            "dataProductId": product,
            "subscriptionStatus": status,
            "subscriberIdentity": {"objectId": who},
            "accessExpirationDate": end,
        }
        for product in counts
        for at, (status, who, end) in enumerate(SUBSCRIBED)
        if product != "none"
    ]
    pages: dict[str, Any] = {
        "data_product": {"value": products},
        "data_subscription": {"value": subscriptions, "nextLink": following},
    }
    bodies = [(name, None, json.dumps(page).encode()) for name, page in pages.items()]
    with loaded(tmp_path, SOURCE, bodies) as staging:
        query = "select about, key, cause, hole, listed_in, missing_in, item from listing_difference order by key"
        found = rows(staging, query)
    if following:
        assert found == []
        return
    unknown = ("unknown", False)
    assert found == [
        ("subscriber", "few", *unknown, "purview.data_subscription", "purview.data_product", "/value/0"),
        ("subscriber", "many", *unknown, "purview.data_product", "purview.data_subscription", "/value/2"),
    ]  # fmt: skip


def test_runs_and_approvals(staging: Staging) -> None:
    """Runs of both shapes; an approval that nobody decided has no date."""
    query = (
        "select id, workflow_id, type, trigger, status, subscriber_id, requestor_id, created_at, "
        "updated_at from access_workflow_run order by id"
    )
    started = datetime(2026, 1, 5, 8, 0, 1, tzinfo=UTC)
    decided = datetime(2026, 1, 7, 9, 30, tzinfo=UTC)
    assert rows(staging, query) == [
        (RUN, guid(0x3F), "DataAccess", "DataAccessRequestSubmitted", "Completed", EXPERT, OWNER,
         started, decided),
        (guid(0x72), guid(0x3F), None, "TermPublish", "InProgress", None, None,
         datetime(2024, 1, 1, tzinfo=UTC), None),
    ]  # fmt: skip
    query = (
        "select id, run_id, approver_id, approver_kind, decision, comment_given, decided_at "
        "from access_approval order by id"
    )
    assert rows(staging, query) == [
        (guid(0x81), RUN, OWNER, "User", "Rejected", True, decided),
        (guid(0x82), RUN, ADMIN, None, "Pending", False, None),
    ]


@pytest.mark.parametrize(
    ("name", "key", "field"),
    [
        ("data_subscription", "dataSubscriptionId", "accessExpirationDate"),
        ("data_subscription", "dataSubscriptionId", "accessDecisionDate"),
        ("data_subscription", "id", "createdDate"),
        ("access_workflow_run", "workflowRunId", "modifiedAt"),
        ("access_approval", "approvalId", "decisionDate"),
    ],
)
def test_an_instant_that_cannot_be_read_loses_its_item(
    tmp_path: Path, name: str, key: str, field: str
) -> None:
    """An end that cannot be read is not "no end": the item has no row and is counted as lost."""
    page: Any = {"value": [{key: "bad", field: "next spring"}, {key: "good", field: None}]}
    with loaded(tmp_path, SOURCE, [(name, "run", json.dumps(page).encode())]) as staging:
        assert rows(staging, f"select key, item from purview.{name}_item") == [("good", "/value/1")]


def test_a_product_that_requests_name_and_its_list_lacks_is_asked_for_alone(tmp_path: Path) -> None:
    """It is there (then the list is not whole), or came during the walk, or is gone, or is refused."""
    listed: dict[str, Any] = {"value": [{"id": "listed"}]}
    causes = {"there": "hole", "new": "moved", "away": "gone", "denied": "refused"}
    requests = [{"id": key, "dataProductId": key} for key in ("listed", *causes)]
    pages = [
        ("data_product", None, listed),
        ("data_subscription", None, {"value": requests}),
        ("data_product_alone", "there", {"systemData": {"createdAt": "2020-01-01T00:00:00Z"}}),
        ("data_product_alone", "new", {"systemData": {"createdAt": "2999-01-01T00:00:00Z"}}),
    ]
    bodies = [(name, key, json.dumps(page).encode()) for name, key, page in pages]
    alone = next(one for one in data_access.ENDPOINTS if one.name == "data_product_alone")
    asked, gone = {"data_product_alone": sorted(causes)}, {"data_product_alone": ["away"]}
    with loaded(tmp_path / "whole", SOURCE, bodies, asked=asked, gone=gone) as found:
        assert list(found.keys(SOURCE, alone).texts()) == sorted(causes)
        query = "select key, cause, hole from listing_difference where missing_in = 'purview.data_product'"
        assert {(key, cause, cause == "hole") for key, cause in causes.items()} == set(
            rows(found, query)
        )
        reasons = [reason for (reason,) in rows(found, "select reason from purview.trimmed_list")]
        assert sorted(reasons) == [
            "others name 1 that it lacks (purview.data_subscription): there",
            "others name, and the API does not answer about, 1 that it lacks (purview.data_subscription): denied",
        ]
    bodies[0] = (
        "data_product",
        None,
        json.dumps(listed | {"nextLink": "https://x.example"}).encode(),
    )
    with loaded(tmp_path / "unfinished", SOURCE, bodies) as found:
        assert list(found.keys(SOURCE, alone).texts()) == []
