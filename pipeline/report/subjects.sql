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

-- one row per project: the strictest tier of its sources
create or replace temp table project_tier as
select p.project_id::varchar as project_id, min(t.tier) as tier
from project_source p
join source_tier t using (source_id)
group by p.project_id;

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

-- the same, and one row per pair of object and owner, and per grant, which is as sensitive as the object
create or replace temp view subject_about as
from object_about
union all
select 'owner', v.subject_id, a.tier, a.place
from (select distinct subject_id from verdict where subject = 'owner') v
join object_about a
    on a.subject = split_part(v.subject_id, ':', 1)
    and a.subject_id = split_part(v.subject_id, ':', 2)
union all
select 'active_grant', g.id, a.tier, a.place
from active_grant g
join object_about a
    on a.subject = case g.object_kind when 'source' then 'immuta_source' when 'product' then 'data_product' end
    and a.subject_id = g.object_id
union all
select 'masking_grant', m.id, m.tier, coalesce(a.place, '(no domain)')
from masking_grant m
left join object_about a on a.subject = 'immuta_source' and a.subject_id = m.source_id::varchar;

-- one row per grant in force: its object's name, tier and place, and the name of who decided; `asked` = granted on this very object
create or replace temp table placed_grant as
select
    g.*,
    coalesce(i.name, p.name, o.name, concat(g.object_kind, ' ', g.object_id)) as object_name,
    coalesce(s.tier, t.tier, j.tier) as tier,
    case g.object_kind
        when 'source' then coalesce(i.domain_name, '(no domain)')
        when 'product' then coalesce(l.place, '(no domain)')
        else '(no domain)'
    end as place,
    case g.decided_kind
        when 'person' then coalesce(r.name, u.name, g.decided_by, 'a person not on record')
        when 'review flow' then 'the review flow'
        when 'policy' then concat('policy ', g.decided_by)
        else 'not on record'
    end as decider,
    g.via is null or not starts_with(g.via, 'product:') as asked,
    g.via is null or not starts_with(g.via, 'group:') as counted
from active_grant g
left join immuta_source i on g.object_kind = 'source' and i.id::varchar = g.object_id
left join data_product p on g.object_kind = 'product' and p.id = g.object_id
left join immuta_project o on g.object_kind = 'project' and o.id::varchar = g.object_id
left join source_tier s on g.object_kind = 'source' and s.source_id::varchar = g.object_id
left join product_tier t on g.object_kind = 'product' and t.product_id = g.object_id
left join product_place l on g.object_kind = 'product' and l.product_id = g.object_id
left join project_tier j on g.object_kind = 'project' and j.project_id = g.object_id
left join request_user r on r.id = g.decided_by
left join immuta_user u on u.id::varchar = g.decided_by;

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
