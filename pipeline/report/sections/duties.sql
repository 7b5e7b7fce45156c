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
