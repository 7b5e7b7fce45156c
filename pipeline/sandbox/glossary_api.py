"""The classic glossary of the Data Map: glossaries, terms and the assets they are assigned to."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import entities, glossary, paging
from .answers import atlas_error, estate_of, json_answer
from .estate import Estate
from .glossary import Term

Json = dict[str, Any]


def _glossary(estate: Estate, index: int, *, with_terms: bool) -> Json:
    name = glossary.NAMES[index]
    found: Json = {
        "guid": glossary.glossary_guid(estate.seed, index),
        "lastModifiedTS": "1",
        "name": name,
        "qualifiedName": name,
    }
    if with_terms:
        found["terms"] = [
            {"displayText": term.name, "relationGuid": term.guid[::-1], "termGuid": term.guid}
            for term in estate.terms
            if term.glossary == index
        ]
    return found


def _term(estate: Estate, term: Term) -> Json:
    owner = glossary.NAMES[term.glossary]
    contacts: Json = {}
    if term.experts:
        contacts["Expert"] = [{"id": who, "info": None} for who in term.experts]
    if term.stewards:
        contacts["Steward"] = [{"id": who} for who in term.stewards]
    found: Json = {
        "anchor": {
            "glossaryGuid": glossary.glossary_guid(estate.seed, term.glossary),
            "relationGuid": term.guid[7::-1] + term.guid[8:],
        },
        "createTime": 1704100000000,
        "createdBy": "ServiceAdmin",
        "guid": term.guid,
        "lastModifiedTS": "1",
        "longDescription": f"What {owner} means by {term.nick_name}.",
        "name": term.name,
        "nickName": term.nick_name,
        "qualifiedName": f"{term.name}@{owner}",
        "shortDescription": None,
        "status": term.status,
        "templateName": [],
        "updateTime": term.updated_at,
        "updatedBy": "ServiceAdmin",
    }
    if contacts:
        found["contacts"] = contacts
    return found


async def glossaries(request: Request) -> Response:
    """Glossaries, with their terms unless these are to be ignored."""
    estate = estate_of(request)
    bare = request.query_params.get("ignoreTermsAndCategories", "false").lower() == "true"
    found = [_glossary(estate, at, with_terms=not bare) for at in range(len(glossary.NAMES))]
    return json_answer(paging.plain_page(found, request.query_params))


async def terms(request: Request) -> Response:
    """Terms of one glossary."""
    estate, guid = estate_of(request), request.path_params["guid"]
    guids = [glossary.glossary_guid(estate.seed, at) for at in range(len(glossary.NAMES))]
    if guid not in guids:
        return atlas_error(404, "ATLAS-404-00-005", f"Given instance guid {guid} is not found")
    mine = [term for term in estate.terms if term.glossary == guids.index(guid)]
    page = paging.plain_page(mine, request.query_params)
    return json_answer([_term(estate, term) for term in page])


def _assigned(estate: Estate, term: Term) -> list[Json]:
    relation = "AtlasGlossarySemanticAssignment"
    return [
        entities.related(data.guid, data.type_name, data.display_name, relation)
        for data in estate.datasets_by_term.get(term.number, [])
    ]


def _find(estate: Estate, guid: str) -> Term | None:
    return next((term for term in estate.terms if term.guid == guid), None)


async def term(request: Request) -> Response:
    """One term with the assets it is assigned to."""
    estate, guid = estate_of(request), request.path_params["guid"]
    found = _find(estate, guid)
    if found is None:
        return atlas_error(404, "ATLAS-404-00-005", f"Given instance guid {guid} is not found")
    return json_answer(_term(estate, found) | {"assignedEntities": _assigned(estate, found)})


async def assigned_entities(request: Request) -> Response:
    """Assets that a term is assigned to."""
    estate, guid = estate_of(request), request.path_params["guid"]
    found = _find(estate, guid)
    if found is None:
        return atlas_error(404, "ATLAS-404-00-005", f"Given instance guid {guid} is not found")
    return json_answer(paging.plain_page(_assigned(estate, found), request.query_params))


BASE = "/datamap/api/atlas/v2/glossary"
ROUTES = [
    Route(BASE, glossaries),
    Route(BASE + "/term/{guid}", term),
    Route(BASE + "/terms/{guid}/assignedEntities", assigned_entities),
    Route(BASE + "/{guid}/terms", terms),
]
