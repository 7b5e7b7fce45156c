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

-- past_expiry: open exceptions to ACC-007, of the requests that it evaluated
select
    count(*) filter (where status = 'fail' and not waived) as num,
    count(*) filter (where status in ('pass', 'fail')) as den
from judged
where rule_id = 'ACC-007'
