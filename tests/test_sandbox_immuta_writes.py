"""What clients write to Immuta Govern (V1) in the sandbox is what they read from it."""

import json
from typing import Any

import pytest
from sandbox_fixture import GOVERN
from writes_fixture import CONNECTION, NARROW, Tenant, nested, request_app, tenant

__all__ = ["request_app", "tenant"]

AT = "svc_ledger@ledger.example.com:443/FIN"
FLAT = {
    "blobHandler": [{"scheme": "https", "url": ""}],
    "blobHandlerType": "Redshift",
    "name": "Flat orders",
    "organization": "Finance",
    "private": False,
    "recordFormat": "json",
    "sqlTableName": "flat_orders",
    "type": "queryable",
}


def _source(tenant: Tenant, platform: str = "snowflake") -> Any:
    """A data source of the estate with a dictionary."""
    return next(
        one
        for one in tenant.estate.data_sources
        if one.platform.key == platform and one.has_dictionary and not one.deleted
    )


def test_a_registered_source_is_read_everywhere(tenant: Tenant) -> None:
    """A nested body makes a data source with connection, columns and owner; its secrets are not told."""
    before = tenant.get("/dataSource", size=1)["count"]
    made = tenant.done("POST", "/snowflake/handler", nested("Loan balances", "LOAN_BALANCES"))
    assert made.keys() == {"id", "dataSourceId", "warnings", "connectionString"}
    assert made["connectionString"] == AT
    listed = tenant.get("/dataSource", searchText="loan bal", size=10)["hits"]
    assert [hit["id"] for hit in listed] == [made["dataSourceId"]]
    assert tenant.get("/dataSource", size=1)["count"] == before + 1
    detail = tenant.get(f"/dataSource/{made['dataSourceId']}")
    assert detail["blobHandler"]["url"].endswith(f"/snowflake/handler/{made['id']}")
    assert (detail["sqlTableName"], detail["deleted"]) == ("loan_balances", False)
    handler = tenant.get(f"/snowflake/handler/{made['id']}")
    meta = handler["metadata"]
    assert {name: meta[name] for name in CONNECTION if name != "password"} == {
        name: value for name, value in CONNECTION.items() if name != "password"
    }
    assert "never-echoed" not in json.dumps(handler)
    remote = json.loads(handler["remoteTableDescription"])
    assert [column["name"] for column in remote] == ["CARD_NO", "BALANCE"]
    columns = tenant.get(f"/dictionary/{made['dataSourceId']}")["metadata"]
    assert [(one["name"], one["nullable"]) for one in columns] == [
        ("CARD_NO", True),
        ("BALANCE", False),
    ]
    users = tenant.get(f"/dataSource/{made['dataSourceId']}/access")["users"]
    assert [(user["profile"], user["state"]) for user in users] == [(102, "owner")]


@pytest.mark.parametrize("technology", ["asa", "trino", "snowflake", "databricks", "redshift"])
def test_every_technology_has_its_write_calls(tenant: Tenant, technology: str) -> None:
    """Each technology registers, replaces and triggers; only Databricks has no view to refresh."""
    made = tenant.done("POST", f"/{technology}/handler", FLAT)
    path = f"/{technology}/handler/{made['id']}"
    body = {"handler": {"metadata": CONNECTION | {"table": "ORDERS"}}, "connectionString": AT}
    answer = tenant.done("PUT", path, body)
    assert answer.keys() == (
        {"dataSourceId", "body"} if technology == "asa" else {"id", "ca", "columns"}
    )
    bulk = tenant.done(
        "PUT", f"/{technology}/bulk", {"body": [body]} if technology == "asa" else body
    )
    assert bulk["jobsCreated"] == 1
    assert isinstance(bulk["bulkId"], int if technology == "asa" else str)
    assert isinstance(tenant.done("PUT", path + "/triggerHighCardinalityJob"), str)
    refreshed = tenant.call("PUT", path + "/refreshNativeViewJob")
    assert refreshed.status_code == (404 if technology == "databricks" else 200)


