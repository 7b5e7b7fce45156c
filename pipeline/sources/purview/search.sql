-- start
create macro updated_from(ms) as json_object('updateTime', json_object('operator', 'ge', 'timeThreshold', ms));

create macro made_before(ms) as json_object('createTime', json_object('operator', 'lt', 'timeThreshold', ms));

-- hits on a page
set variable page_hits = 1000;

-- only changes are listed from just before the newest change that the last snapshot saw: the service's clock, not ours
set variable since_ms = (
    select epoch_ms(max(updated_at)) - 3600000
    from before_search_hit
    where getvariable('listing') = 'changes'
);

set variable search_shape = '{"value": [{
    "id": "VARCHAR", "name": "VARCHAR", "qualifiedName": "VARCHAR", "entityType": "VARCHAR",
    "objectType": "VARCHAR", "assetType": ["VARCHAR"], "collectionId": "VARCHAR", "description": "VARCHAR",
    "owner": "VARCHAR", "createTime": "BIGINT", "updateTime": "BIGINT", "endorsement": "JSON",
    "classification": ["VARCHAR"], "label": ["VARCHAR"], "term": [{"guid": "VARCHAR"}],
    "contact": [{"id": "VARCHAR", "contactType": "VARCHAR"}]}]}';

create macro hits_in(pages_read) as table
select page_id, '/value/' || position as item, hit
from (
    select page_id, unnest(page.value) as hit, generate_subscripts(page.value, 1) - 1 as position
    from query_table(pages_read)
)
where hit.id is not null and hit."entityType" is not null;

-- what is asked of hits while they are listed; all that they say goes straight into the public table
create macro items_in_hits(pages_read) as table
select page_id, item, hit.id as key, hit."collectionId" as collection_id, hit."createTime" as created_ms
from hits_in(pages_read);

create macro described_hits(pages_read) as table
select
    hit.id as guid,
    hit."entityType" as type_name,
    hit.name as name,
    hit."qualifiedName" as qualified_name,
    hit."objectType" as object_type,
    hit."assetType"[1] as asset_type,
    hit."collectionId" as collection_id,
    hit.description as description,
    hit."owner" as owner_in_source,
    moment(hit."createTime") as created_at,
    moment(hit."updateTime") as updated_at,
    coalesce(list_sort(hit.classification), []) as classifications,
    coalesce(list_sort(hit.label), []) as labels,
    coalesce(list_sort([c.id for c in hit.contact if c."contactType" = 'Owner' and nullif(c.id, '') is not null]), []) as owners,
    coalesce(list_sort([c.id for c in hit.contact if c."contactType" = 'Expert' and nullif(c.id, '') is not null]), []) as experts,
    hash(hit) as digest,
    page_id,
    item
from hits_in(pages_read);

-- endpoint: total_before
create table total_before_item as
select page_id, '' as item, 'total' as key
from pages;

-- one row per part of the catalogue that is listed for itself: every known collection, and what is in none of them
create table slice as
select 'collection ' || key as key, key as collection_id, json_object('collectionId', key) as filter
from (select distinct key from collection_item)
union all
select
    'elsewhere' as key,
    null as collection_id,
    if(count(*) > 0, json_object('not', json_object('or', json_group_array(json_object('collectionId', key)))), null) as filter
from (select distinct key from collection_item);

-- endpoint: search
create table search_page as
select page_id, from_json(body, getvariable('search_shape')) as page
from pages;

create table search_item as from items_in_hits('search_page');

insert into search_hit by name from described_hits('search_page');

drop table search_page;

-- endpoint: slice_total
create table slice_total_item as
select page_id, '' as item, key, page."@search.count" as total
from (select page_id, key, from_json(body, '{"@search.count": "BIGINT"}') as page from pages);

-- one row per hit that there is, had nothing been deleted since the last snapshot
create view known_hit as
select guid, coalesce(s.key, 'elsewhere') as slice, created_ms
from (
    select key as guid, collection_id, created_ms
    from search_item
    qualify row_number() over (partition by key order by page_id desc, item) = 1
    union all
    select guid, collection_id, epoch_ms(created_at)
    from before_search_hit
    anti join search_item on key = guid
)
left join slice s using (collection_id);

-- one row per slice that has not as many hits as are known of it, or of which that could not be asked
create table lossy_slice as
select key, filter, total, coalesce(hits, 0) as hits
from slice
left join slice_total_item using (key)
left join (select slice as key, count(*) as hits from known_hit group by all) using (key)
where getvariable('since_ms') is not null
    and total is distinct from coalesce(hits, 0);

