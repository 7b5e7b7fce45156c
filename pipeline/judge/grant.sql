-- Access in force and what explains it. `judging` (number, as_of) and `advanced_literal` are given.
-- Truth is 2 = holds, 1 = unknown, 0 = does not hold: AND is the least, OR the greatest of several.

-- What is missing, and whose answer it is; key null = nobody knows what is missing.
create or replace temp table hole as
with missing as (
    select endpoint, tables, if(key = '*', null, key) as key
    from gap
    union all
    select r.endpoint, r.tables, null
    from reconciliation r
    left join (select endpoint, count(*) as gap_count from gap group by endpoint) g using (endpoint)
    where r.verdict = 'skipped'
        or (r.verdict = 'incomplete' and g.endpoint is null)
        or (
            r.verdict in ('incomplete', 'weak')
            and r.distinct_keys + coalesce(g.gap_count, 0) < least(r.server_total_before, r.server_total)
        )
)
select distinct
    unnest(tables) as table_name,
    key,
    case
        when key is null then 'everything'
        when endpoint in ('immuta.data_source_detail', 'immuta.access', 'immuta.source_policy') then 'source'
        when endpoint in ('immuta.access_request', 'immuta.product_member', 'immuta.product_source', 'immuta.product_source_all')
            and key in (select id from data_product) then 'product'
        when endpoint in ('immuta.approval', 'immuta.masking_column') then 'request'
        when endpoint = 'immuta.approved_masking_column' then 'user'
        when endpoint in ('immuta.project_detail', 'immuta.project_member', 'immuta.project_source') then 'project'
        when endpoint = 'immuta.group_member' then 'group'
        else 'everything'
    end as key_kind
from missing;

-- An account is known to the directory by object id or by the name to sign in with, as in rule OWN-003.
create or replace temp table service_account as
select profile_id
from (
    select u.id as profile_id, i.id as identity_id, i.kind
    from immuta_user u
    join identity i on i.id = lower(u.user_id)
    union
    select u.id, i.id, i.kind
    from immuta_user u
    join identity i on lower(i.user_principal_name) = lower(u.user_id)
)
group by profile_id
having count(*) = 1 and min(kind) = 'service';

-- one row per request for data, and who decided it: the last person who approved, else the review flow
create or replace temp table asked as
select
    q.id,
    q.product_id,
    q.asset_source_id,
    q.status,
    q.user_id,
    u.profile_id,
    q.expires_at,
    case
        when d.request_id is null then 'unknown'
        when d.actor_id is not null then 'person'
        else 'review flow'
    end as decided_kind,
    d.actor_id as decided_by,
    d.decided_at,
    case
        when q.status in ('APPROVED', 'EXPIRED')
            then if(q.status = 'APPROVED' and (q.expires_at is null or q.expires_at > judging.as_of), 'holds', 'ended')
    end as state,
    q.page_id,
    q.item
from access_request q
cross join judging
left join request_user u on u.id = q.user_id
left join (
    select
        request_id,
        arg_max(actor_id, (updated_at, id)) filter (where actor_id is not null) as actor_id,
        coalesce(max(updated_at) filter (where actor_id is not null), max(updated_at)) as decided_at
    from approval
    where status = 'APPROVED'
    group by request_id
) d on d.request_id = q.id
where q.type = 'DATA_ACCESS';

-- a product's member is whom its members list names, or whose request is approved: where the lists differ, access is assumed
create or replace temp table product_access as
select
    coalesce(m.product_id, q.product_id) as product_id,
    coalesce(m.request_id, q.id) as request_id,
    coalesce(u.profile_id::varchar, coalesce(m.user_id, q.user_id)) as principal_id,
    u.profile_id,
    u.name,
    coalesce(q.expires_at, m.expires_at) as until,
    q.id is not null as request_known,
    q.state,
    q.decided_kind,
    q.decided_by,
    q.decided_at,
    coalesce(m.page_id, q.page_id) as page_id,
    coalesce(m.item, q.item) as item
from (from product_member where type = 'DATA_ACCESS') m
full join (from asked where status = 'APPROVED' or id in (select request_id from product_member)) q
    on q.id = m.request_id and q.product_id = m.product_id
join data_product p on p.id = coalesce(m.product_id, q.product_id) and not p.suspended
left join request_user u on u.id = coalesce(m.user_id, q.user_id);

