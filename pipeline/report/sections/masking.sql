-- in_force: masking exceptions in force: requests
select count(distinct request_id) as num
from masking_grant

-- bound: masking exceptions in force that have an end, of all
select count(distinct request_id) filter (where until is not null) as num, count(distinct request_id) as den
from masking_grant

-- pairs: people and tier 1 columns that an exception uncovers, or may; not evaluated: which columns is not known
select
    count(distinct (user_id, source_id, column_name)) filter (where tier = 1) as num,
    count(*) filter (where column_name is null) as not_evaluated
from masking_grant

-- certain: columns that an exception is known to uncover, of those that one is in force for
select
    count(*) filter (where effective = 'lifted') as num,
    count(*) filter (where effective <> 'unknown') as den,
    count(*) filter (where effective = 'unknown') as not_evaluated
from masking_grant

-- idle: columns of exceptions without access to the data source, of those for which that is known
select
    count(*) filter (where base_access = false) as num,
    count(*) filter (where base_access is not null) as den,
    count(*) filter (where base_access is null) as not_evaluated
from masking_grant

-- columns: one row per masking exception in force and column
select
    m.request_id,
    coalesce(u.name, m.user_id) as beneficiary,
    coalesce(i.name, p.name, 'not read') as source,
    coalesce(m.column_name, 'not read') as column_name,
    array_to_string(m.class_keys, ', ') as classes,
    m.tier,
    case m.purpose_given when true then 'asked for' when false then 'not asked for' else 'not known' end as purpose,
    coalesce(a.name, m.approved_by, 'nobody on record') as approver,
    m.approved_at,
    m.until,
    case m.base_access when true then 'yes' when false then 'no' else 'not known' end as base,
    coalesce(m.masking, '') as masking,
    m.effective,
    m.reason,
    concat(m.page_id, m.item) as page
from masking_grant m
left join request_user u on u.id = m.user_id
left join request_user a on a.id = m.approved_by
left join immuta_source i on i.id = m.source_id
left join data_product p on p.id = m.product_id
order by m.tier nulls last, m.effective = 'lifted' desc, m.until nulls first, m.id
