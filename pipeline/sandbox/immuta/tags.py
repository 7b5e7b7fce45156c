"""Tags of Govern: hierarchies in dots, from several sources, some of them deleted."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.answers import estate_of, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.paging import integer
from pipeline.sandbox.vocabulary import DOMAINS

ABOVE = ("Discovered", "Discovered.Entity", "Discovered.Country", "Finance")
POLICY_TAGS = ("Public", "Internal", "Restricted", "Partner", "Research", "Analytics", "Board")
CATALOG_TAGS = ("Finance.Ledger", "Finance.Ledger.Closing", "Internal")
"""Tags of another catalog; two of them have the name of one that was made in Immuta."""
DELETED_TAGS = ("Discovered.PII", "Discovered.PHI", "Migration 2023", "Migration 2023.Wave 1")


def rows(estate: Estate) -> Sequence[dict[str, Any]]:
    """Every tag, deleted ones among them."""
    names = [tag for pair in s.TAGS.values() for tag in pair]
    names += [*s.UNMAPPED_TAGS, s.COUNTRY_TAG, *(domain.title for domain in DOMAINS)]
    # what stands above others, but where a business domain has the name already
    names += [name for name in (*ABOVE, *POLICY_TAGS) if name not in names]
    found = [_row(at + 1, name, _origin(name)) for at, name in enumerate(names)]
    found += [_row(500 + at, name, "Collibra") for at, name in enumerate(CATALOG_TAGS)]
    found += [
        _row(600 + at, name, _origin(name)) | {"deleted": True}
        for at, name in enumerate(DELETED_TAGS)
    ]
    return estate.listed("tag", found)


def _origin(name: str) -> str:
    return "dataDiscovery" if name.startswith("Discovered") else "curated"


def _row(number: int, name: str, source: str) -> dict[str, Any]:
    return {
        "color": None,
        "deleted": False,
        "description": None,
        "id": number,
        "name": name,
        "source": source,
        "systemCreated": name.startswith("Discovered") or name == "New",
    }


def _is_shown(row: dict[str, Any], system_tags: str | None) -> bool:
    """Whether a tag is among those asked for: of what Immuta made all, nothing, or what is not deleted."""
    if not row["systemCreated"] or system_tags == "true":
        return True
    return system_tags is None and not row["deleted"]


async def tags(request: Request) -> Response:
    """Every tag, in one answer; deleted ones that Immuta made only if asked for."""
    params = request.query_params
    words, limit = params.get("searchText", "").lower(), integer(params, "limit", 0)
    wanted, unwanted = params.get("source"), params.get("excludedSource")
    made = params.get("includeAllSystemTags")
    found = [
        row
        for row in rows(estate_of(request))
        if words in row["name"].lower()
        and wanted in (None, row["source"])
        and unwanted != row["source"]
        and _is_shown(row, made and made.lower())
    ]
    return json_answer(found[:limit] if limit else found)


ROUTES = [Route("/tag", tags)]
