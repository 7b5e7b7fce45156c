-- calendar: one row per column of the expiry calendar and tier: -1 past, 0-25 weeks, 26 later, 27 never
select
    case
        when g.until is null then 27
        when g.until <= s.as_of then -1
        else least(floor(date_diff('hour', s.as_of, g.until) / 168)::integer, 26)
    end as slot,
    coalesce(g.tier::varchar, 'none known') as tier,
    count(*) as grants
from placed_grant g
cross join shown_snapshot s
where g.asked and (g.origin = 'request' or g.until is not null)
group by all
order by all

-- ending: grants that end within 30 days, of all
select
    count(distinct (principal_kind = 'group', principal_id, object_kind, object_id)) filter (
        where until > (select as_of from shown_snapshot) and until <= (select as_of from shown_snapshot) + interval 30 day
    ) as num,
    count(distinct (principal_kind = 'group', principal_id, object_kind, object_id)) as den
from placed_grant
where counted

-- bound: grants by request on data of tier 1 and 2 that have an end, of those; not evaluated: why the grant exists is not known
select
    count(*) filter (where origin = 'request' and until is not null) as num,
    count(*) filter (where origin = 'request') as den,
    count(*) filter (where origin = 'unknown') as not_evaluated
from placed_grant
where asked and tier in (1, 2)

-- open_ended: grants by request on data of tier 1 and 2 without an end, of those
select count(*) filter (where until is null) as num, count(*) as den
from placed_grant
where asked and origin = 'request' and tier in (1, 2)

-- expiry: one row per grant by request, or with an end, the soonest end first
select
    g.object_name as object,
    g.object_kind as kind,
    g.tier,
    coalesce(g.principal_name, g.principal_id) as who,
    g.decider,
    g.since,
    g.until,
    date_diff('day', s.as_of, g.until) as days_left,
    case when g.until is null then 'no expiry' when g.until <= s.as_of then 'past expiry' else 'time-bound' end as state,
    coalesce(g.origin_id, '') as origin_id,
    concat(g.page_id, g.item) as page
from placed_grant g
cross join shown_snapshot s
where g.asked and (g.origin = 'request' or g.until is not null)
order by g.until nulls last, g.tier nulls last, g.id

-- past_expiry: open exceptions to the rules about access and unmasking past their end, of what they evaluated
select
    count(*) filter (where status = 'fail' and not waived) as num,
    count(*) filter (where status in ('pass', 'fail')) as den,
    count(*) filter (where status = 'not_evaluated') as not_evaluated
from judged
where rule_id in ('ACC-007', 'MSK-002')

-- unmasked_past: columns that a masking exception past its end still uncovers, or may
select
    count(*) filter (where until <= (select as_of from shown_snapshot)) as num,
    count(*) as den
from masking_grant
