"""What was done in Immuta: the search in slices of time, the older log, and files that a tenant exports."""

import gzip
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from collecting import JSON, loaded, odd, rows, store_at
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_fixture import DAY, GOVERN, estate, get, http

from pipeline.clients import build_clients, keep_files, planes_of, skipped
from pipeline.collect.endpoint import Request, Split
from pipeline.collect.envelope import open_page
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Clock, Staging
from pipeline.collect.walk import collect
from pipeline.config import PURVIEW_PLANES, Config, ImmutaConfig, for_sandbox
from pipeline.errors import ConfigError, PageError
from pipeline.sandbox import server
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import activity as sandbox_activity
from pipeline.sandbox.weather import faults
from pipeline.sources import immuta
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import activity, activity_feed, people
from pipeline.warehouse import lines, pages

__all__ = ["estate", "http"]

SOURCE = assembled("immuta", "pipeline.sources.immuta", (people, activity))
SEARCH = "/api/audit/rest/v1/search"
START = datetime.fromisoformat("2026-10-22T02:00:00+00:00")
FOUND = "select id, model, action, status, actor_id, profile_id, source_id from immuta_audit_event order by id"


def event(name: str, **values: Any) -> dict[str, Any]:
    """A query by somebody, of a data source."""
    return {
        "id": name,
        "action": "QUERY",
        "actionStatus": "SUCCESS",
        "targetType": "DATASOURCE",
        "targets": [{"type": "DATASOURCE", "id": "41", "name": "Loans"}],
        "actor": {"type": "USER_ACTOR", "id": "ada@example.com", "profileId": "18"},
        "eventTimestamp": "2026-11-20T10:00:00.000Z",
    } | values


def answer(*events: dict[str, Any], total: object = None) -> bytes:
    """A page of the search."""
    hits = [{"_id": one["id"], "_source": one} for one in events]
    total = {"value": len(events), "relation": "eq"} if total is None else total
    return json.dumps({"hits": {"total": total, "hits": hits}}).encode()


def read(path: Path, name: str, body: bytes) -> list[Any]:
    """The events of one page."""
    with loaded(path, SOURCE, [(name, "events", body)]) as staging:
        return rows(staging, FOUND)


def test_an_event_says_who_did_what_to_which_source(tmp_path: Path) -> None:
    """Who is not known stays unknown, and a thing of another kind is no data source."""
    unknown = {"type": "USER_ACTOR", "id": "Unknown", "name": "Unknown"}
    key = [{"type": "APIKEY", "id": "7"}]
    found = answer(
        event("a"),
        event("b", actor=unknown, actionStatus="UNAUTHORIZED"),
        event("c", actor=None, targets=key, relatedResources=[{"type": "data_source", "id": "9"}]),
        event("d", targets=None, actor={"id": "x", "profileId": "none"}),
    )
    assert read(tmp_path, "activity", found) == [
        ("a", "uam", "QUERY", "SUCCESS", "ada@example.com", 18, 41),
        ("b", "uam", "QUERY", "UNAUTHORIZED", "Unknown", None, 41),
        ("c", "uam", "QUERY", "SUCCESS", None, None, 9),
        ("d", "uam", "QUERY", "SUCCESS", "x", None, None),
    ]


POLICY = [{"type": "GLOBAL_POLICY", "id": "12"}]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"auditPayload": {"type": "DatasourcePolicyCertifiedAuditPayload"}, "relatedResources": POLICY},
         ("certified", 12)),
        ({"auditPayload": {"type": "DatasourcePolicyDecertifiedAuditPayload", "policyId": 12}},
         ("decertified", 12)),
        ({"auditPayload": {"type": "DatasourcePolicyCertificationExpired", "globalPolicyId": "12", "policyId": 3}},
         ("expired", 12)),
        ({"action": "CERTIFY", "targets": [*POLICY, {"type": "DATASOURCE", "id": "41"}]}, ("certified", 12)),
        ({"action": "DECERTIFY", "relatedResources": [{"type": "LOCAL_POLICY", "id": "7"}]},
         ("decertified", None)),
        ({"action": "CREATE", "auditPayload": {"type": "CertificateUploadedAuditPayload"}}, (None, None)),
        ({}, (None, None)),
    ],
)  # fmt: skip
def test_what_became_of_a_certification(tmp_path: Path, values: Any, expected: Any) -> None:
    """By the names of the events that are documented, wherever they stand; a policy of the source alone is no global one."""
    body = answer(event("a", **values))
    query = "select source_id, certification, policy_id from immuta_audit_event"
    with loaded(tmp_path, SOURCE, [("activity", "events", body)]) as staging:
        assert rows(staging, query) == [(41, *expected)]


