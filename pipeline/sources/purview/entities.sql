-- endpoint: entity
-- names that have a meaning of their own here, whatever a type makes of them
create table taken_name as
select unnest([
    'tabular_schema', 'attachedSchema', 'sources', 'sinks', 'meanings', 'inputToProcesses', 'outputFromProcesses',
    'asset_guid', 'asset_type', 'page_id', 'item'
]) as name;

-- relationship attributes that hold columns, for whatever type; names that differ in case only cannot be told apart
set variable column_lists = (
    select list(attribute)
    from (
        select distinct on (lower(attribute)) attribute
        from (
            select 'columns' as attribute, 1 as preference
            union all
            select e.attribute, 2
            from elements_of e
            left join relation_def r on r.type_name = e.type_name and r.attribute = e.attribute
            where not coalesce(r.is_single, false)
                and lower(e.attribute) not in (select lower(name) from taken_name)
        )
        order by lower(attribute), preference
    )
);

-- all others that the types of the assets at hand have, and those that no type needs to declare
set variable relation_names = (
    select list(attribute)
    from (
        select distinct on (lower(attribute)) attribute
        from (
            select unnest(['tabular_schema', 'attachedSchema', 'sources', 'sinks']) as attribute, 1 as preference
            union all
            select attribute, 2
            from relation_def
            where type_name in (select type_name from search_hit)
        )
        where (preference = 1 or lower(attribute) not in (select lower(name) from taken_name))
            and not list_contains(list_transform(getvariable('column_lists'), lambda c: lower(c)), lower(attribute))
        order by lower(attribute), preference
    )
);

-- a column is told by its guid and by whether it is in force: there are millions, and nothing else is read of the reference
set variable entity_shape = (
    select replace(replace(replace(
        '{"entities": [{
            "guid": "VARCHAR", "typeName": "VARCHAR", "status": "VARCHAR", "isIncomplete": "BOOLEAN", "collectionId": "VARCHAR",
            "createTime": "BIGINT", "updateTime": "BIGINT", "createdBy": "VARCHAR", "updatedBy": "VARCHAR",
            "attributes": {"qualifiedName": "VARCHAR", "name": "VARCHAR", "displayName": "VARCHAR",
                "description": "VARCHAR", "userDescription": "VARCHAR", "owner": "VARCHAR",
                "data_type": "VARCHAR", "dataType": "VARCHAR", "type": "VARCHAR", "isFile": "BOOLEAN",
                "inputs": [{"guid": "VARCHAR"}], "outputs": [{"guid": "VARCHAR"}], "columnMapping": "VARCHAR"},
            "relationshipAttributes": {
                <columns>,
                <others>,
                "meanings": [<reference>], "inputToProcesses": [<reference>], "outputFromProcesses": [<reference>]},
            "contacts": {"Owner": [{"id": "VARCHAR", "info": "VARCHAR"}], "Expert": [{"id": "VARCHAR", "info": "VARCHAR"}]},
            "classifications": [{"typeName": "VARCHAR", "entityStatus": "VARCHAR", "source": "VARCHAR", "validityPeriods": "JSON",
                "attributes": {"confidence": "JSON", "endorsement": "JSON", "certifiedBy": "JSON"}}],
            "labels": ["VARCHAR"], "customAttributes": "MAP(VARCHAR, VARCHAR)",
            "businessAttributes": "MAP(VARCHAR, MAP(VARCHAR, JSON))",
            "sourceDetails": {"ScanResourceId": "VARCHAR"}}],
        "referredEntities": "MAP(VARCHAR, STRUCT(guid VARCHAR, \"typeName\" VARCHAR, status VARCHAR, \"isIncomplete\" BOOLEAN, \"updateTime\" BIGINT, attributes STRUCT(\"qualifiedName\" VARCHAR, name VARCHAR, description VARCHAR, data_type VARCHAR, \"dataType\" VARCHAR, \"type\" VARCHAR), \"relationshipAttributes\" STRUCT('
        || (
            select string_agg('\"' || attribute || '\" STRUCT(guid VARCHAR, \"entityStatus\" VARCHAR, \"relationshipStatus\" VARCHAR)[]', ', ')
            from (select unnest(getvariable('column_lists')) as attribute)
        )
        || ', meanings STRUCT(guid VARCHAR, \"entityStatus\" VARCHAR, \"relationshipStatus\" VARCHAR)[]), classifications STRUCT(\"typeName\" VARCHAR, \"entityStatus\" VARCHAR, source VARCHAR, \"validityPeriods\" JSON, attributes STRUCT(confidence JSON, endorsement JSON, \"certifiedBy\" JSON))[]))"}',
        '<columns>',
        (
            select string_agg('"' || attribute || '": [{"guid": "VARCHAR", "entityStatus": "VARCHAR", "relationshipStatus": "VARCHAR"}]', ', ')
            from (select unnest(getvariable('column_lists')) as attribute)
        )),
        '<others>',
        (select string_agg('"' || attribute || '": "JSON"', ', ') from (select unnest(getvariable('relation_names')) as attribute))),
        '<reference>',
        '{"guid": "VARCHAR", "typeName": "VARCHAR", "entityStatus": "VARCHAR", "relationshipStatus": "VARCHAR", "relationshipGuid": "VARCHAR", "relationshipType": "VARCHAR"}'
    )
);

