-- Which Purview asset and which Immuta data source are the same table. `other_host` (name, other) is given.

-- one word per platform: both systems have several
create or replace temp macro platform_named(name) as case lower(name)
    when 'starburst' then 'trino'
    when 'unity_catalog' then 'databricks'
    when 'postgres' then 'postgresql'
    when 'sqlserver' then 'mssql'
    else lower(name)
end;

-- identifiers that nobody quoted, as their platform compares them; null = a platform that is not linked
create or replace temp macro folded(platform, name) as case
    when platform = 'snowflake' then upper(name)
    when platform in ('redshift', 'databricks', 'trino', 'postgresql') then lower(name)
    when platform in ('synapse', 'mssql', 'bigquery') then name
end;

-- a slash inside a name must not look like a border between names
create or replace temp macro table_path(platform, database_name, schema_name, table_name) as
    folded(platform, replace(replace(database_name, '%', '%25'), '/', '%2F'))
    || '/' || folded(platform, replace(replace(schema_name, '%', '%25'), '/', '%2F'))
    || '/' || folded(platform, replace(replace(table_name, '%', '%25'), '/', '%2F'));

create or replace temp macro bare_host(host) as
    regexp_replace(regexp_replace(lower(host), '^[a-z0-9+.-]+://', ''), '[:/].*$', '');

-- A Snowflake account has one identifier and several hosts: with or without the domain, through a private
-- link, with _ as - (docs.snowflake.com, Account identifiers). Elsewhere a host is a host; BigQuery has none.
create or replace temp macro account_of(platform, host) as case platform
    when 'snowflake' then replace(
        regexp_replace(host, '(\.global)?(\.privatelink)?(\.snowflakecomputing\.(com|cn))?$', ''), '_', '-'
    )
    when 'bigquery' then ''
    else host
end;

create or replace temp table sited as
select
    t.*,
    account_of(t.platform, coalesce(a.other, t.host)) as site,
    account_of(t.platform, t.host) as own_site
from (
    select
        'asset' as side,
        guid as id,
        status = 'ACTIVE' as counts,
        platform_named(platform) as platform,
        bare_host(host) as host,
        table_path(platform_named(platform), database_name, schema_name, table_name) as path
    from asset
    union all
    select
        'source',
        id::varchar,
        not deleted,
        platform_named(technology),
        bare_host(host),
        table_path(platform_named(technology), database_name, schema_name, table_name)
    from immuta_source
) t
left join other_host a on a.name = t.host
where t.path is not null;

create or replace temp table crowded as
select distinct platform, site, path
from (
    select side, platform, site, path
    from sited
    where counts
    group by all
    having count(*) > 1
);

create or replace temp table link_staged as
select
    a.id as asset_guid,
    s.id::integer as source_id,
    case
        when a.host is not distinct from s.host or a.platform = 'bigquery' then 'canonical_path'
        when a.own_site = s.own_site then 'account_form'
        else 'host_alias'
    end as method,
    case when method = 'canonical_path' then 1.0 else 0.95 end::double as confidence,
    concat(a.platform, '://', a.host, '/', a.path) as canonical_path,
    c.path is not null as ambiguous,
    case method
        when 'canonical_path' then 'same path'
        when 'account_form' then concat('same path; ', a.host, ' and ', s.host, ' are one account')
        else concat('same path; ', a.host, ' and ', s.host, ' are one host, as the register of hosts says')
    end as reason,
    0::ubigint as content_hash
from sited a
join sited s on s.side = 'source' and s.platform = a.platform and s.site = a.site and s.path = a.path
left join crowded c on c.platform = a.platform and c.site = a.site and c.path = a.path
where a.side = 'asset' and a.counts;

create or replace temp table unlinked as
select *
from sited
where counts
    and (side, id) not in (
        select ('asset', asset_guid) from link_staged
        union all
        select ('source', source_id::varchar) from link_staged
    );

-- where hosts say nothing: one is not known, or a Unity Catalog table goes by its metastore here and by a workspace there
create or replace temp macro incomparable(platform, one, other) as
    one is null
    or other is null
    or (platform = 'databricks' and regexp_matches(one, '^[0-9a-f]{8}-[0-9a-f-]{27}$') <> regexp_matches(other, '^[0-9a-f]{8}-[0-9a-f-]{27}$'));

create or replace temp table link_candidate_staged as
with pair as (
    select
        a.id as asset_guid,
        s.id::integer as source_id,
        case
            when a.site = s.site then 'case_folded'
            when incomparable(a.platform, a.host, s.host) then 'database_path'
            else 'account_locator'
        end as method,
        concat(a.platform, '://', coalesce(a.host, '?'), '/', a.path) as canonical_path,
        coalesce(a.host, 'an unknown host') as asset_host,
        coalesce(s.host, 'an unknown host') as source_host
    from unlinked a
    join unlinked s on s.side = 'source' and s.platform = a.platform and lower(s.path) = lower(a.path)
    where a.side = 'asset'
        and (
            a.site = s.site
            or (a.path = s.path and incomparable(a.platform, a.host, s.host))
            -- a locator with and without its region: the region may be the default one
            or (
                a.path = s.path
                and a.platform = 'snowflake'
                and (starts_with(a.site, s.site || '.') or starts_with(s.site, a.site || '.'))
            )
        )
)
select
    asset_guid,
    source_id,
    method,
    case method when 'case_folded' then 0.8 when 'account_locator' then 0.7 else 0.5 end::double as confidence,
    canonical_path,
    count(*) over (partition by asset_guid) > 1 or count(*) over (partition by source_id) > 1 as ambiguous,
    case method
        when 'case_folded' then 'the same names but for upper and lower case, which the platform may tell apart'
        when 'account_locator' then concat(asset_host, ' and ', source_host, ' may be one account: one of them names no region')
        else concat('the same names below ', asset_host, ' and ', source_host, ', which cannot be compared')
    end as reason,
    0::ubigint as content_hash
from pair;
