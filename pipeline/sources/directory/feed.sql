-- endpoint: feed
create table feed_item as
select page_id, person.item as item, lower(person.id) as key, person
from (
    select page_id, unnest(page.value) as person
    from (
        select page_id, from_json(body, '{"value": [{
            "item": "VARCHAR", "id": "VARCHAR", "kind": "VARCHAR", "state": "VARCHAR", "as_of": "TIMESTAMP WITH TIME ZONE",
            "display_name": "VARCHAR", "mail": "VARCHAR", "user_principal_name": "VARCHAR", "user_type": "VARCHAR",
            "employee_id": "VARCHAR", "manager_id": "VARCHAR", "sponsor_id": "VARCHAR", "member_of": ["VARCHAR"]}]}') as page
        from pages
    )
)
where person.id is not null;

insert into identity by name
select
    key as id,
    person.kind,
    person.state,
    person.display_name,
    person.mail,
    person.user_principal_name,
    person.user_type,
    person.employee_id,
    lower(person.manager_id) as manager_id,
    lower(person.sponsor_id) as sponsor_id,
    person.as_of,
    page_id,
    item
from feed_item;

-- a group that is a member of another brings its own members along; circles end where they began
insert into group_member by name
with recursive direct as (
    select lower(unnest(person.member_of)) as group_id, key as member_id, page_id, item
    from feed_item
),

reached as (
    select group_id, member_id
    from direct
    union
    select d.group_id, r.member_id
    from reached r
    join direct d on d.member_id = r.group_id
)

select r.group_id, r.member_id, i.page_id, i.item
from reached r
join feed_item i on i.key = r.member_id
where r.group_id <> r.member_id;

insert into identity_feed by name
select
    min(person.as_of) as as_of,
    count(*)::integer as row_count,
    arg_min(page_id, (person.as_of, item)) as page_id,
    arg_min(item, (person.as_of, item)) as item
from feed_item
having count(*) > 0;
