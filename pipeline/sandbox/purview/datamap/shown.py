"""What of the Data Map a caller may see: entities of the collections on which it has a role."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pipeline.sandbox.answers import atlas_error, is_shown
from pipeline.sandbox.estate import Estate

Json = dict[str, Any]


def entity(request: Request, estate: Estate, guid: str) -> bool:
    """Whether an entity is shown: a column with its asset, a process with anything it reads or writes."""
    flow = estate.lineage.by_guid.get(guid)
    if flow is not None:
        ends = (estate.datasets[slot] for slot in (*flow.inputs, *flow.outputs))
        return any(is_shown(request, data.collection) for data in ends)
    data = estate.dataset(guid)
    return data is None or is_shown(request, data.collection)


def refused(guid: str) -> Response:
    """Refusal of an entity that is there, in the words of Apache Atlas (AtlasErrorCode.java)."""
    message = f"You are not authorized to perform read entity: guid={guid}"
    return atlas_error(403, "ATLAS-403-00-001", message)


def graph(request: Request, estate: Estate, found: Json) -> Json:
    """A lineage answer without what the caller may not see: edges still lead there."""
    nodes = found["guidEntityMap"]
    return found | {
        "guidEntityMap": {
            guid: header for guid, header in nodes.items() if entity(request, estate, guid)
        }
    }
