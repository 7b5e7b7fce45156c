-- The life of every access request as steps. `judging` (number, as_of) is given.

create or replace temp table approved_request as
select request_id, max(updated_at) as granted_at, arg_max(actor_id, (actor_id is not null, updated_at, id)) as actor_id
from approval
where status = 'APPROVED'
group by request_id;

-- the last snapshot that listed a request among the members
create or replace temp table once_member as
select m.request_id, max(s.as_of) as seen_at
from (
    select request_id, max(valid_to) as gone_in
    from history.product_member
    where valid_to <= (select number from judging)
    group by request_id
) m
join snapshot s on s.number < m.gone_in
where m.request_id not in (select request_id from product_member)
group by m.request_id;

create or replace temp table request_event_staged as
with step as (
    select id as request_id, 1 as turn, 'asked' as event, created_at as happened_at, requester_id as actor_id,
        null as approval_id, null as outcome, null as how
    from access_request
    union all
    select request_id, 2, 'assigned', created_at, null, id, null, null
    from approval
    union all
    select request_id, 3, 'decided', updated_at, actor_id, id, status, null
    from approval
    where status in ('APPROVED', 'DENIED', 'CANCELED')
    union all
    -- granted is what the last approval makes of it; without a record, only that it was approved is known
    select q.id, 4, 'granted', coalesce(a.granted_at, q.updated_at), a.actor_id, null, null,
        if(a.request_id is null, 'the request was last changed then, and has no approval record', 'the last approval')
    from access_request q
    left join approved_request a on a.request_id = q.id
    where q.status in ('APPROVED', 'EXPIRED')
        or (q.status = 'REVOKED' and a.request_id is not null)
    union all
    select q.id, 5, if(q.expires_at <= judging.as_of, 'expired', 'expires'), q.expires_at, null, null, null,
        if(q.status = 'APPROVED' and q.expires_at <= judging.as_of, 'the end of the request, which is still approved', null)
    from access_request q
    cross join judging
    where q.expires_at is not null and q.status in ('APPROVED', 'EXPIRED')
    union all
    select id, 6, if(status = 'REVOKED', 'revoked', 'canceled'), updated_at, null, null, null, 'the request was last changed then'
    from access_request
    where status in ('REVOKED', 'CANCELED')
    union all
    select request_id, 7, 'last_seen', null, null, null, null, null
    from product_member
    union all
    select o.request_id, 7, 'last_seen', o.seen_at, null, null, null, 'the last snapshot that lists it'
    from once_member o
    join access_request q on q.id = o.request_id
)
select
    request_id,
    row_number() over (
        partition by request_id order by happened_at nulls last, turn, approval_id
    )::integer as position,
    event,
    happened_at,
    actor_id,
    approval_id,
    outcome,
    how is not null as inferred,
    how,
    0::ubigint as content_hash
from step;
