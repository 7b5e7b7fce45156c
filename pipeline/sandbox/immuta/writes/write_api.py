"""Every route of Immuta that writes."""

from pipeline.sandbox.immuta.writes import (
    connections,
    dictionaries,
    handlers,
    policy_code,
    policy_writes,
    product_writes,
    projects,
    request_writes,
    tagging,
)

ROUTES = [
    route
    for surface in (
        tagging,
        dictionaries,
        policy_writes,
        connections,
        policy_code,
        projects,
        product_writes,
        request_writes,
        handlers,
    )
    for route in surface.ROUTES
]
"""Tags come before data sources: `/dataSource/bulk/tags` is no data source; handlers last: theirs fit any word."""
