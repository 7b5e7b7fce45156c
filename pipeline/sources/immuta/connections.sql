-- Connections of Govern, and the databases, schemas and tables below them.

-- start
-- the objects of one answer: path and parts, where the path may be text or a list, or only a name below the parent's
create macro objects_in(body, parent) as list_transform(
    list_zip(
        from_json(body, '{"hits": [{
            "objectPath": "JSON", "connectionKey": "VARCHAR", "key": "VARCHAR", "name": "VARCHAR",
            "technology": "VARCHAR", "state": "VARCHAR", "settings": "JSON", "overrides": "JSON", "dataSourceId": "INTEGER",
            "dataSource": {"id": "INTEGER"}, "metadata": {"dataSourceId": "INTEGER", "technology": "VARCHAR"}}]}').hits,
        range(len(from_json(body, '{"hits": ["JSON"]}').hits))
    ),
    lambda pair: {
        'item': (body->>'$.place') || '/' || pair[2],
        'said': pair[1],
        'parts': case json_type(pair[1]."objectPath")
            when 'ARRAY' then from_json(pair[1]."objectPath", '["VARCHAR"]')
            when 'VARCHAR' then string_split(pair[1]."objectPath"->>'$', '/')
            else string_split(
                concat_ws('/', parent, coalesce(pair[1]."connectionKey", pair[1].key, pair[1].name)), '/')
        end
    }
);

create macro path_of(parts) as array_to_string(list_transform(parts, lambda part: replace(part, '/', '%2F')), '/');

-- the data source that a table was registered as
create macro source_of(said) as coalesce(said."dataSourceId", said."dataSource".id, said.metadata."dataSourceId");

create macro named_object(said) as
    coalesce(said."objectPath"::varchar, said."connectionKey", said.key, said.name) is not null;

-- endpoint: connection_object
create table connection_object_item as
select page_id, one.item as item, path_of(one.parts) as key, path_of(one.parts) as path, one.parts as parts, one.said as said
from (select page_id, unnest(objects_in(body, null)) as one from pages)
where named_object(one.said);

-- endpoint: database_object
create table database_object_item as
select page_id, one.item as item, path_of(one.parts) as key, path_of(one.parts) as path, one.parts as parts, one.said as said
from (select page_id, unnest(objects_in(body, key)) as one from pages)
where named_object(one.said);

-- endpoint: schema_object
create table schema_object_item as
select page_id, one.item as item, path_of(one.parts) as key, path_of(one.parts) as path, one.parts as parts, one.said as said
from (select page_id, unnest(objects_in(body, key)) as one from pages)
where named_object(one.said);

-- endpoint: table_object
create table table_object_item as
select page_id, one.item as item, path_of(one.parts) as key, path_of(one.parts) as path, one.parts as parts, one.said as said
from (select page_id, unnest(objects_in(body, key)) as one from pages)
where named_object(one.said);

-- endpoint: connection
create table connection_item as
select page_id, '' as item, key, said
from (
    select page_id, key, from_json(body, '{
        "connectionKey": "VARCHAR", "connection": "JSON", "technology": "VARCHAR", "nativeIntegrationId": "INTEGER",
        "createdAt": "VARCHAR", "createdBy": "INTEGER", "updatedAt": "VARCHAR"}') as said
    from pages
);

-- endpoint: connection_state
create table connection_state_item as
select page_id, '' as item, key, said
from (
    select page_id, key, from_json(body, '{
        "state": "VARCHAR", "status": "VARCHAR", "technology": "VARCHAR", "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}') as said
    from pages
);

-- finish
create table object_found as
from (
    from connection_object_item
    union all by name
    from database_object_item
    union all by name
    from schema_object_item
    union all by name
    from table_object_item
)
qualify row_number() over (partition by path order by page_id desc) = 1;

insert into immuta_connection by name
with root as (
    select distinct on (parts[1]) parts[1] as key, page_id, item, if(len(parts) = 1, said, null) as said
    from object_found
    order by parts[1], len(parts), page_id
),
detailed as (
    select * from connection_item qualify row_number() over (partition by key order by page_id desc) = 1
),
stated as (
    select * from connection_state_item qualify row_number() over (partition by key order by page_id desc) = 1
)
select
    r.key as key,
    coalesce(d.said.connection->>'$.technology', d.said.technology, r.said.technology, r.said.metadata.technology, s.said.technology) as technology,
    upper(coalesce(s.said.state, s.said.status, r.said.state)) as state,
    coalesce(d.said.connection->>'$.hostname', d.said.connection->>'$.host', d.said.connection->>'$.hostName') as host,
    d.said.connection as connection,
    d.said."nativeIntegrationId" as native_integration_id,
    d.said."createdBy" as created_by,
    try_cast(coalesce(d.said."createdAt", s.said."createdAt") as timestamptz) as created_at,
    try_cast(coalesce(d.said."updatedAt", s.said."updatedAt") as timestamptz) as updated_at,
    d.key is not null as detail_read,
    coalesce(d.page_id, r.page_id) as page_id,
    if(d.key is null, r.item, '') as item,
    hash(s.said) as content_hash
from root r
left join detailed d using (key)
left join stated s using (key);

insert into immuta_object by name
select
    o.path as path,
    o.parts[1] as connection_key,
    if(len(o.parts) > 1, path_of(o.parts[:-2]), null) as parent_path,
    len(o.parts)::integer as depth,
    coalesce(o.said.technology, o.said.metadata.technology, c.technology) as technology,
    lower(o.said.state) as state,
    source_of(o.said) as source_id,
    present(o.said.settings) as settings,
    present(o.said.overrides) as overrides,
    o.page_id as page_id,
    o.item as item
from object_found o
left join immuta_connection c on c.key = o.parts[1];