-- one row per access in force, without its explanation
create or replace temp table access_in_force as
select row_number() over () as access_id, *
from (
    select
        'source' as object_kind,
        m.source_id::varchar as object_id,
        m.profile_id::varchar as principal_id,
        m.profile_id,
        coalesce(m.name, m.user_id) as name,
        m.state as level,
        m.created_at as since,
        m.expires_at as until,
        nullif(regexp_extract(m.origin_hint, '^group (.+)$', 1), '') as group_key,
        m.page_id,
        m.item
    from immuta_membership m
    join immuta_source s on s.id = m.source_id and not s.deleted
    where m.state in ('owner', 'expert', 'subscribed', 'ingest')
        and m.approved is distinct from false
    union all
    select
        'project',
        m.project_id::varchar,
        m.profile_id::varchar,
        m.profile_id,
        coalesce(min(m.name), min(m.user_id)),
        case when m.state = 'owner' then 'owner' else 'member' end,
        min(m.created_at),
        null,
        null,
        min(m.page_id),
        arg_min(m.item, (m.page_id, m.item))
    from project_member m
    join immuta_project p on p.id = m.project_id and not p.deleted
    where m.state <> 'pending'
        and m.approved is distinct from false
    group by m.project_id, m.profile_id, case when m.state = 'owner' then 'owner' else 'member' end
    union all
    select
        'product',
        product_id,
        principal_id,
        min(profile_id),
        min(name),
        'member',
        min(decided_at),
        null,
        null,
        min(page_id),
        arg_min(item, (page_id, item))
    from product_access
    group by product_id, principal_id
);

-- the policies that let people in, on the sources where they are in force; scope 0 = conditions of a global policy
create or replace temp table policy_in_force as
select a.source_id, a.policy, coalesce(p.name, a.name, a.policy) as name, if(p.id is null, a.source_id, 0) as scope, a.page_id, a.item
from policy_application a
left join immuta_policy p on 'global:' || p.id = a.policy
where a.type = 'subscription'
    and not a.disabled
    and not coalesce(p.staged or p.deleted, false);

-- one row per literal of a condition, in alternatives; one without literals always holds
create or replace temp table condition_literal as
select
    c.policy,
    c.source_id as scope,
    c.position,
    c.operator,
    c.kind as condition_kind,
    coalesce(l.clause, 0) as clause,
    case when c.kind = 'advanced' then coalesce(l.kind, 'unknown') else c.kind end as kind,
    c.iam_id,
    coalesce(l.name, c.name) as name,
    coalesce(l.value, c.value) as value,
    coalesce(l.negated, false) as negated
from policy_condition c
left join advanced_literal l on c.kind = 'advanced' and l.condition = c.value;

-- one row per person and group, or attribute of their own or of a group of theirs
create or replace temp table trait as
select m.profile_id, 'group' as kind, g.iam_id, g.name, null as value
from immuta_group_member m
join immuta_group g on g.id = m.group_id
union
select a.principal_id::integer, 'attribute', null, a.name, a.value
from immuta_attribute a
where a.principal_kind = 'user'
union
select m.profile_id, 'attribute', null, a.name, a.value
from immuta_attribute a
join immuta_group_member m on m.group_id::varchar = a.principal_id::varchar
where a.principal_kind = 'group';

-- what somebody is not known to be may be missing only because it was not read
create or replace temp table unread_trait as
select distinct 'group' as kind, g.name
from hole h
left join immuta_group g on h.key_kind = 'group' and g.id::varchar = h.key
where h.table_name in ('immuta_group', 'immuta_group_member')
union
select 'attribute', null
from hole
where table_name in ('immuta_attribute', 'immuta_group_member');

-- one row per person and policy that might explain an access, and whether its conditions hold
create or replace temp table policy_truth as
with wanted as (
    select distinct p.policy, p.scope, a.profile_id
    from access_in_force a
    join policy_in_force p on p.source_id::varchar = a.object_id
    where a.object_kind = 'source' and a.level = 'subscribed'
),