-- what was lost lies in few pieces of a long slice, if it was made together: one row per piece by time of creation,
-- as many as each has pages. A hit without a time is in the last one: of the conditions only a negation holds for it
create table piece as
with placed as (
    select
        slice,
        created_ms,
        (row_number() over (partition by slice order by created_ms) - 1)
            * ceil(sqrt(hits / getvariable('page_hits')))::bigint // hits as place
    from known_hit
    join lossy_slice on key = slice
    where hits >= 10 * getvariable('page_hits')
        and created_ms is not null
),
bound as (
    select slice, min(created_ms) as since from placed where place > 0 group by slice, place
    union
    select distinct slice, null from placed
)
select
    slice || ' since ' || coalesce(since::varchar, 'ever') as key,
    slice,
    since,
    until,
    json_object('and', list_filter([
        filter,
        case when since is not null then json_object('not', made_before(since)) end,
        case when until is not null then made_before(until) end
    ], lambda condition: condition is not null)) as filter
from (select *, lead(since) over (partition by slice order by since nulls first) as until from bound)
join lossy_slice on key = slice;

create table piece_of as
select guid, piece.key, piece.slice
from known_hit
join piece on piece.slice = known_hit.slice
    and (since is null or coalesce(created_ms >= since, true))
    and (until is null or created_ms < until);

-- endpoint: piece_total
create table piece_total_item as
select page_id, '' as item, key, page."@search.count" as total
from (select page_id, key, from_json(body, '{"@search.count": "BIGINT"}') as page from pages);

-- one row per list to read again: slices, or those of their pieces that lost something
create table lossy as
with counted as (
    select key, slice, filter, total, hits
    from piece
    left join piece_total_item using (key)
    left join (select key, count(*) as hits from piece_of group by all) using (key)
),
-- pieces that are not the slice tell nothing
doubtful as (
    select slice
    from counted
    join lossy_slice on lossy_slice.key = slice
    group by slice
    having sum(counted.total) is distinct from max(lossy_slice.total)
)
select key, filter from lossy_slice where key not in (select slice from piece)
union all
select key, filter
from counted
where total is distinct from coalesce(hits, 0)
    or slice in (from doubtful);

-- endpoint: search_again
create table search_again_page as
select page_id, from_json(body, getvariable('search_shape')) as page
from pages;

create table search_again_item as from items_in_hits('search_again_page');

insert into search_hit by name from described_hits('search_again_page');

drop table search_again_page;

-- endpoint: search_late
create table search_late_page as
select page_id, from_json(body, getvariable('search_shape')) as page
from pages;

create table search_late_item as from items_in_hits('search_late_page');

insert into search_hit by name from described_hits('search_late_page');

drop table search_late_page;

-- the last answer about an asset is the one that counts
create view any_hit as
from search_item
union all by name
from search_again_item
union all by name
from search_late_item;

create table superseded_hit as from superseded('any_hit');

delete from search_hit
where (page_id, item) in (select (page_id, item) from superseded_hit);

-- where only changes were listed, what no slice has lost is as it was
insert into search_hit by name
select b.* exclude (row_hash), row_hash as carried_hash
from before_search_hit b
left join slice s using (collection_id)
left join piece_of p on p.guid = b.guid
where getvariable('since_ms') is not null
    and b.guid not in (select key from any_hit)
    and coalesce(p.key, s.key, 'elsewhere') not in (
        select key
        from asked
        where endpoint = 'purview.search_again'
    );

-- assets with a class or a label that came into force or ended since, which no change of the asset tells
create table turned as
select asset_guid as key
from (
    select asset_guid, status, starts_at, ends_at from before_classification
    union all
    select asset_guid, status, starts_at, ends_at from before_sensitivity_label
)
where (status = 'ACTIVE' and ends_at <= getvariable('as_of')::timestamptz)
    or (status = 'NOT_BEGUN' and starts_at <= getvariable('as_of')::timestamptz);

-- assets that look as they did when their details were last read whole: these are not asked for again
create table unchanged as
select h.guid as key
from search_hit h
join before_search_hit b on b.guid = h.guid and b.digest = h.digest
join before_asset a on a.guid = h.guid and a.detail_read
anti join before_gap g on g.key = h.guid
anti join turned on turned.key = h.guid
where getvariable('carry')
    and not exists (
        from before_gap
        where list_has_any(tables, ['asset_column', 'classification', 'contact', 'term_assignment'])
            and endpoint not in ('purview.entity', 'purview.entity_alone')
    );

-- glossary terms are hits too, but no assets
create table detail_wanted as
select guid as key
from search_hit
anti join unchanged on key = guid
where type_name not like 'AtlasGlossary%';

-- endpoint: total_after
create table total_after_item as
select page_id, '' as item, 'total' as key
from pages;
