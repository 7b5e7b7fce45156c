"""Pages of the Unified Catalog become domains, roles, data products, terms, critical data and objectives."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from collecting import loaded, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collect.section import sections
from pipeline.collect.staging import Staging
from pipeline.sources import purview
from pipeline.sources.purview import account, entities, search, types, unified_catalog
from pipeline.warehouse import pages as stored
from pipeline.warehouse import schema

SOURCE = purview.part(search, entities, types, account, unified_catalog)
PAYLOADS = Path(__file__).parent / "payloads" / "unified_catalog"
OWNER, EXPERT, ADMIN, GROUP = (
    f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb", "cc", "dd")
)
FILE = "11111111-0000-4000-8000-000000000001"
TABLE, METER_ID = (f"22222222-0000-4000-8000-00f6f6f6000{end}" for end in (0, 1))
ROLE = "purviewdatagovernancerole_builtin_"
Rows = list[tuple[Any, ...]]


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


UTILITY, METERING, GAS, UNNAMED = map(guid, (0xD1, 0xD2, 0xD3, 0xD4))
READINGS, NAMELESS, PRICES = map(guid, (0xE1, 0xE2, 0xE3))
APP = guid(0xA99)
METER, SMART_METER = map(guid, (0x7E1, 0x7E2))
POINT, GOAL = guid(0xCDE1), guid(0x0B1)
KEYS = {
    "data_product_asset": READINGS,
    "data_product_element": READINGS,
    "data_product_objective": READINGS,
    "data_product_term": READINGS,
    "term_asset": METER,
    "term_column": METER,
    "term_relation": METER,
    "business_domain_alone": guid(0xD9),
    "critical_element_column": POINT,
    "critical_element_term": POINT,
    "catalog_column": guid(0xC01),
    "key_result": GOAL,
}


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """One page of every list."""
    pages = [(path.stem, KEYS.get(path.stem), path.read_bytes()) for path in PAYLOADS.iterdir()]
    with loaded(tmp_path_factory.mktemp("run"), SOURCE, pages) as found:
        yield found


def loaded_page(path: Path, name: str, page: Any, query: str, key: str | None = None) -> Rows:
    """The rows of a query after one page of one list."""
    with loaded(path, SOURCE, [(name, key, json.dumps(page).encode())]) as staging:
        return rows(staging, query)


def test_business_domains(staging: Staging) -> None:
    """One spelling of the known states, the others as they come; nobody is above the nil id."""
    query = (
        "select id, name, parent_id, type, status, restricted, expired_at from business_domain "
        "order by id"
    )
    assert rows(staging, query) == [
        (UTILITY, "Utility", None, "LineOfBusiness", "Published", None, None),
        (METERING, "Metering", UTILITY, "DataDomain", "Draft", True, None),
        (GAS, "Gas", None, None, "Expired", None, at(2026, 3, 1)),
        (UNNAMED, UNNAMED, None, None, "IN_REVIEW", None, None),
    ]
    ((managed,),) = rows(
        staging, f"select managed_attributes from business_domain where id = '{METERING}'"
    )
    assert json.loads(managed) == [
        {"name": "Records.Retention", "value": '"7 years"', "isRequired": True}
    ]


def test_collections_of_a_domain(staging: Staging) -> None:
    """A domain is related to collections of platform domains; null and no list are none."""
    query = "select domain_id, collection_id, platform_domain from business_domain_collection"
    assert rows(staging, f"{query} order by collection_id") == [
        (METERING, "meter1", "utility-pv"),
        (METERING, "meter2", "utility-pv"),
    ]


def test_roles(staging: Staging) -> None:
    """People and groups by role, those of the domain above where a rule takes them over, and no empty ids."""
    owner, reader = f"{ROLE}business-domain-owner", f"{ROLE}business-domain-reader"
    administrator = f"{ROLE}datagovernance-administrator"
    above = f"{reader}:{UTILITY}"
    query = (
        "select domain_id, role_id, principal_kind, principal_id, conditional, inherited_from "
        "from domain_role_assignment order by all"
    )
    assert rows(staging, query) == [
        (UTILITY, owner, "identity", OWNER, False, None),
        (UTILITY, reader, "group", GROUP, False, None),
        (UTILITY, reader, "identity", EXPERT, False, None),
        (METERING, owner, "identity", ADMIN, True, None),
        (METERING, reader, "group", GROUP, False, above),
        (METERING, reader, "identity", OWNER, False, None),
        (METERING, reader, "identity", EXPERT, False, above),
        (None, administrator, "identity", ADMIN, False, None),
    ]
    assert rows(staging, "select scope_id from domain_role_assignment where domain_id is null") == [
        (APP,)
    ]


def test_a_member_leads_back_to_the_rule_that_names_him(staging: Staging) -> None:
    """The pointer of a role that was taken over is that of the rule it was taken over from."""
    found = rows(
        staging,
        "select principal_id, coalesce(inherited_from, role_id || ':' || scope_id), item "
        "from domain_role_assignment",
    )
    body = (PAYLOADS / "domain_policy.json").read_bytes()
    for principal, rule, item in found:
        assert stored.item(body, item)["id"] == rule
        assert principal in json.dumps(stored.item(body, item))


RULES = st.lists(
    st.tuples(
        st.lists(st.sampled_from("pqr"), max_size=2),  # named itself
        st.lists(st.integers(0, 5), max_size=2),  # taken over from
    ),
    min_size=1,
    max_size=6,
)


@given(RULES)
@settings(max_examples=40, deadline=None)
def test_roles_are_taken_over_to_the_end(rules: list[tuple[list[str], list[int]]]) -> None:
    """Members are those named anywhere along the rules that are taken over, rings of rules included."""
    names = [f"role:{number}" for number in range(len(rules))]
    written = [
        {
            "id": name,
            "dnfCondition": [
                [{"attributeName": "principal.microsoft.id", "attributeValueIncludedIn": named}],
                *(
                    [
                        {
                            "attributeName": "derived.purview.permission",
                            "attributeValueIncludes": f"role:{other}",
                        }
                    ]
                    for other in others
                ),
            ],
        }
        for name, (named, others) in zip(names, rules, strict=True)
    ]

    def members(number: int, seen: frozenset[int]) -> set[str]:
        if number in seen or number >= len(rules):
            return set()
        named, others = rules[number]
        return set(named).union(*(members(other, seen | {number}) for other in others))

    assert flattened(written) == {
        (str(number), who) for number in range(len(rules)) for who in members(number, frozenset())
    }


def flattened(rules: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """(scope, principal) of one policy with these rules."""
    body = json.dumps({"values": [{"id": "p", "properties": {"attributeRules": rules}}]})
    written = sections(SOURCE.sql)["domain_policy"]
    with duckdb.connect() as con:
        con.execute(schema.read("schema.sql"))
        con.register("pages", pa.table({"page_id": [1], "key": [""], "body": [body]}))
        con.execute(written)
        query = "select scope_id, principal_id from domain_role_assignment"
        found = con.execute(query).fetchall()
    assert len(set(found)) == len(found)
    return set(found)


def test_one_condition_narrows_and_a_single_value_counts(tmp_path: Path) -> None:
    """A principal may be given alone, not in a list; being in two lists at once is a condition."""
    ways = [
        [{"attributeName": "principal.microsoft.id", "attributeValueIncludes": "p"}],
        [
            {"attributeName": "principal.microsoft.id", "attributeValueIncludedIn": ["q"]},
            {"attributeName": "principal.microsoft.groups", "attributeValueIncludedIn": ["g"]},
        ],
        [{"attributeName": "principal.microsoft.id", "attributeValueExcludedIn": ["r"]}],
    ]
    rule = {"id": "role:d", "dnfCondition": ways}
    page = {"values": [{"id": "x", "properties": {"attributeRules": [rule]}}]}
    query = "select principal_id, conditional from domain_role_assignment order by all"
    found = loaded_page(tmp_path, "domain_policy", page, query)
    assert found == [("g", True), ("p", False), ("q", True)]


def named(*ids: str) -> dict[str, Any]:
    return {"attributeName": "principal.microsoft.id", "attributeValueIncludedIn": list(ids)}


def taken_over(rule: str) -> dict[str, Any]:
    return {"attributeName": "derived.purview.permission", "attributeValueIncludes": rule}


def test_the_plainest_way_into_a_role_counts(tmp_path: Path) -> None:
    """Without a condition before with one, named by the role itself before taken over; a condition on
    taking over is one on everybody who is taken over."""
    network = {"attributeName": "request.network", "attributeValueIncludes": "internal"}
    rules = [
        {"id": "role:top", "dnfCondition": [[named("p", "q", "r")]]},
        {
            "id": "role:low",
            "dnfCondition": [
                [named("p")],
                [named("q"), network],
                [taken_over("role:top")],
                [taken_over("role:odd"), network],
            ],
        },
        {"id": "role:odd", "dnfCondition": [[named("s")]]},
    ]
    page = {"values": [{"id": "x", "properties": {"attributeRules": rules}}]}
    query = (
        "select principal_id, conditional, inherited_from from domain_role_assignment "
        "where scope_id = 'low' order by 1"
    )
    assert loaded_page(tmp_path, "domain_policy", page, query) == [
        ("p", False, None),
        ("q", False, "role:top"),
        ("r", False, "role:top"),
        ("s", True, "role:odd"),
    ]


def test_data_products(staging: Staging) -> None:
    """What nobody filled in is null, or no terms of use; a product without a name has its id."""
    query = (
        "select id, name, domain_id, status, type, business_use, update_frequency, endorsed, "
        "sensitivity_label, audience, asset_count, subscriber_count, quality_score, "
        "has_terms_of_use, has_documentation, provisioning_state, updated_at, expired_at "
        "from purview_data_product order by id"
    )
    changed = at(2026, 2, 1, 10)
    assert rows(staging, query) == [
        (READINGS, "Meter Readings", METERING, "Published", "Master", "Billing.", "Daily", True,
         guid(0x1AB), ["DataAnalyst", "Executive"], 3, 3, 87.5, True, False, "Succeeded", changed,
         None),
        (NAMELESS, NAMELESS, None, "Expired", None, None, None, None, None, [], None, None, None,
         False, False, "Succeeded", changed, at(2026, 3, 1)),
        (PRICES, "Prices", guid(0xD9), "Draft", None, None, None, None, None, [], None, None, None,
         False, False, "SoftDeleted", None, None),
    ]  # fmt: skip


def test_contacts(staging: Staging) -> None:
    """Every role has one spelling on every kind of object, and an empty id is no contact."""
    query = "select product_id, role, principal_id, info from purview_data_product_contact"
    assert rows(staging, f"{query} order by role") == [
        (READINGS, "DatabaseAdmin", ADMIN, "dba"),
        (READINGS, "Expert", EXPERT, None),
        (READINGS, "Owner", OWNER, "first"),
    ]
    for table, key, row in (
        ("catalog_term_contact", "term_id", (METER, "Owner", OWNER, None)),
        ("critical_data_element_contact", "element_id", (POINT, "Expert", EXPERT, "knows")),
        ("objective_contact", "objective_id", (GOAL, "Owner", OWNER, "")),
    ):
        assert rows(staging, f"select {key}, role, principal_id, info from {table}") == [row]


def test_assets_of_a_product_are_found_in_the_data_map(staging: Staging) -> None:
    """A data asset of another source, or of which nothing is known, leads to no asset of the Data Map."""
    query = "select catalog_asset_id, asset_guid, relation, item from purview_data_product_asset"
    assert rows(staging, f"{query} order by 1") == [
        (guid(0xCA1), FILE, "Related", "/value/0"),
        (guid(0xCA2), None, "Related", "/value/1"),
        (guid(0xCA9), None, "Related", "/value/2"),
    ]
    query = (
        "select id, name, type, asset_guid, asset_type, account, classifications from catalog_asset"
    )
    assert rows(staging, f"{query} order by id") == [
        (guid(0xCA1), "meters.csv", "ADLSGen2Path", FILE, "azure_datalake_gen2_path", "utility-pv",
         ["PII", "PHI"]),
        (guid(0xCA2), "Ledger", "General", None, None, None, []),
        (guid(0xCA3), "orphan", "AzureSqlTable", None, None, None, []),
    ]  # fmt: skip


def test_terms_and_what_they_describe(staging: Staging) -> None:
    """Terms have a parent, and are used by data products and by critical data elements."""
    query = (
        "select id, name, domain_id, parent_id, status, acronyms, has_resources, is_leaf "
        "from catalog_term order by id"
    )
    assert rows(staging, query) == [
        (METER, "Meter", METERING, None, "Published", ["MTR"], True, False),
        (SMART_METER, "Smart Meter", METERING, METER, "Draft", [], False, True),
    ]
    query = "select term_id, used_by, used_by_id from catalog_term_use order by term_id"
    assert rows(staging, query) == [
        (METER, "DataProduct", READINGS),
        (SMART_METER, "CriticalDataElement", POINT),
    ]


def test_what_a_product_serves(staging: Staging) -> None:
    """Critical data and objectives that a product is related to, whether or not they are listed."""
    query = "select product_id, element_id, relation from purview_data_product_element order by 2"
    assert rows(staging, query) == [
        (READINGS, POINT, "Related"),
        (READINGS, guid(0xCDE9), None),
    ]
    query = (
        "select p.name, o.definition from purview_data_product_objective r "
        "join purview_data_product p on p.id = product_id join objective o on o.id = objective_id"
    )
    assert rows(staging, query) == [("Meter Readings", "Every meter has an owner.")]


def test_what_a_term_describes(staging: Staging) -> None:
    """Assets and columns lead to the Data Map where they are known there; two terms may be related in two ways."""
    query = "select term_id, catalog_asset_id, asset_guid, relation from catalog_term_asset"
    assert rows(staging, f"{query} order by 2") == [
        (METER, guid(0xCA1), FILE, "Related"),
        (METER, guid(0xCA9), None, None),
    ]
    query = "select term_id, catalog_column_id, column_guid, asset_guid from catalog_term_column"
    assert rows(staging, f"{query} order by 2") == [
        (METER, guid(0xC01), METER_ID, TABLE),
        (METER, guid(0xC02), None, None),
    ]
    query = "select term_id, other_id, relation from catalog_term_relation order by all"
    assert rows(staging, query) == [
        (METER, SMART_METER, "Related"),
        (METER, SMART_METER, "Synonym"),
        (METER, guid(0x7E9), "unknown"),
    ]


def test_columns_of_critical_data(staging: Staging) -> None:
    """A column is one of the Data Map where it could be read, and unknown where it could not."""
    query = "select id, name, domain_id, status, data_type, expired_at from critical_data_element"
    assert rows(staging, query) == [
        (POINT, "Meter Point", METERING, "Published", "TEXT", at(2026, 3, 1))
    ]
    query = (
        "select element_id, catalog_column_id, column_guid, asset_guid "
        "from critical_data_element_column order by 2"
    )
    assert rows(staging, query) == [
        (POINT, guid(0xC01), METER_ID, TABLE),
        (POINT, guid(0xC02), None, None),
    ]
    assert rows(
        staging, "select distinct column_id from purview.critical_element_column_item order by 1"
    ) == [(guid(0xC01),), (guid(0xC02),)]


def test_objectives(staging: Staging) -> None:
    """An objective with its sums, and its key result."""
    query = (
        "select id, definition, domain_id, status, target_at, overall_status, overall_progress, "
        "overall_goal, overall_max, key_result_count, closed_at from objective"
    )
    assert rows(staging, query) == [
        (GOAL, "Every meter has an owner.", METERING, "Closed", at(2026, 12, 31), "OnTrack", 30.0,
         70.5, 100.0, 1, at(2026, 2, 1)),
    ]  # fmt: skip
    query = "select objective_id, id, status, progress, goal, max_value, updated_at from key_result"
    assert rows(staging, query) == [
        (GOAL, guid(0x4E1), "Behind", 30.0, 70.5, 100.0, at(2026, 1, 2))
    ]


@pytest.mark.parametrize(
    ("name", "field", "place"),
    [
        ("business_domain", "expiredAt", "systemData"),
        ("data_product", "expiredAt", "systemData"),
        ("data_product", "lastModifiedAt", "systemData"),
        ("catalog_term", "expiredAt", "systemData"),
        ("critical_data_element", "expiredAt", "systemData"),
        ("objective", "targetDate", None),
    ],
)
def test_an_instant_that_cannot_be_read_loses_its_item(
    tmp_path: Path, name: str, field: str, place: str | None
) -> None:
    """It is not "never": the item has no row and is counted as lost, its neighbour has its row."""
    bad = {"id": "bad"} | ({place: {field: "next spring"}} if place else {field: "next spring"})
    query = f"select key from purview.{name}_item"
    assert loaded_page(tmp_path, name, {"value": [bad, {"id": "good"}]}, query) == [("good",)]


def test_of_a_product_that_comes_twice_the_later_page_counts(tmp_path: Path) -> None:
    """A product that moved between two pages is one row, with its later answer and its later people."""
    pages = [
        {"value": [{"id": "p", "name": name, "contacts": {"owner": [{"id": name}]}}]}
        for name in ("early", "late")
    ]
    bodies = [("data_product", None, json.dumps(page).encode()) for page in pages]
    with loaded(tmp_path, SOURCE, bodies) as staging:
        assert rows(staging, "select id, name from purview_data_product") == [("p", "late")]


def test_hostile_texts_are_data(tmp_path: Path) -> None:
    """Quotes, markup, line breaks and a zero character come through as they are."""
    name = "'; drop table objective; --\u0000<script>\r\n=1+1 \U0001f600 \\ \" {key}"
    page = {"value": [{"id": "p", "name": name, "description": name}]}
    query = "select name, description from purview_data_product"
    assert loaded_page(tmp_path, "data_product", page, query) == [(name, name)]
