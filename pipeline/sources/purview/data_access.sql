-- start
-- ids of people and groups; null where nothing was stated
create macro object_ids(identities) as
    list_filter(list_transform(identities, lambda one: one."objectId"), lambda one: one is not null);

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
set variable policy_set_shape = '{"policySetId": "VARCHAR", "policySetKind": "VARCHAR",
    "targetResource": {"resourceId": "VARCHAR", "resourceType": "VARCHAR"},
    "dataProductPolicies": {"approvalTimeline": "VARCHAR", "permittedUseCases": ["VARCHAR"],
        "permittedSubscribers": ["VARCHAR"],
        "approvers": [{"identityType": "VARCHAR", "objectId": "VARCHAR"}],
        "dataAccessGrantors": [{"identityType": "VARCHAR", "objectId": "VARCHAR"}],
        "sensitiveMarkers": ["VARCHAR"], "termsOfUseRequired": "BOOLEAN", "partnerSharingPermitted": "BOOLEAN",
        "customerSharingPermitted": "BOOLEAN", "maximumAccessDuration": "VARCHAR",
        "privacyComplianceApprovalRequired": "BOOLEAN", "skipWorkflow": "BOOLEAN", "usePowerAutomate": "BOOLEAN"},
    "entityId": "VARCHAR", "entityType": "VARCHAR",
    "policies": {"selfServiceAccessEnabled": "BOOLEAN", "workflowEnabled": "BOOLEAN"}}';

create table applied_policy_set_item as
select page_id, '' as item, key, 'Applied' as kind, from_json(body, getvariable('policy_set_shape')) as found
from pages;

-- endpoint: effective_policy_set
create table effective_policy_set_item as
select page_id, '' as item, key, 'Effective' as kind, from_json(body, getvariable('policy_set_shape')) as found
from pages;

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
select page_id, '/value/' || position as item, approval."approvalId" as key, run_id, approval
from (
    select page_id, key as run_id, unnest(page.value) as approval, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"value": [{
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

-- finish
insert into access_policy_set by name
select distinct on (key, kind)
    key as product_id,
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
)
order by key, kind, page_id desc;
