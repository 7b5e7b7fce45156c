"""Immuta's surfaces in the sandbox: Govern and the Request app."""

import json

import httpx
from sandbox_fixture import API, GOVERN, REQUEST, cursor_rows, estate, get, http

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import forms

__all__ = ["estate", "http"]


def test_immuta_sources_page_by_size(http: httpx.Client, estate: Estate) -> None:
    """Sources page by size and row offset, integral floats included, up to the count."""
    found: list[int] = []
    while True:
        page = get(http, "/dataSource", GOVERN, size=100, offset=f"{len(found)}.0")
        found += [one["id"] for one in page["hits"]]
        if len(page["hits"]) < 100:
            break
    assert found == [source.id for source in estate.data_sources]
    assert page["count"] == len(found)


def test_a_source_leads_to_handler_dictionary_and_access(
    http: httpx.Client, estate: Estate
) -> None:
    """The detail names the handler, which names the table in one of its shapes."""
    for source in estate.data_sources[:40]:
        detail = get(http, f"/dataSource/{source.id}", GOVERN)
        path = httpx.URL(detail["blobHandler"]["url"]).path
        said = json.dumps(get(http, path, GOVERN))
        database, schema, _ = source.path
        assert database in said
        assert schema in said
        dictionary = http.get(f"/dictionary/{source.id}", headers=GOVERN)
        assert (dictionary.status_code == 200) == source.has_dictionary
        users = get(http, f"/dataSource/{source.id}/access", GOVERN)["users"]
        assert [u["profile"] for u in users if "group" not in u] == [
            row.profile_id for row in source.access(estate.people)
        ]


def test_some_sources_have_no_dictionary(http: httpx.Client, estate: Estate) -> None:
    """A source without a dictionary answers 404 in the shape of Govern."""
    lone = next(source for source in estate.data_sources if not source.has_dictionary)
    answer = http.get(f"/dictionary/{lone.id}", headers=GOVERN)
    assert answer.status_code == 404
    assert set(answer.json()) == {"statusCode", "error", "message"}


def test_products_page_by_cursor(http: httpx.Client, estate: Estate) -> None:
    """Products and their sources page by token until it is null; a foreign token is refused."""
    rows = cursor_rows(http, API + "/data-product", 5)
    assert sorted(row["id"] for row in rows) == sorted(estate.product_by_id)
    product = max(estate.products, key=lambda one: len(one.sources))
    path = f"{API}/data-product/{product.id}/datasources"
    sources = cursor_rows(http, path, 3)
    assert [row["sourceId"] for row in sources] == [str(one.id) for one in product.sources]
    whole = get(http, path + "/all", REQUEST)["dataSources"]
    assert [row["sourceId"] for row in whole] == [row["sourceId"] for row in sources]
    token = get(http, path, REQUEST, limit=3)["meta"]["nextToken"]
    refused = http.get(path, params={"limit": 4, "nextToken": token}, headers=REQUEST)
    assert refused.status_code == 400


def test_requests_page_by_offset(http: httpx.Client, estate: Estate) -> None:
    """Requests, members and columns page by offset up to their total count."""
    product = estate.products[0]
    base = f"{API}/data-product/{product.id}"
    mine = estate.requests_by_product[product.id]
    for what, count in (("request", len(mine)), ("members", sum(one.is_member for one in mine))):
        ids: list[str] = []
        while page := get(http, f"{base}/{what}", REQUEST, limit=4, offset=len(ids))["data"]:
            ids += [row["id"] for row in page]
        assert len(ids) == len(set(ids)) == count
        assert get(http, f"{base}/{what}", REQUEST)["meta"]["totalCount"] == count
    whole = get(http, API + "/access-request", REQUEST, limit=10_000)
    assert {row["id"] for row in whole["data"]} == set(estate.any_request_by_id)


