-- Domains of the Request app with their sources, and the groups and attributes that it can name.

-- endpoint: request_domain
create table request_domain_item as
select page_id, '/domains/' || position as item, domain.id as key, domain
from (
    select page_id, unnest(page.domains) as domain, generate_subscripts(page.domains, 1) - 1 as position
    from (select page_id, from_json(body, '{"domains": [{"id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR"}]}') as page from pages)
)
where domain.id is not null;

insert into request_domain by name
select distinct on (key)
    key as id,
    coalesce(domain.name, key) as name,
    nullif(domain.description, '') as description,
    page_id,
    item
from request_domain_item
order by key, page_id desc;

-- endpoint: request_domain_source
create table request_domain_source_item as
select page_id, '/data/' || position as item, domain_id, domain_id || '.' || source."dataSourceId" as key, source
from (
    select page_id, key as domain_id, unnest(page.data) as source, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, key, from_json(body, '{"data": [{"dataSourceId": "INTEGER", "name": "VARCHAR", "platform": "VARCHAR"}]}') as page from pages)
)
where source."dataSourceId" is not null;

insert into request_domain_source by name
select distinct on (key)
    domain_id,
    source."dataSourceId" as source_id,
    source.name as name,
    source.platform as platform,
    page_id,
    item
from request_domain_source_item
order by key, page_id desc;

-- endpoint: request_group
create table request_group_item as
select page_id, '/groups/' || position as item, found.id::varchar as key, found
from (
    select page_id, unnest(page.groups) as found, generate_subscripts(page.groups, 1) - 1 as position
    from (select page_id, from_json(body, '{"groups": [{"id": "INTEGER", "iamId": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}]}') as page from pages)
)
where found.id is not null;

insert into request_group by name
select distinct on (key)
    found.id as id,
    found."iamId" as iam_id,
    coalesce(found.name, key) as name,
    found.email as email,
    page_id,
    item
from request_group_item
order by key, page_id desc;

-- endpoint: request_attribute
create table request_attribute_item as
select page_id, '/attributes/' || position as item, concat_ws('=', found.type, found.value) as key, found
from (
    select page_id, unnest(page.attributes) as found, generate_subscripts(page.attributes, 1) - 1 as position
    from (select page_id, from_json(body, '{"attributes": [{"type": "VARCHAR", "value": "VARCHAR"}]}') as page from pages)
)
where found.type is not null and found.value is not null;

insert into request_attribute by name
select distinct on (name, value)
    found.type as name,
    found.value as value,
    page_id,
    item
from request_attribute_item
order by name, value, page_id desc;
