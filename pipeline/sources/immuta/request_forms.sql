-- Forms of the Request app in all versions that matter, and the agreements that come with them.

-- endpoint: form
create table form_item as
select page_id, '/data/' || position as item, form.id as key, form
from (
    select page_id, unnest(page.data) as form, generate_subscripts(page.data, 1) - 1 as position
    from (select page_id, from_json(body, '{"data": [' || getvariable('form_shape') || ']}') as page from pages)
)
where form.id is not null and form.version is not null;

-- endpoint: form_version
create table form_version_item as
select page_id, '' as item, form.version as key, form
from (select page_id, from_json(body, getvariable('form_shape')) as form from pages)
where form.id is not null and form.version is not null;

insert into request_form_version by name
select
    unnest(form_version(form)),
    in_force,
    page_id,
    item
from (
    select distinct on (form.version) *
    from (
        select true as in_force, page_id, item, form from form_item
        union all
        -- a product may show a form that the list does not have
        select true as in_force, page_id, item, form from request_form_item where form.version is not null
        union all
        select false as in_force, page_id, item, form from form_version_item
    )
    order by form.version, in_force desc, page_id desc, item
);

-- endpoint: agreement
create table agreement_item as
select page_id, '/data/' || position as item, agreement.id as key, agreement
from (
    select page_id, unnest(page.data) as agreement, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"data": [{
            "id": "VARCHAR", "name": "VARCHAR", "body": "VARCHAR", "createdAt": "VARCHAR", "updatedAt": "VARCHAR",
            "createdBy": {"globalUserId": "VARCHAR"}, "updatedBy": {"globalUserId": "VARCHAR"}}]}') as page
        from pages
    )
)
where agreement.id is not null;

insert into data_use_agreement by name
select distinct on (key)
    key as id,
    coalesce(agreement.name, key) as name,
    agreement.body as body,
    agreement."createdBy"."globalUserId" as created_by,
    agreement."updatedBy"."globalUserId" as updated_by,
    try_cast(agreement."createdAt" as timestamptz) as created_at,
    try_cast(agreement."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from agreement_item
order by key, page_id desc;
