"""The walk: endpoints after those they need, batches that fit, and every key either read or named as missing."""

import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collecting import Answer, Seen, Server, client, endpoint, rows, serving, staging_at, store_at

from pipeline.collect.calls import URL_BYTES
from pipeline.collect.endpoint import Endpoint, Source, Total
from pipeline.collect.reading import FORBIDDEN_PARTS, HOPELESS_CALLS
from pipeline.collect.reconcile import reconcile
from pipeline.collect.walk import collect, levels
from pipeline.collect.walked import Walked
from pipeline.errors import SignInError, UnreachableError

SQL = """
-- endpoint: thing
create table thing_item as
select page_id, '/value/' || position as item, thing.id as key
from (
    select page_id, unnest(page.value) as thing, generate_subscripts(page.value, 1) - 1 as position
    from (select page_id, from_json(body, '{"value": [{"id": "VARCHAR"}]}') as page from pages)
)
where thing.id is not null;

-- endpoint: detail
create table detail_item as
select page_id, '/value/' || position as item, detail.id as key
from (
    select page_id, unnest(page.value) as detail, generate_subscripts(page.value, 1) - 1 as position
    from (select page_id, from_json(body, '{"value": [{"id": "VARCHAR"}]}') as page from pages)
)
where detail.id is not null;

-- endpoint: part
create table part_item as
select page_id, key || '.' || part.id as key
from (
    select page_id, key, unnest(page.value) as part
    from (select page_id, key, from_json(body, '{"value": [{"id": "VARCHAR"}]}') as page from pages)
);

-- finish
create table finished as select 1 as done;
"""
THING = endpoint(total=Total.SERVER, tables=("asset",))
DETAIL = endpoint(
    "detail",
    "/details",
    tables=("contact",),
    total=Total.ASKED,
    for_each="select key from thing_item",
    after=("thing",),
    batch=100,
    key_param="id",
)
PART = endpoint(
    "part",
    "/things/{key}/parts",
    plane="side",
    tables=("classification",),
    for_each="select key from thing_item",
    after=("thing",),
)
ALL = (PART, DETAIL, THING)
Report = list[tuple[Any, ...]]


def ids(count: int) -> list[str]:
    return [f"thing-{number:04d}" for number in range(count)]


def page(keys: Sequence[str], **more: Any) -> Answer:
    return Answer(json.dumps({"value": [{"id": key} for key in keys], **more}).encode())


def estate(
    keys: Sequence[str], detail: Callable[[list[str]], Answer] = page
) -> Callable[[Seen], Answer]:
    """A server of things, their details by batch and two parts of each."""

    def answer(seen: Seen) -> Answer:
        if seen.path == "/things":
            return page(keys, count=len(keys))
        if seen.path == "/details":
            return detail([value for name, value in seen.params if name == "id"])
        return page(["left", "right"])

    return answer


def walk(
    server: Server,
    path: Path,
    queries: Sequence[str] = (),
    *,
    endpoints: Sequence[Endpoint] = ALL,
    skip: frozenset[str] = frozenset(),
    workers: int = 4,
    **options: Any,
) -> tuple[dict[str, Walked], list[list[tuple[Any, ...]]], bool]:
    """Outcomes by endpoint, the answers of `queries` over staging, and whether nothing is missing."""
    store = store_at(path)
    with (
        client(server.url, endpoints, store, sql=SQL) as one,
        staging_at(path, store) as staging,
    ):
        outcomes = collect({"toy": one}, staging, workers=workers, skip={"toy": skip}, **options)
        complete = reconcile(staging, outcomes)
        found = [rows(staging, query) for query in queries]
    return {outcome.endpoint.name: outcome for outcome in outcomes}, found, complete


GAPS = "select endpoint, key, status, reason from gap order by all"
WORDS = "select endpoint, verdict, note from reconciliation order by all"
READ = "select key from toy.detail_item order by all"


def test_endpoints_come_after_those_they_need() -> None:
    """In whatever order a source lists them, and sources side by side."""
    other = Source("other", (THING,), "", probes=())
    chain = Source("toy", (endpoint("last", after=("part", "detail")), *ALL), "", probes=())
    found = [[f"{s.name}.{e.name}" for s, e in level] for level in levels([chain, other])]
    assert found == [["toy.thing", "other.thing"], ["toy.part", "toy.detail"], ["toy.last"]]


def test_endpoints_that_wait_for_each_other_are_refused() -> None:
    """A circle is a mistake in a source, and is named."""
    circle = (endpoint("a", after=("b",)), endpoint("b", after=("a",)), THING)
    with pytest.raises(ValueError, match="toy: endpoints wait for each other: a, b"):
        levels([Source("toy", circle, "", probes=())])