def test_a_flat_body_must_be_complete(tenant: Tenant) -> None:
    """A body in the documented flat form is refused with the names of what it lacks."""
    body = {name: value for name, value in FLAT.items() if name not in ("private", "organization")}
    message = tenant.refused(400, "POST", "/redshift/handler", body)
    assert "private" in message
    assert "organization" in message
    assert "Flat orders" not in tenant.names()


def test_a_name_is_given_once(tenant: Tenant) -> None:
    """A second data source of the same name is refused with the words that clients look for."""
    tenant.done("POST", "/snowflake/handler", nested("Loans", "LOANS"))
    message = tenant.refused(409, "POST", "/snowflake/handler", nested("Loans", "OTHER"))
    assert "already exists" in message
    assert tenant.names().count("Loans") == 1


def test_a_list_of_handlers_becomes_jobs(tenant: Tenant) -> None:
    """A list makes one source each through jobs that are seen waiting once; a table twice is refused."""
    body = nested("ignored", "A")
    body["handler"] = [
        {"metadata": CONNECTION | {"table": table, "dataSourceName": f"Bulk {table}"}}
        for table in ("A", "B", "C")
    ]
    assert tenant.done("POST", "/snowflake/handler", body)["jobsCreated"] == 3
    assert tenant.get("/jobs", connectionString=AT) == {"pending": 3}
    assert tenant.get("/jobs", connectionString=AT) == {}
    assert {"Bulk A", "Bulk B", "Bulk C"} <= set(tenant.names())
    body["handler"][0]["metadata"]["table"] = "B"
    for one in body["handler"]:
        one["metadata"]["dataSourceName"] += " again"
    assert "duplicate tables" in tenant.refused(400, "POST", "/snowflake/handler", body)
    assert not any(name.endswith("again") for name in tenant.names())


def test_a_replaced_handler_keeps_nothing_but_columns(tenant: Tenant) -> None:
    """PUT of a handler replaces the connection whole; the columns stay, and half a body is refused."""
    source = _source(tenant)
    path = f"/snowflake/handler/{source.handler_id}"
    columns = tenant.get(f"/dictionary/{source.id}")["metadata"]
    tenant.refused(400, "PUT", path, {"handler": {"metadata": {"hostname": "x.example.com"}},
                                      "connectionString": AT})  # fmt: skip
    assert tenant.get(path)["metadata"]["hostname"] == source.host
    body = {"handler": {"metadata": CONNECTION | {"table": "MOVED"}}, "connectionString": AT}
    tenant.done("PUT", path, body)
    after = tenant.get(path)
    assert after["connectionString"] == AT
    assert after["metadata"]["table"] == "MOVED"
    assert "ssl" not in after["metadata"]
    assert tenant.get(f"/dictionary/{source.id}")["metadata"] == columns
    assert tenant.get("/dataSource", searchText=source.name)["hits"][0]["remoteTable"] == "MOVED"


def test_a_bulk_moves_every_source_of_a_connection(tenant: Tenant) -> None:
    """PUT bulk touches the sources of the connection string, all of them and no other."""
    before = {hit["id"]: hit for hit in tenant.get("/dataSource", size=5000)["hits"]}
    at = before[_source(tenant).id]["connectionString"]
    mine = {number for number, hit in before.items() if hit["connectionString"] == at}
    body = {"handler": {"metadata": {"hostname": "new.example.com", "username": "svc"}}}
    answer = tenant.done("PUT", "/snowflake/bulk", body | {"connectionString": at})
    assert answer["jobsCreated"] == len(mine) > 1
    after = {hit["id"]: hit for hit in tenant.get("/dataSource", size=5000)["hits"]}
    moved = {
        number for number, hit in after.items() if "new.example.com" in hit["connectionString"]
    }
    assert moved == mine
    assert all(after[number] == before[number] for number in before.keys() - mine)


