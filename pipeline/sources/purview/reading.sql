-- start
-- How values are read: macros that every section of this source may use, and what lists are found to lack.

-- one row per list and way in which others show it to be trimmed (`listings.sql`)
create table trimmed_list (missing_in varchar, reason varchar);

-- in words, of rows with what others name and one list lacks, for one cause
create macro lacks(cause, key, listed_in) as concat(
    if(cause = 'hole', 'others name ', 'others name, and the API does not answer about, '), count(*), ' that it lacks (',
    string_agg(distinct listed_in, ', ' order by listed_in), '): ', array_to_string(min(key, 3), ', ')
);

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

-- a state that nobody documented is no end
create macro in_force(status) as coalesce(status, 'ACTIVE') not in ('DELETED', 'PURGED');

-- a reference counts where both its ends are in force
create macro live(reference) as in_force(reference."entityStatus") and in_force(reference."relationshipStatus");