def test_everything_is_asked_for_once_and_loaded(tmp_path: Path) -> None:
    """Every key of the first level is asked for in the next, and the walk knows what came of it."""
    keys = ids(150)
    told: list[tuple[str, int, int]] = []
    with serving(estate(keys)) as server:
        outcomes, (read, parts, gaps, words), complete = walk(
            server,
            tmp_path,
            (READ, "select count(*) from toy.part_item", GAPS, WORDS),
            report=lambda *step: told.append(step),
        )
        assert len({(seen.path, tuple(seen.params)) for seen in server.seen}) == len(server.seen)
    assert complete
    assert [key for (key,) in read] == keys
    assert parts == [(300,)]
    assert gaps == []
    assert words == [
        ("toy.detail", "reconciled", None),
        ("toy.part", "no_control_total", None),
        ("toy.thing", "reconciled", None),
    ]
    assert {name: outcome.calls for name, outcome in outcomes.items()} == {
        "thing": 1,
        "detail": 2,
        "part": 150,
    }
    assert ("toy.part", 0, 150) in told
    assert ("toy.part", 150, 150) in told


def test_a_list_starts_before_the_many_calls_of_its_level(tmp_path: Path) -> None:
    """Its pages come one after another: begun last, they would be waited for alone."""
    listed = replace(DETAIL, for_each=None, batch=1, key_param="", total=Total.NONE)
    with serving(estate(ids(3))) as server:
        walk(server, tmp_path, endpoints=(THING, PART, listed), workers=1)
    paths = [seen.path for seen in server.seen]
    assert paths == ["/things", "/details", *(f"/things/{key}/parts" for key in ids(3))]


def test_batches_fit_the_url_and_the_largest_batch(tmp_path: Path) -> None:
    """Long keys make small batches, short keys full ones; no key is in two."""
    keys = [f"{number:03d}" + "x" * (number % 7) * 60 for number in range(300)]
    sizes: list[tuple[int, int]] = []

    def detail(asked: list[str]) -> Answer:
        sizes.append((len(asked), sum(len(key) for key in asked)))
        return page(asked)

    with serving(estate(keys, detail)) as server:
        _, (read,), complete = walk(server, tmp_path, (READ,), endpoints=(THING, DETAIL))
    assert complete
    assert len(read) == 300
    assert max(count for count, _ in sizes) <= DETAIL.batch
    assert max(length for _, length in sizes) <= URL_BYTES
    assert sum(count for count, _ in sizes) == 300


@pytest.mark.parametrize("status", [400, 414, 404])
def test_a_refused_batch_is_halved_until_the_culprit_is_found(tmp_path: Path, status: int) -> None:
    """One key that the server cannot answer costs its batch some calls, and is the only gap."""
    keys, culprit = ids(90), "thing-0041"

    def detail(asked: list[str]) -> Answer:
        return Answer(status=status) if culprit in asked else page(asked)

    with serving(estate(keys, detail)) as server:
        _, (read, gaps, words), complete = walk(
            server, tmp_path, (READ, GAPS, WORDS), endpoints=(THING, DETAIL)
        )
        calls = [seen for seen in server.seen if seen.path == "/details"]
    assert not complete
    assert [key for (key,) in read] == [key for key in keys if key != culprit]
    assert gaps == [("toy.detail", culprit, status, f"HTTP {status}")]
    assert words[0] == (
        "toy.detail",
        "incomplete",
        "1 answers are missing; see table gap",
    )
    assert len(calls) < 20


def test_a_batch_that_takes_too_long_is_asked_for_in_halves(tmp_path: Path) -> None:
    """What no server answers in time at once, it answers in parts: nothing is missing."""

    def detail(asked: list[str]) -> Answer:
        return Answer(status=504) if len(asked) > 25 else page(asked)

    with serving(estate(ids(90), detail)) as server:
        _, (read, gaps), complete = walk(server, tmp_path, (READ, GAPS), endpoints=(THING, DETAIL))
    assert complete
    assert (len(read), gaps) == (90, [])


def test_a_forbidden_thing_costs_the_others_of_its_batch_nothing(tmp_path: Path) -> None:
    """A batch that is refused because of one key is halved until that key stands alone."""

    def detail(keys: list[str]) -> Answer:
        return Answer(status=403) if "thing-0017" in keys else page(keys)

    with serving(estate(ids(50), detail)) as server:
        _, (gaps, read), _ = walk(server, tmp_path, (GAPS, READ), endpoints=(THING, DETAIL))
    assert [gap[1:3] for gap in gaps] == [("thing-0017", 403)]
    assert len(read) == 49


