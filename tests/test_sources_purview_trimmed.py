"""Lists of Purview that lack what others name: a hole in them, and in what lies in collections that are not shown."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from collecting import Clock, loaded, rows, staging_at, store_at
from sandbox_fixture import DAY

from pipeline import config, run
from pipeline.clients import planes_of
from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.collect.walked import Walked
from pipeline.sandbox import server, signin
from pipeline.sandbox.weather import faults
from pipeline.sandbox.weather.calls import Answer, Call, Layer, Proceed
from pipeline.sources import purview
from pipeline.sources.purview import (
    account,
    entities,
    listings,
    policy_store,
    roles,
    scanning,
    search,
    types,
)
from pipeline.warehouse import wholeness
from pipeline.warehouse.home import connect

SOURCE = purview.part(search, entities, types, account, scanning, policy_store, listings)
ASSETS = 30
COLLECTIONS, SOURCES = "/account/collections", "/scan/datasources"
DEPENDENT = {"collection_domain", "contact_assignment", "data_source", "metadata_policy", "search"}
"""Lists that lack what lies in collections that are not shown."""
LACKING = {
    COLLECTIONS: {"hole": "rawmkt", "moved": "curmkt", "gone": "rawclm", "refused": "curclm"},
    SOURCES: {
        "hole": "PowerBI-01", "moved": "PowerBI-02", "gone": "Snowflake-01", "refused": "Snowflake-02",
    },
}  # fmt: skip
"""By list, what it does not have, and what comes of asking about it alone."""
FAULTS = {"gone": faults.answering(404), "refused": faults.answering(403)}
Change = Callable[[str, Any], None]


@dataclass(frozen=True)
class Night:
    """What a collection of these planes brought."""

    complete: bool
    gaps: Mapping[tuple[str, str], str]
    differences: list[tuple[Any, ...]]
    calls: Mapping[str, int]
    unread: Mapping[str, list[str]]


def altering(change: Change) -> Layer:
    """A layer that lets `change` alter every page, by its path."""

    async def layer(call: Call, proceed: Proceed) -> Answer:
        answer = await proceed(call)
        page = answer.page()
        if page is None:
            return answer
        change(call.path, page)
        return answer.saying(page)

    return layer


def night(
    path: Path,
    change: Change = lambda _path, _page: None,
    *,
    token: str = signin.PURVIEW_TOKEN,
    **options: Any,
) -> Night:
    """A collection with a token from a sandbox whose pages are altered."""
    clock, store = Clock(), store_at(path)
    with (
        server.running(assets=ASSETS, as_of=DAY, layers=[altering(change)], **options) as url,
        staging_at(path, store) as staging,
    ):
        plane = Plane(url, StaticToken(token))
        client = Client(
            SOURCE,
            {endpoint.plane: plane for endpoint in SOURCE.endpoints},
            Pace(1e6, clock=clock, sleep=clock.sleep),
            store,
            sleep=clock.sleep,
        )
        try:
            outcomes = collect({SOURCE.name: client}, staging, workers=4, skip={})
            complete = reconcile(staging, outcomes)
        finally:
            client.close()
            store.close()
        gaps = rows(staging, "select endpoint, key, reason from gap")
        query = "select about, key, missing_in, cause, hole from listing_difference"
        tables = ("collection", "asset", "contact", "data_source", "scan_run", "role_assignment")
        return Night(
            complete,
            {(endpoint.removeprefix("purview."), key): reason for endpoint, key, reason in gaps},
            rows(staging, query),
            {outcome.endpoint.name: outcome.calls for outcome in outcomes},
            {table: wholeness.unread(staging.con, [table]) for table in tables},
        )


def without(page: Any, names: set[str]) -> None:
    """Takes things out of a page of a list, and out of its count."""
    page["value"] = [one for one in page["value"] if one["name"] not in names]
    page["count"] -= len(names)


@pytest.fixture(scope="module")
def lacking(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A night on which two lists do not have what others name."""
    made = "2999-01-01T00:00:00Z"

    def change(path: str, page: Any) -> None:
        if path in LACKING:
            without(page, set(LACKING[path].values()))
        if path == f"{COLLECTIONS}/{LACKING[COLLECTIONS]['moved']}":
            page["systemData"]["createdAt"] = made
        if path == f"{SOURCES}/{LACKING[SOURCES]['moved']}":
            page["properties"]["createdAt"] = made

    hidden = {
        f"{path}/{key}": FAULTS[cause]
        for path, found in LACKING.items()
        for cause, key in found.items()
        if cause in FAULTS
    }
    return night(tmp_path_factory.mktemp("lacking"), change, faults=hidden)


