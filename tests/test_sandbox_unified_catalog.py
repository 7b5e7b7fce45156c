"""The Unified Catalog and the data access plane in the sandbox: paging, refusals, ids and variety."""

from collections import Counter
from typing import Any

import httpx
import pytest
from sandbox_fixture import ASSETS, DAY, PURVIEW, estate, get, http

from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.purview.unified import (
    catalog,
    catalog_api,
    data_access_api,
    data_access_rows,
    subscriptions,
)

__all__ = ["estate", "http"]
CATALOG, ACCESS = catalog_api.BASE, data_access_api.BASE
OLD = {"api-version": "2025-09-15-preview"}
NEW = {"api-version": catalog_api.WITH_ASSETS}
VERSION = {"api-version": "2023-10-01-preview"}
Json = dict[str, Any]


def linked(http: httpx.Client, path: str, **params: Any) -> list[list[Json]]:
    """Pages of a list that is turned by links."""
    page = get(http, path, PURVIEW, **params)
    pages = [page["value"]]
    while "nextLink" in page:
        page = http.get(page["nextLink"], headers=PURVIEW).raise_for_status().json()
        pages.append(page["value"])
    return pages


@pytest.mark.parametrize(("version", "token"), [(OLD, "$skipToken"), (NEW, "skipToken")])
def test_domains_come_in_pages(http: httpx.Client, version: Json, token: str) -> None:
    """The token's parameter lost its dollar sign with the newer version."""
    first = get(http, f"{CATALOG}/businessdomains", PURVIEW, **version)
    assert token in httpx.URL(first["nextLink"]).params
    pages = linked(http, f"{CATALOG}/businessdomains", **version)
    assert [len(page) for page in pages] == [6, 4]
    ids = {row["id"] for page in pages for row in page}
    parents = [row["parentId"] for page in pages for row in page]
    assert len(ids) == 10
    assert sum(parent in ids for parent in parents) == 8


def test_policies_turn_by_a_token_beside_their_list(http: httpx.Client) -> None:
    """The list is called `values`, and no link leads on."""
    names, token = [], ""
    while token is not None:
        params = OLD | ({"skipToken": token} if token else {})
        page = get(http, f"{CATALOG}/policies", PURVIEW, **params)
        assert "nextLink" not in page
        names += [policy["name"] for policy in page["values"]]
        token = page.get("skipToken")
    assert names[0].startswith("dgpolicy_datagovernanceapp_")
    assert len(set(names)) == 11


def test_policies_are_refused_without_a_role_on_the_account() -> None:
    """The rest of the plane answers as before, and the error has the shape of the plane."""
    with (
        server.running(assets=60, as_of=DAY, account_access=False) as url,
        httpx.Client(base_url=url, headers=PURVIEW) as http,
    ):
        refused = http.get(f"{CATALOG}/policies", params=OLD)
        assert refused.status_code == 403
        assert refused.json() == {
            "error": {"code": "Unauthorized", "message": "Not authorized to access account"}
        }
        assert refused.headers["x-ms-error-code"] == "Unauthorized"
        assert http.get(f"{CATALOG}/businessdomains", params=OLD).status_code == 200


def test_lists_turn_by_skip_and_top(http: httpx.Client) -> None:
    """Rows in steps of `top`, at most a hundred; some lists link to the next page, others do not."""
    terms = get(http, f"{CATALOG}/terms", PURVIEW, **OLD)
    assert len(terms["value"]) == 40
    some = get(http, f"{CATALOG}/terms", PURVIEW, skip=35, top=10, **OLD)
    assert some == {"value": terms["value"][35:]}
    assert get(http, f"{CATALOG}/terms", PURVIEW, skip=40, **OLD) == {"value": []}
    pages = linked(http, f"{CATALOG}/dataAssets", top=7, **NEW)
    whole = linked(http, f"{CATALOG}/dataAssets", top=5000, **NEW)
    assert len(pages[0]) == 7
    assert len(whole[0]) <= 100
    assert [r for page in pages for r in page] == [r for page in whole for r in page]


