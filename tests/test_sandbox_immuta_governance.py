"""Policies, tags, purposes, projects and domains of the sandbox's Govern, and that they fit its people and sources."""

import re
from typing import Any

import httpx
import pytest
from sandbox_fixture import API, GOVERN, REQUEST, estate, get, http

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.groups import groups
from pipeline.sandbox.immuta.people_api import accounts
from pipeline.sandbox.immuta.policies import MASKED_TAGS, POLICIES, local_subscription
from pipeline.sandbox.vocabulary import DOMAINS

__all__ = ["estate", "http"]


def clauses(http: httpx.Client) -> list[dict[str, Any]]:
    """Every condition that a global policy or a source's own has."""
    found = [local_subscription(at) for at in range(len(DOMAINS))]
    for policy in get(http, "/policy/global", GOVERN):
        found += [rule for action in policy["actions"] for rule in action.get("rules", [action])]
    return [
        condition for one in found for condition in (one["exceptions"] or {}).get("conditions", [])
    ]


def test_policies_are_of_every_kind(http: httpx.Client) -> None:
    """Staged, deleted, made by Immuta, templates, copies; every way in; certified and restricted ones."""
    found = get(http, "/policy/global", GOVERN)
    for key in ("staged", "deleted", "systemGenerated", "template", "clonedFrom", "certification",
                "ownerRestrictions"):  # fmt: skip
        assert {bool(policy[key]) for policy in found} == {True, False}, key
    actions = [one for policy in found for one in policy["actions"]]
    ways = [one for one in actions if one["type"] == "subscription"]
    assert {one["subscriptionType"] for one in ways} == {
        "automatic",
        "approval",
        "policy",
        "manual",
    }
    assert {one["shareResponsibility"] for one in ways} == {True, False}
    assert any(one.get("advanced") for one in ways)
    assert len({policy.masking for policy in POLICIES if policy.type == "data"}) >= 9
    assert set(MASKED_TAGS) < {policy.tag for policy in POLICIES}


def test_conditions_name_what_there_is(http: httpx.Client, estate: Estate) -> None:
    """Groups, attributes and purposes of policies are those of the tenant, but for the partners of old."""
    names = {group.name for group in groups(estate)}
    held = {
        (name, value)
        for row in accounts(estate)
        for name, values in row["authorizations"].items()
        for value in values
    }
    known = {
        row["name"] for row in get(http, "/governance/purpose", GOVERN, noLimit=True)["purposes"]
    }
    kinds: set[str] = set()
    for one in clauses(http):
        kinds.add(one["type"])
        if one["type"] == "groups":
            assert one["group"]["name"] in names | {"Partner sign-in"}
        elif one["type"] == "authorizations":
            assert (one["authorization"]["auth"], one["authorization"]["value"]) in held
        else:
            assert one["value"] in known
    assert kinds == {"groups", "authorizations", "purposes"}


def test_policies_explain_a_part_of_the_access(estate: Estate) -> None:
    """Of whoever reads under the policy of departments, some are in one of them and some are not."""
    covered = {"Sales", "Finance", "Risk", "Claims"}
    inside = [
        DOMAINS[row.person.domain].title in covered
        for source in estate.data_sources
        if source.has_global_policy
        for row in source.access(estate.people)
        if row.person and row.state == "subscribed"
    ]
    assert 0.3 < sum(inside) / len(inside) < 0.7


def test_tags_stand_below_others(http: httpx.Client) -> None:
    """Every tag has the one above it in the list, names repeat between sources only, and a filter filters."""
    found = get(http, "/tag", GOVERN, includeAllSystemTags=True)
    names = {tag["name"] for tag in found}
    above = {name.rpartition(".")[0] for name in names if "." in name}
    assert above <= names
    assert len({tag["id"] for tag in found}) == len(found)
    assert len({(tag["name"], tag["source"]) for tag in found}) == len(found) > len(names)
    assert {tag["deleted"] for tag in found} == {True, False}
    foreign = get(http, "/tag", GOVERN, source="Collibra")
    assert foreign == [tag for tag in found if tag["source"] == "Collibra"]
    assert get(http, "/tag", GOVERN, excludedSource="Collibra", limit=5) == found[:5]


