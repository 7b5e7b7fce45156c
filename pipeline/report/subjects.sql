-- What reports say about the subject of a verdict: how sensitive it is and where it belongs.
-- Tables are kept for the time of a report, because many figures read them.

-- one row per Immuta data source: the strictest tier known for it, through its link or its own tags
create or replace temp table source_tier as
select source_id, min(tier) as tier
from (
    select l.source_id, s.tier
    from link l
    join sensitive_asset s on s.asset_guid = l.asset_guid
    where not l.ambiguous
    union all
    select t.source_id, s.tier
    from immuta_column_tag t
    join sensitivity s on s.source = 'immuta' and s.name = t.tag
    where s.tier in (1, 2)
)
group by source_id;

-- one row per data product: the strictest tier of its sources
create or replace temp table product_tier as
select p.product_id, min(t.tier) as tier
from data_product_source p
join source_tier t on t.source_id = try_cast(p.source_id as integer)
group by p.product_id;

-- one row per data product: the names of its domains, as far as a data source names them
create or replace temp table product_place as
select
    p.id as product_id,
    coalesce(min(d.domain_name), min(p.domain)) as place
from (select id, unnest(case when len(domains) = 0 then [null] else domains end) as domain from data_product) p
left join (select domain_id, min(domain_name) as domain_name from immuta_source group by domain_id) d
    on d.domain_id = p.domain
group by p.id;

-- one row per id that the directory knows: what it is called, the id kept
create or replace temp view named_identity as
select id, display_name, concat(display_name, ' (', id, ')') as shown
from identity
where display_name is not null;

-- one row per catalogued asset, column, source, product or request: its tier (null = none known) and place
create or replace temp view object_about as
with filed as (
    select a.guid, coalesce(c.name, a.collection_id, '(no collection)') as place
    from asset a
    left join collection c on c.id = a.collection_id
)

select 'asset' as subject, f.guid as subject_id, s.tier, f.place
from filed f
left join sensitive_asset s on s.asset_guid = f.guid
union all
select 'entity', f.guid, s.tier, f.place
from filed f
left join sensitive_asset s on s.asset_guid = f.guid
union all
select kind.subject, c.guid, s.tier, f.place
from asset_column c
cross join (values ('asset_column'), ('entity')) kind(subject)
join filed f on f.guid = c.asset_guid
left join sensitive_column s on s.column_guid = c.guid
union all
select 'data_source', d.name, null, coalesce(c.name, d.collection_id, '(no collection)')
from data_source d
left join collection c on c.id = d.collection_id
union all
select 'immuta_source', i.id::varchar, t.tier, coalesce(i.domain_name, '(no domain)')
from immuta_source i
left join source_tier t on t.source_id = i.id
union all
select 'data_product', p.product_id, t.tier, coalesce(p.place, '(no domain)')
from product_place p
left join product_tier t using (product_id)
union all
select 'access_request', r.id, t.tier, coalesce(p.place, '(no domain)')
from access_request r
left join product_place p using (product_id)
left join product_tier t using (product_id);

-- the same, and one row per pair of object and owner, which is as sensitive as the object
create or replace temp view subject_about as
from object_about
union all
select 'owner', v.subject_id, a.tier, a.place
from (select distinct subject_id from verdict where subject = 'owner') v
join object_about a
    on a.subject = split_part(v.subject_id, ':', 1)
    and a.subject_id = split_part(v.subject_id, ':', 2);

-- one row per person and Immuta data source with access in force, explained by the first that applies: role, request, policy
create or replace temp table explained_grant as
select
    m.source_id,
    m.profile_id,
    array_to_string(list(distinct m.state order by m.state), ', ') as state,
    coalesce(any_value(m.name), any_value(m.user_id), m.profile_id::varchar) as person,
    min(m.created_at) as since,
    any_value(t.tier) as tier,
    any_value(i.name) as source,
    coalesce(any_value(i.domain_name), '(no domain)') as place,
    case
        when bool_or(m.state in ('owner', 'expert')) then 'role'
        when bool_or(r.source_id is not null) then 'request'
        when any_value(i.subscription_type) in ('automatic', 'policy') then 'policy'
        else 'unexplained'
    end as origin
from immuta_membership m
join immuta_source i on i.id = m.source_id and not i.deleted
left join source_tier t on t.source_id = m.source_id
left join (
    select distinct try_cast(s.source_id as integer) as source_id, u.profile_id
    from access_request q
    join data_product_source s on s.product_id = q.product_id
    join request_user u on u.id = q.user_id
    where q.status = 'APPROVED' and q.type = 'DATA_ACCESS'
) r on r.source_id = m.source_id and r.profile_id = m.profile_id
where m.state in ('owner', 'expert', 'subscribed', 'ingest')
group by m.source_id, m.profile_id;

-- one row per verdict of this snapshot, with the tier and the place of its subject
create or replace temp table judged as
select
    v.rule_id, v.subject, v.subject_id, v.status, v.severity, v.waived, v.finding_id,
    split_part(v.rule_id, '-', 1) as family,
    a.tier,
    coalesce(a.place, '(whole estate)') as place
from verdict v
left join subject_about a on a.subject = v.subject and a.subject_id = v.subject_id;

-- one row per failing subject that is not waived; `overdue` on the clock of the snapshot
create or replace temp table open_finding as
select
    f.*,
    j.tier,
    j.place,
    j.family,
    f.due_at < (select as_of from shown_snapshot) as overdue
from finding f
join judged j on j.finding_id = f.id
where j.status = 'fail' and not j.waived;
