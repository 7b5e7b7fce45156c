"""Single tables that can be asked for, their forms and flows, and the risk of requests: as the sandbox has them, and in every shape."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from collecting import loaded, rows
from estate_fixture import read
from request_app import SOURCE, collected
from sandbox_fixture import DAY

from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.immuta import forms, market_assets_api, request_rows
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.table_requests import asset_id
from pipeline.sandbox.weather import faults
from pipeline.sources import immuta
from pipeline.sources.immuta import people

ASSETS = 300
PEOPLE = immuta.part(people)


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One night of the Request app."""
    path = tmp_path_factory.mktemp("night")
    with server.running(assets=ASSETS, as_of=DAY) as url, collected(url, path) as night:
        assert night.complete
        yield night.staging.con


@pytest.fixture(scope="module")
def tables(estate: Estate) -> list[DataSource]:
    """The tables that a request or a form of the tenant's names."""
    asked = {one.source.id for one in estate.table_requests}
    return [
        one for one in estate.data_sources if one.id in asked or market_assets_api.has_own_form(one)
    ]


def test_assets_are_those_that_requests_and_forms_name(
    staged: duckdb.DuckDBPyConnection, tables: list[DataSource]
) -> None:
    """Each with its place, its data source and who knows about it; technologies as far as the app names them."""
    query = "select id, name, object_path, host, port, source_id, registered, technology from request_asset"
    found = {(*row[:2], tuple(row[2]), *row[3:]) for row in staged.execute(query).fetchall()}
    assert found == {
        (
            asset_id(one),
            one.path[-1],
            one.path,
            one.host,
            one.platform.port,
            one.id,
            True,
            request_rows.asset(one)["metadata"].get("technology"),
        )
        for one in tables
    }
    [(experts,)] = staged.execute("select sum(len(expert_ids)) from request_asset").fetchall()
    assert 0 < experts < len(tables)


def test_forms_of_assets(
    staged: duckdb.DuckDBPyConnection, estate: Estate, tables: list[DataSource]
) -> None:
    """A table has its own form or that of its schema, and where it can be asked for, one for exceptions."""
    query = "select asset_id, request_type, form_id, version, default_event, inherited_from from asset_form"
    assert read(staged, query) == {
        (
            asset_id(one),
            form["requestType"],
            form["id"],
            form["version"],
            form["policy"]["defaultEvent"]["type"],
            form.get("inheritedFrom", {}).get("id"),
        )
        for one in tables
        for form in market_assets_api.form_rows(estate, one).values()
    }
    query = "select distinct request_type, inherited_from is null from asset_form"
    assert len(read(staged, query)) == 4


def test_review_flows_of_assets(
    staged: duckdb.DuckDBPyConnection, tables: list[DataSource]
) -> None:
    """Who decides about a table, by its own flow or by that of its schema."""
    query = "select asset_id, request_type, default_event, inherited_from, review_flow from asset_review_flow"
    found = {(*row[:4], row[4]) for row in staged.execute(query).fetchall()}
    said = {
        (asset_id(one), kind, flow["defaultEvent"]["type"], flow.get("inheritedFrom", {}).get("id"))
        for one in tables
        for kind, flow in (
            ("DATA_ACCESS", market_assets_api.flow_rows(one)["dataAccessReviewFlow"]),
            (
                "MASKING_EXCEPTION",
                market_assets_api.flow_rows(one).get("maskingExceptionReviewFlow"),
            ),
        )
        if flow
    }
    assert {row[:4] for row in found} == said
    assert {json.loads(row[4])["defaultEvent"]["type"] for row in found} == {"review", "approve"}


