"""What one list of the Request app has and another one lacks, and its counts against what came.

Lists are trimmed to what the credential may see without a word. Where one names a thing that another one should list,
the API is asked about the thing by itself: it is there (then that list is not whole), or refused, or gone. Where
nothing differs, nothing is asked. The data products are read once more at the end: their counts of requests before
and after must have between them what came, and they tell what was changed meanwhile.
"""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import cursor
from pipeline.sources.immuta.calls import alone

REQUEST_TABLES = ("access_request", "approval", "masking_exception_column")
"""What lacks rows where a data product counts more requests than came."""


ENDPOINTS = (
    alone(
        "product_alone",
        "request",
        "/api/data-product/{key}",
        "data_product",
        "select product_id as key from all_request_item union select key from product_again_item",
        after=("all_request",),
        helped_by=("product_again",),
    ),
    alone(
        "domain_alone",
        "request",
        "/api/metadata/domain/{key}",
        "request_domain",
        "select unnest(product.domains) as key from data_product_item",
        after=("data_product",),
    ),
    alone(
        "source_alone",
        "govern",
        "/dataSource/{key}",
        "data_source",
        'select source."sourceId" as key from product_source_item '
        'union select source."sourceId" from product_source_all_item '
        'union select source."dataSourceId"::varchar from request_domain_source_item',
        after=("product_source", "product_source_all", "request_domain_source"),
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
