"""Purposes and projects of Govern: what data may be used for, who agreed to that, and what they work with together."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import GOVERN_PAGE, SEES_GOVERN, counted, not_whole

GONE = frozenset({404})
"""A project or purpose that was deleted since it was listed."""


_READS = {"project_detail": "key", "project_member": "project_id", "project_source": "project_id"}
"""What is read about every project, and where its rows have the project."""


def state_in_an_object(body: bytes) -> bytes:
    """The state of an equalization as one object: that it may come as a word of its own is not documented either."""
    return body if body.lstrip()[:1] == b"{" else b'{"state":' + body + b"}"


def per_project(name: str, path: str, items: str = "") -> Endpoint:
    """A read of one thing about every project; where one of a project's reads is answered, none is gone."""
    answered = " union ".join(
        f"select {key} from {other}_item" for other, key in _READS.items() if other != name
    )
    denied = (
        "select key, 'there is none, it says, but the project is there' as reason from gone "
        f"join immuta_project on id::varchar = key where endpoint = 'immuta.{name}' "
        f"and not coalesce(deleted, false) and key in ({answered})"
    )
    return Endpoint(
        name,
        "govern",
        path,
        (name.removesuffix("_detail"),) if items else ("immuta_project", "project_purpose"),
        counted(items) if items else single,
        items=items,
        total=Total.NONE if items else Total.ASKED,
        for_each="select distinct key from project_item",
        after=("project",),
        absent=GONE,
        holes=denied,
    )


ENDPOINTS = (
    Endpoint(
        "purpose",
        "govern",
        "/governance/purpose",
        ("immuta_purpose",),
        counted("purposes"),
        params=(("noLimit", "true"),),
        items="purposes",
        total=Total.SERVER,
        holes=not_whole("purpose"),
        needs=SEES_GOVERN,
    ),
    Endpoint(
        "purpose_detail",
        "govern",
        "/governance/purpose/{key}",
        ("immuta_purpose",),
        single,
        params=(("includeSubpurposes", "true"),),
        total=Total.ASKED,
        for_each="select key from purpose_wanted",
        after=("purpose",),
        absent=GONE,
    ),
    Endpoint(
        "project",
        "govern",
        "/project",
        ("immuta_project", "project_purpose"),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
        holes=not_whole("project"),
        needs=SEES_GOVERN,
    ),
    per_project("project_detail", "/project/{key}"),
    per_project("project_member", "/project/{key}/members", "members"),
    per_project("project_source", "/project/{key}/dataSources", "dataSources"),
    Endpoint(
        "project_equalization",
        "govern",
        "/project/{key}/checkEqualizationState",
        ("project_equalization",),
        single,
        total=Total.ASKED,
        for_each="select key from project_known where equalized and not deleted",
        after=("project_detail",),
        absent=GONE,
        as_json=state_in_an_object,
    ),
)
