"""Search in slices: cut as often as needed, the parts are the whole, and nothing is asked twice."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collect.endpoint import Request, Split
from pipeline.collect.envelope import open_page
from pipeline.sources.purview.slices import sliced

HITS = st.lists(
    st.fixed_dictionaries(
        {
            "createTime": st.none() | st.integers(1, 6),
            "entityType": st.none() | st.sampled_from(["file", "report", "table"]),
        }
    ),
    max_size=60,
)
FIRST = Request("POST", "datamap", "/search", body={"keywords": "*", "limit": 7})
Hit = Mapping[str, Any]


def meets(hit: Hit, condition: Mapping[str, Any]) -> bool:
    """The filter grammar of the service; a comparison with a field that is not there is false."""
    (word, value), *more = condition.items()
    assert not more
    if word == "and":
        return all(meets(hit, part) for part in value)
    if word == "or":
        return any(meets(hit, part) for part in value)
    if word == "not":
        return not meets(hit, value)
    if word == "createTime":
        assert value["operator"] == "lt"
        return hit[word] is not None and hit[word] < value["timeThreshold"]
    return bool(hit[word] == value)


def answer(hits: list[Hit], request: Request) -> bytes:
    """One page of a search, with a token while more follows."""
    body = dict(request.body or {})
    found = [hit for hit in hits if not body.get("filter") or meets(hit, body["filter"])]
    start = int(body.get("continuationToken", "0"))
    end = start + body["limit"]
    page = {"@search.count": len(found), "value": found[start:end]}
    if end < len(found):
        page["continuationToken"] = str(end)
    return json.dumps(page).encode()


def leaves(hits: list[Hit], first: Request, longest: int) -> list[tuple[int, list[Hit]]]:
    """The stated count and the hits of every list that is read to its end."""
    found: list[tuple[int, list[Hit]]] = []
    waiting = [first]
    while waiting:
        walk = sliced(longest)(waiting.pop())
        step = next(walk)
        read: list[Hit] = []
        count = 0
        while not isinstance(step, Split):
            page = open_page(answer(hits, step), "value")
            read += [msgspec.json.decode(row) for row in page.rows("value")]
            count = page.search_count or 0
            try:
                step = walk.send(page)
            except StopIteration:
                found.append((count, read))
                break
        else:
            waiting += step.requests
    return found


@settings(max_examples=200)
@given(HITS, st.integers(1, 30))
def test_the_slices_together_are_the_whole(hits: list[Hit], longest: int) -> None:
    """Every hit is in exactly one slice, also one that lacks the field that the list was cut by."""
    numbered: list[Hit] = [{**hit, "id": str(at)} for at, hit in enumerate(hits)]
    read = [hit["id"] for _, part in leaves(numbered, FIRST, longest) for hit in part]
    assert sorted(read, key=int) == [hit["id"] for hit in numbered]


@settings(max_examples=200)
@given(HITS, st.integers(7, 30))
def test_a_slice_that_stays_too_long_cannot_be_cut(hits: list[Hit], longest: int) -> None:
    """A list longer than can be paged for certain is read only where its first page shows no difference."""
    numbered: list[Hit] = [{**hit, "id": str(at)} for at, hit in enumerate(hits)]
    for count, part in leaves(numbered, FIRST, longest):
        times = {hit["createTime"] for hit in part[:7]} - {None}
        types = {hit["entityType"] for hit in part[:7]} - {None}
        assert count <= longest or (len(times) < 2 and len(types) < 2)


def test_a_slice_keeps_the_filter_it_was_cut_from() -> None:
    """The halves of one collection stay in that collection."""
    hits: list[Hit] = [
        {"id": str(at), "createTime": at, "entityType": "own" if at % 2 else "other"}
        for at in range(40)
    ]
    own = FIRST.with_body(filter={"entityType": "own"})
    read = [hit["id"] for _, part in leaves(hits, own, 7) for hit in part]
    assert sorted(read, key=int) == [str(at) for at in range(1, 40, 2)]
