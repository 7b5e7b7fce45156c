-- What lists of Purview lack that others name: collections and data sources, asked about one by one.

-- endpoint: collection_alone
create table collection_alone_item as
select page_id, '' as item, key, try_cast(found."systemData"."createdAt" as timestamptz) as created_at
from (select page_id, key, from_json(body, '{"systemData": {"createdAt": "VARCHAR"}}') as found from pages);

-- endpoint: data_source_alone
create table data_source_alone_item as
select page_id, '' as item, key, try_cast(found.properties."createdAt" as timestamptz) as created_at
from (select page_id, key, from_json(body, '{"properties": {"createdAt": "VARCHAR"}}') as found from pages);

-- finish
-- one row per thing that was asked about by itself, and what came of it
create table asked_alone as
select
    a.about as about,
    a.key as key,
    if(a.about = 'collection', 'purview.collection', 'purview.data_source') as missing_in,
    cause_alone(a.endpoint, a.key, found.key is not null, found.created_at) as cause
from (
    select if(endpoint = 'purview.collection_alone', 'collection', 'data source') as about, endpoint, key
    from asked
    where endpoint in ('purview.collection_alone', 'purview.data_source_alone')
) a
left join (
    select 'collection' as about, key, created_at from collection_alone_item
    union all
    select 'data source', key, created_at from data_source_alone_item
) found on found.about = a.about and found.key = a.key;

-- one row per such thing, with the first of those that name it
insert into listing_difference by name
select
    a.about as about,
    a.key as key,
    a.missing_in as missing_in,
    a.cause as cause,
    a.cause = 'hole' as hole,
    min(named.listed_in) as listed_in,
    arg_min(named.page_id, (named.listed_in, named.page_id, named.item)) as page_id,
    arg_min(named.item, (named.listed_in, named.page_id, named.item)) as item
from (
    select
        'collection' as about, 'purview.collection' as listed_in,
        collection."parentCollection"."referenceName" as key, page_id, item
    from collection_item
    union all
    select 'collection', 'purview.data_source', source.properties.collection."referenceName", page_id, item from data_source_item
    union all
    select 'collection', 'purview.scan', body.properties.collection."referenceName", page_id, item from scan_item
    union all
    select 'collection', 'purview.metadata_policy', policy.properties.collection."referenceName", page_id, item from metadata_policy_item
    union all
    select 'collection', 'purview.metadata_policy', policy.properties."parentCollectionName", page_id, item from metadata_policy_item
    union all
    select 'collection', 'purview.search', collection_id, page_id, item from search_hit
    union all
    select 'data source', 'purview.entity', data_source_name, page_id, item from asset
    union all
    select 'data source', 'purview.entity', data_source_name, page_id, item from before_asset b semi join unchanged u on u.key = b.guid
) named
join asked_alone a on a.about = named.about and lower(a.key) = lower(named.key)
group by all;

-- one row per way in which a list that was read to its end is shown to be trimmed: others name more, or it has no root
create table hidden as
select
    about,
    cause,
    lacks(cause, key, listed_in) as reason
from listing_difference
where about in ('collection', 'data source') and cause in ('hole', 'refused')
group by about, cause
union all
select 'collection', 'hole', 'it has no root: this identity is shown a part of the tree'
from collection_page
having bool_or(ends)
    and sum(came) >= coalesce(max(total), 0)
    and not exists (from collection_item where nullif(collection."parentCollection"."referenceName", '') is null);

insert into trimmed_list by name
select
    if(about = 'collection', 'purview.collection', 'purview.data_source') as missing_in,
    reason
from hidden
union all by name
-- what lies in a collection that is not shown is left out unsaid
select
    'purview.' || unnest(['search', 'data_source', 'collection_domain', 'contact_assignment', 'metadata_policy', 'audit_event']) as missing_in,
    'of collections only a part is shown: ' || string_agg(reason, '; ' order by reason) as reason
from hidden
where about = 'collection'
having count(*) > 0;
