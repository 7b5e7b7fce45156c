-- start
-- owners in Immuta are known by the name they sign in with: those that can be a name in the directory
create table wanted_name as
select distinct user_id as key
from immuta_user
where contains(user_id, '@')
    and id in (
        select profile_id
        from immuta_membership
        where state = 'owner'
        union all
        select r.profile_id
        from data_product p
        join request_user r on r.id = p.expert_id
    );

create macro account_in(body) as from_json(body, '{
    "id": "VARCHAR", "displayName": "VARCHAR", "mail": "VARCHAR", "userPrincipalName": "VARCHAR",
    "accountEnabled": "BOOLEAN", "userType": "VARCHAR", "employeeId": "VARCHAR", "manager": {"id": "VARCHAR"}}');

create macro kind_of(type) as case type
    when '#microsoft.graph.user' then 'human'
    when '#microsoft.graph.group' then 'group'
    when '#microsoft.graph.servicePrincipal' then 'service'
    else 'unknown'
end;

-- an account whose state is withheld (no permission for its kind) is not known to be active
create macro state_of(kind, enabled) as case
    when kind = 'group' then 'active'
    when enabled then 'active'
    when not enabled then 'disabled'
    else 'unknown'
end;

-- endpoint: object
create table object_page as
select page_id, key, from_json(body, '{"value": [{
    "@odata.type": "VARCHAR", "id": "VARCHAR", "displayName": "VARCHAR", "mail": "VARCHAR", "userPrincipalName": "VARCHAR"}]}') as page
from pages;

create table object_item as
select
    page_id,
    '/value/' || position as item,
    lower(object.id) as key,
    kind_of(object."@odata.type") as kind,
    object
from (
    select page_id, unnest(page.value) as object, generate_subscripts(page.value, 1) - 1 as position
    from object_page
)
where object.id is not null;

-- endpoint: user
create table user_item as
select page_id, '' as item, lower(account.id) as key, account
from (select page_id, account_in(body) as account from pages)
where account.id is not null;

-- endpoint: user_by_name
create table user_by_name_item as
select page_id, '' as item, lower(account.id) as key, account
from (select page_id, account_in(body) as account from pages)
where account.id is not null;

-- endpoint: service_principal
create table service_principal_item as
select page_id, '' as item, lower(service.id) as key, service
from (
    select page_id, from_json(body, '{
        "id": "VARCHAR", "displayName": "VARCHAR", "accountEnabled": "BOOLEAN", "owners": [{"id": "VARCHAR"}]}') as service
    from pages
)
where service.id is not null;

-- endpoint: group_member
create table group_member_item as
select
    page_id,
    '/value/' || position as item,
    concat(group_id, '/', lower(member.id)) as key,
    group_id,
    lower(member.id) as member_id,
    kind_of(member."@odata.type") as kind,
    member
from (
    select page_id, key as group_id, unnest(page.value) as member, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"value": [{
            "@odata.type": "VARCHAR", "id": "VARCHAR", "displayName": "VARCHAR", "mail": "VARCHAR", "userPrincipalName": "VARCHAR",
            "accountEnabled": "BOOLEAN", "userType": "VARCHAR", "employeeId": "VARCHAR"}]}') as page
        from pages
    )
)
where member.id is not null;

insert into group_member by name
select distinct on (group_id, member_id) group_id, member_id, page_id, item
from group_member_item
order by group_id, member_id, page_id;

-- finish
-- what an account says of itself counts before what is said of it as a member, and that before the bare object
insert into identity by name
with account as (
    select key, account, page_id, item
    from user_item
    union all
    select key, account, page_id, item
    from user_by_name_item
),

told as (
    select
        1 as place,
        key as id,
        'human' as kind,
        state_of('human', account."accountEnabled") as state,
        account."displayName" as display_name,
        account.mail as mail,
        account."userPrincipalName" as user_principal_name,
        account."userType" as user_type,
        account."employeeId" as employee_id,
        lower(account.manager.id) as manager_id,
        null::varchar as sponsor_id,
        page_id,
        item
    from account
    union all by name
    select
        1 as place,
        key as id,
        'service' as kind,
        state_of('service', service."accountEnabled") as state,
        service."displayName" as display_name,
        lower(list_min([owner.id for owner in service.owners])) as sponsor_id,
        page_id,
        item
    from service_principal_item
    union all by name
    select
        2 as place,
        member_id as id,
        kind,
        state_of(kind, member."accountEnabled") as state,
        member."displayName" as display_name,
        member.mail as mail,
        member."userPrincipalName" as user_principal_name,
        member."userType" as user_type,
        member."employeeId" as employee_id,
        page_id,
        item
    from group_member_item
    union all by name
    select
        3 as place,
        key as id,
        kind,
        state_of(kind, null) as state,
        object."displayName" as display_name,
        object.mail as mail,
        object."userPrincipalName" as user_principal_name,
        page_id,
        item
    from object_item
    union all by name
    -- the whole answer shows that the id is not in it
    select
        4 as place,
        w.id,
        'unknown' as kind,
        'deleted' as state,
        p.page_id,
        '' as item
    from wanted w
    join object_page p on p.key = concat('batch ', w.batch)
)

select distinct on (id) * exclude (place)
from told
order by id, place, page_id, item;
