-- The people of Govern: who asks, identity providers, users, groups and their members, attributes of both.

-- start
-- attributes of a principal, one row per value; a value stands alone or in a list
create macro attributes_of(items, kind) as table
with given as (
    select
        key_of_principal,
        unnest(map_entries(from_json(if(json_type(authorizations) = 'OBJECT', authorizations, '{}'), '"MAP(VARCHAR, JSON)"'))) as given,
        own,
        provided,
        page_id,
        item
    from query_table(items)
),
valued as (
    select
        *,
        unnest(if(json_type(given.value) = 'ARRAY', from_json(given.value, '["VARCHAR"]'), [given.value->>'$'])) as value
    from given
)
select distinct on (key_of_principal, given.key, value)
    kind as principal_kind,
    key_of_principal as principal_id,
    given.key as name,
    value,
    case
        when holds(provided, given.key, value) then 'iam'
        when holds(own, given.key, value) then 'bim'
    end as origin,
    page_id,
    item
from valued
where given.key is not null and value is not null
order by key_of_principal, given.key, value, page_id desc;

-- whether attributes as they are sent have this value
create macro holds(attributes, name, value) as json_type(attributes) = 'OBJECT' and list_contains(
    from_json(map_extract(from_json(attributes, '"MAP(VARCHAR, JSON)"'), name)[1], '["VARCHAR"]'), value
);

-- endpoint: govern_caller
create table govern_caller_item as
select page_id, '' as item, 'govern' as key, caller
from (
    select page_id, from_json(body, '{
        "id": "INTEGER", "iamid": "VARCHAR", "userid": "VARCHAR", "permissions": ["VARCHAR"],
        "profile": {"id": "INTEGER", "name": "VARCHAR"}}') as caller
    from pages
);

-- activity is on the same host, and the same identity asks
insert into caller by name
select distinct on (plane)
    unnest(['govern', 'activity']) as plane,
    caller.userid as user_id,
    caller.profile.name as name,
    coalesce(caller.profile.id, caller.id) as profile_id,
    list_distinct(list_filter(coalesce(caller.permissions, []), lambda one: one is not null)) as permissions,
    []::varchar[] as on_domains,
    page_id,
    item
from govern_caller_item
order by plane, page_id desc;

-- endpoint: request_caller
create table request_caller_item as
select page_id, '' as item, 'request' as key, caller
from (
    select page_id, from_json(body, '{
        "globalUserId": "VARCHAR", "username": "VARCHAR", "displayName": "VARCHAR", "expiration": "DOUBLE",
        "globalPermissions": ["VARCHAR"], "collectionPermissions": "JSON", "id": "INTEGER"}') as caller
    from pages
);

insert into caller by name
select
    'request' as plane,
    coalesce(caller.username, caller."globalUserId") as user_id,
    caller."displayName" as name,
    caller.id as profile_id,
    list_distinct(list_filter(coalesce(caller."globalPermissions", []), lambda one: one is not null)) as permissions,
    coalesce(
        if(json_type(caller."collectionPermissions") = 'OBJECT', list_sort(json_keys(caller."collectionPermissions")), []),
        []
    ) as on_domains,
    page_id,
    item
from request_caller_item
order by page_id desc
limit 1;

-- endpoint: request_token
create table request_token_item as
select page_id, '/' || position as item, token."tokenId" as key, token
from (
    select page_id, unnest(page) as token, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, from_json(body, '[{
            "tokenId": "VARCHAR", "userId": "VARCHAR", "description": "VARCHAR", "active": "BOOLEAN",
            "creationDate": "VARCHAR", "expirationDate": "VARCHAR"}]') as page
        from pages
    )
)
where token."tokenId" is not null and readable(token."expirationDate");

insert into request_token by name
select distinct on (key)
    key as id,
    token."userId" as user_id,
    token.description as description,
    token.active as active,
    try_cast(token."creationDate" as timestamptz) as created_at,
    try_cast(token."expirationDate" as timestamptz) as expires_at,
    page_id,
    item
from request_token_item
order by key, page_id desc;

-- endpoint: iam
create table iam_item as
select page_id, '/' || position as item, iam->>'$.id' as key, iam
from (
    select page_id, unnest(page) as iam, generate_subscripts(page, 1) - 1 as position
    from (select page_id, from_json(body, '["JSON"]') as page from pages)
)
where key is not null;

insert into immuta_iam by name
select distinct on (key)
    key as id,
    -- written in either way
    coalesce(iam->>'$.displayname', iam->>'$.displayName') as display_name,
    iam->>'$.type' as type,
    page_id,
    item
from iam_item
order by key, page_id desc;

