"""The HTTP layer over a real socket: retries, refusals, stored bytes, and what never leaves this machine."""

import gzip
import hashlib
import json
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from collecting import (
    TOKEN,
    Answer,
    Clock,
    Seen,
    Server,
    client,
    endpoint,
    serving,
    staging_at,
    store_at,
)
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.envelope import Envelope
from pipeline.collect.retry import (
    ATTEMPTS,
    ATTEMPTS_MALFORMED,
    ATTEMPTS_SLOW,
    LONGEST_WAIT_S,
    backoff_s,
    retry_after_s,
)
from pipeline.collect.walk import collect
from pipeline.errors import ForbiddenRequestError, RequestError, SignInError, UnreachableError

THINGS = endpoint()
REQUEST = Request("GET", "main", "/things", (("api-version", "1"), ("name", "ü &+")))
GOOD = Answer(b'{"value": [{"id": "a"}]}')


def fetch(
    server: Server, tmp_path: Path, clock: Clock | None = None, what: Endpoint = THINGS
) -> Envelope:
    """One read of a new client, closed afterwards."""
    with client(server.url, [what], store_at(tmp_path), clock) as found:
        return found.fetch(what, replace(REQUEST, path=what.path), None)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_failures_are_tried_again(tmp_path: Path, status: int) -> None:
    """Two refusals and an answer are an answer, and the log tells that it was the third try."""
    with serving([Answer(status=status), Answer(status=status), GOOD]) as server:
        assert fetch(server, tmp_path).size("value") == 1
        assert len(server.seen) == 3
    (kept,) = store_at(tmp_path).exchanges("toy", "thing")
    assert (kept.attempt, kept.status) == (3, 200)


@pytest.mark.parametrize(
    ("header", "least_s", "most_s"),
    [
        (lambda: "17", 17.0, 17.0),
        (lambda: "0", 0.0, 2.0),
        (lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True), 50, 60),
        (lambda: format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True), 0.0, 2.0),
        (lambda: "86400", LONGEST_WAIT_S, LONGEST_WAIT_S),
        (lambda: "Fri, 31 Dec 2199 23:59:59 GMT", LONGEST_WAIT_S, LONGEST_WAIT_S),
        (lambda: "soon", 0.5, 2.0),
    ],
)
def test_the_wait_that_a_refusal_asks_for_is_kept(
    tmp_path: Path, header: Callable[[], str], least_s: float, most_s: float
) -> None:
    """Seconds and dates are understood, nonsense is not taken for a wait, and no wait is endless."""
    clock = Clock()
    with serving([Answer(status=429, headers={"Retry-After": header()}), GOOD]) as server:
        fetch(server, tmp_path, clock)
    assert least_s <= clock.now <= most_s + 1.1


@given(st.text(max_size=30))
def test_no_retry_after_header_breaks_the_client(text: str) -> None:
    """Whatever a gateway writes there is a wait of at least nothing, or none."""
    headers = [(b"retry-after", text.encode("utf-8", "surrogatepass"))]
    wait_s = retry_after_s(httpx.Headers(headers))
    assert wait_s is None or wait_s >= 0


def test_a_date_counts_by_the_clock_of_who_wrote_it() -> None:
    """A server whose clock is a day late still means a minute."""
    late = datetime.now(UTC) - timedelta(days=1)
    dates = [format_datetime(moment, usegmt=True) for moment in (late, late + timedelta(minutes=1))]
    assert retry_after_s(httpx.Headers({"date": dates[0], "retry-after": dates[1]})) == 60


