-- agreement: one row per class of tier 1 or 2: columns that have it in both systems, in one, or cannot be compared
with linked as (
    select
        l.asset_guid,
        l.source_id,
        not exists (
            select 1
            from gap g
            where g.endpoint = 'immuta.dictionary' and g.key in (l.source_id::varchar, '*')
        ) as dictionary_read
    from link l
    join immuta_source i on i.id = l.source_id and not i.deleted
    where not l.ambiguous
),

catalogued as (
    select distinct s.asset_guid, lower(c.name) as name, s.class_key
    from sensitive_class s
    join asset_column c on c.guid = s.column_guid and c.status = 'ACTIVE'
    where s.tier in (1, 2)
),

tagged as (
    select distinct l.asset_guid, lower(t.column_name) as name, s.class_key
    from immuta_column_tag t
    join linked l on l.source_id = t.source_id
    join sensitivity s on s.source = 'immuta' and s.name = t.tag
    where s.tier in (1, 2)
),

pair as (
    select
        coalesce(c.asset_guid, t.asset_guid) as asset_guid,
        coalesce(c.class_key, t.class_key) as class_key,
        c.name is not null as in_purview,
        t.name is not null as in_immuta
    from catalogued c
    full join tagged t on t.asset_guid = c.asset_guid and t.name = c.name and t.class_key = c.class_key
),

placed as (
    select p.*, k.linked, k.dictionary_read
    from pair p
    left join (select asset_guid, true as linked, bool_or(dictionary_read) as dictionary_read from linked group by asset_guid) k
        on k.asset_guid = p.asset_guid
)

select
    p.class_key,
    (select min(tier) from sensitivity s where s.class_key = p.class_key) as tier,
    count(*) filter (where linked and in_purview and in_immuta) as both_systems,
    count(*) filter (where linked and in_purview and not in_immuta and dictionary_read) as purview_only,
    count(*) filter (where linked and in_immuta and not in_purview) as immuta_only,
    count(*) filter (where linked is null) as unlinked,
    count(*) filter (where linked and in_purview and not in_immuta and not dictionary_read) as unknown
from placed p
group by p.class_key
order by tier, p.class_key

-- candidates: one row per pair without a link that may be one table, the most likely first
select
    a.canonical_path as path,
    i.name as source,
    a.method,
    a.confidence,
    a.ambiguous,
    a.reason,
    s.tier
from link_candidate a
join immuta_source i on i.id = a.source_id
left join sensitive_asset s on s.asset_guid = a.asset_guid
order by s.tier nulls last, a.confidence desc, a.canonical_path, a.source_id