def test_what_other_lists_name_is_asked_for_alone(lacking: Night) -> None:
    """It is there, or came during the walk, or is gone, or is refused; nothing else is asked for."""
    assert sorted(lacking.differences) == sorted(
        (about, key, f"purview.{name}", cause, cause == "hole")
        for about, name, path in (
            ("collection", "collection", COLLECTIONS),
            ("data source", "data_source", SOURCES),
        )
        for cause, key in LACKING[path].items()
    )
    assert (lacking.calls["collection_alone"], lacking.calls["data_source_alone"]) == (4, 4)


def test_a_list_that_lacks_something_is_a_gap_and_so_is_what_depends_on_it(lacking: Night) -> None:
    """The reason names what is there and what is refused; what moved or is gone is no reason."""
    assert not lacking.complete
    refused = {("collection_alone", "curclm"), ("data_source_alone", "Snowflake-02")}
    assert lacking.gaps.keys() == refused | {(name, "*") for name in {"collection", *DEPENDENT}}
    assert (
        "others name 1 that it lacks (purview.collection): rawmkt"
        in lacking.gaps["collection", "*"]
    )
    assert "others name 1 that it lacks (purview.entity): PowerBI-01" in lacking.gaps["data_source", "*"]  # fmt: skip
    reason = lacking.gaps["search", "*"]
    assert reason.startswith("of collections only a part is shown: ")
    assert "rawmkt" in reason
    assert (
        "the API does not answer about, 1 that it lacks (purview.metadata_policy): curclm" in reason
    )
    assert "rawclm" not in reason
    assert all(lacking.unread.values())


def test_an_identity_with_roles_on_a_branch_alone_misses_the_rest(tmp_path: Path) -> None:
    """Every list is as long as it says; the root that is not shown gives away that they are parts."""
    found = night(tmp_path, token=signin.NARROW_PURVIEW_TOKEN)
    assert not found.complete
    assert found.gaps.keys() >= {(name, "*") for name in {"collection", *DEPENDENT}}
    assert "no root: this identity is shown a part of the tree" in found.gaps["search", "*"]
    assert found.gaps["collection_alone", "sandbox"] == "HTTP 403"
    assert ("collection", "sandbox", "purview.collection", "refused", False) in found.differences
    assert found.unread["asset"] == ["purview.search was not read completely"]
    assert all(found.unread.values())


ROOT: dict[str, Any] = {"name": "Utility-pv"}
TREE = {"count": 2, "value": [ROOT, {"name": "sub001", "parentCollection": {"referenceName": "parent"}}]}  # fmt: skip
DOMAINS = ("platform_domain", None, {"value": [{"name": "utility-pv"}, {"name": "other-pv"}]})


def within(name: str, **more: str) -> dict[str, Any]:
    return {"collection": {"referenceName": name}, **more}


POLICIES = [
    {"id": "p", "properties": within("of-policy", parentCollectionName="above-policy")},
    # names differ in case only, and a platform domain is no collection
    {"id": "q", "properties": within("utility-PV", parentCollectionName="other-pv")},
]


@contextmanager
def pages(path: Path, *found: tuple[str, str | None, Any]) -> Iterator[Any]:
    """Staging with these pages, and the account that its root collection is named after."""
    kept = [(name, key, json.dumps(body).encode()) for name, key, body in found]
    with loaded(path, SOURCE, [("account", None, b'{"name": "Utility-pv"}'), *kept]) as staging:
        yield staging


def asked(staging: Any, name: str) -> list[str]:
    """What an endpoint of the listings would ask for."""
    [endpoint] = [one for one in listings.ENDPOINTS if one.name == name]
    return list(staging.keys(SOURCE, endpoint).texts())


def test_every_list_that_names_a_thing_counts(tmp_path: Path) -> None:
    """Collections are named by those below them, hits, data sources, scans and policies; data sources by assets."""
    entities = [
        {"guid": guid, "typeName": "x_table", "sourceDetails": {"ScanResourceId": scan}}
        for guid, scan in (("a", "datasources/Lake/scans/S"), ("b", "datasources/Snow/scans/S"), ("c", ""))
    ]  # fmt: skip
    hits = [{"id": one["guid"], "entityType": "x_table", "collectionId": "of-hit"} for one in entities]  # fmt: skip
    given = [
        ("collection", None, TREE),
        DOMAINS,
        ("search", "elsewhere", {"value": hits}),
        ("entity", None, {"entities": entities}),
        ("data_source", None, {"value": [{"name": "lake", "properties": within("of-source")}]}),
        ("scan", "lake", {"value": [{"name": "S", "properties": within("of-scan")}]}),
        ("metadata_policy", None, {"values": POLICIES}),
    ]
    named = ["above-policy", "of-hit", "of-policy", "of-scan", "of-source", "parent"]
    with pages(tmp_path, *given) as staging:
        assert asked(staging, "collection_alone") == named
        assert asked(staging, "data_source_alone") == ["Snow"]


