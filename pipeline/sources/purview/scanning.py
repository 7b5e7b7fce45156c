"""The scanning plane: data sources, what scans them, how and when, and what came of it (Scanning 2023-09-01)."""

from typing import Any

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import next_link, single
from pipeline.sources.purview.listings import lacking

_VERSION = (("api-version", "2023-09-01"),)
_SCAN = "/scan/datasources/{data_source}/scans/{scan}"
_EVERY_SCAN = "select key, data_source, scan from scan_item"

SECRET = frozenset(
    {
        # what a credential consists of: names of secrets in key vaults, user names, role ARNs
        "typeProperties",
        "accountKey",
        "connectionString",
        "consumerKey",
        "consumerSecret",
        "password",
        "secret",
        "servicePrincipalKey",
        "token",
    }
)
"""Keys of a credential of which the values are not stored: only its name and kind are wanted."""


def _list(name: str, path: str, table: str, **facts: Any) -> Endpoint:
    """A list that states how long it is; it may come in one page however long."""
    return Endpoint(
        name,
        "scanning",
        path,
        (table,),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
        **facts,
    )


def _part_of_scan(name: str, path: str) -> Endpoint:
    """One object of each scan, which not every scan has."""
    return Endpoint(
        name,
        "scanning",
        _SCAN + path,
        (name,),
        single,
        params=_VERSION,
        for_each=_EVERY_SCAN,
        after=("scan",),
        absent=frozenset({404}),
    )


ENDPOINTS = (
    _list("data_source", "/scan/datasources", "data_source", holes=lacking("data_source")),
    _list(
        "scan",
        "/scan/datasources/{key}/scans",
        "scan",
        for_each="select key from data_source_item",
        after=("data_source",),
    ),
    _part_of_scan("scan_trigger", "/triggers/default"),
    _part_of_scan("scan_filter", "/filters/custom"),
    _list("scan_run", _SCAN + "/runs", "scan_run", for_each=_EVERY_SCAN, after=("scan",)),
    _list("scan_ruleset", "/scan/scanrulesets", "scan_ruleset"),
    _list("system_scan_ruleset", "/scan/systemScanRulesets", "scan_ruleset"),
    _list("classification_rule", "/scan/classificationrules", "classification_rule"),
    _list("scan_credential", "/scan/credentials", "scan_credential", redact=SECRET),
    _list("integration_runtime", "/scan/integrationruntimes", "integration_runtime"),
)

PROBES = (
    Endpoint(
        "scanning", "scanning", "/scan/datasources", (), single, params=_VERSION, items="value"
    ),
)
