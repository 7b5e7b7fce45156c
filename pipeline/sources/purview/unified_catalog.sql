-- start
-- the same state is sent in upper case by some lists and in title case by others
create macro lifecycle(word) as case
    when lower(word) in ('draft', 'published', 'expired', 'closed') then upper(word[1]) || lower(word[2:])
    else word
end;

-- people by their role in a business object; roles are in lower case here and capitalised in the Data Map
create macro contacts_of(contacts) as list_concat(
    list_transform(contacts.owner, lambda one: {'role': 'Owner', 'id': one.id, 'info': one.description}),
    list_transform(contacts.expert, lambda one: {'role': 'Expert', 'id': one.id, 'info': one.description}),
    list_transform(contacts."databaseAdmin", lambda one: {'role': 'DatabaseAdmin', 'id': one.id, 'info': one.description})
);

-- what a thing is related to, each with its place in the answer
create macro relations(body) as list_filter(
    list_transform(
        from_json(body, '{"value": [{"entityId": "VARCHAR", "relationshipType": "VARCHAR"}]}').value,
        lambda one, i: {'item': '/value/' || (i - 1), 'id': one."entityId", 'relation': one."relationshipType"}
    ),
    lambda one: one.id is not null
);

-- domains that others name as the one above them, and those that policies are for; the catalog itself is none
create macro domains_above(domains, policies) as table
select domain."parentId" as key, 'purview.business_domain' as listed_in, page_id, item
from query_table(domains)
where nullif(domain."parentId", '') <> '00000000-0000-0000-0000-000000000000'
    and domain."parentId" not in (
        select policy.properties.entity."referenceName"
        from query_table(policies)
        where policy.properties.entity.type <> 'BusinessDomainReference'
            and policy.properties.entity."referenceName" is not null
    )
union all
select policy.properties.entity."referenceName", 'purview.domain_policy', page_id, item
from query_table(policies)
where policy.properties.entity.type = 'BusinessDomainReference';