@pytest.mark.parametrize(
    "listed",
    [None, TREE | {"count": 3, "value": TREE["value"][1:]}, TREE | {"nextLink": "https://x.example"}],
    ids=["refused", "short", "unfinished"],
)  # fmt: skip
def test_a_list_that_was_not_read_to_its_end_tells_nothing(tmp_path: Path, listed: Any) -> None:
    """It is a gap of its own: nobody is asked what it lacks, and assets are counted without it."""
    given = [] if listed is None else [("collection", None, listed)]
    with pages(tmp_path, *given, ("metadata_policy", None, {"values": POLICIES})) as staging:
        assert asked(staging, "collection_alone") == []
        assert rows(staging, "from purview.trimmed_list") == []


@pytest.mark.parametrize("listed", [TREE["value"][1:], []], ids=["a branch", "nothing"])
def test_a_tree_without_its_root_is_a_part(tmp_path: Path, listed: Any) -> None:
    """Whoever is shown no root, or nothing at all, sees only what lies in some collections."""
    page = {"count": len(listed), "value": listed}
    with pages(tmp_path, ("collection", None, page)) as staging:
        found = {name for (name,) in rows(staging, "select missing_in from purview.trimmed_list")}
    assert found == {f"purview.{name}" for name in {"collection", "audit_event", *DEPENDENT}}


PAYLOADS = Path(__file__).parent / "payloads" / "purview"
ADMIN, OTHER_ADMIN, GROUP, GUEST = (
    f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb", "dd", "ee")
)


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    """A root collection on which a person administrates and a group reads, with one below it."""
    names = ("collection", "metadata_role", "metadata_policy")
    found = [(name, None, (PAYLOADS / f"{name}.json").read_bytes()) for name in names]
    with loaded(tmp_path_factory.mktemp("policies"), SOURCE, found) as staging:
        yield staging


@pytest.mark.parametrize(
    ("claims", "lists"),
    [
        ({}, set()),
        ({"oid": ADMIN}, {"data_source"}),
        ({"oid": ADMIN, "groups": [GROUP.upper()]}, {"data_source"}),
        ({"oid": ADMIN, "groups": []}, {"data_source", "search"}),
        ({"oid": OTHER_ADMIN, "groups": [GROUP]}, {"data_source", "metadata_policy"}),
        ({"oid": GUEST}, {"data_source", "metadata_policy"}),
    ],
)
def test_a_role_that_is_lacking_on_the_root_trims_lists(
    policies: Staging, claims: dict[str, Any], lists: set[str]
) -> None:
    """For certain: what a group holds may be the identity's, unless its token names its groups."""
    outcomes = [Walked(SOURCE, endpoint) for endpoint in SOURCE.endpoints]
    roles.note_lacking(policies, outcomes, claims)
    found = {one.endpoint.name: one.missing for one in outcomes if one.missing}
    assert found.keys() == lists
    # the evidence is the policy of the root
    [(page,)] = rows(
        policies, "select page_id from metadata_policy where collection_id = 'utility-pv'"
    )
    for [missing] in found.values():
        assert (missing.key, policies.page_id(missing.seq)) == ("*", page)
        assert "on the root collection: a part is left out unsaid" in missing.reason


def test_a_run_asks_what_the_bearer_of_its_token_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of data sources is a part for whoever does not administrate them, however long it says it is."""
    source = purview.part(account, scanning, policy_store)

    def change(path: str, page: Any) -> None:
        for policy in page.get("values", ()) if path.endswith("metadataPolicies") else ():
            text = json.dumps(policy)
            policy.update(json.loads(text.replace(signin.OBJECT_ID, GUEST)))

    def clients(_config: Any, planes: Any, kept: Any) -> dict[str, Client]:
        return {source.name: Client(source, planes["purview"], Pace(1e6), kept)}

    monkeypatch.setattr(run, "build_clients", clients)
    store = store_at(tmp_path)
    staging = Staging(tmp_path / "staging.duckdb", store, 1)
    layers = [altering(change)]
    with server.running(assets=ASSETS, as_of=DAY, layers=layers) as url, httpx.Client() as sign_in:
        settings = config.for_sandbox(config.Config(), {"url": url, **server.credentials(1)})
        found = run._collect(settings, planes_of(settings, sign_in), store, staging, run.NOTHING)
    assert not found.complete
    with connect(staging.path, read_only=True) as con:
        gaps = dict(con.execute("select endpoint, reason from gap where key = '*'").fetchall())
    reason = gaps["purview.data_source"]
    assert reason.startswith("this identity lacks Data Source Administrator on the root collection")
