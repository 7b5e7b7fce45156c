"""`muster doctor`: what this identity sees of each plane, and which roles it lacks."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipeline.collect.auth import StaticToken
from pipeline.config import PURVIEW_PLANES, Config, for_sandbox
from pipeline.doctor import Check, examine, immuta, planes
from pipeline.doctor.standing import Standing
from pipeline.errors import RequestError
from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.signin import Tokens
from pipeline.sandbox.weather import faults
from pipeline.sources import immuta as sources
from pipeline.warehouse.home import Home

DAY = clock.parse_as_of("2026-11-21")
PLANES = {
    "purview.datamap", "purview.account", "purview.scanning", "purview.audit", "purview.policy_store",
    "purview.unified_catalog", "purview.data_assets", "purview.data_access", "purview.workflow", "immuta.govern", "immuta.request", "immuta.activity",
    "directory.graph",
}  # fmt: skip


@contextmanager
def sandbox(**options: Any) -> Iterator[Config]:
    """The configuration of a sandbox that serves for the block's time."""
    with server.running(assets=80, as_of=DAY, **options) as url:
        yield for_sandbox(Config(), {"url": url, **server.credentials(1)})


def examined(config: Config, folder: Path) -> dict[str, Check]:
    return {check.about: check for check in examine(config, Home(folder))}


def changed(config: Config, section: str, **values: Any) -> Config:
    """The configuration with some keys of a section set anew."""
    old = getattr(config, section)
    return config.model_copy(update={section: old.model_copy(update=values)})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Check]:
    with sandbox() as config:
        return examined(config, tmp_path_factory.mktemp("doctor"))


def test_there_is_one_line_per_plane(whole: dict[str, Check]) -> None:
    """Each says what is visible, and where it is."""
    assert whole.keys() >= PLANES
    assert {check.result for check in whole.values()} <= {"ok", "warning"}
    assert all(whole[plane].place.startswith("http://127.0.0.1") for plane in PLANES)
    assert "80 assets visible" in whole["purview.datamap"].detail
    assert "data sources visible" in whole["purview.scanning"].detail
    assert "business domains" in whole["purview.unified_catalog"].detail
    assert "data assets on" in whole["purview.data_assets"].detail
    assert "permissions Directory.Read.All" in whole["directory.graph"].detail


def test_collections_and_their_root_are_counted(whole: dict[str, Check]) -> None:
    """All of them are seen, from the root on."""
    assert (
        "collections visible, from the root collection sandbox" in whole["purview.account"].detail
    )


def test_every_collection_is_named_for_programs(whole: dict[str, Check]) -> None:
    """Where a line counts collections, the check has all of their names: the visible ones, and those that lack a role."""
    account, scanning = whole["purview.account"], whole["purview.scanning"]
    assert account.detail.startswith(f"{len(account.collections)} collections visible")
    count = re.search(r"lacks Data Source Administrator on (\d+) of", scanning.detail)
    assert count is not None
    assert len(scanning.collections) == int(count[1]) > planes.NAMED
    assert set(scanning.collections) < set(account.collections)


def test_roles_are_those_of_the_object_id_in_the_token(whole: dict[str, Check]) -> None:
    """On collections that take no roles over, the identity lacks those it has on the root."""
    assert signin.OBJECT_ID in whole["purview.policy_store"].detail
    assert "lacks Data Source Administrator on" in whole["purview.scanning"].detail
    assert "lacks Data Reader on" in whole["purview.datamap"].detail
    assert whole["purview.datamap"].result == "warning"


def test_roles_of_a_token_that_says_nothing_are_unknown(tmp_path: Path) -> None:
    """An opaque token signs in as well, but nobody can tell who it is."""
    with sandbox() as config:
        config = changed(config, "purview", token=SecretStr(signin.PURVIEW_TOKEN))
        config = changed(config, "directory", token=SecretStr(signin.GRAPH_TOKEN))
        found = examined(config, tmp_path)
    assert "unknown: the token does not say who it is" in found["purview.scanning"].detail
    assert "unknown: the token does not say" in found["directory.graph"].detail
    assert found["purview.scanning"].result == "ok"


@pytest.mark.parametrize(
    ("path", "plane", "role"),
    [
        ("/scan", "purview.scanning", "Data Source Administrator"),
        ("/policyStore", "purview.policy_store", "Collection Administrator"),
        ("/account/collections", "purview.account", "Data Reader"),
        ("/datamap/api/search", "purview.datamap", "Data Reader"),
    ],
)
def test_a_forbidden_plane_says_which_role_it_takes(
    tmp_path: Path, path: str, plane: str, role: str
) -> None:
    """403 is told with the least role that would do; the other planes are examined all the same."""
    with sandbox(faults={path: faults.answering(403)}) as config:
        found = examined(config, tmp_path)
    assert found[plane].result == "fails"
    assert f"HTTP 403: signed in, but without a role on this plane; the least role that reads it: {role}" in found[plane].detail  # fmt: skip
    assert {name for name in PLANES if found[name].result == "fails"} == {plane}
    if plane == "purview.policy_store":
        assert "lacking is unknown: metadata policies cannot" in found["purview.datamap"].detail


