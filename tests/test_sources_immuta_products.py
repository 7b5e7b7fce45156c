"""Pages of the Request app in the shapes that were published become the rows they say."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import JSON, loaded, rows
from hypothesis import given
from hypothesis import strategies as st
from request_app import SOURCE

from pipeline.collect.envelope import open_page
from pipeline.sources.immuta.requests import records_in_an_object
from pipeline.warehouse.pages import item

PRODUCT = "99999999-0000-4000-8000-000000000001"
REQUEST = {
    "id": "ckar1",
    "type": "DATA_ACCESS",
    "status": "PENDING",
    "requestingUser": {"id": 1, "globalUserId": "guid-asker"},
    "user": {"id": 2, "globalUserId": "guid-user"},
    "createdAt": "2026-02-01T08:00:00.000Z",
    "updatedAt": "2026-02-01T08:00:00.000Z",
}
RECORD = {
    "id": "ckrv1",
    "status": "APPROVED",
    "createdAt": "2026-02-01T08:00:00.000Z",
    "updatedAt": "2026-02-02T08:00:00.000Z",
}
Pages = Sequence[tuple[str, str | None, Any]]


def told(path: Path, pages: Pages, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query when these pages are loaded."""
    bodies = [(name, key, json.dumps(page).encode()) for name, key, page in pages]
    with loaded(path, SOURCE, bodies) as staging:
        return rows(staging, query)


def listed(*items: Any) -> dict[str, Any]:
    """A page that is the whole list."""
    return {"data": list(items), "meta": {"totalCount": len(items), "nextToken": None}}


@pytest.mark.parametrize("page", [[RECORD], {"approvalRecords": [RECORD]}])
def test_records_come_bare_or_in_an_object(tmp_path: Path, page: Any) -> None:
    """Both published shapes are the same rows, and each leads to its place in the bytes."""
    [(key, status, pointer)] = told(
        tmp_path, [("approval", "ckar1", page)], "select id, status, item from approval"
    )
    assert (key, status) == ("ckrv1", "APPROVED")
    assert item(json.dumps(page).encode(), pointer) == RECORD


@given(records=st.lists(JSON, max_size=5), blanks=st.sampled_from(["", " ", "\n\t"]))
def test_any_list_of_records_is_counted(records: list[Any], blanks: str) -> None:
    """A bare list of anything has as many records as its object would."""
    bare = (blanks + json.dumps(records)).encode()
    page = open_page(records_in_an_object(bare), "approvalRecords")
    assert page.size("approvalRecords") == len(records)
    whole = json.dumps({"approvalRecords": records}).encode()
    assert records_in_an_object(whole) is whole


@pytest.mark.parametrize("number", [41, 41.0, "41"])
def test_a_request_for_a_single_table(tmp_path: Path, number: Any) -> None:
    """It has no product, and its table's data source where that is named as any kind of number."""
    asset = {"id": "a1", "name": "BILLS", "metadata": {"dataSourceId": number, "objectPath": ["P"]}}
    pages: Pages = [("all_request", None, listed({**REQUEST, "asset": asset}))]
    query = "select product_id, asset_id, asset_name, asset_source_id from access_request"
    assert told(tmp_path, pages, query) == [(None, "a1", "BILLS", 41)]


def test_the_last_answer_about_a_request_counts(tmp_path: Path) -> None:
    """The list of all requests is read after those of the products."""
    decided = {**REQUEST, "status": "DENIED", "dataProduct": {"id": PRODUCT}}
    pages: Pages = [
        ("access_request", PRODUCT, listed(REQUEST)),
        ("all_request", None, listed(decided)),
    ]
    query = "select id, product_id, status from access_request"
    assert told(tmp_path, pages, query) == [("ckar1", PRODUCT, "DENIED")]