def test_a_dictionary_is_replaced_and_deleted(tenant: Tenant) -> None:
    """A dictionary reads as written but for the tag that names no source; deleted, it is not found."""
    source = _source(tenant)
    path = f"/dictionary/{source.id}"
    column = {"name": "c", "dataType": "text", "remoteType": "varchar(9)", "nullable": False}
    kept = {"name": "New", "source": "curated", "deleted": "False"}
    body = {"metadata": [column | {"tags": [kept, {"name": "Sales"}]}]}
    for method in ("PUT", "POST"):
        answer = tenant.done(method, path, body)
        assert answer == tenant.get(path)
        assert answer["metadata"] == [
            column | {"remoteColumn": "c", "tags": [kept | {"deleted": False}]}
        ]
        assert (answer["dataSource"], answer["types"]) == (source.id, ["text"])
    assert tenant.done("DELETE", path) == {}
    assert tenant.refused(404, "GET", path) == "Data source not found."
    assert tenant.refused(404, "DELETE", path) == "Data source not found."
    tenant.done("POST", path, body)
    assert [one["name"] for one in tenant.get(path)["metadata"]] == ["c"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "metadata"),
        ({"metadata": {}}, "list"),
        ({"metadata": [{"name": "c", "dataType": "text"}]}, "remoteType"),
        ({"metadata": [{"name": "c", "dataType": "t", "remoteType": "t"}] * 2}, "duplicate"),
    ],
)
def test_a_wrong_dictionary_is_refused(tenant: Tenant, body: Any, reason: str) -> None:
    """A dictionary without what columns need is refused with the reason, and changes nothing."""
    path = f"/dictionary/{_source(tenant).id}"
    before = tenant.get(path)
    message = tenant.refused(400, "PUT", path, body)
    assert message.startswith("Bad request: ")
    assert reason in message
    assert tenant.get(path) == before


def test_writes_need_credentials_and_permissions(tenant: Tenant) -> None:
    """Without a token it is 401, without permissions 403 in Immuta's words, and nothing is written."""
    source = _source(tenant)
    path = f"/dictionary/{source.id}"
    body: dict[str, Any] = {"metadata": []}
    before = tenant.get(path)
    for method in ("POST", "PUT", "DELETE"):
        assert "valid Authorization token" in tenant.refused(401, method, path, body, headers={})
        message = tenant.refused(403, method, path, body, headers=NARROW)
        assert message == (
            "User must have one of the following roles to delete dictionary: owner,expert."
        )
    assert tenant.get(path) == before
    tenant.refused(404, "PUT", "/dictionary/1", body)
    for method, other in (("DELETE", f"/dataSource/{source.id}"), ("POST", "/tag"),
                          ("POST", "/api/v2/purpose")):  # fmt: skip
        tenant.refused(403, method, other, {}, headers=NARROW)


def test_deleting_a_source_disables_it_first(tenant: Tenant) -> None:
    """The first DELETE disables, PUT restores, a DELETE of a disabled source removes, then it is 404."""
    source = _source(tenant)
    path = f"/dataSource/{source.id}"
    assert tenant.done("DELETE", path)["hardDelete"] is False
    assert tenant.get(path)["deleted"] is True
    assert source.name in tenant.names()
    assert tenant.done("PUT", path, {"deleted": False})["deleted"] is False
    tenant.done("DELETE", path)
    assert tenant.done("DELETE", path)["hardDelete"] is True
    tenant.refused(404, "GET", path)
    tenant.refused(404, "DELETE", path)
    assert source.name not in tenant.names()


def test_a_disabled_source_leaves_its_products(tenant: Tenant) -> None:
    """A data product does not hand out a source that is disabled, until it is restored."""
    product = max(tenant.estate.products, key=lambda one: len(one.sources))
    source, path = product.sources[0], f"/marketplace/api/data-product/{product.id}/datasources/all"
    count = len(tenant.get(path)["dataSources"])
    tenant.done("DELETE", f"/dataSource/{source.id}")
    assert {"sourceId": str(source.id)} not in tenant.get(path)["dataSources"]
    tenant.done("PUT", f"/dataSource/{source.id}", {"deleted": False})
    assert len(tenant.get(path)["dataSources"]) == count


