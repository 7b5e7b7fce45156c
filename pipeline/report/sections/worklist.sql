-- open_exceptions: one row per open exception, the gravest first
with owner as (
    select 'asset' as subject, c.asset_guid as subject_id, string_agg(coalesce(n.shown, c.principal_id), ', ' order by c.principal_id) as owner
    from contact c
    left join named_identity n on n.id = lower(c.principal_id)
    where c.role = 'Owner'
    group by c.asset_guid
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
        case
            when f.subject in ('asset_column', 'entity') then coalesce(c.asset_guid, f.subject_id)
            when f.subject = 'asset' then f.subject_id
            when starts_with(f.subject_id, 'asset:') and f.subject = 'owner' then split_part(f.subject_id, ':', 2)
        end as asset_guid,
        case f.subject when 'owner' then split_part(f.subject_id, ':', 1) else f.subject end as object_kind,
        case f.subject when 'owner' then split_part(f.subject_id, ':', 2) else f.subject_id end as object_id
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
left join immuta_source i on i.id = case when f.object_kind = 'immuta_source' then try_cast(f.object_id as integer) end
left join owner o
    on o.subject = case when f.asset_guid is null then f.object_kind else 'asset' end
    and o.subject_id = coalesce(f.asset_guid, f.object_id)
where {families}
order by
    list_position(['critical', 'high', 'medium', 'low', 'info'], f.severity),
    f.overdue desc, f.tier nulls last, f.rule_id, name, f.id
