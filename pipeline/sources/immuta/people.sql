-- The people of Govern.

-- endpoint: user
create table user_item as
select
    page_id,
    '/hits/' || position as item,
    -- memberships name people by profile: the account's number stands in only where there is no profile at all
    if(person.profile is null, person.id, person.profile.id)::varchar as key,
    person
from (
    select page_id, unnest(page.hits) as person, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "iamid": "VARCHAR", "userid": "VARCHAR", "permissions": ["VARCHAR"], "disabled": "BOOLEAN",
            "lastLogin": "VARCHAR", "createdAt": "VARCHAR",
            "profile": {"id": "INTEGER", "name": "VARCHAR", "email": "VARCHAR"}}]}') as page
        from pages
    )
)
where key is not null;

insert into immuta_user by name
select distinct on (key)
    key::integer as id,
    person.iamid as iam_id,
    person.userid as user_id,
    person.profile.name as name,
    person.profile.email as email,
    coalesce(person.permissions, []) as permissions,
    coalesce(person.disabled, false) as disabled,
    try_cast(person."lastLogin" as timestamptz) as last_login_at,
    try_cast(person."createdAt" as timestamptz) as created_at,
    page_id,
    item
from user_item
order by key, page_id desc;
