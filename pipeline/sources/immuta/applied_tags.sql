-- Tags that the Request app says are applied, held against those that dictionaries and data sources show.

-- endpoint: applied_tag
create table applied_tag_page as
select page_id, key as asked, from_json(body, '{"place": "VARCHAR", "count": "BIGINT", "hits": [{
    "tagId": "INTEGER", "name": "VARCHAR", "displayName": "VARCHAR", "source": "VARCHAR", "protected": "BOOLEAN",
    "deleted": "BOOLEAN", "systemCreated": "BOOLEAN", "createdBy": "INTEGER", "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}]}') as page
from pages;

-- whether a tag comes once, or once for each column that has it, is not documented: every row of every page counts
create table applied_tag_item as
select
    page_id,
    page.place || '/' || position as item,
    asked || '.' || page_id || '.' || position as key,
    split_part(asked, '.', 1) as model_type,
    tag
from (
    select page_id, asked, page, unnest(page.hits) as tag, generate_subscripts(page.hits, 1) - 1 as position
    from applied_tag_page
)
where tag."tagId" is not null and tag.name is not null;

insert into applied_tag by name
select distinct on (model_type, tag_id)
    model_type,
    tag."tagId" as tag_id,
    tag.name as tag,
    tag.source as tag_source,
    tag."displayName" as display_name,
    tag.protected as protected,
    tag.deleted as deleted,
    tag."systemCreated" as system_created,
    tag."createdBy" as created_by,
    try_cast(tag."createdAt" as timestamptz) as created_at,
    try_cast(tag."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from applied_tag_item
order by model_type, tag_id, page_id desc, item;

-- finish
-- tags by name: columns and sources tell no number. Nothing says that the search knows all that they show, or the other way round
insert into listing_difference by name
with searched as (
    select model_type, tag as key, arg_min(page_id, (page_id, item)) as page_id, arg_min(item, (page_id, item)) as item
    from applied_tag
    where not coalesce(deleted, false)
    group by model_type, tag
),
shown as (
    select 'column' as model_type, t.tag as key, arg_min(t.page_id, (t.page_id, t.item)) as page_id,
        arg_min(t.item, (t.page_id, t.item)) as item, bool_or(not s.deleted) as in_use
    from immuta_column_tag t
    join immuta_source s on s.id = t.source_id
    group by t.tag
    union all
    select 'datasource', t.tag, arg_min(t.page_id, (t.page_id, t.item)), arg_min(t.item, (t.page_id, t.item)), bool_or(not s.deleted)
    from immuta_source_tag t
    join immuta_source s on s.id = t.source_id
    group by t.tag
),
kinds as (
    select * from (values
        ('column', 'column tag', 'immuta.dictionary'),
        ('datasource', 'source tag', 'immuta.data_source_detail')
    ) kind (model_type, about, lists)
),
-- what was asked for and neither came nor is gone
unread as (
    select a.endpoint as lists
    from asked a
    anti join gone g on g.endpoint = a.endpoint and g.key = a.key
    where a.endpoint = 'immuta.dictionary' and a.key not in (select source_id from dictionary_item)
        or a.endpoint = 'immuta.data_source_detail' and a.key not in (select key from data_source_detail_item)
),
-- kinds of which every search was read to its end
whole as (
    select model_type
    from (
        select split_part(a.key, '.', 1) as model_type, coalesce(sum(len(p.page.hits)) >= max(p.page.count), false) as ended
        from asked a
        left join applied_tag_page p on p.asked = a.key
        where a.endpoint = 'immuta.applied_tag'
        group by a.key
    )
    group by model_type
    having bool_and(ended)
)
select about, key, 'immuta.applied_tag' as listed_in, lists as missing_in,
    if(lists in (select lists from unread), 'unread', 'unknown') as cause, false as hole, page_id, item
from searched
join kinds using (model_type)
anti join shown using (model_type, key)
union all by name
select about, key, lists as listed_in, 'immuta.applied_tag' as missing_in, 'unknown' as cause, false as hole, page_id, item
from shown
join kinds using (model_type)
semi join whole using (model_type)
anti join searched using (model_type, key)
where in_use;
