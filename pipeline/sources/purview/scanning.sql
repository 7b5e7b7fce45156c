-- endpoint: data_source
create table data_source_item as
select page_id, '/value/' || position as item, source.name as key, source
from (
    select page_id, unnest(page.value) as source, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "name": "VARCHAR", "kind": "VARCHAR",
            "properties": {"collection": {"referenceName": "VARCHAR"}, "createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR",
                "endpoint": "VARCHAR", "host": "VARCHAR", "serverEndpoint": "VARCHAR", "serverlessSqlEndpoint": "VARCHAR",
                "dedicatedSqlEndpoint": "VARCHAR", "workspaceUrl": "VARCHAR", "clusterUrl": "VARCHAR", "tenant": "VARCHAR"}}]}') as page
        from pages
    )
)
where source.name is not null;

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
        source.properties."workspaceUrl",
        source.properties."clusterUrl",
        source.properties.tenant
    ) as address,
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
            "name": "VARCHAR", "kind": "VARCHAR",
            "properties": {"scanRulesetName": "VARCHAR", "scanRulesetType": "VARCHAR"}}]}') as page
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
    body.properties."scanRulesetName" as ruleset_name,
    body.properties."scanRulesetType" as ruleset_type,
    page_id,
    item
from scan_item
order by key, page_id;

-- endpoint: scan_trigger
create table scan_trigger_item as
select page_id, '' as item, key, page as trigger
from (
    -- timeZone and timezone, schedule and its absence: only what rules read is named
    select page_id, key, from_json(body, '{"name": "VARCHAR", "properties": {"scanLevel": "VARCHAR", "state": "VARCHAR",
        "recurrence": {"frequency": "VARCHAR", "interval": "INTEGER", "startTime": "VARCHAR", "endTime": "VARCHAR"}}}') as page
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
    page_id,
    item
from scan_trigger_item
where trigger.properties.recurrence is not null
order by key, page_id;

-- endpoint: scan_run
create table scan_run_item as
select page_id, '/value/' || position as item, run.id as key, scan_id, run
from (
    select page_id, key as scan_id, unnest(page.value) as run, generate_subscripts(page.value, 1) - 1 as position
    from (
        -- both API versions: flat counts, and counts inside the discovery and ingestion parts
        select page_id, key, from_json(body, '{"value": [{
            "id": "VARCHAR", "status": "VARCHAR", "startTime": "VARCHAR", "endTime": "VARCHAR", "scanLevelType": "VARCHAR",
            "runType": "VARCHAR", "errorMessage": "VARCHAR", "assetsDiscovered": "BIGINT", "assetsClassified": "BIGINT",
            "discoveryExecutionDetails": {"status": "VARCHAR",
                "statistics": {"assets": {"discovered": "BIGINT", "classified": "BIGINT", "failed": "BIGINT"}}},
            "ingestionExecutionDetails": {"status": "VARCHAR"}}]}') as page
        from pages
    )
)
where run.id is not null
    and readable(run."endTime");

insert into scan_run by name
select distinct on (key)
    key as id,
    scan_id,
    -- runs say Canceled, their parts Cancelled
    coalesce(if(run.status = 'Cancelled', 'Canceled', run.status), 'unknown') as status,
    try_cast(run."startTime" as timestamptz) as started_at,
    try_cast(run."endTime" as timestamptz) as ended_at,
    run."scanLevelType" as scan_level,
    run."runType" as run_type,
    run."discoveryExecutionDetails".status as discovery_status,
    run."ingestionExecutionDetails".status as ingestion_status,
    coalesce(run."discoveryExecutionDetails".statistics.assets.discovered, run."assetsDiscovered") as assets_discovered,
    coalesce(run."discoveryExecutionDetails".statistics.assets.classified, run."assetsClassified") as assets_classified,
    run."discoveryExecutionDetails".statistics.assets.failed as assets_failed,
    run."errorMessage" as error_message,
    page_id,
    item
from scan_run_item
order by key, page_id;
