-- endpoint: search
create table search_item as
select
    page_id,
    '/value/' || position as item,
    hit.id as key,
    hit
from (
    select page_id, unnest(page.value) as hit, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{
            "id": "VARCHAR", "name": "VARCHAR", "qualifiedName": "VARCHAR", "entityType": "VARCHAR",
            "objectType": "VARCHAR", "assetType": ["VARCHAR"], "collectionId": "VARCHAR",
            "description": "VARCHAR", "createTime": "BIGINT", "updateTime": "BIGINT"}]}') as page
        from pages
    )
)
where hit.id is not null and hit."entityType" is not null;
