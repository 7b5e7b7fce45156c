"""Every answer of the sandbox's Purview planes and of its Request app against the published descriptions of these APIs; so are our calls.

What is allowed beyond them stands in `contracts/additions.json`, each with its source.
"""

import re
from collections.abc import Iterator
from typing import Any

import contract
import httpx
import pytest
from contract import Contract
from contract_walk import REQUEST_APP, UNKNOWN, WALKS, Answer, Walk
from sandbox_fixture import DAY, PURVIEW, REQUEST
from starlette.routing import Route

from pipeline.collect.endpoint import Endpoint
from pipeline.sandbox import server
from pipeline.sources import immuta, purview

ASSETS = 240
# the directory, Immuta's Govern, signing in and our own report have no published contract
NO_CONTRACT = ("directory", "immuta", "signin", "weather", "server")
CONTRACTS = contract.contracts()
NAMES = [one.name for one in CONTRACTS]
ADDITIONS = contract.additions()
# the two names of one operation: clients of the older API call it where Apache Atlas has its lineage
ALIASES = {"/atlas/v2/lineage/{guid}/next": ("/atlas/v2/lineage/", "/lineage/")}


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    """Every plane, walked once."""
    routes = [route for route in server.app(assets=8).routes if isinstance(route, Route)]
    with (
        server.running(assets=ASSETS, as_of=DAY) as url,
        httpx.Client(base_url=url, headers=PURVIEW, timeout=30) as http,
        httpx.Client(base_url=url, headers=REQUEST, timeout=30) as request_app,
    ):
        found = Walk(http, routes, {REQUEST_APP: request_app})
        for plane in WALKS:
            plane(found)
        yield found


def _schemas(answer: Answer, contracts: list[Contract]) -> Iterator[tuple[Contract, Any]]:
    """The contracts that have the answer's operation, each with the schema of its answer."""
    path = answer.path
    for ending, (known, published) in ALIASES.items():
        if answer.route.endswith(ending):
            path = path.replace(known, published)
    for one in contracts:
        schema = one.answer(answer.method, path, answer.status)
        if schema is not None:
            yield one, schema


def _breaches(walk: Walk, contracts: list[Contract], word: str = "") -> Iterator[str]:
    """What the answers, or those with a word in them, break of the contracts."""
    for answer in walk.answers:
        if word not in answer.text:
            continue
        for one, schema in _schemas(answer, contracts):
            for breach in one.breaches(schema, answer.body):
                yield f"{answer.method} {answer.path} {answer.status}: {breach}"


@pytest.mark.parametrize("published", CONTRACTS, ids=NAMES)
def test_answers_satisfy_the_published_description(walk: Walk, published: Contract) -> None:
    """Answers and refusals of a plane have the declared fields, types and values, and no others."""
    breaches = list(_breaches(walk, [published]))
    assert not breaches, (
        "these answers differ from the published description: mend the sandbox, or allow the "
        "difference in tests/contracts/additions.json and name its source\n" + "\n".join(breaches)
    )
    statuses = {answer.status for answer in walk.answers if any(_schemas(answer, [published]))}
    assert 200 in statuses


def _undeclared(body: Any) -> Iterator[tuple[str, Any]]:
    """Objects that stand where the Data Map declares anything, and the definition they are of."""
    if isinstance(body, list):
        for inner in body:
            yield from _undeclared(inner)
    if isinstance(body, dict):
        for name, value in body.items():
            if name == "relationshipAttributes" and "guid" in body and "status" in body:
                for related in value.values():
                    many = related if isinstance(related, list) else [related]
                    yield from (("AtlasRelatedObjectId", one) for one in many if one is not None)
            elif name == "list" and "sortType" in body:
                yield from (("AtlasClassification", one) for one in value)
            else:
                yield from _undeclared(value)


def test_references_and_classifications_are_what_they_are_elsewhere(walk: Walk) -> None:
    """References between entities and listed classifications satisfy the definitions that others name."""
    [published] = [one for one in CONTRACTS if one.name == "datamap"]
    bodies = [answer.body for answer in walk.answers if answer.path.startswith("/datamap")]
    found = list(_undeclared(bodies))
    distinct = {repr(sorted(one)): (kind, one) for kind, one in found}
    assert {kind for kind, _ in found} == {"AtlasRelatedObjectId", "AtlasClassification"}
    for kind, one in (*distinct.values(), *found[::50]):
        assert not list(published.breaches({"$ref": f"#/definitions/{kind}"}, one)), one


def _has_contract(route: Route) -> bool:
    """Whether a published description must have the route: those that write answer as those that read."""
    package = route.endpoint.__module__.removeprefix("pipeline.sandbox.").partition(".")[0]
    if route.path.startswith(REQUEST_APP):
        return "GET" in (route.methods or ()) or route.path.endswith("/search")
    return package not in NO_CONTRACT


def test_every_route_is_held_against_a_description(walk: Walk) -> None:
    """No route of a Purview plane or of the Request app goes unchecked."""
    checked = {
        answer.route
        for answer in walk.answers
        if answer.status == 200 and any(_schemas(answer, CONTRACTS))
    }
    unchecked = {route.path for route in walk.routes if _has_contract(route)} - checked
    assert not unchecked, (
        "no answer with status 200 of these routes was checked: call each in the walk of its "
        "plane (tests/contract_walk.py); a plane that is new needs a contract as well "
        f"(tests/contracts/README.md): {sorted(unchecked)}"
    )


