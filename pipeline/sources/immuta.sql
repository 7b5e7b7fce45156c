-- Immuta: from raw pages to public tables. Staging runs a section when its endpoint has been walked.
-- In a section `pages` holds (page_id, key, body) of the endpoint, once; <endpoint>_item is one row per item read.

-- endpoint: data_source
-- an instant that decides a verdict and cannot be read is no missing instant: its item is left out, and so counted as lost
create macro readable(instant) as instant is null or try_cast(instant as timestamptz) is not null;

create table data_source_item as
select page_id, '/hits/' || position as item, source.id::varchar as key, source
from (
    select page_id, unnest(page.hits) as source, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "name": "VARCHAR", "deleted": "BOOLEAN", "status": "VARCHAR", "createdAt": "VARCHAR",
            "subscriptionType": "VARCHAR", "blobHandlerType": "VARCHAR", "domainId": "VARCHAR", "domainName": "VARCHAR"}]}') as page
        from pages
    )
)
where source.id is not null;

-- endpoint: data_source_detail
create table data_source_detail_item as
select page_id, '' as item, key, source
from (
    select page_id, key, from_json(body, '{
        "id": "INTEGER", "blobHandlerType": "VARCHAR", "blobHandler": {"url": "VARCHAR"}, "subscriptionPolicy": "JSON",
        "subscriptionType": "VARCHAR",
        "globalPolicies": [{"id": "INTEGER", "name": "VARCHAR", "type": "VARCHAR", "disabled": "BOOLEAN"}],
        "tags": [{"name": "VARCHAR"}]}') as source
    from pages
)
where source.id is not null;

-- handlers are named by address; one whose address is empty has the number of its source
create table handler_wanted as
select distinct on (key)
    key,
    coalesce(
        nullif(regexp_extract(source."blobHandler".url, '/(asa|trino|snowflake|databricks|redshift)/handler/(\d+)', 1), ''),
        case
            when source."blobHandlerType" ilike '%synapse%' or source."blobHandlerType" ilike 'ms sql%' then 'asa'
            when source."blobHandlerType" ilike '%snowflake%' then 'snowflake'
            when source."blobHandlerType" ilike '%databricks%' then 'databricks'
            when source."blobHandlerType" ilike '%redshift%' then 'redshift'
            when source."blobHandlerType" ilike '%trino%' or source."blobHandlerType" ilike '%starburst%' then 'trino'
        end
    ) as technology,
    coalesce(nullif(regexp_extract(source."blobHandler".url, '/handler/(\d+)', 1), ''), key) as handler
from data_source_detail_item
order by key, page_id;

delete from handler_wanted where technology is null;

-- endpoint: handler
create table handler_item as
select
    page_id,
    key,
    -- one object, or the object in a list, or under value: three published shapes
    coalesce(handler.metadata, handler.body[1].metadata, handler.value.metadata) as remote
from (
    select page_id, key, from_json(body, '{
        "metadata": {"hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR"},
        "value": {"metadata": {"hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR"}},
        "body": [{"metadata": {"hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR"}}]}') as handler
    from pages
);

-- endpoint: dictionary
create table dictionary_item as
select page_id, '/metadata/' || position as item, key as source_id, key || '.' || col.name as key, col
from (
    select page_id, key, unnest(page.metadata) as col, generate_subscripts(page.metadata, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"metadata": [{
            "name": "VARCHAR", "dataType": "VARCHAR", "remoteType": "VARCHAR", "nullable": "BOOLEAN",
            "tags": [{"name": "VARCHAR", "source": "VARCHAR", "deleted": "BOOLEAN"}]}]}') as page
        from pages
    )
)
where col.name is not null;

insert into immuta_column by name
select distinct on (source_id, name)
    source_id::integer as source_id,
    col.name as name,
    col."dataType" as data_type,
    col."remoteType" as remote_type,
    col.nullable as nullable,
    page_id,
    item
from dictionary_item
order by source_id, name, page_id desc;

insert into immuta_column_tag by name
select distinct on (source_id, column_name, tag)
    source_id::integer as source_id,
    column_name,
    label.name as tag,
    label.source as tag_source,
    page_id,
    item
from (select source_id, col.name as column_name, unnest(col.tags) as label, page_id, item from dictionary_item)
where label.name is not null and not coalesce(label.deleted, false)
order by source_id, column_name, tag, page_id desc;

-- endpoint: access
create table access_item as
select page_id, '/users/' || position as item, key as source_id, concat_ws('.', key, person.profile, person.state) as key, person
from (
    select page_id, key, unnest(page.users) as person, generate_subscripts(page.users, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"users": [{
            "profile": "INTEGER", "name": "VARCHAR", "iamid": "VARCHAR", "userid": "VARCHAR", "email": "VARCHAR",
            "approved": "BOOLEAN", "state": "VARCHAR", "createdAt": "VARCHAR"}]}') as page
        from pages
    )
)
where person.profile is not null and person.state is not null;

