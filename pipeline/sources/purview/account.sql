-- endpoint: collection
create table collection_item as
select page_id, '/value/' || position as item, collection.name as key, collection
from (
    select page_id, unnest(page.value) as collection, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "name": "VARCHAR", "friendlyName": "VARCHAR", "description": "VARCHAR",
            "parentCollection": {"referenceName": "VARCHAR"}, "systemData": {"createdAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where collection.name is not null;

insert into collection by name
select distinct on (key)
    key as id,
    collection."friendlyName" as name,
    collection."parentCollection"."referenceName" as parent_id,
    collection.description as description,
    try_cast(collection."systemData"."createdAt" as timestamptz) as created_at,
    page_id,
    item
from collection_item
order by key, page_id;