def test_a_source_is_renamed_and_described(tenant: Tenant) -> None:
    """PUT of a source changes what it says and nothing else; a name in use is refused."""
    first, second = _source(tenant), _source(tenant, "trino")
    path = f"/dataSource/{first.id}"
    before = tenant.get(path)
    answer = tenant.done("PUT", path, {"name": "Renamed", "description": "what it holds"})
    assert answer == tenant.get(path)
    assert {name for name in before if before[name] != answer[name]} == {
        "name",
        "description",
        "updatedAt",
    }
    assert "already exists" in tenant.refused(409, "PUT", path, {"name": second.name})


def test_tags_are_created_once(tenant: Tenant) -> None:
    """A created hierarchy is listed; a tag that is there already overlaps, and nothing is created."""
    body = {"rootTag": {"name": "Loan", "deleteHierarchy": False},
            "tags": [{"name": "Loan.Secured"}, {"name": "Unsecured"}]}  # fmt: skip
    made = tenant.done("POST", "/tag", body)
    assert [one["name"] for one in made] == ["Loan", "Loan.Secured", "Loan.Unsecured"]
    assert all({"createdBy", "createdAt", "updatedAt", "id"} <= one.keys() for one in made)
    listed = {one["name"]: one for one in tenant.get("/tag")}
    assert {one["name"] for one in made} <= listed.keys()
    again = {"tags": [{"name": "Brand new"}, {"name": "Loan.Secured"}]}
    assert "overlap with existing hierarchies" in tenant.refused(400, "POST", "/tag", again)
    assert "Brand new" not in {one["name"] for one in tenant.get("/tag")}
    renewed = {"rootTag": {"name": "Loan", "deleteHierarchy": True}, "tags": [{"name": "Other"}]}
    tenant.done("POST", "/tag", renewed)
    left = [one["name"] for one in tenant.get("/tag") if one["name"].startswith("Loan")]
    assert left == ["Loan", "Loan.Other"]
    tenant.done("DELETE", "/tag/Loan")
    assert not [one for one in tenant.get("/tag") if one["name"].startswith("Loan")]


def test_tags_are_put_on_all_or_none(tenant: Tenant) -> None:
    """Tags go on sources and columns and come off again; one unknown tag refuses them all."""
    source = _source(tenant)
    name = source.dictionary()[0].name
    tenant.done("POST", "/tag", {"tags": [{"name": "Loan"}, {"name": "Audit"}]})

    def on_column() -> set[str]:
        columns = tenant.get(f"/dictionary/{source.id}")["metadata"]
        return {tag["name"] for one in columns if one["name"] == name for tag in one["tags"]}

    def on_source() -> set[str]:
        return {tag["name"] for tag in tenant.get(f"/dataSource/{source.id}")["tags"]}

    places = ((f"/tag/column/{source.id}_{name}", on_column),
              (f"/tag/datasource/{source.id}", on_source))  # fmt: skip
    for path, present in places:
        before = present()
        tenant.refused(400, "POST", path, [{"name": "Loan"}, {"name": "No such tag"}])
        assert present() == before
        tenant.done("POST", path, [{"name": "Loan"}, {"name": "Audit"}])
        assert present() == before | {"Loan", "Audit"}
        tenant.done("DELETE", f"{path}/Loan")
        tenant.done("DELETE", path, [{"name": "Audit"}])
        assert present() == before
        tenant.refused(404, "DELETE", f"{path}/Loan")
    body = {"ids": [source.id], "update": {"tags": [{"name": "Audit", "source": "curated"}]}}
    tenant.done("PUT", "/dataSource/bulk/tags", body)
    assert on_source() == {"Audit"}


