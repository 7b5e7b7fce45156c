-- Data sources of Govern: the list, what is said of each, the remote table, who has access and the policies in force.

-- start
-- what a handler says, in the object itself or in its metadata
set variable handler_columns = '[{"name": "VARCHAR", "dataType": "VARCHAR", "nullable": "VARCHAR", "isPrimaryKey": "VARCHAR"}]';
set variable handler_shape = '{
    "dataSourceId": "VARCHAR", "connectionString": "VARCHAR", "remoteTableDescription": "JSON",
    "hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR",
    "warehouse": "VARCHAR", "httpPath": "VARCHAR", "body": "JSON", "value": "JSON",
    "metadata": {"hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR",
        "warehouse": "VARCHAR", "httpPath": "VARCHAR", "columns": "JSON"}}';

-- a list that may come as text
create macro list_in(value) as case
    when json_type(value) = 'ARRAY' then value
    when json_type(value) = 'VARCHAR' and json_valid(value->>'$') and json_type(value->>'$') = 'ARRAY' then (value->>'$')::json
end;

-- handlers inside a handler's answer: one, several, or either of them as text, each with its place
create macro handlers_in(value, place) as case
    when json_type(value) = 'OBJECT' then [{'place': place, 'said': from_json(value, getvariable('handler_shape'))}]
    when json_type(value) = 'VARCHAR' and json_valid(value->>'$') and json_type(value->>'$') = 'OBJECT'
        then [{'place': place, 'said': from_json(value->>'$', getvariable('handler_shape'))}]
    when list_in(value) is not null
        then list_transform(
            from_json(list_in(value), '[' || getvariable('handler_shape') || ']'),
            lambda said, i: {'place': if(json_type(value) = 'ARRAY', place || '/' || (i - 1), place), 'said': said}
        )
    else []
end;

-- user@host:port/database, with or without the rest
create macro host_in(connection) as nullif(regexp_extract(connection, '(?:^|@|//)([^@:/?;=\s]+)(?::\d+)?(?:[/?;]|$)', 1), '');
create macro database_in(connection) as nullif(regexp_extract(connection, ':\d+/([^?;/]+)', 1), '');

-- endpoint: data_source
create table data_source_item as
select page_id, '/hits/' || position as item, source.id::varchar as key, source
from (
    select page_id, unnest(page.hits) as source, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "name": "VARCHAR", "deleted": "BOOLEAN", "status": "VARCHAR", "createdAt": "VARCHAR",
            "subscriptionType": "VARCHAR", "blobHandlerType": "VARCHAR", "domainId": "VARCHAR", "domainName": "VARCHAR",
            "connectionString": "VARCHAR", "remoteTable": "VARCHAR", "remoteSchema": "VARCHAR",
            "schemaEvolutionId": "VARCHAR"}]}') as page
        from pages
    )
)
where source.id is not null;

-- endpoint: data_source_detail
create table data_source_detail_item as
select page_id, '' as item, key, source
from (
    select page_id, key, from_json(body, '{
        "id": "INTEGER", "blobHandlerType": "VARCHAR", "blobHandler": "JSON", "subscriptionPolicy": "JSON",
        "subscriptionType": "VARCHAR", "policyHandler": "JSON",
        "globalPolicies": [{"id": "INTEGER", "name": "VARCHAR", "type": "VARCHAR", "disabled": "BOOLEAN"}],
        "updatedAt": "VARCHAR", "columnEvolutionEnabled": "BOOLEAN", "schemaEvolution": "JSON",
        "tags": [{"name": "VARCHAR"}]}') as source
    from pages
)
where source.id is not null;

-- handlers are named by an address, in an object or a list; one whose address is empty has the number of its source
create table handler_wanted as
select
    key,
    coalesce(
        nullif(regexp_extract(source."blobHandler"::varchar, '/(asa|trino|snowflake|databricks|redshift)/handler/(\d+)', 1), ''),
        case
            when source."blobHandlerType" ilike '%synapse%' or source."blobHandlerType" ilike 'ms sql%' then 'asa'
            when source."blobHandlerType" ilike '%snowflake%' then 'snowflake'
            when source."blobHandlerType" ilike '%databricks%' then 'databricks'
            when source."blobHandlerType" ilike '%redshift%' then 'redshift'
            when source."blobHandlerType" ilike '%trino%' or source."blobHandlerType" ilike '%starburst%' then 'trino'
        end
    ) as technology,
    coalesce(nullif(regexp_extract(source."blobHandler"::varchar, '/handler/(\d+)', 1), ''), key) as handler
from data_source_detail_item
qualify row_number() over (partition by key order by page_id) = 1
order by key;

delete from handler_wanted where technology is null;