def test_tags_that_immuta_made_are_shown_as_asked_for(http: httpx.Client) -> None:
    """All of them, none, or without a word those that are not deleted; the others come always."""
    whole = get(http, "/tag", GOVERN, includeAllSystemTags=True)
    made = [tag for tag in whole if tag["systemCreated"]]
    assert {tag["deleted"] for tag in made} == {True, False}
    unasked = [tag for tag in whole if tag not in made or not tag["deleted"]]
    assert get(http, "/tag", GOVERN) == unasked
    without = [tag for tag in whole if tag not in made]
    assert get(http, "/tag", GOVERN, includeAllSystemTags=False) == without


def applied(http: httpx.Client, **body: Any) -> tuple[list[str], int]:
    """Names of the tags that a search for applied ones brings, and how many it says there are."""
    found = http.post(f"{API}/metadata/tags/applied/search", json=body, headers=REQUEST)
    answer = found.raise_for_status().json()
    return [row["name"] for row in answer["data"]], answer["total"]


def test_applied_tags_are_searched_by_place_kind_and_name(
    http: httpx.Client, estate: Estate
) -> None:
    """Of all sources, of some, of a product's; ten at a time unless asked otherwise, and none of a disabled source."""
    every, total = applied(http, limit=1000)
    assert len(every) == total > 10
    assert applied(http) == (every[:10], total)
    assert applied(http, offset=10, limit=5) == (every[10:15], total)
    columns, sources = (
        applied(http, modelType=kind, limit=1000)[0] for kind in ("column", ["datasource"])
    )
    assert {*columns, *sources} == {*every}
    assert set(sources) == {
        DOMAINS[one.dataset.domain].title for one in estate.data_sources if not one.deleted
    }
    product = next(one for one in estate.products if one.sources)
    ids = [one.id for one in product.sources]
    assert applied(http, dataProductId=product.id) == applied(http, dataSourceIds=ids)
    assert applied(http, dataProductId="nothing") == ([], 0)
    gone = [one.id for one in estate.data_sources if one.deleted]
    assert gone
    assert applied(http, dataSourceIds=gone) == ([], 0)
    assert applied(http, searchText="discovered.", limit=1000)[0] == [
        one for one in every if one.startswith("Discovered.")
    ]


@pytest.mark.parametrize(
    "body", [{"limit": 0}, {"offset": -1}, {"limit": "all"}, [], {"dataSourceIds": "1"}]
)
def test_a_search_for_applied_tags_must_make_sense(http: httpx.Client, body: Any) -> None:
    """What the description forbids is refused."""
    found = http.post(f"{API}/metadata/tags/applied/search", json=body, headers=REQUEST)
    assert found.status_code == 400


def test_projects_page_by_size(http: httpx.Client, estate: Estate) -> None:
    """Projects page by size and row offset up to their count; each has an answer of its own that says more."""
    found: list[dict[str, Any]] = []
    while True:
        page = get(http, "/project", GOVERN, size=7, offset=len(found))
        found += page["hits"]
        if len(page["hits"]) < 7:
            break
    assert [row["id"] for row in found] == [one.id for one in estate.projects]
    assert page["count"] == len(found)
    for row in found:
        whole = get(http, f"/project/{row['id']}", GOVERN)
        assert len(whole["purposes"]) == row["purposeCount"]
        assert any(one["deleted"] for one in whole["purposes"]) == row["hasDeletedPurposes"]
        assert "dataSourceIds" not in whole
        assert {key: whole[key] for key in ("name", "status", "type")} == {
            key: row[key] for key in ("name", "status", "type")
        }
    assert {row["type"] for row in found} == {"user", "schema"}
    assert {row["deleted"] for row in found} == {True, False}


