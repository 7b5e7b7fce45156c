-- Masking exceptions in force by column. `judging`, `hole` and `active_grant_staged` are given.

create or replace temp table exception_asked as
select
    q.id as request_id,
    q.product_id,
    q.user_id,
    u.profile_id,
    q.status,
    q.expires_at,
    d.actor_id,
    coalesce(d.granted_at, q.updated_at) as approved_at,
    f.required_field_count > 0 as purpose_given,
    m.request_id is not null as listed,
    q.page_id,
    q.item
from access_request q
left join request_user u on u.id = q.user_id
left join request_form_version f on f.version = q.form_version
left join (select distinct request_id from product_member) m on m.request_id = q.id
left join approved_request d on d.request_id = q.id
where q.type = 'MASKING_EXCEPTION' and q.status in ('APPROVED', 'EXPIRED', 'REVOKED');

-- in force: approved, or over and still at work as the members list or the app's list of columns has it
create or replace temp table exception_column as
select
    e.*,
    try_cast(c.source_id as integer) as source_id,
    c.column_name,
    c.masking_type,
    p.user_id is not null as shown,
    coalesce(c.page_id, e.page_id) as row_page_id,
    coalesce(c.item, e.item) as row_item
from exception_asked e
left join masking_exception_column c on c.request_id = e.request_id
left join approved_masking_exception p
    on p.user_id = e.user_id and p.source_id = c.source_id and p.column_name = c.column_name
where e.status = 'APPROVED' or e.listed or p.user_id is not null;

-- what a column is sensitive for, by its own tags or as the linked table's column is classified
create or replace temp table exception_class as
with named as (
    select distinct source_id, column_name, lower(column_name) as folded
    from exception_column
    where column_name is not null
),

known as (
    select source, name, class_key, tier
    from history.sensitivity
    where valid_to is null and tier in (1, 2)
)
select source_id, column_name, list_sort(list(distinct class_key)) as class_keys, min(tier) as tier
from (
    select n.source_id, n.column_name, s.class_key, s.tier
    from named n
    join immuta_column_tag t on t.source_id = n.source_id and t.column_name = n.column_name
    join known s on s.source = 'immuta' and s.name = t.tag
    union all
    select n.source_id, n.column_name, s.class_key, s.tier
    from named n
    join (select source_id, name, unnest(tags) as tag from product_column) t
        on t.source_id = n.source_id::varchar and t.name = n.column_name
    join known s on s.source = 'immuta' and s.name = t.tag
    union all
    select n.source_id, n.column_name, s.class_key, s.tier
    from named n
    join history.link l on l.valid_to is null and not l.ambiguous and l.source_id = n.source_id
    join asset_column a on a.asset_guid = l.asset_guid and lower(a.name) = n.folded and a.status = 'ACTIVE'
    join classification c on c.column_guid = a.guid and c.status = 'ACTIVE'
    join known s on s.source = 'purview' and s.name = c.type_name
)
group by source_id, column_name;

-- how a column is masked, as its products say; known = somebody says anything of it
create or replace temp table column_masking as
select try_cast(source_id as integer) as source_id, name as column_name, max(coalesce(global_masking, local_masking)) as masking
from product_column
group by source_id, name;

-- the masking rules in force on a column, and whether one names whom it masks for, which an exception need not lift
create or replace temp table column_policy as
with named as (
    select distinct source_id, column_name
    from exception_column
    where column_name is not null
),

ruled as (
    select a.source_id, m.masking_type, m.applies_to_kind, m.applies_to, m.inclusion_count
    from policy_application a
    join policy_masking m on m.policy = a.policy and m.source_id = 0
    left join immuta_policy p on 'global:' || p.id = a.policy
    where a.type = 'data' and not a.disabled and not coalesce(p.staged or p.deleted, false)
    union all
    select source_id, masking_type, applies_to_kind, applies_to, inclusion_count
    from policy_masking
    where source_id <> 0
),