def test_what_stays_broken_is_given_up_with_its_last_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the status and the number of tries; the waits grow."""
    # in other tests nobody waits long
    monkeypatch.setattr("pipeline.collect.client.backoff_s", backoff_s)
    clock = Clock()
    with serving([Answer(status=500)]) as server:
        with pytest.raises(RequestError, match=f"HTTP 500 after {ATTEMPTS} tries") as given_up:
            fetch(server, tmp_path, clock)
        assert len(server.seen) == ATTEMPTS
    assert given_up.value.status == 500
    waits = [wait for wait in clock.slept if wait > 0.1]
    assert waits[-1] > 3 * waits[0]


@pytest.mark.parametrize("status", [301, 400, 403, 404, 414, 501])
def test_a_refusal_that_stays_is_not_tried_again(tmp_path: Path, status: int) -> None:
    """What asking again cannot change is reported at once; a redirection is not followed."""
    with serving([Answer(status=status, headers={"Location": "/elsewhere"})]) as server:
        with pytest.raises(RequestError, match=f"HTTP {status}$") as refused:
            fetch(server, tmp_path)
        assert len(server.seen) == 1
    assert refused.value.status == status
    store = store_at(tmp_path)
    (kept,) = store.exchanges("toy", "thing")
    assert (kept.status, kept.refused, kept.seq) == (status, True, refused.value.seq)
    assert list(store.pages("toy", "thing")) == []


def test_a_refusal_is_kept_as_evidence_and_not_replayed(tmp_path: Path) -> None:
    """The last answer of a call that was given up is on disk with its body; the next run of the command asks again."""
    with serving([Answer(b"<html>no role</html>", 403), GOOD]) as server:
        with pytest.raises(RequestError) as refused:
            fetch(server, tmp_path)
        assert fetch(server, tmp_path).size("value") == 1
    store = store_at(tmp_path)
    first, second = store.exchanges("toy", "thing")
    assert (first.seq, first.status, first.refused) == (refused.value.seq, 403, True)
    assert store.read(first) == b"<html>no role</html>"
    assert [exchange for exchange, _ in store.pages("toy", "thing")] == [second]


def test_a_refusal_that_may_hold_secrets_is_kept_without_its_body(tmp_path: Path) -> None:
    """What cannot be searched for secrets is not written down, but that it came is."""
    what = endpoint(items="", redact=frozenset({"password"}))
    answer = Answer(b'{"password": "synthetic-secret"')
    with serving([answer]) as server, pytest.raises(RequestError):
        fetch(server, tmp_path, what=what)
    store = store_at(tmp_path)
    (kept,) = store.exchanges("toy", "thing")
    assert (store.read(kept), kept.redactions, kept.refused) == (b"", [""], True)


def test_half_a_surrogate_pair_hides_no_secret(tmp_path: Path) -> None:
    """A body with an escape that no parser takes is searched all the same, and stored as received if there is none."""
    what = endpoint(items="", redact=frozenset({"password"}))
    plain, secret = b'{"name": "\\ud800"}', b'{"name": "\\ud800", "password": "synthetic-secret"}'
    for folder, body in (("plain", plain), ("secret", secret)):
        with serving([Answer(body)]) as server:
            fetch(server, tmp_path / folder, what=what)
    kept = [store_at(tmp_path / name) for name in ("plain", "secret")]
    bodies = [store.read(store.exchanges("toy", "thing")[0]) for store in kept]
    assert bodies[0] == plain
    assert json.loads(bodies[1]) == {"name": "\ufffd", "password": "[REDACTED]"}


def test_what_is_refused_by_the_pace_is_tried_long(tmp_path: Path) -> None:
    """Every refusal slows everybody down, so that a dozen of them are no reason to give up."""
    with serving([*([Answer(status=429)] * 12), GOOD]) as server:
        assert fetch(server, tmp_path).size("value") == 1
        assert len(server.seen) == 13


@pytest.mark.parametrize("late", [Answer(status=408), Answer(status=504), GOOD])
def test_what_takes_too_long_is_given_up_soon_and_says_so(tmp_path: Path, late: Answer) -> None:
    """Three tries, then whoever asked may ask for less; a body that does not end in time counts as well."""
    deadline_s = -1.0 if late is GOOD else 60.0
    with (
        serving([GOOD, late]) as server,
        client(server.url, [THINGS], store_at(tmp_path), deadline_s=deadline_s) as found,
    ):
        found._answered.add("main")
        if late is not GOOD:
            found.fetch(THINGS, REQUEST, None)
        server.seen.clear()
        with pytest.raises(RequestError) as slow:
            found.fetch(THINGS, replace(REQUEST, params=()), None)
        assert len(server.seen) == ATTEMPTS_SLOW
    assert slow.value.slow
    assert (slow.value.seq is None) == (late is GOOD)


def test_overload_leaves_fewer_requests_at_a_time(tmp_path: Path) -> None:
    """After a refusal by the pace the width is halved, after good answers it grows."""
    with (
        serving([Answer(status=429), GOOD]) as server,
        client(server.url, [THINGS], store_at(tmp_path)) as found,
    ):
        found.fetch(THINGS, REQUEST, None)
        assert found._pace.width.width == 2.0
        assert found._pace.width.under_way == 0


def test_a_refused_credential_ends_the_run(tmp_path: Path) -> None:
    """401 to a credential that cannot be renewed is no gap but an error that names the endpoint."""
    with (
        serving([Answer(status=401)]) as server,
        pytest.raises(SignInError, match=r"toy\.thing: .* refused the credential"),
    ):
        fetch(server, tmp_path)


def test_an_absence_that_is_an_answer_is_kept(tmp_path: Path) -> None:
    """Where an endpoint says that 404 means none, it is an empty page with an exchange of its own."""
    what = endpoint(items="", absent=frozenset({404}))
    with serving([Answer(b"<html>", 404)]) as server:
        assert fetch(server, tmp_path, what=what).size("") == 0
    store = store_at(tmp_path)
    (kept,) = store.exchanges("toy", "thing")
    assert (kept.status, list(store.pages("toy", "thing"))) == (404, [])


BROKEN = {
    "malformed": Answer(b'{"value": [1,]}'),
    "no list": Answer(b'{"values": []}'),
    "a gateway's page": Answer(b"<html>Service starting</html>"),
    "half a gzip stream": Answer(
        gzip.compress(GOOD.body)[:-9], headers={"Content-Encoding": "gzip"}
    ),
    "no gzip stream": Answer(GOOD.body, headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_body_is_asked_for_again_and_then_given_up(tmp_path: Path, broken: Answer) -> None:
    """A body that is not what was promised may pass; three of them do not, and the last one is evidence, no page."""
    with serving([broken, broken, GOOD]) as server:
        assert fetch(server, tmp_path / "passes").size("value") == 1
    with serving([broken]) as server:
        with pytest.raises(RequestError, match=f"after {ATTEMPTS_MALFORMED} tries"):
            fetch(server, tmp_path / "stays")
        assert len(server.seen) == ATTEMPTS_MALFORMED
    store = store_at(tmp_path / "stays")
    (kept,) = store.exchanges("toy", "thing")
    assert (kept.status, kept.refused, list(store.pages("toy", "thing"))) == (200, True, [])


@pytest.mark.parametrize("broken", [Answer(dropped=True), Answer(GOOD.body, missing=10)])
def test_a_broken_connection_is_tried_again(tmp_path: Path, broken: Answer) -> None:
    """A connection that ends before the body does brings nothing that could be taken for the whole."""
    with serving([broken, GOOD]) as server:
        assert fetch(server, tmp_path).size("value") == 1
    (kept,) = store_at(tmp_path).exchanges("toy", "thing")
    assert kept.sha256 == hashlib.sha256(GOOD.body).hexdigest()


def test_gzip_is_stored_as_received_and_hashed_as_decoded(tmp_path: Path) -> None:
    """The bytes on disk are the server's own; the digest is of what they say."""
    sent = gzip.compress(GOOD.body, 1, mtime=1_700_000_000)
    with serving([Answer(sent, headers={"Content-Encoding": "gzip"})]) as server:
        fetch(server, tmp_path)
        assert server.seen[0].headers["accept-encoding"] == "gzip"
    store = store_at(tmp_path)
    (kept,) = store.exchanges("toy", "thing")
    assert (tmp_path / "run" / kept.part).read_bytes() == sent
    assert kept.sha256 == hashlib.sha256(GOOD.body).hexdigest()
    assert (kept.size_bytes, store.read(kept)) == (len(GOOD.body), GOOD.body)


