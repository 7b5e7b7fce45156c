"""The Unified Catalog collected over a socket is that of the estate, and what is refused is a gap, never an absence."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from estate_fixture import Rows, read
from sandbox_fixture import DAY

from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.store import PageStore
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.config import PURVIEW_PLANES
from pipeline.gate import plan
from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.purview.unified import (
    catalog,
    catalog_policies,
    catalog_relations,
    catalog_rows,
    catalog_terms,
    data_access_rows,
    subscriptions,
)
from pipeline.sandbox.vocabulary import DOMAINS
from pipeline.sandbox.weather import faults
from pipeline.sandbox.weather.calls import Answer, Call, Proceed
from pipeline.sources.purview import SOURCE
from pipeline.warehouse import pages, schema, wholeness

ASSETS = 600
UNKNOWN = "00000000-0000-4000-8000-00000000dead"
PLANES = ("unified_catalog", "data_assets", "data_access")
OF_DOMAINS = (
    "access_workflow", "access_workflow_run", "catalog_asset", "catalog_term", "critical_data_element", "data_product",
    "data_subscription", "domain_policy", "objective",
)  # fmt: skip
"""Lists of what belongs to business domains."""
CATALOG, ACCESS = "/datagovernance/catalog", "/datagovernance/access"


@contextmanager
def collected(
    path: Path, assets: int = ASSETS, planes: Sequence[str] = PLANES, **options: Any
) -> Iterator[tuple[Staging, bool]]:
    """Staging with the planes collected from a sandbox, and whether nothing is missing."""
    store = PageStore(path, "run")
    staging = Staging(path / "staging.duckdb", store, 1)
    skip = {"purview": frozenset(PURVIEW_PLANES) - frozenset(planes)}
    with server.running(assets=assets, as_of=DAY, **options) as url:
        plane = Plane(url, StaticToken(signin.PURVIEW_TOKEN))
        client = Client(SOURCE, dict.fromkeys(PLANES, plane), Pace(2000.0), store)
        outcomes = collect({"purview": client}, staging, workers=4, skip=skip)
        client.close()
    complete = reconcile(staging, outcomes)
    staging.record_exchanges(SOURCE, "run")
    store.close()
    try:
        yield staging, complete
    finally:
        staging.close()


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    with collected(tmp_path_factory.mktemp("run")) as (found, complete):
        assert complete
        yield found


def test_every_list_was_read(staging: Staging) -> None:
    """Nothing is missing; the plane states no totals, and columns are held against what was asked for."""
    query = "select endpoint, verdict from reconciliation where verdict <> 'skipped'"
    words = dict(staging.con.execute(query).fetchall())
    endpoints = [one for one in SOURCE.endpoints if one.plane in PLANES]
    counted = ("catalog_column", "business_domain_alone", "data_product_alone")
    assert words == {
        SOURCE.qualified(one): "reconciled" if one.name in counted else "no_control_total"
        for one in endpoints
    }


def test_domains_and_their_roles(staging: Staging, estate: Estate) -> None:
    """Domains in their tree; roles hold people, groups and the readers of all domains above."""
    domains = {one.number: one for one in catalog.domains(1)}
    top = {8: None, 9: catalog.app_id(1)}
    assert read(staging.con, "select id, name, parent_id, lower(status) from business_domain") == {
        (
            one.id,
            one.title,
            top[number] if one.parent is None else domains[one.parent].id,
            one.status.lower(),
        )
        for number, one in domains.items()
    }
    by_id = {one.id: one for one in domains.values()}
    expected: Rows = set()
    for role in (catalog_policies.OWNER, catalog_policies.READER):
        for one in domains.values():
            source: catalog.BusinessDomain | None = one
            while source is not None:
                people, groups = catalog_policies.members(estate, source, role)
                expected |= {(one.id, role, "identity", who) for who in people}
                expected |= {(one.id, role, "group", who) for who in groups}
                source = by_id.get(catalog_policies.above(estate, source, role) or "")
    app = catalog.app_id(1)
    for role, people in catalog_policies.administrators(estate).items():
        expected |= {(app, role, "identity", who) for who in people}
    query = "select scope_id, role_id, principal_kind, principal_id from domain_role_assignment"
    assert read(staging.con, query) == expected


def test_products_and_their_assets(staging: Staging, estate: Estate) -> None:
    """Every product, with the guids in the Data Map behind its data assets."""
    products = catalog.held(estate).products
    query = "select id, name, domain_id, lower(status), subscriber_count from purview_data_product"
    assert read(staging.con, query) == {
        (
            one.id,
            one.title,
            catalog.domain_id(1, one.domain),
            one.status.lower(),
            subscriptions.active(estate, one),
        )
        for one in products
    }
    known: Rows = {
        (one.id, catalog.asset_id(1, slot), catalog.source_guid(estate, slot))
        for one in products
        for slot in one.slots
    }
    lost = {(one.id, catalog.lost_asset(1, one), None) for one in products}
    query = "select product_id, catalog_asset_id, asset_guid from purview_data_product_asset"
    assert read(staging.con, query) == known | {row for row in lost if row[1]}
    query = "select id, asset_guid from catalog_asset"
    assert read(staging.con, query) == {row[1:] for row in known}
    query = "select product_id, element_id from purview_data_product_element"
    assert read(staging.con, query) == {
        (one.id, element.id)
        for one in products
        for element in catalog_relations.elements_of(estate, one)
    }
    query = "select product_id, objective_id from purview_data_product_objective"
    assert read(staging.con, query) == {
        (one.id, catalog.objective_id(1, number))
        for one in products
        for number in catalog_relations.objectives_of(one)
    }
    query = "select product_id, lower(role), principal_id from purview_data_product_contact"
    assert read(staging.con, query) == {
        (one.id, role.lower(), person.object_id)
        for one in products
        for role, people in catalog_rows.responsible(
            estate, one.domain, "purview product", one.number
        ).items()
        for person in people
    }


def test_terms_and_critical_data(staging: Staging, estate: Estate) -> None:
    """Terms with their parents, and the columns of the Data Map that critical data is kept in."""
    size = catalog.TERMS_PER_DOMAIN
    assert read(staging.con, "select id, parent_id from catalog_term") == {
        (
            catalog.term_id(1, number),
            catalog.term_id(1, number - number % size) if number % size else None,
        )
        for number in range(size * len(DOMAINS))
    }
    numbers = catalog_relations.term_numbers(estate)
    assert read(staging.con, "select term_id, other_id, relation from catalog_term_relation") == {
        (guid, catalog.term_id(1, other), how)
        for guid, number in numbers.items()
        for other, how in catalog_relations.related_terms(number)
    }
    assert read(staging.con, "select term_id, asset_guid from catalog_term_asset") == {
        (guid, catalog.source_guid(estate, slot))
        for guid, number in numbers.items()
        for slot in catalog_relations.described_slots(estate, number)
    }
    assert read(
        staging.con, "select term_id, column_guid, asset_guid from catalog_term_column"
    ) == {
        (guid, estate.datasets[slot].column_guid(position), estate.datasets[slot].guid)
        for guid, number in numbers.items()
        for slot, position in catalog_relations.described_columns(estate, number)
    }
    query = "select element_id, column_guid, asset_guid from critical_data_element_column"
    assert read(staging.con, query) == {
        (one.id, estate.datasets[slot].column_guid(position), estate.datasets[slot].guid)
        for one in catalog.held(estate).elements
        for slot, position in one.columns
    }
    assert read(staging.con, "select objective_id, count(*) from key_result group by 1") == {
        (catalog.objective_id(1, number), len(results))
        for number in range(catalog.OBJECTIVES_PER_DOMAIN * len(DOMAINS))
        if (results := catalog_terms.key_results(estate, number))
    }


def test_requests_and_decisions(staging: Staging, estate: Estate) -> None:
    """Requests with their dates, the policies they are held against, and every approval."""

    requests = subscriptions.every(estate)
    query = (
        "select id, product_id, status, subscriber_id, requestor_id, write_access, created_at, "
        "decided_at, expires_at from data_subscription"
    )
    assert read(staging.con, query) == {
        (
            one.id,
            one.product.id,
            one.status,
            one.subscriber_id,
            one.requestor.object_id,
            one.write_access,
            one.created_at,
            one.decided_at,
            one.expires_at,
        )
        for one in requests
    }
    assert read(staging.con, "select id, run_id, approver_id, decision from access_approval") == {
        (approval.id, one.run_id, approval.approver.object_id, approval.decision)
        for one in requests
        for approval in one.approvals
    }
    products = catalog.held(estate).products
    query = "select subject_kind, subject_id, kind from access_policy_set"
    assert read(staging.con, query) == {
        ("DataProduct", one.id, kind)
        for one in products
        for kind in ("Applied", "Effective")
        if kind == "Effective" or data_access_rows.has_policies(one)
    } | {
        (kind, guid, "Applied")
        for kind, numbers in (
            ("BusinessDomain", catalog_relations.domain_numbers(estate)),
            ("Term", catalog_relations.term_numbers(estate)),
            ("CriticalDataElement", catalog_relations.element_numbers(estate)),
        )
        for guid, number in numbers.items()
        if data_access_rows.applied_set(estate, kind, guid, number)
    }
    query = "select id, enabled, provider_ids from access_workflow"
    workflows = [data_access_rows.workflow(estate, domain) for domain in range(len(DOMAINS))]
    found = staging.con.execute(f"{query} order by id").fetchall()
    assert found == sorted(
        (one["workflowId"], one["isEnabled"], one["accessProviders"]) for one in workflows
    )
    assert read(staging.con, "from listing_difference") == set()


TABLES = sorted(
    {name for one in SOURCE.endpoints if one.plane in PLANES for name in one.tables}
    # nothing differs in an estate at rest
    - {"listing_difference"}
)


@pytest.mark.parametrize("table", TABLES)
def test_rows_lead_back_to_their_bytes(staging: Staging, table: str) -> None:
    """The page of every row is on disk with its digest, and something of the row is at its pointer."""
    names = [c.name for c in schema.tables()[table].columns if c.type == "VARCHAR"]
    shown = ", ".join(name for name in names if name not in ("item", "inherited_from"))
    query = f"select page_id, item, concat_ws(' ', {shown}) from {table} using sample 40 rows (reservoir, 7)"
    found = staging.con.execute(query).fetchall()
    assert found
    for page_id, item, text in found:
        body = pages.find(staging.con, page_id).read(staging.path.parent)
        there = json.dumps(pages.item(body, item), ensure_ascii=False).lower()
        assert any(word in there for word in text.lower().split() if len(word) > 2)


def test_the_gate_finds_nothing(staging: Staging) -> None:
    """Every promise of these tables is kept, the words that are known included."""
    checks = [one for one in plan.checks(("run", "purview")) if one.table in TABLES]
    assert {one.table for one in checks} == set(TABLES)
    broken = [
        (one.table, one.offence) for one in checks if staging.con.execute(one.query).fetchall()
    ]
    assert broken == []


def test_without_data_assets_nobody_knows_what_a_product_is_made_of(tmp_path: Path) -> None:
    """Where data assets are not offered the list is a gap of both tables, and no guid is guessed."""
    refused = {f"{CATALOG}/dataAssets": faults.answering(404)}
    with collected(tmp_path, 120, faults=refused) as (staging, complete):
        assert not complete
        query = "select endpoint, key, tables, status from gap"
        assert staging.con.execute(query).fetchall() == [
            (
                "purview.catalog_asset",
                "*",
                ["catalog_asset", "purview_data_product_asset", "catalog_term_asset"],
                404,
            )
        ]
        query = "select count(*) > 0, count(asset_guid) from purview_data_product_asset"
        assert read(staging.con, query) == {(True, 0)}


def test_data_assets_can_be_left_out(tmp_path: Path) -> None:
    """Then what is made of them is stated to be unread, nothing else is, and no run is incomplete for it."""
    with collected(tmp_path, 30, ("unified_catalog",)) as (staging, complete):
        assert complete
        lacking = {table for _, tables in wholeness.lacking(staging.con) for table in tables}
        catalogue = [one for one in SOURCE.endpoints if one.plane in PLANES[:2]]
        assert lacking & {name for one in catalogue for name in one.tables} - {
            "listing_difference"
        } == {
            "catalog_asset",
            "catalog_term_asset",
            "catalog_term_column",
            "critical_data_element_column",
            "purview_data_product_asset",
        }


def test_without_a_role_on_the_account_only_the_roles_are_missing(tmp_path: Path) -> None:
    """Policies are refused, the rest of the plane is read."""
    with collected(tmp_path, 120, account_access=False) as (staging, complete):
        assert not complete
        assert staging.con.execute("select endpoint, tables, status from gap").fetchall() == [
            ("purview.domain_policy", ["domain_role_assignment"], 403)
        ]
        assert read(staging.con, "select count(*) from business_domain") == {(10,)}


def test_a_plane_that_is_not_offered_has_no_answer_about_policies(tmp_path: Path) -> None:
    """404 everywhere is not "no product has policies of its own": what is read there is missing as a whole."""
    refused = {ACCESS: faults.answering(404)}
    with collected(tmp_path, 120, faults=refused) as (staging, complete):
        assert not complete
        gaps = dict(
            staging.con.execute("select endpoint, tables from gap where key = '*'").fetchall()
        )
        assert set(gaps["purview.data_subscription"]) == {"data_subscription", "access_policy_set"}
        query = "select endpoint, verdict from reconciliation where endpoint like '%policy_set'"
        assert read(staging.con, query) == {
            (f"purview.{name}_policy_set", "incomplete")
            for name in ("applied", "effective", "domain", "term", "element")
        }
        assert read(staging.con, "select count(*) from purview_data_product") == {(12,)}


def test_a_column_that_cannot_be_read_is_a_gap_of_its_own(tmp_path: Path) -> None:
    """One column that is refused is missing by its id; the others are found."""
    refused = {f"{CATALOG}/dataColumns/": faults.answering(404, times=1)}
    with collected(tmp_path, faults=refused) as (staging, _):
        ((key,),) = staging.con.execute(
            "select key from gap where endpoint = 'purview.catalog_column'"
        ).fetchall()
        query = (
            "select catalog_column_id from critical_data_element_column where column_guid is null"
        )
        assert read(staging.con, query) == {(key,)}


def test_a_list_that_lacks_a_domain_is_a_hole(tmp_path: Path) -> None:
    """A domain that others name and the list lacks is asked for by itself: it is there or refused, and the list
    is not whole, nor is any list of what belongs to domains; or it is gone, and nothing is missing."""
    there, refused, gone = catalog.domain_id(1, 3), catalog.domain_id(1, 4), UNKNOWN

    async def hiding(call: Call, proceed: Proceed) -> Answer:
        answer = await proceed(call)
        page: Any = answer.page() if call.path.startswith(CATALOG) else None
        if page is None:
            return answer
        if call.path == f"{CATALOG}/businessdomains":
            page["value"] = [one for one in page["value"] if one["id"] not in (there, refused)]
        if call.path == f"{CATALOG}/objectives":
            page["value"] = [one | {"domain": gone} for one in page["value"]]
        return answer.saying(page)

    faulty = {f"{CATALOG}/businessdomains/{refused}": faults.answering(403)}
    with collected(tmp_path, 120, faults=faulty, layers=[hiding]) as (staging, complete):
        assert not complete
        query = "select key, cause, hole, missing_in from listing_difference where about = 'domain'"
        assert read(staging.con, query) == {
            (there, "hole", True, "purview.business_domain"),
            (refused, "refused", False, "purview.business_domain"),
            (gone, "gone", False, "purview.business_domain"),
        }
        gaps = staging.con.execute("select endpoint, key, tables, status from gap order by all")
        found = [(name, key, tables[:2], status) for name, key, tables, status in gaps.fetchall()]
        below = {name for name, *_ in found} - {
            "purview.business_domain",
            "purview.business_domain_alone",
        }
        assert below == {f"purview.{name}" for name in OF_DOMAINS}
        assert [one for one in found if one[0] not in below] == [
            ("purview.business_domain", "*", ["business_domain", "business_domain_collection"], 200),
            ("purview.business_domain_alone", refused, ["listing_difference", "business_domain"], 403),
        ]  # fmt: skip
