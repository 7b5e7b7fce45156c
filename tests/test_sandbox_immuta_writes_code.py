"""What is kept as code (V2) in the sandbox: a body says all there is to be, and V1 reads it back."""

from typing import Any

import pytest
import yaml
from sandbox_fixture import GOVERN
from writes_fixture import CONNECTION, Tenant, request_app, tenant

__all__ = ["request_app", "tenant"]

DATA: dict[str, Any] = {
    "connectionKey": "fin-ledger",
    "connection": {"handler": "Snowflake", **CONNECTION},
    "nameTemplate": {"dataSourceFormat": "<schema>.<tablename>"},
    "options": {"tableTags": ["Finance"]},
    "sources": [{"table": "LOANS"}, {"table": "CARDS"}],
}
SUBSCRIPTION: dict[str, Any] = {
    "policyKey": "risk-only",
    "name": "Risk only",
    "type": "subscription",
    "actions": {
        "type": "entitlements",
        "automaticSubscription": True,
        "entitlements": {
            "operator": "any",
            "groups": ["risk"],
            "attributes": [{"name": "department", "value": "Risk"}],
        },
    },
    "circumstances": [{"type": "tags", "tag": "Finance"}],
}
MASKING: dict[str, Any] = {
    "policyKey": "mask-new",
    "name": "Mask new",
    "type": "data",
    "circumstanceOperator": "all",
    "circumstances": [{"type": "columnTags", "columnTag": "New"}],
    "certification": {"label": "checked", "text": "I checked it", "recertify": False},
    "actions": [
        {
            "description": "ticket GOV-12",
            "rules": [
                {
                    "type": "Masking",
                    "config": {
                        "operator": "any",
                        "fields": [{"type": "columnTags", "columnTag": "New"}],
                        "maskingConfig": {"type": "Hash"},
                    },
                    "exceptions": {"operator": "any", "groups": ["fraud"]},
                }
            ],
        }
    ],
}


