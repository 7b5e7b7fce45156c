"""Purview's policy store: who holds which role on which collection, and what cannot be told for certain."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from collecting import loaded, rows
from planes_fixture import ASSETS, GRANTS, SOURCE, Walk, broken_promises, walked
from sandbox_fixture import DAY, PURVIEW

from pipeline.collect.staging import Staging
from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.purview import policy_api, roles
from pipeline.sandbox.weather import faults
from pipeline.warehouse import pages as stored

PAYLOADS = Path(__file__).parent / "payloads" / "purview"
LISTS = ("collection", "metadata_role", "metadata_policy", "devops_policy", "self_service_policy")
ONE, TWO, MACHINE, GROUP = (
    f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb", "cc", "dd")
)
ADMIN, READER = (roles.PREFIX + name for name in ("collection-administrator", "purview-reader"))
USER, GROUPS = "user_or_service_principal", "group"
Grants = set[tuple[Any, ...]]


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    pages = [(name, None, (PAYLOADS / f"{name}.json").read_bytes()) for name in LISTS]
    with loaded(tmp_path_factory.mktemp("policies"), SOURCE, pages) as found:
        yield found


def test_roles_say_what_they_allow(staging: Staging) -> None:
    """The set of roles is read, never assumed, and their actions are sorted."""
    query = "select id, friendly_name, data_actions, conditional from metadata_role order by id"
    assert rows(staging, query) == [
        (ADMIN, "Collection Administrator",
         ["Microsoft.Purview/accounts/collection/read",
          "Microsoft.Purview/accounts/collection/write"], False),
        (READER, "Purview Reader",
         ["Microsoft.Purview/accounts/collection/read", "Microsoft.Purview/accounts/data/read"],
         False),
    ]  # fmt: skip


def test_policies_flatten_to_who_has_which_role_where(staging: Staging) -> None:
    """Own and inherited roles, of people, machines and groups, whatever the order inside a condition."""
    query = (
        "select collection_id, role_id, principal_id, principal_kind, inherited_from, conditional "
        "from role_assignment"
    )
    root, child = "utility-pv", "meter1"
    assert set(rows(staging, query)) == {
        (root, ADMIN, ONE, USER, None, False),
        (root, ADMIN, MACHINE, USER, None, False),
        (root, READER, GROUP, GROUPS, None, False),
        (child, ADMIN, TWO, USER, None, False),
        (child, ADMIN, ONE, USER, root, False),
        (child, ADMIN, MACHINE, USER, root, False),
        (child, READER, GROUP, GROUPS, root, False),
    }
    query = "select collection_id, parent_collection_id, inherits, version from metadata_policy"
    assert set(rows(staging, query)) == {(root, None, False, 6), (child, root, True, 0)}


def test_a_grant_leads_back_to_its_rule(staging: Staging) -> None:
    """An inherited role points at the rule of the collection that names the principal."""
    query = f"select item from role_assignment where principal_id = '{GROUP}'"
    body = (PAYLOADS / "metadata_policy.json").read_bytes()
    for (item,) in rows(staging, query):
        assert stored.item(body, item)["id"] == f"{READER}:utility-pv"


def test_policies_about_data(staging: Staging) -> None:
    """One row per principal; an empty one is none, and an end that is not told is no end."""
    query = "select role_name, principal_id, principal_kind from devops_policy"
    monitor = "purviewdatarole_builtin_sqlperfmonitor"
    assert set(rows(staging, query)) == {
        (monitor, ONE, USER),
        (monitor, GROUP, GROUPS),
        ("unknown", TWO, USER),
    }
    query = "select principal_id, requestor_id, expires_at from self_service_policy"
    end = datetime(2024, 12, 30, 11, 14, 31, 206941, tzinfo=UTC)
    assert set(rows(staging, query)) == {(ONE, ONE, end), (GROUP, TWO, None)}


def test_a_policy_with_an_unreadable_end_is_lost(tmp_path: Path) -> None:
    """It is left out, and so counted as missing, instead of never ending."""
    page = {
        "value": [{"policyId": "p", "expiresAt": "soon", "decisionRule": {"principals": [ONE]}}]
    }
    with loaded(
        tmp_path, SOURCE, [("self_service_policy", None, json.dumps(page).encode())]
    ) as found:
        assert rows(found, "from purview.self_service_policy_item") == []
        assert rows(found, "from self_service_policy") == []


WHOLE: dict[str, Any] = {
    "collection": {"referenceName": "here"},
    "attributeRules": [{"id": "r:here", "dnfCondition": []}],
    "decisionRules": [{"effect": "Permit", "dnfCondition": []}],
}
HALF: list[tuple[dict[str, Any], str]] = [
    ({"collection": None}, "it names no collection"),
    ({"collection": {}}, "it names no collection"),
    ({"attributeRules": None}, "it has no list of attribute rules"),
    ({"decisionRules": None}, "it has no list of decision rules"),
    ({"attributeRules": [{"dnfCondition": []}]}, "attribute rules of it have no id or no condition"),
    ({"attributeRules": [{"id": "r:here"}]}, "attribute rules of it have no id or no condition"),
    ({"attributeRules": [None]}, "attribute rules of it have no id or no condition"),
    ({"decisionRules": [{"effect": "Deny"}]}, "decision rules of it have no condition"),
]  # fmt: skip


def test_a_policy_that_does_not_say_all_is_a_hole(tmp_path: Path) -> None:
    """Who may do what there is not known: it is no policy that gives nobody anything, as one without rules is."""
    told = [WHOLE, WHOLE | {"attributeRules": [], "decisionRules": []}]
    told += [WHOLE | change for change, _ in HALF]
    values = [{"id": f"{at}", "properties": one} for at, one in enumerate(told)]
    page = json.dumps({"values": [*values, {"id": "bare"}]}).encode()
    [endpoint] = [one for one in SOURCE.endpoints if one.name == "metadata_policy"]
    with loaded(tmp_path, SOURCE, [("metadata_policy", None, page)]) as found:
        found.con.execute("set search_path = 'purview,main'")
        holes = dict(rows(found, endpoint.holes))
        found.con.execute("set search_path = 'main'")
    assert holes.pop("bare") == "; ".join(HALF[at][1] for at in (0, 2, 3))
    assert holes == {f"{at}": reason for at, (_, reason) in enumerate(HALF, start=2)}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walked(tmp_path_factory.mktemp("walk")) as found:
        yield found


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


def test_the_collected_roles_are_those_of_the_estate(walk: Walk, estate: Estate) -> None:
    """Every role of people and groups, own and inherited; who is excluded somewhere holds nothing for certain."""
    above: dict[str, Grants] = {}
    admins_above: dict[str, Grants] = {}
    found: Grants = set()
    for one in policy_api.role_policies(estate):
        own = {
            (role, who, kind, one.collection, kind == GROUPS and bool(held.excluded))
            for role, held in one.holders.items()
            for kind, ids in ((USER, held.people), (GROUPS, held.groups))
            for who in ids
        }
        taken = above.get(one.parent or "", set()) if one.inherits else set()
        admins = admins_above.get(one.parent or "", set()) if one.inherits_admins else set()
        above[one.collection] = own | taken | admins
        admins_above[one.collection] = {g for g in own | admins if g[0] == roles.ADMIN}
        found |= {(one.collection, *grant) for grant in above[one.collection]}
    assert set(walk.rows(GRANTS)) == found
    assert {conditional for *_, conditional in found} == {True, False}


def test_the_collector_has_every_role_at_the_root(walk: Walk) -> None:
    """What `doctor` may say of the identity that signs in."""
    query = (
        "select r.id from metadata_role r anti join role_assignment a on a.role_id = r.id "
        f"and a.principal_id = '{signin.OBJECT_ID}' and a.inherited_from is null"
    )
    assert walk.rows(query) == []


def test_nothing_is_missing_and_the_dictionary_keeps_its_promises(walk: Walk) -> None:
    """Lists that link to themselves end, and every key, reference and required value is there."""
    assert walk.complete
    assert walk.rows("from gap") == []
    tables = ("metadata_role", "metadata_policy", "role_assignment", "devops_policy",
              "self_service_policy")  # fmt: skip
    assert broken_promises(walk, tables) == []
    ends = "select count(*) filter (where expires_at < $as_of), count(*) from self_service_policy"
    ((past, given),) = walk.rows(ends.replace("$as_of", f"'{DAY}'"))
    assert 0 < past < given


def test_a_store_that_may_not_be_read_is_a_gap(tmp_path: Path) -> None:
    """Without the role of collection administrator its lists are named as missing, and the rest is read."""
    with walked(tmp_path, faults={"/policyStore": faults.answering(403)}) as found:
        assert not found.complete
        assert {
            (name, status) for name, status in found.rows("select endpoint, status from gap")
        } == {
            (f"purview.{endpoint.name}", 403)
            for endpoint in SOURCE.endpoints
            if endpoint.plane == "policy_store"
        }
        assert found.rows("select count(*) > 0 from scan_run") == [(True,)]
        assert found.rows("from role_assignment") == []


def test_both_spellings_of_the_addresses_answer(estate: Estate) -> None:
    """The specification and the tutorial write them differently; one collection can be asked for."""
    spellings = ("/policyStore/metadataPolicies", "/policystore/metadatapolicies")
    with (
        server.running(assets=ASSETS, as_of=DAY) as url,
        httpx.Client(base_url=url, headers=PURVIEW) as http,
    ):
        for path in spellings:
            params = {"api-version": "2021-07-01", "collectionName": "rawhrs"}
            (one,) = http.get(path, params=params).raise_for_status().json()["values"]
            alone = http.get(f"{path}/{one['id']}", params={"api-version": "2021-07-01"})
            assert alone.json() == one
        assert http.get(f"{path}/none", params={"api-version": "2021-07-01"}).status_code == 404
        assert http.get(path).status_code == 400
    assert one["properties"]["collection"]["referenceName"] == "rawhrs"
    assert len(policy_api.role_policies(estate)) > policy_api.POLICY_PAGE