def test_planes_that_are_switched_off_are_not_asked(tmp_path: Path) -> None:
    """Nothing is sent to them, and roles that would be told by them are unknown."""
    hole = {"/account": faults.answering(500), "/policyStore": faults.answering(500), "/v1.0": faults.answering(500)}  # fmt: skip
    with sandbox(faults=hole) as config:
        config = changed(config, "purview", skip=("account", "policy_store"))
        config = changed(config, "directory", graph=False)
        found = examined(config, tmp_path)
    off = ("purview.account", "purview.policy_store", "directory.graph")
    assert {found[name].detail for name in off} == {"switched off by configuration"}
    assert "unknown: planes account and policy_store are" in found["purview.scanning"].detail


def test_a_wrong_secret_fails_every_plane_of_its_source(tmp_path: Path) -> None:
    """The sign-in is tried once, and its refusal says the cure."""
    with sandbox() as config:
        found = examined(changed(config, "purview", client_secret=SecretStr("wrong")), tmp_path)
    for name in PLANES:
        fails = name.startswith(("purview.", "directory."))
        assert (found[name].result == "fails") == fails, name
        assert not fails or "AZURE_CLIENT_SECRET" in found[name].detail


def test_a_file_of_people_is_summed_up(tmp_path: Path) -> None:
    """How many rows, and how old the oldest is; one that is not in order is told before anything is sent."""
    path = tmp_path / "people.csv"
    path.write_text("id,kind,state,as_of\n1,human,active,2026-11-20\n2,group,active,2026-11-19\n")
    with sandbox() as config:
        config = changed(config, "directory", graph=False, feed=path)
        found = examined(config, tmp_path / "data")
        assert found["directory.feed"].detail == (
            "2 people, groups and services, the oldest row of 2026-11-19"
        )
        path.write_text("id,kind,state,as_of\n1,person,active,2026-11-20\n")
        found = examined(config, tmp_path / "data")
    assert found["configuration"].result == "fails"
    assert "line 2: column kind" in found["configuration"].detail


@pytest.mark.parametrize(
    ("seen", "result", "said"),
    [
        (Standing(collections={"abc123": "Sales"}), "warning", "1 collections visible; the root is not among them"),
        (
            Standing(collections={"acme": "Acme"}, roots=("acme",), unseen=("a", "b", "c", "d")),
            "warning",
            "4 more are named but not visible (a, b, c ...), from the root collection acme",
        ),
    ],
)  # fmt: skip
def test_collections_that_are_only_heard_of_are_told(
    seen: Standing, result: str, said: str
) -> None:
    """A root that is not visible, or collections named by others, mean that data is missing."""
    found = planes._collections(seen)
    assert found[0] == result
    assert said in found[1]


def test_an_identity_with_a_role_everywhere_lacks_nothing() -> None:
    """Ids of collections are compared whatever their case."""
    seen = Standing("me", {"Acme": "Acme", "abc": "Sales"}, allowed={"data/read": frozenset({"acme", "abc"})})  # fmt: skip
    assert seen.lacks("datamap") == ()
    assert seen.lacks("scanning") == ("Acme", "Sales")
    assert seen.lacks("unified_catalog") == ()
    assert planes._with_roles("ok", "5 assets visible", "datamap", seen) == (
        "ok",
        "5 assets visible; Data Reader or more on all 2 collections",
    )


@pytest.mark.parametrize(
    ("claims", "result", "said"),
    [
        ({"roles": ["Directory.Read.All"]}, "ok", "permissions Directory.Read.All"),
        ({"roles": ["Mail.Read"]}, "warning", "lacks Directory.Read.All"),
        ({"roles": []}, "warning", "lacks Directory.Read.All"),
        ({}, "ok", "unknown"),
    ],
)
def test_permissions_are_those_in_the_token(claims: dict[str, Any], result: str, said: str) -> None:
    """Microsoft Graph's tokens name the permissions of the application."""
    found = planes._with_permissions("ok", "users can be read", claims)
    assert (found[0], said in found[1]) == (result, True)


def test_an_error_without_a_role_is_told_as_it_is() -> None:
    """Only 403 is about roles."""
    assert planes._worded(RequestError("HTTP 500", 500), "datamap") == "HTTP 500"
    assert "least role" not in planes._worded(RequestError("HTTP 403", 403), "data_access")
    assert "not offered" in planes._worded(RequestError("HTTP 404", 404), "data_assets")
    assert planes._worded(RequestError("HTTP 404", 404), "data_access") == "HTTP 404"


