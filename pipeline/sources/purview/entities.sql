-- endpoint: entity
set variable entity_shape = '{"entities": [{
    "guid": "VARCHAR", "typeName": "VARCHAR", "status": "VARCHAR", "collectionId": "VARCHAR",
    "createTime": "BIGINT", "updateTime": "BIGINT", "createdBy": "VARCHAR", "updatedBy": "VARCHAR",
    "attributes": {"qualifiedName": "VARCHAR", "name": "VARCHAR", "displayName": "VARCHAR",
        "description": "VARCHAR", "userDescription": "VARCHAR", "owner": "VARCHAR",
        "data_type": "VARCHAR", "dataType": "VARCHAR", "type": "VARCHAR", "isFile": "BOOLEAN"},
    "relationshipAttributes": {
        "columns": [{"guid": "VARCHAR", "entityStatus": "VARCHAR", "relationshipStatus": "VARCHAR"}],
        "meanings": [{"guid": "VARCHAR", "entityStatus": "VARCHAR", "relationshipStatus": "VARCHAR"}],
        "inputToProcesses": [{"guid": "VARCHAR", "entityStatus": "VARCHAR", "relationshipStatus": "VARCHAR"}],
        "outputFromProcesses": [{"guid": "VARCHAR", "entityStatus": "VARCHAR", "relationshipStatus": "VARCHAR"}],
        "tabular_schema": "JSON", "attachedSchema": "JSON"},
    "contacts": {"Owner": [{"id": "VARCHAR", "info": "VARCHAR"}], "Expert": [{"id": "VARCHAR", "info": "VARCHAR"}]},
    "classifications": [{"typeName": "VARCHAR", "entityStatus": "VARCHAR", "source": "VARCHAR",
        "attributes": {"confidence": "JSON", "endorsement": "VARCHAR"}}],
    "sourceDetails": {"ScanResourceId": "VARCHAR"}}],
    "referredEntities": "MAP(VARCHAR, STRUCT(guid VARCHAR, \"typeName\" VARCHAR, status VARCHAR, \"updateTime\" BIGINT, attributes STRUCT(\"qualifiedName\" VARCHAR, name VARCHAR, description VARCHAR, data_type VARCHAR, \"dataType\" VARCHAR, \"type\" VARCHAR), \"relationshipAttributes\" STRUCT(\"columns\" STRUCT(guid VARCHAR, \"entityStatus\" VARCHAR, \"relationshipStatus\" VARCHAR)[]), classifications STRUCT(\"typeName\" VARCHAR, \"entityStatus\" VARCHAR, source VARCHAR, attributes STRUCT(confidence JSON, endorsement VARCHAR))[]))"}';

-- a schema is sent as an object, as a list of one, or not at all
create macro schema_guid(entity) as coalesce(
    json_extract_string(entity."relationshipAttributes".tabular_schema, '$.guid'),
    json_extract_string(entity."relationshipAttributes".tabular_schema, '$[0].guid'),
    json_extract_string(entity."relationshipAttributes"."attachedSchema", '$[0].guid'),
    json_extract_string(entity."relationshipAttributes"."attachedSchema", '$.guid')
);

create table entity_page as
select page_id, from_json(body, getvariable('entity_shape')) as page
from pages;

create table entity_item as
select page_id, '/entities/' || position as item, entity.guid as key, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from entity_page
)
where entity.guid is not null;

-- columns and file schemas that came along whole with their assets: headers have no relationships and are asked for
create table referred as
select
    page_id,
    '/referredEntities/' || replace(replace(entry.key, '~', '~0'), '/', '~1') as item,
    entry.value as entity
from (
    select page_id, unnest(map_entries(page."referredEntities")) as entry
    from entity_page
)
where entry.value.guid is not null
    and entry.value."relationshipAttributes" is not null;

drop table entity_page;

create table schema_of as
select distinct key as asset_guid, schema_guid(entity) as guid
from entity_item
where schema_guid(entity) is not null;

create table schema_wanted as
select distinct guid as key
from schema_of
where guid not in (
    select entity.guid
    from referred
    where entity."relationshipAttributes"."columns" is not null
);

