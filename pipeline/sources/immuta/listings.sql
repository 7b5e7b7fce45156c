-- What one list of the Request app has and another one lacks, and its counts against what came.

-- endpoint: product_alone
create table product_alone_item as
select page_id, '' as item, key, created_in(body) as created_at
from pages;

-- endpoint: domain_alone
create table domain_alone_item as
select page_id, '' as item, key, null::timestamptz as created_at
from pages;

-- endpoint: source_alone
create table source_alone_item as
select page_id, '' as item, key, created_in(body) as created_at
from pages;

-- endpoint: product_again
create table product_again_item as
select page_id, '/data/' || position as item, product.id as key, product
from (
    select page_id, unnest(page.data) as product, generate_subscripts(page.data, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"data": [{
            "id": "VARCHAR", "updatedAt": "VARCHAR",
            "stats": {
                "totalRequestCount": "INTEGER", "pendingRequestCount": "INTEGER", "approvedRequestCount": "INTEGER",
                "revokedRequestCount": "INTEGER", "canceledRequestCount": "INTEGER", "deniedRequestCount": "INTEGER"}}]}') as page
        from pages
    )
)
where product.id is not null;

-- finish
-- one row per data product whose list of requests was read to its end
create table whole_list as
select product_id
from access_request_count
group by product_id
having sum(came) >= coalesce(max(total), 0);

-- one row per data product that was changed or deleted while lists were read
create table moved_product as
select p.id as product_id
from data_product p
left join (select distinct on (key) key, product from product_again_item order by key, page_id desc) a on a.key = p.id
where (select count(*) from product_again_item) > 0
    and (a.key is null or try_cast(a.product."updatedAt" as timestamptz) is distinct from p.updated_at);

-- requests that the list of all has, and their product's has not
create table difference as
select distinct on (a.key)
    'request' as about,
    a.key as key,
    'immuta.all_request' as listed_in,
    'immuta.access_request' as missing_in,
    case
        when try_cast(a.request."updatedAt" as timestamptz) >= walk_began() then 'moved'
        when a.product_id in (from moved_product) then 'moved'
        else 'hole'
    end as cause,
    a.page_id as page_id,
    a.item as item
from all_request_item a
semi join whole_list w on w.product_id = a.product_id
anti join access_request_item r on r.key = a.key
order by a.key, a.page_id;

-- requests that their product's list has, and the list of all has not
insert into difference by name
select distinct on (r.key)
    'request' as about,
    r.key as key,
    'immuta.access_request' as listed_in,
    'immuta.all_request' as missing_in,
    case
        when r.product_id in (from moved_product) then 'moved'
        else 'hole'
    end as cause,
    r.page_id as page_id,
    r.item as item
from access_request_item r
anti join all_request_item a on a.key = r.key
where (select sum(came) >= coalesce(max(total), 0) from all_request_count)
order by r.key, r.page_id;

-- members whose request is in no list
insert into difference by name
select distinct on (m.request_id)
    'member' as about,
    m.request_id as key,
    'immuta.product_member' as listed_in,
    'immuta.access_request' as missing_in,
    case
        when try_cast(i.request."updatedAt" as timestamptz) >= walk_began() then 'moved'
        when m.product_id in (from moved_product) then 'moved'
        else 'hole'
    end as cause,
    m.page_id as page_id,
    m.item as item
from product_member m
join product_member_item i using (page_id, item)
semi join whole_list w on w.product_id = m.product_id
anti join access_request r on r.id = m.request_id
order by m.request_id, m.page_id;

-- sources that one of the two lists of a product has
insert into difference by name
select
    'product source' as about,
    product_id || '.' || source_id as key,
    if(listed_in = 'paged', 'immuta.product_source', 'immuta.product_source_all') as listed_in,
    if(listed_in = 'paged', 'immuta.product_source_all', 'immuta.product_source') as missing_in,
    if(product_id in (from moved_product), 'moved', 'hole') as cause,
    page_id,
    item
from data_product_source
where listed_in <> 'both'
    and product_id in (from product_source_end)
    and product_id in (from product_source_all_end);

-- one row per thing that a list should have, with the list that names it and what came of asking about it alone
create table named_alone as
select
    about,
    named.key as key,
    listed_in,
    missing_in,
    page_id,
    item,
    cause_alone(asked_as, named.key, found, created_at) as cause
