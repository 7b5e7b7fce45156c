-- Domains of Govern: which data sources belong together, and who may do what with all of them.

-- start
set variable domain_shape = '{"data": [{
    "id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR", "assignmentType": "VARCHAR", "deleted": "BOOLEAN",
    "tags": "JSON", "createdBy": "VARCHAR", "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}]}';

-- endpoint: domain
create table domain_item as
select page_id, '/data/' || position as item, domain.id as key, domain
from (
    select page_id, unnest(page.data) as domain, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('domain_shape')) as page from pages)
)
where domain.id is not null;

-- endpoint: domain_older
create table domain_older_item as
select page_id, '/data/' || position as item, domain.id as key, domain
from (
    select page_id, unnest(page.data) as domain, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('domain_shape')) as page from pages)
)
where domain.id is not null;

-- both lists, and the first part of the address that the domain is found below
create table domain_listed as
select distinct on (key) *
from (
    select key, 'domain' as place, domain, page_id, item from domain_item
    union all
    select key, 'collection' as place, domain, page_id, item from domain_older_item
)
order by key, page_id desc, item;

insert into immuta_domain by name
select
    key as id,
    coalesce(domain.name, key) as name,
    domain.description as description,
    domain."assignmentType" as assignment_type,
    names_in(domain.tags) as tags,
    coalesce(domain.deleted, false) as deleted,
    domain."createdBy" as created_by,
    try_cast(domain."createdAt" as timestamptz) as created_at,
    try_cast(domain."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from domain_listed;

-- endpoint: domain_source
create table domain_source_item as
select page_id, '/data/' || position as item, key as domain_id, key || '.' || source."dataSourceId" as key, source
from (
    select page_id, key, unnest(page.data) as source, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"data": [{"dataSourceId": "INTEGER", "name": "VARCHAR", "deleted": "BOOLEAN"}]}') as page
        from pages
    )
)
where source."dataSourceId" is not null;

insert into domain_source by name
select
    domain_id,
    source."dataSourceId" as source_id,
    source.name as name,
    source.deleted as deleted,
    page_id,
    item
from domain_source_item
qualify row_number() over (partition by domain_id, source_id order by page_id desc) = 1
order by domain_id, source_id;

-- endpoint: domain_permission
create table domain_permission_item as
select
    page_id,
    '/data/' || position as item,
    key as domain_id,
    case
        when who."profileId" is not null or who."userObjectId" is not null then 'user'
        when who."groupId" is not null or who."groupObjectId" is not null then 'group'
        else 'unknown'
    end as principal_kind,
    coalesce(who."profileId", who."userObjectId", who."groupId", who."groupObjectId", who.name) as principal_id,
    concat_ws('.', key, principal_kind, principal_id) as key,
    who
from (
    select page_id, key, unnest(page.data) as who, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"data": [{
            "name": "VARCHAR", "profileId": "VARCHAR", "userObjectId": "VARCHAR", "groupId": "VARCHAR", "groupObjectId": "VARCHAR",
            "permissions": ["VARCHAR"], "source": "JSON"}]}') as page
        from pages
    )
)
where principal_id is not null;

insert into domain_permission by name
select distinct on (domain_id, principal_kind, principal_id, permission)
    domain_id,
    principal_kind,
    principal_id,
    permission,
    who.name as name,
    who."userObjectId" as user_id,
    -- a word, or a list of them
    if(
        json_type(who.source) = 'ARRAY',
        [coalesce(plain(through, '$.name'), plain(through, '$'), through::varchar) for through in listed(who.source, '$')],
        list_filter([plain(who.source, '$')], lambda through: through is not null)
    ) as granted_through,
    page_id,
    item
from (select *, unnest(who.permissions) as permission from domain_permission_item)
where permission is not null
order by domain_id, principal_kind, principal_id, permission, page_id desc;