create table process_wanted as
select distinct reference.guid as key
from (
    select unnest(list_concat(
        entity."relationshipAttributes"."inputToProcesses",
        entity."relationshipAttributes"."outputFromProcesses"
    )) as reference
    from entity_item
)
where reference.guid is not null and live(reference);

-- endpoint: schema
create table schema_item as
select page_id, '/entities/' || position as item, entity.guid as key, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('entity_shape')) as page from pages)
)
where entity.guid is not null;

-- one row per column that an asset, or the schema of a file, points at
create table column_of as
with pointing as (
    select key as asset_guid, entity."relationshipAttributes"."columns" as columns
    from entity_item
    union all
    select o.asset_guid, r.entity."relationshipAttributes"."columns"
    from schema_of o
    join referred r on r.entity.guid = o.guid
    union all
    select o.asset_guid, s.entity."relationshipAttributes"."columns"
    from schema_of o
    join schema_item s on s.key = o.guid
)
select distinct on (reference.guid) reference.guid as guid, asset_guid
from (select asset_guid, unnest(columns) as reference from pointing)
where reference.guid is not null and live(reference)
order by reference.guid, asset_guid;

create table column_wanted as
select guid as key
from column_of
where guid not in (select entity.guid from referred);

-- endpoint: column
create table column_item as
select page_id, '/entities/' || position as item, entity.guid as key, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('entity_shape')) as page from pages)
)
where entity.guid is not null;

-- endpoint: process
create table process_item as
select page_id, '/entities/' || position as item, entity.guid as key, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"entities": [{
            "guid": "VARCHAR", "typeName": "VARCHAR", "status": "VARCHAR", "updateTime": "BIGINT",
            "attributes": {"qualifiedName": "VARCHAR", "name": "VARCHAR", "columnMapping": "VARCHAR",
                "inputs": [{"guid": "VARCHAR"}], "outputs": [{"guid": "VARCHAR"}]}}]}') as page
        from pages
    )
)
where entity.guid is not null;

insert into process by name
select distinct on (key)
    key as guid,
    entity."typeName" as type_name,
    entity.attributes."qualifiedName" as qualified_name,
    entity.attributes.name as name,
    coalesce(entity.status, 'ACTIVE') as status,
    moment(entity."updateTime") as updated_at,
    page_id,
    item,
    hash(entity) as content_hash
from process_item
order by key, page_id;

insert into lineage_edge by name
select distinct on (from_guid, to_guid, process_guid)
    source.guid as from_guid,
    target.guid as to_guid,
    process_guid,
    page_id,
    item
from (
    select key as process_guid, unnest(entity.attributes.inputs) as source, entity.attributes.outputs as outputs, page_id, item
    from process_item
    where coalesce(entity.status, 'ACTIVE') = 'ACTIVE'
), unnest(outputs) as t(target)
where source.guid is not null and target.guid is not null
order by from_guid, to_guid, process_guid, page_id;

insert into column_lineage by name
select distinct on (process_guid, from_qualified_name, from_column, to_qualified_name, to_column)
    process_guid,
    coalesce(mapping."DatasetMapping"."Source", '*') as from_qualified_name,
    pair."Source" as from_column,
    coalesce(mapping."DatasetMapping"."Sink", '*') as to_qualified_name,
    pair."Sink" as to_column,
    page_id,
    item
from (
    select process_guid, page_id, item, mapping, unnest(mapping."ColumnMapping") as pair
    from (
        select
            key as process_guid,
            page_id,
            item,
            unnest(from_json(
                entity.attributes."columnMapping",
                '[{"DatasetMapping": {"Source": "VARCHAR", "Sink": "VARCHAR"}, "ColumnMapping": [{"Source": "VARCHAR", "Sink": "VARCHAR"}]}]'
            )) as mapping
        from process_item
        where json_valid(entity.attributes."columnMapping")
    )
)
where pair."Source" is not null and pair."Sink" is not null
order by all;