-- endpoint: user
create table user_item as
select
    page_id,
    '/hits/' || position as item,
    -- one person may have accounts with several providers
    concat_ws(':', person.iamid, person.userid, person.id) as key,
    -- memberships name people by profile: the account's number stands in only where there is no profile at all
    if(person.profile is null, person.id, person.profile.id) as profile_id,
    person
from (
    select page_id, unnest(page.hits) as person, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "iamid": "VARCHAR", "userid": "VARCHAR", "permissions": ["VARCHAR"], "disabled": "BOOLEAN",
            "authorizations": "JSON", "bimAuthorizations": "JSON", "iamAuthorizations": "JSON",
            "systemGenerated": "BOOLEAN", "lastLogin": "VARCHAR", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "profile": {"id": "INTEGER", "name": "VARCHAR", "email": "VARCHAR", "organization": "VARCHAR",
                "position": "VARCHAR", "systemGenerated": "BOOLEAN", "updatedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where profile_id is not null;

-- what any account of a person may do, the person may do; who can still sign in with one is not disabled
insert into immuta_user by name
with account as (
    select distinct on (key) * from user_item order by key, page_id desc
),
shown as (
    select distinct on (profile_id) *
    from account
    order by profile_id, coalesce(person.disabled, false), key
)
select
    s.profile_id as id,
    s.person.iamid as iam_id,
    s.person.userid as user_id,
    s.person.profile.name as name,
    s.person.profile.email as email,
    a.permissions,
    a.disabled,
    a.system_generated,
    s.person.profile.organization as organization,
    a.accounts,
    a.last_login_at,
    try_cast(s.person."createdAt" as timestamptz) as created_at,
    try_cast(s.person."updatedAt" as timestamptz) as updated_at,
    s.page_id,
    s.item,
    if(a.accounts > 1, hash(a), null) as content_hash
from shown s
join (
    select
        profile_id,
        -- in the order they were sent in where there is one account
        if(count(*) = 1, any_value(permissions), list_sort(list_distinct(flatten(list(permissions))))) as permissions,
        bool_and(coalesce(person.disabled, false)) as disabled,
        bool_or(coalesce(person."systemGenerated", person.profile."systemGenerated", false)) as system_generated,
        count(*)::integer as accounts,
        max(try_cast(person."lastLogin" as timestamptz)) as last_login_at
    from (select *, coalesce(person.permissions, []) as permissions from account)
    group by profile_id
) a using (profile_id);

create table user_attributes as
select
    profile_id as key_of_principal,
    person.authorizations as authorizations,
    person."bimAuthorizations" as own,
    person."iamAuthorizations" as provided,
    page_id,
    item
from user_item;

insert into immuta_attribute by name
from attributes_of('user_attributes', 'user');

-- endpoint: group
create table group_item as
select page_id, '/hits/' || position as item, team.id::varchar as key, team
from (
    select page_id, unnest(page.hits) as team, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "iamid": "VARCHAR", "name": "VARCHAR", "gid": "VARCHAR", "email": "VARCHAR", "description": "VARCHAR",
            "authorizations": "JSON", "bimAuthorizations": "JSON", "iamAuthorizations": "JSON",
            "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}]}') as page
        from pages
    )
)
where team.id is not null;

insert into immuta_group by name
select distinct on (key)
    team.id as id,
    team.iamid as iam_id,
    team.name as name,
    team.gid as gid,
    team.email as email,
    team.description as description,
    try_cast(team."createdAt" as timestamptz) as created_at,
    try_cast(team."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from group_item
order by key, page_id desc;

create table group_attributes as
select
    team.id as key_of_principal,
    team.authorizations as authorizations,
    team."bimAuthorizations" as own,
    team."iamAuthorizations" as provided,
    page_id,
    item
from group_item;

insert into immuta_attribute by name
from attributes_of('group_attributes', 'group');

-- endpoint: group_member
create table group_member_item as
select
    page_id,
    '/hits/' || position as item,
    key::integer as group_id,
    concat_ws(':', key, member.profile.id, member.iamid, member.userid) as key,
    member
from (
    select page_id, key, unnest(page.hits) as member, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"hits": [{
            "id": "INTEGER", "userid": "VARCHAR", "iamid": "VARCHAR", "disabled": "BOOLEAN",
            "profile": {"id": "INTEGER", "name": "VARCHAR", "email": "VARCHAR"}}]}') as page
        from pages
    )
)
where member.profile.id is not null;

insert into immuta_group_member by name
select distinct on (group_id, member.profile.id)
    group_id,
    member.profile.id as profile_id,
    member.iamid as iam_id,
    member.userid as user_id,
    member.disabled as disabled,
    page_id,
    item
from group_member_item
order by group_id, member.profile.id, page_id desc;