insert into immuta_membership by name
select distinct on (source_id, profile_id, state)
    source_id::integer as source_id,
    person.profile as profile_id,
    person.state as state,
    person.iamid as iam_id,
    person.userid as user_id,
    person.name as name,
    person.email as email,
    person.approved as approved,
    try_cast(person."createdAt" as timestamptz) as created_at,
    page_id,
    item
from access_item
order by source_id, profile_id, state, page_id desc;

-- endpoint: tag
create table tag_item as
select page_id, '/' || position as item, tag.id::varchar as key, tag
from (
    select page_id, unnest(page) as tag, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, from_json(body, '[{"id": "INTEGER", "name": "VARCHAR", "source": "VARCHAR", "deleted": "BOOLEAN"}]') as page
        from pages
    )
)
where tag.id is not null and tag.name is not null;

insert into immuta_tag by name
select distinct on (key)
    tag.id as id,
    tag.name as name,
    tag.source as tag_source,
    coalesce(tag.deleted, false) as deleted,
    page_id,
    item
from tag_item
order by key, page_id desc;

-- endpoint: policy
create table policy_item as
select page_id, '/' || position as item, policy.id::varchar as key, policy
from (
    select page_id, unnest(page) as policy, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, from_json(body, '[{
            "id": "INTEGER", "policyKey": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR", "staged": "BOOLEAN",
            "deleted": "BOOLEAN", "systemGenerated": "BOOLEAN", "actions": "JSON", "circumstances": "JSON",
            "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}]') as page
        from pages
    )
)
where policy.id is not null;

insert into immuta_policy by name
select distinct on (key)
    policy.id as id,
    policy."policyKey" as policy_key,
    policy.name as name,
    coalesce(policy.type, 'unknown') as type,
    policy.staged as staged,
    policy.deleted as deleted,
    policy."systemGenerated" as system_generated,
    policy.actions as actions,
    policy.circumstances as circumstances,
    try_cast(policy."createdAt" as timestamptz) as created_at,
    try_cast(policy."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from policy_item
order by key, page_id desc;

-- endpoint: user
create table user_item as
select
    page_id,
    '/hits/' || position as item,
    -- memberships name people by profile: the account's number stands in only where there is no profile at all
    if(person.profile is null, person.id, person.profile.id)::varchar as key,
    person
from (
    select page_id, unnest(page.hits) as person, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "iamid": "VARCHAR", "userid": "VARCHAR", "permissions": ["VARCHAR"], "disabled": "BOOLEAN",
            "lastLogin": "VARCHAR", "createdAt": "VARCHAR",
            "profile": {"id": "INTEGER", "name": "VARCHAR", "email": "VARCHAR"}}]}') as page
        from pages
    )
)
where key is not null;

insert into immuta_user by name
select distinct on (key)
    key::integer as id,
    person.iamid as iam_id,
    person.userid as user_id,
    person.profile.name as name,
    person.profile.email as email,
    coalesce(person.permissions, []) as permissions,
    coalesce(person.disabled, false) as disabled,
    try_cast(person."lastLogin" as timestamptz) as last_login_at,
    try_cast(person."createdAt" as timestamptz) as created_at,
    page_id,
    item
from user_item
order by key, page_id desc;

-- endpoint: data_product
create table data_product_item as
select page_id, '/data/' || position as item, product.id as key, product
from (
    select page_id, unnest(page.data) as product, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"data": [{
            "id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR", "domains": ["VARCHAR"], "suspended": "BOOLEAN",
            "createdBy": "VARCHAR", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "metadata": {"subjectMatterExpert": {"id": "VARCHAR", "name": "VARCHAR"}},
            "stats": {"totalRequestCount": "INTEGER", "dataSourceCount": "INTEGER"}}]}') as page
        from pages
    )
)
where product.id is not null;

insert into data_product by name
select distinct on (key)
    key as id,
    coalesce(product.name, key) as name,
    product.description as description,
    coalesce(product.domains, []) as domains,
    coalesce(product.suspended, false) as suspended,
    product."createdBy" as created_by,
    product.metadata."subjectMatterExpert".id as expert_id,
    product.metadata."subjectMatterExpert".name as expert_name,
    try_cast(product."createdAt" as timestamptz) as created_at,
    try_cast(product."updatedAt" as timestamptz) as updated_at,
    product.stats."totalRequestCount" as total_request_count,
    product.stats."dataSourceCount" as data_source_count,
    page_id,
    item
from data_product_item
order by key, page_id desc;

