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

-- scans: one row per registered data source, the stalest first
with run as (
    select
        s.data_source_name as name,
        max(r.ended_at) filter (where r.status = 'Succeeded') as last_success,
        max(r.ended_at) filter (where r.status = 'Succeeded' and r.scan_level = 'Full') as last_full,
        arg_max(r.status, coalesce(r.ended_at, r.started_at)) as last_result,
        arg_max(r.assets_discovered, r.ended_at) filter (where r.status = 'Succeeded') as assets
    from scan s
    join scan_run r on r.scan_id = s.id
    group by s.data_source_name
),

planned as (
    select distinct s.data_source_name as name
    from scan_trigger t
    join scan s on s.id = t.scan_id
    where coalesce(t.state, 'Enabled') = 'Enabled'
        and (t.ends_at is null or t.ends_at > (select as_of from shown_snapshot))
)

select
    d.name,
    d.kind,
    coalesce(c.name, d.collection_id, '(no collection)') as place,
    case when p.name is null then 'none' else 'scheduled' end as schedule,
    r.last_success,
    round(date_diff('hour', r.last_success, (select as_of from shown_snapshot)) / 24, 1) as days,
    r.last_full,
    coalesce(r.last_result, 'never run') as last_result,
    r.assets,
    coalesce(
        (
            select string_agg(v.rule_id || ' ' || replace(v.status, '_', ' '), ', ' order by v.rule_id)
            from verdict v
            where v.subject = 'data_source' and v.subject_id = d.name
        ),
        'not judged'
    ) as verdict
from data_source d
left join run r on r.name = d.name
left join planned p on p.name = d.name
left join collection c on c.id = d.collection_id
order by days desc nulls first, d.name