def test_the_older_log_tells_of_certifications(tmp_path: Path) -> None:
    """On which data source, but not of which policy."""
    record = {"id": "r", "dateTime": "1763632800123", "recordType": "globalPolicyCertify", "success": True,
              "dataSourceId": 41}  # fmt: skip
    body = json.dumps({"hits": [record], "count": 1}).encode()
    query = "select source_id, certification, policy_id, status from immuta_audit_event"
    with loaded(tmp_path, SOURCE, [("activity_log", "2026", body)]) as staging:
        assert rows(staging, query) == [(41, "certified", None, "SUCCESS")]


KEYS = "select id, happened_at, key_id, key_name, action, user_id, profile_id, item from immuta_key_activity"
LATELY = datetime.fromisoformat("2025-11-20T10:00:00.123+00:00")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"value": [{"id": "a", "dateTime": "1763632800123", "recordType": "auditQuery", "userId": "ada", "profileId": 7,
                     "keyName": "nightly"}]},
         [("a", LATELY, None, "nightly", "auditQuery", "ada", 7, "/value/0")]),
        ([{"id": 3, "timestamp": "2025-11-20T10:00:00.123Z", "apiKeyId": 77}],
         [("3", LATELY, "77", None, None, None, None, "/0")]),
        ({"value": {"id": "b", "name": "nightly", "profile": "x"}}, [("b", None, None, "nightly", None, None, None, "/value")]),
        ({"id": "c", "lastUsed": "2025-11-20T10:00:00.123Z"}, [("c", LATELY, None, None, None, None, None, "")]),
        ({"value": []}, []),
        ({"value": None}, []),
        ({}, []),
        ([], []),
    ],
)  # fmt: skip
def test_activity_of_api_keys(tmp_path: Path, body: Any, expected: list[Any]) -> None:
    """In every shape that it may have: what is done with a key, by whom, and where that stands."""
    with loaded(tmp_path, SOURCE, [("key_activity", None, json.dumps(body).encode())]) as staging:
        assert rows(staging, KEYS) == expected


def test_activity_of_a_key_without_a_number_is_told_by_what_it_says(tmp_path: Path) -> None:
    """The same twice is once; what is no object is lost, and so counts as missing."""
    body = json.dumps({"value": [{"name": "a"}, {"name": "a"}, {"name": "b"}, "c"]}).encode()
    with loaded(tmp_path, SOURCE, [("key_activity", None, body)]) as staging:
        query = "select key_name, said->>'$.name' from immuta_key_activity order by 1"
        assert rows(staging, query) == [("a", "a"), ("b", "b")]
        assert rows(staging, "select count(*) from immuta.key_activity_item") == [(3,)]
    page = open_page(activity.activity_of_keys(body), "hits")
    assert page.size("hits") == 4


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b'{"value": [}'])
def test_activity_of_keys_that_is_no_json_is_refused(body: bytes) -> None:
    """It is no silence."""
    with pytest.raises(PageError, match="not JSON"):
        activity.activity_of_keys(body)


@pytest.mark.parametrize("when", [None, "", "yesterday"])
def test_an_event_without_a_readable_instant_is_lost(tmp_path: Path, when: object) -> None:
    """It is no row, and so counts as missing; the same event twice is one."""
    body = answer(event("a"), event("a"), event("b", eventTimestamp=when))
    with loaded(tmp_path, SOURCE, [("activity", "events", body)]) as staging:
        assert rows(staging, "select id from immuta_audit_event") == [("a",)]
        assert rows(staging, "select count(*) from immuta.activity_item") == [(2,)]


def test_the_older_log_writes_milliseconds_in_a_text(tmp_path: Path) -> None:
    """The record type is the action; a success is a word, and an unknown profile none."""
    record = {"id": "r1", "dateTime": "1763632800123", "recordType": "dataSourceQuery", "success": False,
              "dataSourceName": "Loans", "userId": "ada", "profileId": None, "purposeIds": []}  # fmt: skip
    body = json.dumps(
        {"hits": [record, record | {"id": "r2", "dateTime": "x"}], "count": 2}
    ).encode()
    with loaded(tmp_path, SOURCE, [("activity_log", "2026", body)]) as staging:
        query = "select id, model, action, status, target_type, target_name, profile_id, epoch_ms(happened_at) from immuta_audit_event"
        assert rows(staging, query) == [
            ("r1", "legacy", "dataSourceQuery", "FAILURE", "DATASOURCE", "Loans", None, 1763632800123)
        ]  # fmt: skip