-- endpoint: handler
-- one object, the object in a list, or under value; an answer about another data source is none
create table handler_item as
select
    page_id,
    found.place as item,
    key,
    found.said as said,
    coalesce(found.said.metadata.hostname, found.said.hostname, host_in(found.said."connectionString")) as host,
    coalesce(found.said.metadata.database, found.said.database, database_in(found.said."connectionString")) as database_name,
    coalesce(found.said.metadata.schema, found.said.schema) as schema_name,
    coalesce(found.said.metadata.table, found.said.table) as table_name,
    -- what the remote table looked like, which is told as text; read here, where few pages are in memory
    list_in(found.said."remoteTableDescription") is not null as described,
    from_json(
        coalesce(list_in(found.said."remoteTableDescription"), list_in(found.said.metadata.columns)),
        getvariable('handler_columns')
    ) as columns
from (
    select page_id, key, case
        when said.metadata.table is not null and coalesce(said."dataSourceId", key) = key then {'place': '', 'said': said}
        else list_filter(
            list_concat([{'place': '', 'said': said}], list_concat(handlers_in(said.body, '/body'), handlers_in(said.value, '/value'))),
            lambda one: coalesce(one.said."dataSourceId", said."dataSourceId", key) = key
                and coalesce(one.said.metadata.table, one.said.table, one.said.metadata.database, one.said.database) is not null
        )[1]
    end as found
    from (select page_id, key, from_json(body, getvariable('handler_shape')) as said from pages)
)
where found is not null;

insert into immuta_remote_column by name
select
    key::integer as source_id,
    col.name as name,
    col."dataType" as data_type,
    case lower(col.nullable) when 'yes' then true when 'true' then true when 'no' then false when 'false' then false end as nullable,
    try_cast(col."isPrimaryKey" as boolean) as primary_key_part,
    page_id,
    place as item
from (
    select
        page_id,
        key,
        if(described, item || '/remoteTableDescription', item || '/metadata/columns') as place,
        unnest(columns) as col
    from handler_item
)
where col.name is not null
qualify row_number() over (partition by source_id, name order by page_id desc) = 1
order by source_id, name;

-- endpoint: access
-- a row is about a person, or about a group where the tenant lists groups as such
create table access_item as
select
    page_id,
    '/users/' || position as item,
    key as source_id,
    concat_ws('.', key, coalesce(person.profile::varchar, 'group ' || group_key), person.state) as key,
    person,
    group_key,
    coalesce(person.expiration, person."subscriptionExpiration", person."expiresAt") as expires
from (
    select *, coalesce(
        person."group"->>'$.id', person."groupId", json_value(person."group", '$'),
        person."group"->>'$.name', person."groupName",
        if(person.type = 'group', coalesce(person.id, person.name), null)
    ) as group_key
    from (
        select page_id, key, unnest(page.users) as person, generate_subscripts(page.users, 1) - 1 as position
        from (
            select page_id, key, from_json(body, '{"users": [{
                "profile": "INTEGER", "name": "VARCHAR", "iamid": "VARCHAR", "userid": "VARCHAR", "email": "VARCHAR",
                "approved": "BOOLEAN", "state": "VARCHAR", "approvals": "JSON", "createdAt": "VARCHAR", "subscriptionId": "INTEGER",
                "expiration": "VARCHAR", "subscriptionExpiration": "VARCHAR", "expiresAt": "VARCHAR",
                "systemGenerated": "BOOLEAN", "subscriptionContext": "VARCHAR",
                "type": "VARCHAR", "id": "VARCHAR", "group": "JSON", "groupId": "VARCHAR", "groupName": "VARCHAR"}]}') as page
            from pages
        )
    )
)
where (person.profile is not null or group_key is not null) and person.state is not null and readable(expires);

insert into immuta_membership by name
select
    source_id::integer as source_id,
    person.profile as profile_id,
    person.state as state,
    person.iamid as iam_id,
    person.userid as user_id,
    person.name as name,
    person.email as email,
    person.approved as approved,
    open_approvals(person.approvals) as required_permission,
    try_cast(person."createdAt" as timestamptz) as created_at,
    person."subscriptionId" as subscription_id,
    try_cast(expires as timestamptz) as expires_at,
    person."systemGenerated" as system_generated,
    coalesce(person."subscriptionContext", 'group ' || group_key) as origin_hint,
    page_id,
    item
from access_item
where person.profile is not null
qualify row_number() over (partition by source_id, profile_id, state order by page_id desc) = 1
order by source_id, profile_id, state;

insert into immuta_group_access by name
select
    source_id::integer as source_id,
    group_key,
    person.state as state,
    coalesce(person.iamid, person."group"->>'$.iamid', person."group"->>'$.iam') as iam_id,
    coalesce(person."groupName", person."group"->>'$.name', person.name) as name,
    person.approved as approved,
    open_approvals(person.approvals) as required_permission,
    person."subscriptionId" as subscription_id,
    try_cast(expires as timestamptz) as expires_at,
    try_cast(person."createdAt" as timestamptz) as created_at,
    page_id,
    item
from access_item
where person.profile is null
qualify row_number() over (partition by source_id, group_key, state order by page_id desc) = 1
order by source_id, group_key, state;