literal_truth as (
    select
        w.policy, w.scope, w.profile_id, c.position, c.clause, c.operator, c.kind, c.condition_kind, c.name, c.value, c.negated,
        case
            when c.kind = 'anyone' then 2
            when c.kind not in ('group', 'attribute') then 1
            when t.profile_id is not null then if(c.negated, 0, 2)
            when u.kind is not null then 1
            else if(c.negated, 2, 0)
        end as truth
    from wanted w
    join condition_literal c on c.policy = w.policy and c.scope = w.scope
    left join (select distinct profile_id, kind, iam_id, name, value from trait) t
        on t.profile_id = w.profile_id
        and t.kind = c.kind
        and t.name = c.name
        and (c.kind = 'group' or t.value is not distinct from c.value)
        and (c.kind = 'attribute' or c.iam_id is null or t.iam_id is null or t.iam_id = c.iam_id)
    left join (select distinct kind, name from unread_trait) u
        on u.kind = c.kind and (u.name is null or u.name = c.name)
),

clause_truth as (
    select policy, scope, profile_id, position, clause, any_value(operator) as operator,
        any_value(condition_kind) as condition_kind, any_value(name) as name, min(truth) as truth
    from (
        -- a trait may match twice, by provider: one match is enough
        select policy, scope, profile_id, position, clause, kind, name, value, negated, any_value(operator) as operator,
            any_value(condition_kind) as condition_kind, max(truth) as truth
        from literal_truth
        group by policy, scope, profile_id, position, clause, kind, name, value, negated
    )
    group by policy, scope, profile_id, position, clause
),

condition_truth as (
    select policy, scope, profile_id, position, any_value(operator) as operator,
        any_value(condition_kind) as condition_kind, any_value(name) as name, max(truth) as truth
    from clause_truth
    group by policy, scope, profile_id, position
)
select
    policy,
    scope,
    profile_id,
    case
        when bool_or(operator = 'or') then max(truth)
        when bool_or(operator = 'and') or min(truth) = max(truth) then min(truth)
        else 1
    end as truth,
    -- the group that is enough by itself
    if(
        bool_or(operator = 'or') or count(*) = 1,
        min(name) filter (where condition_kind = 'group' and truth = 2),
        null
    ) as group_name
from condition_truth
group by policy, scope, profile_id;

-- one row per group that a source lists by itself
create or replace temp table group_listed as
select a.*, g.id::varchar as group_id
from immuta_group_access a
join immuta_source s on s.id = a.source_id and not s.deleted
left join immuta_group g
    on g.id::varchar = a.group_key
    or (g.name = a.group_key and (a.iam_id is null or g.iam_id is null or g.iam_id = a.iam_id))
where a.state in ('owner', 'expert', 'subscribed', 'ingest')
    and a.approved is distinct from false;

-- one row per access in force and what may explain it; rank 1 = the strongest
create or replace temp table explanation as
with source_access as (
    select access_id, object_id, try_cast(object_id as integer) as source_id, profile_id, level, group_key
    from access_in_force
    where object_kind = 'source'
),

-- materialised, so that each is joined by person and object at once and not by one of them first
request_source as materialized (
    select q.id as request_id, q.profile_id, s.source_id
    from asked q
    join data_product_source s on s.product_id = q.product_id
    where q.state is not null and q.profile_id is not null
    union
    select id, profile_id, asset_source_id::varchar
    from asked
    where asset_source_id is not null and state is not null and profile_id is not null
),

policy_access as materialized (
    select a.access_id, a.profile_id, p.policy, p.scope, p.name
    from source_access a
    join policy_in_force p on p.source_id = a.source_id
    where a.level = 'subscribed'
),

