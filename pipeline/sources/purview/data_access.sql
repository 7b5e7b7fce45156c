-- start
-- ids of people and groups; null where nothing was stated
create macro object_ids(identities) as
    list_filter(list_transform(identities, lambda one: one."objectId"), lambda one: one is not null);

-- what a list states; none where there is no list
create macro stated(words) as coalesce(list_filter(words, lambda one: nullif(one, '') is not null), []);

create macro policy_set(body) as from_json(body, '{"policySetId": "VARCHAR", "policySetKind": "VARCHAR",
    "targetResource": {"resourceId": "VARCHAR", "resourceType": "VARCHAR"},
    "dataProductPolicies": {"approvalTimeline": "VARCHAR", "permittedUseCases": ["VARCHAR"],
        "permittedSubscribers": ["VARCHAR"],
        "approvers": [{"identityType": "VARCHAR", "objectId": "VARCHAR"}],
        "dataAccessGrantors": [{"identityType": "VARCHAR", "objectId": "VARCHAR"}],
        "sensitiveMarkers": ["VARCHAR"], "termsOfUseRequired": "BOOLEAN", "partnerSharingPermitted": "BOOLEAN",
        "customerSharingPermitted": "BOOLEAN", "maximumAccessDuration": "VARCHAR",
        "privacyComplianceApprovalRequired": "BOOLEAN", "skipWorkflow": "BOOLEAN", "usePowerAutomate": "BOOLEAN"},
    "entityId": "VARCHAR", "entityType": "VARCHAR",
    "policies": {"selfServiceAccessEnabled": "BOOLEAN", "workflowEnabled": "BOOLEAN"}}');

-- endpoint: data_subscription
-- the published schema and the published examples name the same things differently: the schema's name is tried first
create table data_subscription_item as
select page_id, '/value/' || position as item, coalesce(request."dataSubscriptionId", request.id) as key, request
from (
    select page_id, unnest(page.value) as request, generate_subscripts(page.value, 1) - 1 as position
    from (
        -- comments are free text about people: only whether there are any is kept
        select page_id, from_json(body, '{"value": [{
            "dataSubscriptionId": "VARCHAR", "subscriptionStatus": "VARCHAR", "dataProductId": "VARCHAR",
            "dataProductName": "VARCHAR", "domainId": "VARCHAR", "writeAccess": "BOOLEAN",
            "subscriberIdentity": {"identityType": "VARCHAR", "objectId": "VARCHAR"},
            "requestorIdentity": {"identityType": "VARCHAR", "objectId": "VARCHAR"},
            "policySetValues": {"useCases": ["VARCHAR"], "termsOfUseAccepted": "BOOLEAN", "requestorComments": "VARCHAR"},
            "globalComment": "VARCHAR", "createdAt": "VARCHAR", "createdBy": "VARCHAR",
            "accessExpirationDate": "VARCHAR", "accessDecisionDate": "VARCHAR",
            "useWorkflow": "BOOLEAN", "workflowId": "VARCHAR", "workflowName": "VARCHAR",
            "accessProviders": ["VARCHAR"], "dataAssets": [{"dataAssetId": "VARCHAR"}],
            "id": "VARCHAR", "status": "VARCHAR", "businessJustification": "VARCHAR",
            "targetBusinessConcept": {"id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR"},
            "createdDate": "VARCHAR", "lastModifiedDate": "VARCHAR"}]}') as page
        from pages
    )
)
where coalesce(request."dataSubscriptionId", request.id) is not null
    and readable(coalesce(request."createdAt", request."createdDate"))
    and readable(request."accessExpirationDate")
    and readable(request."accessDecisionDate");

-- one row if the list was read to its end
create table data_subscription_end as
select page_id
from (select page_id, from_json(body, '{"nextLink": "VARCHAR"}') as page from pages)
where nullif(page."nextLink", '') is null;

insert into data_subscription by name
select distinct on (key)
    key as id,
    coalesce(
        request."dataProductId",
        if(coalesce(request."targetBusinessConcept".type, 'DataProduct') = 'DataProduct',
            request."targetBusinessConcept".id, null)
    ) as product_id,
    coalesce(request."dataProductName", request."targetBusinessConcept".name) as product_name,
    request."domainId" as domain_id,
    coalesce(request."subscriptionStatus", request.status, 'unknown') as status,
    request."subscriberIdentity"."objectId" as subscriber_id,
    request."subscriberIdentity"."identityType" as subscriber_kind,
    request."requestorIdentity"."objectId" as requestor_id,
    request."writeAccess" as write_access,
    coalesce(request."policySetValues"."useCases", []) as use_cases,
    request."policySetValues"."termsOfUseAccepted" as terms_accepted,
    coalesce(
        nullif(trim(request."policySetValues"."requestorComments"), ''),
        nullif(trim(request."businessJustification"), ''),
        nullif(trim(request."globalComment"), '')
    ) is not null as comment_given,
    list_filter(list_transform(coalesce(request."dataAssets", []), lambda one: one."dataAssetId"),
        lambda one: one is not null) as catalog_asset_ids,
    coalesce(request."accessProviders", []) as provider_ids,
    nullif(request."workflowId", '') as workflow_id,
    request."workflowName" as workflow_name,
    try_cast(coalesce(request."createdAt", request."createdDate") as timestamptz) as created_at,
    request."createdBy" as created_by,
    try_cast(request."lastModifiedDate" as timestamptz) as updated_at,
    try_cast(request."accessDecisionDate" as timestamptz) as decided_at,
    try_cast(request."accessExpirationDate" as timestamptz) as expires_at,
    page_id,
    item
