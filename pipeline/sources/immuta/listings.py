"""What one list of Immuta has and another one lacks, and the counts of the Request app against what came.

Lists are trimmed to what the credential may see without a word. Where one names a thing that another one should list,
the API is asked about the thing by itself: it is there (then that list is not whole), or refused, or gone. Where
nothing differs, nothing is asked. The data products are read once more at the end: their counts of requests before
and after must have between them what came, and they tell what was changed meanwhile.
"""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import cursor, single
from pipeline.sources.immuta.calls import SECRETS

REQUEST_TABLES = ("access_request", "approval", "masking_exception_column")
"""What lacks rows where a data product counts more requests than came."""


def _alone(name: str, plane: str, path: str, lacks: str, named: str, *others: str) -> Endpoint:
    """One thing by itself that the list `lacks` should have: of the keys that `named` selects, those it has not."""
    return Endpoint(
        name,
        plane,
        path,
        ("listing_difference",),
        single,
        for_each=f"select key from ({named}) where key is not null "
        f"and key not in (select key from {lacks}_item)",
        after=(lacks, *others),
        absent=frozenset({404}),
        redact=SECRETS,
    )


ENDPOINTS = (
    _alone(
        "product_alone",
        "request",
        "/api/data-product/{key}",
        "data_product",
        "select product_id as key from all_request_item",
        "all_request",
    ),
    _alone(
        "domain_alone",
        "request",
        "/api/metadata/domain/{key}",
        "request_domain",
        "select unnest(product.domains) as key from data_product_item",
        "data_product",
    ),
    _alone(
        "source_alone",
        "govern",
        "/dataSource/{key}",
        "data_source",
        'select source."sourceId" as key from product_source_item '
        'union select source."sourceId" from product_source_all_item '
        'union select source."dataSourceId"::varchar from request_domain_source_item',
        "product_source",
        "product_source_all",
        "request_domain_source",
    ),
    Endpoint(
        "product_again",
        "request",
        "/api/data-product",
        REQUEST_TABLES,
        cursor,
        params=(("limit", "100"),),
        items="data",
        after=("data_product",),
        helped_by=("all_request", "product_member", "product_source", "product_source_all"),
        holes="select key, reason from count_short",
    ),
)
