"""The routes of both planes of Immuta that read, for a sandbox of any size."""

from pipeline.sandbox.immuta import (
    activity,
    audit_log,
    connections,
    domains,
    govern_api,
    groups,
    market_api,
    market_assets_api,
    market_forms_api,
    market_metadata_api,
    market_requests_api,
    market_tags_api,
    people_api,
    policies,
    projects_api,
    tags,
)

ROUTES = [
    route
    for plane in (
        market_api,
        market_requests_api,
        market_forms_api,
        market_assets_api,
        market_metadata_api,
        market_tags_api,
        policies,
        tags,
        projects_api,
        domains,
        people_api,
        groups,
        connections,
        activity,
        audit_log,
        govern_api,
    )
    for route in plane.ROUTES
]