def test_a_page_of_this_run_is_replayed_and_not_sent(tmp_path: Path) -> None:
    """The same request is answered from disk, in another process as well."""
    with serving([GOOD, Answer(status=500)]) as server:
        first, again = fetch(server, tmp_path), fetch(server, tmp_path)
        assert len(server.seen) == 1
    assert first == again


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "main", "/others"),
        Request("POST", "main", "/things"),
        Request("DELETE", "main", "/things"),
        Request("GET", "main", "/things/1"),
        Request("GET", "main", "/things/../others"),
        Request("GET", "main", "/named/a/b/parts"),
        Request("GET", "main", "/named/../parts"),
        Request("GET", "main", "/named/./parts"),
        Request("GET", "main", "/named//parts"),
        Request("GET", "main", "/named/%2e%2e/parts"),
        Request("GET", "main", "/named/.%2E/parts"),
        Request("GET", "main", "/named/..%2Fothers/parts"),
        Request("GET", "main", "/named/a%2F..%2F..%2Fothers/parts"),
        Request("GET", "main", "/named/%252e%252e%252fothers/parts"),
        Request("GET", "main", "/named/..%5Cothers/parts"),
        Request("GET", "main", "/named/a?x=1/parts"),
        Request("GET", "main", "/named/a#/parts"),
        Request("GET", "main", "/named/a b/parts"),
        Request("GET", "main", "/named/a\\b/parts"),
    ],
)
def test_only_reads_that_are_known_leave_this_machine(tmp_path: Path, request_: Request) -> None:
    """Another method or path, and a name that would climb to another path, are refused before they are sent."""
    what = [THINGS, endpoint("part", "/named/{key}/parts")]
    with serving([GOOD]) as server, client(server.url, what, store_at(tmp_path)) as found:
        with pytest.raises(ForbiddenRequestError, match="no read this program knows"):
            found.fetch(THINGS, request_, None)
        found.fetch(THINGS, Request("GET", "main", "/named/a%2Fb..c/parts"), None)
        assert len(server.seen) == 1