from (
    select
        'product' as about, 'immuta.data_product' as missing_in, 'immuta.product_alone' as asked_as,
        n.listed_in, n.key, n.page_id, n.item, a.key is not null as found, a.created_at
    from (
        select 'immuta.all_request' as listed_in, product_id as key, page_id, item from all_request_item
        union all
        select 'immuta.product_again', key, page_id, item from product_again_item
    ) n
    left join product_alone_item a using (key)
    where n.key is not null and n.key not in (select key from data_product_item)
    union all
    select
        'domain', 'immuta.request_domain', 'immuta.domain_alone',
        'immuta.data_product', n.key, n.page_id, n.item, a.key is not null, a.created_at
    from (select page_id, item, unnest(product.domains) as key from data_product_item) n
    left join domain_alone_item a using (key)
    where n.key is not null and n.key not in (select key from request_domain_item)
    union all
    select
        'source', 'immuta.data_source', 'immuta.source_alone',
        n.listed_in, n.key, n.page_id, n.item, a.key is not null, a.created_at
    from (
        select 'immuta.product_source' as listed_in, source."sourceId" as key, page_id, item from product_source_item
        union all
        select 'immuta.product_source_all', source."sourceId", page_id, item from product_source_all_item
        union all
        select 'immuta.request_domain_source', source."dataSourceId"::varchar, page_id, item from request_domain_source_item
    ) n
    left join source_alone_item a using (key)
    where n.key not in (select key from data_source_item)
) named
-- of a list that was not read nothing is known to be missing, and nothing was asked
semi join asked on asked.endpoint = asked_as and asked.key = named.key;

insert into difference by name
select distinct on (about, key)
    about,
    key,
    listed_in,
    missing_in,
    cause,
    page_id,
    item
from named_alone
order by about, key, page_id, item;

-- a source that a list of Govern names too is there already
insert into listing_difference by name
select *, cause = 'hole' as hole
from difference
anti join listing_difference using (about, key, missing_in);

-- one row per list that other lists show to be incomplete, or per part of it that can be asked for by itself
create table trimmed_list as
select
    d.missing_in as missing_in,
    case
        when d.missing_in = 'immuta.access_request' then coalesce(a.product_id, m.product_id)
        when d.missing_in = 'immuta.all_request' then '*'
        when d.about = 'product source' then split_part(d.key, '.', 1)
        else d.key
    end as key,
    concat(count(*), ' of what ', string_agg(distinct d.listed_in, ' and '), ' lists: ', array_to_string(min(d.key, 3), ', ')) as reason
from listing_difference d
left join (select distinct key, product_id from all_request_item) a on d.about = 'request' and a.key = d.key
left join product_member m on d.about = 'member' and m.request_id = d.key
where d.hole
group by all;

-- one row per data product, whose list was read to its end, with the requests that came of it
create table request_came as
select
    p.id as product_id,
    count(r.id) as requests,
    count(*) filter (r.status in ('PENDING', 'unknown')) as pending,
    count(*) filter (r.status in ('APPROVED', 'unknown')) as approved,
    count(*) filter (r.status in ('REVOKED', 'unknown')) as revoked,
    count(*) filter (r.status in ('CANCELED', 'unknown')) as canceled,
    count(*) filter (r.status in ('DENIED', 'unknown')) as denied
from data_product p
semi join whole_list w on w.product_id = p.id
left join (
    -- a word that nobody documented may stand for any of them
    select id, product_id, if(status in ('PENDING', 'APPROVED', 'REVOKED', 'CANCELED', 'DENIED', 'EXPIRED'), status, 'unknown') as status
    from access_request
) r on r.product_id = p.id
group by p.id;

-- one row per data product and count of it that is larger than what came, before and after the walk
create table request_lacking as
select product_id, count.word as word, count.came as came, least(count.before, count.after) as counted
from (
    select
        c.product_id,
        unnest([
            {'word': 'requests', 'came': c.requests, 'before': p.total_request_count, 'after': a.stats."totalRequestCount"},
            {'word': 'pending', 'came': c.pending, 'before': p.pending_request_count, 'after': a.stats."pendingRequestCount"},
            {'word': 'approved', 'came': c.approved, 'before': p.approved_request_count, 'after': a.stats."approvedRequestCount"},
            {'word': 'revoked', 'came': c.revoked, 'before': p.revoked_request_count, 'after': a.stats."revokedRequestCount"},
            {'word': 'canceled', 'came': c.canceled, 'before': p.canceled_request_count, 'after': a.stats."canceledRequestCount"},
            {'word': 'denied', 'came': c.denied, 'before': p.denied_request_count, 'after': a.stats."deniedRequestCount"}
        ]) as count
    from request_came c
    join data_product p on p.id = c.product_id
    join (select distinct on (key) key, product.stats as stats from product_again_item order by key, page_id desc) a on a.key = c.product_id
)
where count.came < least(count.before, count.after);

-- one row per data product of which fewer requests came than it counts
create table count_short as
select
    product_id as key,
    'it counts more than came: ' || string_agg(concat(came, ' of ', counted, ' ', word), ', ' order by counted desc, word) as reason
from request_lacking
group by product_id;
