"""Whatever Immuta lets a program read is read, or there is a reason why it is not: the Request app's and Govern's."""

import json
import re

import contract
import pytest

from pipeline.collect.endpoint import Endpoint
from pipeline.sources.immuta import SOURCE

OPERATIONS = 83
"""How many the published description of the Request app has."""
WRITES = {
    f"POST {path}"
    for path in (
        "/api/asset/{id}/request",
        "/api/auth/tokens",
        "/api/data-product",
        "/api/data-product/{id}/request",
        "/api/data-product/{id}/request/masking-exception",
        "/api/data-use-agreement",
        "/api/notification/webhook",
        "/api/notification/webhook/test",
        "/api/notification/webhook/{id}/test",
        "/api/request-form",
    )
}
"""Operations that change or send something; every other POST of the Request app searches."""
REPORTS = tuple(
    f"GET /governance/reports/{report}"
    for report in (
        "group/allGroupDataSourceAccess",
        *(f"group/{{groupId}}/{what}" for what in ("attribute", "dataSource", "project", "user")),
        "tag/allUserDataSources",
        "tag/{tag}/dataSource",
        "user/allUserDataSources",
        "user/allUserStatus",
        *(
            f"user/{{userId}}/{what}"
            for what in (
                *("attribute", "dataSource", "dataSourcePurposeAccess", "dataSourceUserAccess"),
                *("group", "project"),
            )
        ),
    )
)
GOVERN = (
    "GET /api/connections/{connectionKey}",
    "POST /api/audit/rest/v1/search",
    "GET /audit",
    "GET /audit/apikey/activity",
    "GET /audit/{recordId}",
    "GET /bim/group",
    "GET /bim/group/{id}/user",
    "GET /bim/iam",
    "GET /bim/iam/{iamid}/user/{id}",
    "GET /bim/rpc/user/current",
    "GET /bim/user",
    "GET /collection",
    "GET /collection/{id}",
    "GET /collection/{id}/datasources",
    "GET /collection/{id}/permissions",
    "GET /data/connection/{connectionKey}",
    "GET /data/object/{objectPath}",
    "POST /data/object/search",
    "POST /data/object/search/{connection}",
    "POST /data/object/search/{connection}/{database}",
    "POST /data/object/search/{connection}/{database}/{schema}",
    "GET /dataSource",
    "GET /dataSource/name/{name}",
    "GET /dataSource/sqlTableName/{name}",
    "GET /dataSource/{id}",
    "GET /dataSource/{id}/access",
    "GET /dataSource/{id}/tags",
    "GET /dictionary/columns",
    "GET /dictionary/{dataSourceId}",
    "GET /domain",
    "GET /domain/{id}",
    "GET /domain/{id}/datasources",
    "GET /domain/{id}/permissions",
    "GET /governance/purpose",
    "GET /governance/purpose/{id}",
    "GET /jobs",
    "GET /policy/global",
    "GET /policy/handler/{dataSourceId}",
    "POST /policy/search",
    "GET /project",
    "GET /project/{id}",
    "GET /project/{id}/activity",
    "GET /project/{id}/checkEqualizationState",
    "POST /project/{id}/checkEqualizedAuths",
    "GET /project/{id}/dataSources",
    "GET /project/{id}/members",
    "GET /subscription/getPendingRequestsForUser",
    "GET /subscription/requestInfo/{modelType}/{modelId}",
    "GET /tag",
    "GET /{technology}/handler/{handlerId}",
    *REPORTS,
)
"""What the first version of Govern's API lets a program read, as its documentation or a client that works has it."""
SAME = "the list has the same object"
SIGN_OF_LIFE = "says nothing of the estate"
SETTINGS = "where the app sends its messages, not who may see data"
OWN = "is about whoever asks"
REPORT = "worked out within nine minutes, or not at all, from what is read here; rows tell display names only"
LEFT_OUT = {
    "GET /api/access-request/{id}": SAME,
    "GET /api/asset/byMetadata": "a table by its name: those that requests and forms name are read by id, others would take a call each",
    "GET /api/asset/{id}/recent-determinations": "the records of every request for the asset are read",
    "GET /api/auth/tokens/{id}": SAME,
    "GET /api/data-product/{name}/byName": SAME,
    "GET /api/data-use-agreement/{id}": SAME,
    "GET /api/data-use-agreement/{id}/request-forms": "every form says which agreements come with it",
    "GET /api/metadata/tags": "at most 200 of the tags that Govern lists",
    "GET /api/notification/inbox/messages": OWN,
    "GET /api/notification/inbox/messages/{id}": OWN,
    "GET /api/notification/slack/configuration": SETTINGS,
    "GET /api/notification/slack/test": "sends a message",
    "GET /api/notification/user-preferences": OWN,
    "GET /api/notification/webhook": SETTINGS,
    "GET /api/notification/webhook/{id}": SETTINGS,
    "GET /api/notification/webhook/{id}/history": SETTINGS,
    "GET /api/request-form/{id}": SAME,
    "GET /api/request-form/{id}/data-products": "every product says which forms it has",
    "GET /api/settings/frontend": "how the app looks",
    "GET /health": SIGN_OF_LIFE,
    "GET /health/live": SIGN_OF_LIFE,
    "GET /health/ready": SIGN_OF_LIFE,
    "GET /audit/{recordId}": SAME,
    "GET /bim/iam/{iamid}/user/{id}": SAME,
    "GET /data/object/{objectPath}": "the search of what is above it has the same object",
    "GET /dataSource/name/{name}": "the same object is read by its number",
    "GET /dataSource/sqlTableName/{name}": "the same object is read by its number",
    "GET /dataSource/{id}/tags": "the source read by itself says its tags",
    "GET /jobs": "whether what was written is done yet",
    "POST /policy/search": "finds some of the policies that the list has whole",
    "GET /project/{id}/activity": "the audit events tell what was done, also in projects",
    "POST /project/{id}/checkEqualizedAuths": "what would be if a project demanded what the caller makes up",
    "GET /subscription/requestInfo/{modelType}/{modelId}": "a call per source or project for what its rows of access or members say: whose approval is open",
    **dict.fromkeys(REPORTS, REPORT),
}  # fmt: skip
"""Reads that are not made, each with the reason."""


