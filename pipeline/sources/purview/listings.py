"""What lists of Purview lack that others name: collections and data sources, asked about one by one.

Lists are trimmed to what the identity may see without a word. Where one names a collection or a data source that the
list of these lacks, the API is asked about it by itself: it is there (then that list is not whole), or refused, or
gone. Where nothing differs, nothing is asked, and neither where the list was not read to its end, which is a gap
anyway. A collection that is not shown hides what lies in it, and so does a tree of collections without its root.
"""

from typing import Any

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single

_COLLECTIONS = """
    select collection."parentCollection"."referenceName" as key from collection_item
    union select source.properties.collection."referenceName" from data_source_item
    union select body.properties.collection."referenceName" from scan_item
    union select policy.properties.collection."referenceName" from metadata_policy_item
    union select policy.properties."parentCollectionName" from metadata_policy_item
    union select collection_id from search_hit
"""
_DATA_SOURCES = """
    select regexp_extract(entity."sourceDetails"."ScanResourceId", '^datasources/([^/]+)/', 1) as key from entity_item
    union select data_source_name from before_asset b semi join unchanged u on u.key = b.guid
"""
_OTHER_DOMAINS = "from platform_domain_item where key not in (select key from account_item)"
"""Below a platform domain a collection may name that. The first one has the account's name, as the root has."""


def lacking(name: str) -> str:
    """The query for what the list `name` lacks by what other lists name (`listings.sql`)."""
    return (
        "select '*' as key, string_agg(reason, '; ' order by reason) as reason "
        f"from trimmed_list where missing_in = 'purview.{name}' having count(*) > 0"
    )


def _alone(lacks: str, plane: str, version: str, path: str, named: str, **facts: Any) -> Endpoint:
    """One thing by itself that the list `lacks` should have: of the keys that `named` selects, those it has not.

    Names are compared whatever their case: policies write the root collection in lower case.
    """
    return Endpoint(
        f"{lacks}_alone",
        plane,
        path,
        ("listing_difference", lacks),
        single,
        params=(("api-version", version),),
        for_each=f"select min(key) as key from ({named}) where key <> '' "
        f"and lower(key) not in (select lower(key) from {lacks}_item) "
        f"and (select bool_or(ends) and sum(came) >= coalesce(max(total), 0) from {lacks}_page) "
        "group by lower(key)",
        after=(lacks,),
        absent=frozenset({404}),
        **facts,
    )


ENDPOINTS = (
    _alone(
        "collection",
        "account",
        "2019-11-01-preview",
        "/account/collections/{key}",
        f"from ({_COLLECTIONS}) where lower(key) not in (select lower(key) from ({_OTHER_DOMAINS}))",
        helped_by=(
            "account",
            "platform_domain",
            "data_source",
            "scan",
            "metadata_policy",
            "search_late",
        ),
    ),
    _alone(
        "data_source",
        "scanning",
        "2023-09-01",
        "/scan/datasources/{key}",
        _DATA_SOURCES,
        helped_by=("entity_alone",),
    ),
)
