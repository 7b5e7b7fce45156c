-- endpoint: classic_workflow
create table classic_workflow_item as
select page_id, '/value/' || position as item, workflow.id as key, workflow
from (
    select page_id, unnest(page.value) as workflow, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "name": "VARCHAR", "isEnabled": "BOOLEAN", "description": "VARCHAR",
            "createdTime": "VARCHAR", "createdBy": "VARCHAR", "lastUpdateTime": "VARCHAR", "updatedBy": "VARCHAR",
            "triggers": [{"type": "VARCHAR", "underCollection": "VARCHAR", "underGlossary": "VARCHAR",
                "underGlossaryHierarchy": "VARCHAR"}]}]}') as page
        from pages
    )
)
where workflow.id is not null
    and readable(workflow."lastUpdateTime");

insert into classic_workflow_trigger by name
select distinct on (workflow_id, position)
    key as workflow_id,
    position,
    coalesce(one.type, 'unknown') as type,
    one."underCollection" as collection_id,
    one."underGlossary" as glossary_guid,
    one."underGlossaryHierarchy" as glossary_hierarchy,
    page_id,
    item
from (
    select *, unnest(workflow.triggers) as one, generate_subscripts(workflow.triggers, 1) - 1 as position
    from classic_workflow_item
)
where one is not null
order by workflow_id, position, page_id desc;

-- endpoint: classic_workflow_detail
create table classic_workflow_detail_item as
select page_id, '' as item, key, body -> '$.actionDag' as steps, try_cast(body ->> '$.createdTime' as timestamptz) as created_at
from pages
where json_type(body -> '$.actionDag') = 'OBJECT';

-- one row per workflow: who approves or does something at any of its steps, and whether an approval is what it begins with
create table workflow_step as
select
    d.key as key,
    list(distinct step.value ->> '$') filter (step.key = 'type' and json_type(step.value) = 'VARCHAR') as types,
    flatten(list(from_json(step.value, '["VARCHAR"]')) filter (step.key = 'assignedTo' and json_type(step.value) = 'ARRAY')) as people,
    coalesce(bool_or(
        step.path = '$.actions'
        and json_type(step.value) = 'OBJECT'
        and step.value ->> '$.type' = 'Approval'
        and coalesce(step.value -> '$.runAfter', '{}') = '{}'
    ), false) as approval_first
from classic_workflow_detail_item d, json_tree(d.steps) step
group by d.key;

-- endpoint: classic_workflow_run
create macro workflow_run_shape() as '{
    "id": "VARCHAR", "workflowId": "VARCHAR", "requestor": "VARCHAR", "userRequestId": "VARCHAR", "status": "VARCHAR",
    "startTime": "VARCHAR", "endTime": "VARCHAR", "cancelTime": "VARCHAR", "cancelComment": "VARCHAR",
    "runPayload": {"type": "VARCHAR", "targetValue": "VARCHAR"}}';

create table classic_workflow_run_item as
select page_id, '/value/' || position as item, run.id as key, run
from (
    select page_id, unnest(page.value) as run, generate_subscripts(page.value, 1) - 1 as position
    from (select page_id, from_json(body, '{"value": [' || workflow_run_shape() || ']}') as page from pages)
)
where run.id is not null
    and readable(run."startTime")
    and readable(run."endTime")
    and readable(run."cancelTime");

-- one row if the list was read to its end
create table classic_workflow_run_end as
select page_id
from (select page_id, from_json(body, '{"nextLink": "VARCHAR"}') as page from pages)
where nullif(page."nextLink", '') is null;

-- endpoint: classic_workflow_task
create table classic_workflow_task_item as
select page_id, '/value/' || position as item, task.id as key, task
from (
    select page_id, unnest(page.value) as task, generate_subscripts(page.value, 1) - 1 as position
    from (
        -- comments are free text about people: only whether there are any is kept
        select page_id, from_json(body, '{"value": [{
            "type": "VARCHAR", "id": "VARCHAR", "title": "VARCHAR", "workflowRunId": "VARCHAR", "workflowId": "VARCHAR",
            "requestor": "VARCHAR", "createdTime": "VARCHAR", "lastUpdateTime": "VARCHAR",
            "payload": {"type": "VARCHAR", "targetValue": "VARCHAR"},
            "expiryInfo": {"expiryTime": "VARCHAR"},
            "approvalDetail": {"approvalType": "VARCHAR", "status": "VARCHAR",
                "approvers": "MAP(VARCHAR, STRUCT(reply VARCHAR, comment VARCHAR, \"responseTime\" VARCHAR))"},
            "taskDetail": {"assignedTo": ["VARCHAR"], "status": "VARCHAR"}}]}') as page
        from pages
    )
)
where task.id is not null
    and task."workflowRunId" is not null
    and readable(task."createdTime")
    and readable(task."lastUpdateTime")
    and readable(task."expiryInfo"."expiryTime")
    and coalesce(list_bool_and(list_transform(
        map_values(task."approvalDetail".approvers), lambda one: readable(one."responseTime")
    )), true);

