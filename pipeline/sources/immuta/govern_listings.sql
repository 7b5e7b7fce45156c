-- What one list of Govern names and another one, which should have it, lacks.

-- endpoint: govern_source_alone
create table govern_source_alone_item as
select page_id, '' as item, key, created_in(body) as created_at
from pages;

-- endpoint: project_alone
create table project_alone_item as
select page_id, '' as item, key, created_in(body) as created_at
from pages;

-- endpoint: govern_domain_alone
create table govern_domain_alone_item as
select page_id, '' as item, key, created_in(body) as created_at
from pages;

-- endpoint: purpose_alone
create table purpose_alone_item as
select page_id, '' as item, key, created_in(body) as created_at
from pages;

-- finish
-- one row per list and thing that it names, of what has an address of its own and is not where it should be
create table govern_named as
select 'source' as about, key, listed_in, 'immuta.data_source' as missing_in, 'immuta.govern_source_alone' as asked_as, page_id, item
from (
    select source_id::varchar as key, 'immuta.project_source' as listed_in, page_id, item from project_source
    union all
    select source_id::varchar, 'immuta.domain_source', page_id, item from domain_source
    union all
    select source_id::varchar, 'immuta.table_object', page_id, item from immuta_object where depth = 4 and source_id is not null
    union all
    select model_id::varchar, 'immuta.pending_subscription', page_id, item
    from pending_subscription
    where lower(model_type) = 'datasource' and model_id is not null
)
where key not in (select key from data_source_item)
union all
select 'project', model_id::varchar, 'immuta.pending_subscription', 'immuta.project', 'immuta.project_alone', page_id, item
from pending_subscription
where lower(model_type) = 'project' and model_id is not null and model_id not in (select id from immuta_project)
union all
select 'domain', domain_id, 'immuta.data_source', 'immuta.domain', 'immuta.govern_domain_alone', page_id, item
from (select source."domainId" as domain_id, page_id, item from data_source_item)
where domain_id is not null and domain_id not in (select id from immuta_domain)
union all
select 'purpose', purpose_id::varchar, 'immuta.project_detail', 'immuta.purpose', 'immuta.purpose_alone', page_id, item
from project_purpose
where purpose_id is not null and purpose_id not in (select id from immuta_purpose);

-- what came of asking about each by itself; where nothing was asked, the list was not read
create table govern_difference as
select n.about, n.key, n.listed_in, n.missing_in, cause_alone(n.asked_as, n.key, a.key is not null, a.created_at) as cause, n.page_id, n.item
from govern_named n
semi join asked on asked.endpoint = n.asked_as and asked.key = n.key
left join (
    select 'immuta.govern_source_alone' as asked_as, key, created_at from govern_source_alone_item
    union all
    select 'immuta.project_alone', key, created_at from project_alone_item
    union all
    select 'immuta.govern_domain_alone', key, created_at from govern_domain_alone_item
    union all
    select 'immuta.purpose_alone', key, created_at from purpose_alone_item
) a on a.asked_as = n.asked_as and a.key = n.key;

-- tags of columns and sources: of one in use, the list can only have left its tag out
insert into govern_difference by name
select 'tag' as about, t.tag as key, t.listed_in, 'immuta.tag' as missing_in, if(s.deleted, 'unknown', 'hole') as cause, t.page_id, t.item
from (
    select source_id, tag, 'immuta.dictionary' as listed_in, page_id, item from immuta_column_tag
    union all
    select source_id, tag, 'immuta.data_source_detail', page_id, item from immuta_source_tag
) t
join immuta_source s on s.id = t.source_id
where t.tag not in (select name from immuta_tag);

-- global policies that sources name: one that is on somewhere exists
insert into govern_difference by name
select
    'policy' as about,
    split_part(a.policy, ':', 2) as key,
    'immuta.data_source_detail' as listed_in,
    'immuta.policy' as missing_in,
    if(a.disabled or s.deleted, 'unknown', 'hole') as cause,
    a.page_id,
    a.item
from policy_application a
join immuta_source s on s.id = a.source_id
where starts_with(a.policy, 'global:')
    and a.policy not in (select concat('global:', id) from immuta_policy);

-- purposes by their names alone: projects say of some that they are not deleted, policies keep those of deleted ones
insert into govern_difference by name
select
    'purpose' as about,
    o.purpose as key,
    'immuta.project_detail' as listed_in,
    'immuta.purpose' as missing_in,
    if(not p.deleted and (o.deleted = false or p.has_deleted_purposes = false), 'hole', 'unknown') as cause,
    o.page_id,
    o.item
from project_purpose o
join immuta_project p on p.id = o.project_id
where o.purpose_id is null
    and o.purpose not in (select name from immuta_purpose)
union all by name
select 'purpose' as about, name as key, listed_in, 'immuta.purpose' as missing_in, 'unknown' as cause, page_id, item
from (
    select name, if(source_id = 0, 'immuta.policy', 'immuta.data_source_detail') as listed_in, page_id, item
    from policy_condition
    where kind = 'purpose'
    union all
    select name, if(source_id = 0, 'immuta.policy', 'immuta.source_policy'), page_id, item
    from policy_exception
    where kind = 'purpose'
)
where name not in (select name from immuta_purpose)
    -- what a project names by its number was asked about by it
    and name not in (select purpose from project_purpose where purpose_id is not null);

-- people: whoever left is still named by what was theirs, but not as an account that a group has and that may sign in
insert into govern_difference by name
select 'user' as about, profile_id::varchar as key, listed_in, 'immuta.user' as missing_in, if(lives, 'hole', 'unknown') as cause, page_id, item
from (
    select profile_id, 'immuta.govern_caller' as listed_in, true as lives, page_id, item from caller where plane = 'govern'
    union all
    select profile_id, 'immuta.group_member', coalesce(not disabled, false), page_id, item from immuta_group_member
    union all
    select profile_id, 'immuta.access', false, page_id, item from immuta_membership
    union all
    select profile_id, 'immuta.project_member', false, page_id, item from project_member
)
where profile_id not in (select id from immuta_user);

-- a membership of a source in use that waits for approval is somebody's request
insert into govern_difference by name
select
    'pending subscription' as about,
    concat(m.source_id, '.', m.profile_id) as key,
    'immuta.access' as listed_in,
    'immuta.pending_subscription' as missing_in,
    if(m.created_at >= walk_began(), 'moved', 'hole') as cause,
    m.page_id,
    m.item
from immuta_membership m
join immuta_source s on s.id = m.source_id
where m.state = 'pending'
    and not s.deleted
    and (m.source_id, m.profile_id) not in (select (model_id, entity_id) from pending_subscription where model_id is not null and entity_id is not null);

-- of a list that was not read to its end nothing is known to be missing
insert into listing_difference by name
select distinct on (about, key, missing_in)
    about,
    key,
    listed_in,
    missing_in,
    cause,
    cause = 'hole' as hole,
    page_id,
    item
from govern_difference
where missing_in not in (select endpoint from given_up)
order by about, key, missing_in, cause = 'hole' desc, listed_in, page_id, item;