def test_members_and_sources_of_projects(http: httpx.Client, estate: Estate) -> None:
    """Every project has an owner; agreements are there, missing or not said; sources are the estate's."""
    states: set[str] = set()
    agreements: set[Any] = set()
    for project in estate.projects:
        members = get(http, f"/project/{project.id}/members", GOVERN)["members"]
        assert [row["state"] for row in members].count("owner") == 1
        assert len({row["profile"] for row in members}) == len(members)
        states |= {row["state"] for row in members}
        agreements |= {
            row["compliance"] and row["compliance"]["isMissingPurposeAcknowledgement"]
            for row in members
        }
        sources = get(http, f"/project/{project.id}/dataSources", GOVERN)["dataSources"]
        assert all(row["dataSourceId"] in estate.data_source_by_id for row in sources)
    assert states == {"owner", "subscribed", "pending"}
    assert agreements == {True, False, None}
    assert any(project.sources for project in estate.projects)


def test_the_text_of_a_purpose_changed_after_members_agreed(
    http: httpx.Client, estate: Estate
) -> None:
    """Some are listed as having agreed who joined before the text was what it is now."""
    changed = {row["id"]: row["updatedAt"] for row in
               get(http, "/governance/purpose", GOVERN, noLimit=True)["purposes"]}  # fmt: skip
    late = [
        member["profile"]
        for project in estate.projects
        for member in get(http, f"/project/{project.id}/members", GOVERN)["members"]
        if member["compliance"]
        and not member["compliance"]["isMissingPurposeAcknowledgement"]
        and any(changed[one.id] > member["updatedAt"] for one in project.purposes)
    ]
    assert late


def test_purposes_stand_below_others(http: httpx.Client) -> None:
    """Ten come unless all are asked for; one by itself has those below it if asked."""
    whole = get(http, "/governance/purpose", GOVERN, noLimit=True)
    assert len(whole["purposes"]) == whole["count"]
    assert len(get(http, "/governance/purpose", GOVERN)["purposes"]) <= 10
    first = get(http, "/governance/purpose/1", GOVERN, includeSubpurposes=True)
    assert [one["name"] for one in first["subpurposes"]] == ["Research.Clinical Trials"]
    assert "subpurposes" not in get(http, "/governance/purpose/1", GOVERN)


def test_domains_and_what_they_hold(http: httpx.Client, estate: Estate) -> None:
    """By tag and by hand; one that was deleted is still named by its sources, and has no address."""
    found = get(http, "/domain", GOVERN, size=100)["data"]
    assert {row["assignmentType"] for row in found} == {"dynamic", "manual"}
    by_name = {row["name"]: row["id"] for row in found}
    sizes = {
        name: len(get(http, f"/domain/{number}/datasources", GOVERN, size=5000)["data"])
        for name, number in by_name.items()
    }
    assert sizes["Archive"] == 0 < sizes["Reference Data"] < sizes["Risk"]
    detail = get(http, "/dataSource", GOVERN, size=5000)["hits"]
    named = {row["domainId"] for row in detail}
    (gone,) = named - set(by_name.values())
    assert http.get(f"/domain/{gone}/datasources", headers=GOVERN).status_code == 404
    held = get(http, f"/domain/{by_name['Finance']}/permissions", GOVERN)["data"]
    assert {row["name"] for row in held if "groupId" in row} == {"Dept Finance"}
    assert any(row["name"] is None for row in held)


def test_what_is_not_there_is_refused(http: httpx.Client) -> None:
    """Every address of one thing answers 404 in the shape of Govern for a thing that is not there."""
    for path in ("/project/1", "/project/1/members", "/project/1/dataSources", "/project/1/checkEqualizationState",
                 "/governance/purpose/999", "/domain/x", "/domain/x/permissions"):  # fmt: skip
        answer = http.get(path, headers=GOVERN)
        assert answer.status_code == 404
        assert re.search("not found", answer.json()["message"])