PLANES = {
    "datamap": ("/datamap/api/atlas/v2/nothing", {"requestId", "errorCode", "errorMessage"}),
    "catalog": ("/catalog/api/atlas/v2/nothing", {"requestId", "errorCode", "errorMessage"}),
    "account": ("/account/nothing", {"error"}),
    "scanning": ("/scan/nothing", {"error"}),
    "policy_store": ("/policyStore/nothing", {"error"}),
    "workflow": ("/workflow/nothing", {"error"}),
    "unified_catalog": ("/datagovernance/catalog/nothing", {"error"}),
    "data_access": ("/datagovernance/access/nothing", {"error"}),
}


@pytest.mark.parametrize("plane", PLANES)
def test_refusals_have_the_shape_of_their_plane(walk: Walk, plane: str) -> None:
    """An unknown address and a missing token are refused in the plane's own error shape."""
    address, fields = PLANES[plane]
    for headers, status in ((PURVIEW, 404), ({"Authorization": "Bearer nobody"}, 401)):
        found = walk.http.get(address, params={"api-version": "2023-09-01"}, headers=headers)
        assert found.status_code == status
        body = found.json()
        assert set(body) == fields
        if fields == {"error"}:
            assert set(body["error"]) == {"code", "message"}
            assert found.headers["x-ms-error-code"] == body["error"]["code"]


VERSIONED = (
    "/datamap/api/search/query",
    "/datamap/api/audit/query",
    f"/datamap/api/lineage/{UNKNOWN}/next",
    "/catalog/api/search/query",
    "/account/collections",
    "/scan/datasources",
    "/policyStore/metadataRoles",
    "/policyStore/devops-policies",
    "/workflow/workflows",
    "/datagovernance/catalog/terms",
    "/datagovernance/access/dataSubscriptions",
)


@pytest.mark.parametrize("address", VERSIONED)
def test_a_version_must_be_named(walk: Walk, address: str) -> None:
    """Without its api-version a call is refused where the description demands one, in its words."""
    method = "POST" if address.endswith("/query") else "GET"
    refused = walk.http.request(method, address)
    answer = Answer(method, address, refused.status_code, refused.text, refused.json(), "")
    assert answer.status == 400
    [(published, schema)] = _schemas(answer, CONTRACTS)
    assert (published.parameters(method, address) or {})["api-version"]
    assert not list(published.breaches(schema, answer.body))


ASKED = [
    *purview.SOURCE.endpoints,
    *(one for one in immuta.SOURCE.endpoints if one.plane == "request"),
]


@pytest.mark.parametrize("endpoint", ASKED, ids=lambda one: one.name)
def test_what_we_ask_is_published(endpoint: Endpoint) -> None:
    """Every call of the collector is a described operation, with declared parameters and all it demands."""
    path = re.sub(r"\{[^}]*\}", UNKNOWN, endpoint.path)
    path = REQUEST_APP + path if endpoint.plane == "request" else path
    found = [
        parameters
        for one in CONTRACTS
        if (parameters := one.parameters(endpoint.method, path)) is not None
    ]
    assert len(found) == 1, "no description has this operation"
    demanded = {name for name, needed in found[0].items() if needed}
    given = {name for name, _ in endpoint.params} | ({endpoint.key_param} - {""})
    assert demanded <= given
    # the Data Map declares its version for some of the paths it shares with Apache Atlas only
    assert given - {"api-version"} <= set(found[0])


def _word(change: dict[str, Any]) -> str:
    """A word that stands in every answer which needs an addition."""
    schema = change["schema"]
    kinds = schema.get("x-ms-discriminator-value") or schema.get("enum", [0])
    return kinds[0] if isinstance(kinds[0], str) else f'"{change["property"]}"'


@pytest.mark.parametrize("at", range(len(ADDITIONS)), ids=lambda at: ADDITIONS[at]["definition"])
def test_an_addition_has_a_source_and_is_needed(walk: Walk, at: int) -> None:
    """Whatever goes beyond a description says where it was seen, and goes when nothing sends it."""
    change = ADDITIONS[at]
    assert set(change) - {"property"} == {"contract", "definition", "schema", "source"}
    assert change["source"]
    without = [one for one in ADDITIONS if one is not change]
    strict = [one for one in contract.contracts(without) if one.name == change["contract"]]
    needed = next(_breaches(walk, strict, _word(change)), None)
    assert needed, f"no answer needs this addition, take it out: {change}"


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_notices_what_is_wrong(walk: Walk, name: str) -> None:
    """A field too many and a value of another type are breaches in every contract."""
    published = next(one for one in CONTRACTS if one.name == name)
    answer, schema = next(
        (answer, schema)
        for answer in walk.answers
        for _, schema in _schemas(answer, [published])
        if answer.status == 200 and isinstance(answer.body, dict)
    )
    assert not list(published.breaches(schema, answer.body))
    assert list(published.breaches(schema, answer.body | {"unheardOf": 1}))
    for field, value in answer.body.items():
        if value is not None:
            wrong = [1] if isinstance(value, str) else "wrong"
            assert list(published.breaches(schema, answer.body | {field: wrong})), field
    assert list(published.breaches(schema, "wrong"))
