-- Assets of the Request app: single tables, the forms to ask for them, and who decides.

-- endpoint: form_asset
create table form_asset_item as
select page_id, '/' || position as item, form_id, concat_ws('.', form_id, asset.id, asset."requestType") as key, asset
from (
    select page_id, key as form_id, unnest(page) as asset, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '[{
            "id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR", "requestType": "VARCHAR"}]') as page
        from pages
    )
)
where asset.id is not null and asset.type is not null and asset."requestType" is not null;

insert into request_form_asset by name
select distinct on (key)
    form_id,
    asset.id as asset_id,
    asset."requestType" as request_type,
    asset.type as type,
    asset.name as name,
    page_id,
    item
from form_asset_item
order by key, page_id desc;

-- endpoint: asset
create table asset_item as
select page_id, '' as item, key, asset
from (
    select page_id, key, from_json(body, '{
        "id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
        "description": "VARCHAR", "registered": "BOOLEAN", "subjectMatterExperts": [{"id": "VARCHAR"}],
        "metadata": {
            "objectPath": ["VARCHAR"], "technology": "VARCHAR", "host": "VARCHAR", "port": "INTEGER", "legacyType": "VARCHAR",
            "dataSourceId": "INTEGER", "description": "VARCHAR", "externalLink": "VARCHAR", "subjectMatterExperts": [{"id": "VARCHAR"}]},
        "stats": {"dataSourceCount": "INTEGER"}}') as asset
    from pages
)
where asset.id is not null and asset.type is not null;

insert into request_asset by name
select distinct on (key)
    key as id,
    asset.type as type,
    coalesce(asset.name, key) as name,
    coalesce(asset.metadata."objectPath", []) as object_path,
    asset.metadata.technology as technology,
    asset.metadata.host as host,
    asset.metadata.port as port,
    asset.metadata."legacyType" as legacy_type,
    asset.metadata."dataSourceId" as source_id,
    asset.registered as registered,
    asset.stats."dataSourceCount" as data_source_count,
    list_sort(list_distinct([
        expert.id
        for expert in coalesce(asset.metadata."subjectMatterExperts", asset."subjectMatterExperts", [])
        if expert.id is not null
    ])) as expert_ids,
    coalesce(asset.metadata.description, asset.description) as description,
    asset.metadata."externalLink" as external_link,
    try_cast(asset."createdAt" as timestamptz) as created_at,
    try_cast(asset."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from asset_item
order by key, page_id desc;

-- endpoint: asset_form
create table asset_form_item as
select page_id, '' as item, key, page
from (
    select page_id, key, from_json(body, '{
        "dataAccessForm": ' || getvariable('form_shape') || ', "maskingExceptionForm": ' || getvariable('form_shape') || '}') as page
    from pages
)
where coalesce(page."dataAccessForm".id, page."maskingExceptionForm".id) is not null;

insert into asset_form by name
select distinct on (asset_id, request_type)
    asset_id,
    told.type as request_type,
    told.form.id as form_id,
    told.form.version as version,
    told.form.name as name,
    form_version(told.form).required_field_count as required_field_count,
    form_version(told.form).default_event as default_event,
    told.form."inheritedFrom" ->> '$.id' as inherited_from,
    page_id,
    told.item as item
from (
    select page_id, key as asset_id, unnest([
        {'type': 'DATA_ACCESS', 'item': '/dataAccessForm', 'form': page."dataAccessForm"},
        {'type': 'MASKING_EXCEPTION', 'item': '/maskingExceptionForm', 'form': page."maskingExceptionForm"}
    ]) as told
    from asset_form_item
)
where told.form.id is not null
order by asset_id, request_type, page_id desc;

-- endpoint: asset_review_flow
create table asset_review_flow_item as
select page_id, '' as item, key, page
from (
    select page_id, key, from_json(body, '{
        "dataAccessReviewFlow": {"rules": ["JSON"], "defaultEvent": "JSON", "inheritedFrom": {"id": "VARCHAR"}},
        "maskingExceptionReviewFlow": {"rules": ["JSON"], "defaultEvent": "JSON", "inheritedFrom": {"id": "VARCHAR"}}}') as page
    from pages
)
where coalesce(page."dataAccessReviewFlow", page."maskingExceptionReviewFlow") is not null;

insert into asset_review_flow by name
select distinct on (asset_id, request_type)
    asset_id,
    told.type as request_type,
    told.flow."defaultEvent" ->> '$.type' as default_event,
    coalesce(len(told.flow.rules), 0) as review_rule_count,
    to_json({'rules': told.flow.rules, 'defaultEvent': told.flow."defaultEvent"}) as review_flow,
    told.flow."inheritedFrom".id as inherited_from,
    page_id,
    told.item as item
from (
    select page_id, key as asset_id, unnest([
        {'type': 'DATA_ACCESS', 'item': '/dataAccessReviewFlow', 'flow': page."dataAccessReviewFlow"},
        {'type': 'MASKING_EXCEPTION', 'item': '/maskingExceptionReviewFlow', 'flow': page."maskingExceptionReviewFlow"}
    ]) as told
    from asset_review_flow_item
)
where told.flow is not null
order by asset_id, request_type, page_id desc;
