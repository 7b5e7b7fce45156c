-- Requests of the Request app: who asked, who is listed as a member, who decided, and the people met there.

-- endpoint: access_request
create table access_request_item as
select page_id, '/data/' || position as item, product_id, request.id as key, request
from (
    select page_id, key as product_id, unnest(page.data) as request, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, key, from_json(body, getvariable('request_shape')) as page from pages)
)
where request.id is not null
    and readable(request."createdAt")
    and readable(request."updatedAt")
    and readable(request.expiration);

insert into access_request by name
select distinct on (key)
    key as id,
    product_id,
    request.type as type,
    request.status as status,
    request."requestingUser"."globalUserId" as requester_id,
    request.user."globalUserId" as user_id,
    request."formVersion" as form_version,
    try_cast(request."createdAt" as timestamptz) as created_at,
    try_cast(request."updatedAt" as timestamptz) as updated_at,
    try_cast(request.expiration as timestamptz) as expires_at,
    page_id,
    item
from access_request_item
order by key, page_id desc;

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
select distinct on (product_id, request_id)
    product_id,
    request.id as request_id,
    request.user."globalUserId" as user_id,
    request.type as type,
    request.status as status,
    try_cast(request.expiration as timestamptz) as expires_at,
    page_id,
    item
from product_member_item
order by product_id, request_id, page_id desc;

-- endpoint: approval
create table approval_item as
select page_id, '/approvalRecords/' || position as item, key as request_id, record.id as key, record
from (
    select page_id, key, unnest(page."approvalRecords") as record, generate_subscripts(page."approvalRecords", 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"approvalRecords": [{
            "id": "VARCHAR", "status": "VARCHAR", "reason": "VARCHAR", "duration": "INTEGER", "durationUnit": "VARCHAR",
            "approvers": "JSON", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "actionBy": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}}]}') as page
        from pages
    )
)
where record.id is not null;

insert into approval by name
select distinct on (key)
    key as id,
    request_id,
    record.status as status,
    record."actionBy"."globalUserId" as actor_id,
    coalesce(trim(record.reason), '') <> '' as reason_given,
    record.duration as duration,
    record."durationUnit" as duration_unit,
    record.approvers as approvers,
    try_cast(record."createdAt" as timestamptz) as created_at,
    try_cast(record."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from approval_item
order by key, page_id desc;

-- people come inside requests and records; those who do not are asked for by id
create table met_user as
select person, page_id, item
from (
    select unnest([
        {'person': request.user, 'item': item || '/user'},
        {'person': request."requestingUser", 'item': item || '/requestingUser'}
    ], recursive := false) as met, page_id
    from access_request_item
), lateral (select met.person as person, met.item as item)
where person."globalUserId" is not null
union all
select record."actionBy", page_id, item || '/actionBy'
from approval_item
where record."actionBy"."globalUserId" is not null;

create table user_wanted as
select distinct id as key
from (
    select created_by as id from data_product
    union
    select expert_id from data_product
)
where id is not null
    and id not in (select person."globalUserId" from met_user);

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
select distinct on (id)
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
order by id, preference, page_id, item;
