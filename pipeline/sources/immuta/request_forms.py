"""Forms of the Request app in all versions that matter, and the agreements that come with them."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import request_list

ENDPOINTS = (
    request_list("form", "/api/request-form", ("request_form_version",)),
    # a version that neither the list nor a product shows any more; that of a deleted form may be gone
    Endpoint(
        "form_version",
        "request",
        "/api/request-form/version/{key}",
        ("request_form_version",),
        single,
        for_each="select distinct form_version as key from access_request "
        "where form_version is not null and form_version not in ("
        "select form.version from form_item "
        "union all select form.version from request_form_item where form.version is not null)",
        after=("request_form", "access_request", "all_request"),
        helped_by=("form",),
        absent=frozenset({404}),
    ),
    request_list("agreement", "/api/data-use-agreement", ("data_use_agreement",)),
)
