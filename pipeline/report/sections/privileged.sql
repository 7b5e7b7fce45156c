-- users: active Immuta users with a privileged permission
select count(*) as num
from immuta_user
where not disabled and list_has_any(permissions, $privileged)

-- roles: principals with a catalogue role that may change something, of those with any role; not evaluated: nobody knows who holds a role
select
    count(distinct a.principal_id) filter (
        where a.principal_id <> '*' and len(list_filter(r.data_actions, lambda one: not ends_with(one, '/read'))) > 0
    ) as num,
    count(distinct a.principal_id) filter (where a.principal_id <> '*') as den,
    count(distinct (a.collection_id, a.role_id)) filter (where a.principal_id = '*' or r.id is null) as not_evaluated
from role_assignment a
left join metadata_role r on r.id = a.role_id

-- holders: one row per Immuta user with a privileged permission, and per principal and catalogue role that may change something
select
    coalesce(name, user_id, id::varchar) as name,
    'person' as kind,
    'Immuta' as system,
    array_to_string(list_sort(list_intersect(permissions, $privileged)), ', ') as held,
    'tenant' as scope,
    case when last_login_at is null then 'none on record' else strftime(last_login_at, '%Y-%m-%d') end as last_login,
    date_diff('day', last_login_at, (select as_of from shown_snapshot)) as days,
    concat(page_id, item) as page
from immuta_user
where not disabled and list_has_any(permissions, $privileged)
union all
select
    coalesce(any_value(i.display_name), a.principal_id),
    coalesce(any_value(i.kind), replace(a.principal_kind, '_', ' ')),
    'Purview',
    concat(coalesce(any_value(r.friendly_name), any_value(r.name), a.role_id), if(bool_or(not a.conditional), '', ' (conditional)')),
    case
        when count(distinct a.collection_id) = 1 then any_value(coalesce(c.name, a.collection_id))
        else concat(count(distinct a.collection_id), ' collections')
    end,
    'not known',
    null,
    concat(min(a.page_id), arg_min(a.item, (a.page_id, a.item)))
from role_assignment a
join metadata_role r on r.id = a.role_id
left join identity i on i.id = lower(a.principal_id)
left join collection c on c.id = a.collection_id
where a.principal_id <> '*'
    and len(list_filter(r.data_actions, lambda one: not ends_with(one, '/read'))) > 0
group by a.principal_id, a.principal_kind, a.role_id
order by system, name, held
