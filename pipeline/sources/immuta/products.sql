-- Data products of the Request app: their sources, columns, forms and recent decisions.

-- endpoint: data_product
create table data_product_item as
select page_id, '/data/' || position as item, product.id as key, product
from (
    select page_id, unnest(page.data) as product, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"data": [{
            "id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR", "domains": ["VARCHAR"], "suspended": "BOOLEAN",
            "createdBy": "VARCHAR", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "dataAccessReviewFlow": "JSON", "dataAccessPolicy": "JSON",
            "metadata": {"subjectMatterExpert": {"id": "VARCHAR", "name": "VARCHAR"}},
            "stats": {
                "totalRequestCount": "INTEGER", "dataSourceCount": "INTEGER", "pendingRequestCount": "INTEGER",
                "approvedRequestCount": "INTEGER", "revokedRequestCount": "INTEGER", "canceledRequestCount": "INTEGER",
                "deniedRequestCount": "INTEGER"}}]}') as page
        from pages
    )
)
where product.id is not null;

insert into data_product by name
select
    key as id,
    coalesce(product.name, key) as name,
    product.description as description,
    coalesce(product.domains, []) as domains,
    coalesce(product.suspended, false) as suspended,
    coalesce(product."dataAccessReviewFlow", product."dataAccessPolicy") as access_review_flow,
    product."createdBy" as created_by,
    product.metadata."subjectMatterExpert".id as expert_id,
    product.metadata."subjectMatterExpert".name as expert_name,
    try_cast(product."createdAt" as timestamptz) as created_at,
    try_cast(product."updatedAt" as timestamptz) as updated_at,
    product.stats."totalRequestCount" as total_request_count,
    product.stats."pendingRequestCount" as pending_request_count,
    product.stats."approvedRequestCount" as approved_request_count,
    product.stats."revokedRequestCount" as revoked_request_count,
    product.stats."canceledRequestCount" as canceled_request_count,
    product.stats."deniedRequestCount" as denied_request_count,
    product.stats."dataSourceCount" as data_source_count,
    page_id,
    item
from data_product_item
qualify row_number() over (partition by key order by page_id desc) = 1
order by key;

-- endpoint: product_source
create table product_source_page as
select page_id, key, from_json(body, '{
    "data": [{
        "name": "VARCHAR", "type": "VARCHAR", "sourceId": "VARCHAR",
        "hostname": "VARCHAR", "database": "VARCHAR", "schema": "VARCHAR", "table": "VARCHAR"}],
    "meta": {"nextToken": "VARCHAR"}}') as page
from pages;

create table product_source_item as
select page_id, '/data/' || position as item, product_id, product_id || '.' || source."sourceId" as key, source
from (
    select page_id, key as product_id, unnest(page.data) as source, generate_subscripts(page.data, 1) - 1 as position
    from product_source_page
)
where source."sourceId" is not null;

-- one row per page that ends a list of a product's sources
create table product_source_end as
select key as product_id
from product_source_page
where page.meta."nextToken" is null;

drop table product_source_page;

-- endpoint: product_source_all
create table product_source_all_page as
select page_id, key as product_id, from_json(body, '{"dataSources": [{"sourceId": "VARCHAR"}]}') as page
from pages;

create table product_source_all_item as
select page_id, '/dataSources/' || position as item, product_id, product_id || '.' || source."sourceId" as key, source
from (
    select page_id, product_id, unnest(page."dataSources") as source, generate_subscripts(page."dataSources", 1) - 1 as position
    from product_source_all_page
)
where source."sourceId" is not null;

create table product_source_all_end as
select product_id
from product_source_all_page;

drop table product_source_all_page;

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
select
    product_id,
    col."sourceId" as source_id,
    col.name as name,
    coalesce(col.tags, []) as tags,
    col."globalPolicyInfo"."maskingType" as global_masking,
    col."localPolicyInfo"."maskingType" as local_masking,
    page_id,
    item
from product_column_item
qualify row_number() over (partition by product_id, source_id, name order by page_id desc) = 1
order by product_id, source_id, name;

-- endpoint: request_form
create table request_form_item as
select page_id, '/' || position as item, product_id, product_id || '.' || form.id as key, form
from (
    select page_id, key as product_id, unnest(page) as form, generate_subscripts(page, 1) - 1 as position
    from (select page_id, key, from_json(body, '[' || getvariable('form_shape') || ']') as page from pages)
)
where form.id is not null;

insert into request_form by name
select
    product_id,
    form.id as id,
    form.name as name,
    coalesce(form."requestType", 'unknown') as request_type,
    form.version as version,
    form_version(form).field_count as field_count,
    form_version(form).required_field_count as required_field_count,
    form_version(form).review_rule_count as review_rule_count,
    form_version(form).default_event as default_event,
    coalesce(form."inheritedFrom" is not null and form."inheritedFrom"::varchar <> 'null', false) as inherited,
    page_id,
    item
from request_form_item
qualify row_number() over (partition by product_id, id order by page_id desc) = 1
order by product_id, id;

-- endpoint: determination
create table determination_item as
select page_id, '/determinations/' || position as item, product_id, determination.id as key, 'DATA_ACCESS' as type, determination
from (
    select page_id, key as product_id, unnest(page.determinations) as determination, generate_subscripts(page.determinations, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('determination_shape')) as page from pages)
)
where determination.id is not null and readable(determination.expiration);

-- endpoint: masking_determination
create table masking_determination_item as
select page_id, '/determinations/' || position as item, product_id, determination.id as key, 'MASKING_EXCEPTION' as type, determination
from (
    select page_id, key as product_id, unnest(page.determinations) as determination, generate_subscripts(page.determinations, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('determination_shape')) as page from pages)
)
where determination.id is not null and readable(determination.expiration);

-- start
set variable determination_shape = '{"determinations": [{
    "id": "VARCHAR", "status": "VARCHAR", "reason": "VARCHAR",
    "createdAt": "VARCHAR", "updatedAt": "VARCHAR", "expiration": "VARCHAR",
    "requestingUser": {"globalUserId": "VARCHAR"}, "user": {"globalUserId": "VARCHAR"}, "actionBy": {"globalUserId": "VARCHAR"}}]}';

-- finish
insert into data_product_source by name
select
    coalesce(p.product_id, a.product_id) as product_id,
    coalesce(p.source."sourceId", a.source."sourceId") as source_id,
    p.source.name as name,
    p.source.type as technology,
    p.source.hostname as host,
    p.source.database as database_name,
    p.source.schema as schema_name,
    p.source.table as table_name,
    case when a.key is null then 'paged' when p.key is null then 'all' else 'both' end as listed_in,
    coalesce(p.page_id, a.page_id) as page_id,
    coalesce(p.item, a.item) as item
from (select * from product_source_item qualify row_number() over (partition by key order by page_id desc) = 1) p
full join (select * from product_source_all_item qualify row_number() over (partition by key order by page_id desc) = 1) a using (key);

insert into determination by name
select
    key as id,
    product_id,
    type,
    determination.status as status,
    determination."requestingUser"."globalUserId" as requester_id,
    determination.user."globalUserId" as user_id,
    determination."actionBy"."globalUserId" as actor_id,
    coalesce(trim(determination.reason), '') <> '' as reason_given,
    try_cast(determination.expiration as timestamptz) as expires_at,
    try_cast(determination."createdAt" as timestamptz) as created_at,
    try_cast(determination."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from (
    from determination_item
    union all by name
    from masking_determination_item
)
qualify row_number() over (partition by key order by page_id desc) = 1
order by key;
