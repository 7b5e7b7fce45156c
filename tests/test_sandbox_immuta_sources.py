"""Data sources of the sandbox's Govern: handlers in all shapes, secrets, groups, policies in force, connections."""

from collections import Counter
from typing import Any

import httpx
import pytest
from sandbox_fixture import GOVERN, estate, get, http

from pipeline.sandbox import platforms
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import handlers, objects, source_policies
from pipeline.sandbox.immuta.sources import DataSource

__all__ = ["estate", "http"]


def shape(answer: Any) -> str:
    """Which of the published shapes an answer with a handler has."""
    if "body" in answer:
        return "list" if "metadata" in answer["body"][0] else "flat list"
    if "value" in answer:
        return "text" if isinstance(answer["value"], str) else "value"
    return "object"


def handler_of(http: httpx.Client, source: DataSource) -> Any:
    return get(http, f"/{source.platform.handler}/handler/{source.handler_id}", GOVERN)


def test_handlers_come_in_every_shape(http: httpx.Client, estate: Estate) -> None:
    """Every family answers objects; Synapse also under `value` and as text, the others also in lists."""
    found = Counter(
        (source.platform.handler, shape(handler_of(http, source)))
        for source in estate.data_sources[:250]
    )
    families = {p.handler for p in platforms.PLATFORMS if p.is_table}
    assert families == {"asa", "trino", "snowflake", "databricks", "redshift"}
    assert {family for family, _ in found} == families
    assert {family for family, kind in found if kind == "object"} == families
    assert {kind for family, kind in found if family == "asa"} == {"object", "value", "text"}
    others = {kind for family, kind in found if family != "asa"}
    assert others == {"object", "list", "flat list"}


def test_secrets_are_planted_in_many_places(estate: Estate) -> None:
    """In texts of options, in nested JSON, in key files and descriptions; all have the same mark."""
    places: set[str] = set()
    for source in estate.data_sources:
        held = handlers.secrets(source)
        assert all(handlers.PLANTED in str(said) for name, said in held.items()
                   if name not in ("authenticationMethod",))  # fmt: skip
        places |= held.keys()
        places |= {"described"} if handlers.PLANTED in handlers.described(source) else set()
    assert places == {
        "authenticationMethod",
        "comment",
        "connectionStringOptions",
        "described",
        "settings",
        "userFiles",
    }


def test_access_has_groups_ends_and_people_who_wait(http: httpx.Client, estate: Estate) -> None:
    """Every documented state, some with an end, and groups as such where the tenant lists them so."""
    rows: list[Any] = []
    for source in estate.data_sources[:150]:
        users = get(http, f"/dataSource/{source.id}/access", GOVERN)["users"]
        assert any("group" in row for row in users) == source.has_group_access
        assert len({row["subscriptionId"] for row in users}) == len(users)
        rows += users
    assert {row["state"] for row in rows} == {"owner", "expert", "subscribed", "ingest", "pending"}
    assert {row["approved"] for row in rows if row["state"] == "pending"} == {False}
    assert any("expiration" in row for row in rows)


def test_whoever_waits_has_a_pending_request(http: httpx.Client, estate: Estate) -> None:
    """Pages of pending requests are the pending rows of the sources that are not disabled."""
    path = "/subscription/getPendingRequestsForUser"
    found: list[Any] = []
    while page := get(http, path, GOVERN, size=20, offset=len(found))["hits"]:
        found += page
    assert len(found) == get(http, path, GOVERN)["count"] > 20
    assert [one["id"] for one in found] == [
        source.id * 20 + at
        for source in estate.data_sources
        if not source.deleted
        for at, row in enumerate(source.access(estate.people))
        if row.state == "pending"
    ]


def test_policy_handlers_are_null_named_or_named_in_vain(
    http: httpx.Client, estate: Estate
) -> None:
    """Null where there is no data policy; where it is named, its policies mask the columns with their tags."""
    answers = Counter[tuple[bool, int]]()
    for source in estate.data_sources[:200]:
        named = get(http, f"/dataSource/{source.id}", GOVERN)["policyHandler"] is not None
        answer = http.get(f"/policy/handler/{source.id}", headers=GOVERN)
        answers[named, answer.status_code] += 1
        if answer.status_code == 200:
            assert answer.json()["jsonPolicies"]
            assert source_policies.has_handler(source)
    assert answers.keys() == {(False, 404), (True, 404), (True, 200)}


def test_the_search_of_columns_is_cut_off_by_its_limit(http: httpx.Client, estate: Estate) -> None:
    """It has no offset: what is behind the limit cannot be seen; it goes before the route of dictionaries."""
    names = {
        entry.name
        for source in estate.data_sources
        if source.has_dictionary and not source.deleted
        for entry in source.dictionary()
    }
    found = get(http, "/dictionary/columns", GOVERN, limit=100_000)
    assert {one["columnName"] for one in found} == names
    assert len(get(http, "/dictionary/columns", GOVERN)) == 10
    some = get(http, "/dictionary/columns", GOVERN, limit=500, searchText="MAIL")
    assert {one["columnName"] for one in some} == {n for n in names if "mail" in n.lower()}


def below(http: httpx.Client, path: str = "") -> list[Any]:
    answer = http.post(f"/data/object/search{path}", json={}, params={"size": 500}, headers=GOVERN)
    found: list[Any] = answer.raise_for_status().json()["hits"]
    return found


def test_connections_lead_to_their_tables(http: httpx.Client, estate: Estate) -> None:
    """From the root down four levels; the tables are a part of the sources, and most say which."""
    found = {one["objectPath"]: one for one in below(http)}
    for depth in range(3):
        for path in [path for path in found if path.count("/") == depth]:
            found |= {one["objectPath"]: one for one in below(http, f"/{path}")}
    connected = [source for source in estate.data_sources if objects.is_connected(source)]
    tables = {path: one for path, one in found.items() if path.count("/") == 3}
    assert tables.keys() == {
        "/".join((objects.connection_key(source), *source.dataset.path)) for source in connected
    }
    assert 0 < len(connected) < len(estate.data_sources) / 2
    said = {one["dataSourceId"] for one in tables.values() if "dataSourceId" in one}
    assert said < {source.id for source in connected}
    assert {one["state"] for one in tables.values()} == {"active", "inactive"}


def test_a_connection_has_a_mask_and_a_state(http: httpx.Client) -> None:
    """The password is masked, what was typed among the options is not; the preview knows the state."""
    keys = [one["objectPath"] for one in below(http)]
    assert len(keys) > 2
    states = {get(http, f"/api/connections/{key}", GOVERN)["state"] for key in keys}
    assert states == {"ACTIVE", "UNHEALTHY"}
    said = get(http, f"/data/connection/{keys[0]}", GOVERN)["connection"]
    assert said["password"] == "[REDACTED]"
    assert handlers.PLANTED in said["connectionStringOptions"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/data/connection/none"),
        ("GET", "/api/connections/none"),
        ("GET", "/data/object/none/at/all"),
        ("POST", "/data/object/search/none"),
        ("GET", "/policy/handler/1"),
        ("GET", "/dataSource/1/access"),
    ],
)
def test_what_is_not_there_answers_404(http: httpx.Client, method: str, path: str) -> None:
    """In the shape of Govern."""
    answer = http.request(method, path, headers=GOVERN)
    assert answer.status_code == 404
    assert set(answer.json()) == {"statusCode", "error", "message"}
