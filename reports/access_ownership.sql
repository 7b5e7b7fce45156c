-- sees_tier_1: people with access to a tier 1 source, of the active Immuta users
select
    count(distinct m.profile_id) as num,
    (select count(*) from immuta_user where not disabled) as den
from immuta_membership m
join immuta_source i on i.id = m.source_id and not i.deleted
join source_tier t on t.source_id = m.source_id and t.tier = 1
join immuta_user u on u.id = m.profile_id and not u.disabled
where m.state in ('owner', 'expert', 'subscribed', 'ingest')

-- active_grants: distinct people and data sources with access in force
select count(distinct (m.source_id, m.profile_id)) as num
from immuta_membership m
join immuta_source i on i.id = m.source_id and not i.deleted
where m.state in ('owner', 'expert', 'subscribed', 'ingest')

-- origin: one row per tier and origin: grants
select coalesce(tier::varchar, 'none known') as tier, origin, count(*) as grants
from explained_grant
group by all
order by all

-- grants: one row per person and data source
select
    person, source, place, tier, state,
    case origin
        when 'role' then 'owner or expert role'
        when 'request' then 'approved request'
        when 'policy' then 'policy of the source'
        else 'no origin on record'
    end as origin,
    since
from explained_grant
order by tier nulls last, origin = 'no origin on record' desc, source, person, source_id, profile_id

-- objects: one row per enabled Immuta data source
select
    i.name,
    coalesce(i.domain_name, '(no domain)') as place,
    t.tier,
    i.subscription_type as subscription,
    count(distinct m.profile_id) as people,
    count(distinct m.profile_id) filter (where m.state = 'owner') as owners,
    (select count(*) from data_product_source p where p.source_id = i.id::varchar) as products,
    (select count(*) from policy_application p where p.source_id = i.id and not p.disabled) as policies,
    (select count(*) from open_finding f where f.subject = 'immuta_source' and f.subject_id = i.id::varchar) as open
from immuta_source i
left join source_tier t on t.source_id = i.id
left join immuta_membership m
    on m.source_id = i.id and m.state in ('owner', 'expert', 'subscribed', 'ingest')
where not i.deleted
group by i.id, i.name, i.domain_name, t.tier, i.subscription_type
order by t.tier nulls last, people desc, i.name, i.id

-- members: one row per product and member
select
    p.name as product,
    t.tier,
    coalesce(u.name, m.user_id) as person,
    lower(replace(m.type, '_', ' ')) as type,
    lower(m.status) as status,
    m.expires_at,
    m.request_id
from product_member m
join data_product p on p.id = m.product_id
left join product_tier t on t.product_id = m.product_id
left join request_user u on u.id = m.user_id
order by t.tier nulls last, p.name, person, m.request_id

-- owners: one row per owner named in Purview: objects
select c.principal_id as owner, count(*) as objects
from contact c
join asset a on a.guid = c.asset_guid and a.status = 'ACTIVE'
where c.role = 'Owner'
group by c.principal_id
order by objects desc, owner

-- ledger: one row per object that needs an owner, the ownerless first
with open_count as (
    select subject, subject_id, count(*) as open
    from open_finding
    where family <> 'EVD'
    group by all
),

object as (
    select
        'asset' as subject,
        a.guid as subject_id,
        'sensitive asset' as kind,
        coalesce(a.name, a.guid) as name,
        concat_ws('.', a.database_name, a.schema_name, a.table_name) as path,
        (select string_agg(principal_id, ', ' order by principal_id) from contact c where c.asset_guid = a.guid and c.role = 'Owner') as owners,
        a.detail_read as known
    from sensitive_asset s
    join asset a on a.guid = s.asset_guid and a.status = 'ACTIVE'
    union all
    select
        'immuta_source',
        i.id::varchar,
        'Immuta source',
        i.name,
        concat_ws('.', i.database_name, i.schema_name, i.table_name),
        (select string_agg(coalesce(name, user_id, profile_id::varchar), ', ' order by profile_id) from immuta_membership m where m.source_id = i.id and m.state = 'owner'),
        not exists (select 1 from gap g where g.endpoint = 'immuta.access' and g.key in (i.id::varchar, '*'))
    from immuta_source i
    where not i.deleted
    union all
    select 'data_product', id, 'data product', name, '', coalesce(expert_name, expert_id), true
    from data_product
)

select
    o.kind,
    o.name,
    o.path,
    a.place,
    a.tier,
    case when not o.known then 'not known' when o.owners is null then 'none' else 'named' end as state,
    o.owners,
    coalesce(c.open, 0) as open
from object o
left join subject_about a on a.subject = o.subject and a.subject_id = o.subject_id
left join open_count c on c.subject = o.subject and c.subject_id = o.subject_id
order by state = 'none' desc, state, a.tier nulls last, o.kind, o.name, o.subject_id

-- automatic: approval records of the audit period without a person, of all
select count(*) filter (where a.actor_id is null) as num, count(*) as den
from approval a
join access_request r on r.id = a.request_id
left join product_tier t on t.product_id = r.product_id
where a.status = 'APPROVED'
    and a.updated_at >= (select as_of from shown_snapshot) - interval 365 day

-- busiest: approvals of the busiest approver, of all by people
select coalesce(max(approvals), 0) as num, coalesce(sum(approvals), 0)::bigint as den
from (
    select actor_id, count(*) as approvals
    from approval
    where status = 'APPROVED' and actor_id is not null
        and updated_at >= (select as_of from shown_snapshot) - interval 365 day
    group by actor_id
)

