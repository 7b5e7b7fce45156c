"""Reads of single things by name, which other programs make: collections, sources, types, entities."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import (
    atlas_error,
    estate_of,
    forbidden,
    is_shown,
    json_answer,
    plane_error,
)
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview import account_api
from pipeline.sandbox.purview.datamap import shown, typedefs
from pipeline.sandbox.purview.datamap.entities import Json
from pipeline.sandbox.purview.datamap.entity_store import EntityStore, bulk_body, single_body
from pipeline.sandbox.purview.scanning import scan_api

Handler = Callable[[Request], Awaitable[Response]]
_JSON = "application/json"
QUALIFIED = ":qualifiedName"


def _of_list(listed: Handler, param: str) -> Handler:
    """Answers the member of a list whose name is a parameter of the path."""

    async def one(request: Request) -> Response:
        answer = await listed(request)
        if answer.status_code != 200:
            return answer
        for found in msgspec.json.decode(answer.body)["value"]:
            if found["name"] == request.path_params[param]:
                return json_answer(found)
        return plane_error(404, "NotFound", f"The {param} does not exist.")

    return one


def _collections(request: Request) -> tuple[dict[str, Json], Json | None]:
    tree = {one["name"]: one for one in account_api.collection_tree(estate_of(request).seed)}
    name = request.path_params["name"]
    return tree, tree.get(name) if is_shown(request, name) else None


def _no_collection(request: Request) -> Response:
    if not is_shown(request, request.path_params["name"]):
        return forbidden()
    return plane_error(404, "CollectionNotFound", "The collection does not exist.")


async def collection(request: Request) -> Response:
    """One collection."""
    _, found = _collections(request)
    return json_answer(found) if found else _no_collection(request)


async def collection_path(request: Request) -> Response:
    """Names of the collections above one, from the root on."""
    tree, found = _collections(request)
    if found is None:
        return _no_collection(request)
    above: list[Json] = []
    while reference := found.get("parentCollection"):
        found = tree[reference["referenceName"]]
        above.insert(0, found)
    return json_answer(
        {
            "parentFriendlyNameChain": [one["friendlyName"] for one in above],
            "parentNameChain": [one["name"] for one in above],
        }
    )


async def child_collections(request: Request) -> Response:
    """Names of the collections right below one."""
    tree, found = _collections(request)
    if found is None:
        return _no_collection(request)
    below = [
        {"friendlyName": one["friendlyName"], "name": one["name"]}
        for one in tree.values()
        if one.get("parentCollection", {}).get("referenceName") == found["name"]
    ]
    return json_answer({"count": len(below), "value": below})


def _guid(estate: Estate, type_name: str, qualified_name: str) -> str | None:
    """Guid of the dataset of a type with a qualified name."""
    named = (data for data in estate.datasets if data.qualified_name == qualified_name)
    return next((data.guid for data in named if data.type_name == type_name), None)


async def by_attribute(request: Request) -> Response:
    """The entity of a type with a qualified name."""
    estate, kind = estate_of(request), request.path_params["type"]
    name = request.query_params.get("attr" + QUALIFIED, "")
    guid = _guid(estate, kind, name)
    seen = guid is not None and shown.entity(request, estate, guid)
    found = EntityStore(estate).get(guid) if guid and seen else None
    if found is None:
        message = f"Instance {kind} with unique attribute {{qualifiedName={name}}} does not exist"
        return atlas_error(404, "ATLAS-404-00-009", message)
    return Response(single_body(found), media_type=_JSON)


async def by_attributes(request: Request) -> Response:
    """The entities of a type with some qualified names; unknown ones are left out."""
    estate, kind = estate_of(request), request.path_params["type"]
    store = EntityStore(estate)
    names = [text for key, text in request.query_params.multi_items() if key.endswith(QUALIFIED)]
    guids = (_guid(estate, kind, name) for name in names)
    found = (store.get(guid) for guid in guids if guid and shown.entity(request, estate, guid))
    return Response(bulk_body(one for one in found if one), media_type=_JSON)


async def classifications(request: Request) -> Response:
    """Classifications of one entity, in one list however many there are."""
    guid, estate = request.path_params["guid"], estate_of(request)
    if not shown.entity(request, estate, guid):
        return shown.refused(guid)
    encoded = EntityStore(estate).get(guid)
    if encoded is None:
        message = f"Given instance guid {guid} is invalid/not found"
        return atlas_error(404, "ATLAS-404-00-005", message)
    found = msgspec.json.decode(encoded.entity).get("classifications", [])
    counts = {"pageSize": len(found), "startIndex": 0, "totalCount": len(found)}
    return json_answer({"list": found, "sortType": "NONE", **counts})


async def type_definition(request: Request) -> Response:
    """One type definition by name or guid; of one category, where the address names one."""
    category, by, value = (request.path_params[name] for name in ("category", "by", "value"))
    for section, listed in typedefs.answer(estate_of(request).seed, "").items():
        if category in ("type", section.lower().removesuffix("defs")) and by in ("name", "guid"):
            for one in listed:
                if one[by] == value:
                    return json_answer(one)
    return atlas_error(404, "ATLAS-404-00-001", f"Given type {by} {value} was invalid/not found")


ATLAS = "/datamap/api/atlas/v2"
ROUTES = [
    Route("/account/collections/{name}", collection),
    Route("/account/collections/{name}/getCollectionPath", collection_path),
    Route("/account/collections/{name}/getChildCollectionNames", child_collections),
    Route("/scan/datasources/{source}", scan_api.data_source),
    Route("/scan/datasources/{source}/scans/{scan}", _of_list(scan_api.scans, "scan")),
    Route(ATLAS + "/entity/uniqueAttribute/type/{type}", by_attribute),
    Route(ATLAS + "/entity/bulk/uniqueAttribute/type/{type}", by_attributes),
    Route(ATLAS + "/entity/guid/{guid}/classifications", classifications),
    Route(ATLAS + "/types/{category}def/{by}/{value:path}", type_definition),
]
