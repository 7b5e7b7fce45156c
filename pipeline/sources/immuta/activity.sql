-- What was done in Immuta, and by whom.

-- start
-- an event of the Universal Audit Model; payloads differ by type
set variable activity_shape = '{"hits": [{"item": "VARCHAR", "id": "VARCHAR", "event": {
    "id": "VARCHAR", "action": "VARCHAR", "actionStatus": "VARCHAR", "actionStatusReason": "VARCHAR",
    "targetType": "VARCHAR", "targets": [{"id": "VARCHAR", "type": "VARCHAR", "name": "VARCHAR"}],
    "relatedResources": [{"id": "VARCHAR", "type": "VARCHAR"}],
    "actor": {"type": "VARCHAR", "id": "VARCHAR", "name": "VARCHAR", "identityProvider": "VARCHAR", "profileId": "VARCHAR"},
    "actorIp": "VARCHAR", "eventTimestamp": "VARCHAR", "receivedTimestamp": "VARCHAR",
    "requestId": "VARCHAR", "sessionId": "VARCHAR",
    "auditPayload": {"type": "VARCHAR", "policyId": "VARCHAR", "globalPolicyId": "VARCHAR"}}}]}';

-- the id of a data source among what an event is about, or of what it is related to
create macro source_among(resources) as try_cast(
    list_filter(resources, lambda one: upper(replace(one.type, '_', '')) = 'DATASOURCE')[1].id as integer
);

-- likewise the id of a global policy; policies of one source only have numbers of their own
create macro policy_among(resources) as try_cast(
    list_filter(resources, lambda one: upper(replace(one.type, '_', '')) in ('GLOBALPOLICY', 'POLICY'))[1].id as integer
);

-- what became of the certification of a policy on a data source. The events DatasourcePolicyCertified, DatasourcePolicyDecertified and
-- DatasourcePolicyCertificationExpired are documented (reference of custom certifications), and globalPolicyCertify of the older log is
-- what Immuta's own tap reads; the payloads are not, so the name is looked for in all that may bear it.
create macro certification_told(words) as case
    when regexp_matches(words, 'decertif(y|ied|ication)', 'i') then 'decertified'
    when regexp_matches(words, 'certif(y|ied|ication)', 'i') then if(regexp_matches(words, 'expire', 'i'), 'expired', 'certified')
end;

-- the log writes epoch milliseconds inside a text
create macro logged_at(text) as coalesce(make_timestamptz(try_cast(text as bigint) * 1000), try_cast(text as timestamptz));

-- rows of `immuta_audit_event` from a table of events
create macro events_of(items) as table
select distinct on (key)
    key as id,
    'uam' as model,
    event."eventTimestamp"::timestamptz as happened_at,
    try_cast(event."receivedTimestamp" as timestamptz) as received_at,
    event.action as action,
    event."actionStatus" as status,
    event."actionStatusReason" as reason,
    event."targetType" as target_type,
    event.targets[1].id as target_id,
    event.targets[1].name as target_name,
    coalesce(source_among(event.targets), source_among(event."relatedResources")) as source_id,
    coalesce(
        policy_among(event.targets),
        policy_among(event."relatedResources"),
        try_cast(event."auditPayload"."globalPolicyId" as integer),
        try_cast(event."auditPayload"."policyId" as integer)
    ) as policy_id,
    certification_told(concat_ws(' ', event."auditPayload".type, event.action)) as certification,
    event.actor.type as actor_type,
    event.actor.id as actor_id,
    event.actor.name as actor_name,
    event.actor."identityProvider" as iam_id,
    try_cast(event.actor."profileId" as integer) as profile_id,
    event."actorIp" as actor_ip,
    event."requestId" as request_id,
    event."sessionId" as session_id,
    event."auditPayload".type as payload_type,
    page_id,
    item
from query_table(items)
order by key, page_id;