def test_a_batch_of_forbidden_things_is_not_tried_one_by_one(tmp_path: Path) -> None:
    """403 for every part is about who asks: after a few of them every key of the batch is a gap."""
    with serving(estate(ids(50), lambda _: Answer(status=403))) as server:
        _, (gaps,), _ = walk(server, tmp_path, (GAPS,), endpoints=(THING, DETAIL))
        assert len([seen for seen in server.seen if seen.path == "/details"]) == FORBIDDEN_PARTS
    assert [gap[1:3] for gap in gaps] == [(key, 403) for key in ids(50)]


def test_one_refused_batch_is_one_failure(tmp_path: Path) -> None:
    """The many keys of one forbidden batch do not make the other batches hopeless."""
    refused = set(ids(100))

    def detail(keys: list[str]) -> Answer:
        return Answer(status=403) if refused & set(keys) else page(keys)

    with serving(estate(ids(300), detail)) as server:
        _, (gaps, read), _ = walk(server, tmp_path, (GAPS, READ), endpoints=(THING, DETAIL))
    assert {status for _, _, status, _ in gaps} == {403}
    assert refused <= {key for _, key, _, _ in gaps}
    assert len(gaps) + len(read) == 300
    assert len(read) > 100


def test_a_key_that_is_not_in_the_answer_is_missing(tmp_path: Path) -> None:
    """An answer with status 200 that leaves keys out names them as gaps."""
    with serving(estate(ids(5), lambda asked: page(asked[1:-1]))) as server:
        _, (gaps,), complete = walk(server, tmp_path, (GAPS,), endpoints=(THING, DETAIL))
    assert not complete
    assert gaps == [
        ("toy.detail", key, 200, "asked for, but not in the answer")
        for key in ("thing-0000", "thing-0004")
    ]


def test_a_call_that_fails_is_a_gap_of_its_key(tmp_path: Path) -> None:
    """One broken object among many costs that object, and the gap lists the tables that lack it."""

    def answer(seen: Seen) -> Answer:
        if seen.path == "/things/thing-0003/parts":
            return Answer(status=404)
        return estate(ids(10))(seen)

    query = "select key, tables, status from gap"
    with serving(answer) as server:
        _, (gaps, parts), complete = walk(
            server, tmp_path, (query, "select count(*) from toy.part_item")
        )
    assert not complete
    assert gaps == [("thing-0003", ["classification"], 404)]
    assert parts == [(18,)]


def test_a_list_that_cannot_be_read_is_a_gap_as_a_whole(tmp_path: Path) -> None:
    """The gap's key is `*` and names every table behind it; endpoints that found nothing to ask for say so."""
    with serving(lambda _: Answer(b'{"values": []}')) as server:
        outcomes, (gaps, words), complete = walk(server, tmp_path, (GAPS, WORDS))
    assert not complete
    assert [gap[:3] for gap in gaps] == [
        ("toy.detail", "*", None),
        ("toy.part", "*", None),
        ("toy.thing", "*", 200),
    ]
    assert gaps[0][3] == "what to ask here is unknown: toy.thing was not read"
    assert "no list 'value' after 3 tries" in gaps[2][3]
    assert {word for _, word, _ in words} == {"incomplete"}
    assert outcomes["part"].planned == 0


def test_a_list_shorter_than_its_total_is_a_gap_of_its_key(tmp_path: Path) -> None:
    """A list that ends before the server's own count is missing something, whatever other lists brought."""
    short = endpoint(
        "part",
        "/things/{key}/parts",
        plane="side",
        total=Total.SERVER,
        for_each="select key from thing_item",
        after=("thing",),
    )

    def serve(seen: Seen) -> Answer:
        if seen.path == "/things":
            return page(ids(3))
        return page(["a"], count=2 if "thing-0001" in seen.path else 1)

    with serving(serve) as server:
        _, (gaps, words), complete = walk(server, tmp_path, (GAPS, WORDS), endpoints=(THING, short))
    assert not complete
    assert gaps == [("toy.part", "thing-0001", 200, "the list ended after 1 of 2 items")]
    assert ("toy.part", "incomplete") in [word[:2] for word in words]


def test_items_whose_key_has_changed_its_shape_are_missed(tmp_path: Path) -> None:
    """A list that loads fewer rows than its pages hold is incomplete, even if nobody counts it."""
    things = endpoint(total=Total.NONE)
    answer = Answer(b'{"value": [{"id": "a"}, {"ID": "b"}, {"id": null}]}')
    with serving([answer]) as server:
        _, (words,), complete = walk(server, tmp_path, (WORDS,), endpoints=(things,))
    assert not complete
    (word,) = words
    assert word[1] == "incomplete"
    assert word[2].startswith("2 items of the pages have no usable key")


