"""What people do today: pyapacheatlas, or requests, with pandas before DuckDB.

They read one page after the other, as their authors wrote them, keep nothing of what they received and
check nothing against anything.
"""

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
from task import TOKEN, Task

VERSION = "2023-09-01"
PER_CALL = 100
"""Guids per bulk read: as many as we ask for."""


def parts(keys: list[str]) -> Iterator[list[str]]:
    """Guids in groups for one call each."""
    for at in range(0, len(keys), PER_CALL):
        yield keys[at : at + PER_CALL]


def atlas(task: Task) -> Any:
    """A client of pyapacheatlas that talks to the sandbox."""
    from pyapacheatlas.auth.base import AtlasAuthBase
    from pyapacheatlas.core import PurviewClient

    class Bearer(AtlasAuthBase):
        def get_authentication_headers(self) -> dict[str, str]:
            return {"Authorization": f"Bearer {TOKEN}"}

    client = PurviewClient("sandbox", authentication=Bearer())
    client.endpoint_url = f"{task.url}/datamap/api/atlas/v2"
    client.discovery.endpoint_url = f"{task.url}/datamap/api"
    return client


def atlas_search(task: Task) -> dict[str, int]:
    """Every hit, page after page."""
    hits = list(atlas(task).discovery.search_entities("*", limit=1000))
    rows = frame_to_duckdb(task, hit=hits)
    return {"requests": -(-len(hits) // 1000), "rows": rows}


def atlas_detail(task: Task) -> dict[str, int]:
    """Every hit and its details."""
    client = atlas(task)
    keys = [hit["id"] for hit in client.discovery.search_entities("*", limit=1000)]
    return detail(task, keys, lambda guids: client.get_entity(guid=guids))


def session() -> Any:
    """A session of requests that is signed in."""
    import requests

    found = requests.Session()
    found.headers["Authorization"] = f"Bearer {TOKEN}"
    found.params = {"api-version": VERSION}
    return found


def requests_search(task: Task) -> dict[str, int]:
    """Every hit, page after page."""
    hits = requests_hits(task, session())
    return {"requests": -(-len(hits) // 1000), "rows": frame_to_duckdb(task, hit=hits)}


def requests_hits(task: Task, http: Any) -> list[dict[str, Any]]:
    """Hits as Python objects."""
    hits: list[dict[str, Any]] = []
    body: dict[str, Any] = {"keywords": "*", "limit": 1000, "orderby": [{"id": "ASC"}]}
    while True:
        page = http.post(f"{task.url}/datamap/api/search/query", json=body).json()
        hits += page["value"]
        if not (token := page.get("continuationToken")):
            return hits
        body["continuationToken"] = token


def requests_detail(task: Task) -> dict[str, int]:
    """Every hit and its details."""
    http, url = session(), f"{task.url}/datamap/api/atlas/v2/entity/bulk"
    keys = [hit["id"] for hit in requests_hits(task, http)]
    return detail(task, keys, lambda guids: http.get(url, params={"guid": guids}).json())


def detail(task: Task, keys: list[str], read: Callable[[list[str]], Any]) -> dict[str, int]:
    """Reads in bulk and flattens what came, as notebooks do."""
    calls, assets, columns = -(-len(keys) // 1000), [], []
    for guids in parts(keys):
        page = read(guids)
        calls += 1
        for entity in page["entities"]:
            owners = (entity.get("contacts") or {}).get("Owner") or [{}]
            assets.append(
                {
                    "key": entity["guid"],
                    "type_name": entity["typeName"],
                    "qualified_name": entity["attributes"].get("qualifiedName"),
                    "name": entity["attributes"].get("name"),
                    "collection_id": entity.get("collectionId"),
                    "updated_ms": entity.get("updateTime"),
                    "owner": owners[0].get("id"),
                }
            )
        for entity in page["referredEntities"].values():
            columns.append(
                {
                    "guid": entity["guid"],
                    "type_name": entity["typeName"],
                    "name": entity["attributes"].get("name"),
                    "qualified_name": entity["attributes"].get("qualifiedName"),
                    "data_type": entity["attributes"].get("data_type"),
                    "classes": ",".join(c["typeName"] for c in entity.get("classifications", [])),
                }
            )
    rows = frame_to_duckdb(task, asset_detail=assets, column_detail=columns)
    return {"requests": calls, "rows": rows}


def frame_to_duckdb(task: Task, **tables: list[dict[str, Any]]) -> int:
    """Rows that went through pandas into DuckDB tables."""
    import pandas as pd

    total = 0
    with duckdb.connect(str(task.folder / "contender.duckdb")) as con:
        for name, rows in tables.items():
            con.register("frame", pd.DataFrame(rows))
            con.execute(f"create table {name} as select * from frame")
            total += len(rows)
    return total
