-- sees_tier_1: people with access to a tier 1 source, of the active Immuta users
select
    count(distinct g.profile_id) as num,
    (select count(*) from immuta_user where not disabled) as den
from placed_grant g
join immuta_user u on u.id = g.profile_id and not u.disabled
where g.object_kind = 'source' and g.tier = 1

-- active_grants: distinct principals and objects with access in force; who comes by a group is counted with it
select count(distinct (principal_kind = 'group', principal_id, object_kind, object_id)) as num
from placed_grant
where counted

-- unexplained: subscriptions to data of tier 1 and 2 that nothing on record explains, of those whose explanations are known
select
    count(*) filter (where origin = 'unexplained') as num,
    count(*) filter (where origin <> 'unknown') as den,
    count(*) filter (where origin = 'unknown') as not_evaluated
from placed_grant
where object_kind = 'source' and level = 'subscribed' and tier in (1, 2)

-- undecided: grants on data of tier 1 and 2 for which a person decided on record, of all but those of policies
select
    count(*) filter (where decided_kind = 'person') as num,
    count(*) filter (where origin <> 'unknown') as den,
    count(*) filter (where origin = 'unknown') as not_evaluated
from placed_grant
where tier in (1, 2) and decided_kind <> 'policy' and principal_kind <> 'group'

-- origin: one row per tier and origin: grants
select coalesce(tier::varchar, 'none known') as tier, origin, count(*) as grants
from placed_grant
group by all
order by all

-- objects: one row per object that somebody has access to, and per enabled Immuta data source
with held as (
    select
        object_kind,
        object_id,
        count(distinct principal_id) filter (where principal_kind = 'person') as people,
        count(distinct principal_id) filter (where principal_kind = 'group') as groups,
        count(distinct principal_id) filter (where principal_kind = 'service') as services,
        count(*) as grants,
        count(*) filter (where until is not null) as bound,
        count(*) filter (where origin = 'unexplained') as unexplained,
        count(*) filter (where origin = 'unknown') as unknown,
        string_agg(distinct principal_name, ', ' order by principal_name) filter (where level = 'owner') as owners
    from placed_grant
    group by object_kind, object_id
),

unmasked as (
    select source_id::varchar as source_id, count(distinct user_id) as people
    from masking_grant
    where source_id is not null
    group by source_id
),

object as (
    select
        'source' as object_kind, i.id::varchar as object_id, i.name, coalesce(i.domain_name, '(no domain)') as place, t.tier,
        i.subscription_type as subscription, 'immuta_source' as subject
    from immuta_source i
    left join source_tier t on t.source_id = i.id
    where not i.deleted
    union all
    select 'product', p.id, p.name, coalesce(l.place, '(no domain)'), t.tier, 'by request', 'data_product'
    from data_product p
    left join product_tier t on t.product_id = p.id
    left join product_place l on l.product_id = p.id
    where not p.suspended
    union all
    select distinct object_kind, object_id, object_name, place, tier, null, null
    from placed_grant
    where object_kind = 'project'
)

select
    o.object_kind as kind,
    o.name,
    o.place,
    o.tier,
    o.subscription,
    coalesce(h.people, 0) as people,
    coalesce(h.groups, 0) as groups,
    coalesce(h.services, 0) as services,
    coalesce(h.bound, 0) as bound,
    coalesce(h.grants, 0) as grants,
    coalesce(h.unexplained, 0) as unexplained,
    coalesce(h.unknown, 0) as unknown,
    coalesce(u.people, 0) as unmasked,
    h.owners,
    coalesce(f.open, 0) as open
from object o
left join held h on h.object_kind = o.object_kind and h.object_id = o.object_id
left join unmasked u on o.object_kind = 'source' and u.source_id = o.object_id
left join (select subject, subject_id, count(*) as open from open_finding group by all) f
    on f.subject = o.subject and f.subject_id = o.object_id
order by o.tier nulls last, people desc, o.name, o.object_kind, o.object_id

-- grants: one row per principal, object and level, unexplained and unknown access to the most sensitive data first
select
    coalesce(principal_name, principal_id) as person,
    principal_kind,
    object_name as object,
    object_kind as kind,
    place,
    tier,
    level,
    case origin
        when 'request' then 'approved request'
        when 'manual' then 'role or added by hand'
        when 'unexplained' then 'no origin on record'
        when 'unknown' then 'not known: data is missing'
        else origin
    end as origin,
    case when origin in ('unexplained', 'unknown') then '' else decider end as decider,
    decided_at,
    since,
    until,
    coalesce(via, '') as via,
    coalesce(origin_id, '') as origin_id,
    concat(page_id, item) as page
from placed_grant
order by
    tier nulls last,
    list_position(['unexplained', 'unknown'], origin) nulls last,
    object_name,
    person,
    id

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
