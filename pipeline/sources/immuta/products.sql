-- Data products of the Request app: their sources, columns and forms.

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
