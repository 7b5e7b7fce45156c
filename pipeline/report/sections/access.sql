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
