"""Whatever is sent to a call that writes, the sandbox in its Immuta part answers, and refuses in its shape."""

from collections.abc import Iterator
from typing import Any

import pytest
from sandbox_fixture import API
from test_sandbox_immuta_writes import AT, FLAT
from test_sandbox_immuta_writes_code import DATA, MASKING, SUBSCRIPTION
from test_sandbox_immuta_writes_requests import REVIEW
from writes_fixture import COLUMNS, CONNECTION, Tenant, nested, request_app, tenant

from pipeline.sandbox.immuta import products
from pipeline.sandbox.immuta.writes import write_api

__all__ = ["request_app", "tenant"]

pytestmark = pytest.mark.slow

JUNK: list[Any] = [None, 3, "x", [], {}, [3], [None], {"x": [{}]}, True]
GLOBAL_POLICY = {
    "actions": [{"subscriptionType": "manual", "type": "subscription"}],
    "circumstances": [{"operator": "or", "tag": {"name": "New"}, "type": "tags"}],
    "name": "All",
    "type": "subscription",
}
PROJECT = {
    "projectKey": "q1",
    "name": "Q1",
    "purposes": ["Research"],
    "datasources": [],
    "subscriptionPolicy": SUBSCRIPTION["actions"],
    "tags": ["New"],
    "documentation": {},
}
PURPOSE = {"name": "Risk", "subpurposes": [{"name": "Credit"}], "acknowledgement": "yes"}


def _good(tenant: Tenant, path: str) -> list[Any]:
    """Bodies that a call takes, by the end of its address."""
    estate = tenant.estate
    source = estate.data_sources[0]
    user = estate.immuta_people[3].global_id
    column = {"columnName": "x", "sourceId": str(source.id)}
    connected = {"handler": {"metadata": {**CONNECTION, "table": "T"}}, "connectionString": AT}
    product = {
        "name": "Ledger",
        "metadata": {"subjectMatterExpert": {"id": user}},
        "domains": [products.domain_id(estate.seed, 1)],
        "dataSources": [{"sourceId": str(source.id)}],
        "dataAccessReviewFlow": REVIEW,
        "suspended": False,
    }
    bulk = nested("Bulk", "B") | {"handler": [{"metadata": {**CONNECTION, "table": "B"}}]}
    tags = {"ids": [source.id], "update": {"tags": [{"name": "New", "source": "curated"}]}}
    known: dict[str, list[Any]] = {
        "/tag": [{"tags": [{"name": "A.b"}], "rootTag": {"name": "A"}}],
        "/tag/{model}/{key}": [[{"name": "New"}]],
        "/dataSource/bulk/tags": [tags],
        "/dictionary/{id}": [{"metadata": [COLUMNS[0] | {"tags": [{"name": "x", "source": "y"}]}]}],
        "/dataSource/{id}": [{"name": "Other", "deleted": False, "description": "x"}],
        "/policy/global": [GLOBAL_POLICY],
        "/policy/global/{id}": [GLOBAL_POLICY],
        "/api/v2/data": [DATA | {"owners": [{"type": "group", "name": "sales-owners"}]}],
        "/api/v2/policy": [MASKING, SUBSCRIPTION],
        "/api/v2/project": [PROJECT],
        "/api/v2/purpose": [PURPOSE],
        "/{technology}/handler": [FLAT, nested("One", "T"), bulk],
        "/{technology}/handler/{id}": [connected],
        "/{technology}/bulk": [connected],
        API + "/data-product": [product],
        API + "/data-product/{id}": [product],
        API + "/data-product/{id}/datasources": [{"dataSources": product["dataSources"]}],
        API + "/data-product/{id}/request": [{"user": user}],
        API + "/data-product/{id}/request/masking-exception": [{"user": user, "columns": [column]}],
        API + "/asset/{id}/request": [{"user": user}],
        API + "/approval-record/{id}": [
            {"status": "APPROVED", "duration": 1, "durationUnit": "DAYS"}
        ],
    }
    return known.get(path, [{}])


def _spoilt(body: Any) -> Iterator[Any]:
    """The body with each of its values in turn replaced by each piece of junk."""
    yield from JUNK
    if isinstance(body, dict):
        for name, value in body.items():
            yield from ({**body, name: other} for other in _spoilt(value))
    elif isinstance(body, list) and body:
        yield from ([other, *body[1:]] for other in _spoilt(body[0]))


def _addresses(tenant: Tenant, path: str) -> list[str]:
    """Addresses of a call: of something that is there, and of nothing."""
    estate = tenant.estate
    source = next(one for one in estate.data_sources if one.has_dictionary and not one.deleted)
    request = next(one for one in estate.request_by_id.values() if one.status == "PENDING")
    table = estate.table_requests[0]
    number = str(source.id)
    if path.startswith(API):
        number = table.asset_id if "/asset/" in path else request.product.id
        number = request.records[-1].id if "/approval-record/" in path else number
    elif path.startswith("/policy"):
        number = "2"
    elif "/handler/" in path:
        number = str(source.handler_id)
    fills = {"id": number, "technology": source.platform.handler, "model": "column",
             "key": f"{source.id}_{source.dictionary()[0].name}", "tag": "New",
             "request": request.id}  # fmt: skip
    return [path.format(**fills), path.format(**dict.fromkeys(fills, "nothing"))]


@pytest.mark.parametrize(
    ("method", "path"),
    sorted(
        (method, route.path)
        for route in write_api.ROUTES
        for method in route.methods or ()
        if method not in ("GET", "HEAD")
    ),
)
def test_junk_is_answered(tenant: Tenant, method: str, path: str) -> None:
    """A body with anything wrong in it gets an answer, never a failure, and a refusal says why."""
    for address in _addresses(tenant, path):
        for good in _good(tenant, path):
            for body in _spoilt(good):
                answer = tenant.call(method, address, body)
                if not answer.is_success:
                    assert answer.status_code in (400, 403, 404, 409, 422)
                    assert answer.json()["statusCode"] == answer.status_code
                    assert answer.json()["message"]
    tenant.get("/dataSource", size=5000)
    tenant.get(API + "/data-product", limit=100)
    tenant.get(API + "/access-request", limit=5000)
    tenant.get("/policy/global")