-- columns and file schemas that came along whole with their assets: headers have no relationships and are asked for
create macro referred_in(pages_read) as table
select
    page_id,
    '/referredEntities/' || replace(replace(entry.key, '~', '~0'), '/', '~1') as item,
    entry.value.guid as guid,
    entry.value as entity
from (
    select page_id, unnest(map_entries(page."referredEntities")) as entry
    from query_table(pages_read)
)
where entry.value.guid is not null
    and entry.value."relationshipAttributes" is not null;

-- an asset without its references, of which there may be thousands: these are taken out of it page by page
create macro described(entity) as struct_pack(
    guid := entity.guid,
    "typeName" := entity."typeName",
    status := entity.status,
    "isIncomplete" := entity."isIncomplete",
    "collectionId" := entity."collectionId",
    "createTime" := entity."createTime",
    "updateTime" := entity."updateTime",
    "createdBy" := entity."createdBy",
    "updatedBy" := entity."updatedBy",
    attributes := entity.attributes,
    contacts := entity.contacts,
    classifications := entity.classifications,
    labels := entity.labels,
    "customAttributes" := entity."customAttributes",
    "businessAttributes" := entity."businessAttributes",
    "sourceDetails" := entity."sourceDetails"
);

create macro items_in(entities) as table
select page_id, item, key, described(entity) as entity, hash(entity) as content_hash
from query_table(entities);

-- one row per reference of an asset but those to its columns; an attribute holds one, a list, or nothing
create macro related_in(entities) as table
select
    asset_guid,
    asset_type,
    attribute,
    reference.guid as other_guid,
    reference."typeName" as other_type,
    coalesce(reference."relationshipGuid", '') as relationship_guid,
    reference."relationshipType" as type,
    coalesce(reference."entityStatus", 'ACTIVE') as entity_status,
    coalesce(reference."relationshipStatus", 'ACTIVE') as relationship_status,
    live(reference) as is_live,
    attributes,
    page_id,
    item
