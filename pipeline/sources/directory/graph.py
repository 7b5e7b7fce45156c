"""Microsoft Graph v1.0: the people, groups and services whose ids the other sources named.

Only ids that were met are asked for. Whole lists of users, groups and service principals would be
read by the ten thousand for a few hundred owners, and an id that is missing from a list may have come
after its page; the answer to a question about ids says exactly which of them do not exist (any more).
The questions take the application permission Directory.Read.All, and Member.Read.Hidden for groups
with hidden members.

`directoryObjects/getByIds` does not promise whole objects, so people and services are read once more,
one by one, with their manager or owners.
"""

from importlib import resources

from pipeline.collect.endpoint import Endpoint, Source, Total
from pipeline.collect.paging import next_link, single
from pipeline.warehouse import schema

IDS_PER_CALL = 1000
MEMBERS_PER_PAGE = "999"

_GUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PERSON = "id,displayName,mail,userPrincipalName,accountEnabled,userType,employeeId"
_USER = (("$select", _PERSON), ("$expand", "manager($select=id)"))

ENDPOINTS = (
    Endpoint(
        "object",
        "graph",
        "/directoryObjects/getByIds",
        ("identity", "group_member"),
        single,
        method="POST",
        body={"types": ["directoryObject"]},
        items="value",
        for_each=(
            "select concat('batch ', batch) as key, to_json(list(id order by id))::varchar as ids "
            "from wanted group by batch"
        ),
    ),
    Endpoint(
        "user",
        "graph",
        "/users/{key}",
        ("identity",),
        single,
        params=_USER,
        total=Total.ASKED,
        for_each="select key from object_item where kind = 'human'",
        after=("object",),
    ),
    Endpoint(
        "user_by_name",
        "graph",
        "/users/{key}",
        ("identity",),
        single,
        params=_USER,
        for_each="select key from wanted_name",
        # nobody signs in with that name (any more)
        absent=frozenset({404}),
    ),
    Endpoint(
        "service_principal",
        "graph",
        "/servicePrincipals/{key}",
        ("identity",),
        single,
        params=(
            ("$select", "id,displayName,accountEnabled,appId,servicePrincipalType"),
            ("$expand", "owners($select=id)"),
        ),
        total=Total.ASKED,
        for_each="select key from object_item where kind = 'service'",
        after=("object",),
    ),
    Endpoint(
        "group_member",
        "graph",
        "/groups/{key}/transitiveMembers",
        ("group_member", "identity"),
        next_link,
        params=(("$select", _PERSON), ("$top", MEMBERS_PER_PAGE)),
        items="value",
        for_each="select key from object_item where kind = 'group'",
        after=("object",),
    ),
)

PROBES = (
    Endpoint(
        "graph",
        "graph",
        "/users",
        (),
        single,
        params=(("$select", "id"), ("$top", "1")),
        items="value",
    ),
)


def ids_met() -> str:
    """SQL for the object ids in every collected table: those of columns whose comment says that they hold one."""
    parts = []
    for table in schema.tables().values():
        for column in table.columns:
            if table.group == "purview" and column.comment.startswith("Entra object id"):
                id_of = f"unnest({column.name})" if column.type.endswith("[]") else column.name
                parts.append(f"select {id_of} as id from {table.name}")
    return "\nunion all\n".join(parts)


_WANTED = f"""-- start
create table wanted as
select id, 1 + (row_number() over (order by id) - 1) // {IDS_PER_CALL} as batch
from (
    select distinct lower(id) as id
    from (
        {ids_met()}
        union all
        select user_id
        from immuta_user
    )
    -- one id that is none would have the whole question refused
    where regexp_full_match(id, '{_GUID}', 'i')
);
"""

SOURCE = Source(
    "directory",
    ENDPOINTS,
    _WANTED + resources.files(__package__).joinpath("graph.sql").read_text("utf-8"),
    PROBES,
    last=True,
)
