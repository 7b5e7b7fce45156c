-- endpoint: process
set variable process_shape = '{"entities": [{
    "guid": "VARCHAR", "typeName": "VARCHAR", "status": "VARCHAR", "isIncomplete": "BOOLEAN", "updateTime": "BIGINT",
    "attributes": {"qualifiedName": "VARCHAR", "name": "VARCHAR", "columnMapping": "VARCHAR",
        "inputs": [{"guid": "VARCHAR"}], "outputs": [{"guid": "VARCHAR"}]}}]}';

create table process_item as
select page_id, '/entities/' || position as item, entity.guid as key, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('process_shape')) as page from pages)
)
where entity.guid is not null;

-- processes read so far: by themselves, and those that are assets as well
create table process_read as
from process_item
union all by name
select
    page_id,
    item,
    key,
    struct_pack(
        guid := entity.guid,
        "typeName" := entity."typeName",
        status := entity.status,
        "isIncomplete" := entity."isIncomplete",
        "updateTime" := entity."updateTime",
        attributes := struct_pack(
            "qualifiedName" := entity.attributes."qualifiedName",
            name := entity.attributes.name,
            "columnMapping" := entity.attributes."columnMapping",
            inputs := entity.attributes.inputs,
            outputs := entity.attributes.outputs
        )
    ) as entity
from entity_item
where entity.attributes.inputs is not null or entity.attributes.outputs is not null;

-- one row per asset, direction and neighbour known, of whatever status: the server counts them all
create table lineage_neighbour as
select distinct
    asset_guid,
    case when attribute in ('outputFromProcesses', 'sources') then 'INPUT' else 'OUTPUT' end as direction,
    other_guid as neighbour,
    null::bigint as page_id,
    null::varchar as item
from lineage_reference;

-- how many references an asset lists in one direction, and whether it lacks one that a process says it has
create view listed_lineage as
select asset_guid as key, count(*) as listed, false as is_cut
from lineage_neighbour
group by asset_guid, direction
union all
select named.asset_guid, 0, true
from (
    select key as process_guid, unnest(entity.attributes.inputs).guid as asset_guid, 'OUTPUT' as direction
    from process_read
    where in_force(entity.status)
    union all
    select key, unnest(entity.attributes.outputs).guid, 'INPUT'
    from process_read
    where in_force(entity.status)
) named
anti join lineage_neighbour n
    on n.asset_guid = named.asset_guid and n.direction = named.direction and n.neighbour = named.process_guid
-- of an asset that was not read nothing is known that could be cut
semi join related_asset r on r.guid = named.asset_guid;

-- endpoint: lineage
set variable lineage_shape = '{
    "baseEntityGuid": "VARCHAR",
    "widthCounts": {"INPUT": "MAP(VARCHAR, BIGINT)", "OUTPUT": "MAP(VARCHAR, BIGINT)"},
    "guidEntityMap": "MAP(VARCHAR, STRUCT(\"typeName\" VARCHAR))",
    "relations": [{"fromEntityId": "VARCHAR", "toEntityId": "VARCHAR"}]}';

-- an answer says whom it is about; one that does not is none
create table lineage_item as
select page_id, '' as item, key, graph
from (select page_id, key, from_json(body, getvariable('lineage_shape')) as graph from pages)
where lower(graph."baseEntityGuid") = lower(key);

-- how many neighbours the server says an asset has; an empty graph says nothing
create table lineage_width as
select key as asset_guid, unnest(['INPUT', 'OUTPUT']) as direction,
    unnest([graph."widthCounts"."INPUT"[key], graph."widthCounts"."OUTPUT"[key]]) as stated
from lineage_item;

create table lineage_relation as
select key as asset_guid, page_id, '/relations/' || position as item, relation."fromEntityId" as from_guid, relation."toEntityId" as to_guid
from (
    select key, page_id, unnest(graph.relations) as relation, generate_subscripts(graph.relations, 1) - 1 as position
    from lineage_item
);

create table lineage_node as
select distinct entry.key as guid, entry.value."typeName" as type_name
from (select unnest(map_entries(graph."guidEntityMap")) as entry from lineage_item);

create macro neighbours_in(relations) as table
select asset_guid, if(to_guid = asset_guid, 'INPUT', 'OUTPUT') as direction,
    if(to_guid = asset_guid, from_guid, to_guid) as neighbour, page_id, item
from query_table(relations)
where (from_guid = asset_guid) <> (to_guid = asset_guid);

insert into lineage_neighbour by name
from neighbours_in('lineage_relation');

-- one row per asset and direction of which the server states more neighbours than are known
create view lineage_short as
select w.asset_guid, w.direction
from lineage_width w
left join lineage_neighbour n using (asset_guid, direction)
group by w.asset_guid, w.direction, w.stated
having w.stated > count(distinct n.neighbour);

-- endpoint: lineage_input
create table lineage_input_item as
select page_id, '/relations/' || position as item, key, nodes,
    relation."fromEntityId" as from_guid, relation."toEntityId" as to_guid
from (
    select page_id, key, page."guidEntityMap" as nodes, unnest(page.relations) as relation,
        generate_subscripts(page.relations, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('lineage_shape')) as page from pages)
);

-- endpoint: lineage_output
create table lineage_output_item as
select page_id, '/relations/' || position as item, key, nodes,
    relation."fromEntityId" as from_guid, relation."toEntityId" as to_guid