-- endpoint: business_domain
create table business_domain_item as
select page_id, '/value/' || position as item, domain.id as key, domain
from (
    select page_id, unnest(page.value) as domain, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR", "status": "VARCHAR", "type": "VARCHAR",
            "isRestricted": "BOOLEAN", "parentId": "VARCHAR", "managedAttributes": "JSON",
            "domains": [{"name": "VARCHAR", "friendlyName": "VARCHAR",
                "relatedCollections": [{"name": "VARCHAR", "friendlyName": "VARCHAR"}]}],
            "systemData": {"createdAt": "VARCHAR", "createdBy": "VARCHAR", "lastModifiedAt": "VARCHAR",
                "lastModifiedBy": "VARCHAR", "expiredAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where domain.id is not null
    and readable(domain."systemData"."expiredAt");

-- one row if the list was read to its end
create table business_domain_end as
select page_id
from (select page_id, from_json(body, '{"nextLink": "VARCHAR"}') as page from pages)
where nullif(page."nextLink", '') is null;

insert into business_domain by name
select distinct on (key)
    key as id,
    coalesce(domain.name, key) as name,
    -- every domain must name one: the topmost name nobody, or the tenant's catalog itself
    nullif(nullif(domain."parentId", ''), '00000000-0000-0000-0000-000000000000') as parent_id,
    domain.type as type,
    lifecycle(domain.status) as status,
    domain."isRestricted" as restricted,
    domain.description as description,
    domain."managedAttributes" as managed_attributes,
    try_cast(domain."systemData"."createdAt" as timestamptz) as created_at,
    domain."systemData"."createdBy" as created_by,
    try_cast(domain."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    domain."systemData"."lastModifiedBy" as updated_by,
    try_cast(domain."systemData"."expiredAt" as timestamptz) as expired_at,
    page_id,
    item,
    hash(domain) as content_hash
from business_domain_item
order by key, page_id desc;

insert into business_domain_collection by name
select distinct on (domain_id, collection_id)
    domain_id,
    collection.name as collection_id,
    platform_domain,
    page_id,
    item
from (
    select domain_id, platform.name as platform_domain, unnest(platform."relatedCollections") as collection, page_id, item
    from (select key as domain_id, unnest(domain.domains) as platform, page_id, item from business_domain_item)
)
where collection.name is not null
order by domain_id, collection_id, page_id desc;

-- endpoint: domain_policy
create table domain_policy_item as
select page_id, '/values/' || position as item, coalesce(policy.id, policy.name) as key, policy
from (
    select page_id, unnest(page.values) as policy, generate_subscripts(page.values, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"values": [{
            "id": "VARCHAR", "name": "VARCHAR",
            "properties": {
                "entity": {"type": "VARCHAR", "referenceName": "VARCHAR"},
                "attributeRules": [{"id": "VARCHAR", "name": "VARCHAR", "dnfCondition": [[{
                    "attributeName": "VARCHAR", "attributeValueIncludes": "VARCHAR",
                    "attributeValueIncludedIn": ["VARCHAR"], "attributeValueExcludes": "VARCHAR",
                    "attributeValueExcludedIn": ["VARCHAR"]}]]}]}}]}') as page
        from pages
    )
)
where coalesce(policy.id, policy.name) is not null;

-- one row per way into a rule: a list of conditions that must all hold
create temp table domain_way as
select
    page_id,
    rule_item as item,
    rule.id as rule_id,
    entity,
    unnest(rule."dnfCondition") as conditions
from (
    select
        page_id,
        item || '/properties/attributeRules/' || position as rule_item,
        rule,
        entity
    from (
        select
            page_id,
            item,
            policy.properties.entity as entity,
            unnest(policy.properties."attributeRules") as rule,
            generate_subscripts(policy.properties."attributeRules", 1) - 1 as position
        from domain_policy_item
    )
)
where rule.id is not null;

-- the principals that a way names, by id or by group; anything beyond one such list and the role itself narrows it
create temp table domain_member as
select
    rule_id,
    unnest(coalesce(principal."attributeValueIncludedIn", [principal."attributeValueIncludes"])) as principal_id,
    if(principal."attributeName" = 'principal.microsoft.groups', 'group', 'identity') as principal_kind,
    len(list_filter(conditions, lambda one: coalesce(one."attributeName", '') <> 'derived.purview.role')) > 1
        as conditional,
    page_id,
    item
from (
    select
        *,
        unnest(list_filter(conditions, lambda one:
            one."attributeName" in ('principal.microsoft.id', 'principal.microsoft.groups')
            and coalesce(one."attributeValueIncludedIn"[1], one."attributeValueIncludes") is not null)) as principal
    from domain_way
);

-- which rule takes the members of which other one over
create temp table domain_inheritance as
select distinct
    rule_id,
    unnest(list_transform(list_filter(conditions, lambda one:
        one."attributeName" = 'derived.purview.permission'
        and one."attributeValueIncludes" is not null), lambda one: one."attributeValueIncludes")) as from_rule_id,
    len(list_filter(conditions, lambda one: coalesce(one."attributeName", '') <> 'derived.purview.role')) > 1
        as conditional
from domain_way;

create temp table domain_effective as
with recursive reach(rule_id, from_rule_id, conditional) as (
    select distinct rule_id, rule_id, false from domain_way
    union
    select reach.rule_id, further.from_rule_id, reach.conditional or further.conditional
    from reach
    join domain_inheritance further on further.rule_id = reach.from_rule_id
)
select * from reach;

-- a role's rule is called <role>:<where it counts>; rules called permission... only gather roles
insert into domain_role_assignment by name
select distinct on (scope_id, role_id, principal_kind, principal_id)
    scope_id,
    if(entity.type = 'BusinessDomainReference', scope_id, null) as domain_id,
    role_id,
    principal_kind,
    principal_id,
    conditional,
    if(from_rule_id = rule_id, null, from_rule_id) as inherited_from,
    page_id,
    item
from (
    select
        regexp_extract(rule.rule_id, '^(.*):([^:]*)$', 1) as role_id,
        regexp_extract(rule.rule_id, '^(.*):([^:]*)$', 2) as scope_id,
        rule.entity,
        e.rule_id,
        e.from_rule_id,
        m.principal_kind,
        m.principal_id,
        m.conditional or e.conditional as conditional,
        m.page_id,
        m.item
    from domain_effective e
    join (select rule_id, any_value(entity) as entity from domain_way group by rule_id) rule on rule.rule_id = e.rule_id
    join domain_member m on m.rule_id = e.from_rule_id
)
where role_id <> ''
    and not starts_with(role_id, 'permission')
    and nullif(principal_id, '') is not null
order by scope_id, role_id, principal_kind, principal_id, conditional, from_rule_id <> rule_id, from_rule_id, page_id desc;

drop table domain_way;
drop table domain_member;
drop table domain_inheritance;
drop table domain_effective;

-- endpoint: data_product
create table data_product_item as
select page_id, '/value/' || position as item, product.id as key, product
from (
    select page_id, unnest(page.value) as product, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "name": "VARCHAR", "domain": "VARCHAR", "status": "VARCHAR", "type": "VARCHAR",
            "description": "VARCHAR", "businessUse": "VARCHAR", "updateFrequency": "VARCHAR", "endorsed": "BOOLEAN",
            "sensitivityLabel": "VARCHAR", "audience": ["VARCHAR"], "activeSubscriberCount": "INTEGER",
            "dataQualityScore": "DOUBLE", "managedAttributes": "JSON",
            "termsOfUse": [{"url": "VARCHAR"}], "documentation": [{"url": "VARCHAR"}],
            "additionalProperties": {"assetCount": "BIGINT"},
            "contacts": {"owner": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "expert": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "databaseAdmin": [{"id": "VARCHAR", "description": "VARCHAR"}]},
            "systemData": {"createdAt": "VARCHAR", "createdBy": "VARCHAR", "lastModifiedAt": "VARCHAR",
                "lastModifiedBy": "VARCHAR", "expiredAt": "VARCHAR", "provisioningState": "VARCHAR"}}]}') as page
        from pages
    )
)
where product.id is not null
    and readable(product."systemData"."expiredAt")
    and readable(product."systemData"."lastModifiedAt");

