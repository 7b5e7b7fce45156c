-- Derived views over the shown snapshot. Like the tables, they follow `set variable snapshot`.

-- one row: the snapshot this session sees
create or replace view shown_snapshot as
select *
from snapshot
where number = (select max(number) from snapshot where number <= shown_number());

-- one row per active classification whose class has a tier: what the asset or column is sensitive for
create or replace view sensitive_class as
select c.asset_guid, c.column_guid, c.entity_guid, c.type_name, s.class_key, s.tier
from classification c
join sensitivity s on s.source = 'purview' and s.name = c.type_name
where c.status = 'ACTIVE';

-- one row per active column with a class of tier 1 or 2
create or replace view sensitive_column as
select s.column_guid, s.asset_guid, min(s.tier) as tier, list(distinct s.class_key) as class_keys
from sensitive_class s
join asset_column c on c.guid = s.column_guid and c.status = 'ACTIVE'
where s.tier in (1, 2)
group by s.column_guid, s.asset_guid;

-- one row per asset with a class of tier 1 or 2, on itself or on an active column
create or replace view sensitive_asset as
select
    s.asset_guid,
    min(s.tier) as tier,
    list(distinct s.class_key) as class_keys,
    count(distinct s.column_guid) as column_count
from sensitive_class s
left join asset_column c on c.guid = s.column_guid
where s.tier in (1, 2)
    and (s.column_guid is null or c.status = 'ACTIVE')
group by s.asset_guid;

-- one row per failing subject ever seen up to the last judged snapshot shown; new and reopened mean: in that snapshot
create or replace view finding as
with now as (
    select number, as_of
    from snapshot
    where number = judged_number(shown_number())
),

stretch as (
    -- a verdict in force over snapshots [first_number, next_number)
    select
        v.* exclude (valid_from, valid_to, row_hash),
        v.valid_from as first_number,
        least(coalesce(v.valid_to, now.number + 1), now.number + 1) as next_number
    from history.verdict v, now
    where v.valid_from <= now.number
        and v.status in ('fail', 'not_evaluated')
),

chained as (
    -- a pass, or leaving the population, breaks the chain; not being evaluated does not
    select
        *,
        sum(broken) over (partition by finding_id order by first_number) as chain
    from (
        select
            *,
            case
                when lag(next_number) over (partition by finding_id order by first_number) = first_number then 0
                else 1
            end as broken
        from stretch
    )
),

spell as (
    select
        finding_id,
        chain,
        min(first_number) filter (where status = 'fail') as first_number,
        max(next_number) as next_number,
        max(next_number) filter (where status = 'fail') as next_after_fail,
        arg_max(status, first_number) as last_status,
        arg_max(rule_id, first_number) as rule_id,
        arg_max(subject, first_number) as subject,
        arg_max(subject_id, first_number) as subject_id,
        arg_max(subject_name, first_number) as subject_name,
        arg_max(severity, first_number) filter (where status = 'fail') as severity,
        arg_max(reason, first_number) filter (where status = 'fail') as reason,
        arg_max(evidence, first_number) filter (where status = 'fail') as evidence,
        arg_max(waived, first_number) as waived
    from chained
    group by finding_id, chain
    having first_number is not null
),

latest as (
    select
        *,
        min(first_number) over (partition by finding_id) as first_ever,
        count(*) over (partition by finding_id) - 1 as reopened_count
    from spell
    qualify row_number() over (partition by finding_id order by chain desc) = 1
)

select
    l.finding_id as id,
    l.rule_id,
    l.subject,
    l.subject_id,
    l.subject_name,
    l.severity,
    case
        when l.next_number <= now.number then 'resolved'
        when l.first_number < now.number then 'open'
        when l.reopened_count > 0 then 'reopened'
        else 'new'
    end as status,
    l.reason,
    l.evidence,
    l.waived,
    l.next_number > now.number and l.last_status = 'not_evaluated' as hidden,
    l.reopened_count,
    ever.as_of as first_seen,
    seen.as_of as last_seen,
    closed.as_of as resolved_at,
    opened.as_of as opened_at,
    date_diff('day', opened.as_of, seen.as_of) as age_days,
    case l.severity
        when 'critical' then opened.as_of + interval 2 day
        when 'high' then opened.as_of + interval 14 day
        when 'medium' then opened.as_of + interval 45 day
        when 'low' then opened.as_of + interval 120 day
    end as due_at
from latest l
cross join now
join snapshot ever on ever.number = l.first_ever
join snapshot opened on opened.number = l.first_number
join snapshot seen on seen.number = l.next_after_fail - 1
left join snapshot closed on closed.number = l.next_number and l.next_number <= now.number;

comment on view shown_snapshot is 'one row: the snapshot this session sees';
comment on view sensitive_class is 'one row per active classification whose class has a tier';
comment on view sensitive_column is 'one row per active column with a class of tier 1 or 2';
comment on view sensitive_asset is 'one row per asset with a class of tier 1 or 2, on itself or on an active column';
comment on view finding is 'one row per failing subject ever seen up to the shown snapshot: new, open, resolved or reopened';

comment on column sensitive_class.class_key is 'sensitivity.class_key';
comment on column sensitive_class.tier is '1 restricted, 2 confidential, 3 weak, 0 public';
comment on column sensitive_class.entity_guid is 'the asset or the column that carries the class';
comment on column sensitive_class.column_guid is 'asset_column.guid; null = on the asset itself';
comment on column sensitive_column.tier is 'the most restricted tier of its classes';
comment on column sensitive_column.class_keys is 'its classes of tier 1 and 2';
comment on column sensitive_asset.tier is 'the most restricted tier of its classes';
comment on column sensitive_asset.class_keys is 'classes of tier 1 and 2 on it and its columns';
comment on column sensitive_asset.column_count is 'active columns of tier 1 or 2; 0 = only the asset itself is classified';
comment on column finding.id is 'stable for ever: sha256(rule|subject), first 16 characters';
comment on column finding.rule_id is 'rule.id';
comment on column finding.subject is 'kind of subject';
comment on column finding.subject_id is 'key in the table that the kind names';
comment on column finding.subject_name is 'display text, untrusted';
comment on column finding.severity is 'as of the last failing verdict';
comment on column finding.status is 'new | open | resolved | reopened; new and reopened: in this snapshot';
comment on column finding.reason is 'of the last failing verdict';
comment on column finding.evidence is 'observed values of the last failing verdict';
comment on column finding.waived is 'a valid waiver matches it';
comment on column finding.hidden is 'still open, but this snapshot could not evaluate it';
comment on column finding.reopened_count is 'how often it came back after it was resolved';
comment on column finding.first_seen is 'first snapshot it ever failed in';
comment on column finding.last_seen is 'last snapshot it failed in';
comment on column finding.resolved_at is 'snapshot that found it resolved';
comment on column finding.opened_at is 'first snapshot of the present stretch';
comment on column finding.age_days is 'last_seen - opened_at: it stops while the finding is hidden';
comment on column finding.due_at is 'opened_at + 2, 14, 45 or 120 days by severity';
