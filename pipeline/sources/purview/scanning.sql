-- start
-- `from_json` shape of scan rule sets: the service's own and custom ones
set variable ruleset_shape = '{"value": [{
    "name": "VARCHAR", "kind": "VARCHAR", "scanRulesetType": "VARCHAR", "status": "VARCHAR", "version": "INTEGER",
    "properties": {"description": "VARCHAR", "createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR",
        "excludedSystemClassifications": ["VARCHAR"], "includedCustomClassificationRuleNames": ["VARCHAR"],
        "scanningRule": {"fileExtensions": ["VARCHAR"], "customFileExtensions": [{"fileExtension": "VARCHAR"}]}}}]}';

-- runs say Canceled, their parts Cancelled
create macro one_l(status) as if(status = 'Cancelled', 'Canceled', status);

-- did a run work in full: its own word counts first, then what its parts say, then what they left undone;
-- null for a word that is not known
create macro run_outcome(status, discovery, ingestion, failed) as case
    when one_l(status) in ('Failed', 'Canceled') then one_l(status)
    when status = 'TransientFailure' then 'Failed'
    when status in ('Accepted', 'Queued', 'InProgress', 'Running') then 'Running'
    when status is distinct from 'Succeeded' then null
    when 'Failed' in (discovery, ingestion) then 'Failed'
    when one_l(discovery) = 'Canceled' or one_l(ingestion) in ('Canceled', 'Canceling') then 'Canceled'
    when discovery in ('Queued', 'Running', 'Delayed', 'Throttled') or ingestion in ('Queued', 'InProgress') then 'Running'
    when coalesce(discovery, 'Succeeded') in ('Succeeded', 'Completed')
        and coalesce(ingestion, 'Succeeded') in ('Succeeded', 'Completed')
        and coalesce(failed, 0) = 0 then 'Complete'
    else 'Partial'
end;

-- endpoint: data_source
create table data_source_item as
select page_id, '/value/' || position as item, source.name as key, source
from (
    select page_id, unnest(page.value) as source, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "name": "VARCHAR", "kind": "VARCHAR", "creationType": "VARCHAR",
            "properties": {"collection": {"referenceName": "VARCHAR"}, "createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR",
                "dataUseGovernance": "VARCHAR", "dataSourceCollectionMovingState": "VARCHAR",
                "resourceId": "VARCHAR", "resourceName": "VARCHAR", "resourceGroup": "VARCHAR", "subscriptionId": "VARCHAR",
                "location": "VARCHAR", "awsAccountId": "VARCHAR", "endpoint": "VARCHAR", "host": "VARCHAR",
                "serverEndpoint": "VARCHAR", "dedicatedSqlEndpoint": "VARCHAR", "serverlessSqlEndpoint": "VARCHAR",
                "sqlEndpoint": "VARCHAR", "sqlOnDemandEndpoint": "VARCHAR", "serviceUrl": "VARCHAR", "accountUri": "VARCHAR",
                "applicationServer": "VARCHAR", "workspaceUrl": "VARCHAR", "clusterUrl": "VARCHAR", "tenant": "VARCHAR"}}]}') as page
        from pages
    )
)
where source.name is not null;

-- one row per page: whether it is the last one, and how many there are of how many
create table data_source_page as
select page_id, page."count" as total, len(page.value) as came, nullif(page."nextLink", '') is null as ends
from (select page_id, from_json(body, '{"count": "BIGINT", "nextLink": "VARCHAR", "value": ["JSON"]}') as page from pages);