-- a row if the list was read to its end; where pages give no address, each of them may be it
create table data_product_end as
select page_id
from (select page_id, from_json(body, '{"nextLink": "VARCHAR"}') as page from pages)
where nullif(page."nextLink", '') is null;

insert into purview_data_product by name
select distinct on (key)
    key as id,
    coalesce(product.name, key) as name,
    product.domain as domain_id,
    lifecycle(product.status) as status,
    product.type as type,
    product.description as description,
    product."businessUse" as business_use,
    product."updateFrequency" as update_frequency,
    product.endorsed as endorsed,
    product."sensitivityLabel" as sensitivity_label,
    coalesce(product.audience, []) as audience,
    product."additionalProperties"."assetCount" as asset_count,
    product."activeSubscriberCount" as subscriber_count,
    product."dataQualityScore" as quality_score,
    coalesce(len(product."termsOfUse"), 0) > 0 as has_terms_of_use,
    coalesce(len(product.documentation), 0) > 0 as has_documentation,
    product."managedAttributes" as managed_attributes,
    product."systemData"."provisioningState" as provisioning_state,
    try_cast(product."systemData"."createdAt" as timestamptz) as created_at,
    product."systemData"."createdBy" as created_by,
    try_cast(product."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    product."systemData"."lastModifiedBy" as updated_by,
    try_cast(product."systemData"."expiredAt" as timestamptz) as expired_at,
    page_id,
    item,
    hash(product) as content_hash
from data_product_item
order by key, page_id desc;

insert into purview_data_product_contact by name
select distinct on (product_id, role, principal_id)
    product_id, contact.role as role, contact.id as principal_id, contact.info as info, page_id, item
from (select key as product_id, unnest(contacts_of(product.contacts)) as contact, page_id, item from data_product_item)
where nullif(contact.id, '') is not null
order by product_id, role, principal_id, page_id desc;

-- endpoint: data_product_asset
create table data_product_asset_item as
select page_id, one.item as item, key || '/' || one.id as key, key as product_id, one.id as catalog_asset_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

-- endpoint: data_product_term
create table data_product_term_item as
select page_id, one.item as item, key || '/' || one.id as key, key as product_id, one.id as term_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

insert into catalog_term_use by name
select distinct on (term_id, product_id)
    term_id,
    'DataProduct' as used_by,
    product_id as used_by_id,
    relation,
    page_id,
    item
from data_product_term_item
order by term_id, product_id, page_id desc;

-- endpoint: data_product_element
create table data_product_element_item as
select page_id, one.item as item, key || '/' || one.id as key, key as product_id, one.id as element_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

insert into purview_data_product_element by name
select distinct on (product_id, element_id)
    product_id, element_id, relation, page_id, item
from data_product_element_item
order by product_id, element_id, page_id desc;

-- endpoint: data_product_objective
create table data_product_objective_item as
select page_id, one.item as item, key || '/' || one.id as key, key as product_id, one.id as objective_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

insert into purview_data_product_objective by name
select distinct on (product_id, objective_id)
    product_id, objective_id, relation, page_id, item
from data_product_objective_item
order by product_id, objective_id, page_id desc;

-- endpoint: catalog_asset
create table catalog_asset_item as
select page_id, '/value/' || position as item, asset.id as key, asset
from (
    select page_id, unnest(page.value) as asset, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR", "description": "VARCHAR",
            "classifications": ["VARCHAR"],
            "source": {"type": "VARCHAR", "assetId": "VARCHAR", "assetType": "VARCHAR", "fqn": "VARCHAR",
                "accountName": "VARCHAR", "lastRefreshedAt": "VARCHAR"},
            "systemData": {"createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR", "provisioningState": "VARCHAR"}}]}') as page
        from pages
    )
)
where asset.id is not null;