-- endpoint: source_policy
create table source_policy_item as
select page_id, '' as item, key, list_in(policies) as policies
from (select page_id, key, json_extract(body, '$.jsonPolicies') as policies from pages)
where list_in(policies) is not null;

insert into source_policy by name
select
    key::integer as source_id,
    position,
    coalesce(policy->>'$.type', 'unknown') as type,
    policy->>'$.name' as name,
    nullif((policy->'$.rules')::varchar, 'null')::json as rules,
    page_id,
    '/jsonPolicies/' || (position - 1) as item
from (
    select key, page_id, unnest(from_json(policies, '["JSON"]')) as policy,
        generate_subscripts(from_json(policies, '["JSON"]'), 1)::integer as position
    from source_policy_item
)
qualify row_number() over (partition by source_id, position order by page_id desc) = 1
order by source_id, position;

-- endpoint: pending_subscription
create table pending_subscription_item as
select page_id, '/hits/' || position as item, asked.id::varchar as key, asked
from (
    select page_id, unnest(page.hits) as asked, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "INTEGER", "createdAt": "VARCHAR", "approvals": "JSON",
            "model": {"type": "VARCHAR", "id": "INTEGER", "name": "VARCHAR"},
            "entity": {"type": "VARCHAR", "id": "INTEGER", "name": "VARCHAR"}}]}') as page
        from pages
    )
)
where asked.id is not null and readable(asked."createdAt");

insert into pending_subscription by name
select
    asked.id as id,
    coalesce(asked.model.type, 'unknown') as model_type,
    asked.model.id as model_id,
    asked.model.name as model_name,
    coalesce(asked.entity.type, 'unknown') as entity_type,
    asked.entity.id as entity_id,
    asked.entity.name as entity_name,
    open_approvals(asked.approvals) as required_permission,
    asked.approvals as approvals,
    try_cast(asked."createdAt" as timestamptz) as created_at,
    page_id,
    item
from pending_subscription_item
qualify row_number() over (partition by key order by page_id desc) = 1
order by key;

-- finish
insert into immuta_source by name
with listed as (
    select * from data_source_item qualify row_number() over (partition by key order by page_id desc) = 1
),
detailed as (
    select * from data_source_detail_item qualify row_number() over (partition by key order by page_id desc) = 1
),
handled as (
    select * from handler_item qualify row_number() over (partition by key order by page_id desc) = 1
)
select
    l.source.id as id,
    coalesce(l.source.name, l.key) as name,
    if(w.technology = 'asa', 'synapse', w.technology) as technology,
    coalesce(l.source.deleted, false) as deleted,
    l.source.status as status,
    coalesce(d.source."subscriptionType", l.source."subscriptionType") as subscription_type,
    h.host as host,
    h.database_name as database_name,
    -- a handler that tells no table is about the one in the list
    coalesce(h.schema_name, if(h.key is not null, l.source."remoteSchema", null)) as schema_name,
    coalesce(h.table_name, if(h.key is not null, l.source."remoteTable", null)) as table_name,
    coalesce(h.said."connectionString", l.source."connectionString") as connection_string,
    coalesce(h.said.metadata.warehouse, h.said.warehouse) as warehouse,
    coalesce(h.said.metadata."httpPath", h.said."httpPath") as http_path,
    l.source."domainId" as domain_id,
    l.source."domainName" as domain_name,
    nullif(l.source."schemaEvolutionId", '') as schema_evolution_id,
    try_cast(d.source."schemaEvolution"->>'$.disabled' as boolean) as schema_evolution_disabled,
    d.source."columnEvolutionEnabled" as column_evolution,
    try_cast(l.source."createdAt" as timestamptz) as created_at,
    try_cast(d.source."updatedAt" as timestamptz) as updated_at,
    d.key is not null as detail_read,
    coalesce(h.table_name, if(h.key is not null, l.source."remoteTable", null)) is not null as handler_read,
    if(d.key is null, null, d.source."policyHandler" is not null) as has_policy_handler,
    l.key in (select key from gone where endpoint = 'immuta.dictionary') as dictionary_absent,
    coalesce(d.page_id, l.page_id) as page_id,
    if(d.key is null, l.item, '') as item,
    hash(d.source, h.said) as content_hash
from listed l
left join detailed d using (key)
left join handled h using (key)
left join handler_wanted w using (key);

insert into policy_application by name
select source_id, policy, type, name, disabled, page_id, item
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
qualify row_number() over (partition by source_id, policy, type order by page_id desc) = 1
order by source_id, policy, type;

insert into immuta_source_tag by name
select
    key::integer as source_id,
    label.name as tag,
    page_id,
    '/tags' as item
from (select key, unnest(source.tags) as label, page_id from data_source_detail_item)
where label.name is not null
qualify row_number() over (partition by source_id, tag order by page_id desc) = 1
order by source_id, tag;