def test_masking_exceptions(tmp_path: Path) -> None:
    """Columns with what masks them, and those a person may see; a column without a policy is one too."""
    columns = [
        {
            "name": "CONTACT",
            "sourceId": "41",
            "sourceName": "Bills",
            "tags": [],
            "globalPolicyInfo": {"maskingType": "Constant", "matchingTag": "PII"},
        },
        {
            "name": "NOTE",
            "sourceId": "41",
            "sourceName": "Bills",
            "tags": [],
            "globalPolicyInfo": None,
        },
    ]
    exception = {**REQUEST, "type": "MASKING_EXCEPTION"}
    pages: Pages = [
        ("access_request", PRODUCT, listed(exception)),
        ("masking_column", "ckar1", listed(*columns)),
        ("approved_masking_column", "guid-user", [{"columnName": "CONTACT", "sourceId": "41"}]),
    ]
    query = (
        "select m.column_name, masking_type, matching_tag, a.user_id from masking_exception_column m "
        "left join approved_masking_exception a using (source_id, column_name) order by 1"
    )
    assert told(tmp_path, pages, query) == [
        ("CONTACT", "Constant", "PII", "guid-user"),
        ("NOTE", None, None, None),
    ]


FORM = {
    "id": "f1",
    "name": "Access",
    "version": "v2",
    "fields": [
        {"id": "q1", "type": "ACCESS_DURATION", "required": True},
        {"id": "q2", "type": "SHORT_ANSWER"},
        {"id": "q3", "type": "DROPDOWN", "required": False},
    ],
    "policy": {"rules": [], "defaultEvent": {"type": "deny", "params": {}}},
    "dataUseAgreements": [{"id": "d2"}, {"id": "d1"}],
    "associatedDomains": ["x"],
}


def test_forms_by_version(tmp_path: Path) -> None:
    """The version in the list is in force, and stays so if it is read by itself; an earlier one is not."""
    earlier = {"id": "f1", "version": "v1", "fields": None, "policy": None}
    pages: Pages = [
        ("form", None, listed(FORM)),
        ("form_version", "v1", earlier),
        ("form_version", "v2", FORM),
    ]
    query = (
        "select version, in_force, field_count, required_field_count, asks_duration, agreement_ids, domains, "
        "default_event from request_form_version order by version"
    )
    assert told(tmp_path, pages, query) == [
        ("v1", False, 0, 0, False, [], None, None),
        ("v2", True, 3, 2, True, ["d1", "d2"], ["x"], "deny"),
    ]


def test_versions_are_asked_for_once(tmp_path: Path) -> None:
    """Of the versions that requests name, those that no list shows."""
    requests = [{**REQUEST, "id": f"r{at}", "formVersion": v} for at, v in enumerate("abb")]
    pages: Pages = [
        ("form", None, listed({**FORM, "version": "a"})),
        ("access_request", PRODUCT, listed(*requests)),
    ]
    [endpoint] = [one for one in SOURCE.endpoints if one.name == "form_version"]
    # staging asks in the schema of the source
    wanted = f"from ({endpoint.for_each}) order by all"
    for table in ("form_item", "request_form_item"):
        wanted = wanted.replace(f"from {table}", f"from immuta.{table}")
    assert told(tmp_path, pages, wanted) == [("b",)]


def test_decisions_of_both_types(tmp_path: Path) -> None:
    """The type is that of the list; blanks are no reason, and nobody may be named."""
    decision = {
        "id": "d1",
        "status": "DENIED",
        "reason": " ",
        "actionBy": None,
        "createdAt": "2026-02-01T08:00:00.000Z",
        "updatedAt": "2026-02-01T08:30:00.000Z",
    }
    pages: Pages = [
        ("data_product", None, listed({"id": PRODUCT})),
        ("determination", PRODUCT, {"determinations": [decision]}),
        (
            "masking_determination",
            PRODUCT,
            {"determinations": [{**decision, "id": "d2", "reason": "x"}]},
        ),
    ]
    query = (
        "select id, type, status, actor_id, reason_given, updated_at from determination order by id"
    )
    when = datetime(2026, 2, 1, 8, 30, tzinfo=UTC)
    assert told(tmp_path, pages, query) == [
        ("d1", "DATA_ACCESS", "DENIED", None, False, when),
        ("d2", "MASKING_EXCEPTION", "DENIED", None, True, when),
    ]


@pytest.mark.parametrize("instant", ["in two weeks", 1782777600, {"at": 1}])
def test_a_request_of_the_list_of_all_with_an_unreadable_end_is_lost(
    tmp_path: Path, instant: Any
) -> None:
    """An end that cannot be read is not "no end"."""
    pages: Pages = [("all_request", None, listed(REQUEST, {**REQUEST, "expiration": instant}))]
    query = "select item from immuta.all_request_item"
    assert told(tmp_path, pages, query) == [("/data/0",)]
