"""Immuta Govern (V1): connections, and the objects below them; a part of the estate was registered so."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, paging
from pipeline.sandbox.answers import estate_of, govern_error, json_answer
from pipeline.sandbox.immuta.handlers import PLANTED
from pipeline.sandbox.immuta.objects import Tree

Json = dict[str, Any]
SINCE = "2025-02-03T09:00:00.000Z"
MASK = "[REDACTED]"


def _object(tree: Tree, path: tuple[str, ...]) -> Json:
    source = tree.source.get(path)
    off = source is not None and source.deleted
    found: Json = {
        "objectPath": "/".join(path),
        "overrides": {"isActive": False} if off else {},
        "settings": {
            "dataOwners": [{"name": f"{path[0]} owners", "type": "group"}],
            "isActive": not off,
            "newChildrenActive": source is None,
        },
        "state": "inactive" if off else "active",
        "technology": path[0].partition("-")[0].capitalize(),
    }
    # one level of old connections does not tell its tables' data sources
    if source is not None and source.dataset.bits[29] % 8:
        found["dataSourceId"] = source.id
    return found


async def search(request: Request) -> Response:
    """Page of what is directly below an object; without one, of the connections."""
    tree = estate_of(request).connected
    words = request.path_params.get("path", "")
    path = tuple(words.split("/")) if words else ()
    if path not in tree.below:
        return govern_error(404, "Not Found", "Data object not found.")
    found = [_object(tree, (*path, name)) for name in sorted(tree.below[path])]
    page = paging.size_page(found, request.query_params, 50)
    return json_answer({"count": len(found), "hits": page})


async def data_object(request: Request) -> Response:
    """One object."""
    tree = estate_of(request).connected
    path = tuple(request.path_params["path"].split("/"))
    if path not in tree.source and path not in tree.below:
        return govern_error(404, "Not Found", "Data object not found.")
    return json_answer(_object(tree, path))


async def connection(request: Request) -> Response:
    """One connection; its password is masked, what was typed among the options is not."""
    tree, key = estate_of(request).connected, request.path_params["key"]
    if key not in tree.below[()]:
        return govern_error(404, "Not Found", "Connection not found.")
    source = tree.of(key)
    creator = {"email": None, "id": 2, "name": "Compliance reader"}
    return json_answer(
        {
            "connection": {
                "authenticationType": "userPassword",
                "connectionStringOptions": f"ssl=true;pass_phrase='{PLANTED}';schema=x",
                "hostname": source.dataset.host,
                "password": MASK,
                "port": source.platform.port,
                "technology": source.platform.technology,
                "username": "immuta_svc",
            },
            "connectionKey": key,
            "createdAt": SINCE,
            "createdBy": 2,
            "creator": creator,
            "nativeIntegrationId": sorted(tree.below[()]).index(key) + 1,
            "updatedAt": clock.iso_millis(source.created_at),
            "updatedBy": 2,
            "updater": creator,
        }
    )


async def preview(request: Request) -> Response:
    """One connection as the preview tells it, with its state."""
    tree, key = estate_of(request).connected, request.path_params["key"]
    if key not in tree.below[()]:
        return govern_error(404, "Not Found", "Connection not found.")
    unwell = key == max(tree.below[()])
    return json_answer(
        {"connectionKey": key, "createdAt": SINCE, "password": MASK, "state": "UNHEALTHY" if unwell else "ACTIVE"}
    )  # fmt: skip


ROUTES = [
    Route("/data/connection/{key}", connection),
    Route("/data/object/search", search, methods=["POST"]),
    Route("/data/object/search/{path:path}", search, methods=["POST"]),
    Route("/data/object/{path:path}", data_object),
    Route("/api/connections/{key}", preview),
]
