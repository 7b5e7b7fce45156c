-- How far classes of tier 1 and 2 travel along lineage. `hop_limit` (hops) and `judging` (number, as_of) are given.
-- Where columns are paired a class goes from column to column; where they are not, from anything in an asset to the next asset.

create or replace temp table flowing as
select e.process_guid, e.from_guid, e.to_guid, f.qualified_name as from_name, t.qualified_name as to_name
from lineage_edge e
left join asset f on f.guid = e.from_guid
left join asset t on t.guid = e.to_guid
where e.from_guid <> e.to_guid
    and coalesce(f.status, 'ACTIVE') = 'ACTIVE'
    and coalesce(t.status, 'ACTIVE') = 'ACTIVE';

-- * in a mapping stands for any asset of the process
create or replace temp table paired as
select distinct process_guid, from_guid, to_guid, lower(from_column) as from_column, lower(to_column) as to_column
from (
    select e.*, c.from_column, c.to_column
    from column_lineage c
    join flowing e
        on e.process_guid = c.process_guid
        and e.from_name = c.from_qualified_name
        and e.to_name = c.to_qualified_name
    union all
    select e.*, c.from_column, c.to_column
    from column_lineage c
    join flowing e on e.process_guid = c.process_guid
    where '*' in (c.from_qualified_name, c.to_qualified_name)
        and c.from_qualified_name in ('*', e.from_name)
        and c.to_qualified_name in ('*', e.to_name)
);

create or replace temp table sensitive_here as
with known as (
    select name, class_key, tier
    from history.sensitivity
    where valid_to is null
        and source = 'purview'
        and tier in (1, 2)
)
select c.entity_guid, c.asset_guid, k.class_key, min(k.tier) as tier
from classification c
join known k on k.name = c.type_name
join asset a on a.guid = c.asset_guid and a.status = 'ACTIVE'
left join asset_column o on o.guid = c.column_guid
where c.status = 'ACTIVE'
    and (c.column_guid is null or o.status = 'ACTIVE')
group by c.entity_guid, c.asset_guid, k.class_key;

create or replace temp table lineage_column as
select guid, asset_guid, lower(name) as name
from asset_column
where status = 'ACTIVE'
    and asset_guid in (select from_guid from paired union select to_guid from paired);

-- every asset and column that can be on a path, numbered in the order of guids so that the same path is found every night
create or replace temp table lineage_node as
with found as (
    select from_guid as guid, from_guid as asset_guid
    from flowing
    union
    select to_guid, to_guid
    from flowing
    union
    select guid, asset_guid
    from lineage_column
    union
    select entity_guid, asset_guid
    from sensitive_here
    where asset_guid in (select from_guid from flowing)
)
select guid, asset_guid, (row_number() over (order by guid))::integer as id
from found;

create or replace temp table lineage_process as
select process_guid as guid, (row_number() over (order by process_guid))::integer as id
from (select distinct process_guid from flowing);

create or replace temp table carried_key as
select class_key, min(tier) as tier, (row_number() over (order by class_key))::integer as id
from sensitive_here
group by class_key;

-- what goes where: from_key is a column, an asset for what is known of the whole of it, or minus an asset for anything in it
create or replace temp table flow as
select
    coalesce(c.id, 0) as from_key,
    coalesce(k.id, t.id) as to_node,
    t.id as to_asset,
    p.id as process
from paired e
join lineage_column fc on fc.asset_guid = e.from_guid and fc.name = e.from_column
join lineage_node c on c.guid = fc.guid
join lineage_node t on t.guid = e.to_guid
left join lineage_column tc on tc.asset_guid = e.to_guid and tc.name = e.to_column
left join lineage_node k on k.guid = tc.guid
join lineage_process p on p.guid = e.process_guid
union
select
    if(e.process_guid is null, -f.id, f.id),
    t.id,
    t.id,
    p.id
from flowing w
left join (select distinct process_guid, from_guid, to_guid from paired) e using (process_guid, from_guid, to_guid)
join lineage_node f on f.guid = w.from_guid
join lineage_node t on t.guid = w.to_guid
join lineage_process p on p.guid = w.process_guid;