-- endpoint: product_source
create table product_source_item as
select page_id, '/data/' || position as item, key as product_id, key || '.' || source."sourceId" as key, source
from (
    select page_id, key, unnest(page.data) as source, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"data": [{"name": "VARCHAR", "type": "VARCHAR", "sourceId": "VARCHAR"}]}') as page
        from pages
    )
)
where source."sourceId" is not null;

insert into data_product_source by name
select distinct on (product_id, source_id)
    product_id,
    source."sourceId" as source_id,
    source.name as name,
    source.type as technology,
    page_id,
    item
from product_source_item
order by product_id, source_id, page_id desc;

-- endpoint: access_request
set variable request_shape = '{"data": [{
    "id": "VARCHAR", "type": "VARCHAR", "status": "VARCHAR", "formVersion": "VARCHAR",
    "createdAt": "VARCHAR", "updatedAt": "VARCHAR", "expiration": "VARCHAR",
    "requestingUser": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"},
    "user": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}}]}';

create table access_request_item as
select page_id, '/data/' || position as item, product_id, request.id as key, request
from (
    select page_id, key as product_id, unnest(page.data) as request, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('request_shape')) as page from pages)
)
where request.id is not null
    and readable(request."createdAt")
    and readable(request."updatedAt")
    and readable(request.expiration);

insert into access_request by name
select distinct on (key)
    key as id,
    product_id,
    request.type as type,
    request.status as status,
    request."requestingUser"."globalUserId" as requester_id,
    request.user."globalUserId" as user_id,
    request."formVersion" as form_version,
    try_cast(request."createdAt" as timestamptz) as created_at,
    try_cast(request."updatedAt" as timestamptz) as updated_at,
    try_cast(request.expiration as timestamptz) as expires_at,
    page_id,
    item
from access_request_item
order by key, page_id desc;

-- endpoint: product_member
create table product_member_item as
select page_id, '/data/' || position as item, product_id, product_id || '.' || request.id as key, request
from (
    select page_id, key as product_id, unnest(page.data) as request, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('request_shape')) as page from pages)
)
where request.id is not null
    and readable(request."createdAt")
    and readable(request."updatedAt")
    and readable(request.expiration);

insert into product_member by name
select distinct on (product_id, request_id)
    product_id,
    request.id as request_id,
    request.user."globalUserId" as user_id,
    request.type as type,
    request.status as status,
    try_cast(request.expiration as timestamptz) as expires_at,
    page_id,
    item
from product_member_item
order by product_id, request_id, page_id desc;

-- endpoint: product_column
create table product_column_item as
select page_id, '/data/' || position as item, product_id, concat_ws('.', product_id, col."sourceId", col.name) as key, col
from (
    select page_id, key as product_id, unnest(page.data) as col, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"data": [{
            "name": "VARCHAR", "sourceId": "VARCHAR", "tags": ["VARCHAR"],
            "globalPolicyInfo": {"maskingType": "VARCHAR"}, "localPolicyInfo": {"maskingType": "VARCHAR"}}]}') as page
        from pages
    )
)
where col.name is not null and col."sourceId" is not null;

insert into product_column by name
select distinct on (product_id, source_id, name)
    product_id,
    col."sourceId" as source_id,
    col.name as name,
    coalesce(col.tags, []) as tags,
    col."globalPolicyInfo"."maskingType" as global_masking,
    col."localPolicyInfo"."maskingType" as local_masking,
    page_id,
    item
from product_column_item
order by product_id, source_id, name, page_id desc;

-- endpoint: request_form
create table request_form_item as
select page_id, '/' || position as item, product_id, product_id || '.' || form.id as key, form
from (
    select page_id, key as product_id, unnest(page) as form, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '[{
            "id": "VARCHAR", "name": "VARCHAR", "requestType": "VARCHAR", "version": "VARCHAR",
            "fields": [{"type": "VARCHAR", "required": "BOOLEAN"}],
            "policy": {"rules": ["JSON"], "defaultEvent": {"type": "VARCHAR"}}, "inheritedFrom": "JSON"}]') as page
        from pages
    )
)
where form.id is not null;

insert into request_form by name
select distinct on (product_id, id)
    product_id,
    form.id as id,
    form.name as name,
    coalesce(form."requestType", 'unknown') as request_type,
    form.version as version,
    coalesce(len(form.fields), 0) as field_count,
    -- a field is required unless it says otherwise
    coalesce(len(list_filter(form.fields, lambda f: coalesce(f.required, true))), 0) as required_field_count,
    coalesce(len(form.policy.rules), 0) as review_rule_count,
    form.policy."defaultEvent".type as default_event,
    coalesce(form."inheritedFrom" is not null and form."inheritedFrom"::varchar <> 'null', false) as inherited,
    page_id,
    item
from request_form_item
order by product_id, id, page_id desc;

