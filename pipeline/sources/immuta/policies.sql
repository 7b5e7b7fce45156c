-- Tags and global policies of Govern.

-- endpoint: tag
create table tag_item as
select page_id, '/' || position as item, tag.id::varchar as key, tag
from (
    select page_id, unnest(page) as tag, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, from_json(body, '[{"id": "INTEGER", "name": "VARCHAR", "source": "VARCHAR", "deleted": "BOOLEAN"}]') as page
        from pages
    )
)
where tag.id is not null and tag.name is not null;

insert into immuta_tag by name
select distinct on (key)
    tag.id as id,
    tag.name as name,
    tag.source as tag_source,
    coalesce(tag.deleted, false) as deleted,
    page_id,
    item
from tag_item
order by key, page_id desc;

-- endpoint: policy
create table policy_item as
select page_id, '/' || position as item, policy.id::varchar as key, policy
from (
    select page_id, unnest(page) as policy, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, from_json(body, '[{
            "id": "INTEGER", "policyKey": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR", "staged": "BOOLEAN",
            "deleted": "BOOLEAN", "systemGenerated": "BOOLEAN", "actions": "JSON", "circumstances": "JSON",
            "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}]') as page
        from pages
    )
)
where policy.id is not null;

insert into immuta_policy by name
select distinct on (key)
    policy.id as id,
    policy."policyKey" as policy_key,
    policy.name as name,
    coalesce(policy.type, 'unknown') as type,
    policy.staged as staged,
    policy.deleted as deleted,
    policy."systemGenerated" as system_generated,
    policy.actions as actions,
    policy.circumstances as circumstances,
    try_cast(policy."createdAt" as timestamptz) as created_at,
    try_cast(policy."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from policy_item
order by key, page_id desc;
