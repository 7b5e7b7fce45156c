"""What one list of Govern names and another one lacks: each trimmed list is a hole, and what is gone or may be is none."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import request_app
from collecting import loaded, rows
from estate_fixture import Rows
from sandbox_fixture import DAY

from pipeline.collect.staging import Staging
from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.immuta import govern_rows, source_access
from pipeline.sandbox.immuta.domains import sources_of
from pipeline.sandbox.immuta.products import domain_id
from pipeline.sandbox.vocabulary import DOMAINS
from pipeline.sandbox.weather import faults
from pipeline.sandbox.weather.calls import Answer, Call, Layer, Proceed
from pipeline.sources import immuta
from pipeline.sources.immuta import (
    connections,
    data_sources,
    dictionaries,
    domains,
    govern_listings,
    people,
    policies,
    projects,
)

ASSETS = 60
SOURCE = immuta.part(
    data_sources, dictionaries, connections, policies, projects, domains, people, govern_listings
)
GONE, REFUSED = 99_901, 99_902
COMPARED = {
    "tag": ("dictionary", "tag"),
    "policy": ("data_source_detail", "policy"),
    "purpose": ("project_detail", "purpose"),
    "source": ("domain_source", "data_source"),
    "project": ("pending_subscription", "project"),
    "domain": ("data_source", "domain"),
    "user": ("group_member", "user"),
    "pending subscription": ("access", "pending_subscription"),
}
"""What lists are held against each other about: one that names it, and the one that should have it."""
Page = tuple[str, str | None, bytes]
DIFFERENCES = "select about, key, listed_in, missing_in, cause, hole from listing_difference"


@dataclass(frozen=True)
class Night:
    """What came of a collection: differences by what they are about, gaps, and whether nothing is missing."""

    differences: dict[tuple[str, str], tuple[Any, ...]]
    gaps: dict[tuple[str, str], str]
    complete: bool


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def cut(estate: Estate) -> dict[str, str]:
    """What each list will lack, by what it is about: something that another list names."""
    live = [one for one in estate.data_sources if not one.deleted]
    tagged = next(
        entry for one in live if one.has_dictionary for entry in one.dictionary() if entry.tags
    )
    on = [policy for one in live for policy in govern_rows.detail(estate, one)["globalPolicies"]]
    waiting = next(source_access.pending(estate))
    business = live[0].dataset.domain
    [source, *_] = [
        one
        for project in estate.projects
        for one in project.sources
        if one in sources_of(estate, DOMAINS[one.dataset.domain].title)
        and one.dataset.domain != business
        and one.id != waiting["model"]["id"]
    ]
    return {
        "tag": tagged.tags[0],
        "policy": str(next(policy["id"] for policy in on if not policy["disabled"])),
        "purpose": str(next(p for one in estate.projects for p in one.purposes).id),
        "source": str(source.id),
        "project": str(estate.projects[-1].id),
        "domain": domain_id(estate.seed, business),
        "user": str(next(one for one in estate.immuta_people if not one.disabled).profile_id),
        "pending subscription": f"{waiting['model']['id']}.{waiting['entity']['id']}",
    }  # fmt: skip


def without(page: dict[str, Any], items: str, victim: Any, *place: str) -> None:
    """Takes what has the victim at the place out of a list, and out of its count."""

    def there(row: Any) -> Any:
        for name in place:
            row = row[name]
        return row

    kept = [row for row in page[items] if there(row) != victim]
    if "count" in page:
        page["count"] -= len(page[items]) - len(kept)
    page[items] = kept


def asking(number: int, model: str, model_id: int, who: int = 9) -> dict[str, Any]:
    """A request that waits for approval."""
    return {
        "id": number,
        "model": {"type": model, "id": model_id},
        "entity": {"type": "profile", "id": who},
    }


def trimming(cut: dict[str, str]) -> Layer:
    """A layer that leaves one thing out of each list of Govern, and lets one project name two further purposes
    and one request the project that is left out."""
    named: list[str] = []

    async def layer(call: Call, proceed: Proceed) -> Answer:
        answer = await proceed(call)
        page = answer.page()
        match call.path:
            case "/tag":
                page = [row for row in page if row["name"] != cut["tag"]]
            case "/policy/global":
                page = [row for row in page if str(row["id"]) != cut["policy"]]
            case "/governance/purpose":
                without(page, "purposes", int(cut["purpose"]), "id")
            case "/dataSource":
                without(page, "hits", int(cut["source"]), "id")
            case "/project":
                without(page, "hits", int(cut["project"]), "id")
            case "/domain":
                without(page, "data", cut["domain"], "id")
            case "/bim/user":
                without(page, "hits", int(cut["user"]), "profile", "id")
            case "/subscription/getPendingRequestsForUser":
                without(page, "hits", int(cut["pending subscription"].split(".")[0]), "model", "id")
                page["hits"].append(asking(1, "project", int(cut["project"])))
                page["count"] += 1
            case path if path.startswith("/project/") and path.count("/") == 2:
                if (named or [path])[0] == path:
                    named.append(path)
                    page["purposes"] += [
                        {"id": number, "name": f"Purpose {number}"} for number in (GONE, REFUSED)
                    ]
            case _:
                return answer
        return answer.saying(page)

    return layer


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, cut: dict[str, str]) -> Iterator[Night]:
    """One collection in which every list of Govern lacks one thing, and one purpose is refused by itself."""
    refused = {f"/governance/purpose/{REFUSED}": faults.answering(403)}
    with (
        pytest.MonkeyPatch.context() as patch,
        server.running(assets=ASSETS, as_of=DAY, layers=[trimming(cut)], faults=refused) as url,
    ):
        patch.setattr(request_app, "SOURCE", SOURCE)
        with request_app.collected(url, tmp_path_factory.mktemp("night")) as found:
            yield Night(
                {row[:2]: row[2:] for row in rows(found.staging, DIFFERENCES)},
                {
                    row[:2]: row[2]
                    for row in rows(found.staging, "select endpoint, key, reason from gap")
                },
                found.complete,
            )


@pytest.mark.parametrize("about", COMPARED)
def test_a_trimmed_list_is_a_hole(night: Night, cut: dict[str, str], about: str) -> None:
    """What another list names and this one, read to its end, has not: a difference, and a gap that names it."""
    listed_in, missing_in = COMPARED[about]
    found = night.differences[about, cut[about]]
    assert found == (f"immuta.{listed_in}", f"immuta.{missing_in}", "hole", True)
    # a source can be asked for by itself; of the other lists nobody knows what else they lack
    key = cut[about] if about == "source" else "*"
    assert cut[about] in night.gaps[f"immuta.{missing_in}", key]
    assert not night.complete


def test_what_is_asked_about_by_itself_is_gone_or_refused(night: Night) -> None:
    """One that the API has no more is no hole, and one that it does not answer for is a gap of its own."""
    assert night.differences["purpose", str(GONE)][2:] == ("gone", False)
    assert night.differences["purpose", str(REFUSED)][2:] == ("refused", False)
    assert ("immuta.purpose_alone", str(REFUSED)) in night.gaps


def test_nothing_else_differs(night: Night, cut: dict[str, str]) -> None:
    """But for people who left, whom groups and projects name still; every gap belongs to a list that was cut."""
    known = {*cut.items(), ("purpose", str(GONE)), ("purpose", str(REFUSED))}
    # the columns of the source that was cut are in the search over all of them only
    others = {
        key: said
        for key, said in night.differences.items()
        if key not in known and key[0] != "column"
    }
    assert {(about, *said[1:]) for (about, _), said in others.items()} == {
        ("user", "immuta.user", "unknown", False)
    }
    assert len(night.gaps) == len(cut) + 1


def page(name: str, key: str | None, said: Any) -> Page:
    return name, key, json.dumps(said).encode()


def project(number: int, *purposes: Any, **said: Any) -> Page:
    return page("project_detail", str(number), {"id": number, "purposes": purposes, **said})


def member(number: int, **said: Any) -> dict[str, Any]:
    return {"id": number, "profile": {"id": number}, **said}


PENDING = {"state": "pending", "createdAt": "2020-01-05T08:30:00Z"}
ADMITTED = {
    "type": "subscription",
    "exceptions": {"conditions": [{"type": "purposes", "value": "Told"}]},
}
PAGES = [
    page("data_source", None, {"count": 2, "hits": [{"id": 1, "domainId": "d1"}, {"id": 2, "deleted": True, "domainId": "d2"}]}),
    page("data_source_detail", "1", {
        "id": 1, "tags": [{"name": "Listed"}, {"name": "On source"}],
        "globalPolicies": [{"id": 1}, {"id": 2}, {"id": 3, "disabled": True}]}),
    page("data_source_detail", "2", {"id": 2, "globalPolicies": [{"id": 4}]}),
    page("dictionary", "1", {"metadata": [{"name": "a", "tags": [{"name": "On column"}, {"name": "Listed"}]}]}),
    page("dictionary", "2", {"metadata": [{"name": "a", "tags": [{"name": "Unused"}]}]}),
    page("access", "1", {"users": [
        {"profile": 21, "state": "owner"}, {"profile": 22, **PENDING}, {"profile": 23, **PENDING},
        {"profile": 24, "state": "pending", "createdAt": "2999-01-05T08:30:00Z"}]}),
    page("access", "2", {"users": [{"profile": 25, **PENDING}]}),
    page("pending_subscription", None, {"count": 3, "hits": [
        asking(7, "datasource", 1, 22), asking(8, "datasource", 4), asking(9, "project", 13)]}),
    page("domain", "domain", {"data": [{"id": "d1"}]}),
    page("tag", None, [{"id": 1, "name": "Listed"}]),
    page("policy", None, [{"id": 1, "type": "subscription", "actions": [ADMITTED]}]),
    page("purpose", None, {"purposes": [{"id": 1, "name": "Listed", "subpurposes": [{"id": 5, "name": "Listed.Below"}]}]}),
    page("project", None, {"hits": [{"id": 10}, {"id": 11}, {"id": 12}], "count": 3}),
    project(10, "By name", {"name": "Kept", "deleted": False}, {"id": 1, "name": "Listed"}, {"id": 5, "name": "Below"}),
    project(11, "None deleted", {"id": 6, "name": "Unlisted"}, hasDeletedPurposes=False),
    project(12, {"name": "Closed", "deleted": False}, deleted=True),
    page("project_source", "10", {"dataSources": [{"dataSourceId": 2}, {"dataSourceId": 3}]}),
    page("project_member", "10", {"members": [{"profile": 31, "state": "subscribed"}]}),
    page("govern_caller", None, {"id": 41, "permissions": []}),
    page("user", None, {"hits": [member(number) for number in (22, 24, 25)], "count": 3}),
    page("group_member", "1", {"hits": [
        member(51, disabled=False), member(52, disabled=True), member(53), member(31, disabled=True)]}),
]  # fmt: skip
"""Two sources, one of them disabled, and what is in no list of tags, policies, purposes, people and requests."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    with loaded(tmp_path_factory.mktemp("pages"), SOURCE, PAGES) as staging:
        return set(rows(staging, "select about, key, listed_in, cause from listing_difference"))


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ("tag", {("On source", "data_source_detail", "hole"), ("On column", "dictionary", "hole"),
                 ("Unused", "dictionary", "unknown")}),
        ("policy", {("2", "data_source_detail", "hole"), ("3", "data_source_detail", "unknown"),
                    ("4", "data_source_detail", "unknown")}),
        ("purpose", {("By name", "project_detail", "unknown"), ("Kept", "project_detail", "hole"),
                     ("None deleted", "project_detail", "hole"), ("Closed", "project_detail", "unknown"),
                     ("Told", "policy", "unknown")}),
        ("user", {("21", "access", "unknown"), ("23", "access", "unknown"), ("31", "group_member", "unknown"),
                  ("41", "govern_caller", "hole"), ("51", "group_member", "hole"),
                  ("52", "group_member", "unknown"), ("53", "group_member", "unknown")}),
        ("pending subscription", {("1.23", "access", "hole"), ("1.24", "access", "moved")}),
        # asked about by themselves, which nobody did here
        ("source", set()),
        ("project", set()),
        ("domain", set()),
    ],
)  # fmt: skip
def test_what_can_only_be_a_trimmed_list_is_a_hole(
    found: Rows, about: str, expected: set[tuple[str, str, str]]
) -> None:
    """What is in use is; what may be deleted, off or gone is a difference alone, and what is listed is none."""
    named = {(key, listed_in.removeprefix("immuta."), cause) for what, key, listed_in, cause in found
             if what == about}  # fmt: skip
    assert named == expected