-- endpoint: approval
create table approval_item as
select page_id, '/approvalRecords/' || position as item, key as request_id, record.id as key, record
from (
    select page_id, key, unnest(page."approvalRecords") as record, generate_subscripts(page."approvalRecords", 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"approvalRecords": [{
            "id": "VARCHAR", "status": "VARCHAR", "reason": "VARCHAR", "duration": "INTEGER", "durationUnit": "VARCHAR",
            "approvers": "JSON", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "actionBy": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}}]}') as page
        from pages
    )
)
where record.id is not null;

insert into approval by name
select distinct on (key)
    key as id,
    request_id,
    record.status as status,
    record."actionBy"."globalUserId" as actor_id,
    coalesce(trim(record.reason), '') <> '' as reason_given,
    record.duration as duration,
    record."durationUnit" as duration_unit,
    record.approvers as approvers,
    try_cast(record."createdAt" as timestamptz) as created_at,
    try_cast(record."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from approval_item
order by key, page_id desc;

-- people come inside requests and records; those who do not are asked for by id
create table met_user as
select person, page_id, item
from (
    select unnest([
        {'person': request.user, 'item': item || '/user'},
        {'person': request."requestingUser", 'item': item || '/requestingUser'}
    ], recursive := false) as met, page_id
    from access_request_item
), lateral (select met.person as person, met.item as item)
where person."globalUserId" is not null
union all
select record."actionBy", page_id, item || '/actionBy'
from approval_item
where record."actionBy"."globalUserId" is not null;

create table user_wanted as
select distinct id as key
from (
    select created_by as id from data_product
    union
    select expert_id from data_product
)
where id is not null
    and id not in (select person."globalUserId" from met_user);

-- endpoint: request_user
create table request_user_item as
select page_id, '/users/' || position as item, person."globalUserId" as key, person
from (
    select page_id, unnest(page.users) as person, generate_subscripts(page.users, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"users": [{
            "id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}]}') as page
        from pages
    )
)
where person."globalUserId" is not null;

insert into request_user by name
select distinct on (id)
    person."globalUserId" as id,
    person.id as profile_id,
    person."iamId" as iam_id,
    person.username as username,
    person.name as name,
    person.email as email,
    page_id,
    item
from (
    select person, page_id, item, 1 as preference from request_user_item
    union all
    select person, page_id, item, 2 from met_user
)
where person.id is not null
order by id, preference, page_id, item;

-- finish
insert into immuta_source by name
with listed as (
    select distinct on (key) * from data_source_item order by key, page_id desc
),
detailed as (
    select distinct on (key) * from data_source_detail_item order by key, page_id desc
),
handled as (
    select distinct on (key) * from handler_item order by key, page_id desc
)
select
    l.source.id as id,
    coalesce(l.source.name, l.key) as name,
    if(w.technology = 'asa', 'synapse', w.technology) as technology,
    coalesce(l.source.deleted, false) as deleted,
    l.source.status as status,
    coalesce(d.source."subscriptionType", l.source."subscriptionType") as subscription_type,
    h.remote.hostname as host,
    h.remote.database as database_name,
    h.remote.schema as schema_name,
    h.remote.table as table_name,
    l.source."domainId" as domain_id,
    l.source."domainName" as domain_name,
    try_cast(l.source."createdAt" as timestamptz) as created_at,
    d.key is not null as detail_read,
    h.remote.table is not null as handler_read,
    coalesce(d.page_id, l.page_id) as page_id,
    if(d.key is null, l.item, '') as item,
    hash(d.source) as content_hash
from listed l
left join detailed d using (key)
left join handled h using (key)
left join handler_wanted w using (key);

insert into policy_application by name
select distinct on (source_id, policy, type) source_id, policy, type, name, disabled, page_id, item
from (
    select key::integer as source_id, 'global:' || applied.id as policy, coalesce(applied.type, 'unknown') as type,
        applied.name as name, coalesce(applied.disabled, false) as disabled, page_id, '/globalPolicies' as item
    from (select key, unnest(source."globalPolicies") as applied, page_id from data_source_detail_item)
    where applied.id is not null
    union all by name
    select key::integer as source_id, 'local:subscription' as policy, 'subscription' as type,
        source."subscriptionType" as name, false as disabled, page_id, '/subscriptionPolicy' as item
    from data_source_detail_item
    -- an empty object is no policy
    where coalesce(source."subscriptionPolicy"->>'$.type', source."subscriptionPolicy"->>'$.subscriptionType') is not null
)
order by source_id, policy, type, page_id desc;

insert into immuta_source_tag by name
select distinct on (source_id, tag)
    key::integer as source_id,
    label.name as tag,
    page_id,
    '/tags' as item
from (select key, unnest(source.tags) as label, page_id from data_source_detail_item)
where label.name is not null
order by source_id, tag, page_id desc;