def test_an_endpoint_that_only_fails_is_not_asked_to_the_end(tmp_path: Path) -> None:
    """After twenty failures in a row the other keys are gaps that say that nobody tried."""
    with serving(
        lambda seen: estate(ids(60))(seen) if seen.path == "/things" else Answer(status=403)
    ) as server:
        _, (gaps,), _ = walk(server, tmp_path, (GAPS,), endpoints=(THING, PART), workers=1)
        assert len(server.seen) == 1 + HOPELESS_CALLS
    assert len(gaps) == 60
    untried = [gap for gap in gaps if gap[2] is None]
    assert len(untried) == 60 - HOPELESS_CALLS
    assert re.match("not tried: 20 calls of toy.part before it failed in a row", untried[0][3])


def test_failures_among_successes_do_not_stop_an_endpoint(tmp_path: Path) -> None:
    """Only an unbroken series of failures is hopeless."""

    def answer(seen: Seen) -> Answer:
        number = int(seen.path.split("-")[-1][:4]) if "-" in seen.path else 0
        return Answer(status=403) if number % 2 else estate(ids(80))(seen)

    with serving(answer) as server:
        _, (gaps,), _ = walk(server, tmp_path, (GAPS,), endpoints=(THING, PART), workers=1)
    assert len(gaps) == 40
    assert {gap[2] for gap in gaps} == {403}


def test_a_plane_that_is_switched_off_is_not_asked(tmp_path: Path) -> None:
    """Its endpoints are told as skipped, are no gap, and do not make a run incomplete."""
    with serving(estate(ids(3))) as server:
        outcomes, (gaps, words), complete = walk(
            server, tmp_path, (GAPS, WORDS), skip=frozenset({"side"})
        )
        assert not [seen for seen in server.seen if "/parts" in seen.path]
    assert complete
    assert gaps == []
    assert outcomes["part"].skipped
    assert words[1] == ("toy.part", "skipped", "plane switched off by configuration")


def test_what_hangs_on_a_plane_that_is_switched_off_is_no_gap_either(tmp_path: Path) -> None:
    """What to ask there is unknown because nobody wanted to know: it is told as skipped, with the endpoint that would say."""
    with serving(estate(ids(3))) as server:
        _, (gaps, words), complete = walk(
            server, tmp_path, (GAPS, WORDS), skip=frozenset({THING.plane})
        )
        assert not [seen for seen in server.seen if "/parts" in seen.path]
    assert complete
    assert gaps == []
    said = "what to ask here toy.thing would have said, whose plane is switched off"
    assert words[1] == ("toy.part", "skipped", said)


@pytest.mark.parametrize("status", [401, None])
def test_an_error_that_ends_the_run_cancels_what_is_left(
    tmp_path: Path, status: int | None
) -> None:
    """A refused credential, or a host that is gone, is raised once and soon: hundreds of calls are not sent."""

    def answer(seen: Seen) -> Answer:
        if seen.path == "/things":
            return estate(ids(500))(seen)
        return Answer(status=status) if status else Answer(dropped=True)

    with serving(answer) as server:
        with pytest.raises(SignInError if status else UnreachableError):
            walk(server, tmp_path, endpoints=(THING, PART))
        assert len(server.seen) < 50


def test_an_interruption_cancels_what_is_left(tmp_path: Path) -> None:
    """Whatever stops the walk, also Ctrl-C while it reports, no further call is sent."""
    main = threading.current_thread()

    def interrupt(name: str, _done: int, planned: int) -> None:
        if name == "toy.detail" and planned and threading.current_thread() is main:
            raise KeyboardInterrupt

    with serving(estate(ids(500))) as server:
        with pytest.raises(KeyboardInterrupt):
            walk(server, tmp_path, report=interrupt)
        assert len(server.seen) < 400


def test_names_are_escaped_in_paths(tmp_path: Path) -> None:
    """A name with a slash, a question mark or an accent stays one segment of the path."""
    names = ["a/b", "c?d=1", "é #", "100%"]
    with serving(estate(names)) as server:
        _, _, complete = walk(server, tmp_path, endpoints=(THING, PART))
        asked = {seen.path for seen in server.seen}
    assert complete
    assert {
        "/things/a%2Fb/parts",
        "/things/c%3Fd%3D1/parts",
        "/things/%C3%A9%20%23/parts",
        "/things/100%25/parts",
    } < asked