-- endpoint: activity
create table activity_item as
select page_id, hit.item as item, coalesce(hit.event.id, hit.id) as key, hit.event as event
from (
    select page_id, unnest(page.hits) as hit
    from (select page_id, from_json(body, getvariable('activity_shape')) as page from pages)
)
where key is not null
    and hit.event."eventTimestamp" is not null
    and readable(hit.event."eventTimestamp");

insert into immuta_audit_event by name
from events_of('activity_item');

-- endpoint: activity_feed
create table activity_feed_item as
select page_id, hit.item as item, hit.event.id as key, hit.event as event
from (
    select page_id, unnest(page.hits) as hit
    from (select page_id, from_json(body, getvariable('activity_shape')) as page from pages)
)
where key is not null
    and hit.event."eventTimestamp" is not null
    and readable(hit.event."eventTimestamp");

insert into immuta_audit_event by name
from events_of('activity_feed_item');

-- endpoint: activity_log
create table activity_log_item as
select page_id, '/hits/' || position as item, record.id as key, record
from (
    select page_id, unnest(page.hits) as record, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"hits": [{
            "id": "VARCHAR", "dateTime": "VARCHAR", "recordType": "VARCHAR", "success": "VARCHAR", "failureReason": "VARCHAR",
            "dataSourceId": "INTEGER", "dataSourceName": "VARCHAR", "projectId": "INTEGER", "projectName": "VARCHAR",
            "userId": "VARCHAR", "profileId": "INTEGER", "email": "VARCHAR"}]}') as page
        from pages
    )
)
where record.id is not null and logged_at(record."dateTime") is not null;

insert into immuta_audit_event by name
select distinct on (key)
    key as id,
    'legacy' as model,
    logged_at(record."dateTime") as happened_at,
    record."recordType" as action,
    case lower(record.success) when 'true' then 'SUCCESS' when 'false' then 'FAILURE' else record.success end as status,
    record."failureReason" as reason,
    case
        when coalesce(record."dataSourceName", record."dataSourceId"::varchar) is not null then 'DATASOURCE'
        when coalesce(record."projectName", record."projectId"::varchar) is not null then 'PROJECT'
    end as target_type,
    coalesce(record."dataSourceId", record."projectId")::varchar as target_id,
    coalesce(record."dataSourceName", record."projectName") as target_name,
    record."dataSourceId" as source_id,
    certification_told(record."recordType") as certification,
    record."userId" as actor_id,
    record.email as actor_name,
    record."profileId" as profile_id,
    page_id,
    item
from activity_log_item
order by key, page_id;

-- endpoint: key_activity
create table key_activity_item as
select page_id, item, coalesce(plain(said, '$.id'), md5(said::varchar)) as key, said
from (
    select page_id, hit.item as item, hit.said as said
    from (
        select page_id, unnest(page.hits) as hit
        from (select page_id, from_json(body, '{"hits": [{"item": "VARCHAR", "said": "JSON"}]}') as page from pages)
    )
)
where json_type(said) = 'OBJECT';

insert into immuta_key_activity by name
select distinct on (key)
    key as id,
    coalesce(
        logged_at(plain(said, '$.dateTime')), logged_at(plain(said, '$.timestamp')), logged_at(plain(said, '$.lastUsed')),
        logged_at(plain(said, '$.createdAt'))
    ) as happened_at,
    coalesce(plain(said, '$.keyId'), plain(said, '$.apiKeyId'), plain(said, '$.apikeyId')) as key_id,
    coalesce(plain(said, '$.keyName'), plain(said, '$.apiKeyName'), plain(said, '$.name')) as key_name,
    plain(said, '$.recordType') as action,
    coalesce(plain(said, '$.userId'), plain(said, '$.userid')) as user_id,
    try_cast(coalesce(plain(said, '$.profileId'), plain(said, '$.profile')) as integer) as profile_id,
    said,
    page_id,
    item
from key_activity_item
order by key, page_id;
