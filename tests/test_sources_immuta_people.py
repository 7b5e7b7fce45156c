"""People of Immuta: accounts and profiles, attributes, groups, and who asks."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from collecting import loaded, odd, rows
from command import muster, tenant
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_fixture import DAY, GOVERN, estate, get, http

from pipeline.collect.reconcile import reconcile
from pipeline.collect.walked import Walked
from pipeline.config import PURVIEW_PLANES
from pipeline.sandbox import server, signin
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import groups as sandbox_groups
from pipeline.sandbox.immuta import people_api
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import activity, people

__all__ = ["estate", "http"]

SOURCE = assembled("immuta", "pipeline.sources.immuta", (people, activity))
NOT_NEEDED = tuple(plane for plane in PURVIEW_PLANES if plane != "datamap")
TRIMMED = {
    "immuta.data_source", "immuta.policy", "immuta.user", "immuta.group", "immuta.iam",
    "immuta.activity", "immuta.project", "immuta.purpose", "immuta.data_product",
    "immuta.pending_subscription",
}  # fmt: skip
PRESENT = "select id, iam_id, user_id, permissions, disabled, accounts from immuta_user order by id"


def user(number: int, profile: int | None = None, **values: Any) -> dict[str, Any]:
    """An account as `/bim/user` answers it."""
    person = {"id": profile or number, "name": f"Person {number}", "email": "p@example.com"}
    return {"id": number, "iamid": "okta", "userid": f"p{number}", "profile": person} | values


def page(*hits: dict[str, Any]) -> bytes:
    return json.dumps({"hits": hits, "count": len(hits)}).encode()


def read(path: Path, pages: Sequence[tuple[str, str | None, bytes]], query: str) -> list[Any]:
    """The rows of a query after these pages were loaded."""
    with loaded(path, SOURCE, pages) as staging:
        return rows(staging, query)


def test_a_person_with_several_accounts_is_one_person(tmp_path: Path) -> None:
    """Permissions are those of all accounts; the one that is not disabled is shown."""
    accounts = page(
        user(1, 7, permissions=["AUDIT"], disabled=True),
        user(2, 7, iamid="saml", permissions=["GOVERNANCE", "AUDIT"], disabled=False),
        user(3, permissions=["B", "A"]),
        user(4, profile=None, disabled=True),
    )
    assert read(tmp_path, [("user", None, accounts)], PRESENT) == [
        (3, "okta", "p3", ["B", "A"], False, 1),
        (4, "okta", "p4", [], True, 1),
        (7, "saml", "p2", ["AUDIT", "GOVERNANCE"], False, 2),
    ]


def test_accounts_are_counted_as_the_server_counts_them(tmp_path: Path) -> None:
    """Two accounts of one profile are two items of the list; one without any number is lost."""
    nobody = {"iamid": "okta", "userid": "x", "profile": None}
    accounts = page(user(1, 7), user(2, 7, iamid="saml"), nobody)
    found = read(tmp_path, [("user", None, accounts)], "select key from immuta.user_item")
    assert len(found) == len(set(found)) == 2


@pytest.mark.parametrize(
    ("given_in_it", "found"),
    [
        ({}, []),
        (None, []),
        ([], []),
        ({"a": []}, []),
        ({"a": [None]}, []),
        ({"a": "x"}, [("a", "x", None)]),
        ({"a": ["x", "y", "x"], "b c": [7]}, [("a", "x", "bim"), ("a", "y", None), ("b c", "7", "iam")]),
        ({"a": True}, [("a", "true", None)]),
    ],
)  # fmt: skip
def test_attributes_are_under_authorizations(
    tmp_path: Path, given_in_it: object, found: list[Any]
) -> None:
    """One row per value, whether it stands alone or in a list, with where it was given."""
    one = user(5, authorizations=given_in_it, bimAuthorizations={"a": ["x"]} if found[1:] else None,
               iamAuthorizations={"b c": ["7"]})  # fmt: skip
    query = "select name, value, origin from immuta_attribute order by all"
    assert read(tmp_path, [("user", None, page(one))], query) == found


GIVEN = odd("a", "b")
ANY = st.fixed_dictionaries(
    {
        "authorizations": GIVEN,
        "bimAuthorizations": GIVEN,
        "iamAuthorizations": GIVEN,
        "disabled": GIVEN,
    }
)


@settings(max_examples=8)
@given(st.lists(ANY, min_size=1, max_size=4))
def test_any_attributes_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, many: list[dict[str, Any]]
) -> None:
    """Whatever is in them, the people are there, and no value comes twice."""
    listed = page(*(user(number) | values for number, values in enumerate(many, 1)))
    with loaded(tmp_path_factory.mktemp("any"), SOURCE, [("user", None, listed)]) as staging:
        assert rows(staging, "select count(*) from immuta_user") == [(len(many),)]
        keys = "principal_kind, principal_id, name, value"
        query = f"select {keys} from immuta_attribute group by all having count(*) > 1"
        assert rows(staging, query) == []


def test_groups_have_members_and_attributes(tmp_path: Path) -> None:
    """A member may be nobody that is known any more; the same person twice is one member."""
    group = {"id": 3, "iamid": "okta", "name": "Dept Sales", "gid": "dept-sales", "email": None,
             "authorizations": {"cost_center": ["CC01"]}, "createdAt": "2026-01-07T01:35:13.389Z"}  # fmt: skip
    member = {"id": 1, "group": 3, "iamid": "okta", "userid": "a", "profile": {"id": 90001}}
    pages = [
        ("group", None, page(group)),
        ("group_member", "3", page(member, member | {"id": 2, "iamid": "saml"})),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, "select id, iam_id, name, gid from immuta_group") == [
            (3, "okta", "Dept Sales", "dept-sales")
        ]
        query = "select group_id, profile_id from immuta_group_member"
        assert rows(staging, query) == [(3, 90001)]
        assert rows(staging, "select count(distinct key) from immuta.group_member_item") == [(2,)]
        query = "select principal_kind, principal_id, name, value from immuta_attribute"
        assert rows(staging, query) == [("group", 3, "cost_center", "CC01")]


def test_providers_are_named_in_either_spelling(tmp_path: Path) -> None:
    """`displayname` was seen, `displayName` is how everything else is written."""
    found = [{"id": "bim", "displayname": "A", "type": "x"}, {"id": "okta", "displayName": "B"}]
    pages = [("iam", None, json.dumps(found).encode())]
    query = "select id, display_name, type from immuta_iam order by id"
    assert read(tmp_path, pages, query) == [("bim", "A", "x"), ("okta", "B", None)]


def test_the_caller_is_told_per_plane(tmp_path: Path) -> None:
    """Govern's identity reads the activity too; the Request app may grant more on domains."""
    govern = {"id": 2, "userid": "svc", "permissions": ["AUDIT", None], "profile": {"id": 9}}
    request = {"username": "r@example.com", "globalPermissions": [], "collectionPermissions": {"d1": []}}  # fmt: skip
    pages = [
        ("govern_caller", None, json.dumps(govern).encode()),
        ("request_caller", None, json.dumps(request).encode()),
    ]
    query = "select plane, user_id, profile_id, permissions, on_domains from caller order by plane"
    assert read(tmp_path, pages, query) == [
        ("activity", "svc", 9, ["AUDIT"], []),
        ("govern", "svc", 9, ["AUDIT"], []),
        ("request", "r@example.com", None, [], ["d1"]),
    ]


