-- endpoint: classification_def
create table classification_def_item as
select page_id, '/classificationDefs/' || position as item, def.name as key, def
from (
    select page_id, unnest(page."classificationDefs") as def, generate_subscripts(page."classificationDefs", 1) - 1 as position
    from (
        select page_id, from_json(body, '{"classificationDefs": [{
            "name": "VARCHAR", "guid": "VARCHAR", "description": "VARCHAR", "createTime": "BIGINT",
            "updateTime": "BIGINT", "options": {"displayName": "VARCHAR"}}]}') as page
        from pages
    )
)
where def.name is not null;

insert into classification_def by name
select distinct on (key)
    key as name,
    def.guid as guid,
    def.options."displayName" as display_name,
    def.description as description,
    moment(def."createTime") as created_at,
    moment(def."updateTime") as updated_at,
    page_id,
    item
from classification_def_item
order by key, page_id;
