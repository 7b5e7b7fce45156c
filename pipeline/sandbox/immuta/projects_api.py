"""Immuta Govern (V1): purposes and projects, and the members and data sources of a project."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, draws, paging
from pipeline.sandbox.answers import estate_of, govern_error, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.projects import (
    PURPOSES,
    SINCE,
    Member,
    Project,
    project_row,
    purpose_row,
)

Json = dict[str, Any]
LISTED = (
    "allowMaskedJoins", "createdAt", "deleted", "description", "id", "name", "projectKey", "status",
    "subscriptionPolicy", "subscriptionType", "type", "updatedAt", "workspace",
)  # fmt: skip
"""What the list says of a project; the rest is only in its own answer."""


def rows(estate: Estate) -> Sequence[Json]:
    """Every project, closed and deleted ones among them."""
    return estate.listed("project", [project_row(one, estate.day) for one in estate.projects])


def purposes(estate: Estate) -> Sequence[Json]:
    """Every purpose, deleted ones and those below others among them."""
    return estate.listed("purpose", [purpose_row(one, estate.day) for one in PURPOSES])


def _summary(row: Json) -> Json:
    gone = any(one["deleted"] for one in row["purposes"])
    return {key: row[key] for key in LISTED} | {
        "acknowledgeRequired": any(one["acknowledgement"] for one in row["purposes"]),
        "filterId": row["id"],
        "hasDeletedPurposes": gone,
        "isEqualized": row["equalization"] is not None,
        "purposeCount": len(row["purposes"]),
        "subscriptionStatus": "not_subscribed",
    }


async def project_list(request: Request) -> Response:
    """Page of projects."""
    params = request.query_params
    words = params.get("searchText", "").lower()
    found = [row for row in rows(estate_of(request)) if words in row["name"].lower()]
    page = [_summary(row) for row in paging.size_page(found, params, 10)]
    if params.get("nameOnly", "false").lower() == "true":
        page = [{"id": row["id"], "name": row["name"]} for row in page]
    return json_answer({"hits": page, "count": len(found)})


def _found(request: Request, known: Sequence[Json]) -> Json | None:
    number = request.path_params["id"]
    return next((row for row in known if str(row["id"]) == number), None)


def _missing(what: str) -> Response:
    return govern_error(404, "Not Found", f"{what} not found.")


async def project(request: Request) -> Response:
    """One project with its purposes and tags."""
    row = _found(request, rows(estate_of(request)))
    if row is None:
        return _missing("Project")
    return json_answer({key: value for key, value in row.items() if key != "dataSourceIds"})


async def members(request: Request) -> Response:
    """The members of a project, and what of the agreement is missing."""
    estate = estate_of(request)
    row = _found(request, rows(estate))
    if row is None:
        return _missing("Project")
    drawn = next((one for one in estate.projects if one.id == row["id"]), None)
    if drawn is None:
        people = {person.profile_id: person for person in estate.people}
        owner = Member(row["createdBy"], people.get(row["createdBy"]), "owner", True)
        return json_answer({"members": [_member(estate, row["id"], owner)]})
    found = [_member(estate, row["id"], one, drawn) for one in drawn.members]
    return json_answer({"members": found})


def _member(estate: Estate, number: int, one: Member, of: Project | None = None) -> Json:
    person, gone = one.person, f"profile {one.profile_id}"
    joined = SINCE
    if of is not None:
        past = 40 + draws.number(300, estate.seed, "joined", number, one.profile_id)
        joined = clock.iso_millis(clock.moment(estate.day - past, 0.5))
    compliance = {
        "invalidSubscriptions": [],
        "isMissingEntitlements": of is not None and of.index % 4 == 1 and one.profile_id % 5 == 0,
        "isMissingPurposeAcknowledgement": one.acknowledged is False,
        "missingDataSources": [],
        "validationFrequencyExceeded": False,
    }
    waits = {
        "approver": None,
        "approverId": None,
        "requiredPermission": "OWNER",
        "state": "pending",
    }
    return {
        "approvals": [waits] if one.state == "pending" else [],
        "approved": one.state != "pending",
        "compliance": None if one.acknowledged is None else compliance,
        "createdAt": joined,
        "currentUserCanApprove": False,
        "email": person.email if person else None,
        "iamid": "okta",
        "name": person.name if person else gone,
        "profile": one.profile_id,
        "state": one.state,
        "subscriptionId": 7_000_000 + number * 100_000 + one.profile_id,
        "systemGenerated": False,
        "type": "user",
        "updatedAt": joined,
        "userid": person.mail if person else gone,
    }


async def project_sources(request: Request) -> Response:
    """The data sources of a project, disabled ones among them."""
    estate = estate_of(request)
    row = _found(request, rows(estate))
    if row is None:
        return _missing("Project")
    known = estate.data_source_by_id
    found = [known[number] for number in row["dataSourceIds"] if number in known]
    return json_answer(
        {
            "dataSources": [
                {
                    "addedBy": None,
                    "addedByProfile": row["createdBy"],
                    "addedOn": row["createdAt"],
                    "blobHandlerType": one.platform.technology,
                    "comment": None,
                    "dataSourceId": one.id,
                    "dataSourceName": one.name,
                    "deleted": one.deleted,
                    "derivedInThisProject": False,
                    "subscriptionStatus": "not_subscribed",
                }
                for one in found
            ]
        }
    )


async def equalization(request: Request) -> Response:
    """Whether what an equalized project demands is as its members and sources have it by now."""
    estate = estate_of(request)
    row = _found(request, rows(estate))
    if row is None or row["deleted"]:
        return _missing("Project")
    return json_answer({"isEqualized": row["equalization"] is not None and row["id"] % 8 != 5})


async def purpose_list(request: Request) -> Response:
    """Every purpose; without `noLimit` the first ten."""
    params, found = request.query_params, purposes(estate_of(request))
    whole = params.get("noLimit", "false").lower() == "true"
    return json_answer({"purposes": found if whole else found[:10], "count": len(found)})


async def purpose(request: Request) -> Response:
    """One purpose, with those below it if asked for."""
    known = purposes(estate_of(request))
    row = _found(request, known)
    if row is None:
        return _missing("Purpose")
    if request.query_params.get("includeSubpurposes", "false").lower() != "true":
        return json_answer(row)
    return json_answer(row | {"subpurposes": _below(row, known)})


def _below(row: Json, known: Sequence[Json]) -> list[Json]:
    above = f"{row['name']}."
    direct = [
        one
        for one in known
        if one["name"].startswith(above) and "." not in one["name"][len(above) :]
    ]
    return [one | {"subpurposes": _below(one, known)} for one in direct]


ROUTES = [
    Route("/project", project_list),
    Route("/project/{id}", project),
    Route("/project/{id}/members", members),
    Route("/project/{id}/dataSources", project_sources),
    Route("/project/{id}/checkEqualizationState", equalization),
    Route("/governance/purpose", purpose_list),
    Route("/governance/purpose/{id}", purpose),
]
