-- Which snapshot a session sees. `set variable snapshot = 7` shows every plain name as it was in snapshot 7.

create or replace macro shown_number() as coalesce(getvariable('snapshot')::integer, 2147483646);

-- the last judged snapshot up to the one with that number
create or replace macro judged_number(shown) as (
    select max(number)
    from snapshot
    where number <= shown
        and judged_at is not null
);

-- an id; a day, meaning its last snapshot; or an instant, meaning the last snapshot up to it
create or replace macro snapshot_number(reference) as (
    select max(number)
    from snapshot
    where id = reference
        or as_of < try_cast(try_strptime(reference, '%Y-%m-%d') as timestamptz) + interval 1 day
        or (length(reference) > 10 and as_of <= try_cast(reference as timestamptz))
);