from (
    select asset_guid, asset_type, attribute, unnest(listed) as reference, null::json as attributes, page_id, item
    from (
        unpivot (
            select key as asset_guid, entity."typeName" as asset_type, page_id, item,
                entity."relationshipAttributes".meanings as meanings,
                entity."relationshipAttributes"."inputToProcesses" as "inputToProcesses",
                entity."relationshipAttributes"."outputFromProcesses" as "outputFromProcesses"
            from query_table(entities)
        )
        on meanings, "inputToProcesses", "outputFromProcesses"
        into name attribute value listed
    )
    union all by name
    select asset_guid, asset_type, attribute, reference, reference."relationshipAttributes".attributes as attributes, page_id, item
    from (
        select asset_guid, asset_type, attribute, page_id, item, unnest(from_json(
            if(starts_with(given, '['), given, '[' || given || ']'),
            '[{"guid": "VARCHAR", "typeName": "VARCHAR", "entityStatus": "VARCHAR", "relationshipStatus": "VARCHAR",
                "relationshipGuid": "VARCHAR", "relationshipType": "VARCHAR", "relationshipAttributes": {"attributes": "JSON"}}]'
        )) as reference
        from (
            unpivot (
                select key as asset_guid, entity."typeName" as asset_type, page_id, item, unnest(entity."relationshipAttributes")
                from query_table(entities)
            )
            on columns(lambda name: list_contains(getvariable('relation_names'), name))
            into name attribute value given
        )
        where given not in ('[]', 'null')
    )
)
where reference.guid is not null;

-- one row per column that an asset points at, and whether that makes it one of the asset's
create macro pointed_in(entities) as table
select page_id, asset_guid, reference.guid as guid, coalesce(is_own, false) and live(reference) as counts
from (
    select p.page_id, p.asset_guid, p.attribute = 'columns' or p.attribute = e.attribute as is_own, unnest(p.listed) as reference
    from (
        unpivot (
            select page_id, key as asset_guid, entity."typeName" as asset_type, unnest(entity."relationshipAttributes")
            from query_table(entities)
        )
        on columns(lambda name: list_contains(getvariable('column_lists'), name))
        into name attribute value listed
    ) p
    left join elements_of e on e.type_name = p.asset_type
)
where reference.guid is not null;

-- one row per list of columns that something has; what it is shows later
create macro lists_in(entities) as table
select schema_guid, listed
from (
    unpivot (
        select guid as schema_guid, unnest(entity."relationshipAttributes")
        from query_table(entities)
    )
    on columns(lambda name: list_contains(getvariable('column_lists'), name))
    into name attribute value listed
);

create macro columns_in(entities) as table
select
    guid,
    coalesce(entity.attributes.name, entity.attributes."qualifiedName", guid) as name,
    coalesce(entity."typeName", 'column') as type_name,
    entity.attributes."qualifiedName" as qualified_name,
    coalesce(entity.attributes.data_type, entity.attributes."dataType", entity.attributes."type") as data_type,
    coalesce(entity.status, 'ACTIVE') as status,
    entity.attributes.description as description,
    coalesce(entity."isIncomplete", false) as incomplete,
    moment(entity."updateTime") as updated_at,
    page_id,
    item,
    hash(entity.classifications) as content_hash
from query_table(entities);

create macro classes_in(entities) as table
select guid, unnest(entity.classifications) as class, page_id, item
from query_table(entities)
where len(entity.classifications) > 0;

create macro meanings_in(entities) as table
select guid, unnest(entity."relationshipAttributes".meanings) as meaning, page_id, item
from query_table(entities)
where len(entity."relationshipAttributes".meanings) > 0;

create table entity_page as
select page_id, from_json(body, getvariable('entity_shape')) as page
from pages;

create table whole_entity as
select page_id, '/entities/' || position as item, entity.guid as key, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from entity_page
)
where entity.guid is not null;

create table referred as from referred_in('entity_page');

drop table entity_page;

create table entity_item as from items_in('whole_entity');

create table related as from related_in('whole_entity');

create table pointed_at as from pointed_in('whole_entity');

create table idle_pointer as
select guid
from pointed_at
where not counts;

create table pointed as
select page_id, asset_guid, guid
from pointed_at
where counts;

-- nearly every column comes in the page of the asset that points at it, and is settled there: there are millions
insert into asset_column by name
select c.*, p.asset_guid
from columns_in('referred') c
join pointed p using (page_id, guid);

-- columns that are pointed at and did not come along
create table column_elsewhere as
select guid, asset_guid
from pointed
anti join referred using (page_id, guid);