from data_subscription_item
order by key, page_id desc;

-- endpoint: applied_policy_set
create table applied_policy_set_item as
select page_id, '' as item, key, 'DataProduct' as subject_kind, 'Applied' as kind, policy_set(body) as found
from pages;

-- endpoint: effective_policy_set
create table effective_policy_set_item as
select page_id, '' as item, key, 'DataProduct' as subject_kind, 'Effective' as kind, policy_set(body) as found
from pages;

-- endpoint: domain_policy_set
create table domain_policy_set_item as
select page_id, '' as item, key, 'BusinessDomain' as subject_kind, 'Applied' as kind, policy_set(body) as found
from pages;

-- endpoint: term_policy_set
create table term_policy_set_item as
select page_id, '' as item, key, 'Term' as subject_kind, 'Applied' as kind, policy_set(body) as found
from pages;

-- endpoint: element_policy_set
create table element_policy_set_item as
select page_id, '' as item, key, 'CriticalDataElement' as subject_kind, 'Applied' as kind, policy_set(body) as found
from pages;

-- endpoint: access_workflow
create table access_workflow_item as
select page_id, '/value/' || position as item, workflow."workflowId" as key, workflow
from (
    select page_id, unnest(page.value) as workflow, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "workflowId": "VARCHAR", "type": "VARCHAR", "name": "VARCHAR", "isEnabled": "BOOLEAN", "description": "VARCHAR",
            "triggers": [{"type": "VARCHAR", "underGlossaryHierarchy": "VARCHAR"}], "actionDag": [{"actionType": "VARCHAR"}],
            "createdBy": "VARCHAR", "lastModifiedBy": "VARCHAR", "accessProviders": ["VARCHAR"]}]}') as page
        from pages
    )
)
where workflow."workflowId" is not null;

insert into access_workflow by name
select distinct on (key)
    key as id,
    coalesce(workflow.name, key) as name,
    workflow.type as type,
    workflow."isEnabled" as enabled,
    workflow.description as description,
    stated(list_transform(workflow.triggers, lambda one: one.type)) as triggers,
    stated(list_transform(workflow.triggers, lambda one: one."underGlossaryHierarchy")) as scopes,
    stated(list_transform(workflow."actionDag", lambda one: one."actionType")) as actions,
    stated(workflow."accessProviders") as provider_ids,
    workflow."createdBy" as created_by,
    workflow."lastModifiedBy" as updated_by,
    page_id,
    item
from access_workflow_item
order by key, page_id desc;

-- endpoint: access_workflow_run
create table access_workflow_run_item as
select page_id, '/value/' || position as item, run."workflowRunId" as key, run
from (
    select page_id, unnest(page.value) as run, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "workflowRunId": "VARCHAR", "workflowId": "VARCHAR", "workflowType": "VARCHAR", "workflowName": "VARCHAR",
            "status": "VARCHAR", "triggerType": "VARCHAR", "triggers": [{"type": "VARCHAR"}],
            "subscriber": {"objectId": "VARCHAR"}, "requestor": {"objectId": "VARCHAR"},
            "createdAt": "VARCHAR", "createdDate": "VARCHAR", "createdBy": "VARCHAR", "modifiedAt": "VARCHAR"}]}') as page
        from pages
    )
)
where run."workflowRunId" is not null
    and readable(coalesce(run."createdAt", run."createdDate"))
    and readable(run."modifiedAt");

insert into access_workflow_run by name
select distinct on (key)
    key as id,
    run."workflowId" as workflow_id,
    run."workflowName" as workflow_name,
    run."workflowType" as type,
    coalesce(run.triggers[1].type, run."triggerType") as trigger,
    coalesce(run.status, 'unknown') as status,
    run.subscriber."objectId" as subscriber_id,
    run.requestor."objectId" as requestor_id,
    try_cast(coalesce(run."createdAt", run."createdDate") as timestamptz) as created_at,
    run."createdBy" as created_by,
    try_cast(run."modifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from access_workflow_run_item
order by key, page_id desc;

-- endpoint: access_approval
create table access_approval_item as
select page_id, if(wrapped, '/', '/value/') || position as item, approval."approvalId" as key, run_id, approval
from (
    select
        page_id,
        key as run_id,
        coalesce(page.wrapped, false) as wrapped,
        unnest(page.value) as approval,
        generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"wrapped": "BOOLEAN", "value": [{
            "approvalId": "VARCHAR", "approver": {"identityType": "VARCHAR", "objectId": "VARCHAR"},
            "decision": "VARCHAR", "comments": "VARCHAR", "decisionDate": "VARCHAR"}]}') as page
        from pages
    )
)
where approval."approvalId" is not null
    and readable(approval."decisionDate");