-- finish
create macro platform_of(type_name) as case
    when type_name like 'azure_synapse_%' or type_name like 'azure_sql_dw_%' then 'synapse'
    when type_name like 'databricks_%' then 'databricks'
    when type_name like '%redshift_%' then 'redshift'
    when type_name like 'snowflake_%' then 'snowflake'
    when type_name like 'trino_%' then 'trino'
    when type_name like 'azure_datalake_%' or type_name like 'azure_blob_%' then 'adls'
    when type_name like 'powerbi_%' then 'powerbi'
end;

-- null parts = the qualified name is not of the form the platform's scanner writes
create macro path_of(platform, name) as case
    when platform in ('synapse', 'redshift', 'trino') then regexp_extract(
        name,
        '^(?:mssql|redshift|trino)://([^/:]+)(?::[0-9]+)?/([^/]+)/([^/]+)/([^/]+)$',
        ['host', 'database', 'schema', 'table']
    )
    when platform in ('snowflake', 'databricks') then regexp_extract(
        name,
        '^(?:snowflake|databricks)://([^/:]+)(?::[0-9]+)?/(?:databases|catalogs)/([^/]+)/schemas/([^/]+)/(?:tables|views)/([^/]+)$',
        ['host', 'database', 'schema', 'table']
    )
end;

-- older answers have no object type: then the type's name says it
create macro level_of(object_type, type_name, is_file) as case
    when object_type in ('Tables', 'Files') then 'dataset'
    when object_type in ('Reports', 'Dashboards') then 'report'
    when object_type in ('Data pipelines', 'Stored procedures') then 'process'
    when object_type = 'Folders' then 'container'
    when type_name like '%_path' and not coalesce(is_file, true) then 'container'
    when regexp_matches(type_name, '_(table|view|resource_set|path|object|topic|dataset)$') then 'dataset'
    when regexp_matches(type_name, '_(report|dashboard|tile)$') then 'report'
    when regexp_matches(type_name, '_(process|activity|operation|pipeline|job|stored_procedure)$') then 'process'
    when regexp_matches(type_name, '_(database|db|schema|server|account|workspace|container|service|catalog)$') then 'container'
    else 'other'
end;

-- the last answer about an entity is the one that counts
create table entity as
select distinct on (key) *
from entity_item
order by key, page_id desc;

create table hit as
select distinct on (key) *
from search_item
order by key, page_id desc;

insert into asset by name
with joined as (
    select
        h.key as guid,
        coalesce(entity."typeName", hit."entityType") as type_name,
        coalesce(entity.attributes."qualifiedName", hit."qualifiedName", h.key) as qualified_name,
        hit,
        entity,
        coalesce(e.page_id, h.page_id) as page_id,
        coalesce(e.item, h.item) as item,
        e.key is not null as detail_read
    from hit h
    left join entity e using (key)
    -- glossary terms are hits too
    where hit."entityType" not like 'AtlasGlossary%'
),
parsed as (
    select
        *,
        platform_of(type_name) as platform,
        path_of(platform_of(type_name), qualified_name) as path
    from joined
)
select
    guid,
    type_name,
    qualified_name,
    coalesce(entity.attributes."displayName", entity.attributes.name, hit.name) as name,
    coalesce(entity.status, 'ACTIVE') as status,
    level_of(hit."objectType", type_name, entity.attributes."isFile") as level,
    hit."objectType" as object_type,
    hit."assetType"[1] as asset_type,
    coalesce(entity."collectionId", hit."collectionId") as collection_id,
    coalesce(entity.attributes.description, hit.description) as description,
    entity.attributes."userDescription" as user_description,
    entity.attributes.owner as owner_in_source,
    list_filter(entity.classifications, lambda c: c."typeName" = 'MICROSOFT.POWERBI.ENDORSEMENT')[1].attributes.endorsement as endorsement,
    list_filter(entity.classifications, lambda c: starts_with(c."typeName", 'Microsoft.Label.'))[1]."typeName" as sensitivity_label,
    nullif(regexp_extract(entity."sourceDetails"."ScanResourceId", '^datasources/([^/]+)/scans/([^/]+)$', 1), '') as data_source_name,
    nullif(regexp_extract(entity."sourceDetails"."ScanResourceId", '^datasources/([^/]+)/scans/([^/]+)$', 2), '') as scan_name,
    platform,
    nullif(path.host, '') as host,
    nullif(path.database, '') as database_name,
    nullif(path.schema, '') as schema_name,
    nullif(path.table, '') as table_name,
    moment(coalesce(entity."createTime", hit."createTime")) as created_at,
    moment(coalesce(entity."updateTime", hit."updateTime")) as updated_at,
    entity."createdBy" as created_by,
    entity."updatedBy" as updated_by,
    detail_read,
    page_id,
    item,
    hash(entity) as content_hash