-- what else came along: columns of file schemas, and what nothing in force points at
create table column_late as
select c.*, 2 as preference
from columns_in('referred') c
anti join pointed using (page_id, guid);

create table schema_list as from lists_in('referred');

create table column_class as from classes_in('referred');

create table column_meaning as from meanings_in('referred');

drop table pointed;

drop table pointed_at;

drop table referred;

drop table whole_entity;

-- endpoint: entity_alone
create table alone_page as
select
    page_id,
    from_json(
        json_object('entities', json_array(body -> '$.entity'), 'referredEntities', body -> '$.referredEntities'),
        getvariable('entity_shape')
    ) as page
from pages;

create table alone_entity as
select page_id, '/entity' as item, page.entities[1].guid as key, page.entities[1] as entity
from alone_page
where page.entities[1].guid is not null;

create table entity_alone_item as
select page_id, item, key
from alone_entity;

create table alone_referred as from referred_in('alone_page');

drop table alone_page;

insert into entity_item by name from items_in('alone_entity');

insert into related by name from related_in('alone_entity');

insert into column_elsewhere by name select guid, asset_guid from pointed_in('alone_entity') where counts;

insert into idle_pointer by name select guid from pointed_in('alone_entity') where not counts;

insert into column_late by name select *, 2 as preference from columns_in('alone_referred');

insert into schema_list by name from lists_in('alone_referred');

insert into column_class by name from classes_in('alone_referred');

insert into column_meaning by name from meanings_in('alone_referred');

drop table alone_referred;

drop table alone_entity;

-- references between assets and processes, and between assets directly: those read now, and those of unchanged assets
create table lineage_reference as
with now as (
    select asset_guid, attribute, other_guid, is_live, attributes, page_id, item
    from related
    union all by name
    select asset_guid, attribute, other_guid, in_force(entity_status) and in_force(relationship_status) as is_live, attributes, page_id, item
    from before_relationship
    semi join unchanged on key = asset_guid
)
select *
from now
where attribute in ('inputToProcesses', 'outputFromProcesses', 'sources', 'sinks');

-- assets whose references are known
create table related_asset as
select key as guid
from entity_item
union
select key
from unchanged;

-- a process that search lists is read, or carried over, as the asset that it is too
create table process_wanted as
select distinct other_guid as key
from lineage_reference
anti join search_hit on guid = other_guid
where is_live and attribute in ('inputToProcesses', 'outputFromProcesses');

-- a schema is sent as an object, as a list of one, or not at all; where the type names the attribute, that is a schema too
create table schema_of as
select distinct asset_guid, other_guid as guid
from related r
left join elements_of e on e.type_name = r.asset_type
where r.is_live
    and (r.attribute in ('tabular_schema', 'attachedSchema') or r.attribute = e.attribute);

create table schema_wanted as
select distinct guid as key
from schema_of
where guid not in (select schema_guid from schema_list);

-- endpoint: search_alone
-- one row per asset that is said not to be there, and that search lists still
create table search_alone_item as
select page_id, '' as item, key
from (select page_id, key, from_json(body, '{"value": [{"id": "VARCHAR"}]}') as page from pages)
where list_contains(list_transform(page.value, lambda hit: hit.id), key);

-- endpoint: schema
create table whole_schema as
select page_id, '/entities/' || position as item, entity.guid as guid, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('entity_shape')) as page from pages)
)
where entity.guid is not null;

create table schema_item as
select page_id, item, guid as key
from whole_schema;

insert into schema_list by name from lists_in('whole_schema');

drop table whole_schema;

-- one row per column that did not come with the asset that points at it, or that the schema of a file points at
create table column_of as
from column_elsewhere
union all by name
select reference.guid as guid, asset_guid
from (
    select o.asset_guid, unnest(c.listed) as reference
    from schema_of o
    join schema_list c on c.schema_guid = o.guid
)
where reference.guid is not null and live(reference);

create table column_wanted as
select distinct guid as key
from column_of
anti join column_late using (guid)
anti join asset_column using (guid);

