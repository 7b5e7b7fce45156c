"""Pages of the data access plane become requests, policy sets, workflow runs and approvals."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.collect.staging import Staging
from pipeline.sources import purview
from pipeline.sources.purview import account, data_access, entities, search, types, unified_catalog

SOURCE = purview.part(search, entities, types, account, unified_catalog, data_access)
PAYLOADS = Path(__file__).parent / "payloads" / "data_access"
OWNER, EXPERT, ADMIN, GROUP = (
    f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb", "cc", "dd")
)


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


READINGS, RUN = guid(0xE1), guid(0x71)
KEYS = {"applied_policy_set": READINGS, "effective_policy_set": READINGS, "access_approval": RUN}


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
    tables = ("data_subscription", "access_approval", "access_workflow_run")
    kept = [json.dumps(rows(staging, f"select * from {table}"), default=str) for table in tables]
    for text in ("asked by", "Need access", "Not for this"):
        assert not any(text in one for one in kept)


def test_policy_sets_of_both_shapes(staging: Staging) -> None:
    """What a shape does not state is null, not empty; approvers without an id are left out."""
    query = (
        "select product_id, kind, id, permitted_use_cases, permitted_subscribers, approver_ids, "
        "grantor_ids, sensitive_markers, approval_timeline, maximum_duration, "
        "terms_of_use_required, privacy_approval_required, partner_sharing, customer_sharing, "
        "skips_workflow, uses_power_automate, self_service from access_policy_set order by kind"
    )
    assert rows(staging, query) == [
        (READINGS, "Applied", guid(0x61), ["Analytics"], ["User", "Group"], [OWNER], [],
         ["Personal data"], "P5D", "P90D", True, True, False, None, False, False, None),
        (READINGS, "Effective", guid(0x62), None, None, None, None, None, None, None, None, None,
         None, None, True, None, True),
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