insert into classic_workflow_task by name
select distinct on (key)
    key as id,
    task."workflowRunId" as run_id,
    task."workflowId" as workflow_id,
    coalesce(task.type, 'unknown') as type,
    task.title as title,
    task."requestor" as requestor_id,
    task.payload.type as operation,
    task.payload."targetValue" as target,
    task."approvalDetail"."approvalType" as approval_type,
    coalesce(task."approvalDetail".status, task."taskDetail".status, 'unknown') as status,
    try_cast(task."createdTime" as timestamptz) as created_at,
    try_cast(task."lastUpdateTime" as timestamptz) as updated_at,
    try_cast(task."expiryInfo"."expiryTime" as timestamptz) as expires_at,
    page_id,
    item
from classic_workflow_task_item
order by key, page_id desc;

insert into classic_workflow_reply by name
select distinct on (task_id, approver_id)
    key as task_id,
    reply.key as approver_id,
    -- of a task that is no approval nobody says who did it
    reply.value.reply as reply,
    nullif(trim(reply.value.comment), '') is not null as comment_given,
    try_cast(reply.value."responseTime" as timestamptz) as replied_at,
    page_id,
    item
from (
    select
        key,
        unnest(list_concat(
            coalesce(map_entries(task."approvalDetail".approvers), []),
            list_transform(coalesce(task."taskDetail"."assignedTo", []), lambda who: {
                'key': who, 'value': {'reply': null::varchar, 'comment': null::varchar, 'responseTime': null::varchar}
            })
        )) as reply,
        page_id,
        item
    from classic_workflow_task_item
)
where nullif(reply.key, '') is not null
order by task_id, approver_id, page_id desc;

-- endpoint: classic_workflow_run_alone
create table classic_workflow_run_alone_item as
select page_id, '' as item, key, from_json(body, workflow_run_shape()) as run
from pages;

-- finish
insert into classic_workflow by name
select distinct on (w.key)
    w.key as id,
    coalesce(workflow.name, w.key) as name,
    workflow."isEnabled" as enabled,
    workflow.description as description,
    try_cast(workflow."createdTime" as timestamptz) as created_at,
    workflow."createdBy" as created_by,
    try_cast(workflow."lastUpdateTime" as timestamptz) as updated_at,
    workflow."updatedBy" as updated_by,
    list_sort(s.types) as step_types,
    list_sort(list_distinct(s.people)) as assignee_ids,
    d.key is not null as detail_read,
    w.page_id as page_id,
    w.item as item,
    hash(d.steps) as content_hash
from classic_workflow_item w
left join classic_workflow_detail_item d on d.key = w.key
left join workflow_step s on s.key = w.key
order by w.key, w.page_id desc;

insert into classic_workflow_run by name
select distinct on (key)
    key as id,
    run."workflowId" as workflow_id,
    run."requestor" as requestor_id,
    run."userRequestId" as request_id,
    run."runPayload".type as operation,
    run."runPayload"."targetValue" as target,
    coalesce(run.status, 'unknown') as status,
    try_cast(run."startTime" as timestamptz) as started_at,
    try_cast(run."endTime" as timestamptz) as ended_at,
    try_cast(run."cancelTime" as timestamptz) as cancelled_at,
    nullif(trim(run."cancelComment"), '') is not null as comment_given,
    page_id,
    item
from (
    from classic_workflow_run_item
    union all by name
    from classic_workflow_run_alone_item
)
order by key, page_id desc;

insert into trimmed_list by name
-- a workflow that is there, and was before this walk
select
    'purview.classic_workflow' as missing_in,
    concat('runs name ', count(*), ' workflows that it lacks: ', array_to_string(min(key, 3), ', ')) as reason
from classic_workflow_detail_item
where key not in (select key from classic_workflow_item)
    and coalesce(created_at < walk_began(), true)
having count(*) > 0
union all
-- a run that began within the time asked for, and before this walk, belongs into the list of runs
select
    'purview.classic_workflow_run',
    concat('tasks name ', count(*), ' runs that it lacks: ', array_to_string(min(r.key, 3), ', '))
from classic_workflow_run_alone_item r
where try_cast(r.run."startTime" as timestamptz)
    between greatest(walk_began(), getvariable('as_of')::timestamptz) - interval 89 days and walk_began()
having count(*) > 0
union all
select
    'purview.classic_workflow_run',
    concat('tasks name ', count(*), ' runs that it lacks, and the API does not answer about: ', array_to_string(min(key, 3), ', '))
from asked
where endpoint = 'purview.classic_workflow_run_alone'
    and key not in (select key from classic_workflow_run_alone_item)
    and key not in (select key from gone where endpoint = 'purview.classic_workflow_run_alone')
having count(*) > 0
union all
select 'purview.classic_workflow_task', 'the runs that it is held against were not read'
where not exists (from classic_workflow_run_end)
union all
-- an approval that a run begins with is a task, unless the workflow was another one by then
select
    'purview.classic_workflow_task',
    concat('an approval begins ', count(*), ' runs of which it has no task: ', array_to_string(min(r.key, 3), ', '))
from classic_workflow_run_item r
join workflow_step s on s.key = r.run."workflowId" and s.approval_first
join classic_workflow_item w on w.key = s.key
where r.run.status in ('InProgress', 'Completed')
    and try_cast(r.run."startTime" as timestamptz) between try_cast(w.workflow."lastUpdateTime" as timestamptz) and walk_began()
    and r.key not in (select task."workflowRunId" from classic_workflow_task_item)
having count(*) > 0;
