"""Data Map search: what assets there are, slice by slice (Data Map 2023-09-01).

Search lists cheaply what the rest is asked about. Every collection is a slice of its own, what is in
no known collection another one; slices too long for the service's paging are cut further. The totals
before and after the walk are asked without any filter, so that a slice that is missing shows.

Where only changes are listed, search is asked for what was updated since the last snapshot, and for
the total of each slice: a slice whose total is not that of the hits known then has lost something,
and is listed again; of a long one, only those pieces whose own totals say so.
"""

from typing import Any

from pipeline.collect.endpoint import Control, Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.purview.listings import lacking
from pipeline.sources.purview.slices import sliced

LIMIT = 1000
LONGEST_SLICE = 100_000
"""Hits that can be paged through for certain: the older search stops at offset 100,000, the newer one says nothing."""

_VERSION = (("api-version", "2023-09-01"),)
_ALL = {"keywords": "*", "limit": LIMIT, "orderby": [{"id": "ASC"}]}
_ONE = {"keywords": "*", "limit": 1, "orderby": [{"id": "ASC"}]}


def _search(name: str, total: Total, body: dict[str, Any], **facts: Any) -> Endpoint:
    return Endpoint(
        name,
        "datamap",
        "/datamap/api/search/query",
        ("search_hit", "asset") if total is Total.SERVER else (),
        sliced(LONGEST_SLICE) if total is Total.SERVER else single,
        method="POST",
        params=_VERSION,
        body=body,
        items="value",
        total=total,
        **facts,
    )


ENDPOINTS = (
    # without the collections all there is makes one slice
    _search("total_before", Total.CONTROL, _ONE, helped_by=("collection",)),
    _search(
        "search",
        Total.SERVER,
        _ALL,
        for_each="select key, filter from slice where getvariable('since_ms') is null "
        "union all select 'changes', updated_from(getvariable('since_ms')) "
        "where getvariable('since_ms') is not null",
        after=("total_before",),
        one_list=True,
        control=Control("search_hit", "total_before", "total_after"),
        holes=lacking("search"),
    ),
    _search(
        "slice_total",
        Total.CONTROL,
        _ONE,
        for_each="select key, filter from slice where getvariable('since_ms') is not null",
        after=("total_before",),
        one_list=True,
    ),
    _search(
        "piece_total",
        Total.CONTROL,
        _ONE,
        for_each="select key, filter from piece",
        after=("search", "slice_total"),
        one_list=True,
    ),
    _search(
        "search_again",
        Total.SERVER,
        _ALL,
        for_each="select key, filter from lossy",
        after=("piece_total",),
        one_list=True,
    ),
    # what changed, came or moved between collections while the slices were read
    _search(
        "search_late",
        Total.SERVER,
        _ALL,
        for_each="select 'late' as key, updated_from(getvariable('started_ms')) as filter",
        after=("search_again",),
        one_list=True,
    ),
    _search("total_after", Total.CONTROL, _ONE, after=("search_late",)),
)

PROBES = (
    Endpoint(
        "datamap",
        "datamap",
        "/datamap/api/search/query",
        (),
        single,
        method="POST",
        params=_VERSION,
        body={"keywords": "*", "limit": 1},
        items="value",
    ),
)