from parsed;

-- read in their own call before what came along with an asset
create table column_entity as
select distinct on (guid) *
from (
    select entity.guid as guid, 2 as preference, page_id, item, entity."typeName" as type_name, entity.status as status,
        entity."updateTime" as updated_ms, entity.attributes."qualifiedName" as qualified_name, entity.attributes.name as name,
        entity.attributes.description as description,
        coalesce(entity.attributes.data_type, entity.attributes."dataType", entity.attributes."type") as data_type,
        entity.classifications as classifications
    from referred
    union all by name
    select key as guid, 1 as preference, page_id, item, entity."typeName" as type_name, entity.status as status,
        entity."updateTime" as updated_ms, entity.attributes."qualifiedName" as qualified_name, entity.attributes.name as name,
        entity.attributes.description as description,
        coalesce(entity.attributes.data_type, entity.attributes."dataType", entity.attributes."type") as data_type,
        entity.classifications as classifications
    from column_item
)
order by guid, preference, page_id desc;

insert into asset_column by name
select
    c.guid,
    o.asset_guid,
    coalesce(c.name, c.qualified_name, c.guid) as name,
    coalesce(c.type_name, 'column') as type_name,
    c.qualified_name,
    c.data_type,
    coalesce(c.status, 'ACTIVE') as status,
    c.description,
    moment(c.updated_ms) as updated_at,
    c.page_id,
    c.item,
    hash(c.classifications) as content_hash
from column_entity c
join column_of o on o.guid = c.guid
semi join asset a on a.guid = o.asset_guid;

insert into classification by name
with carried as (
    select key as entity_guid, key as asset_guid, null as column_guid, unnest(entity.classifications) as c, page_id, item
    from entity
    union all
    select e.guid, o.asset_guid, e.guid, unnest(e.classifications), e.page_id, e.item
    from column_entity e
    join column_of o on o.guid = e.guid
)
select distinct on (entity_guid, type_name)
    entity_guid,
    c."typeName" as type_name,
    asset_guid,
    column_guid,
    coalesce(c."entityStatus", 'ACTIVE') as status,
    c.source as source,
    try_cast(json_extract_string(c.attributes.confidence, '$') as double) as confidence,
    page_id,
    item
from carried
semi join asset a on a.guid = asset_guid
where c."typeName" is not null
    and not starts_with(c."typeName", 'Microsoft.Label.')
    and c."typeName" <> 'MICROSOFT.POWERBI.ENDORSEMENT'
order by entity_guid, type_name, status;

insert into contact by name
select distinct on (asset_guid, role, principal_id)
    asset_guid,
    role,
    contact.id as principal_id,
    contact.info as info,
    page_id,
    item
from (
    select key as asset_guid, 'Owner' as role, unnest(entity.contacts."Owner") as contact, page_id, item from entity
    union all
    select key, 'Expert', unnest(entity.contacts."Expert"), page_id, item from entity
)
semi join asset a on a.guid = asset_guid
where nullif(contact.id, '') is not null
order by asset_guid, role, principal_id;

insert into term_assignment by name
select distinct on (term_guid, asset_guid)
    meaning.guid as term_guid,
    key as asset_guid,
    page_id,
    item
from (select key, unnest(entity."relationshipAttributes".meanings) as meaning, page_id, item from entity)
semi join asset a on a.guid = key
where meaning.guid is not null and live(meaning)
order by term_guid, asset_guid;