insert into catalog_asset by name
select distinct on (key)
    key as id,
    coalesce(asset.name, key) as name,
    asset.type as type,
    asset.description as description,
    -- the guid of another kind of source says nothing about the Data Map
    if(coalesce(asset.source.type, 'DataMap') = 'DataMap', asset.source."assetId", null) as asset_guid,
    asset.source."assetType" as asset_type,
    asset.source.fqn as qualified_name,
    asset.source."accountName" as account,
    coalesce(asset.classifications, []) as classifications,
    asset."systemData"."provisioningState" as provisioning_state,
    try_cast(asset.source."lastRefreshedAt" as timestamptz) as refreshed_at,
    try_cast(asset."systemData"."createdAt" as timestamptz) as created_at,
    try_cast(asset."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from catalog_asset_item
order by key, page_id desc;

-- endpoint: catalog_term
create table catalog_term_item as
select page_id, '/value/' || position as item, term.id as key, term
from (
    select page_id, unnest(page.value) as term, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "name": "VARCHAR", "domain": "VARCHAR", "parentId": "VARCHAR", "status": "VARCHAR",
            "description": "VARCHAR", "acronyms": ["VARCHAR"], "isLeaf": "BOOLEAN", "managedAttributes": "JSON",
            "resources": [{"url": "VARCHAR"}],
            "contacts": {"owner": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "expert": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "databaseAdmin": [{"id": "VARCHAR", "description": "VARCHAR"}]},
            "systemData": {"createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR", "expiredAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where term.id is not null
    and readable(term."systemData"."expiredAt");

insert into catalog_term by name
select distinct on (key)
    key as id,
    coalesce(term.name, key) as name,
    term.domain as domain_id,
    nullif(term."parentId", '') as parent_id,
    lifecycle(term.status) as status,
    term.description as description,
    coalesce(term.acronyms, []) as acronyms,
    coalesce(len(term.resources), 0) > 0 as has_resources,
    term."isLeaf" as is_leaf,
    term."managedAttributes" as managed_attributes,
    try_cast(term."systemData"."createdAt" as timestamptz) as created_at,
    try_cast(term."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    try_cast(term."systemData"."expiredAt" as timestamptz) as expired_at,
    page_id,
    item,
    hash(term) as content_hash
from catalog_term_item
order by key, page_id desc;

insert into catalog_term_contact by name
select distinct on (term_id, role, principal_id)
    term_id, contact.role as role, contact.id as principal_id, contact.info as info, page_id, item
from (select key as term_id, unnest(contacts_of(term.contacts)) as contact, page_id, item from catalog_term_item)
where nullif(contact.id, '') is not null
order by term_id, role, principal_id, page_id desc;

-- endpoint: term_asset
create table term_asset_item as
select page_id, one.item as item, key || '/' || one.id as key, key as term_id, one.id as catalog_asset_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

-- endpoint: term_column
create table term_column_item as
select page_id, one.item as item, key || '/' || one.id as key, key as term_id, one.id as column_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

-- endpoint: term_relation
create table term_relation_item as
select page_id, one.item as item, key || '/' || one.id as key, key as term_id, one.id as other_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

insert into catalog_term_relation by name
select distinct on (term_id, other_id, relation)
    term_id, other_id, relation, page_id, item
from (select * replace (coalesce(relation, 'unknown') as relation) from term_relation_item)
order by term_id, other_id, relation, page_id desc;

-- endpoint: critical_data_element
create table critical_data_element_item as
select page_id, '/value/' || position as item, element.id as key, element
from (
    select page_id, unnest(page.value) as element, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "name": "VARCHAR", "domain": "VARCHAR", "status": "VARCHAR", "dataType": "VARCHAR",
            "description": "VARCHAR", "managedAttributes": "JSON",
            "contacts": {"owner": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "expert": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "databaseAdmin": [{"id": "VARCHAR", "description": "VARCHAR"}]},
            "systemData": {"createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR", "expiredAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where element.id is not null
    and readable(element."systemData"."expiredAt");

insert into critical_data_element by name
select distinct on (key)
    key as id,
    coalesce(element.name, key) as name,
    element.domain as domain_id,
    lifecycle(element.status) as status,
    element."dataType" as data_type,
    element.description as description,
    element."managedAttributes" as managed_attributes,
    try_cast(element."systemData"."createdAt" as timestamptz) as created_at,
    try_cast(element."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    try_cast(element."systemData"."expiredAt" as timestamptz) as expired_at,
    page_id,
    item,
    hash(element) as content_hash
from critical_data_element_item
order by key, page_id desc;

insert into critical_data_element_contact by name
select distinct on (element_id, role, principal_id)
    element_id, contact.role as role, contact.id as principal_id, contact.info as info, page_id, item
from (
    select key as element_id, unnest(contacts_of(element.contacts)) as contact, page_id, item
    from critical_data_element_item
)
where nullif(contact.id, '') is not null
order by element_id, role, principal_id, page_id desc;

-- endpoint: critical_element_column
create table critical_element_column_item as
select page_id, one.item as item, key || '/' || one.id as key, key as element_id, one.id as column_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

-- endpoint: critical_element_term
create table critical_element_term_item as
select page_id, one.item as item, key || '/' || one.id as key, key as element_id, one.id as term_id, one.relation as relation
from (select page_id, key, unnest(relations(body)) as one from pages);

insert into catalog_term_use by name
select distinct on (term_id, element_id)
    term_id,
    'CriticalDataElement' as used_by,
    element_id as used_by_id,
    relation,
    page_id,
    item
from critical_element_term_item
order by term_id, element_id, page_id desc;

-- endpoint: catalog_column
create table catalog_column_item as
select page_id, '' as item, key, page as found
from (
    select page_id, key, from_json(body, '{"id": "VARCHAR",
        "source": {"type": "VARCHAR", "assetId": "VARCHAR", "columnId": "VARCHAR"}}') as page
    from pages
)
where page.source is not null;

-- endpoint: objective
create table objective_item as
select page_id, '/value/' || position as item, objective.id as key, objective
from (
    select page_id, unnest(page.value) as objective, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "definition": "VARCHAR", "domain": "VARCHAR", "status": "VARCHAR", "targetDate": "VARCHAR",
            "contacts": {"owner": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "expert": [{"id": "VARCHAR", "description": "VARCHAR"}],
                "databaseAdmin": [{"id": "VARCHAR", "description": "VARCHAR"}]},
            "additionalProperties": {"overallStatus": "VARCHAR", "overallProgress": "DOUBLE", "overallGoal": "DOUBLE",
                "overallMax": "DOUBLE", "keyResultsCount": "BIGINT"},
            "systemData": {"createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR", "closedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where objective.id is not null
    and readable(objective."targetDate");

insert into objective by name
select distinct on (key)
    key as id,
    coalesce(objective.definition, key) as definition,
    objective.domain as domain_id,
    lifecycle(objective.status) as status,
    try_cast(objective."targetDate" as timestamptz) as target_at,
    objective."additionalProperties"."overallStatus" as overall_status,
    objective."additionalProperties"."overallProgress" as overall_progress,
    objective."additionalProperties"."overallGoal" as overall_goal,
    objective."additionalProperties"."overallMax" as overall_max,
    objective."additionalProperties"."keyResultsCount" as key_result_count,
    try_cast(objective."systemData"."createdAt" as timestamptz) as created_at,
    try_cast(objective."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    try_cast(objective."systemData"."closedAt" as timestamptz) as closed_at,
    page_id,
    item,
    hash(objective) as content_hash
from objective_item
order by key, page_id desc;

insert into objective_contact by name
select distinct on (objective_id, role, principal_id)
    objective_id, contact.role as role, contact.id as principal_id, contact.info as info, page_id, item
from (
    select key as objective_id, unnest(contacts_of(objective.contacts)) as contact, page_id, item
    from objective_item
)
where nullif(contact.id, '') is not null
order by objective_id, role, principal_id, page_id desc;

-- endpoint: key_result
create table key_result_item as
select page_id, '/value/' || position as item, objective_id || '/' || result.id as key, objective_id, result
from (
    select page_id, key as objective_id, unnest(page.value) as result, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"value": [{
            "id": "VARCHAR", "definition": "VARCHAR", "domainId": "VARCHAR", "status": "VARCHAR",
            "progress": "DOUBLE", "goal": "DOUBLE", "max": "DOUBLE",
            "systemData": {"lastModifiedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where result.id is not null;

insert into key_result by name
select distinct on (objective_id, result.id)
    result.id as id,
    objective_id,
    coalesce(result.definition, result.id) as definition,
    result."domainId" as domain_id,
    result.status as status,
    result.progress as progress,
    result.goal as goal,
    result.max as max_value,
    try_cast(result."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from key_result_item
order by objective_id, result.id, page_id desc;

-- endpoint: business_domain_alone
create table business_domain_alone_item as
select page_id, '' as item, key, try_cast(found."systemData"."createdAt" as timestamptz) as created_at
from (select page_id, key, from_json(body, '{"systemData": {"createdAt": "VARCHAR"}}') as found from pages);

-- finish
insert into purview_data_product_asset by name
select distinct on (product_id, catalog_asset_id)
    product_id,
    r.catalog_asset_id as catalog_asset_id,
    c.asset_guid as asset_guid,
    relation,
    r.page_id as page_id,
    r.item as item
from data_product_asset_item r
left join catalog_asset c on c.id = r.catalog_asset_id
order by product_id, r.catalog_asset_id, r.page_id desc;

insert into critical_data_element_column by name
select distinct on (element_id, column_id)
    element_id,
    column_id as catalog_column_id,
    found.source."columnId" as column_guid,
    found.source."assetId" as asset_guid,
    relation,
    r.page_id as page_id,
    r.item as item
from critical_element_column_item r
left join catalog_column_item c on c.key = column_id
order by element_id, column_id, r.page_id desc;

insert into catalog_term_asset by name
select distinct on (term_id, catalog_asset_id)
    term_id,
    r.catalog_asset_id as catalog_asset_id,
    c.asset_guid as asset_guid,
    relation,
    r.page_id as page_id,
    r.item as item
from term_asset_item r
left join catalog_asset c on c.id = r.catalog_asset_id
order by term_id, r.catalog_asset_id, r.page_id desc;

insert into catalog_term_column by name
select distinct on (term_id, column_id)
    term_id,
    column_id as catalog_column_id,
    found.source."columnId" as column_guid,
    found.source."assetId" as asset_guid,
    relation,
    r.page_id as page_id,
    r.item as item
from term_column_item r
left join catalog_column_item c on c.key = column_id
order by term_id, column_id, r.page_id desc;

-- domains that other lists name and their own one lacks, by what the API said about each of them alone
insert into listing_difference by name
select *, cause = 'hole' as hole
from (
    select distinct on (n.key)
        'domain' as about,
        n.key as key,
        listed_in,
        'purview.business_domain' as missing_in,
        cause_alone('purview.business_domain_alone', n.key, a.key is not null, a.created_at) as cause,
        n.page_id as page_id,
        n.item as item
    from (
        select listed_in, key, page_id, item from domains_above('business_domain_item', 'domain_policy_item')
        union all
        select 'purview.data_product', product.domain, page_id, item from data_product_item
        union all
        select 'purview.catalog_term', term.domain, page_id, item from catalog_term_item
        union all
        select 'purview.critical_data_element', element.domain, page_id, item from critical_data_element_item
        union all
        select 'purview.objective', objective.domain, page_id, item from objective_item
    ) n
    semi join asked on asked.endpoint = 'purview.business_domain_alone' and asked.key = n.key
    left join business_domain_alone_item a on a.key = n.key
    order by n.key, listed_in, n.page_id, n.item
);

insert into trimmed_list by name
select
    'purview.business_domain' as missing_in,
    lacks(cause, key, listed_in) as reason
from listing_difference
where missing_in = 'purview.business_domain'
    and cause in ('hole', 'refused')
group by cause;

-- what belongs to a domain that is not shown is left out unsaid
insert into trimmed_list by name
select
    'purview.' || unnest([
        'domain_policy', 'data_product', 'catalog_asset', 'catalog_term', 'critical_data_element', 'objective',
        'data_subscription', 'access_workflow', 'access_workflow_run'
    ]) as missing_in,
    'of business domains only a part is shown: ' || string_agg(reason, '; ' order by reason) as reason
from trimmed_list
where missing_in = 'purview.business_domain'
having count(*) > 0;