@pytest.mark.parametrize("params", [{"skip": "x"}, {"top": "-1"}, {"skip": "1.5"}])
def test_paging_parameters_are_checked(http: httpx.Client, params: Json) -> None:
    """Nonsense is refused in the error shape of the plane."""
    refused = http.get(f"{CATALOG}/terms", params=OLD | params, headers=PURVIEW)
    assert refused.status_code == 400
    assert set(refused.json()["error"]) == {"code", "message"}


def test_data_assets_are_those_of_the_data_map(http: httpx.Client, estate: Estate) -> None:
    """Products name data assets by ids of their own; behind these are guids of the estate, but for a few that are gone."""
    assets = {
        row["id"]: row for page in linked(http, f"{CATALOG}/dataAssets", **NEW) for row in page
    }
    guids = {data.guid for data in estate.datasets}
    assert not assets.keys() & guids
    gone = [row for row in assets.values() if row["source"]["assetId"] not in guids]
    assert 0 < len(gone) < len(assets) / 10
    products = [row for page in linked(http, f"{CATALOG}/dataProducts", **OLD) for row in page]
    assert len(products) == catalog.count(ASSETS)
    named: set[str] = set()
    for product in products:
        path = f"{CATALOG}/dataProducts/{product['id']}/relationships"
        page = get(http, path, PURVIEW, entityType="DATAASSET", **OLD)
        named |= {row["entityId"] for row in page["value"]}
    assert assets.keys() < named
    assert len(named - assets.keys()) < 5


def test_older_versions_have_no_data_assets(http: httpx.Client) -> None:
    """They are no part of the older public version: 404, though the list of products is there."""
    assert http.get(f"{CATALOG}/dataAssets", params=OLD, headers=PURVIEW).status_code == 404
    assert http.get(f"{CATALOG}/dataProducts", params=OLD, headers=PURVIEW).status_code == 200
    assert http.get(f"{CATALOG}/dataProducts", headers=PURVIEW).status_code == 400


def test_columns_of_critical_data_under_both_names(http: httpx.Client, estate: Estate) -> None:
    """DATACOLUMN was once CRITICALDATACOLUMN; an unknown type is refused."""
    found = 0
    for element in get(http, f"{CATALOG}/criticalDataElements", PURVIEW, **NEW)["value"]:
        path = f"{CATALOG}/criticalDataElements/{element['id']}/relationships"
        rows = get(http, path, PURVIEW, entityType="DATACOLUMN", **NEW)
        assert rows == get(http, path, PURVIEW, entityType="CRITICALDATACOLUMN", **OLD)
        for row in rows["value"]:
            column = get(http, f"{CATALOG}/dataColumns/{row['entityId']}", PURVIEW, **NEW)
            data = estate.dataset(column["source"]["assetId"])
            assert data is not None
            guids = [data.column_guid(c.position) for c in data.columns()]
            assert column["source"]["columnId"] in guids
            found += 1
        refused = http.get(path, params=NEW | {"entityType": "COLUMN"}, headers=PURVIEW)
        assert refused.json()["error"]["code"] == "InvalidEntityType"
    assert found > 20


def test_requests_of_every_status(http: httpx.Client) -> None:
    """Every status comes, some access is over and still granted, and undecided requests have no decision."""
    pages = linked(http, f"{ACCESS}/dataSubscriptions", **VERSION)
    rows = [row for page in pages for row in page]
    assert len(pages) > 1
    assert {row["subscriptionStatus"] for row in rows} == {
        "Pending", "Approved", "Granted", "Declined", "Revoked", "Completed"
    }  # fmt: skip
    assert {row["subscriberIdentity"]["identityType"] for row in rows} == {
        "User", "Group", "ServicePrincipal"
    }  # fmt: skip
    now = clock.iso_ticks(DAY)
    over = [row for row in rows if row.get("accessExpirationDate", now) < now]
    assert Counter(row["subscriptionStatus"] for row in over)["Granted"] > 0
    assert all(
        ("accessDecisionDate" in row) == (row["subscriptionStatus"] != "Pending") for row in rows
    )
    assert all(row["createdAt"] < row.get("accessDecisionDate", now) <= now for row in rows)
    some = rows[0]["dataProductId"]
    one = linked(http, f"{ACCESS}/dataSubscriptions", dataProductId=some, **VERSION)
    assert [row for page in one for row in page] == [
        row for row in rows if row["dataProductId"] == some
    ]


