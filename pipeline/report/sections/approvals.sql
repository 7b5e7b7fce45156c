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
