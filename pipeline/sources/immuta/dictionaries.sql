-- Data dictionaries of Govern, and the search over the column names of all of them.

-- start
create macro columns_in(dictionary) as from_json(dictionary, '{"metadata": ["JSON"]}').metadata;

-- endpoint: dictionary
create table dictionary_item as
select page_id, '/metadata/' || position as item, key as source_id, key || '.' || name as key, name, col
from (
    select page_id, key, position, col, coalesce(col.name, if(json_type(said) = 'VARCHAR', said->>'$', null)) as name
    from (
        select
            page_id,
            key,
            unnest(page.metadata) as col,
            -- a column may be its name alone
            unnest(if(page.metadata[1].name is null, columns_in(body), [])) as said,
            generate_subscripts(page.metadata, 1) - 1 as position
        from (
            select page_id, key, body, from_json(body, '{"metadata": [{
                "name": "VARCHAR", "dataType": "VARCHAR", "remoteType": "VARCHAR", "nullable": "BOOLEAN",
                "remoteColumn": "VARCHAR", "description": "VARCHAR",
                "tags": [{"name": "VARCHAR", "source": "VARCHAR", "deleted": "BOOLEAN"}]}]}') as page
            from pages
        )
    )
)
where name is not null
    -- a tag that cannot be read is not no tag: what the column holds would pass for harmless
    and coalesce(len(list_filter(col.tags, lambda label: label.name is null)), 0) = 0;

insert into immuta_column by name
select
    source_id::integer as source_id,
    name,
    col."dataType" as data_type,
    col."remoteType" as remote_type,
    col.nullable as nullable,
    col."remoteColumn" as remote_name,
    col.description as description,
    page_id,
    item
from dictionary_item
qualify row_number() over (partition by source_id, name order by page_id desc) = 1
order by source_id, name;

insert into immuta_column_tag by name
select
    source_id::integer as source_id,
    column_name,
    label.name as tag,
    label.source as tag_source,
    page_id,
    item
from (select source_id, name as column_name, unnest(col.tags) as label, page_id, item from dictionary_item)
where label.name is not null and not coalesce(label.deleted, false)
qualify row_number() over (partition by source_id, column_name, tag order by page_id desc) = 1
order by source_id, column_name, tag;

-- endpoint: column_name
create table column_name_item as
select page_id, place || '/' || position as item, name as key, name, whole
from (
    select
        page_id,
        place,
        position,
        whole,
        if(json_type(hit) = 'VARCHAR', hit->>'$', coalesce(hit->>'$.columnName', hit->>'$.name')) as name
    from (
        select
            page_id,
            page.place as place,
            page.whole as whole,
            unnest(page.hits) as hit,
            generate_subscripts(page.hits, 1) - 1 as position
        from (
            select page_id, from_json(body, '{"place": "VARCHAR", "whole": "BOOLEAN", "hits": ["JSON"]}') as page
            from pages
        )
    )
)
where name is not null;

insert into immuta_column_name by name
select distinct on (name) name, page_id, item
from column_name_item
order by name, page_id desc;

-- finish
-- the search is a list of its own, and nothing says that it folds names as dictionaries do
insert into listing_difference by name
with searched as (
    select lower(name) as key, arg_min(page_id, (page_id, item)) as page_id, arg_min(item, (page_id, item)) as item
    from immuta_column_name
    group by lower(name)
),
listed as (
    select
        lower(c.name) as key,
        arg_min(c.page_id, (c.page_id, c.item)) as page_id,
        arg_min(c.item, (c.page_id, c.item)) as item,
        bool_or(not s.deleted) as in_use
    from immuta_column c
    join immuta_source s on s.id = c.source_id
    group by lower(c.name)
),
unread as (
    select 1
    from asked
    where endpoint = 'immuta.dictionary'
        and key not in (select source_id from dictionary_item)
        and key not in (select key from gone where endpoint = 'immuta.dictionary')
)
select 'column' as about, key, 'immuta.column_name' as listed_in, 'immuta.dictionary' as missing_in,
    if(exists (from unread), 'unread', 'unknown') as cause, false as hole, page_id, item
from searched
where key not in (select key from listed)
union all by name
-- a search that gave as many names as it may give proves nothing about the others, and one without any is none
select 'column' as about, key, 'immuta.dictionary' as listed_in, 'immuta.column_name' as missing_in,
    'unknown' as cause, false as hole, page_id, item
from listed
where in_use
    and key not in (select key from searched)
    and (select coalesce(bool_and(whole), false) from column_name_item);
