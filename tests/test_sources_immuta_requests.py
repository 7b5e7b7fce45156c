"""The Request app collected over a socket is the Request app: every table holds exactly what the estate holds."""

from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest
from estate_fixture import read
from request_app import collected
from sandbox_fixture import DAY

from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.immuta import agreed, forms, market_rows, products, request_rows
from pipeline.sandbox.immuta.requests import Request
from pipeline.sandbox.immuta.table_requests import TableRequest

ASSETS = 300


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One night of the whole Request app."""
    path = tmp_path_factory.mktemp("night")
    with (
        server.running(assets=ASSETS, as_of=DAY) as url,
        collected(url, path) as night,
    ):
        yield night.staging.con


def test_data_products(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Products, their sources, columns and forms."""
    query = (
        "select id, name, suspended, created_by, expert_id, len(domains), total_request_count, "
        "data_source_count from data_product"
    )
    assert read(staged, query) == {
        (
            one.id,
            one.name,
            one.suspended,
            one.creator.global_id,
            one.expert_id,
            int(one.has_domain),
            len(estate.requests_by_product[one.id]),
            len(one.sources),
        )
        for one in estate.products
    }
    assert read(staged, "select product_id, source_id from data_product_source") == {
        (one.id, str(source.id)) for one in estate.products for source in one.sources
    }
    query = "select product_id, source_id, name, global_masking, local_masking from product_column"
    assert read(staged, query) == {
        (
            one.id,
            row["sourceId"],
            row["name"],
            *(
                (row[key] or {}).get("maskingType")
                for key in ("globalPolicyInfo", "localPolicyInfo")
            ),
        )
        for one in estate.products
        for row in market_rows.product_columns(one)
    }
    query = (
        "select product_id, id, request_type, version, field_count, required_field_count, "
        "review_rule_count, default_event from request_form"
    )
    assert read(staged, query) == {
        (
            one.id,
            form.id,
            form.request_type,
            form.version,
            2,
            int(form.required),
            len(flow["rules"]),
            flow["defaultEvent"]["type"],
        )
        for one in estate.products
        for flow in [forms.form_flow(one)]
        for form in one.forms
    }


def _cut(when: datetime | None) -> datetime | None:
    return when and when.replace(microsecond=when.microsecond // 1000 * 1000)


def test_access_requests(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Requests of every status, for products and for single tables, and who is listed as a member."""
    found = estate.any_request_by_id.values()
    query = (
        "select id, product_id, asset_source_id, type, status, requester_id, user_id, form_version, created_at, "
        "updated_at, expires_at from access_request"
    )
    assert estate.table_requests
    assert read(staged, query) == {
        (
            one.id,
            one.product.id if isinstance(one, Request) else None,
            one.source.id if isinstance(one, TableRequest) else None,
            one.type,
            one.status,
            one.requester.global_id,
            one.beneficiary.global_id,
            forms.version_of(one),
            _cut(one.created_at),
            _cut(one.updated_at),
            _cut(one.expires_at),
        )
        for one in found
    }
    assert read(staged, "select product_id, request_id, user_id, status from product_member") == {
        (one.product.id, one.id, one.beneficiary.global_id, one.status)
        for one in estate.request_by_id.values()
        if one.is_member
    }


def test_reviews(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every step of review of every request, and the app's short lists of recent decisions."""
    found = estate.any_request_by_id.values()
    query = "select id, request_id, status, actor_id, updated_at from approval"
    assert read(staged, query) == {
        (
            record.id,
            one.id,
            record.status,
            record.actor.global_id if record.actor else None,
            _cut(record.updated_at),
        )
        for one in found
        for record in one.records
    }
    query = (
        "select d.id, d.product_id, d.type, d.actor_id, d.status from determination d "
        "join approval a on a.id = d.id and a.actor_id = d.actor_id and a.status = d.status"
    )
    listed = read(staged, query)
    assert len(listed) == staged.execute("select count(*) from determination").fetchall()[0][0] > 50
    assert {kind for _, _, kind, _, _ in listed} == {"DATA_ACCESS", "MASKING_EXCEPTION"}


def test_masking_exceptions(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """The columns that were asked for, and those that people may see unmasked."""
    rows = [
        (one, row["sourceId"], row["name"])
        for one in estate.request_by_id.values()
        for row in request_rows.exception_columns(one)
    ]
    query = "select request_id, source_id, column_name from masking_exception_column"
    assert read(staged, query) == {(one.id, source, name) for one, source, name in rows}
    query = "select user_id, source_id, column_name from approved_masking_exception"
    granted = {
        (one.beneficiary.global_id, source, name)
        for one, source, name in rows
        if one.status == "APPROVED"
    }
    assert granted
    assert read(staged, query) == granted


def test_forms_in_their_versions(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Every form in force, and every version that a request was made with; agreements, and domains with sources."""
    present = {row["version"] for row in forms.every(estate)}
    used = {forms.version_of(one) for one in estate.any_request_by_id.values()}
    query = "select version, in_force from request_form_version"
    assert read(staged, query) == {(one, one in present) for one in present | used}
    assert used - present
    query = (
        "select name, default_event, asks_duration, required_field_count, len(agreement_ids) "
        "from request_form_version where asks_duration"
    )
    assert read(staged, query) == {
        (one.name, one.flow["defaultEvent"]["type"], True, 2, len(one.agreements))
        for one in forms.STANDARDS
    }
    assert read(staged, "select name, body from data_use_agreement") == set(agreed.AGREEMENTS)
    assert read(staged, "select domain_id, source_id from request_domain_source") == {
        (products.domain_id(1, one.dataset.domain), one.id)
        for one in estate.data_sources
        if not one.deleted
    }


def test_the_lists_of_immuta_agree(staged: duckdb.DuckDBPyConnection) -> None:
    """An estate at rest says the same in every list."""
    assert read(staged, "select * from listing_difference") == set()
    assert read(staged, "select distinct listed_in from data_product_source") == {("both",)}


def test_people_of_the_request_app(staged: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Everybody who is met in a request, a review or as a product's creator or expert, once."""
    people = {person.global_id: person for person in estate.immuta_people}
    met = {one.expert_id for one in estate.products} | {
        one.creator.global_id for one in estate.products
    }
    for one in estate.any_request_by_id.values():
        met |= {one.requester.global_id, one.beneficiary.global_id}
        met |= {record.actor.global_id for record in one.records if record.actor}
    assert read(staged, "select id, profile_id, name, email from request_user") == {
        (guid, people[guid].profile_id, people[guid].name, people[guid].mail)
        for guid in met
        if guid in people
    }


def test_nothing_of_the_request_app_is_missing(staged: duckdb.DuckDBPyConnection) -> None:
    """No gap, and every list that is counted has come whole."""
    query = "select * from gap where endpoint in (select endpoint from exchange where url like '%/marketplace/%')"
    assert read(staged, query) == set()
    counted = (
        "access_request",
        "product_member",
        "product_column",
        "masking_column",
        "form",
        "agreement",
    )
    query = "select endpoint, verdict from reconciliation where server_total is not null"
    words = dict(staged.execute(query).fetchall())
    assert {words[f"immuta.{name}"] for name in counted} == {"reconciled"}