found as (
    select a.access_id, 'request' as origin, q.id as origin_id, q.state,
        'product:' || q.product_id as via, q.decided_kind, q.decided_by, q.decided_at, q.expires_at as until
    from source_access a
    join request_source s on s.source_id = a.object_id and s.profile_id = a.profile_id
    join asked q on q.id = s.request_id
    where a.level = 'subscribed'
    union all
    select a.access_id, 'request', p.request_id, p.state, null, p.decided_kind, p.decided_by, p.decided_at, p.until
    from product_access p
    join access_in_force a on a.object_kind = 'product' and a.object_id = p.product_id and a.principal_id = p.principal_id
    where p.request_known and p.state is not null
    union all
    select p.access_id, 'policy', p.policy, if(t.truth = 2, 'holds', 'unknown'),
        'group:' || t.group_name, 'policy', p.name, null, null
    from policy_access p
    join policy_truth t on t.policy = p.policy and t.scope = p.scope and t.profile_id = p.profile_id and t.truth > 0
    union all
    -- open to everybody, or to whom a policy names whose conditions are not known
    select a.access_id, 'policy', 'local:subscription',
        if(s.subscription_type = 'automatic', 'holds', 'unknown'), null, 'policy', s.subscription_type, null, null
    from source_access a
    join immuta_source s on s.id = a.source_id
    where a.level = 'subscribed'
        and (
            s.subscription_type = 'automatic'
            or (
                s.subscription_type = 'policy'
                and not exists (
                    select 1
                    from policy_in_force p
                    join policy_condition c on c.policy = p.policy and c.source_id = p.scope
                    where p.source_id = a.source_id
                )
            )
        )
    union all
    -- roles are given by hand, and so is a subscription where the owner picks people
    select a.access_id, 'manual', null, 'holds', null, 'unknown', null, null, null
    from source_access a
    join immuta_source s on s.id = a.source_id
    where a.level <> 'subscribed' or s.subscription_type = 'manual'
    union all
    select a.access_id, 'group', g.group_key, 'holds', 'group:' || coalesce(g.name, g.group_key),
        'unknown', null, g.created_at, g.expires_at
    from source_access a
    join group_listed g on g.source_id = a.source_id and g.state = a.level
    join immuta_group_member m on m.group_id::varchar = g.group_id and m.profile_id = a.profile_id
    union all
    -- a row of a person that names the group through which it is there
    select a.access_id, 'group', coalesce(g.id::varchar, a.group_key), 'holds', 'group:' || coalesce(g.name, a.group_key),
        'unknown', null, null, null
    from source_access a
    left join immuta_group g on a.group_key in (g.id::varchar, g.name)
    where a.group_key is not null
    union all
    select a.access_id, 'project', s.project_id::varchar, 'holds',
        'project:' || s.project_id, 'unknown', null, null, null
    from source_access a
    join project_source s on s.source_id::varchar = a.object_id
    join access_in_force m on m.object_kind = 'project' and m.object_id = s.project_id::varchar and m.profile_id = a.profile_id
    where a.level = 'subscribed'
    union all
    -- who made a project owns it by that; members came as the project lets people in
    select a.access_id,
        if(a.level = 'member' and p.subscription_type in ('automatic', 'policy'), 'policy', 'manual'),
        null, if(a.level = 'member' and p.subscription_type = 'policy', 'unknown', 'holds'), null,
        case
            when a.level = 'owner' and p.created_by = a.profile_id then 'person'
            when a.level = 'member' and p.subscription_type = 'automatic' then 'policy'
            else 'unknown'
        end,
        case
            when a.level = 'owner' and p.created_by = a.profile_id then p.created_by::varchar
            when a.level = 'member' and p.subscription_type = 'automatic' then p.subscription_type
        end,
        if(a.level = 'owner' and p.created_by = a.profile_id, p.created_at, null), null
    from access_in_force a
    join immuta_project p on p.id::varchar = a.object_id
    where a.object_kind = 'project'
)
select
    *,
    row_number() over (
        partition by access_id
        order by
            list_position(['holds', 'unknown', 'ended'], state),
            list_position(['request', 'policy', 'manual', 'group', 'project'], origin),
            until desc nulls first,
            decided_at desc nulls last,
            origin_id
    ) as rank
from (select distinct * from found);

-- A group has access where the source lists it, or where a policy lets it in by itself, whoever is in it.
create or replace temp table group_access as
select distinct on (object_id, principal_id, level) *
from (
    select
        source_id::varchar as object_id,
        coalesce(group_id, group_key) as principal_id,
        coalesce(name, group_key) as name,
        state as level,
        created_at as since,
        expires_at as until,
        'manual' as origin,
        null as origin_id,
        'unknown' as decided_kind,
        null as decided_by,
        page_id,
        item
    from group_listed
    union all
    select p.source_id::varchar, coalesce(g.id::varchar, c.name), c.name, 'subscribed', null, null,
        'policy', p.policy, 'policy', p.name, p.page_id, p.item
    from policy_in_force p
    join immuta_source s on s.id = p.source_id and not s.deleted
    join policy_condition c on c.policy = p.policy and c.source_id = p.scope and c.kind = 'group'
    left join immuta_group g on g.name = c.name and (c.iam_id is null or g.iam_id is null or g.iam_id = c.iam_id)
    where c.operator = 'or'
        or (select count(*) from policy_condition o where o.policy = c.policy and o.source_id = c.source_id) = 1
)
order by object_id, principal_id, level, origin = 'policy' desc, origin_id, page_id, item;

