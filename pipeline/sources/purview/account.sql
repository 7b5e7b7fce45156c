-- endpoint: account
create table account_item as
select page_id, '' as item, account.name as key, account
from (
    select page_id, from_json(body, '{"id": "VARCHAR", "name": "VARCHAR", "location": "VARCHAR",
        "properties": {"friendlyName": "VARCHAR", "createdAt": "VARCHAR", "provisioningState": "VARCHAR",
            "publicNetworkAccess": "VARCHAR", "defaultDomain": "VARCHAR"},
        "systemData": {"createdAt": "VARCHAR"}}') as account
    from pages
)
where account.name is not null;

insert into account by name
select distinct on (key)
    key as id,
    account.properties."friendlyName" as name,
    account.id as resource_id,
    account.location as location,
    account.properties."defaultDomain" as default_domain_id,
    account.properties."provisioningState" as provisioning_state,
    account.properties."publicNetworkAccess" as public_network_access,
    try_cast(coalesce(account.properties."createdAt", account."systemData"."createdAt") as timestamptz) as created_at,
    page_id,
    item
from account_item
order by key, page_id;

-- endpoint: collection
create table collection_item as
select page_id, '/value/' || position as item, collection.name as key, collection
from (
    select page_id, unnest(page.value) as collection, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "name": "VARCHAR", "friendlyName": "VARCHAR", "description": "VARCHAR",
            "parentCollection": {"referenceName": "VARCHAR"}, "collectionProvisioningState": "VARCHAR",
            "systemData": {"createdAt": "VARCHAR", "createdBy": "VARCHAR", "lastModifiedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where collection.name is not null;

-- one row per page: whether it is the last one, and how many there are of how many
create table collection_page as
select page_id, page."count" as total, len(page.value) as came, nullif(page."nextLink", '') is null as ends
from (select page_id, from_json(body, '{"count": "BIGINT", "nextLink": "VARCHAR", "value": ["JSON"]}') as page from pages);

insert into collection by name
select distinct on (key)
    key as id,
    collection."friendlyName" as name,
    collection."parentCollection"."referenceName" as parent_id,
    collection.description as description,
    collection."collectionProvisioningState" as provisioning_state,
    try_cast(collection."systemData"."createdAt" as timestamptz) as created_at,
    collection."systemData"."createdBy" as created_by,
    try_cast(collection."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from collection_item
order by key, page_id;

-- endpoint: platform_domain
create table platform_domain_item as
select page_id, '/value/' || position as item, domain.name as key, domain
from (
    select page_id, unnest(page.value) as domain, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "name": "VARCHAR", "friendlyName": "VARCHAR", "description": "VARCHAR", "environment": "VARCHAR",
            "containerType": "VARCHAR", "provisioningState": "VARCHAR",
            "mergeInfo": {"accountName": "VARCHAR", "mergeStatus": "VARCHAR"},
            "systemData": {"createdAt": "VARCHAR", "createdBy": "VARCHAR", "lastModifiedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where domain.name is not null;

insert into platform_domain by name
select distinct on (key)
    key as id,
    domain."friendlyName" as name,
    domain.description as description,
    domain.environment as environment,
    domain."containerType" as container_type,
    domain."provisioningState" as provisioning_state,
    domain."mergeInfo"."accountName" as merged_account,
    domain."mergeInfo"."mergeStatus" as merge_status,
    try_cast(domain."systemData"."createdAt" as timestamptz) as created_at,
    domain."systemData"."createdBy" as created_by,
    try_cast(domain."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from platform_domain_item
order by key, page_id;

-- endpoint: collection_domain
create table collection_domain_item as
select page_id, '/value/' || position as item, collection.name as key, collection.domain as domain_id
from (
    select page_id, unnest(page.value) as collection, generate_subscripts(page.value, 1) - 1 as position
    from (select page_id, from_json(body, '{"value": [{"name": "VARCHAR", "domain": "VARCHAR"}]}') as page from pages)
)
where collection.name is not null;

insert into collection_domain by name
select distinct on (key)
    key as collection_id,
    domain_id,
    page_id,
    item
from collection_domain_item
where domain_id is not null
order by key, page_id;

-- endpoint: contact_assignment
create table contact_assignment_item as
select page_id, '/value/' || position as item, contact."assignmentId" as key, contact
from (
    select page_id, unnest(page.value) as contact, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "assignmentId": "VARCHAR", "principalId": "VARCHAR", "contactGroup": {"referenceName": "VARCHAR"},
            "scope": {"type": "VARCHAR", "referenceName": "VARCHAR"}, "systemData": {"createdAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where contact."assignmentId" is not null;

insert into contact_assignment by name
select distinct on (key)
    key as id,
    contact."principalId" as principal_id,
    contact."contactGroup"."referenceName" as contact_group,
    replace(contact.scope.type, 'Reference', '') as scope_kind,
    contact.scope."referenceName" as scope_id,
    try_cast(contact."systemData"."createdAt" as timestamptz) as created_at,
    page_id,
    item
from contact_assignment_item
where nullif(contact."principalId", '') is not null
order by key, page_id;
