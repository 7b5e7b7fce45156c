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

-- endpoint: entity_def
create table entity_def_item as
select page_id, '/entityDefs/' || position as item, def.name as key, def
from (
    select page_id, unnest(page."entityDefs") as def, generate_subscripts(page."entityDefs", 1) - 1 as position
    from (
        select page_id, from_json(body, '{"entityDefs": [{
            "name": "VARCHAR", "guid": "VARCHAR", "description": "VARCHAR", "serviceType": "VARCHAR",
            "superTypes": ["VARCHAR"], "createTime": "BIGINT", "updateTime": "BIGINT",
            "options": {"schemaElementsAttribute": "VARCHAR"},
            "relationshipAttributeDefs": [{"name": "VARCHAR", "cardinality": "VARCHAR"}]}]}') as page
        from pages
    )
)
where def.name is not null;

insert into entity_def by name
select distinct on (key)
    key as name,
    def.guid as guid,
    def.description as description,
    def."serviceType" as service_type,
    coalesce(def."superTypes", []) as super_types,
    nullif(def.options."schemaElementsAttribute", '') as schema_elements_attribute,
    moment(def."createTime") as created_at,
    moment(def."updateTime") as updated_at,
    page_id,
    item,
    hash(def) as content_hash
from entity_def_item
order by key, page_id;

-- one row per type and type above it, itself included
create table type_line as
with recursive line as (
    select key as type_name, key as ancestor, 0 as distance
    from entity_def_item
    union
    select type_name, unnest(def."superTypes"), distance + 1
    from line
    join entity_def_item on key = ancestor
    -- types never nest that deep: this ends a circle
    where distance < 20
)
select type_name, ancestor, min(distance) as distance
from line
group by all;

-- one row per type and relationship attribute; a name that cannot be a field's is none
create table relation_def as
select distinct key as type_name, relation.name as attribute, upper(relation.cardinality) = 'SINGLE' as is_single
from (select key, unnest(def."relationshipAttributeDefs") as relation from entity_def_item)
where regexp_full_match(relation.name, '\w+');

-- one row per type whose entities have columns: the attribute that holds them, by its own definition or the nearest above
create table elements_of as
select type_name, arg_min(schema_elements_attribute, distance) as attribute
from type_line
join entity_def on name = ancestor
where regexp_full_match(schema_elements_attribute, '\w+')
group by type_name;

-- endpoint: managed_attribute_def
create table managed_attribute_def_item as
select page_id, '/businessMetadataDefs/' || position as item, def.name as key, def
from (
    select page_id, unnest(page."businessMetadataDefs") as def, generate_subscripts(page."businessMetadataDefs", 1) - 1 as position
    from (
        select page_id, from_json(body, '{"businessMetadataDefs": [{
            "name": "VARCHAR", "guid": "VARCHAR", "description": "VARCHAR", "createTime": "BIGINT", "updateTime": "BIGINT",
            "attributeDefs": [{"name": "VARCHAR", "typeName": "VARCHAR", "description": "VARCHAR", "isOptional": "BOOLEAN",
                "options": {"applicableEntityTypes": "VARCHAR", "isDisabled": "VARCHAR", "maxStrLength": "VARCHAR"}}]}]}') as page
        from pages
    )
)
where def.name is not null;

insert into managed_attribute_def by name
select distinct on (group_name, name)
    group_name,
    attribute.name as name,
    group_guid,
    coalesce(attribute."typeName", 'string') as data_type,
    coalesce(attribute.description, group_description) as description,
    -- a JSON text inside the JSON
    coalesce(if(
        json_valid(attribute.options."applicableEntityTypes"),
        from_json(attribute.options."applicableEntityTypes", '["VARCHAR"]'),
        null
    ), []) as applicable_types,
    not coalesce(attribute."isOptional", true) as is_required,
    coalesce(try_cast(attribute.options."isDisabled" as boolean), false) as is_disabled,
    try_cast(attribute.options."maxStrLength" as integer) as max_length,
    moment(updated_ms) as updated_at,
    page_id,
    item || '/attributeDefs/' || position as item
from (
    select
        key as group_name,
        def.guid as group_guid,
        def.description as group_description,
        def."updateTime" as updated_ms,
        page_id,
        item,
        unnest(def."attributeDefs") as attribute,
        generate_subscripts(def."attributeDefs", 1) - 1 as position
    from managed_attribute_def_item
)
where attribute.name is not null
order by group_name, name, page_id;