-- requests: one row per access request with its decision
select
    r.id,
    lower(replace(r.type, '_', ' ')) as type,
    p.name as product,
    t.tier,
    lower(r.status) as status,
    coalesce(q.name, r.requester_id) as requester,
    coalesce(b.name, r.user_id) as beneficiary,
    case
        when r.status = 'PENDING' then 'pending'
        when a.records is null then 'no record'
        when a.people is null then 'nobody: automatic'
        else a.people
    end as approvers,
    r.created_at,
    round(date_diff('minute', r.created_at, a.decided_at) / 60, 1) as hours,
    r.expires_at,
    coalesce(v.rules, '') as verdicts
from access_request r
join data_product p on p.id = r.product_id
left join product_tier t on t.product_id = r.product_id
left join request_user q on q.id = r.requester_id
left join request_user b on b.id = r.user_id
left join (
    select
        a.request_id,
        count(*) as records,
        string_agg(distinct coalesce(u.name, a.actor_id), ', ' order by coalesce(u.name, a.actor_id)) as people,
        max(a.updated_at) filter (where a.actor_id is not null and a.status in ('APPROVED', 'DENIED')) as decided_at
    from approval a
    left join request_user u on u.id = a.actor_id
    group by a.request_id
) a on a.request_id = r.id
left join (
    select subject_id, string_agg(rule_id, ', ' order by rule_id) as rules
    from open_finding
    where subject = 'access_request'
    group by subject_id
) v on v.subject_id = r.id
order by v.rules is null, r.created_at desc, r.id

-- self_approved: one row per open exception to ACC-001
select
    r.id,
    p.name as product,
    t.tier::varchar as tier,
    f.reason,
    (
        select count(distinct a.actor_id)
        from approval a
        where a.request_id = r.id and a.status = 'APPROVED' and a.actor_id not in (r.user_id, r.requester_id)
    ) as others,
    r.status,
    f.id as finding_id
from open_finding f
join access_request r on r.id = f.subject_id
join data_product p on p.id = r.product_id
left join product_tier t on t.product_id = r.product_id
where f.rule_id = 'ACC-001'
order by t.tier nulls last, p.name, r.id

-- decision_hours: one row per request that a person decided in the audit period
select p.name as product, date_diff('minute', r.created_at, max(a.updated_at)) / 60 as hours
from approval a
join access_request r on r.id = a.request_id
join data_product p on p.id = r.product_id
where a.actor_id is not null
    and a.status in ('APPROVED', 'DENIED')
    and r.status <> 'PENDING'
    and a.updated_at >= (select as_of from shown_snapshot) - interval 365 day
group by r.id, r.created_at, p.name
order by p.name, hours, r.id

-- waiting_hours: one row per pending request
select p.name as product, date_diff('minute', r.created_at, (select as_of from shown_snapshot)) / 60 as hours
from access_request r
join data_product p on p.id = r.product_id
where r.status = 'PENDING'
order by p.name, hours, r.id

-- pending: one row per pending request, oldest first
select
    r.id,
    p.name as product,
    t.tier,
    lower(replace(r.type, '_', ' ')) as type,
    coalesce(q.name, r.requester_id) as requester,
    coalesce(b.name, r.user_id) as beneficiary,
    r.created_at,
    round(date_diff('hour', r.created_at, (select as_of from shown_snapshot)) / 24, 1) as days,
    case v.status when 'fail' then 'over target' when 'pass' then 'in time' else 'not judged' end as target
from access_request r
join data_product p on p.id = r.product_id
left join product_tier t on t.product_id = r.product_id
left join request_user q on q.id = r.requester_id
left join request_user b on b.id = r.user_id
left join verdict v on v.rule_id = 'ACC-004' and v.subject_id = r.id
where r.status = 'PENDING'
order by r.created_at, r.id

-- calendar: one row per column of the expiry calendar and tier: -1 past, 0-25 weeks, 26 later, 27 never
select
    case
        when r.expires_at is null then 27
        when r.expires_at < s.as_of then -1
        else least(floor(date_diff('hour', s.as_of, r.expires_at) / 168)::integer, 26)
    end as slot,
    coalesce(t.tier::varchar, 'none known') as tier,
    count(*) as grants
from access_request r
cross join shown_snapshot s
left join product_tier t on t.product_id = r.product_id
where r.status = 'APPROVED' and r.type = 'DATA_ACCESS'
group by all
order by all

-- ending: approved data access that ends within 30 days, of all
select
    count(*) filter (where expires_at between (select as_of from shown_snapshot)
        and (select as_of from shown_snapshot) + interval 30 day) as num,
    count(*) as den
from access_request
where status = 'APPROVED' and type = 'DATA_ACCESS'

-- open_ended: approved data access to tier 1 and 2 without an end, of all
select count(*) filter (where r.expires_at is null) as num, count(*) as den
from access_request r
join product_tier t on t.product_id = r.product_id
where r.status = 'APPROVED' and r.type = 'DATA_ACCESS'

-- expiry: one row per approved data access, the soonest end first
select
    r.id,
    p.name as product,
    t.tier,
    coalesce(b.name, r.user_id) as beneficiary,
    r.created_at,
    r.expires_at,
    date_diff('day', s.as_of, r.expires_at) as days_left,
    case when r.expires_at is null then 'no expiry' when r.expires_at < s.as_of then 'past expiry' else 'time-bound' end as state
from access_request r
cross join shown_snapshot s
join data_product p on p.id = r.product_id
left join product_tier t on t.product_id = r.product_id
left join request_user b on b.id = r.user_id
where r.status = 'APPROVED' and r.type = 'DATA_ACCESS'
order by r.expires_at nulls last, t.tier nulls last, r.id