ABOUT = odd("id", "type", "name", "profileId")
ANY = st.fixed_dictionaries(
    {"targets": ABOUT, "actor": ABOUT, "relatedResources": ABOUT, "auditPayload": ABOUT}
)


@settings(max_examples=8)
@given(st.lists(ANY, min_size=1, max_size=4))
def test_any_payload_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, many: list[dict[str, Any]]
) -> None:
    """Whatever events are about, they are there with their instant."""
    body = answer(*(event(f"e{at}") | values for at, values in enumerate(many)))
    assert len(read(tmp_path_factory.mktemp("any"), "activity", body)) == len(many)


def window(start: datetime, end: datetime) -> Request:
    """A search of the events of a time."""
    span = {"gte": start.isoformat(), "lt": end.isoformat()}
    return Request("POST", "activity", SEARCH, body={"query": {"range": {"eventTimestamp": span}}})


def walk(request: Request, moments: Sequence[datetime]) -> tuple[list[datetime], int]:
    """The events that the paging reads of a service which shows 10,000 at most, and the totals it was told."""
    query = (request.body or {})["query"]["range"]["eventTimestamp"]
    start, end = (datetime.fromisoformat(query[side]) for side in ("gte", "lt"))
    inside = sorted(one for one in moments if start <= one < end)
    came: list[datetime] = []
    steps = activity.in_time(request)
    step = next(steps)
    while not isinstance(step, Split):
        body = step.body or {}
        at, size = body["from"], body["size"]
        assert at + size <= activity.LONGEST
        part = inside[at : at + size]
        hits = [{"_id": "x", "_source": {}}] * len(part)
        page = {"hits": {"total": {"value": len(inside)}, "hits": hits}}
        came += part
        try:
            step = steps.send(open_page(activity.as_json(json.dumps(page).encode()), "hits"))
        except StopIteration:
            return came, len(inside)
    parts = [walk(one, moments) for one in step.requests]
    return [one for found, _ in parts for one in found], sum(total for _, total in parts)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 30 * 86_400_000 - 1), max_size=60),
    st.integers(1, 60),
    st.sampled_from([3, 10]),
)
def test_slices_of_time_have_every_event_once(
    offsets: list[int], repeat: int, longest: int
) -> None:
    """However events crowd: what is shown is everything, but for an instant with more than can be shown."""
    moments = [START + timedelta(milliseconds=at) for at in offsets for _ in range(repeat)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activity, "LONGEST", longest)
        patch.setattr(activity, "PAGE", 2)
        came, total = walk(window(START, START + timedelta(days=30)), moments)
    assert total == len(moments)
    crowds = {one: moments.count(one) for one in moments}
    assert sorted(came) == sorted(one for one, n in crowds.items() for _ in range(min(n, longest)))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"hits": []}', b'{"hits": {"hits": [{}]}}'])
def test_an_answer_of_another_shape_is_refused(body: bytes) -> None:
    """A tenant may answer a page of its own at an address it does not document."""
    with pytest.raises(PageError, match="no answer of a search"):
        activity.as_json(body)


def collected(path: Path, url: str, **values: Any) -> tuple[dict[str, str], Staging]:
    """Verdicts of a walk over people and activity alone, and what it staged."""
    facts = {"url": url, **server.credentials(1)}
    config = for_sandbox(Config(immuta={**values, "skip": ("request",)}), facts)
    config = config.model_copy(
        update={
            "purview": config.purview.model_copy(update={"skip": PURVIEW_PLANES}),
            "directory": config.directory.model_copy(update={"graph": False}),
        }
    )
    store = store_at(path)
    keep_files(config, store)
    with httpx.Client() as sign_in, pytest.MonkeyPatch.context() as patch:
        patch.setattr(immuta, "SOURCE", SOURCE)
        clients = build_clients(config, planes_of(config, sign_in), store)
        staging = Staging(path / "staging.duckdb", store, 1, clock=Clock(DAY, DAY))
        outcomes = collect(clients, staging, workers=4, skip=skipped(config))
        reconcile(staging, outcomes)
        for client in clients.values():
            staging.record_exchanges(client.source, store.run_id)
            client.close()
    store.close()
    query = (
        "select split_part(endpoint, '.', 2), verdict from reconciliation where source = 'immuta'"
    )
    return dict(rows(staging, query)), staging