def _post(tenant: Tenant, what: str, body: Any, form: str = "json", **params: Any) -> Any:
    path = f"/api/v2/{what}"
    if form == "json":
        return tenant.done("POST", path, body, params=params)
    headers = {**GOVERN, "Content-Type": "application/x-yaml"}
    answer = tenant.send("POST", path, content=yaml.safe_dump(body), headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _states(tenant: Tenant) -> dict[str, bool]:
    """Whether each data source of the connection is disabled, by its name."""
    hits = tenant.get("/dataSource", searchText="ledger.", size=100)["hits"]
    return {hit["name"]: hit["deleted"] for hit in hits}


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_data_says_all_there_is_to_be(tenant: Tenant, form: str) -> None:
    """Posting again with another table disables the first, with a table once more restores it."""
    made = _post(tenant, "data", DATA, form)
    assert made.keys() == {"dryRun", "creating", "updating", "deleting", "noChange",
                           "detectionRunning", "tagsUpdated"}  # fmt: skip
    assert made["creating"] == ["ledger.loans", "ledger.cards"]
    assert _states(tenant) == {"ledger.loans": False, "ledger.cards": False}
    assert _post(tenant, "data", DATA, form)["noChange"] == made["creating"]
    fewer = _post(tenant, "data", DATA | {"sources": [{"table": "CARDS"}]}, form)
    assert (fewer["deleting"], fewer["noChange"]) == (["ledger.loans"], ["ledger.cards"])
    assert _states(tenant) == {"ledger.loans": True, "ledger.cards": False}
    again = _post(tenant, "data", DATA, form)
    assert (again["updating"], again["creating"]) == (["ledger.loans"], [])
    assert _states(tenant) == {"ledger.loans": False, "ledger.cards": False}


def test_table_tags_replace_those_before(tenant: Tenant) -> None:
    """The tags of a body are all the tags its data sources have."""
    _post(tenant, "data", DATA)
    for tags in (["Risk", "New"], []):
        answer = _post(tenant, "data", DATA | {"options": {"tableTags": tags}})
        assert answer["tagsUpdated"] is True
        for hit in tenant.get("/dataSource", searchText="ledger.", size=100)["hits"]:
            detail = tenant.get(f"/dataSource/{hit['id']}")
            assert [tag["name"] for tag in detail["tags"]] == tags


def test_owners_are_left_or_replaced(tenant: Tenant) -> None:
    """Owners that a body does not name stay; an empty list leaves the caller alone."""
    person = tenant.estate.immuta_people[5]
    caller = tenant.estate.people[3]

    def owners() -> set[int]:
        hit = tenant.get("/dataSource", searchText="ledger.loans", size=1)["hits"][0]
        users = tenant.get(f"/dataSource/{hit['id']}/access")["users"]
        return {user["profile"] for user in users if user["state"] == "owner"}

    _post(tenant, "data", DATA)
    assert owners() == {caller.profile_id}
    named = DATA | {"owners": [{"type": "user", "name": person.mail, "iam": "okta"}]}
    for body in (named, DATA):
        _post(tenant, "data", body)
        assert owners() == {person.profile_id}
    _post(tenant, "data", DATA | {"owners": [{"type": "group", "name": "sales-owners"}]})
    group = next(hit for hit in tenant.get("/bim/group", size=99)["hits"]
                 if hit["name"] == "sales-owners")  # fmt: skip
    people = tenant.get(f"/bim/group/{group['id']}/user", size=99)["hits"]
    assert owners() == {one["profile"]["id"] for one in people}
    _post(tenant, "data", DATA | {"owners": []})
    assert owners() == {caller.profile_id}
    tenant.refused(400, "POST", "/api/v2/data",
                   DATA | {"owners": [{"type": "user", "name": "nobody@example.com"}]})  # fmt: skip


def test_data_without_sources_means_every_table(tenant: Tenant) -> None:
    """A body without sources registers each table of the schema, with the columns it has."""
    table = next(one for one in tenant.estate.datasets if one.platform.key == "databricks")
    database, schema, _ = table.path
    mine = [
        one
        for one in tenant.estate.datasets
        if one.platform is table.platform
        and one.host == table.host
        and one.path[:2] == (database, schema)
    ]
    connection = {"handler": "Databricks", "hostname": table.host, "database": database,
                  "schema": schema, "httpPath": "/sql/1", "username": "svc"}  # fmt: skip
    body = {"connectionKey": "all", "connection": connection,
            "nameTemplate": {"dataSourceFormat": "all <tablename>"}}  # fmt: skip
    answer = _post(tenant, "data", body, wait=-1)
    assert set(answer["creating"]) == {f"all {one.path[2].lower()}" for one in mine}
    hit = tenant.get("/dataSource", searchText=f"all {table.path[2]}", size=1)["hits"][0]
    columns = tenant.get(f"/dictionary/{hit['id']}")["metadata"]
    assert [one["name"] for one in columns] == [
        one.name for one in table.columns() if not one.deleted
    ]


def test_a_connection_is_kept_once(tenant: Tenant) -> None:
    """Another key for the same database is refused; other connection data removes the old sources."""
    _post(tenant, "data", DATA)
    tenant.refused(400, "POST", "/api/v2/data", DATA | {"connectionKey": "other"})
    moved = {"handler": "Snowflake", **CONNECTION, "database": "RISK"}
    old = {hit["id"] for hit in tenant.get("/dataSource", searchText="ledger.", size=9)["hits"]}
    answer = _post(tenant, "data", DATA | {"connection": moved})
    assert answer["creating"] == answer["deleting"] == ["ledger.loans", "ledger.cards"]
    new = {hit["id"] for hit in tenant.get("/dataSource", searchText="ledger.", size=9)["hits"]}
    assert len(new) == len(old) == 2
    assert not new & old


def test_a_dry_run_says_what_it_would_do_and_does_nothing(tenant: Tenant) -> None:
    """With dryRun every call answers as if, and no read shows anything of it."""
    reads = ("/dataSource?size=5000", "/policy/global", "/tag")
    before = [tenant.get(path) for path in reads]
    for what, body in (("data", DATA), ("policy", MASKING), ("policy", SUBSCRIPTION),
                       ("project", {"projectKey": "q1", "name": "Q1"}),
                       ("purpose", {"name": "Risk"})):  # fmt: skip
        answer = _post(tenant, what, body, dryRun="True")
        assert answer["dryRun"] is True
        assert answer["creating"]
    assert [tenant.get(path) for path in reads] == before
    tenant.refused(404, "DELETE", "/api/v2/data/fin-ledger", params={"dryRun": "true"})
    _post(tenant, "data", DATA)
    tenant.done("DELETE", "/api/v2/data/fin-ledger", params={"dryRun": "true"})
    assert len(_states(tenant)) == 2
    assert tenant.done("DELETE", "/api/v2/data/fin-ledger")["deleting"] == [
        "ledger.loans",
        "ledger.cards",
    ]
    assert _states(tenant) == {}
    tenant.refused(404, "DELETE", "/api/v2/data/fin-ledger")


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_policy_is_read_back_in_the_words_of_v1(tenant: Tenant, form: str) -> None:
    """Operators, masking and tags of V2 become those of V1; the key makes the second post an update."""
    made = _post(tenant, "policy", MASKING, form)
    assert (made["creating"], made["updating"]) == (True, False)
    row = {one["id"]: one for one in tenant.get("/policy/global")}[made["policyId"]]
    assert (row["policyKey"], row["type"], row["staged"]) == ("mask-new", "data", False)
    rule = row["actions"][0]["rules"][0]
    assert rule["type"] == "masking"
    assert rule["config"]["maskingConfig"]["type"] == "Consistent Value"
    assert rule["config"]["fields"][0]["name"] == "New"
    assert rule["exceptions"]["operator"] == "or"
    assert row["circumstances"] == [
        {"columnTag": {"hasLeafNodes": False, "name": "New"}, "operator": "and",
         "type": "columnTags"}
    ]  # fmt: skip
    again = _post(tenant, "policy", MASKING | {"staged": True}, form, reCertify=True)
    assert again == made | {"creating": False, "updating": True}
    row = {one["id"]: one for one in tenant.get("/policy/global")}[made["policyId"]]
    assert row["staged"] is True
    assert row["certification"]["recertify"] is True
    taken = tenant.call("POST", "/api/v2/policy", MASKING | {"policyKey": "another"})
    assert (taken.status_code, taken.json()["validation"][0]["code"]) == (422, "unique")


def test_a_subscription_policy_lets_in_whom_it_names(tenant: Tenant) -> None:
    """Groups and attributes of an entitlement become the conditions of V1; unknown words are refused."""
    made = _post(tenant, "policy", SUBSCRIPTION)
    row = {one["id"]: one for one in tenant.get("/policy/global")}[made["policyId"]]
    (action,) = row["actions"]
    assert (action["type"], action["subscriptionType"]) == ("subscription", "policy")
    assert action["exceptions"] == {
        "conditions": [
            {"group": {"iam": "okta", "name": "risk"}, "type": "groups"},
            {"authorization": {"auth": "department", "iam": "okta", "value": "Risk"},
             "type": "authorizations"},
        ],
        "operator": "or",
    }  # fmt: skip
    for wrong in ({"type": "other"}, {"actions": {"type": "invited"}}, {"actions": None},
                  {"circumstanceOperator": "some"}):  # fmt: skip
        tenant.refused(400, "POST", "/api/v2/policy", SUBSCRIPTION | wrong)


@pytest.mark.parametrize("what", ["data", "policy", "project", "purpose"])
def test_what_is_no_document_is_refused(tenant: Tenant, what: str) -> None:
    """A body that is neither JSON nor YAML, no object, or lacks its name, is refused."""
    for content in ("{[", "- one", "", "{}"):
        answer = tenant.send("POST", f"/api/v2/{what}", content=content, headers=GOVERN)
        assert answer.status_code == 400


def test_a_purpose_brings_those_below_it(tenant: Tenant) -> None:
    """Purposes below one another are listed by their full names; posting again leaves out who is not named."""
    body = {
        "name": "Risk Reporting",
        "acknowledgement": "For risk reports only.",
        "subpurposes": [
            {"name": "Credit", "subpurposes": [{"name": "Retail"}]},
            {"name": "Market"},
        ],
    }
    made = _post(tenant, "purpose", body)

    def listed() -> dict[str, Any]:
        rows = tenant.get("/governance/purpose", noLimit="true")["purposes"]
        return {row["name"]: row for row in rows if row["name"].startswith("Risk Rep")}

    below = {"Risk Reporting.Credit", "Risk Reporting.Credit.Retail", "Risk Reporting.Market"}
    assert listed().keys() == {"Risk Reporting"} | below
    assert listed()["Risk Reporting"]["id"] == made["purposeId"]
    assert listed()["Risk Reporting"]["acknowledgement"] == "For risk reports only."
    again = _post(tenant, "purpose", {"name": "Risk Reporting", "subpurposes": []})
    assert again == made | {"creating": False, "updating": True}
    assert listed().keys() == {"Risk Reporting"}
    assert listed()["Risk Reporting"]["acknowledgement"] is None


@pytest.mark.parametrize("spelling", ["allowedMaskedJoins", "allowMaskedJoins"])
def test_a_project_is_read_back(tenant: Tenant, spelling: str) -> None:
    """A project has the purposes, data sources and tags of the body, in either spelling, until it is deleted."""
    names = [one.name for one in tenant.estate.data_sources[:3]]
    ids = {one.id for one in tenant.estate.data_sources[:3]}
    purpose = {"name": "Risk Reporting"}
    _post(tenant, "purpose", purpose)
    body = {
        "projectKey": "q1-risk",
        "name": "Q1 Risk",
        "purposes": ["Risk Reporting"],
        "datasources": names,
        "equalization": True,
        "tags": ["Finance"],
        spelling: True,
    }
    made = _post(tenant, "project", body)
    assert (made["numberOfDataSourcesAdded"], made["creating"]) == (3, True)
    path = f"/project/{made['projectId']}"
    row = tenant.get(path)
    assert (row["projectKey"], row["allowMaskedJoins"], row["status"]) == ("q1-risk", True, "open")
    assert (row["subscriptionType"], row["equalization"]) == ("manual", {"enabled": True})
    assert [one["name"] for one in row["purposes"]] == ["Risk Reporting"]
    sources = tenant.get(path + "/dataSources")["dataSources"]
    assert {one["dataSourceId"] for one in sources} == ids
    tenant.done("POST", f"/tag/project/{made['projectId']}", [{"name": "New"}])
    assert [one["name"] for one in tenant.get(path)["tags"]] == ["Finance", "New"]
    fewer = _post(tenant, "project", body | {"datasources": names[:1]})
    assert (fewer["numberOfDataSourcesRemoved"], fewer["updating"]) == (2, True)
    assert fewer["projectId"] == made["projectId"]
    assert tenant.get("/project", searchText="Q1 Risk")["count"] == 1
    tenant.refused(400, "POST", "/api/v2/project", body | {"purposes": ["Nothing"]})
    tenant.refused(400, "POST", "/api/v2/project", body | {"datasources": ["Nothing"]})
    tenant.refused(409, "POST", "/api/v2/project", body | {"projectKey": "other"})
    tenant.done("DELETE", "/api/v2/project/q1-risk")
    tenant.refused(404, "GET", path)
    tenant.refused(404, "DELETE", "/api/v2/project/q1-risk")