-- endpoint: column
create table whole_column as
select page_id, '/entities/' || position as item, entity.guid as guid, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('entity_shape')) as page from pages)
)
where entity.guid is not null;

create table column_item as
select page_id, item, guid as key
from whole_column;

-- read in their own call: before what came along with an asset
insert into column_late by name select *, 1 as preference from columns_in('whole_column');

insert into column_class by name from classes_in('whole_column');

insert into column_meaning by name from meanings_in('whole_column');

drop table whole_column;

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

-- an instant as Apache Atlas writes it (TimeBoundary.TIME_FORMAT) or by ISO 8601, in its time zone; without one, in UTC
create macro instant(given, zone) as case
    when regexp_matches(given, '(Z|[+-]\d\d:?\d\d)$') then try_cast(given as timestamptz)
    when coalesce(nullif(zone, ''), 'UTC') in (select name from pg_timezone_names()) then timezone(
        coalesce(nullif(zone, ''), 'UTC'),
        coalesce(try_strptime(given, '%Y/%m/%d %H:%M:%S'), try_cast(given as timestamp))
    )
end;

-- one row per way in which classes are bounded in time, with the period that counts: the one that holds, else the next, else the last
create table validity as
with said as (
    select distinct class."validityPeriods"::varchar as periods
    from (
        select unnest(entity.classifications) as class from entity_item
        union all
        select class from column_class
    )
    where periods not in ('[]', 'null')
),
bound as (
    select
        periods,
        nullif(period."startTime", '') as starts,
        nullif(period."endTime", '') as ends,
        instant(starts, period."timeZone") as starts_at,
        instant(ends, period."timeZone") as ends_at,
        getvariable('as_of')::timestamptz as now
    from (
        -- what is no list, or no period, is one that cannot be read
        select periods, from_json(
            if(json_type(one) in ('OBJECT', 'NULL'), one, '{"startTime": "?"}'),
            '{"startTime": "VARCHAR", "endTime": "VARCHAR", "timeZone": "VARCHAR"}'
        ) as period
        from (
            select periods, unnest(if(json_type(periods) = 'ARRAY', json_extract(periods, '$[*]'), ['"?"'::json])) as one
            from said
        )
    )
),
told as (
    select
        periods,
        starts_at,
        ends_at,
        case
            when (starts is not null and starts_at is null) or (ends is not null and ends_at is null) then 'UNREADABLE'
            when starts_at > now then 'NOT_BEGUN'
            when ends_at <= now then 'ENDED'
            else 'ACTIVE'
        end as state
    from bound
)
select distinct on (periods) *
from told
order by
    periods,
    list_position(['ACTIVE', 'UNREADABLE', 'NOT_BEGUN', 'ENDED'], state),
    if(state = 'NOT_BEGUN', epoch(starts_at), -coalesce(epoch(ends_at), 1e300));

set variable out_of_force = (select list(periods) from validity where state in ('NOT_BEGUN', 'ENDED'));

create macro holds(class) as not coalesce(list_contains(getvariable('out_of_force'), class."validityPeriods"::varchar), false);

-- a class whose periods cannot be read stays in force, so that no rule about what is sensitive loses sight of it
create macro state_of(class, validity_state) as if(
    in_force(class."entityStatus") and validity_state in ('NOT_BEGUN', 'ENDED'),
    validity_state,
    coalesce(class."entityStatus", 'ACTIVE')
);

create macro endorsement_of(entity) as
    list_filter(entity.classifications, lambda c: c."typeName" = 'MICROSOFT.POWERBI.ENDORSEMENT' and holds(c))[1].attributes;

-- sent as a text or as a list, of which the first counts
create macro one_text(given) as json_extract_string(given, if(json_type(given) = 'ARRAY', '$[0]', '$'));

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
create table superseded_entity as from superseded('entity_item');

create view entity as
from entity_item
anti join superseded_entity using (page_id, item);