matched as (
    select
        n.source_id,
        n.column_name,
        r.masking_type,
        r.inclusion_count,
        case r.applies_to_kind
            when 'column' then lower(r.applies_to) = lower(n.column_name)
            when 'columnTag' then exists (
                select 1
                from immuta_column_tag t
                where t.source_id = n.source_id
                    and t.column_name = n.column_name
                    and (t.tag = r.applies_to or starts_with(t.tag, r.applies_to || '.'))
            )
            when 'columnRegex' then try(regexp_matches(n.column_name, r.applies_to))
        end as applies
    from named n
    join ruled r using (source_id)
)
select
    source_id,
    column_name,
    max(masking_type) filter (where applies) as masking_type,
    bool_or(applies) as applies,
    bool_or(inclusion_count > 0) filter (where applies or applies is null) as for_some,
    bool_or(applies is null) as unread
from matched
group by source_id, column_name;

create or replace temp table base_access as
select distinct e.user_id, e.source_id
from exception_column e
join active_grant_staged g
    on g.profile_id = e.profile_id
    and g.object_kind = 'source'
    and g.object_id = e.source_id::varchar
union
select distinct e.user_id, e.source_id
from exception_column e
join data_product_source s on s.source_id = e.source_id::varchar
join active_grant_staged g on g.profile_id = e.profile_id and g.object_kind = 'product' and g.object_id = s.product_id;

create or replace temp table masking_grant_staged as
with judged as (
    select
        e.*,
        k.class_keys,
        k.tier,
        coalesce(e.masking_type, m.masking, o.masking_type) as masking,
        m.column_name is not null as masking_known,
        o.applies,
        o.for_some,
        o.unread,
        case
            when b.source_id is not null then true
            when e.profile_id is null or exists (
                select 1
                from hole h
                where h.table_name in ('immuta_membership', 'product_member', 'data_product_source')
                    and (h.key_kind <> 'source' or h.key = e.source_id::varchar)
            ) then null
            else false
        end as base_access,
        exists (
            select 1
            from hole h
            where h.table_name = 'approved_masking_exception' and (h.key_kind <> 'user' or h.key = e.user_id)
        ) as shown_unread
    from exception_column e
    left join exception_class k on k.source_id = e.source_id and k.column_name = e.column_name
    left join column_masking m on m.source_id = e.source_id and m.column_name = e.column_name
    left join column_policy o on o.source_id = e.source_id and o.column_name = e.column_name
    left join base_access b on b.user_id = e.user_id and b.source_id = e.source_id
),

reasoned as (
    select
        *,
        case
            when column_name is null then 'the columns of the exception could not be read'
            when base_access = false then 'the person has no access to the data source'
            when masking is null and masking_known then 'no policy masks the column'
            when not shown and shown_unread then 'the columns that the person may see unmasked could not be read'
            when not shown then 'the app does not list the column among those that the person may see unmasked'
            when base_access is null then 'who has access to the data source could not be read'
            when masking is null then 'how the column is masked could not be read'
            when not coalesce(applies, false) or unread then 'the policy that masks the column could not be read'
            when for_some then 'a masking policy names whom it masks for, which an exception need not lift'
            else 'approved, listed by the app, and no policy names whom it masks for'
        end as reason
    from judged
)
select
    concat_ws(':', request_id, source_id, column_name) as id,
    request_id,
    product_id,
    user_id,
    profile_id,
    source_id,
    column_name,
    coalesce(class_keys, []) as class_keys,
    tier,
    actor_id as approved_by,
    approved_at,
    expires_at as until,
    purpose_given,
    base_access,
    masking,
    case
        when reason = 'the person has no access to the data source' then 'no access'
        when reason = 'no policy masks the column' then 'no mask'
        when starts_with(reason, 'approved, ') then 'lifted'
        else 'unknown'
    end as effective,
    reason,
    row_page_id as page_id,
    row_item as item,
    0::ubigint as content_hash
from reasoned;