def test_what_forms_were_assigned_to(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Tables for the tenant's own forms, the product for a product's form."""
    query = "select form_id, asset_id, request_type, type from request_form_asset"
    assert read(staged, query) == {
        (form["id"], one["id"], one["requestType"], one["type"])
        for form in forms.every(estate)
        for one in market_assets_api.assets_of_form(estate, form["id"])
    }
    assert read(staged, "select distinct type from request_form_asset") == {
        ("DATA_OBJECT",),
        ("DATA_PRODUCT",),
    }


def test_risks(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Of requests pending or lately decided, in full or in a word; who was let in by policy has none."""
    lately = DAY.timestamp() - 30 * 86_400
    due = [
        one
        for one in estate.any_request_by_id.values()
        if one.status == "PENDING"
        or (one.status in ("APPROVED", "DENIED") and one.updated_at.timestamp() >= lately)
    ]
    said = {one.id: request_rows.risk(one) for one in due}
    query = "select request_id, risk, conflict, recommendation, risk_value from risk_assessment"
    assert read(staged, query) == {
        (
            number,
            risk["approvalRisk"],
            *map(risk.get, ("conflictDetected", "recommendation", "riskValue")),
        )
        for number, risk in said.items()
        if risk
    }
    assert not all(said.values()), "none was approved by policy"
    query = "select verdict, note from reconciliation where endpoint = 'immuta.risk'"
    [(verdict, note)] = staged.execute(query).fetchall()
    assert verdict == "reconciled"
    assert "the server says of" in note


def test_tokens_that_are_shown(tmp_path: Path) -> None:
    """Each with its end; one whose end cannot be read is none without an end."""
    pages = [
        {"tokenId": "t1", "userId": "u1", "tenantId": "x", "description": "", "active": True},
        {"tokenId": "t2", "expirationDate": "2027-01-01T00:00:00.000Z", "active": False},
        {"tokenId": "t3", "expirationDate": "soon"},
        {"userId": "u1"},
    ]
    with loaded(tmp_path, PEOPLE, [("request_token", None, json.dumps(pages).encode())]) as staging:
        query = (
            "select id, user_id, active, expires_at::varchar, item from request_token order by id"
        )
        assert rows(staging, query) == [
            ("t1", "u1", True, None, "/0"),
            ("t2", None, False, "2027-01-01 00:00:00+00", "/1"),
        ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"approvalRisk": "PENDING"}, ("PENDING", None, None, None, None)),
        ({"approvalRisk": "WORSE", "unheardOf": {}}, ("WORSE", None, None, None, None)),
        (
            {"approvalRisk": "LOW", "conflictDetected": False, "nAllowed": 3, "cohort": {}},
            ("LOW", False, 3, None, None),
        ),
        (
            {
                "approvalRisk": "HIGH",
                "conflictDetected": True,
                "nAllowed": 0,
                "cohort": {"literals": [{"name": "team", "negation": True}]},
                "denialReasons": ["few were approved"],
            },
            ("HIGH", True, 0, '[{"name":"team","negation":true}]', ["few were approved"]),
        ),
        ({}, None),
        ({"approvalRisk": None, "nAllowed": 3}, None),
    ],
)
def test_a_risk_in_every_shape(
    tmp_path: Path, said: dict[str, Any], expected: tuple[Any, ...] | None
) -> None:
    """In full, in a word, in a word that nobody knows; without the word it is lost, and so counted."""
    with loaded(tmp_path, SOURCE, [("risk", "c1", json.dumps(said).encode())]) as staging:
        query = "select risk, conflict, allowed_count, cohort, denial_reasons from risk_assessment"
        assert rows(staging, query) == ([expected] if expected else [])
        assert rows(staging, "select count(*) from immuta.risk_item") == [(int(bool(expected)),)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {
                "id": "a1",
                "name": "t",
                "type": "DATA_OBJECT",
                "metadata": {"objectPath": ["d", "t"]},
            },
            ("t", ["d", "t"], None, None, []),
        ),
        (
            {
                "id": "a1",
                "type": "DATA_OBJECT",
                "metadata": {
                    "objectPath": [],
                    "port": "not a number",
                    "dataSourceId": 7.0,
                    "technology": "Abacus",
                    "subjectMatterExperts": [
                        {"id": "u2"},
                        {"id": None},
                        {"id": "u1"},
                        {"id": "u2"},
                    ],
                },
            },
            ("a1", [], "Abacus", 7, ["u1", "u2"]),
        ),
        (
            {
                "id": "a1",
                "name": "p",
                "type": "DATA_PRODUCT",
                "subjectMatterExperts": [{"id": "u1"}],
                "domains": [],
            },
            ("p", [], None, None, ["u1"]),
        ),
        ({"message": "nothing here"}, None),
    ],
)
def test_an_asset_in_every_shape(
    tmp_path: Path, said: dict[str, Any], expected: tuple[Any, ...] | None
) -> None:
    """A table with all that it may lack, a product as an asset, and an answer that is neither."""
    with loaded(tmp_path, SOURCE, [("asset", "a1", json.dumps(said).encode())]) as staging:
        query = "select name, object_path, technology, source_id, expert_ids from request_asset"
        assert rows(staging, query) == ([expected] if expected else [])


def test_forms_and_flows_that_are_left_out(tmp_path: Path) -> None:
    """A form or a flow for one type of request alone is one row, wherever it stands."""
    form = {"id": "f1", "name": "Form", "version": "v1", "fields": [], "policy": None}
    flow = {"rules": [{}, {}], "defaultEvent": {"type": "approve"}}
    pages: list[tuple[str, str | None, bytes]] = [
        (
            "asset_form",
            "a1",
            json.dumps({"dataAccessForm": None, "maskingExceptionForm": form}).encode(),
        ),
        ("asset_form", "a2", b'{"dataAccessForm": null}'),
        ("asset_review_flow", "a1", json.dumps({"dataAccessReviewFlow": flow}).encode()),
        ("asset_review_flow", "a2", b"{}"),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        query = "select asset_id, request_type, form_id, default_event, item from asset_form"
        assert rows(staging, query) == [
            ("a1", "MASKING_EXCEPTION", "f1", None, "/maskingExceptionForm")
        ]
        query = "select asset_id, request_type, default_event, review_rule_count, item from asset_review_flow"
        assert rows(staging, query) == [
            ("a1", "DATA_ACCESS", "approve", 2, "/dataAccessReviewFlow")
        ]


def test_an_app_without_assets_and_risks_lacks_nothing(tmp_path: Path) -> None:
    """Where the addresses do not exist there is nothing; where they are refused there are gaps."""
    addresses = (
        f"/marketplace/api{path}" for path in ("/asset/", "/request-form/", "/access-request/c")
    )
    absent = dict.fromkeys(addresses, faults.answering(404))
    with (
        server.running(assets=60, as_of=DAY, faults=absent) as url,
        collected(url, tmp_path / "absent") as night,
    ):
        query = "select count(*) from gap where endpoint in ('immuta.asset', 'immuta.form_asset', 'immuta.risk')"
        assert rows(night.staging, query) == [(0,)]
        assert rows(night.staging, "select count(*) from risk_assessment") == [(0,)]
    refused = {"/marketplace/api/asset/": faults.answering(403)}
    with (
        server.running(assets=60, as_of=DAY, faults=refused) as url,
        collected(url, tmp_path / "refused") as night,
    ):
        assert not night.complete
        query = "select count(*) > 0, count(*) filter (status = 403) = count(*) from gap where endpoint = 'immuta.asset'"
        assert rows(night.staging, query) == [(True, True)]
