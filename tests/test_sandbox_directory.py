"""The sandbox's directory, over a socket: what Microsoft Graph answers, page by page, and to whom."""

from typing import Any

import httpx
import pytest
from sandbox_fixture import estate, get, http

from pipeline.sandbox import signin
from pipeline.sandbox.directory import entra
from pipeline.sandbox.directory.entra import Directory
from pipeline.sandbox.estate import Estate

__all__ = ["estate", "http"]

GRAPH = {"Authorization": f"Bearer {signin.GRAPH_TOKEN}"}
NOBODY = "00000000-0000-4000-a000-000000000000"


@pytest.fixture(scope="module")
def known(estate: Estate) -> Directory:
    return entra.of(estate)


def ask(http: httpx.Client, ids: list[Any]) -> httpx.Response:
    return http.post("/v1.0/directoryObjects/getByIds", json={"ids": ids}, headers=GRAPH)


def test_only_what_is_there_is_answered(http: httpx.Client, known: Directory) -> None:
    """Objects of every kind by id, without the properties that are not sent unasked; unknown ids are left out."""
    person, group, service = (
        next(iter(all_)) for all_ in (known.accounts, known.groups, known.services)
    )
    found = ask(http, [person, NOBODY, group.upper(), service]).raise_for_status().json()["value"]
    kinds = {one["id"]: one["@odata.type"].rpartition(".")[2] for one in found}
    assert kinds == {person: "user", group: "group", service: "servicePrincipal"}
    assert all("accountEnabled" not in one for one in found)


@pytest.mark.parametrize("ids", [[], ["no-guid"], [NOBODY] * 1001, [7]])
def test_a_wrong_question_is_refused(http: httpx.Client, ids: list[Any]) -> None:
    """None, too many, or one id that is none: the whole question is refused in Graph's shape."""
    answer = ask(http, ids)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "Request_BadRequest"


def test_a_user_is_found_by_id_and_by_name(http: httpx.Client, known: Directory) -> None:
    """Leavers whose accounts were removed are not; a renamed user has a new name and the old id."""
    renamed = next(a for a in known.accounts.values() if a.name.startswith("renamed."))
    params = {"$select": "id,accountEnabled,userPrincipalName", "$expand": "manager($select=id)"}
    for key in (renamed.person.object_id, renamed.name):
        found = get(http, f"/v1.0/users/{key}", GRAPH, **params)
        assert found["id"] == renamed.person.object_id
        assert (found["accountEnabled"], found["manager"]["id"]) == (
            renamed.enabled,
            renamed.manager,
        )
        assert "mail" not in found
    assert http.get(f"/v1.0/users/{renamed.person.mail}", headers=GRAPH).status_code == 404
    assert http.get(f"/v1.0/users/{NOBODY}", headers=GRAPH).status_code == 404


def test_guests_have_names_that_must_be_encoded(http: httpx.Client, known: Directory) -> None:
    """`#EXT#` in a name is no fragment."""
    guest = next(account for account in known.accounts.values() if account.is_guest)
    found = get(
        http, f"/v1.0/users/{guest.name.replace('#', '%23')}", GRAPH, **{"$select": "userType"}
    )
    assert found["userType"] == "Guest"


def test_members_come_page_by_page_with_those_of_inner_groups(
    http: httpx.Client, known: Directory
) -> None:
    """The address of the next page leads to the end; nobody comes twice, and no deleted account at all."""
    group = max(known.groups, key=lambda one: len(known.members(one)))
    url, came, turned = f"/v1.0/groups/{group}/transitiveMembers?$top=999", [], 0
    while url:
        page = http.get(url, headers=GRAPH).raise_for_status().json()
        came += [member["id"] for member in page["value"]]
        url, turned = page.get("@odata.nextLink"), turned + 1
    assert turned > 1
    assert sorted(came) == sorted(known.members(group))
    assert any(one in known.groups for one in came)


def test_the_directory_has_what_the_rules_look_for(estate: Estate, known: Directory) -> None:
    """Closed and removed accounts, groups that nobody is in any more, and owners of every kind."""
    people = {person.object_id for person in estate.people}
    owners = {one for data in estate.datasets for one in data.contacts(estate.people).owners if one}
    assert any(not account.enabled for account in known.accounts.values())
    assert people - known.accounts.keys()
    assert any(
        known.members(g) and not known.has_active_member(g) for g in owners & known.groups.keys()
    )
    assert any(known.has_active_member(g) for g in owners & known.groups.keys())
    assert owners & known.services.keys()
    assert owners <= people | known.groups.keys() | known.services.keys()


def test_graph_wants_a_token_of_its_own(http: httpx.Client) -> None:
    """A token for Purview does not open it."""
    for bearer in ("none", signin.PURVIEW_TOKEN, "a.b.c"):
        answer = http.get("/v1.0/users", headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert len(get(http, "/v1.0/users", GRAPH, **{"$top": 3})["value"]) == 3
