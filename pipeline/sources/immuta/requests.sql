-- Requests of the Request app: who asked, who is listed as a member, who decided, and the people met there.

-- endpoint: access_request
create table access_request_page as
select page_id, key as product_id, from_json(body, getvariable('request_shape')) as page
from pages;

create table access_request_item as
select page_id, '/data/' || position as item, product_id, request.id as key, request
from (
    select page_id, product_id, unnest(page.data) as request, generate_subscripts(page.data, 1) - 1 as position
    from access_request_page
)
where request.id is not null
    and readable(request."createdAt")
    and readable(request."updatedAt")
    and readable(request.expiration);

-- one row per page, with what came and what the list is said to have
create table access_request_count as
select product_id, coalesce(len(page.data), 0) as came, page.meta."totalCount" as total
from access_request_page;

drop table access_request_page;

-- endpoint: all_request
create table all_request_page as
select page_id, from_json(body, getvariable('request_shape')) as page
from pages;

create table all_request_item as
select page_id, '/data/' || position as item, request."dataProduct".id as product_id, request.id as key, request
from (
    select page_id, unnest(page.data) as request, generate_subscripts(page.data, 1) - 1 as position
    from all_request_page
)
where request.id is not null
    and readable(request."createdAt")
    and readable(request."updatedAt")
    and readable(request.expiration);

create table all_request_count as
select coalesce(len(page.data), 0) as came, page.meta."totalCount" as total
from all_request_page;

drop table all_request_page;

create view any_request as
from access_request_item
union all by name
from all_request_item;

-- the last answer about a request is the one that counts; told by few columns, as there are many requests
create table last_answer as
select key, max({'page_id': page_id, 'item': item}) as place
from any_request
group by key;

insert into access_request by name
select
    key as id,
    product_id,
    request.asset.id as asset_id,
    request.asset.name as asset_name,
    request.asset.metadata."dataSourceId" as asset_source_id,
    request.type as type,
    request.status as status,
    request."requestingUser"."globalUserId" as requester_id,
    request.user."globalUserId" as user_id,
    request."formVersion" as form_version,
    answers_in(request.form) as answers,
    try_cast(request."createdAt" as timestamptz) as created_at,
    try_cast(request."updatedAt" as timestamptz) as updated_at,
    try_cast(request.expiration as timestamptz) as expires_at,
    page_id,
    item
from any_request r
semi join last_answer l on l.key = r.key and l.place = {'page_id': r.page_id, 'item': r.item};

-- decided requests that say what they said when their records were last read whole: these are not asked for again
create table unchanged as
select r.id as key
from access_request r
join before_access_request b
    on b.id = r.id
    and b.status = r.status
    and b.updated_at = r.updated_at
    and b.expires_at is not distinct from r.expires_at
where getvariable('carry')
    and r.status in ('APPROVED', 'CANCELED', 'DENIED', 'REVOKED', 'EXPIRED')
    and not exists (
        from before_gap g
        where g.endpoint = 'immuta.approval' and g.key in (r.id, '*')
    );

create table review_wanted as
select id as key
from access_request
anti join unchanged on key = id;

-- the requests whose risk can have mattered to a decision that this snapshot or one shortly before shows;
-- a status that nobody documented may mean that one is due
create table risk_due as
select id as key
from access_request
where status not in ('APPROVED', 'CANCELED', 'DENIED', 'EXPIRED', 'REVOKED')
    or (
        status in ('APPROVED', 'DENIED')
        and updated_at >= getvariable('as_of')::timestamptz - interval 30 days
    );

-- decided requests of which it was said: what it is worked out to be later has decided nothing
create table risk_known as
select d.key
from risk_due d
semi join unchanged u on u.key = d.key
semi join before_risk_assessment b on b.request_id = d.key and b.risk <> 'PENDING';

create table risk_wanted as
select key
from risk_due
anti join risk_known using (key);

-- endpoint: product_member
create table product_member_item as
select page_id, '/data/' || position as item, product_id, product_id || '.' || request.id as key, request
from (
    select page_id, key as product_id, unnest(page.data) as request, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('request_shape')) as page from pages)
)
where request.id is not null
    and readable(request."createdAt")
    and readable(request."updatedAt")
    and readable(request.expiration);

insert into product_member by name
select
    product_id,
    request.id as request_id,
    request.user."globalUserId" as user_id,
    request.type as type,
    request.status as status,
    try_cast(request.expiration as timestamptz) as expires_at,
    page_id,
    item
from product_member_item
qualify row_number() over (partition by product_id, request_id order by page_id desc) = 1
order by product_id, request_id;

