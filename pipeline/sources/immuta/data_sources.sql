-- Data sources of Govern: the list, what is said of each, the remote table, its columns and who has access.

-- endpoint: data_source
create table data_source_item as
select page_id, '/hits/' || position as item, source.id::varchar as key, source
from (
    select page_id, unnest(page.hits) as source, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "name": "VARCHAR", "deleted": "BOOLEAN", "status": "VARCHAR", "createdAt": "VARCHAR",
            "subscriptionType": "VARCHAR", "blobHandlerType": "VARCHAR", "domainId": "VARCHAR", "domainName": "VARCHAR"}]}') as page
        from pages
    )
)
where source.id is not null;

-- endpoint: data_source_detail
create table data_source_detail_item as
select page_id, '' as item, key, source
from (
    select page_id, key, from_json(body, '{
        "id": "INTEGER", "blobHandlerType": "VARCHAR", "blobHandler": {"url": "VARCHAR"}, "subscriptionPolicy": "JSON",
        "subscriptionType": "VARCHAR",
        "globalPolicies": [{"id": "INTEGER", "name": "VARCHAR", "type": "VARCHAR", "disabled": "BOOLEAN"}],
        "tags": [{"name": "VARCHAR"}]}') as source
    from pages
)
where source.id is not null;

-- handlers are named by address; one whose address is empty has the number of its source
create table handler_wanted as
select distinct on (key)
    key,
    coalesce(
        nullif(regexp_extract(source."blobHandler".url, '/(asa|trino|snowflake|databricks|redshift)/handler/(\d+)', 1), ''),
        case
            when source."blobHandlerType" ilike '%synapse%' or source."blobHandlerType" ilike 'ms sql%' then 'asa'
            when source."blobHandlerType" ilike '%snowflake%' then 'snowflake'
            when source."blobHandlerType" ilike '%databricks%' then 'databricks'
            when source."blobHandlerType" ilike '%redshift%' then 'redshift'
            when source."blobHandlerType" ilike '%trino%' or source."blobHandlerType" ilike '%starburst%' then 'trino'
        end
    ) as technology,
    coalesce(nullif(regexp_extract(source."blobHandler".url, '/handler/(\d+)', 1), ''), key) as handler
from data_source_detail_item
order by key, page_id;

delete from handler_wanted where technology is null;

-- endpoint: handler
create table handler_item as
select
    page_id,
    key,
    -- one object, or the object in a list, or under value: three published shapes
    coalesce(handler.metadata, handler.body[1].metadata, handler.value.metadata) as remote
from (
    select page_id, key, from_json(body, '{
        "metadata": {"hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR"},
        "value": {"metadata": {"hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR"}},
        "body": [{"metadata": {"hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR"}}]}') as handler
    from pages
);

-- endpoint: dictionary
create table dictionary_item as
select page_id, '/metadata/' || position as item, key as source_id, key || '.' || col.name as key, col
from (
    select page_id, key, unnest(page.metadata) as col, generate_subscripts(page.metadata, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"metadata": [{
            "name": "VARCHAR", "dataType": "VARCHAR", "remoteType": "VARCHAR", "nullable": "BOOLEAN",
            "tags": [{"name": "VARCHAR", "source": "VARCHAR", "deleted": "BOOLEAN"}]}]}') as page
        from pages
    )
)
where col.name is not null;

insert into immuta_column by name
select distinct on (source_id, name)
    source_id::integer as source_id,
    col.name as name,
    col."dataType" as data_type,
    col."remoteType" as remote_type,
    col.nullable as nullable,
    page_id,
    item
from dictionary_item
order by source_id, name, page_id desc;

insert into immuta_column_tag by name
select distinct on (source_id, column_name, tag)
    source_id::integer as source_id,
    column_name,
    label.name as tag,
    label.source as tag_source,
    page_id,
    item
from (select source_id, col.name as column_name, unnest(col.tags) as label, page_id, item from dictionary_item)
where label.name is not null and not coalesce(label.deleted, false)
order by source_id, column_name, tag, page_id desc;

-- endpoint: access
create table access_item as
select page_id, '/users/' || position as item, key as source_id, concat_ws('.', key, person.profile, person.state) as key, person
from (
    select page_id, key, unnest(page.users) as person, generate_subscripts(page.users, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"users": [{
            "profile": "INTEGER", "name": "VARCHAR", "iamid": "VARCHAR", "userid": "VARCHAR", "email": "VARCHAR",
            "approved": "BOOLEAN", "state": "VARCHAR", "createdAt": "VARCHAR"}]}') as page
        from pages
    )
)
where person.profile is not null and person.state is not null;

insert into immuta_membership by name
select distinct on (source_id, profile_id, state)
    source_id::integer as source_id,
    person.profile as profile_id,
    person.state as state,
    person.iamid as iam_id,
    person.userid as user_id,
    person.name as name,
    person.email as email,
    person.approved as approved,
    try_cast(person."createdAt" as timestamptz) as created_at,
    page_id,
    item
from access_item
order by source_id, profile_id, state, page_id desc;

-- finish
insert into immuta_source by name
with listed as (
    select distinct on (key) * from data_source_item order by key, page_id desc
),
detailed as (
    select distinct on (key) * from data_source_detail_item order by key, page_id desc
),
handled as (
    select distinct on (key) * from handler_item order by key, page_id desc
)
select
    l.source.id as id,
    coalesce(l.source.name, l.key) as name,
    if(w.technology = 'asa', 'synapse', w.technology) as technology,
    coalesce(l.source.deleted, false) as deleted,
    l.source.status as status,
    coalesce(d.source."subscriptionType", l.source."subscriptionType") as subscription_type,
    h.remote.hostname as host,
    h.remote.database as database_name,
    h.remote.schema as schema_name,
    h.remote.table as table_name,
    l.source."domainId" as domain_id,
    l.source."domainName" as domain_name,
    try_cast(l.source."createdAt" as timestamptz) as created_at,
    d.key is not null as detail_read,
    h.remote.table is not null as handler_read,
    coalesce(d.page_id, l.page_id) as page_id,
    if(d.key is null, l.item, '') as item,
    hash(d.source) as content_hash
from listed l
left join detailed d using (key)
left join handled h using (key)
left join handler_wanted w using (key);

insert into policy_application by name
select distinct on (source_id, policy, type) source_id, policy, type, name, disabled, page_id, item
from (
    select key::integer as source_id, 'global:' || applied.id as policy, coalesce(applied.type, 'unknown') as type,
        applied.name as name, coalesce(applied.disabled, false) as disabled, page_id, '/globalPolicies' as item
    from (select key, unnest(source."globalPolicies") as applied, page_id from data_source_detail_item)
    where applied.id is not null
    union all by name
    select key::integer as source_id, 'local:subscription' as policy, 'subscription' as type,
        source."subscriptionType" as name, false as disabled, page_id, '/subscriptionPolicy' as item
    from data_source_detail_item
    -- an empty object is no policy
    where coalesce(source."subscriptionPolicy"->>'$.type', source."subscriptionPolicy"->>'$.subscriptionType') is not null
)
order by source_id, policy, type, page_id desc;

insert into immuta_source_tag by name
select distinct on (source_id, tag)
    key::integer as source_id,
    label.name as tag,
    page_id,
    '/tags' as item
from (select key, unnest(source.tags) as label, page_id from data_source_detail_item)
where label.name is not null
order by source_id, tag, page_id desc;