def asked_for(staging: Staging, name: str) -> list[tuple[Any, ...]]:
    """What an endpoint would be asked about."""
    endpoint = next(one for one in SOURCE.endpoints if one.name == name)
    return list(staging.keys(SOURCE, endpoint))


def test_only_what_a_whole_list_lacks_is_asked_about(tmp_path: Path) -> None:
    """By itself, below the address that the tenant has for domains; of a list that was not read to its end
    nothing is known to be missing."""
    with loaded(tmp_path, SOURCE, PAGES, finish=False) as staging:
        assert asked_for(staging, "govern_source_alone") == [("3",), ("4",)]
        assert asked_for(staging, "project_alone") == [("13",)]
        assert asked_for(staging, "purpose_alone") == [("6",)]
        assert asked_for(staging, "govern_domain_alone") == [("d2", "domain")]
        staging.gone("immuta.domain", ["domain"])
        assert asked_for(staging, "govern_domain_alone") == [("d2", "collection")]
        staging.given_up("immuta.domain_older", ["collection"])
        assert asked_for(staging, "govern_domain_alone") == []
        for _, missing_in in COMPARED.values():
            staging.given_up(f"immuta.{missing_in}", ["*"])
        for name in (
            "govern_source_alone",
            "project_alone",
            "purpose_alone",
            "govern_domain_alone",
        ):
            assert asked_for(staging, name) == []
        staging.finish(SOURCE)
        assert rows(staging, DIFFERENCES + " where about <> 'column'") == []


def test_a_source_that_both_halves_of_immuta_name_is_missing_once(tmp_path: Path) -> None:
    """A project and a data product have it: it is one difference, with one gap."""
    there = {"id": 3, "createdAt": "2020-01-05T08:30:00Z"}
    pages = [
        page("data_source", None, {"hits": [], "count": 0}),
        page("project", None, {"hits": [{"id": 10}], "count": 1}),
        page("project_source", "10", {"dataSources": [{"dataSourceId": 3}]}),
        page("data_product", None, {"data": [{"id": "p1"}], "meta": {"nextToken": None}}),
        page("product_source_all", "p1", {"dataSources": [{"sourceId": "3"}]}),
        page("govern_source_alone", "3", there),
        page("source_alone", "3", there),
    ]
    asked = {"govern_source_alone": ["3"], "source_alone": ["3"]}
    with loaded(tmp_path, immuta.SOURCE, pages, asked=asked) as staging:
        assert rows(staging, DIFFERENCES + " where about = 'source'") == [
            ("source", "3", "immuta.project_source", "immuta.data_source", "hole", True)
        ]
