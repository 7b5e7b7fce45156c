-- start
-- How values are read: macros that every section of this source may use, and what lists are found to lack.

-- one row per list and way in which others show it to be trimmed (`listings.sql`)
create table trimmed_list (missing_in varchar, reason varchar);

-- when the walk of this run began, by a clock that may be behind
create macro walk_began() as make_timestamptz(getvariable('started_ms')::bigint * 1000);

-- the rows of `items` that are not the last answer about their key: nearly none, so only keys that may have come twice are sorted
create macro superseded(items) as table
select page_id, item
from (
    select page_id, item, row_number() over (partition by key order by page_id desc, item) as place
    from query_table(items)
    semi join (select hash(key) as hashed from query_table(items) group by all having count(*) > 1) on hashed = hash(key)
)
where place > 1;

-- milliseconds since 1970; null where no clock can show them
create macro moment(ms) as try(to_timestamp(ms / 1000.0));

-- an instant that decides a verdict and cannot be read is no missing instant: its item is left out, and so counted as lost
create macro readable(instant) as instant is null or try_cast(instant as timestamptz) is not null;

-- a state that nobody documented is no end
create macro in_force(status) as coalesce(status, 'ACTIVE') not in ('DELETED', 'PURGED');

-- a reference counts where both its ends are in force
create macro live(reference) as in_force(reference."entityStatus") and in_force(reference."relationshipStatus");