def immuta_lines(folder: Path, config: Config, **values: Any) -> dict[str, Check]:
    """What is said of Immuta alone, with some keys of its section set anew."""
    config = changed(config, "purview", skip=PURVIEW_PLANES)
    config = changed(config, "directory", graph=False)
    found = examined(changed(config, "immuta", **values), folder)
    return {name: check for name, check in found.items() if name.startswith("immuta.")}


def test_an_identity_that_sees_all_of_immuta_is_told_so(whole: dict[str, Check]) -> None:
    """With its permissions; the events it may search are counted."""
    assert whole["immuta.govern"].detail == (
        "signed in as svc-compliance, permissions AUDIT, GOVERNANCE"
    )
    assert whole["immuta.request"].detail.endswith("; its token expires on 2100-01-01")
    assert whole["immuta.activity"].detail.startswith("audit events can be searched: ")
    assert {whole[f"immuta.{name}"].result for name in ("govern", "request", "activity")} == {"ok"}


def test_lists_that_are_shown_in_part_are_named(tmp_path: Path) -> None:
    """Per permission that is lacking, in words: Immuta itself does not say that it leaves things out."""
    keys = {
        "api_key": SecretStr(signin.NARROW_KEY),
        "request_token": SecretStr(signin.NARROW_TOKEN),
    }
    with sandbox() as config:
        found = immuta_lines(tmp_path, config, **keys)
    govern, request = found["immuta.govern"], found["immuta.request"]
    assert (govern.result, request.result) == ("warning", "warning")
    assert "signed in as svc-narrow, permissions CREATE_PROJECT" in govern.detail
    assert "without GOVERNANCE only a part is shown of: data sources" in govern.detail
    assert "without GOVERNANCE or USER_ADMIN only a part is shown of: identity providers, users, groups" in govern.detail  # fmt: skip
    assert "without AUDIT only a part is shown of: audit events" in govern.detail
    assert "no permissions" in request.detail
    assert "without AUDIT or GOVERNANCE only a part is shown of: data products" in request.detail


@pytest.mark.parametrize(
    ("lifetime_s", "left", "result", "said"),
    [
        (3600, None, "ok", ""),
        (3600, 20 * 86_400, "ok", "its token expires on"),
        (3600, 3600, "warning", "its token expires on"),
        (3600, -86_400, "warning", "its token expired on"),
        (3600, 1e30, "ok", ""),
    ],
)
def test_a_token_that_ends_soon_is_told_before_it_does(
    lifetime_s: int, left: float | None, result: str, said: str
) -> None:
    """Two weeks before: nobody can renew it but a person."""
    token = Tokens(lifetime_s).issue("request")
    answer = {
        "username": "r",
        "globalPermissions": ["AUDIT"],
        "expiration": None if left is None else time.time() + left,
    }
    flow = StaticToken("opaque" if left is None else token)
    found = immuta.said(sources.SOURCE, "request", answer, flow)
    assert found[0] == result
    assert said in found[1]
    assert bool(said) == ("token" in found[1])


def test_the_claims_of_a_token_stand_in_for_what_the_app_does_not_say() -> None:
    """A personal access token is a JSON Web Token with an expiry."""
    answer = {"username": "r", "globalPermissions": ["AUDIT"]}
    flow = StaticToken(Tokens(3600).issue("request"))
    assert immuta.said(sources.SOURCE, "request", answer, flow)[0] == "warning"


def test_a_tenant_without_the_search_says_what_is_read_instead(tmp_path: Path) -> None:
    """It is no failure: the older log is there, and files can be."""
    hole = {"/api/audit/rest": faults.answering(404)}
    with sandbox(faults=hole) as config:
        line = immuta_lines(tmp_path, config)["immuta.activity"]
        assert line.result == "warning"
        assert "the older log is read instead" in line.detail
        file = tmp_path / "events.jsonl"
        file.write_text("{}\n")
        fed = immuta_lines(tmp_path, config, audit_feed=file)["immuta.activity"]
        assert (fed.result, fed.place) == ("ok", str(file))
        assert fed.detail.startswith("1 files of audit events, the newest of ")
        off = immuta_lines(tmp_path, config, skip=("govern",))
        assert off["immuta.activity"].detail == "switched off by configuration"


def test_a_wrong_key_fails_govern_and_what_is_on_its_host(tmp_path: Path) -> None:
    """The message names the variable, in every form of sending the key; the Request app is examined all the same."""
    with sandbox() as config:
        for form in ("auto", "raw", "bearer"):
            found = immuta_lines(tmp_path, config, api_key=SecretStr("synthetic"), sign_in=form)
            for name in ("immuta.govern", "immuta.activity"):
                assert found[name].result == "fails"
                assert "IMMUTA_API_KEY" in found[name].detail
                assert "synthetic" not in found[name].detail
            assert found["immuta.request"].result == "ok"
        found = immuta_lines(tmp_path, config, request_token=SecretStr("synthetic"))
        assert "IMMUTA_REQUEST_TOKEN" in found["immuta.request"].detail
