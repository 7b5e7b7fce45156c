"""The estate's Immuta as a team would keep it in files: payloads of the V2 API, and a few deliberate differences.

Written from what the sandbox answers, as somebody would who brings a tenant under version control. The translation
from V1 to V2 is this module's own; the product has another, and each is a test of the other.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from pipeline.sandbox import server, signin
from pipeline.sandbox.immuta import v2_payloads as v2
from pipeline.sandbox.immuta.differences import Difference, planted

Json = dict[str, Any]
PAGE = 200


def write(folder: Path, *, seed: int, assets: int, as_of: datetime | None) -> list[Difference]:
    """Writes the declarations below `folder`, and says in what they differ from the estate."""
    found = payloads(server.app(seed, assets, as_of))
    differences = planted(found)
    for name in ("policies", "projects", "purposes", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for policy in found["policy"]:
        _yaml(folder / "policies" / f"{_file_name(policy['policyKey'])}.yaml", [policy])
    # one list as JSON, several documents in one file: the other forms that teams use
    text = json.dumps(found["project"], indent=2, ensure_ascii=False)
    (folder / "projects" / "projects.json").write_text(text + "\n", encoding="utf-8")
    _yaml(folder / "purposes" / "purposes.yaml", found["purpose"])
    handlers = {data["connection"]["handler"] for data in found["data"]}
    for handler in sorted(handlers):
        of_one = [data for data in found["data"] if data["connection"]["handler"] == handler]
        _yaml(folder / "data" / f"{_file_name(handler)}.yaml", of_one)
    return differences


def _file_name(words: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in words.lower()).split())


def _yaml(path: Path, documents: Sequence[Json]) -> None:
    text = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def payloads(app: Any) -> dict[str, list[Json]]:
    """What would have made the Immuta that `app` serves: payloads by kind."""
    return asyncio.run(_payloads(app))


async def _payloads(app: Any) -> dict[str, list[Json]]:
    headers = {"Authorization": f"Bearer {signin.IMMUTA_KEY}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sandbox", headers=headers
    ) as http:
        policies = await _get(http, "/policy/global")
        projects = [await _project(http, row) for row in await _hits(http, "/project")]
        purposes = (await _get(http, "/governance/purpose", noLimit="true"))["purposes"]
        estate = app.state.world.now()
        sources = [
            (source, await _get(http, f"/dataSource/{source.id}"))
            for source in estate.data_sources
            if not source.deleted
        ]
    return {
        "policy": [v2.policy(one) for one in policies if _is_declared(one)],
        "project": [one for one in projects if one is not None],
        "purpose": v2.purposes([one for one in purposes if _is_declared(one)]),
        "data": v2.connections(sources),
    }


async def _get(http: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await http.get(path, params=params)
    return answer.raise_for_status().json()


async def _hits(http: httpx.AsyncClient, path: str) -> list[Json]:
    found: dict[int, Json] = {}
    offset = 0
    while True:
        page = await _get(http, path, size=str(PAGE), offset=str(offset))
        found.update({row["id"]: row for row in page["hits"]})
        offset += PAGE
        if offset >= page["count"]:
            return list(found.values())


def _is_declared(row: Mapping[str, Any]) -> bool:
    return not row.get("deleted") and not row.get("systemGenerated")


async def _project(http: httpx.AsyncClient, listed: Json) -> Json | None:
    """A project as the payload that makes it; None for one that Immuta made for a schema."""
    if not _is_declared(listed) or listed["type"] == "schema":
        return None
    row = listed | await _get(http, f"/project/{listed['id']}")
    members = await _get(http, f"/project/{listed['id']}/dataSources", size="10000")
    policy = row.get("subscriptionPolicy") or {}
    found = {
        "projectKey": row["projectKey"],
        "name": row["name"],
        "description": row.get("description"),
        "documentation": row.get("documentation"),
        "allowedMaskedJoins": row.get("allowMaskedJoins"),
        "purposes": sorted(v2.name(one) for one in row.get("purposes") or () if _is_declared(one)),
        "datasources": sorted(
            str(one.get("name") or one.get("dataSourceName")) for one in members["dataSources"]
        ),
        "subscriptionPolicy": v2.subscription(
            {"subscriptionType": row["subscriptionType"], **policy}
        ),
        "equalization": bool(row.get("equalization") or row.get("isEqualized")),
        "tags": sorted(v2.name(one) for one in row.get("tags") or ()),
    }
    return v2.without_nulls(found)
