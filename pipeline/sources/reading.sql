-- start
-- How values are read: macros that the sections of every source may use.

-- an instant that decides a verdict and cannot be read is no missing instant: its item is left out, and so counted as lost
create macro readable(instant) as instant is null or try_cast(instant as timestamptz) is not null;

-- when the walk of this run began, by a clock that may be behind
create macro walk_began() as make_timestamptz(getvariable('started_ms')::bigint * 1000);

-- what a list lacks that was asked about by itself: not there, younger than this run, there, or no answer
create macro cause_alone(asked_as, thing, found, created_at) as case
    when exists (from gone g where g.endpoint = asked_as and g.key = thing) then 'gone'
    when created_at >= walk_began() then 'moved'
    when found then 'hole'
    else 'refused'
end;