from (
    select page_id, key, page."guidEntityMap" as nodes, unnest(page.relations) as relation,
        generate_subscripts(page.relations, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('lineage_shape')) as page from pages)
);

create table next_relation as
select key as asset_guid, * exclude key from lineage_input_item
union all
select key, * exclude key from lineage_output_item;

insert into lineage_node by name
select distinct entry.key as guid, entry.value."typeName" as type_name
from (select unnest(map_entries(nodes)) as entry from next_relation);

insert into lineage_neighbour by name
from neighbours_in('next_relation');

-- where the pages ended before the server's count was reached, the asset was not answered
update lineage_input_item
set key = key || ' in part'
where key in (select asset_guid from lineage_short where direction = 'INPUT');

update lineage_output_item
set key = key || ' in part'
where key in (select asset_guid from lineage_short where direction = 'OUTPUT');

-- neighbours that only the lineage call knows, by what they are; a type that nobody defines may be a process
create table found_neighbour as
select n.*, coalesce(t.is_process, true) as is_process
from lineage_neighbour n
left join (select guid, min(type_name) as type_name from lineage_node group by guid) d on d.guid = n.neighbour
left join (
    select type_name, bool_or(ancestor = 'Process') as is_process
    from type_line
    group by type_name
) t on t.type_name = d.type_name
where n.page_id is not null
    and n.neighbour not in (select other_guid from lineage_reference)
    and n.neighbour not in (select key from process_read);

create table hub_process_wanted as
select distinct neighbour as key
from found_neighbour
where is_process;

-- endpoint: hub_process
create table hub_process_item as
select page_id, '/entities/' || position as item, entity.guid as key, entity
from (
    select page_id, unnest(page.entities) as entity, generate_subscripts(page.entities, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('process_shape')) as page from pages)
)
where entity.guid is not null;

-- finish
create table process_known as
select distinct on (key) *
from (
    from process_read
    union all by name
    from hub_process_item
)
order by key, page_id;

insert into process by name
select
    key as guid,
    entity."typeName" as type_name,
    entity.attributes."qualifiedName" as qualified_name,
    entity.attributes.name as name,
    coalesce(entity.status, 'ACTIVE') as status,
    coalesce(entity."isIncomplete", false) as incomplete,
    moment(entity."updateTime") as updated_at,
    page_id,
    item,
    hash(entity) as content_hash
from process_known;

insert into lineage_edge by name
with edge as (
    select source.guid as from_guid, target.guid as to_guid, process_guid, 'process' as kind, page_id, item
    from (
        select key as process_guid, unnest(entity.attributes.inputs) as source, entity.attributes.outputs as outputs, page_id, item
        from process_known
        where in_force(entity.status)
    ), unnest(outputs) as t(target)
    union all
    -- drawn by people between two assets: each end may name the other
    select
        if(attribute = 'sources', other_guid, asset_guid),
        if(attribute = 'sources', asset_guid, other_guid),
        '',
        'direct',
        page_id,
        item
    from lineage_reference
    where attribute in ('sources', 'sinks') and is_live
    union all
    select
        if(direction = 'INPUT', neighbour, asset_guid),
        if(direction = 'INPUT', asset_guid, neighbour),
        '',
        'direct',
        page_id,
        item
    from found_neighbour
    where not is_process
)
select distinct on (from_guid, to_guid, process_guid) *
from edge
where from_guid is not null and to_guid is not null
order by from_guid, to_guid, process_guid, page_id, item;

insert into column_lineage by name
with mapped as (
    select key as process_guid, entity.attributes."columnMapping" as mappings, '*' as from_name, '*' as to_name, page_id, item
    from process_known
    union all
    -- a mapping on a direct edge is a plain list of pairs
    select
        '',
        case
            when not json_valid(given) then null
            when json_type(given, '$[0].ColumnMapping') is null then '[{"ColumnMapping": ' || given || '}]'
            else given
        end,
        if(attribute = 'sources', other_name, asset_name),
        if(attribute = 'sources', asset_name, other_name),
        page_id,
        item
    from (
        select
            r.*,
            json_extract_string(r.attributes, '$.columnMapping') as given,
            coalesce(a.qualified_name, r.asset_guid) as asset_name,
            coalesce(o.qualified_name, r.other_guid) as other_name
        from lineage_reference r
        left join search_hit a on a.guid = r.asset_guid
        left join search_hit o on o.guid = r.other_guid
    )
    where attribute in ('sources', 'sinks')
        and is_live
)
select distinct on (process_guid, from_qualified_name, from_column, to_qualified_name, to_column)
    process_guid,
    coalesce(mapping."DatasetMapping"."Source", from_name) as from_qualified_name,
    pair."Source" as from_column,
    coalesce(mapping."DatasetMapping"."Sink", to_name) as to_qualified_name,
    pair."Sink" as to_column,
    page_id,
    item
from (
    select *, unnest(mapping."ColumnMapping") as pair
    from (
        select
            * exclude mappings,
            unnest(case when json_valid(mappings) then from_json(
                mappings,
                '[{"DatasetMapping": {"Source": "VARCHAR", "Sink": "VARCHAR"}, "ColumnMapping": [{"Source": "VARCHAR", "Sink": "VARCHAR"}]}]'
            ) end) as mapping
        from mapped
    )
)
where pair."Source" is not null and pair."Sink" is not null
order by process_guid, from_qualified_name, from_column, to_qualified_name, to_column, page_id, item;
