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
