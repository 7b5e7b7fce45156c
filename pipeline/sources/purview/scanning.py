"""The scanning plane: data sources, their scans, schedules and runs (Scanning 2023-09-01)."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import next_link, single

_VERSION = (("api-version", "2023-09-01"),)

ENDPOINTS = (
    Endpoint(
        "data_source",
        "scanning",
        "/scan/datasources",
        ("data_source",),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
    ),
    Endpoint(
        "scan",
        "scanning",
        "/scan/datasources/{key}/scans",
        ("scan",),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
        for_each="select key from data_source_item",
        after=("data_source",),
    ),
    Endpoint(
        "scan_trigger",
        "scanning",
        "/scan/datasources/{data_source}/scans/{scan}/triggers/default",
        ("scan_trigger",),
        single,
        params=_VERSION,
        for_each="select key, data_source, scan from scan_item",
        after=("scan",),
        # a scan without a schedule
        absent=frozenset({404}),
    ),
    Endpoint(
        "scan_run",
        "scanning",
        "/scan/datasources/{data_source}/scans/{scan}/runs",
        ("scan_run",),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
        for_each="select key, data_source, scan from scan_item",
        after=("scan",),
    ),
)

PROBES = (
    Endpoint(
        "scanning", "scanning", "/scan/datasources", (), single, params=_VERSION, items="value"
    ),
)