def test_products_count_their_subscribers(http: httpx.Client) -> None:
    """The number on a product is that of its requests in force."""
    rows = [row for page in linked(http, f"{ACCESS}/dataSubscriptions", **VERSION) for row in page]
    active = Counter(
        row["dataProductId"] for row in rows if row["subscriptionStatus"] in subscriptions.ACTIVE
    )
    for page in linked(http, f"{CATALOG}/dataProducts", **OLD):
        for product in page:
            assert product["activeSubscriberCount"] == active[product["id"]]


def test_policy_sets_and_approvals(http: httpx.Client, estate: Estate) -> None:
    """Some products have no policies of their own; a run has the approvals of its request."""
    statuses = Counter[int]()
    for product in catalog.held(estate).products:
        base = f"{ACCESS}/dataProducts/{product.id}/policySets"
        applied = http.get(f"{base}/applied", params=VERSION, headers=PURVIEW)
        statuses[applied.status_code] += 1
        assert (applied.status_code == 200) == data_access_rows.has_policies(product)
        assert get(http, f"{base}/effective", PURVIEW, **VERSION)["policySetKind"] == "Effective"
    assert statuses.keys() == {200, 404}
    runs = get(http, f"{ACCESS}/workflowRuns", PURVIEW, **VERSION)["value"]
    assert len(runs) == len(subscriptions.by_run(estate)) > 10
    decisions = Counter[str]()
    for run in runs:
        path = f"{ACCESS}/workflowRuns/{run['workflowRunId']}/approvals"
        approvals = get(http, path, PURVIEW, **VERSION)["value"]
        decisions.update(one["decision"] for one in approvals)
        pending = any(one["decision"] == "Pending" for one in approvals)
        assert pending == (run["status"] == "InProgress")
    assert decisions.keys() == {"Approved", "Rejected", "Pending"}


@pytest.mark.parametrize(
    "path",
    [
        f"{CATALOG}/dataProducts/nobody/relationships",
        f"{CATALOG}/businessdomains/nobody",
        f"{CATALOG}/terms/nobody/relationships",
        f"{CATALOG}/criticalDataElements/nobody/relationships",
        f"{CATALOG}/dataColumns/nobody",
        f"{CATALOG}/objectives/nobody/keyResults",
        f"{ACCESS}/dataProducts/nobody/policySets/applied",
        f"{ACCESS}/terms/nobody/policySets/applied",
        f"{ACCESS}/workflowRuns/nobody/approvals",
        f"{CATALOG}/nothing",
    ],
)
def test_unknown_ids_are_404(http: httpx.Client, path: str) -> None:
    """In the error shape of the plane, with its code in a header."""
    found = http.get(path, params=NEW | {"entityType": "TERM"}, headers=PURVIEW)
    assert found.status_code == 404
    assert found.headers["x-ms-error-code"] == found.json()["error"]["code"]


def test_the_catalog_moves_with_the_days_and_stays_what_it_is() -> None:
    """A day has one catalog, whoever asks; a month later requests and statuses have moved on."""
    day = clock.day_number(DAY)

    def told(on: int) -> list[tuple[str, str]]:
        estate = History(1, ASSETS).at(on)
        return [(one.id, one.status) for one in subscriptions.every(estate)]

    assert told(day) == told(day)
    assert told(day) != told(day + 30)
    first, later = (
        {product.id for product in catalog.held(History(1, ASSETS).at(on)).products}
        for on in (day, day + 30)
    )
    assert first == later
