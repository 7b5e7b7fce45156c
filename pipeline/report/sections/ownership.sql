-- owners: one row per owner named in Purview: objects, and the owner's name if the directory has one
select c.principal_id as owner, any_value(n.display_name) as name, count(*) as objects
from contact c
join asset a on a.guid = c.asset_guid and a.status = 'ACTIVE'
left join named_identity n on n.id = lower(c.principal_id)
where c.role = 'Owner'
group by c.principal_id
order by objects desc, owner

-- live: sensitive assets with an owner who is there, of those of which both is known
with owned as (
    select
        split_part(subject_id, ':', 2) as asset_guid,
        bool_or(status = 'pass') as live,
        bool_or(status = 'not_evaluated') as unknown
    from verdict
    where rule_id = 'OWN-003'
        and starts_with(subject_id, 'asset:')
    group by all
)

select
    count(*) filter (where o.live) as num,
    count(*) filter (where v.status = 'fail' or o.live or not o.unknown) as den,
    count(*) filter (where v.status = 'not_evaluated' or (v.status = 'pass' and not coalesce(o.live or not o.unknown, false))) as not_evaluated
from verdict v
left join owned o on o.asset_guid = v.subject_id
where v.rule_id = 'OWN-001'

-- ledger: one row per object that needs an owner, the ownerless first
with open_count as (
    select subject, subject_id, count(*) as open
    from open_finding
    where family <> 'EVD'
    group by all
),

-- what the directory says about the owners of an object, where they were looked up
live as (
    select
        split_part(subject_id, ':', 1) as subject,
        split_part(subject_id, ':', 2) as subject_id,
        bool_or(status = 'pass') as there,
        bool_and(status = 'fail') as gone
    from verdict
    where subject = 'owner'
    group by all
),

object as (
    select
        'asset' as subject,
        a.guid as subject_id,
        'sensitive asset' as kind,
        coalesce(a.name, a.guid) as name,
        concat_ws('.', a.database_name, a.schema_name, a.table_name) as path,
        (
            select string_agg(coalesce(n.shown, c.principal_id), ', ' order by c.principal_id)
            from contact c
            left join named_identity n on n.id = lower(c.principal_id)
            where c.asset_guid = a.guid and c.role = 'Owner'
        ) as owners,
        a.detail_read as known
    from sensitive_asset s
    join asset a on a.guid = s.asset_guid and a.status = 'ACTIVE'
    union all
    select
        'immuta_source',
        i.id::varchar,
        'Immuta source',
        i.name,
        concat_ws('.', i.database_name, i.schema_name, i.table_name),
        (select string_agg(coalesce(name, user_id, profile_id::varchar), ', ' order by profile_id) from immuta_membership m where m.source_id = i.id and m.state = 'owner'),
        not exists (select 1 from gap g where g.endpoint = 'immuta.access' and g.key in (i.id::varchar, '*'))
    from immuta_source i
    where not i.deleted
    union all
    select 'data_product', id, 'data product', name, '', coalesce(expert_name, expert_id), true
    from data_product
)

select
    o.kind,
    o.name,
    o.path,
    a.place,
    a.tier,
    case
        when not o.known then 'not known'
        when o.owners is null then 'none'
        when l.there then 'live'
        when l.gone then 'gone'
        else 'named'
    end as state,
    o.owners,
    coalesce(c.open, 0) as open
from object o
left join subject_about a on a.subject = o.subject and a.subject_id = o.subject_id
left join live l on l.subject = o.subject and l.subject_id = o.subject_id
left join open_count c on c.subject = o.subject and c.subject_id = o.subject_id
order by state = 'none' desc, state = 'gone' desc, state, a.tier nulls last, o.kind, o.name, o.subject_id
