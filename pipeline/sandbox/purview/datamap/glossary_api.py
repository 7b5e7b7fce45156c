"""The classic glossary of the Data Map: glossaries, terms and the assets they are assigned to."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox.answers import atlas_error, estate_of, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import glossary, references
from pipeline.sandbox.purview.datamap.glossary import Term

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
        "abbreviation": "".join(word[0] for word in term.nick_name.split() if word)[:4],
        "qualifiedName": f"{term.name}@{owner}",
        "shortDescription": None,
        "status": term.status,
        "templateName": [],
        "updateTime": term.updated_at,
        "updatedBy": "ServiceAdmin",
    }
    if contacts:
        found["contacts"] = contacts
    return found | _extras(estate, term)


def _extras(estate: Estate, term: Term) -> Json:
    """What only some terms have: a parent said outright, resources, related terms, template attributes."""
    index = term.number
    found: Json = {}
    if index % 4 == 1:
        above = estate.terms[index - 1]
        found["parentTerm"] = {
            "displayText": above.name,
            "relationGuid": above.guid[::-1],
            "termGuid": above.guid,
        }
    if index % 5 == 0:
        found["resources"] = [
            {"displayName": "Handbook", "url": f"https://handbook.northlight.example/{turn}"}
            for turn in range(1 + index % 3)
        ]
    if index % 3 == 0:
        found["templateName"] = [glossary.TEMPLATE]
        values = {"Regulation": ["GDPR", "SOX"][: 1 + index % 2], "Reviewed": index % 2 == 0}
        found["attributes"] = {glossary.TEMPLATE: values}
    for kind, others in glossary.related(index).items():
        found[kind] = [_header(one) for at in others for one in estate.terms[at : at + 1]]
    return found


def _header(term: Term) -> Json:
    return {
        "displayText": term.name,
        "relationGuid": term.guid[7::-1] + term.guid[8:],
        "termGuid": term.guid,
    }


def _category(estate: Estate, category: glossary.Category) -> Json:
    owner = glossary.NAMES[category.glossary]
    found: Json = {
        "anchor": {
            "glossaryGuid": glossary.glossary_guid(estate.seed, category.glossary),
            "relationGuid": category.guid[7::-1] + category.guid[8:],
        },
        "guid": category.guid,
        "lastModifiedTS": "1",
        "name": category.name,
        "qualifiedName": f"{category.name}@{owner}",
    }
    if category.above:
        found["qualifiedName"] = f"{category.name}.Business Areas@{owner}"
        found["parentCategory"] = {
            "categoryGuid": category.above,
            "relationGuid": category.above[::-1],
        }
    if category.terms:
        found["terms"] = [_header(estate.terms[index]) for index in category.terms]
    return found


async def glossaries(request: Request) -> Response:
    """Glossaries, with their terms unless these are to be ignored."""
    estate = estate_of(request)
    bare = request.query_params.get("ignoreTermsAndCategories", "false").lower() == "true"
    found = [_glossary(estate, at, with_terms=not bare) for at in range(len(glossary.NAMES))]
    return json_answer(paging.plain_page(found, request.query_params))


def _place(estate: Estate, guid: str) -> int | None:
    """Number of the glossary with this guid."""
    guids = [glossary.glossary_guid(estate.seed, at) for at in range(len(glossary.NAMES))]
    return guids.index(guid) if guid in guids else None


async def categories(request: Request) -> Response:
    """Categories of one glossary."""
    estate, guid = estate_of(request), request.path_params["guid"]
    place = _place(estate, guid)
    if place is None:
        return atlas_error(404, "ATLAS-404-00-005", f"Given instance guid {guid} is not found")
    mine = [one for one in glossary.categories(estate.seed) if one.glossary == place]
    page = paging.plain_page(mine, request.query_params)
    return json_answer([_category(estate, one) for one in page])


async def terms(request: Request) -> Response:
    """Terms of one glossary."""
    estate, guid = estate_of(request), request.path_params["guid"]
    place = _place(estate, guid)
    if place is None:
        return atlas_error(404, "ATLAS-404-00-005", f"Given instance guid {guid} is not found")
    mine = [term for term in estate.terms if term.glossary == place]
    page = paging.plain_page(mine, request.query_params)
    return json_answer([_term(estate, term) for term in page])


def _assigned(estate: Estate, term: Term) -> list[Json]:
    relation = "AtlasGlossarySemanticAssignment"
    return [
        references.related(data.guid, data.type_name, data.display_name, relation)
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
    Route(BASE + "/{guid}/categories", categories),
]