-- where what could explain an access is not all there, the access is not unexplained but unknown
create or replace temp table unexplainable as
select 'source' as object_kind, s.id::varchar as object_id
from immuta_source s
where not s.detail_read
    or exists (
        select 1
        from hole h
        where h.key_kind = 'everything'
            and h.table_name in (
                'access_request', 'data_product_source', 'request_user', 'policy_application', 'immuta_policy', 'policy_condition',
                'project_member', 'project_source', 'immuta_group_access'
            )
    )
    or exists (select 1 from hole h where h.table_name = 'data_product_source' and h.key_kind = 'product')
    or exists (select 1 from hole h where h.table_name = 'project_source' and h.key_kind = 'project')
    or s.id::varchar in (
        select key
        from hole
        where key_kind = 'source' and table_name in ('policy_application', 'policy_condition', 'immuta_group_access')
        union all
        select d.source_id
        from data_product_source d
        join hole h on h.key_kind = 'product' and h.key = d.product_id and h.table_name = 'access_request'
        union all
        select g.source_id::varchar
        from group_listed g
        join hole h
            on h.table_name in ('immuta_group', 'immuta_group_member') and (h.key_kind <> 'group' or h.key = g.group_id)
        union all
        select p.source_id::varchar
        from project_source p
        join hole h on h.key_kind = 'project' and h.key = p.project_id::varchar and h.table_name = 'project_member'
    )
union all
select 'product', p.id
from data_product p
where exists (
    select 1
    from hole h
    where h.table_name in ('access_request', 'request_user')
        and (h.key_kind = 'everything' or (h.key_kind = 'product' and h.key = p.id))
)
union all
select 'project', p.id::varchar
from immuta_project p;

create or replace temp table active_grant_staged as
with told as (
    select
        access_id,
        -- a list of structs, ordered, takes three times as long
        string_agg(
            to_json(struct_pack(origin, origin_id, state, via, decided_kind, decided_by, decided_at, until))::varchar, ',' order by rank
        ) as explanations,
        max(until) filter (where state = 'holds') as held_until,
        bool_or(state = 'holds' and until is null) as open_ended,
        max(until) filter (where state = 'ended') as ended_at
    from explanation
    group by access_id
)
select
    concat_ws(':', a.object_kind, a.object_id, 'user', a.principal_id, a.level) as id,
    if(v.profile_id is null, 'person', 'service') as principal_kind,
    a.principal_id,
    coalesce(u.name, a.name, u.user_id) as principal_name,
    a.profile_id,
    a.object_kind,
    a.object_id,
    a.level,
    a.since,
    coalesce(
        a.until,
        case
            when t.open_ended then null
            when t.held_until is not null then t.held_until
            when d.settled and e.state = 'ended' then t.ended_at
        end
    ) as until,
    case
        when not d.settled then 'unknown'
        else coalesce(e.origin, 'unexplained')
    end as origin,
    if(d.settled, e.origin_id, null) as origin_id,
    coalesce(if(d.settled, e.decided_kind, null), 'unknown') as decided_kind,
    if(d.settled, e.decided_by, null) as decided_by,
    if(d.settled, e.decided_at, null) as decided_at,
    if(d.settled, e.via, null) as via,
    concat('[', t.explanations, ']')::json as explanations,
    a.page_id,
    a.item,
    0::ubigint as content_hash
from access_in_force a
left join explanation e on e.access_id = a.access_id and e.rank = 1
left join told t on t.access_id = a.access_id
left join unexplainable x on x.object_kind = a.object_kind and x.object_id = a.object_id
cross join lateral (
    -- an explanation that holds needs no other; without one, whatever is missing may be one
    select coalesce(e.state = 'holds', false) or (e.state is distinct from 'unknown' and x.object_id is null) as settled
) d
left join immuta_user u on u.id = a.profile_id
left join service_account v on v.profile_id = a.profile_id
union all
select
    concat_ws(':', 'source', object_id, 'group', principal_id, level),
    'group', principal_id, name, null, 'source', object_id, level, since, until,
    origin, origin_id, decided_kind, decided_by, null, null,
    to_json([struct_pack(origin, origin_id, state := 'holds', decided_kind, decided_by, until)]),
    page_id, item, 0::ubigint
from group_access;
