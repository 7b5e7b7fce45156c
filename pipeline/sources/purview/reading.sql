-- start
-- How values are read: macros that every section of this source may use.

-- milliseconds since 1970; null where no clock can show them
create macro moment(ms) as try(to_timestamp(ms / 1000.0));

-- an instant that decides a verdict and cannot be read is no missing instant: its item is left out, and so counted as lost
create macro readable(instant) as instant is null or try_cast(instant as timestamptz) is not null;

-- a reference counts where both its ends are in force
create macro live(reference) as
    coalesce(reference."entityStatus", 'ACTIVE') = 'ACTIVE'
    and coalesce(reference."relationshipStatus", 'ACTIVE') = 'ACTIVE';
