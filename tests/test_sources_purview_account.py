"""The account plane: the account, its collections and its platform domains."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from collecting import loaded, rows
from planes_fixture import SOURCE, Walk, broken_promises, walked

from pipeline.collect.staging import Staging
from pipeline.sandbox.purview import account_api
from pipeline.sandbox.vocabulary import DOMAINS
from pipeline.sandbox.weather import faults

PAYLOADS = Path(__file__).parent / "payloads" / "purview"
LISTS = ("account", "collection", "platform_domain", "collection_domain", "contact_assignment")


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    pages = [(name, None, (PAYLOADS / f"{name}.json").read_bytes()) for name in LISTS]
    with loaded(tmp_path_factory.mktemp("account"), SOURCE, pages) as found:
        yield found


def test_the_account(staging: Staging) -> None:
    """One row: which account the snapshot is about, and where it is."""
    query = "select id, name, location, public_network_access, created_at from account"
    made = datetime(2024, 2, 23, 9, 46, 46, 238176, tzinfo=UTC)
    assert rows(staging, query) == [("utility-pv", "Utility", "westeurope", "Enabled", made)]


def test_platform_domains(staging: Staging) -> None:
    """Absent and null are the same; the account that was merged into one is told."""
    query = (
        "select id, name, environment, container_type, merged_account, merge_status, created_at "
        "from platform_domain order by id desc"
    )
    made = datetime(2024, 2, 23, 9, 46, 46, 238176, tzinfo=UTC)
    assert rows(staging, query) == [
        ("utility-pv", "Utility", "Prod", "Domain", None, None, made),
        ("trial1", "Trials", "Test", None, "utility-old", "Failed", None),
    ]


def test_a_collection_is_in_a_domain_only_where_the_answer_says_so(staging: Staging) -> None:
    """A collection without a domain is read, and has no row."""
    query = "select collection_id, domain_id from collection_domain"
    assert rows(staging, query) == [("meter1", "utility-pv")]
    assert rows(staging, "select count(*) from purview.collection_domain_item") == [(2,)]


def test_contacts_of_collections(staging: Staging) -> None:
    """Who they are and what they are a contact of; without a principal there is none."""
    query = "select principal_id, contact_group, scope_kind, scope_id from contact_assignment"
    who = "00000000-0000-4000-8000-0000000000aa"
    assert rows(staging, query) == [(who, "experts", "Collection", "meter1")]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walked(tmp_path_factory.mktemp("walk")) as found:
        yield found


def test_every_collection_comes_with_its_parent_and_domain(walk: Walk) -> None:
    """The whole tree, four levels deep, over several pages of both versions."""
    tree = account_api.collection_tree(1)
    names = {one["name"] for one in tree}
    parents = dict(walk.rows("select id, parent_id from collection"))
    assert parents == {
        one["name"]: one.get("parentCollection", {}).get("referenceName") for one in tree
    }
    assert parents["ldgsal"] == "rawsal"
    domains = dict(walk.rows("select collection_id, domain_id from collection_domain"))
    assert domains.keys() == names
    regulated = {name for name, domain in domains.items() if domain == "nlregu"}
    assert regulated == {"fin002", "rawfin", "curfin", "rsk006", "rawrsk", "currsk"}
    listed = {name for (name,) in walk.rows("select id from platform_domain")}
    assert set(domains.values()) < listed
    query = "select scope_id from contact_assignment where scope_kind = 'Collection'"
    assert {name for (name,) in walk.rows(query)} == {d.collection for d in DOMAINS}
    assert broken_promises(walk, LISTS) == []


def test_an_account_without_the_newer_version_lacks_its_domains_only(tmp_path: Path) -> None:
    """Collections do not depend on it: that version is asked for by itself."""
    with walked(tmp_path, faults={"/account/domains": faults.answering(404)}) as found:
        query = "select endpoint, key, tables, status from gap"
        assert found.rows(query) == [("purview.platform_domain", "*", ["platform_domain"], 404)]
        assert found.rows("select count(*) from collection") == [
            (len(account_api.collection_tree(1)),)
        ]
