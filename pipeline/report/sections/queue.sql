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
