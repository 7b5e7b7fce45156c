-- Purposes and projects of Govern: what data may be used for, who agreed to that, and what they work with together.

-- start
set variable purpose_shape = '{
    "id": "INTEGER", "name": "VARCHAR", "description": "VARCHAR", "acknowledgement": "VARCHAR", "displayAcknowledgement": "BOOLEAN",
    "deleted": "BOOLEAN", "systemGenerated": "BOOLEAN", "addedByProfile": "INTEGER", "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}';

-- a project, as it is listed or by itself: which of its keys comes where is not documented
set variable project_shape = '{
    "id": "INTEGER", "projectKey": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR", "status": "VARCHAR", "type": "VARCHAR",
    "deleted": "BOOLEAN", "subscriptionType": "VARCHAR", "subscriptionPolicy": "JSON", "isEqualized": "BOOLEAN", "equalization": "JSON",
    "allowMaskedJoins": "BOOLEAN", "allowedMaskedJoins": "BOOLEAN", "workspace": "JSON", "hasDeletedPurposes": "BOOLEAN",
    "purposes": "JSON", "stagedPurposes": "JSON", "tags": "JSON", "createdBy": "JSON", "updatedBy": "JSON",
    "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}';

-- endpoint: purpose
create table purpose_item as
select page_id, '/purposes/' || position as item, said->>'$.id' as key, said
from (
    select page_id, unnest(page.purposes) as said, generate_subscripts(page.purposes, 1) - 1 as position
    from (select page_id, from_json(body, '{"purposes": ["JSON"]}') as page from pages)
)
where try_cast(said->>'$.id' as integer) is not null and said->>'$.name' is not null;

-- where the list says nothing of subpurposes, neither inside a purpose nor by names, each is asked for its own
create table purpose_wanted as
select distinct key
from purpose_item
where not exists (from purpose_item where json_exists(said, '$.subpurposes'))
    and not exists (
        from purpose_item above
        join purpose_item below on starts_with(below.said->>'$.name', above.said->>'$.name' || '.')
    );

-- endpoint: purpose_detail
create table purpose_detail_item as
select page_id, '' as item, key, body::json as said
from pages
where try_cast(body->>'$.id' as integer) is not null and body->>'$.name' is not null;

-- every purpose that was met: in the list, by itself, and inside others at any depth
create table purpose_met as
with recursive met as (
    select said, null::varchar as parent_name, page_id, item from purpose_item
    union all
    select said, null::varchar as parent_name, page_id, item from purpose_detail_item
    union all
    select below[place], said->>'$.name', page_id, item || '/subpurposes/' || (place - 1)
    from (
        select *, listed(said, '$.subpurposes') as below, generate_subscripts(listed(said, '$.subpurposes'), 1) as place
        from met
    )
)
select from_json(said, getvariable('purpose_shape')) as purpose, parent_name, page_id, item
from met;

-- endpoint: project
create table project_item as
select page_id, '/hits/' || position as item, project.id::varchar as key, project
from (
    select page_id, unnest(page.hits) as project, generate_subscripts(page.hits, 1) - 1 as position
    from (select page_id, from_json(body, '{"hits": [' || getvariable('project_shape') || ']}') as page from pages)
)
where project.id is not null;

-- endpoint: project_detail
create table project_detail_item as
select page_id, '' as item, key, project
from (select page_id, key, from_json(body, getvariable('project_shape')) as project from pages)
where project.id is not null;

-- every project as it is listed and by itself
create table project_known as
select
    key,
    l.project as listed,
    d.project as detailed,
    d.key is not null as detail_read,
    -- said in a word, or by what there is to say about it
    coalesce(
        d.project."isEqualized",
        l.project."isEqualized",
        try_cast(d.project.equalization as boolean),
        present(d.project.equalization) is not null or if(d.key is not null, false, null)
    ) as equalized,
    coalesce(d.project.deleted, l.project.deleted, false) as deleted,
    coalesce(d.page_id, l.page_id) as page_id,
    coalesce(d.item, l.item) as item
from (select * from project_item qualify row_number() over (partition by key order by page_id desc) = 1) l
left join (select * from project_detail_item qualify row_number() over (partition by key order by page_id desc) = 1) d using (key);

-- endpoint: project_member
create table project_member_item as
select page_id, '/members/' || position as item, key as project_id, concat_ws('.', key, member.profile, member.state) as key, member
from (
    select page_id, key, unnest(page.members) as member, generate_subscripts(page.members, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"members": [{
            "profile": "INTEGER", "name": "VARCHAR", "iamid": "VARCHAR", "userid": "VARCHAR", "email": "VARCHAR", "type": "VARCHAR",
            "approved": "BOOLEAN", "state": "VARCHAR", "approvals": "JSON", "subscriptionId": "INTEGER", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "compliance": {
                "isMissingPurposeAcknowledgement": "BOOLEAN", "isMissingEntitlements": "BOOLEAN",
                "validationFrequencyExceeded": "BOOLEAN", "missingDataSources": ["JSON"]}}]}') as page
        from pages
    )
)
where member.profile is not null and member.state is not null;

-- endpoint: project_equalization
create table project_equalization_item as
select page_id, '' as item, key, body::json as said
from pages;

-- endpoint: project_source
create table project_source_item as
select page_id, '/dataSources/' || position as item, key as project_id, key || '.' || source."dataSourceId" as key, source
from (
    select page_id, key, unnest(page."dataSources") as source, generate_subscripts(page."dataSources", 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"dataSources": [{
            "dataSourceId": "INTEGER", "dataSourceName": "VARCHAR", "deleted": "BOOLEAN", "derivedInThisProject": "BOOLEAN",
            "addedByProfile": "INTEGER", "addedOn": "VARCHAR"}]}') as page
        from pages
    )
)
where source."dataSourceId" is not null;

