"""Data products and access requests that clients write in the sandbox: what may follow what, and what reads tell."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from contract import Contract
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sandbox_fixture import API, DAY
from writes_fixture import Tenant, request_app, tenant

from pipeline.sandbox.immuta import products
from pipeline.sandbox.immuta.writes import write_api

__all__ = ["request_app", "tenant"]

FINAL = {"CANCELED", "DENIED", "REVOKED", "EXPIRED"}
REVIEW: dict[str, Any] = {
    "rules": [],
    "defaultEvent": {
        "type": "review",
        "params": {
            "stages": [
                {"any": [{"type": "PERMISSION", "permission": "GOVERNANCE"}]},
                {"all": [{"type": "DOMAIN PERMISSION", "permission": "Manage Data Products"}]},
            ]
        },
    },
}
APPROVE: dict[str, Any] = {
    "rules": [],
    "defaultEvent": {"type": "approve", "params": {"duration": 2, "durationUnit": "DAYS"}},
}


def _body(tenant: Tenant, name: str = "Loan Ledger 2026", **further: Any) -> dict[str, Any]:
    """Body that creates a data product with three data sources."""
    estate = tenant.estate
    live = [one for one in estate.data_sources if not one.deleted and one.has_dictionary][:3]
    return {
        "name": name,
        "description": "Monthly loan balances",
        "metadata": {"subjectMatterExpert": {"id": estate.immuta_people[4].global_id}},
        "domains": [products.domain_id(estate.seed, 5)],
        "dataSources": [{"sourceId": str(one.id)} for one in live],
        **further,
    }


def _product(tenant: Tenant, **further: Any) -> str:
    """Address of a new data product."""
    made = tenant.done("POST", API + "/data-product", _body(tenant, **further))
    return f"{API}/data-product/{made['id']}"


def _ask(tenant: Tenant, path: str, who: int = 7) -> dict[str, Any]:
    """Answer to a request for access by the person with that number."""
    user = tenant.estate.immuta_people[who].global_id
    made: dict[str, Any] = tenant.done(
        "POST", path + "/request", {"user": user, "form": {"why": 1}}
    )
    return made


def _records(tenant: Tenant, request: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tenant.get(f"{API}/access-request/{request}/records")[
        "approvalRecords"
    ]
    return found


def _status(tenant: Tenant, request: str) -> str:
    return str(tenant.get(f"{API}/access-request/{request}")["status"])


def test_every_write_is_published(request_app: Contract) -> None:
    """Each write that is served is an operation of the published document, by method and address."""
    served = [
        (method, route.path)
        for route in write_api.ROUTES
        for method in route.methods or ()
        # what is asked of single tables is published too, but not in the part that is kept here
        if route.path.startswith(API) and "/asset/" not in route.path
    ]
    assert len(served) == 9
    for method, path in served:
        assert request_app.parameters(method, path) is not None, path


def test_a_created_product_is_read_as_written(tenant: Tenant) -> None:
    """POST answers 201 with the product that every read shows, data sources, columns and forms included."""
    body = _body(tenant)
    answer = tenant.call("POST", API + "/data-product", body)
    assert answer.status_code == 201
    made = answer.json()
    path = f"{API}/data-product/{made['id']}"
    assert tenant.get(path) == made == tenant.get(f"{API}/data-product/{body['name']}/byName")
    assert {name: made[name] for name in ("name", "description", "metadata", "domains")} == {
        name: body[name] for name in ("name", "description", "metadata", "domains")
    }
    assert (made["suspended"], made["stats"]["dataSourceCount"]) == (False, 3)
    assert tenant.get(path + "/datasources/all")["dataSources"] == body["dataSources"]
    columns = tenant.get(path + "/columns", limit=1000)["data"]
    assert {one["sourceId"] for one in columns} == {one["sourceId"] for one in body["dataSources"]}
    assert {one["requestType"] for one in tenant.get(path + "/request-forms")} == {
        "DATA_ACCESS",
        "MASKING_EXCEPTION",
    }
    listed = tenant.get(API + "/data-product", nameFilter="Loan Ledger", limit=100)["data"]
    assert made in listed


def test_a_name_in_use_is_refused(tenant: Tenant) -> None:
    """Creating or renaming a product to a name in use answers 409, and nothing changes."""
    path = _product(tenant)
    before = tenant.get(path)
    tenant.refused(409, "POST", API + "/data-product", _body(tenant))
    tenant.refused(409, "PUT", path, {"name": tenant.estate.products[0].name})
    assert tenant.get(path) == before
    assert tenant.done("PUT", path, {"name": before["name"]})["name"] == before["name"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "<b>bold</b>"},
        {"name": "n" * 256},
        {"domains": []},
        {"domains": ["nowhere"]},
        {"dataSources": [{"sourceId": "999999999"}]},
        {"dataSources": None},
        {"dataAccessReviewFlow": {"rules": [], "defaultEvent": {"type": "ask"}}},
    ],
)
def test_a_wrong_product_is_refused(tenant: Tenant, wrong: dict[str, Any]) -> None:
    """What the published document does not allow, or names nothing there is, answers 400."""
    tenant.refused(400, "POST", API + "/data-product", _body(tenant) | wrong)


def test_a_product_of_the_estate_is_changed_and_deleted(tenant: Tenant) -> None:
    """PUT changes what it names, PUT of the sources replaces the set, DELETE answers 200 and it is gone."""
    product = tenant.estate.products[2]
    path = f"{API}/data-product/{product.id}"
    before = tenant.get(path)
    after = tenant.done("PUT", path, {"suspended": not product.suspended, "description": "new"})
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"suspended", "description", "updatedAt"}
    source = tenant.estate.data_sources[0].id
    answer = tenant.done("PUT", path + "/datasources", {"dataSources": [{"sourceId": str(source)}]})
    assert answer["stats"]["dataSourceCount"] == 1
    rows = tenant.get(path + "/datasources")["data"]
    assert [row["sourceId"] for row in rows] == [str(source)]
    tenant.refused(400, "PUT", path + "/datasources", {})
    gone = {one["id"] for one in tenant.get(path + "/request", limit=100)["data"]}
    answered = tenant.call("DELETE", path)
    assert (answered.status_code, answered.content) == (200, b"")
    tenant.refused(404, "GET", path)
    tenant.refused(404, "DELETE", path)
    left = {one["id"] for one in tenant.get(API + "/access-request", limit=9999)["data"]}
    assert gone
    assert not gone & left


def test_a_flow_without_review_approves_at_once(tenant: Tenant) -> None:
    """Where the flow approves, a request is approved when it is made, for the time the flow gives."""
    made = _ask(tenant, path := _product(tenant, dataAccessReviewFlow=APPROVE))
    assert made["status"] == "APPROVED"
    assert made["expiration"] > made["createdAt"]
    (record,) = _records(tenant, made["id"])
    assert (record["status"], record["duration"], record["durationUnit"]) == ("APPROVED", 2, "DAYS")
    assert "actionBy" not in record
    assert [one["id"] for one in tenant.get(path + "/members")["data"]] == [made["id"]]


def test_stages_are_decided_in_order(tenant: Tenant) -> None:
    """The second stage is blocked until the first is approved; the last approval grants."""
    made = _ask(tenant, path := _product(tenant, dataAccessReviewFlow=REVIEW))
    assert (made["status"], made["form"]) == ("PENDING", {"why": 1})
    first, second = _records(tenant, made["id"])
    assert (first["status"], second["status"]) == ("PENDING", "BLOCKED")
    assert second["prerequisites"] == [first["id"]]
    yes = {"status": "APPROVED", "reason": "for the quarter"}
    tenant.refused(409, "PUT", f"{API}/approval-record/{second['id']}", yes)
    answer = tenant.done("PUT", f"{API}/approval-record/{first['id']}", yes)
    assert answer == _records(tenant, made["id"])[0]
    assert (answer["reason"], answer["actionBy"]["id"]) == (
        "for the quarter",
        tenant.estate.people[3].profile_id,
    )
    assert _status(tenant, made["id"]) == "PENDING"
    tenant.refused(409, "PUT", f"{API}/approval-record/{first['id']}", yes)
    limited = {"status": "APPROVED", "duration": 3, "durationUnit": "WEEKS"}
    tenant.done("PUT", f"{API}/approval-record/{second['id']}", limited)
    row = tenant.get(f"{API}/access-request/{made['id']}")
    assert row["status"] == "APPROVED"
    granted, ends = (datetime.fromisoformat(row[name]) for name in ("updatedAt", "expiration"))
    assert ends - granted == timedelta(weeks=3)
    assert tenant.get(path)["stats"]["approvedRequestCount"] == 1
    determined = tenant.get(path + "/recent-determinations")["determinations"]
    assert {one["id"] for one in determined} == {first["id"], second["id"]}


def test_one_denial_suffices(tenant: Tenant) -> None:
    """A denial of the first stage denies the request and ends the stages that waited."""
    made = _ask(tenant, _product(tenant, dataAccessReviewFlow=REVIEW))
    first, _ = _records(tenant, made["id"])
    tenant.done("PUT", f"{API}/approval-record/{first['id']}", {"status": "DENIED", "reason": "no"})
    assert _status(tenant, made["id"]) == "DENIED"
    assert [one["status"] for one in _records(tenant, made["id"])] == ["DENIED", "CANCELED"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "PENDING"},
        {"status": "REVOKED"},
        {},
        {"status": "APPROVED", "comment": "no such key"},
        {"status": "APPROVED", "duration": 3},
        {"status": "APPROVED", "duration": 0, "durationUnit": "DAYS"},
        {"status": "APPROVED", "duration": 3, "durationUnit": "QUARTERS"},
    ],
)
def test_a_wrong_decision_is_refused(tenant: Tenant, wrong: dict[str, Any]) -> None:
    """A decision is APPROVED or DENIED, a duration has a unit, and no other key is allowed."""
    made = _ask(tenant, _product(tenant))
    (record,) = _records(tenant, made["id"])
    tenant.refused(400, "PUT", f"{API}/approval-record/{record['id']}", wrong)
    assert _status(tenant, made["id"]) == "PENDING"


def test_a_request_is_canceled_or_revoked(tenant: Tenant) -> None:
    """A pending request is canceled with its waiting records, an approved one revoked, both with 204."""
    path = _product(tenant, dataAccessReviewFlow=REVIEW)
    waiting = _ask(tenant, path)
    tenant.refused(409, "POST", path + "/request", {"user": waiting["user"]["globalUserId"]})
    tenant.refused(409, "DELETE", f"{path}/request/{waiting['id']}")
    assert tenant.call("DELETE", f"{API}/access-request/{waiting['id']}").status_code == 204
    assert _status(tenant, waiting["id"]) == "CANCELED"
    assert {one["status"] for one in _records(tenant, waiting["id"])} == {"CANCELED"}
    member = next(one for one in tenant.estate.request_by_id.values() if one.status == "APPROVED")
    mine = f"{API}/data-product/{member.product.id}"
    tenant.refused(409, "DELETE", f"{API}/access-request/{member.id}")
    tenant.refused(404, "DELETE", f"{path}/request/{member.id}")
    before = tenant.get(mine)["stats"]
    assert tenant.call("DELETE", f"{mine}/request/{member.id}").status_code == 204
    after = tenant.get(mine)["stats"]
    assert after["revokedRequestCount"] == before["revokedRequestCount"] + 1
    assert after["approvedRequestCount"] == before["approvedRequestCount"] - 1
    assert member.id not in {one["id"] for one in tenant.get(mine + "/members", limit=99)["data"]}
    tenant.refused(409, "DELETE", f"{mine}/request/{member.id}")


def test_a_masking_exception_names_columns(tenant: Tenant) -> None:
    """A masking exception is for columns of the product, which are read back; others are refused."""
    path = _product(tenant)
    column = tenant.get(path + "/columns")["data"][1]
    named = {"columnName": column["name"], "sourceId": column["sourceId"]}
    user = tenant.estate.immuta_people[9].global_id
    ask = path + "/request/masking-exception"
    tenant.refused(400, "POST", ask, {"user": user})
    tenant.refused(400, "POST", ask, {"user": user, "columns": []})
    tenant.refused(400, "POST", ask,
                   {"user": user, "columns": [named | {"columnName": "nothing"}]})  # fmt: skip
    made = tenant.done("POST", ask, {"user": user, "columns": [named]})
    assert (made["type"], made["status"]) == ("MASKING_EXCEPTION", "PENDING")
    rows = tenant.get(f"{API}/access-request/{made['id']}/masking-exception-columns")["data"]
    assert [(row["name"], row["sourceId"]) for row in rows] == [
        (column["name"], column["sourceId"])
    ]


def test_a_table_is_asked_for_without_a_product(tenant: Tenant) -> None:
    """A request for a single table is made, approved and revoked like one for a product."""
    known = tenant.estate.table_requests[0]
    user = tenant.estate.immuta_people[11].global_id
    path = f"{API}/asset/{known.asset_id}/request"
    made = tenant.done("POST", path, {"user": user})
    assert made["asset"]["metadata"]["dataSourceId"] == known.source.id
    (record,) = _records(tenant, made["id"])
    tenant.done("PUT", f"{API}/approval-record/{record['id']}", {"status": "APPROVED"})
    assert _status(tenant, made["id"]) == "APPROVED"
    tenant.done("DELETE", f"{path}/{made['id']}")
    assert _status(tenant, made["id"]) == "REVOKED"
    tenant.refused(409, "DELETE", f"{path}/{made['id']}")
    tenant.refused(404, "POST", f"{API}/asset/nothing/request", {"user": user})


def test_limited_access_ends_when_the_day_comes(tenant: Tenant) -> None:
    """An approval for two days is expired on the third, and then nobody is a member by it."""
    made = _ask(tenant, path := _product(tenant, dataAccessReviewFlow=APPROVE))
    tenant.world.as_of = DAY + timedelta(days=1)
    assert _status(tenant, made["id"]) == "APPROVED"
    tenant.world.as_of = DAY + timedelta(days=2)
    assert _status(tenant, made["id"]) == "EXPIRED"
    assert tenant.get(path + "/members")["data"] == []
    tenant.refused(409, "DELETE", f"{path}/request/{made['id']}")


class Reviews(RuleBasedStateMachine):
    """Requests driven at random, held against what the reads tell after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.tenant = Tenant()
        self.known: dict[str, str] = {}
        self.limited: set[str] = set()
        self.ended: dict[str, dict[str, Any]] = {}
        self.days = 0

    @initialize(two_stages=st.booleans())
    def open(self, two_stages: bool) -> None:
        """A new product, whose flow has one stage or two."""
        flow = {"dataAccessReviewFlow": REVIEW} if two_stages else {}
        self.path = _product(self.tenant, **flow)

    @rule(who=st.integers(0, 5))
    def ask(self, who: int) -> None:
        """Somebody asks; whoever waits for a decision is refused."""
        user = self.tenant.estate.immuta_people[who].global_id
        waiting = any(
            row["user"]["globalUserId"] == user and row["status"] == "PENDING"
            for row in self._rows().values()
        )
        answer = self.tenant.call("POST", self.path + "/request", {"user": user})
        assert answer.status_code == (409 if waiting else 201)
        if not waiting:
            self.known[answer.json()["id"]] = "PENDING"

    @precondition(lambda self: self.known)
    @rule(data=st.data(), yes=st.booleans(), days=st.integers(0, 3))
    def decide(self, data: st.DataObject, yes: bool, days: int) -> None:
        """A record is decided: only one that is pending can be."""
        number = data.draw(st.sampled_from(sorted(self.known)))
        records = _records(self.tenant, number)
        record = data.draw(st.sampled_from(records))
        body: dict[str, Any] = {"status": "APPROVED" if yes else "DENIED"}
        if days:
            body |= {"duration": days, "durationUnit": "DAYS"}
        answer = self.tenant.call("PUT", f"{API}/approval-record/{record['id']}", body)
        assert answer.status_code == (200 if record["status"] == "PENDING" else 409)
        if answer.status_code == 200:
            last = record is records[-1]
            if yes and days:
                self.limited.add(number)
            self.known[number] = ("APPROVED" if last else "PENDING") if yes else "DENIED"

    @precondition(lambda self: self.known)
    @rule(data=st.data(), revoke=st.booleans())
    def end(self, data: st.DataObject, revoke: bool) -> None:
        """A request is canceled while it waits, or revoked while it grants, and not otherwise."""
        number = data.draw(st.sampled_from(sorted(self.known)))
        path = f"{self.path}/request/{number}" if revoke else f"{API}/access-request/{number}"
        fits = self.known[number] == ("APPROVED" if revoke else "PENDING")
        assert self.tenant.call("DELETE", path).status_code == (204 if fits else 409)
        if fits:
            self.known[number] = "REVOKED" if revoke else "CANCELED"

    @precondition(lambda self: self.days < 6)
    @rule()
    def sleep(self) -> None:
        """A day passes: what was granted until then ends."""
        self.days += 1
        self.tenant.world.as_of = now = DAY + timedelta(days=self.days)
        for number, row in self._rows().items():
            ends = row.get("expiration")
            if self.known[number] == "APPROVED" and ends and ends <= now.strftime("%Y-%m-%dT%H"):
                self.known[number] = "EXPIRED"

    def _rows(self) -> dict[str, dict[str, Any]]:
        rows = self.tenant.get(self.path + "/request", limit=500)["data"]
        return {row["id"]: row for row in rows}

    @invariant()
    def reads_agree(self) -> None:
        """Requests, counts, members and records tell one story."""
        if not hasattr(self, "path"):
            return
        rows = self._rows()
        assert {number: row["status"] for number, row in rows.items()} == self.known
        stats, states = self.tenant.get(self.path)["stats"], list(self.known.values())
        for status in ("PENDING", "APPROVED", "REVOKED", "CANCELED", "DENIED"):
            assert stats[f"{status.lower()}RequestCount"] == states.count(status)
        assert stats["totalRequestCount"] == len(states)
        members = {one["id"] for one in self.tenant.get(self.path + "/members", limit=500)["data"]}
        assert members == {number for number, status in self.known.items() if status == "APPROVED"}
        for number, row in rows.items():
            open_records = [
                one["status"]
                for one in _records(self.tenant, number)
                if one["status"] in ("PENDING", "BLOCKED")
            ]
            assert bool(open_records) == (row["status"] == "PENDING")
            if row["status"] == "APPROVED":
                assert ("expiration" in row) == (number in self.limited)

    @invariant()
    def what_is_over_stays(self) -> None:
        """A request in a final state never changes again, nor does anything it says."""
        if not hasattr(self, "path"):
            return
        for number, row in self._rows().items():
            if row["status"] in FINAL:
                assert self.ended.setdefault(number, row) == row

    def teardown(self) -> None:
        self.tenant.close()


TestReviews = Reviews.TestCase
TestReviews.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
