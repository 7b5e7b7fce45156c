-- ladder: one row per platform and tier: sensitive columns that meet each step and all earlier ones
with base as (
    select c.column_guid, c.asset_guid, c.tier, a.platform, lower(n.name) as name
    from sensitive_column c
    join asset a on a.guid = c.asset_guid and a.status = 'ACTIVE'
    join asset_column n on n.guid = c.column_guid
    where list_contains($platforms, a.platform)
),

registered as (
    select
        l.asset_guid,
        l.source_id,
        exists (
            select 1
            from policy_application p
            where p.source_id = i.id and p.type = 'subscription' and not p.disabled
        ) as governed
    from link l
    join immuta_source i on i.id = l.source_id and not i.deleted
    where not l.ambiguous and l.confidence >= $confidence
),

masking as (
    select
        source_id,
        lower(name) as name,
        bool_or(coalesce(global_masking, local_masking, '') <> '') as masked
    from product_column
    group by all
),

stepped as (
    select
        b.column_guid,
        b.platform,
        b.tier,
        coalesce(bool_or(r.source_id is not null), false) as registered,
        coalesce(bool_or(r.governed), false) as governed,
        coalesce(bool_or(m.masked), false) as masked,
        bool_or(m.name is not null) as masking_known
    from base b
    left join registered r on r.asset_guid = b.asset_guid
    left join masking m on m.source_id = r.source_id::varchar and m.name = b.name
    group by all
)

select
    platform,
    tier,
    count(*) as known,
    count(*) filter (where registered) as registered,
    count(*) filter (where registered and governed) as governed,
    count(*) filter (where registered and governed and masked) as masked,
    count(*) filter (where registered and governed and not masking_known) as masking_unknown,
    count(*) filter (where masked and not governed) as masked_early
from stepped
group by platform, tier
order by platform, tier

-- worst: one row per sensitive table without an enabled Immuta data source
select
    s.tier,
    concat_ws('.', a.database_name, a.schema_name, coalesce(a.table_name, a.name)) as path,
    a.platform,
    coalesce(c.name, a.collection_id) as place,
    s.column_count,
    array_to_string(list_sort(s.class_keys), ', ') as classes
from sensitive_asset s
join asset a on a.guid = s.asset_guid and a.status = 'ACTIVE'
left join collection c on c.id = a.collection_id
where list_contains($platforms, a.platform)
    and not exists (
        select 1
        from link l
        join immuta_source i on i.id = l.source_id and not i.deleted
        where l.asset_guid = a.guid and not l.ambiguous
    )
order by s.tier, s.column_count desc, path, a.guid