def expected(estate: Estate, days: int) -> set[tuple[str, int | None, int | None]]:
    """Events of the last days, with who and what they are about."""
    return {
        (one.id, one.who.profile_id if one.who else None, one.source.id if one.source else None)
        for one in sandbox_activity.events(estate, DAY - timedelta(days=days), DAY)
    }


EVENTS = "select id, profile_id, source_id from immuta_audit_event"


def test_the_search_is_read_for_the_days_configured(tmp_path: Path, estate: Estate) -> None:
    """And nothing is asked of the older log but what was done with API keys."""
    with server.running(assets=estate.assets, as_of=DAY) as url:
        words, staging = collected(tmp_path, url, audit_days=7)
    assert set(rows(staging, EVENTS)) == expected(estate, 7)
    assert any(row[1] is None for row in rows(staging, EVENTS))
    assert words["activity"] == words["activity_log"] == "reconciled"
    assert rows(staging, "select count(*) from exchange where endpoint = 'immuta.activity_log'") == [(0,)]  # fmt: skip
    week = sandbox_activity.events(estate, DAY - timedelta(days=9), DAY + timedelta(days=1))
    known = {(one.id, one.at, one.who.profile_id) for one in week if one.who}
    found = rows(
        staging,
        "select id, date_trunc('millisecond', happened_at), profile_id from immuta_key_activity",
    )
    assert found
    assert set(found) <= {
        (name, at.replace(microsecond=at.microsecond // 1000 * 1000), who)
        for name, at, who in known
    }
    staging.close()


def test_the_older_log_is_read_where_there_is_no_search(tmp_path: Path, estate: Estate) -> None:
    """The same events, of the same days, from the other address."""
    hole = {SEARCH: faults.answering(404)}
    with server.running(assets=estate.assets, as_of=DAY, faults=hole) as url:
        words, staging = collected(tmp_path, url)
    assert set(rows(staging, EVENTS)) == expected(estate, 30)
    assert rows(staging, "select distinct model from immuta_audit_event") == [("legacy",)]
    assert words["activity_log"] == "reconciled"
    assert rows(staging, "from gap") == []
    staging.close()


@pytest.mark.parametrize(("status", "log"), [(403, 200), (500, 200), (404, 404)])
def test_activity_that_cannot_be_read_is_a_gap(tmp_path: Path, status: int, log: int) -> None:
    """A refusal is no empty search; nor are two addresses that are not there."""
    hole = {SEARCH: faults.answering(status)} | (
        {"/audit": faults.answering(log)} if log > 200 else {}
    )
    with server.running(assets=40, as_of=DAY, faults=hole) as url:
        _, staging = collected(tmp_path, url)
    query = "select tables from gap where key = '*'"
    assert rows(staging, query) == [(["immuta_audit_event"],)]
    staging.close()


@pytest.mark.parametrize(("status", "complete"), [(400, True), (404, True), (403, False)])
def test_activity_of_keys_that_cannot_be_asked_for_is_no_gap(
    tmp_path: Path, status: int, complete: bool
) -> None:
    """A tenant that does not have it, or wants more than is documented, lacks nothing; a refusal is a gap of its own table."""
    with server.running(
        assets=40, as_of=DAY, faults={"/audit/apikey": faults.answering(status)}
    ) as url:
        _, staging = collected(tmp_path, url)
    assert rows(staging, "select tables from gap") == (
        [] if complete else [(["immuta_key_activity"],)]
    )
    assert rows(staging, "from immuta_key_activity") == []
    staging.close()


@pytest.fixture
def exported(tmp_path: Path, estate: Estate) -> Path:
    """A folder as a tenant's export fills it: a file a day, one of them packed."""
    folder = tmp_path / "export"
    (folder / "day=20").mkdir(parents=True)
    found = list(sandbox_activity.exported(estate, 30))
    (folder / "a.jsonl").write_bytes(b"\n".join(found[:40]) + b"\n")
    (folder / "day=20" / "b.json.gz").write_bytes(gzip.compress(b"\n\n".join(found[40:])))
    (folder / "notes.txt").write_text("no events")
    return folder


def test_files_stand_in_for_the_search(tmp_path: Path, exported: Path, estate: Estate) -> None:
    """All of them are read, and nothing is asked of the service; every row leads back to its file and line."""
    with server.running(assets=40, as_of=DAY, faults={SEARCH: faults.answering(500)}) as url:
        words, staging = collected(tmp_path, url, audit_feed=exported)
    assert set(rows(staging, EVENTS)) == expected(estate, 30)
    assert "activity_feed" in words
    assert "activity" not in words
    query = "select e.id, e.item, e.page_id, x.url from immuta_audit_event e join exchange x using (page_id)"
    for name, item, page_id, url in rows(staging, query):
        body = pages.find(staging.con, page_id).read(tmp_path)
        assert pages.item(body, item)["id"] == name
        file = Path(unquote(url.removeprefix("file://")))
        text = file.read_bytes()
        text = gzip.decompress(text) if file.suffix == ".gz" else text
        line = text.split(b"\n")[int(item.removeprefix("#line="))]
        assert json.loads(line)["id"] == name
    staging.close()


def test_one_file_can_be_named(tmp_path: Path, exported: Path) -> None:
    """The folder is not searched then, and any name will do."""
    file = (exported / "a.jsonl").rename(exported / "events.log")
    assert activity_feed.files(file) == [file]
    store = store_at(tmp_path)
    activity_feed.keep(file, store)
    activity_feed.keep(file, store)
    found = list(store.arrived("immuta", "activity_feed", 0))
    store.close()
    assert len(found) == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", b'{"id": 1}\n{"id": \n', "line 2: no JSON object"),
        ("a.jsonl", b"[1]\n", "line 1: no JSON object"),
        ("a.jsonl", b'{"a": "\xff"}', "line 1"),
        ("a.json.gz", gzip.compress(b"{}" * 100, mtime=0)[:-9], "no whole gzip file"),
        ("a.txt", b"{}", "without a file that ends in .json"),
    ],
)
def test_files_that_are_not_in_order_are_told(
    tmp_path: Path, name: str, text: bytes, said: str
) -> None:
    """Before anything is sent, with the file and the line."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / name).write_bytes(text)
    store = store_at(tmp_path)
    with pytest.raises(ConfigError, match=said):
        activity_feed.keep(folder, store)
    store.close()


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=6), st.booleans())
def test_lines_point_at_themselves(values: list[dict[str, Any]], windows: bool) -> None:
    """Whatever is on them and however they end; empty lines count."""
    end = "\r\n" if windows else "\n"
    body = "".join(f"{json.dumps(one)}{end}{end}" for one in values).encode()
    found = [
        (lines.pointer(line.number), json.loads(bytes(line.value))) for line in lines.rows(body)
    ]
    assert [value for _, value in found] == values
    assert [lines.item(body, pointer) for pointer, _ in found] == values
    with pytest.raises(PageError, match="nothing at #line=99"):
        lines.item(body, "#line=99")


def test_files_take_the_place_of_the_addresses() -> None:
    """Of a source with files, the search and the log are no endpoints any more, and no probe asks for them."""
    fed = activity.source(SOURCE, ImmutaConfig(audit_feed=Path("x")))
    assert {one.name for one in fed.endpoints if one.plane == "activity"} == {"activity_feed"}
    assert not [one for one in fed.probes if one.plane == "activity"]


def test_the_sandbox_searches_as_elasticsearch_does(http: httpx.Client, estate: Estate) -> None:
    """A window by time, pages by offset, a limit, and the same events as the log."""
    body = {"from": 0, "size": 50, "query": {"range": {"eventTimestamp": {"gte": "2026-11-01T00:00:00Z"}}}}  # fmt: skip
    found = http.post(SEARCH, json=body, headers=GOVERN).json()["hits"]
    assert found["total"]["value"] > 50 == len(found["hits"])
    times = [one["_source"]["eventTimestamp"] for one in found["hits"]]
    assert times == sorted(times)
    assert times[0] >= "2026-11-01"
    too_far = http.post(SEARCH, json=body | {"from": 9_990}, headers=GOVERN)
    assert too_far.status_code == 400
    assert "Result window is too large" in too_far.json()["message"]
    log = get(http, "/audit", GOVERN, size=5, minDate="2026-11-01T00:00:00Z")
    assert log["count"] == found["total"]["value"]
    assert all(one["dateTime"].isdecimal() for one in log["hits"])
    del estate