def test_a_global_policy_has_its_name_alone(tenant: Tenant) -> None:
    """A policy is created, replaced and deleted; a name in use answers what clients look for."""
    config = {"fields": [{"name": "New"}], "maskingConfig": {"type": "Null"}}
    body = {
        "actions": [{"rules": [{"config": config, "type": "masking"}], "type": "masking"}],
        "circumstances": [],
        "name": "Null what is new",
        "type": "data",
    }
    made = tenant.done("POST", "/policy/global", body)

    def listed() -> dict[str, Any]:
        return {one["id"]: one for one in tenant.get("/policy/global")}

    assert listed()[made["id"]] == made
    answer = tenant.call("POST", "/policy/global", body)
    assert answer.status_code == 422
    assert answer.json()["validation"][0]["code"] == "unique"
    path = f"/policy/global/{made['id']}"
    replaced = tenant.done("PUT", path, body | {"name": "Renamed", "staged": True})
    assert (replaced["name"], replaced["staged"]) == ("Renamed", True)
    assert replaced["createdAt"] == made["createdAt"] < replaced["updatedAt"]
    tenant.done("DELETE", path)
    assert listed()[made["id"]]["deleted"] is True
    tenant.refused(404, "DELETE", path)
    tenant.done("POST", "/policy/global", body | {"name": "Renamed"})
    tenant.refused(400, "POST", "/policy/global", {"name": "No policy", "type": "other"})


def test_a_written_policy_is_on_the_sources_it_fits(tenant: Tenant) -> None:
    """A policy on a column tag is listed by the sources that have it, until it is staged or deleted."""
    source, other = _source(tenant), _source(tenant, "trino")
    tenant.done("POST", "/tag", {"tags": [{"name": "Loan"}, {"name": "Loan.Secured"}]})
    name = source.dictionary()[0].name
    tenant.done("POST", f"/tag/column/{source.id}_{name}", [{"name": "Loan.Secured"}])
    tag = {"name": "Loan", "hasLeafNodes": True}
    body = {
        "actions": [{"rules": [], "type": "masking"}],
        "circumstances": [{"columnTag": tag, "operator": "or", "type": "columnTags"}],
        "name": "Loans",
        "type": "data",
    }

    def on(number: int) -> list[str]:
        return [one["name"] for one in tenant.get(f"/dataSource/{number}")["globalPolicies"]]

    before = on(source.id), on(other.id)
    path = f"/policy/global/{tenant.done('POST', '/policy/global', body)['id']}"
    assert (on(source.id), on(other.id)) == ([*before[0], "Loans"], before[1])
    tenant.done("PUT", path, body | {"staged": True})
    assert on(source.id) == before[0]
    tenant.done("PUT", path, body)
    assert on(source.id) == [*before[0], "Loans"]
    tenant.done("DELETE", path)
    assert on(source.id) == before[0]


def test_a_deleted_policy_of_the_estate_is_on_no_source(tenant: Tenant) -> None:
    """A global policy that is deleted is listed by no source any more."""
    details = [tenant.get(f"/dataSource/{one.id}") for one in tenant.estate.data_sources[:30]]
    policy = next(one for row in details for one in row["globalPolicies"] if not one["disabled"])
    tenant.done("DELETE", f"/policy/global/{policy['id']}")
    for row in details:
        after = tenant.get(f"/dataSource/{row['id']}")["globalPolicies"]
        assert after == [one for one in row["globalPolicies"] if one["id"] != policy["id"]]


def test_a_write_may_say_nothing_of_its_type(tenant: Tenant) -> None:
    """A body is read as JSON whatever its content type; what is no JSON is refused."""
    path = f"/dictionary/{_source(tenant).id}"
    plain = {**GOVERN, "Content-Type": "text/plain"}
    answer = tenant.send("PUT", path, content='{"metadata": []}', headers=plain)
    assert answer.status_code == 200
    assert tenant.get(path)["metadata"] == []
    assert tenant.send("PUT", path, content="{", headers=plain).status_code == 400


def test_two_servers_know_nothing_of_each_other(tenant: Tenant) -> None:
    """A write stays in the server that took it, and equal writes give equal answers."""
    other = Tenant()
    body = nested("Loans", "LOANS")
    first = tenant.done("POST", "/snowflake/handler", body)
    assert "Loans" not in other.names()
    assert other.done("POST", "/snowflake/handler", body) == first
    assert other.get(f"/dataSource/{first['dataSourceId']}") == tenant.get(
        f"/dataSource/{first['dataSourceId']}"
    )
    other.close()