insert into access_approval by name
select distinct on (key)
    key as id,
    run_id,
    approval.approver."objectId" as approver_id,
    approval.approver."identityType" as approver_kind,
    coalesce(approval.decision, 'unknown') as decision,
    nullif(trim(approval.comments), '') is not null as comment_given,
    try_cast(approval."decisionDate" as timestamptz) as decided_at,
    page_id,
    item
from access_approval_item
order by key, page_id desc;

-- endpoint: data_product_alone
create table data_product_alone_item as
select page_id, '' as item, key, try_cast(found."systemData"."createdAt" as timestamptz) as created_at
from (select page_id, key, from_json(body, '{"systemData": {"createdAt": "VARCHAR"}}') as found from pages);

-- finish
-- data products that requests name and their list lacks, by what the API said about each of them alone
insert into listing_difference by name
select *, cause = 'hole' as hole
from (
    select distinct on (s.product_id)
        'product' as about,
        s.product_id as key,
        'purview.data_subscription' as listed_in,
        'purview.data_product' as missing_in,
        cause_alone('purview.data_product_alone', s.product_id, a.key is not null, a.created_at) as cause,
        s.page_id as page_id,
        s.item as item
    from data_subscription s
    semi join asked on asked.endpoint = 'purview.data_product_alone' and asked.key = s.product_id
    left join data_product_alone_item a on a.key = s.product_id
    order by s.product_id, s.page_id, s.item
);

insert into trimmed_list by name
select
    missing_in,
    lacks(cause, key, listed_in) as reason
from listing_difference
where missing_in = 'purview.data_product'
    and cause in ('hole', 'refused')
group by missing_in, cause;

insert into access_policy_set by name
select distinct on (subject_kind, key, kind)
    subject_kind,
    key as subject_id,
    if(subject_kind = 'DataProduct', key, null) as product_id,
    kind,
    found."policySetId" as id,
    found."dataProductPolicies"."permittedUseCases" as permitted_use_cases,
    found."dataProductPolicies"."permittedSubscribers" as permitted_subscribers,
    object_ids(found."dataProductPolicies".approvers) as approver_ids,
    object_ids(found."dataProductPolicies"."dataAccessGrantors") as grantor_ids,
    found."dataProductPolicies"."sensitiveMarkers" as sensitive_markers,
    found."dataProductPolicies"."approvalTimeline" as approval_timeline,
    found."dataProductPolicies"."maximumAccessDuration" as maximum_duration,
    found."dataProductPolicies"."termsOfUseRequired" as terms_of_use_required,
    found."dataProductPolicies"."privacyComplianceApprovalRequired" as privacy_approval_required,
    found."dataProductPolicies"."partnerSharingPermitted" as partner_sharing,
    found."dataProductPolicies"."customerSharingPermitted" as customer_sharing,
    coalesce(found."dataProductPolicies"."skipWorkflow", not found.policies."workflowEnabled") as skips_workflow,
    found."dataProductPolicies"."usePowerAutomate" as uses_power_automate,
    found.policies."selfServiceAccessEnabled" as self_service,
    page_id,
    item
from (
    select * from applied_policy_set_item
    union all
    select * from effective_policy_set_item
    union all
    select * from domain_policy_set_item
    union all
    select * from term_policy_set_item
    union all
    select * from element_policy_set_item
)
order by subject_kind, key, kind, page_id desc;

-- What a data product counts are people or requests, with or without those whose time is over: nobody says. So the count
-- is held against the least and the most that the requests can mean, and what is beyond them is worth a look and no hole.
insert into listing_difference by name
select
    'subscriber' as about,
    p.id as key,
    if(p.subscriber_count > coalesce(s.most, 0), 'purview.data_product', 'purview.data_subscription') as listed_in,
    if(p.subscriber_count > coalesce(s.most, 0), 'purview.data_subscription', 'purview.data_product') as missing_in,
    'unknown' as cause,
    false as hole,
    if(p.subscriber_count > coalesce(s.most, 0), p.page_id, s.page_id) as page_id,
    if(p.subscriber_count > coalesce(s.most, 0), p.item, s.item) as item
from purview_data_product p
left join (
    select
        product_id,
        count(distinct subscriber_id) filter (status = 'Granted' and coalesce(expires_at > walk_began(), true)) as least,
        count(*) filter (status not in ('Pending', 'Declined', 'Revoked')) as most,
        arg_min(page_id, (page_id, item)) as page_id,
        arg_min(item, (page_id, item)) as item
    from data_subscription
    group by product_id
) s on s.product_id = p.id
where exists (from data_subscription_end)
    and not coalesce(p.subscriber_count between coalesce(s.least, 0) and coalesce(s.most, 0), true);