insert into data_source by name
select distinct on (key)
    key as name,
    coalesce(source.kind, 'unknown') as kind,
    source.properties.collection."referenceName" as collection_id,
    coalesce(
        source.properties.endpoint,
        source.properties.host,
        source.properties."serverEndpoint",
        source.properties."dedicatedSqlEndpoint",
        source.properties."serverlessSqlEndpoint",
        source.properties."sqlEndpoint",
        source.properties."sqlOnDemandEndpoint",
        source.properties."serviceUrl",
        source.properties."accountUri",
        source.properties."applicationServer",
        source.properties."workspaceUrl",
        source.properties."clusterUrl",
        source.properties.tenant
    ) as address,
    source.properties."awsAccountId" as aws_account_id,
    source.properties."resourceId" as resource_id,
    source.properties."resourceName" as resource_name,
    source.properties."resourceGroup" as resource_group,
    source.properties."subscriptionId" as subscription_id,
    source.properties.location as location,
    source.properties."dataUseGovernance" as data_use_governance,
    -- a word by the specification; the service sends its number, as a number or as a text
    case source.properties."dataSourceCollectionMovingState"
        when '0' then 'Active'
        when '1' then 'Moving'
        when '2' then 'Failed'
        else source.properties."dataSourceCollectionMovingState"
    end as moving_state,
    source."creationType" as creation_type,
    try_cast(source.properties."createdAt" as timestamptz) as created_at,
    try_cast(source.properties."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from data_source_item
order by key, page_id;

-- endpoint: scan
create table scan_item as
select page_id, '/value/' || position as item, data_source || '/' || scan.name as key, data_source, scan.name as scan, scan as body
from (
    select page_id, key as data_source, unnest(page.value) as scan, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"value": [{
            "name": "VARCHAR", "kind": "VARCHAR", "scanId": "VARCHAR", "creationType": "VARCHAR",
            "properties": {"scanRulesetName": "VARCHAR", "scanRulesetType": "VARCHAR",
                "collection": {"referenceName": "VARCHAR"}, "credential": {"referenceName": "VARCHAR", "credentialType": "VARCHAR"},
                "connectedVia": {"referenceName": "VARCHAR"}, "logLevel": "VARCHAR", "createdAt": "VARCHAR",
                "lastModifiedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where scan.name is not null;

insert into scan by name
select distinct on (key)
    key as id,
    data_source as data_source_name,
    scan as name,
    body.kind as kind,
    body."scanId" as scan_guid,
    body.properties."scanRulesetName" as ruleset_name,
    body.properties."scanRulesetType" as ruleset_type,
    body.properties.collection."referenceName" as collection_id,
    body.properties.credential."referenceName" as credential_name,
    body.properties.credential."credentialType" as credential_kind,
    body.properties."connectedVia"."referenceName" as integration_runtime,
    body."creationType" as creation_type,
    body.properties."logLevel" as log_level,
    try_cast(body.properties."createdAt" as timestamptz) as created_at,
    try_cast(body.properties."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from scan_item
order by key, page_id;

-- endpoint: scan_trigger
create table scan_trigger_item as
select page_id, '' as item, key, page as trigger, zone
from (
    -- the specification says timeZone, the service timezone; the times of day of a schedule are not read
    select page_id, key, from_json(body, '{"name": "VARCHAR", "properties": {"scanLevel": "VARCHAR", "state": "VARCHAR",
        "lastScheduled": "VARCHAR", "createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR",
        "recurrence": {"frequency": "VARCHAR", "interval": "INTEGER", "startTime": "VARCHAR", "endTime": "VARCHAR",
            "timeZone": "VARCHAR"}}}') as page,
        json_extract_string(body, '$.properties.recurrence.timezone') as zone
    from pages
)
where readable(page.properties.recurrence."endTime");

insert into scan_trigger by name
select distinct on (key)
    key as scan_id,
    trigger.properties.state as state,
    trigger.properties.recurrence.frequency as frequency,
    trigger.properties.recurrence."interval" as frequency_interval,
    try_cast(trigger.properties.recurrence."startTime" as timestamptz) as starts_at,
    try_cast(trigger.properties.recurrence."endTime" as timestamptz) as ends_at,
    trigger.properties."scanLevel" as scan_level,
    coalesce(trigger.properties.recurrence."timeZone", zone) as time_zone,
    try_cast(trigger.properties."lastScheduled" as timestamptz) as last_scheduled_at,
    try_cast(trigger.properties."createdAt" as timestamptz) as created_at,
    try_cast(trigger.properties."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from scan_trigger_item
where trigger.properties.recurrence is not null
order by key, page_id;

-- endpoint: scan_filter
create table scan_filter_item as
select page_id, '' as item, key, page.name as name, page.properties as filter
from (
    select page_id, key, from_json(body, '{"name": "VARCHAR", "properties": {"includeUriPrefixes": ["VARCHAR"],
        "excludeUriPrefixes": ["VARCHAR"], "includeRegexes": ["VARCHAR"], "excludeRegexes": ["VARCHAR"]}}') as page
    from pages
)
where page.properties is not null;

insert into scan_filter by name
select distinct on (key)
    key as scan_id,
    name,
    coalesce(filter."includeUriPrefixes", []) as include_uri_prefixes,
    coalesce(filter."excludeUriPrefixes", []) as exclude_uri_prefixes,
    coalesce(filter."includeRegexes", []) as include_regexes,
    coalesce(filter."excludeRegexes", []) as exclude_regexes,
    page_id,
    item
from scan_filter_item
order by key, page_id;

-- endpoint: scan_run
create table scan_run_item as
select page_id, '/value/' || position as item, run.id as key, scan_id, run
from (
    select page_id, key as scan_id, unnest(page.value) as run, generate_subscripts(page.value, 1) - 1 as position
    from (
        -- both API versions: flat counts, and counts inside the discovery and ingestion parts
        select page_id, key, from_json(body, '{"value": [{
            "id": "VARCHAR", "status": "VARCHAR", "startTime": "VARCHAR", "endTime": "VARCHAR", "queuedTime": "VARCHAR",
            "parentId": "VARCHAR", "resourceId": "VARCHAR", "ingestionJobId": "VARCHAR", "dataSourceType": "VARCHAR",
            "scanLevelType": "VARCHAR", "scanRulesetType": "VARCHAR", "scanRulesetVersion": "INTEGER", "runType": "VARCHAR",
            "errorMessage": "VARCHAR", "error": {"code": "VARCHAR", "message": "VARCHAR"},
            "diagnostics": {"notifications": "JSON", "exceptionCountMap": "JSON"},
            "assetsDiscovered": "BIGINT", "assetsClassified": "BIGINT",
            "discoveryExecutionDetails": {"status": "VARCHAR", "discoveryStartTime": "VARCHAR", "discoveryEndTime": "VARCHAR",
                "statistics": {"assets": {"discovered": "BIGINT", "classified": "BIGINT", "failed": "BIGINT"}}},
            "ingestionExecutionDetails": {"status": "VARCHAR", "ingestionStartTime": "VARCHAR", "ingestionEndTime": "VARCHAR",
                "statistics": {"assets": {"succeeded": "BIGINT", "failed": "BIGINT", "processing": "BIGINT"},
                    "relationships": {"succeeded": "BIGINT", "failed": "BIGINT"}}}}]}') as page
        from pages
    )
)
where run.id is not null
    and readable(run."endTime");

insert into scan_run by name
with told as (
    select
        *,
        run."discoveryExecutionDetails" as discovery,
        run."discoveryExecutionDetails".statistics.assets as found,
        run."ingestionExecutionDetails" as ingestion,
        run."ingestionExecutionDetails".statistics.assets as ingested,
        run."ingestionExecutionDetails".statistics.relationships as related
    from scan_run_item
)
select distinct on (key)
    key as id,
    scan_id,
    coalesce(one_l(run.status), 'unknown') as status,
    run_outcome(
        run.status,
        discovery.status,
        ingestion.status,
        coalesce(found.failed, 0) + coalesce(ingested.failed, 0) + coalesce(related.failed, 0)
    ) as outcome,
    try_cast(run."startTime" as timestamptz) as started_at,
    try_cast(run."endTime" as timestamptz) as ended_at,
    run."scanLevelType" as scan_level,
    run."runType" as run_type,
    discovery.status as discovery_status,
    ingestion.status as ingestion_status,
    coalesce(found.discovered, run."assetsDiscovered") as assets_discovered,
    coalesce(found.classified, run."assetsClassified") as assets_classified,
    found.failed as assets_failed,
    ingested.succeeded as assets_ingested,
    ingested.failed as assets_not_ingested,
    ingested.processing as assets_processing,
    related.succeeded as relationships_ingested,
    related.failed as relationships_not_ingested,
    run."scanRulesetType" as ruleset_type,
    run."scanRulesetVersion" as ruleset_version,
    run."dataSourceType" as data_source_kind,
    run."resourceId" as resource_id,
    run."parentId" as parent_id,
    run."ingestionJobId" as ingestion_job_id,
    try_cast(run."queuedTime" as timestamptz) as queued_at,
    try_cast(discovery."discoveryStartTime" as timestamptz) as discovery_started_at,
    try_cast(discovery."discoveryEndTime" as timestamptz) as discovery_ended_at,
    try_cast(ingestion."ingestionStartTime" as timestamptz) as ingestion_started_at,
    try_cast(ingestion."ingestionEndTime" as timestamptz) as ingestion_ended_at,
    run.error.code as error_code,
    coalesce(run."errorMessage", run.error.message) as error_message,
    run.diagnostics.notifications as notifications,
    run.diagnostics."exceptionCountMap" as exception_counts,
    page_id,
    item
from told
order by key, page_id;

-- endpoint: scan_ruleset
create table scan_ruleset_item as
select
    page_id,
    '/value/' || position as item,
    concat_ws('/', ruleset.name, ruleset.kind, ruleset.version) as key,
    ruleset,
    coalesce(ruleset."scanRulesetType", 'Custom') as type
from (
    select page_id, unnest(page.value) as ruleset, generate_subscripts(page.value, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('ruleset_shape')) as page from pages)
)
where ruleset.name is not null and ruleset.kind is not null;

-- endpoint: system_scan_ruleset
create table system_scan_ruleset_item as
select
    page_id,
    '/value/' || position as item,
    concat_ws('/', ruleset.name, ruleset.kind, ruleset.version) as key,
    ruleset,
    coalesce(ruleset."scanRulesetType", 'System') as type
from (
    select page_id, unnest(page.value) as ruleset, generate_subscripts(page.value, 1) - 1 as position
    from (select page_id, from_json(body, getvariable('ruleset_shape')) as page from pages)
)
where ruleset.name is not null and ruleset.kind is not null;

-- endpoint: classification_rule
create table classification_rule_item as
select page_id, '/value/' || position as item, rule.name as key, rule
from (
    select page_id, unnest(page.value) as rule, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{"name": "VARCHAR", "kind": "VARCHAR",
            "properties": {"classificationName": "VARCHAR", "ruleStatus": "VARCHAR", "version": "INTEGER",
                "description": "VARCHAR", "classificationAction": "VARCHAR", "minimumPercentageMatch": "DOUBLE",
                "minimumDistinctMatchCount": "INTEGER", "dataPatterns": [{"pattern": "VARCHAR"}],
                "columnPatterns": [{"pattern": "VARCHAR"}], "createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where rule.name is not null;

insert into classification_rule by name
select distinct on (key)
    key as name,
    coalesce(rule.kind, 'unknown') as kind,
    rule.properties."classificationName" as classification_name,
    rule.properties."ruleStatus" as status,
    rule.properties.version as version,
    rule.properties.description as description,
    rule.properties."classificationAction" as action,
    rule.properties."minimumPercentageMatch" as minimum_percentage_match,
    rule.properties."minimumDistinctMatchCount" as minimum_distinct_match_count,
    coalesce(list_transform(rule.properties."dataPatterns", lambda one: one.pattern), []) as data_patterns,
    coalesce(list_transform(rule.properties."columnPatterns", lambda one: one.pattern), []) as column_patterns,
    try_cast(rule.properties."createdAt" as timestamptz) as created_at,
    try_cast(rule.properties."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from classification_rule_item
order by key, page_id;

-- endpoint: scan_credential
create table scan_credential_item as
select page_id, '/value/' || position as item, credential.name as key, credential.kind as kind
from (
    select page_id, unnest(page.value) as credential, generate_subscripts(page.value, 1) - 1 as position
    from (select page_id, from_json(body, '{"value": [{"name": "VARCHAR", "kind": "VARCHAR"}]}') as page from pages)
)
where credential.name is not null;

insert into scan_credential by name
select distinct on (key)
    key as name,
    coalesce(kind, 'unknown') as kind,
    page_id,
    item
from scan_credential_item
order by key, page_id;

-- endpoint: integration_runtime
create table integration_runtime_item as
select page_id, '/value/' || position as item, runtime.name as key, runtime
from (
    select page_id, unnest(page.value) as runtime, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{"name": "VARCHAR", "kind": "VARCHAR",
            "properties": {"description": "VARCHAR"}}]}') as page
        from pages
    )
)
where runtime.name is not null;

insert into integration_runtime by name
select distinct on (key)
    key as name,
    coalesce(runtime.kind, 'unknown') as kind,
    runtime.properties.description as description,
    page_id,
    item
from integration_runtime_item
order by key, page_id;

-- finish
insert into scan_ruleset by name
select distinct on (ruleset_type, name, kind, version)
    type as ruleset_type,
    ruleset.name as name,
    ruleset.kind as kind,
    coalesce(ruleset.version, 0) as version,
    ruleset.status as status,
    ruleset.properties.description as description,
    coalesce(ruleset.properties."excludedSystemClassifications", []) as excluded_classifications,
    coalesce(ruleset.properties."includedCustomClassificationRuleNames", []) as included_rules,
    list_concat(
        coalesce(ruleset.properties."scanningRule"."fileExtensions", []),
        coalesce(list_transform(
            ruleset.properties."scanningRule"."customFileExtensions",
            lambda one: one."fileExtension"
        ), [])
    ) as file_extensions,
    try_cast(ruleset.properties."createdAt" as timestamptz) as created_at,
    try_cast(ruleset.properties."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from (
    from scan_ruleset_item
    union all by name
    from system_scan_ruleset_item
)
order by ruleset_type, name, kind, version, page_id;
