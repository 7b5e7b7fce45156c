"""Tags and global policies of Govern."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import not_whole, unwrapped

MOST_TAGS = 100_000
"""Tags asked for, as the list has no second page: as many as this may not be all."""
SEES = frozenset({"GOVERNANCE"})
"""The permission that shows the policies, purposes, projects and domains of everybody."""

ENDPOINTS = (
    Endpoint(
        "tag",
        "govern",
        "/tag",
        ("immuta_tag",),
        single,
        # of those that Immuta made, also the deleted ones: policies name them still
        params=(("includeAllSystemTags", "true"), ("limit", str(MOST_TAGS))),
        items="hits",
        holes="select '*' as key, 'the list is as long as it may be: what follows cannot be asked for' as reason "
        f"from tag_page where not whole union all {not_whole('tag')}",
        as_json=unwrapped("tags", "hits", "data", limit=MOST_TAGS),
    ),
    Endpoint(
        "policy",
        "govern",
        "/policy/global",
        (
            "immuta_policy",
            "policy_circumstance",
            "policy_condition",
            "policy_masking",
            "policy_exception",
        ),
        single,
        items="[]",
        holes=not_whole("policy"),
        needs=SEES,
    ),
)
