-- open_exceptions: one row per open exception, the gravest first
with owner as (
    select 'asset' as subject, asset_guid as subject_id, string_agg(principal_id, ', ' order by principal_id) as owner
    from contact
    where role = 'Owner'
    group by asset_guid
    union all
    select 'immuta_source', source_id::varchar, string_agg(coalesce(name, user_id), ', ' order by name, user_id)
    from immuta_membership
    where state = 'owner'
    group by source_id
    union all
    select 'data_product', id, expert_name
    from data_product
    where expert_name is not null
),

shown as (
    select
        f.*,
        case when f.subject in ('asset_column', 'entity') then coalesce(c.asset_guid, f.subject_id)
            when f.subject = 'asset' then f.subject_id
        end as asset_guid
    from open_finding f
    left join asset_column c on c.guid = f.subject_id
)

select
    f.severity,
    f.rule_id,
    coalesce(f.subject_name, f.subject_id) as name,
    coalesce(
        concat_ws('.', a.database_name, a.schema_name, a.table_name),
        concat_ws('.', i.database_name, i.schema_name, i.table_name),
        ''
    ) as path,
    f.place,
    f.tier,
    o.owner,
    f.status,
    f.first_seen,
    f.age_days,
    f.due_at,
    f.overdue,
    f.reason,
    f.id
from shown f
left join asset a on a.guid = f.asset_guid
left join immuta_source i on i.id = case when f.subject = 'immuta_source' then try_cast(f.subject_id as integer) end
left join owner o
    on o.subject = case when f.asset_guid is null then f.subject else 'asset' end
    and o.subject_id = coalesce(f.asset_guid, f.subject_id)
where {families}
order by
    list_position(['critical', 'high', 'medium', 'low', 'info'], f.severity),
    f.overdue desc, f.tier nulls last, f.rule_id, name, f.id