-- finish
insert into immuta_purpose by name
with one as (
    select distinct on (purpose.id) *
    from purpose_met
    where purpose.id is not null and purpose.name is not null
    order by purpose.id, parent_name is null, page_id desc, item
)
select
    purpose.id as id,
    purpose.name as name,
    -- by its place, or by its name: the longest one that another purpose has
    coalesce(parent_name, (
        select max_by(above.purpose.name, length(above.purpose.name))
        from one above
        where starts_with(one.purpose.name, above.purpose.name || '.')
    )) as parent_name,
    purpose.description as description,
    purpose.acknowledgement as acknowledgement,
    purpose."displayAcknowledgement" as display_acknowledgement,
    coalesce(purpose.deleted, false) as deleted,
    purpose."systemGenerated" as system_generated,
    purpose."addedByProfile" as added_by,
    try_cast(purpose."createdAt" as timestamptz) as created_at,
    try_cast(purpose."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from one;

insert into immuta_project by name
select
    key::integer as id,
    coalesce(detailed."projectKey", listed."projectKey") as project_key,
    coalesce(detailed.name, listed.name, key) as name,
    coalesce(detailed.description, listed.description) as description,
    coalesce(detailed.status, listed.status) as status,
    coalesce(detailed.type, listed.type) as type,
    deleted,
    coalesce(detailed."subscriptionType", listed."subscriptionType") as subscription_type,
    present(coalesce(detailed."subscriptionPolicy", listed."subscriptionPolicy")) as subscription_policy,
    equalized,
    coalesce(detailed."allowMaskedJoins", detailed."allowedMaskedJoins", listed."allowMaskedJoins", listed."allowedMaskedJoins") as allow_masked_joins,
    present(coalesce(detailed.workspace, listed.workspace)) as workspace,
    coalesce(detailed."hasDeletedPurposes", listed."hasDeletedPurposes") as has_deleted_purposes,
    names_in(coalesce(present(detailed.tags), listed.tags)) as tags,
    coalesce(number_of(detailed."createdBy"), number_of(listed."createdBy")) as created_by,
    coalesce(number_of(detailed."updatedBy"), number_of(listed."updatedBy")) as updated_by,
    coalesce(try_cast(detailed."createdAt" as timestamptz), try_cast(listed."createdAt" as timestamptz)) as created_at,
    coalesce(try_cast(detailed."updatedAt" as timestamptz), try_cast(listed."updatedAt" as timestamptz)) as updated_at,
    detail_read,
    page_id,
    item
from project_known;

insert into project_purpose by name
with given as (
    select key, page_id, item, 'purposes' as place, present(coalesce(detailed.purposes, listed.purposes)) as said from project_known
    union all
    select key, page_id, item, 'stagedPurposes' as place, present(coalesce(detailed."stagedPurposes", listed."stagedPurposes")) as said
    from project_known
)
select distinct on (project_id, purpose)
    key::integer as project_id,
    coalesce(plain(one, '$.name'), plain(one, '$')) as purpose,
    try_cast(plain(one, '$.id') as integer) as purpose_id,
    place = 'stagedPurposes' as staged,
    try_cast(plain(one, '$.deleted') as boolean) as deleted,
    page_id,
    item || '/' || place || '/' || (position - 1) as item
from (select *, unnest(listed(said, '$')) as one, generate_subscripts(listed(said, '$'), 1) as position from given)
where purpose is not null
order by project_id, purpose, staged, position;

insert into project_member by name
select
    m.project_id::integer as project_id,
    member.profile as profile_id,
    member.state as state,
    member.iamid as iam_id,
    member.userid as user_id,
    member.name as name,
    member.email as email,
    member.type as type,
    member.approved as approved,
    open_approvals(member.approvals) as required_permission,
    -- whoever is not said to lack it is not therefore said to have agreed
    not member.compliance."isMissingPurposeAcknowledgement" as acknowledged,
    member.compliance."isMissingEntitlements" as missing_entitlements,
    member.compliance."validationFrequencyExceeded" as validation_overdue,
    len(member.compliance."missingDataSources") as missing_source_count,
    member."subscriptionId" as subscription_id,
    try_cast(member."createdAt" as timestamptz) as created_at,
    try_cast(member."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from project_member_item m
qualify row_number() over (partition by project_id, profile_id, state order by page_id desc) = 1
order by project_id, profile_id, state;

insert into project_equalization by name
select distinct on (project_id)
    key::integer as project_id,
    coalesce(plain(said, '$.isEqualized'), plain(said, '$.equalized'), plain(said, '$.state'), plain(said, '$.status')) as answer,
    if(lower(answer) in ('true', 'false'), answer::boolean, null) as holds,
    said,
    page_id,
    item
from project_equalization_item
order by project_id, page_id desc;

insert into project_source by name
select
    s.project_id::integer as project_id,
    source."dataSourceId" as source_id,
    source."dataSourceName" as name,
    source.deleted as deleted,
    source."derivedInThisProject" as derived,
    source."addedByProfile" as added_by,
    try_cast(source."addedOn" as timestamptz) as added_at,
    page_id,
    item
from project_source_item s
qualify row_number() over (partition by project_id, source_id order by page_id desc) = 1
order by project_id, source_id;