def published() -> set[str]:
    """Every operation of the Request app's description, of those too that the sandbox does not serve."""
    found = json.loads((contract.FOLDER / "request_app.json").read_text())
    every = found["paths"] | found["notServed"]
    return {f"{method.upper()} {path}" for path, methods in every.items() for method in methods}


def reads() -> set[str]:
    """Those that only read."""
    return {one for one in published() if one.startswith(("GET ", "POST "))} - WRITES


def calls(endpoint: Endpoint) -> set[str]:
    """The operations that an endpoint is a call of: domains are asked for under either of their names."""
    first, *rest = endpoint.path.removeprefix("/").split("/")
    words = ("domain", "collection") if first in ("{key}", "{place}") else (first,)
    return {unnamed("/".join([f"{endpoint.method} /{word}", *rest])) for word in words}


def made(*planes: str) -> set[str]:
    """The operations that a run calls."""
    return {call for one in SOURCE.endpoints if one.plane in planes for call in calls(one)}


def unnamed(operation: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", operation)


@pytest.mark.parametrize("operation", sorted(reads()))
def test_every_read_of_the_request_app_is_made_or_left_out_for_a_reason(operation: str) -> None:
    """Nothing that is published is forgotten: it is either asked for or named here, and not both."""
    assert (unnamed(operation) in made("request")) != (operation in LEFT_OUT)


@pytest.mark.parametrize("operation", GOVERN)
def test_every_read_of_govern_is_made_or_left_out_for_a_reason(operation: str) -> None:
    """Likewise of what is documented."""
    assert (unnamed(operation) in made("govern", "activity")) != (operation in LEFT_OUT)


def test_the_whole_description_is_looked_at() -> None:
    """An operation that is taken out of the contract is still among those not served, and every POST is known to search or to write."""
    assert len(published()) == OPERATIONS
    assert published() >= WRITES
    assert {one for one in reads() if one.startswith("POST ")} == {
        "POST /api/metadata/tags/applied/search"
    }


def test_nothing_is_asked_of_govern_that_is_not_documented() -> None:
    """Whatever is called is in the list above, so that the list is no shorter than what is known."""
    assert made("govern", "activity") <= set(map(unnamed, GOVERN))
    assert len(set(map(unnamed, GOVERN))) == len(GOVERN)


def test_what_is_left_out_exists() -> None:
    """A reason for an operation that is not there any more goes too."""
    assert LEFT_OUT.keys() <= reads() | set(GOVERN)