def test_a_thing_whose_name_climbs_is_a_gap(tmp_path: Path) -> None:
    """A name that makes another path of its address is not asked about, and the others are read."""
    sql = """
-- endpoint: thing
create table thing_item as
select page_id, '' as item, unnest(from_json(body, '{"value": [{"id": "VARCHAR"}]}').value).id as key
from pages;
-- endpoint: part
create table part_item as select page_id, '' as item, key from pages;
"""
    parts = endpoint(
        "part",
        "/named/{key}/parts",
        items="",
        for_each="select key from thing_item",
        after=("thing",),
    )
    store = store_at(tmp_path)
    with (
        serving([Answer(b'{"value": [{"id": ".."}, {"id": "a/b"}]}')]) as server,
        client(server.url, [THINGS, parts], store, sql=sql) as found,
        staging_at(tmp_path, store) as staging,
    ):
        outcomes = collect({"toy": found}, staging, workers=1, skip={})
    assert [missing.key for outcome in outcomes for missing in outcome.missing] == [".."]
    assert [seen.path for seen in server.seen] == ["/things", "/named/a%2Fb/parts"]


def test_a_host_that_is_not_there_ends_the_run_soon(tmp_path: Path) -> None:
    """Two tries, one message with the address and the cure; a wrong address should not cost minutes."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        clock = Clock()
        with (
            client(url, [THINGS], store_at(tmp_path), clock) as found,
            pytest.raises(UnreachableError, match=r"cannot be reached .* after 2 tries") as ended,
        ):
            found.fetch(THINGS, REQUEST, None)
    assert url in str(ended.value)
    assert clock.now < 5


def test_a_host_that_stops_answering_ends_the_run(tmp_path: Path) -> None:
    """One call without an answer is a gap; three in a row are an outage, and the run can go on later."""
    lists = [endpoint(f"list{number}", f"/list{number}") for number in range(5)]

    def answer(seen: Seen) -> Answer:
        return GOOD if seen.path == "/list0" else Answer(dropped=True)

    with serving(answer) as server, client(server.url, lists, store_at(tmp_path)) as found:
        found.fetch(lists[0], replace(REQUEST, path="/list0"), None)
        for number in (1, 2):
            with pytest.raises(RequestError, match=f"after {ATTEMPTS} tries"):
                found.fetch(lists[number], replace(REQUEST, path=f"/list{number}"), None)
        with pytest.raises(UnreachableError, match=r"stopped answering .*goes on from here"):
            found.fetch(lists[3], replace(REQUEST, path="/list3"), None)


def test_no_secret_is_in_any_address_log_or_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The token travels in its header only; a password in the configured address is not written down."""
    caplog.set_level(logging.DEBUG)
    with serving([Answer(status=500), GOOD]) as server:
        address = server.url.replace("http://", "http://reader:synthetic-password@")
        store = store_at(tmp_path)
        with client(address, [THINGS], store) as found:
            found.fetch(THINGS, REQUEST, "k")
        assert server.seen[-1].headers["authorization"] == f"Bearer {TOKEN}"
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (TOKEN, "synthetic-password"):
        assert secret.encode() not in written
        assert secret not in caplog.text
    assert "/things?api-version=1" in store.exchanges("toy", "thing")[0].url