def test_request_app_objects_have_their_required_keys(http: httpx.Client, estate: Estate) -> None:
    """Objects of the Request app carry every key that Immuta's document requires."""
    user = {"id", "iamId", "globalUserId", "username", "name"}
    for product in estate.products:
        base = f"{API}/data-product/{product.id}"
        row = get(http, base, REQUEST)
        assert {"id", "name", "domains", "suspended", "createdBy", "createdAt", "updatedAt",
                "metadata"} <= row.keys()  # fmt: skip
        assert get(http, f"{API}/data-product/{row['name']}/byName", REQUEST) == row
        for form in get(http, base + "/request-forms", REQUEST):
            assert {"id", "name", "fields", "policy", "createdBy", "createdAt", "updatedBy",
                    "updatedAt", "version", "requestType"} <= form.keys()  # fmt: skip
        latest = get(http, base + "/recent-determinations", REQUEST)["determinations"]
        assert len(latest) <= 5
        request = get(http, base + "/request", REQUEST)["data"][0]
        assert {"formVersion", "type", "status", "createdAt", "updatedAt"} <= request.keys()
        assert user <= request["user"].keys()
        assert user <= request["requestingUser"].keys()
        records = get(http, f"{API}/access-request/{request['id']}/records", REQUEST)
        for record in records["approvalRecords"]:
            assert {"id", "dataAccessRequestId", "approvers", "prerequisites", "status",
                    "createdAt", "updatedAt", "approverCriteriaMet", "duration",
                    "durationUnit"} <= record.keys()  # fmt: skip


def test_people_bridge_the_systems_by_mail(http: httpx.Client, estate: Estate) -> None:
    """A user of the Request app is a user of Govern: same profile id, same mail."""
    govern = {hit["id"]: hit for hit in get(http, "/bim/user", GOVERN, size=500)["hits"]}
    wanted = [person.global_id for person in estate.immuta_people[:70]]
    found = get(http, API + "/metadata/users", REQUEST, globalUserId=wanted)["users"]
    assert {user["globalUserId"] for user in found} == set(wanted)
    assert all(govern[user["id"]]["userid"] == user["email"] for user in found)
    assert any(hit["disabled"] for hit in govern.values())


def test_counts_are_those_of_the_requests(http: httpx.Client, estate: Estate) -> None:
    """What a product counts is what its list has, by status and in all; requests for tables count nowhere."""
    for row in cursor_rows(http, API + "/data-product", 100):
        listed = get(http, f"{API}/data-product/{row['id']}/request", REQUEST, limit=1000)["data"]
        stats = row["stats"]
        assert stats["totalRequestCount"] == len(listed)
        for status in ("PENDING", "APPROVED", "REVOKED", "CANCELED", "DENIED"):
            found = sum(one["status"] == status for one in listed)
            assert stats[f"{status.lower()}RequestCount"] == found
    assert {one.status for one in estate.table_requests} >= {"APPROVED", "EXPIRED"}


def test_requests_for_single_tables_have_no_product(http: httpx.Client, estate: Estate) -> None:
    """They name the table and its data source, and only the list of all requests has them."""
    for one in estate.table_requests:
        row = get(http, f"{API}/access-request/{one.id}", REQUEST)
        assert "dataProduct" not in row
        assert row["asset"]["type"] == "DATA_OBJECT"
        assert row["asset"]["metadata"]["dataSourceId"] == one.source.id
        assert row["asset"]["metadata"]["objectPath"] == list(one.source.path)


def test_every_version_of_a_form_can_be_read(http: httpx.Client, estate: Estate) -> None:
    """Requests name present versions and earlier ones, which ask less; an unknown one is refused."""
    listed = get(http, API + "/request-form", REQUEST, limit=1000)["data"]
    present = {one["version"]: one for one in listed}
    used = {forms.version_of(one) for one in estate.any_request_by_id.values()}
    assert 0 < len(used - set(present)) < len(used)
    for version in sorted(used)[:60]:
        form = get(http, f"{API}/request-form/version/{version}", REQUEST)
        assert form["version"] == version
        assert (version in present) == (len(form["fields"]) == 2)
    refused = http.get(f"{API}/request-form/version/none", headers=REQUEST)
    assert refused.status_code == 404


def test_exceptions_that_are_approved_are_told_by_person(
    http: httpx.Client, estate: Estate
) -> None:
    """The columns of a person's approved requests, each once; the person must be named."""
    path = API + "/access-request/approved-masking-exception-columns"
    assert http.get(path, headers=REQUEST).status_code == 400
    for one in estate.request_by_id.values():
        if one.type == "MASKING_EXCEPTION" and one.status == "APPROVED":
            address = f"{API}/access-request/{one.id}/masking-exception-columns"
            asked = {(c["sourceId"], c["name"]) for c in get(http, address, REQUEST)["data"]}
            found = get(http, path, REQUEST, userId=one.beneficiary.global_id)
            told = [(c["sourceId"], c["columnName"]) for c in found]
            assert asked <= set(told)
            assert len(told) == len(set(told))
