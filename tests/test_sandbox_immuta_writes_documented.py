"""Every call that Immuta documents for data sources, dictionaries, code and data products is served by the sandbox."""

import pytest
from sandbox_fixture import API, DAY
from starlette.routing import Match, Route

from pipeline.sandbox import server

PRODUCT = API + "/data-product"
DOCUMENTED = {
    "/{t}/handler": "POST",
    "/{t}/handler/7": "GET PUT",
    "/{t}/bulk": "PUT",
    "/{t}/handler/7/triggerHighCardinalityJob": "PUT",
    "/{t}/handler/7/refreshNativeViewJob": "PUT",
    "/dictionary/7": "POST PUT GET DELETE",
    "/dictionary/columns": "GET",
    "/api/v2/data": "POST",
    "/api/v2/policy": "POST",
    "/api/v2/project": "POST",
    "/api/v2/purpose": "POST",
    PRODUCT: "GET POST",
    PRODUCT + "/x": "GET PUT DELETE",
    PRODUCT + "/x/byName": "GET",
    PRODUCT + "/x/datasources": "GET PUT",
    PRODUCT + "/x/request": "GET POST",
    PRODUCT + "/x/members": "GET",
    PRODUCT + "/x/request/masking-exception": "POST",
    PRODUCT + "/x/request/y": "DELETE",
    PRODUCT + "/x/datasources/all": "GET",
    PRODUCT + "/x/recent-determinations": "GET",
    PRODUCT + "/x/request-forms": "GET",
    PRODUCT + "/x/columns": "GET",
}
"""Methods by address; `{t}` stands for each technology."""
TECHNOLOGIES = ("asa", "trino", "snowflake", "databricks", "redshift")
CALLS = [
    (method, path.replace("{t}", technology))
    for path, methods in DOCUMENTED.items()
    for technology in (TECHNOLOGIES if "{t}" in path else ("",))
    for method in methods.split()
    # Databricks has no views of Immuta's to refresh
    if not (technology == "databricks" and path.endswith("refreshNativeViewJob"))
]


@pytest.fixture(scope="module")
def routes() -> list[Route]:
    served = server.app(assets=60, as_of=DAY)
    return [route for route in served.routes if isinstance(route, Route)]


def test_nothing_is_left_out() -> None:
    """The list has all 55 calls: 29 of handlers, 5 of dictionaries, 4 as code, 17 of data products."""
    assert len(CALLS) == len(set(CALLS)) == 55


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_documented_call_has_a_route_of_immuta(
    routes: list[Route], method: str, path: str
) -> None:
    """The first route that fits the call is one of Immuta's part of the sandbox."""
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    fitting = [route for route in routes if route.matches(scope)[0] is Match.FULL]
    assert fitting
    assert fitting[0].endpoint.__module__.startswith("pipeline.sandbox.immuta.")