-- listed, and gone when the details were asked for: no asset any more, and nothing that was missed
insert into vanished_asset by name
select guid, type_name, name, page_id, item
from search_hit
semi join gone on gone.key = guid and gone.endpoint = 'purview.entity_alone'
anti join search_alone_item s on s.key = guid;

insert into asset by name
with joined as (
    select
        h.guid,
        coalesce(entity."typeName", h.type_name) as type_name,
        coalesce(entity.attributes."qualifiedName", h.qualified_name, h.guid) as qualified_name,
        h as hit,
        entity,
        coalesce(e.page_id, h.page_id) as page_id,
        coalesce(e.item, h.item) as item,
        e.content_hash,
        e.key as key,
        -- a shell stands for what something refers to: nobody has described it, so its details are not known either
        coalesce(entity."isIncomplete", false) as is_shell,
        e.key is not null and not is_shell as detail_read
    from search_hit h
    left join entity e on e.key = h.guid
    semi join detail_wanted w on w.key = h.guid
    anti join vanished_asset v on v.guid = h.guid
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
    level_of(hit.object_type, type_name, entity.attributes."isFile") as level,
    hit.object_type as object_type,
    hit.asset_type as asset_type,
    coalesce(entity."collectionId", hit.collection_id) as collection_id,
    coalesce(entity.attributes.description, hit.description) as description,
    entity.attributes."userDescription" as user_description,
    entity.attributes.owner as owner_in_source,
    one_text(endorsement_of(entity).endorsement) as endorsement,
    one_text(endorsement_of(entity)."certifiedBy") as certified_by,
    list_filter(entity.classifications, lambda c: starts_with(c."typeName", 'Microsoft.Label.') and holds(c))[1]."typeName" as sensitivity_label,
    nullif(regexp_extract(entity."sourceDetails"."ScanResourceId", '^datasources/([^/]+)/scans/([^/]+)$', 1), '') as data_source_name,
    nullif(regexp_extract(entity."sourceDetails"."ScanResourceId", '^datasources/([^/]+)/scans/([^/]+)$', 2), '') as scan_name,
    platform,
    nullif(path.host, '') as host,
    nullif(path.database, '') as database_name,
    nullif(path.schema, '') as schema_name,
    nullif(path.table, '') as table_name,
    coalesce(moment(entity."createTime"), hit.created_at) as created_at,
    coalesce(moment(entity."updateTime"), hit.updated_at) as updated_at,
    entity."createdBy" as created_by,
    entity."updatedBy" as updated_by,
    detail_read,
    if(key is not null, is_shell, null) as incomplete,
    page_id,
    item,
    content_hash
from parsed;

-- columns that came several times, or that several assets point at: nearly none, so only what may be one is looked at
create table contested_column as
select distinct guid
from (
    select guid from asset_column
    union all
    select guid from column_late
    union all
    select guid from column_of
)
where hash(guid) in (
    select hash(guid)
    from (select guid from asset_column union all select guid from column_late)
    group by all
    having count(*) > 1
    union all
    select hash(guid)
    from (select guid from asset_column union all select guid from column_of)
    group by all
    having count(*) > 1
);

-- what was read in its own call comes first, then the last answer; several assets' column belongs to one of them
create table settled_column as
select r.* exclude (preference), o.asset_guid
from (
    select distinct on (guid) *
    from (
        select * exclude (asset_guid), 2 as preference from asset_column
        union all by name
        from column_late
    )
    semi join contested_column using (guid)
    order by guid, preference, page_id desc, item
) r
join (
    select guid, min(asset_guid) as asset_guid
    from (select guid, asset_guid from asset_column union all by name from column_of)
    semi join contested_column using (guid)
    group by guid
) o using (guid);

delete from asset_column
where guid in (from contested_column);

insert into asset_column by name
from settled_column
union all by name
select c.* exclude (preference), o.asset_guid
from column_late c
join column_of o using (guid)
anti join contested_column using (guid);

delete from asset_column
where asset_guid not in (select guid from asset);

-- a class goes with the answer that its column was taken from
create table carried_class as
select c.*, hash(entity_guid, class."typeName") as hashed, v.starts_at, v.ends_at, v.state
from (
    select key as entity_guid, key as asset_guid, null as column_guid, unnest(entity.classifications) as class, page_id, item
    from entity
    semi join asset on asset.guid = key
    union all
    select guid, o.asset_guid, guid, c.class, c.page_id, c.item
    from column_class c
    join asset_column o using (guid, page_id, item)
) c
left join validity v on v.periods = class."validityPeriods"::varchar;

create table carried_twice as
select hashed
from carried_class
group by all
having count(*) > 1;

create view plain_class as
select
    entity_guid,
    class."typeName" as type_name,
    asset_guid,
    column_guid,
    state_of(class, state) as status,
    starts_at,
    ends_at,
    class.source as source,
    try_cast(json_extract_string(class.attributes.confidence, '$') as double) as confidence,
    page_id,
    item,
    hashed
from carried_class
where not starts_with(class."typeName", 'Microsoft.Label.')
    and class."typeName" <> 'MICROSOFT.POWERBI.ENDORSEMENT';

insert into classification by name
select * exclude (hashed)
from plain_class
anti join carried_twice using (hashed)
union all by name
(
    select distinct on (entity_guid, type_name) * exclude (hashed)
    from plain_class
    semi join carried_twice using (hashed)
    order by entity_guid, type_name, status
);

-- the label's own id, as the service that defines labels writes it
insert into sensitivity_label by name
select distinct on (entity_guid, label_id)
    entity_guid,
    lower(replace(class."typeName"[17:], '_', '-')) as label_id,
    class."typeName" as type_name,
    asset_guid,
    column_guid,
    state_of(class, state) as status,
    starts_at,
    ends_at,
    class.source as source,
    page_id,
    item
from carried_class
where starts_with(class."typeName", 'Microsoft.Label.')
order by entity_guid, label_id, status;

-- of which class it is not known whether it is in force
create table unreadable_class as
select distinct asset_guid as key, class."typeName" as type_name
from carried_class
where state = 'UNREADABLE' and class."typeName" is not null;

-- assets of which it is not known which classes they have
create table unknown_class as
select distinct asset_guid as key, 'a class of it, or of a column, has no name' as reason
from carried_class
where class."typeName" is null
union all
-- search may lag behind: of what changed since, it is no witness
select h.guid, 'search names classes of it, and neither it nor a column of it has any'
from (from search_hit anti join carried_class on asset_guid = guid) h
join entity e on e.key = h.guid
left join (select asset_guid, max(updated_at) as changed_at from asset_column group by all) c on c.asset_guid = h.guid
where len(h.classifications) > 0
    and in_force(entity.status)
    and not coalesce(greatest(moment(entity."updateTime"), c.changed_at) > h.updated_at, false);

-- one row per asset and thing that came along with it and bears its name, in force, at which nothing points:
-- a column, or the schema of a file, whose asset does not say that it has it
create table stray as
select arg_max(e.key, length(e.entity.attributes."qualifiedName")) as asset_guid, c.guid
from (
    from column_late
    anti join column_of using (guid)
    anti join search_hit using (guid)
    anti join idle_pointer using (guid)
    anti join (select other_guid as guid from related) using (guid)
    anti join (select r.guid from (select unnest(listed) as r from schema_list)) using (guid)
    where preference = 2 and in_force(status)
) c
join entity e
    on e.page_id = c.page_id
    and starts_with(c.qualified_name, e.entity.attributes."qualifiedName")
    and substr(c.qualified_name, length(e.entity.attributes."qualifiedName") + 1, 1) in ('/', '#')
group by c.guid;

-- one row per asset and reason for which it is known in part, or not at all, although no call failed
create view half_known as
select key, 'whether it is in force cannot be read of ' || string_agg(type_name, ', ' order by type_name) as reason
from unreadable_class
group by key
union all
from unknown_class
union all
select asset_guid, count(*) || ' that came along with it bear its name, and it points at none of them: ' || array_to_string(min(guid, 3), ', ')
from stray
group by asset_guid
union all
select key, 'the API says that it is not there, and search lists it still'
from search_alone_item;

-- nor is an asset known whole that has a class like that, or a column that is a shell
update asset
set detail_read = false
where guid in (select key from unreadable_class)
    or guid in (select key from unknown_class)
    or guid in (select asset_guid from stray)
    or guid in (select asset_guid from asset_column where incomplete and in_force(status));

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

-- search and the entity do not always agree: both are kept, and where they differ it is said
insert into contact_conflict by name
with shown as (
    select guid as asset_guid, 'Owner' as role, unnest(owners) as principal_id, page_id, item from search_hit
    union all
    select guid, 'Expert', unnest(experts), page_id, item from search_hit
),
read_in_detail as (
    select guid
    from asset
    where detail_read
)
select distinct on (asset_guid, role, principal_id) *
from (
    select asset_guid, role, principal_id, 'search' as seen_in, page_id, item
    from shown
    anti join contact c using (asset_guid, role, principal_id)
    semi join read_in_detail a on a.guid = asset_guid
    union all
    select asset_guid, role, principal_id, 'entity', page_id, item
    from contact
    anti join shown s using (asset_guid, role, principal_id)
    semi join search_hit h on h.guid = asset_guid
)
order by asset_guid, role, principal_id, seen_in;

insert into managed_attribute by name
select distinct on (asset_guid, group_name, name)
    asset_guid,
    group_name,
    attribute.key as name,
    -- a single value as plain text, several as JSON
    if(json_type(attribute.value) in ('ARRAY', 'OBJECT'), attribute.value::varchar, json_extract_string(attribute.value, '$')) as value,
    page_id,
    item
from (
    select asset_guid, entry.key as group_name, unnest(map_entries(entry.value)) as attribute, page_id, item
    from (select key as asset_guid, unnest(map_entries(entity."businessAttributes")) as entry, page_id, item from entity)
)
semi join asset a on a.guid = asset_guid
where attribute.value is not null
order by asset_guid, group_name, name;

insert into asset_label by name
select distinct on (asset_guid, label) asset_guid, label, page_id, item
from (select key as asset_guid, unnest(entity.labels) as label, page_id, item from entity)
semi join asset a on a.guid = asset_guid
where nullif(label, '') is not null
order by asset_guid, label;

insert into custom_attribute by name
select distinct on (asset_guid, name) asset_guid, entry.key as name, entry.value as value, page_id, item
from (select key as asset_guid, unnest(map_entries(entity."customAttributes")) as entry, page_id, item from entity)
semi join asset a on a.guid = asset_guid
where entry.value is not null
order by asset_guid, name;

insert into relationship by name
select distinct on (asset_guid, r.attribute, other_guid, relationship_guid)
    asset_guid,
    r.attribute,
    other_guid,
    relationship_guid,
    other_type,
    type,
    entity_status,
    relationship_status,
    attributes,
    page_id,
    item
from related r
left join elements_of e on e.type_name = r.asset_type
semi join asset a on a.guid = asset_guid
where r.attribute not in ('tabular_schema', 'attachedSchema')
    and r.attribute is distinct from e.attribute
order by asset_guid, r.attribute, other_guid, relationship_guid, page_id desc;

insert into term_assignment by name
with assigned as (
    select other_guid as term_guid, asset_guid as entity_guid, asset_guid, null as column_guid, page_id, item
    from related
    where attribute = 'meanings' and is_live
    union all
    select c.meaning.guid, guid, o.asset_guid, guid, c.page_id, c.item
    from column_meaning c
    join asset_column o using (guid)
    where live(c.meaning)
)
select distinct on (term_guid, entity_guid) *
from assigned
semi join asset a on a.guid = asset_guid
where term_guid is not null
order by term_guid, entity_guid, page_id desc;
