"""What metadata policies let the signed-in identity read: by the object ids in its token, collection by collection.

A token rarely says of which groups its bearer is a member. A role that some group holds may be the identity's, and
so may one that comes with a condition: a role is lacking only where nobody holds it through whom it could have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.collect.staging import PAGES_PER_SNAPSHOT, Staging
from pipeline.collect.walked import Missing, Walked

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Need:
    """What reading a plane takes: a data action, and the least role that allows it, as people know it.

    `lists` are the endpoints that are trimmed to where it is allowed.
    """

    action: str
    role: str
    lists: tuple[str, ...]


NEEDS: Mapping[str, Need] = {
    "datamap": Need("data/read", "Data Reader", ("search",)),
    "audit": Need("data/read", "Data Reader", ("audit_event",)),
    "account": Need("collection/read", "Data Reader", ("collection",)),
    "scanning": Need("scan/read", "Data Source Administrator", ("data_source",)),
    "policy_store": Need("collection/write", "Collection Administrator", ("metadata_policy",)),
}
"""The other planes have roles of their own, which metadata policies do not give."""

_ALLOWED = """
select distinct split_part(unnest(r.data_actions), '/accounts/', 2), lower(a.collection_id)
from role_assignment a
join metadata_role r on lower(r.id) = lower(a.role_id)
where not a.conditional
    and lower(a.principal_id) in (select unnest($ids::varchar[]))
"""

_LACKING = """
select need.plane, need.role, min(p.page_id)
from (select unnest($needs::struct(plane varchar, action varchar, role varchar)[]) as need)
cross join collection c
join metadata_policy p on lower(p.collection_id) = lower(c.id)
where c.parent_id is null
    and not exists (
        from role_assignment a
        left join metadata_role r on lower(r.id) = lower(a.role_id)
        where lower(a.collection_id) = lower(c.id)
            -- of a role that is not listed nobody knows what it allows
            and (r.id is null or list_contains([split_part(one, '/accounts/', 2) for one in r.data_actions], need.action))
            and (
                lower(a.principal_id) in (select unnest($ids::varchar[]))
                or a.principal_kind = 'unknown'
                or (a.principal_kind = 'group' and not $groups_known)
            )
    )
group by need.plane, need.role
"""


def allowed(staging: Staging, claims: Claims) -> dict[str, frozenset[str]]:
    """The lower-case ids of the collections on which a data action is certainly allowed, by action."""
    found: dict[str, set[str]] = {}
    for action, collection in staging.con.execute(_ALLOWED, {"ids": _ids(claims)}).fetchall():
        found.setdefault(action, set()).add(collection)
    return {action: frozenset(collections) for action, collections in found.items()}


def note_lacking(staging: Staging, outcomes: Sequence[Walked], claims: Claims) -> None:
    """Adds a missing answer to every list of Purview for which the identity has no role on the root collection.

    Of a token that does not say who it is, and where policies or the root cannot be seen, nothing is known.
    """
    if not claims.get("oid"):
        return
    needs = [{"plane": plane, "action": n.action, "role": n.role} for plane, n in NEEDS.items()]
    facts = {
        "needs": needs,
        "ids": _ids(claims),
        "groups_known": isinstance(claims.get("groups"), list),
    }
    named = {o.endpoint.name: o for o in outcomes if o.source.name == "purview" and not o.skipped}
    for plane, role, page_id in staging.con.execute(_LACKING, facts).fetchall():
        reason = f"this identity lacks {role} on the root collection: a part is left out unsaid"
        for name in NEEDS[plane].lists:
            if (outcome := named.get(name)) is not None:
                outcome.missing.append(Missing("*", None, reason, page_id % PAGES_PER_SNAPSHOT))


def _ids(claims: Claims) -> list[str]:
    """The object ids of the identity and of the groups that its token names, in lower case."""
    groups = claims.get("groups")
    ids = (claims.get("oid"), *(groups if isinstance(groups, list) else []))
    return [str(one).lower() for one in ids if one]