def test_the_sandbox_has_the_oddities_of_people(http: httpx.Client, estate: Estate) -> None:
    """Machines, a mail address under two profiles, two accounts of one profile, departments as groups."""
    listed = get(http, "/bim/user", GOVERN, size=1000)
    assert listed["count"] == len(listed["hits"]) == len(list(people_api.accounts(estate)))
    assert any(one["systemGenerated"] for one in listed["hits"])
    mails = [one["profile"]["email"] for one in listed["hits"] if one["profile"]["email"]]
    profiles = [one["profile"]["id"] for one in listed["hits"]]
    assert len(set(mails)) < len(set(profiles)) < len(profiles)
    assert {one["iamid"] for one in listed["hits"]} == {one["id"] for one in get(http, "/bim/iam", GOVERN)}  # fmt: skip
    names = {one["name"] for one in get(http, "/bim/group", GOVERN, size=100)["hits"]}
    assert {"Dept Sales", "Dept Human Resources", "Everyone"} <= names
    gone = next(one for one in sandbox_groups.groups(estate) if one.gone)
    members = get(http, f"/bim/group/{gone.id}/user", GOVERN, size=100)["hits"]
    assert gone.gone in {one["profile"]["id"] for one in members} - set(profiles)
    assert http.get("/bim/group/999/user", headers=GOVERN).status_code == 404


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of a collection by an identity without permissions, judged."""
    folder = tmp_path_factory.mktemp("narrow")
    with server.running(assets=40, as_of=DAY) as url:
        keys = {"api_key": signin.NARROW_KEY, "request_token": signin.NARROW_TOKEN}
        tenant(folder, url, immuta=keys, purview={"skip": list(NOT_NEEDED)})
        ended = muster("collect", "--as-of", "2026-11-21", folder=folder, code=3)
    assert "not complete" in ended.err
    # what is judged is a part: that is no success, whatever the rules found
    muster("judge", "--fail-on", "critical", folder=folder, code=3)
    return folder / "data/warehouse.duckdb"


def asked(warehouse: Path, query: str) -> list[Any]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def test_what_could_not_be_seen_is_a_gap(narrow: Path) -> None:
    """The service answers as if its lists were whole; the run ends with 3, and every trimmed list is named."""
    gaps = dict(asked(narrow, "select endpoint, reason from gap where key = '*'"))
    words = dict(asked(narrow, "select endpoint, verdict from reconciliation"))
    assert gaps.keys() >= TRIMMED
    assert {words[name] for name in TRIMMED} == {"incomplete"}
    assert "without AUDIT a part is left out" in gaps["immuta.activity"]
    assert "this identity has no permission" in gaps["immuta.data_product"]
    # the evidence is what the service said of the identity
    query = "select endpoint from exchange where page_id = (select page_id from gap where endpoint = 'immuta.user')"
    assert asked(narrow, query) == [("immuta.govern_caller",)]
    # what is asked because of a trimmed list is not whole either
    assert words["immuta.group_member"] == words["immuta.access"] == "incomplete"


def test_rules_that_read_what_could_not_be_seen_are_not_evaluated(narrow: Path) -> None:
    """No verdict about what Immuta holds is a pass or a fail."""
    subjects = "('immuta_source', 'access_request', 'data_product')"
    query = (
        f"select count(*) from verdict where status <> 'not_evaluated' and subject in {subjects}"
    )
    assert asked(narrow, query) == [(0,)]
    query = (
        f"select count(*) > 0 from verdict where status = 'not_evaluated' and subject in {subjects}"
    )
    assert asked(narrow, query) == [(True,)]


def outcomes(path: Path, caller: bytes | None) -> Any:
    """Verdict and note of the list of users, read whole by whoever `caller` is."""
    pages = [("user", None, page(user(1)))] + ([("govern_caller", None, caller)] if caller else [])
    with loaded(path, SOURCE, pages) as staging:
        listed = next(one for one in SOURCE.endpoints if one.name == "user")
        walked = Walked(SOURCE, listed, planned=1, calls=1, items=1, first_total=1, last_total=1,
                        totals_stated=True)  # fmt: skip
        complete = reconcile(staging, [walked])
        return complete, *rows(staging, "select verdict, note from reconciliation")[0]


@pytest.mark.parametrize(
    ("permissions", "complete", "verdict"),
    [
        (["GOVERNANCE"], True, "reconciled"),
        (["USER_ADMIN", "x"], True, "reconciled"),
        (["AUDIT"], False, "incomplete"),
        ([], False, "incomplete"),
        (None, True, "weak"),
    ],
)
def test_one_of_the_permissions_is_enough(
    tmp_path: Path, permissions: list[str] | None, complete: bool, verdict: str
) -> None:
    """Without any a list is a part; where nobody could say who asks, it cannot be relied on."""
    caller = None if permissions is None else json.dumps({"permissions": permissions}).encode()
    assert outcomes(tmp_path, caller)[:2] == (complete, verdict)