def test_secrets_in_an_answer_are_replaced_before_it_is_stored(tmp_path: Path) -> None:
    """The stored body, its digest and the log agree on the redacted page; the password is nowhere."""
    body = {"metadata": {"password": "synthetic-password", "hostname": "db.example"}}
    sent = gzip.compress(json.dumps(body).encode())
    what = endpoint(items="", redact=frozenset({"password"}))
    with serving([Answer(sent, headers={"Content-Encoding": "gzip"})]) as server:
        fetch(server, tmp_path, what=what)
    store = store_at(tmp_path)
    (kept,) = store.exchanges("toy", "thing")
    assert kept.redactions == ["/metadata/password"]
    assert json.loads(store.read(kept))["metadata"] == {
        "password": "[REDACTED]",
        "hostname": "db.example",
    }
    assert sent not in (tmp_path / "run" / kept.part).read_bytes()


def test_every_thread_has_its_own_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One httpx client per thread, used again by it, and all of them closed in the end."""
    made: list[httpx.Client] = []
    plain = httpx.Client

    def make(**options: object) -> httpx.Client:
        made.append(plain(**options))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr("pipeline.collect.transport.httpx.Client", make)
    lists = [endpoint(f"list{number}", f"/list{number}") for number in range(6)]
    barrier = threading.Barrier(3)
    with serving([GOOD]) as server, client(server.url, lists, store_at(tmp_path)) as found:

        def work(numbers: range) -> None:
            barrier.wait(timeout=10)
            for number in numbers:
                found.fetch(lists[number], replace(REQUEST, path=f"/list{number}"), None)

        threads = [threading.Thread(target=work, args=(range(n, 6, 3),)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert len(server.seen) == 6
        assert len({seen.peer for seen in server.seen}) == 3
    assert len(made) == 3
    assert all(http.is_closed for http in made)


def test_a_stopped_client_sends_nothing_more(tmp_path: Path) -> None:
    """After the end of a run was called, a thread in a long wait comes back without another try."""
    stop: list[Callable[[], None]] = []
    with (
        serving([Answer(status=503, headers={"Retry-After": "100"})]) as server,
        client(server.url, [THINGS], store_at(tmp_path), sleep=lambda _: stop[0]()) as found,
    ):
        stop.append(found.stop)
        with pytest.raises(RequestError, match="the run was stopped"):
            found.fetch(THINGS, REQUEST, None)
        assert len(server.seen) == 1