-- endpoint: approval
create table approval_item as
select page_id, if(wrapped, '/', '/approvalRecords/') || position as item, key as request_id, record.id as key, record
from (
    select
        page_id,
        key,
        coalesce(page.wrapped, false) as wrapped,
        unnest(page."approvalRecords") as record,
        generate_subscripts(page."approvalRecords", 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"wrapped": "BOOLEAN", "approvalRecords": [{
            "id": "VARCHAR", "status": "VARCHAR", "reason": "VARCHAR", "duration": "INTEGER", "durationUnit": "VARCHAR",
            "approvers": "JSON", "approverCriteriaMet": ["JSON"], "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "actionBy": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}}]}') as page
        from pages
    )
)
where record.id is not null
    -- somebody without an id is not nobody: the record would pass for an automatic one
    and (record."actionBy" is null or record."actionBy"."globalUserId" is not null);

create table last_step as
select key, max({'page_id': page_id, 'item': item}) as place
from approval_item
group by key;

insert into approval by name
select
    key as id,
    request_id,
    record.status as status,
    record."actionBy"."globalUserId" as actor_id,
    coalesce(trim(record.reason), '') <> '' as reason_given,
    record.duration as duration,
    record."durationUnit" as duration_unit,
    record.approvers as approvers,
    to_json(coalesce(record."approverCriteriaMet", [])) as criteria_met,
    try_cast(record."createdAt" as timestamptz) as created_at,
    try_cast(record."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from approval_item r
semi join last_step l on l.key = r.key and l.place = {'page_id': r.page_id, 'item': r.item};

-- people come inside requests and records, most of them often; those who do not are asked for by id
create table met_user as
select unnest(arg_min(met, {'unnumbered': met.person.id is null, 'page_id': met.page_id, 'item': met.item}))
from (
    select unnest([
        {'person': request.user, 'page_id': page_id, 'item': item || '/user'},
        {'person': request."requestingUser", 'page_id': page_id, 'item': item || '/requestingUser'}
    ]) as met
    from any_request
    union all
    select {'person': record."actionBy", 'page_id': page_id, 'item': item || '/actionBy'}
    from approval_item
)
where met.person."globalUserId" is not null
group by met.person."globalUserId";

-- who acted on requests whose records are not asked for again
create table carried_actor as
select distinct actor_id as id
from before_approval
semi join unchanged on key = request_id
where actor_id is not null;

create table user_wanted as
select distinct id as key
from (
    select created_by as id from data_product
    union
    select expert_id from data_product
    union
    select id from carried_actor
)
where id is not null
    and id not in (select person."globalUserId" from met_user);

-- endpoint: risk
create table risk_item as
select page_id, '' as item, key, risk
from (
    select page_id, key, from_json(body, '{
        "approvalRisk": "VARCHAR", "conflictDetected": "BOOLEAN", "recommendation": "VARCHAR",
        "nAllowed": "INTEGER", "nDenied": "INTEGER", "riskValue": "DOUBLE", "cohort": "JSON",
        "medianApprovalTimeWindowInDays": "DOUBLE", "explanation": "VARCHAR",
        "approvalReasons": ["VARCHAR"], "denialReasons": ["VARCHAR"]}') as risk
    from pages
)
where risk."approvalRisk" is not null;

insert into risk_assessment by name
select
    key as request_id,
    risk."approvalRisk" as risk,
    risk."conflictDetected" as conflict,
    risk.recommendation as recommendation,
    risk."riskValue" as risk_value,
    risk."nAllowed" as allowed_count,
    risk."nDenied" as denied_count,
    risk."medianApprovalTimeWindowInDays" as median_days,
    risk.cohort -> '$.literals' as cohort,
    risk.explanation as explanation,
    risk."approvalReasons" as approval_reasons,
    risk."denialReasons" as denial_reasons,
    page_id,
    item
from risk_item
qualify row_number() over (partition by key order by page_id desc) = 1
order by key;

insert into risk_assessment by name
select b.* exclude (row_hash), row_hash as carried_hash
from before_risk_assessment b
semi join risk_known k on k.key = b.request_id;

-- endpoint: masking_column
create table masking_column_item as
select page_id, '/data/' || position as item, request_id, concat_ws('.', request_id, col."sourceId", col.name) as key, col
from (
    select page_id, key as request_id, unnest(page.data) as col, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"data": [{
            "name": "VARCHAR", "sourceId": "VARCHAR", "sourceName": "VARCHAR",
            "globalPolicyInfo": {"maskingType": "VARCHAR", "matchingTag": "VARCHAR"}}]}') as page
        from pages
    )
)
where col.name is not null and col."sourceId" is not null;

insert into masking_exception_column by name
select
    request_id,
    col."sourceId" as source_id,
    col.name as column_name,
    col."sourceName" as source_name,
    col."globalPolicyInfo"."maskingType" as masking_type,
    col."globalPolicyInfo"."matchingTag" as matching_tag,
    page_id,
    item
from masking_column_item
qualify row_number() over (partition by key order by page_id desc) = 1
order by key;

-- endpoint: approved_masking_column
create table approved_masking_column_item as
select page_id, '/' || position as item, user_id, concat_ws('.', user_id, col."sourceId", col."columnName") as key, col
from (
    select page_id, key as user_id, unnest(page) as col, generate_subscripts(page, 1) - 1 as position
    from (select page_id, key, from_json(body, '[{"columnName": "VARCHAR", "sourceId": "VARCHAR"}]') as page from pages)
)
where col."columnName" is not null and col."sourceId" is not null;

insert into approved_masking_exception by name
select
    user_id,
    col."sourceId" as source_id,
    col."columnName" as column_name,
    page_id,
    item
from approved_masking_column_item
qualify row_number() over (partition by key order by page_id desc) = 1
order by key;

-- endpoint: request_user
create table request_user_item as
select page_id, '/users/' || position as item, person."globalUserId" as key, person
from (
    select page_id, unnest(page.users) as person, generate_subscripts(page.users, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"users": [{
            "id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}]}') as page
        from pages
    )
)
where person."globalUserId" is not null;

insert into request_user by name
select
    person."globalUserId" as id,
    person.id as profile_id,
    person."iamId" as iam_id,
    person.username as username,
    person.name as name,
    person.email as email,
    page_id,
    item
from (
    select person, page_id, item, 1 as preference from request_user_item
    union all
    select person, page_id, item, 2 from met_user
)
where person.id is not null
qualify row_number() over (partition by id order by preference, page_id, item) = 1
order by id;

-- who acted on a request that is not asked for again may have left since, and is who they were
insert into request_user by name
select b.* exclude (row_hash), row_hash as carried_hash
from before_request_user b
semi join carried_actor a on a.id = b.id
anti join request_user u on u.id = b.id;
