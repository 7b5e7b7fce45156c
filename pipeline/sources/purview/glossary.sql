-- endpoint: glossary
create table glossary_item as
select page_id, '/' || position as item, glossary.guid as key, glossary
from (
    select page_id, unnest(page) as glossary, generate_subscripts(page, 1) - 1 as position
    from (select page_id, from_json(body, '[{"guid": "VARCHAR", "name": "VARCHAR", "qualifiedName": "VARCHAR"}]') as page from pages)
)
where glossary.guid is not null;

insert into glossary by name
select distinct on (key)
    key as guid,
    coalesce(glossary.name, glossary."qualifiedName", key) as name,
    glossary."qualifiedName" as qualified_name,
    page_id,
    item
from glossary_item
order by key, page_id;

-- endpoint: term
create table term_item as
select page_id, '/' || position as item, term.guid as key, glossary_guid, term
from (
    select page_id, key as glossary_guid, unnest(page) as term, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '[{
            "guid": "VARCHAR", "name": "VARCHAR", "nickName": "VARCHAR", "qualifiedName": "VARCHAR", "status": "VARCHAR",
            "shortDescription": "VARCHAR", "longDescription": "VARCHAR", "createTime": "BIGINT", "updateTime": "BIGINT",
            "contacts": {"Steward": [{"id": "VARCHAR"}], "Expert": [{"id": "VARCHAR"}]}}]') as page
        from pages
    )
)
where term.guid is not null;

insert into term by name
select distinct on (key)
    key as guid,
    glossary_guid,
    coalesce(term."nickName", nullif(term.name, ''), term."qualifiedName", key) as name,
    term."qualifiedName" as qualified_name,
    term.status as status,
    term."shortDescription" as short_description,
    term."longDescription" as long_description,
    moment(term."createTime") as created_at,
    moment(term."updateTime") as updated_at,
    page_id,
    item,
    hash(term) as content_hash
from term_item
order by key, page_id;

insert into term_contact by name
select distinct on (term_guid, role, principal_id) term_guid, role, contact.id as principal_id, page_id, item
from (
    select key as term_guid, 'Steward' as role, unnest(term.contacts."Steward") as contact, page_id, item from term_item
    union all
    select key, 'Expert', unnest(term.contacts."Expert"), page_id, item from term_item
)
where nullif(contact.id, '') is not null
order by term_guid, role, principal_id, page_id;
