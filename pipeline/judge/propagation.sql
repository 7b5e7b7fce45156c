-- How far classes of tier 1 and 2 travel along lineage. `hop_limit` (hops) and `judging` (number, as_of) are given.
-- Where columns are paired a class goes from column to column; where they are not, from anything in an asset to the next asset.

-- guids become numbers: joining text over and over would take most of the time. The order is that of hashes, so
-- that the same way is found every night.
create or replace temp table lineage_asset as
select g.guid, a.qualified_name, (row_number() over (order by hash(g.guid)))::integer as id
from (
    select from_guid as guid
    from lineage_edge
    union
    select to_guid
    from lineage_edge
) g
left join asset a on a.guid = g.guid
where coalesce(a.status, 'ACTIVE') = 'ACTIVE';

create or replace temp table lineage_process as
select process_guid as guid, (row_number() over (order by hash(process_guid)))::integer as id
from (select distinct process_guid from lineage_edge);

create or replace temp table lineage_step as
select p.id as process, f.id as source, t.id as target
from lineage_edge e
join lineage_process p on p.guid = e.process_guid
join lineage_asset f on f.guid = e.from_guid
join lineage_asset t on t.guid = e.to_guid
where f.id <> t.id;

create or replace temp table lineage_pair as
with pair as (
    select p.id as process, c.from_qualified_name, c.from_column, c.to_qualified_name, c.to_column
    from column_lineage c
    join lineage_process p on p.guid = c.process_guid
),

sited as (
    select e.process, e.source, e.target, c.from_column, c.to_column
    from pair c
    join lineage_asset f on f.qualified_name = c.from_qualified_name
    join lineage_asset t on t.qualified_name = c.to_qualified_name
    join lineage_step e on e.process = c.process and e.source = f.id and e.target = t.id
    union all
    -- * in a mapping stands for any asset of the process
    select e.process, e.source, e.target, c.from_column, c.to_column
    from pair c
    join lineage_step e on e.process = c.process
    join lineage_asset f on f.id = e.source
    join lineage_asset t on t.id = e.target
    where '*' in (c.from_qualified_name, c.to_qualified_name)
        and c.from_qualified_name in ('*', f.qualified_name)
        and c.to_qualified_name in ('*', t.qualified_name)
)
select distinct process, source, target, lower(from_column) as from_column, lower(to_column) as to_column
from sited;

create or replace temp table sensitive_here as
with known as (
    select name, class_key, tier
    from history.sensitivity
    where valid_to is null
        and source = 'purview'
        and tier in (1, 2)
)
select c.entity_guid, a.id as asset, c.asset_guid, k.class_key, min(k.tier) as tier
from classification c
join known k on k.name = c.type_name
join lineage_asset a on a.guid = c.asset_guid
left join asset_column o on o.guid = c.column_guid
where c.status = 'ACTIVE'
    and (c.column_guid is null or o.status = 'ACTIVE')
group by c.entity_guid, a.id, c.asset_guid, k.class_key;

create or replace temp table lineage_column as
select c.guid, a.id as asset, lower(c.name) as name
from asset_column c
join lineage_asset a on a.guid = c.asset_guid
where c.status = 'ACTIVE'
    and (a.id, lower(c.name)) in (
        select (source, from_column) from lineage_pair
        union all
        select (target, to_column) from lineage_pair
    );

-- every asset and column that can be on a way
create or replace temp table lineage_node as
with last as (
    select coalesce(max(id), 0) as id
    from lineage_asset
),

part as (
    select guid, asset
    from lineage_column
    union
    select entity_guid, asset
    from sensitive_here
    where entity_guid <> asset_guid
)
select guid, id, id as asset
from lineage_asset
union all
select p.guid, (last.id + row_number() over (order by hash(p.guid)))::integer, p.asset
from part p
cross join last;

create or replace temp table carried_key as
select class_key, min(tier) as tier, (row_number() over (order by class_key))::integer as id
from sensitive_here
group by class_key;

-- what goes where: from_key is a column, an asset for what is known of the whole of it, or minus an asset for anything in it
create or replace temp table flow as
with numbered as (
    select c.asset, c.name, n.id
    from lineage_column c
    join lineage_node n on n.guid = c.guid
)
select f.id as from_key, coalesce(t.id, p.target) as to_node, p.target as to_asset, p.process
from lineage_pair p
join numbered f on f.asset = p.source and f.name = p.from_column
left join numbered t on t.asset = p.target and t.name = p.to_column
union all
select if(p.process is null, -e.source, e.source), e.target, e.target, e.process
from lineage_step e
left join (select distinct process, source, target from lineage_pair) p using (process, source, target);

-- declared processes that take a class out of what they pass on; in a pattern only * stands for other text
create or replace temp macro matches(text, pattern) as
    text like replace(replace(replace(replace(pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%') escape '\';

create or replace temp table flow_cut as
select distinct n.id as process, k.id as class
from history.lineage_breaker b
cross join judging j
join process p on matches(p.qualified_name, b.process_pattern)
join lineage_process n on n.guid = p.guid
join carried_key k on matches(k.class_key, coalesce(b.class_pattern, '*'))
where b.valid_to is null
    and b.created_at <= j.as_of
    and b.expires_at >= j.as_of;

create or replace temp table flow_seed as
select n.id as node, n.asset, k.id as class, n.guid
from sensitive_here s
join lineage_node n on n.guid = s.entity_guid
join carried_key k on k.class_key = s.class_key;

-- an asset of which anything is classified so needs no telling again that it holds the class
create or replace temp table flow_known as
select node, class
from flow_seed
union
select asset, class
from flow_seed;

-- the first way there is the shortest; what was reached once is not left again, so circles end
create or replace temp table reached as
with recursive found(node, class, asset, hops, parent, process) using key (node, class) as (
    select node, class, asset, 0, null::integer, null::integer
    from flow_seed
    union
    (
        select f.to_node, r.class, min(f.to_asset), max(r.hops) + 1, min(r.node), arg_min(f.process, (r.node, f.process))
        from (
            select node, class, hops, unnest([node, -asset]) as from_key
            from found
            where hops < getvariable('hop_limit')
        ) r
        join flow f on f.from_key = r.from_key
        where not exists (select 1 from flow_cut c where c.process = f.process and c.class = r.class)
            and not exists (select 1 from flow_known k where k.node = f.to_node and k.class = r.class)
            and not exists (select 1 from recurring.found o where o.node = f.to_node and o.class = r.class)
        group by f.to_node, r.class
    )
)
select *
from found;

create or replace temp table carried_class_staged as
with recursive trail as (
    select s.node, s.class, s.guid as origin_guid, [s.guid] as path, []::varchar[] as processes
    from flow_seed s
    union all
    select r.node, r.class, t.origin_guid, list_append(t.path, n.guid), list_append(t.processes, p.guid)
    from trail t
    join reached r on r.parent = t.node and r.class = t.class
    join lineage_node n on n.id = r.node
    join lineage_process p on p.id = r.process
)
select
    n.guid as entity_guid,
    k.class_key,
    k.tier,
    a.guid as asset_guid,
    nullif(n.guid, a.guid) as column_guid,
    t.origin_guid,
    len(t.processes)::integer as hops,
    t.path,
    t.processes,
    0::ubigint as content_hash
from trail t
join lineage_node n on n.id = t.node
join lineage_asset a on a.id = n.asset
join carried_key k on k.id = t.class
where len(t.processes) > 0;
