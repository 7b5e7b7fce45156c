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

-- one row per Immuta data source with a class of tier 1 or 2: of the table it is certainly linked to, or of one of its columns' tags
create or replace view sensitive_source as
select source_id, min(tier) as tier
from (
    select l.source_id, v.tier
    from link l
    join asset a on a.guid = l.asset_guid
    join sensitive_asset v on v.asset_guid = l.asset_guid
    where not l.ambiguous
        and a.status = 'ACTIVE'
    union all
    select t.source_id, m.tier
    from immuta_column_tag t
    join sensitivity m on m.source = 'immuta' and m.name = t.tag
    where m.tier in (1, 2)
)
group by source_id;

-- one row per data source, data product and project of Immuta with data of tier 1 or 2
create or replace view sensitive_object as
select 'source' as object_kind, source_id::varchar as object_id, tier
from sensitive_source
union all
select 'project', p.project_id::varchar, min(v.tier)
from project_source p
join sensitive_source v on v.source_id = p.source_id
group by p.project_id
union all
select 'product', product_id, min(tier)
from (
    select p.product_id, v.tier
    from data_product_source p
    join sensitive_source v on v.source_id::varchar = p.source_id
    union all
    select c.product_id, m.tier
    from (select product_id, unnest(tags) as tag from product_column) c
    join sensitivity m on m.source = 'immuta' and m.name = c.tag
    where m.tier in (1, 2)
)
group by product_id;

-- one row per data product that shows data of tier 1 or 2: by an asset linked to a data source of it, or by a column's tag
create or replace view sensitive_product as
select object_id as product_id, tier
from sensitive_object
where object_kind = 'product';

-- one row per failing subject ever seen up to the last judged snapshot shown; new and reopened mean: in that snapshot
create or replace view finding as
with now as (
    select number, as_of
    from snapshot
    where number = judged_number(shown_number())
),

stretch as (
    -- a verdict in force over snapshots [first_number, next_number); what it says is read at the end, of those that count
    select
        v.rowid as verdict_row,
        v.finding_id,
        v.status,
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
        arg_max(verdict_row, first_number) as last_row,
        arg_max(verdict_row, first_number) filter (where status = 'fail') as last_fail
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
    last.rule_id,
    last.subject,
    last.subject_id,
    last.subject_name,
    failed.severity,
    case
        when l.next_number <= now.number then 'resolved'
        when l.first_number < now.number then 'open'
        when l.reopened_count > 0 then 'reopened'
        else 'new'
    end as status,
    failed.reason,
    failed.evidence,
    last.waived,
    l.next_number > now.number and last.status = 'not_evaluated' as hidden,
    l.reopened_count,
    ever.as_of as first_seen,
    seen.as_of as last_seen,
    closed.as_of as resolved_at,
    opened.as_of as opened_at,
    date_diff('day', opened.as_of, seen.as_of) as age_days,
    case failed.severity
        when 'critical' then opened.as_of + interval 2 day
        when 'high' then opened.as_of + interval 14 day
        when 'medium' then opened.as_of + interval 45 day
        when 'low' then opened.as_of + interval 120 day
    end as due_at
from latest l
cross join now
join history.verdict last on last.rowid = l.last_row
join history.verdict failed on failed.rowid = l.last_fail
join snapshot ever on ever.number = l.first_ever
join snapshot opened on opened.number = l.first_number
join snapshot seen on seen.number = l.next_after_fail - 1
left join snapshot closed on closed.number = l.next_number and l.next_number <= now.number;

-- one row per control of a framework: what its rules came to; evidence relevant to it, never that it is met
create or replace view framework_coverage as
with mapped as (
    select framework_id, id, unnest(rules) as rule_id
    from framework_control
),

counted as (
    select
        m.framework_id,
        m.id,
        count(r.id) as rules_in_force,
        count(r.id) filter (where r.passed + r.failed > 0) as rules_evaluated,
        count(r.id) filter (where r.state = 'evaluated' and r.population = 0) as rules_without_scope,
        sum(r.population)::bigint as population,
        sum(r.passed)::bigint as passed,
        sum(r.failed)::bigint as failed,
        sum(r.waived)::bigint as waived,
        sum(r.not_evaluated)::bigint as not_evaluated,
        list(m.rule_id order by m.rule_id) filter (where r.id is null) as not_in_force
    from mapped m
    -- a rule that is no longer loaded stays in the table as long as its findings are open
    left join rule r on r.id = m.rule_id and r.error is distinct from 'rule not in force in this judgement'
    group by m.framework_id, m.id
),

rolled_up as (
    select
        f.id as framework_id,
        f.name as framework,
        f.version,
        c.position,
        c.id as control_id,
        c.title,
        c.rules,
        coalesce(n.not_in_force, []) as not_in_force,
        len(c.rules) as rules_mapped,
        coalesce(n.rules_in_force, 0) as rules_in_force,
        coalesce(n.rules_evaluated, 0) as rules_evaluated,
        coalesce(n.rules_without_scope, 0) as rules_without_scope,
        coalesce(n.population, 0) as population,
        coalesce(n.passed, 0) as passed,
        coalesce(n.failed, 0) as failed,
        coalesce(n.waived, 0) as waived,
        coalesce(n.not_evaluated, 0) as not_evaluated
    from framework_control c
    join framework f on f.id = c.framework_id
    left join counted n on n.framework_id = c.framework_id and n.id = c.id
)

select
    *,
    rules_evaluated > 0 as measured,
    case
        when rules_mapped = 0 then 'not measured: no rule looks at it'
        when rules_in_force = 0 then
            'not measured: no rule in force of ' || rules_mapped || ' mapped'
        when rules_evaluated = 0 then
            'not measured: ' || rules_in_force || if(rules_in_force = 1, ' rule', ' rules') || ' in force, '
            || if(rules_without_scope = rules_in_force, 'nothing in scope', 'none could be evaluated')
        else
            'evidence relevant to ' || control_id || ': '
            || rules_mapped || if(rules_mapped = 1, ' rule, ', ' rules, ')
            || rules_evaluated || ' evaluated, '
            || format('{:,}', failed - waived) || if(failed - waived = 1, ' exception', ' exceptions')
            || if(waived > 0, ', ' || format('{:,}', waived) || ' waived', '')
            || if(not_evaluated > 0, '; ' || format('{:,}', not_evaluated) || if(not_evaluated = 1, ' verdict', ' verdicts') || ' not evaluated', '')
            || if(rules_without_scope > 0, '; ' || rules_without_scope || ' with nothing in scope', '')
    end
    || if(rules_in_force > 0 and len(not_in_force) > 0, '; ' || len(not_in_force) || ' not in force', '') as statement
from rolled_up;

comment on view shown_snapshot is 'one row: the snapshot this session sees';
comment on view sensitive_class is 'one row per active classification whose class has a tier';
comment on view sensitive_column is 'one row per active column with a class of tier 1 or 2';
comment on view sensitive_asset is 'one row per asset with a class of tier 1 or 2, on itself or on an active column';
comment on view sensitive_source is 'one row per Immuta data source with a class of tier 1 or 2, of the linked table or of a column tag';
comment on view sensitive_object is 'one row per data source, data product and project of Immuta with data of tier 1 or 2';
comment on view sensitive_product is 'one row per data product that shows data of tier 1 or 2, by a linked asset or a column''s tag';
comment on view framework_coverage is 'one row per control of a framework: what the rules mapped to it came to; evidence relevant to it, never that it is met';
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
comment on column sensitive_source.source_id is 'immuta_source.id';
comment on column sensitive_source.tier is 'the most restricted tier of its classes';
comment on column sensitive_object.object_kind is 'source | product | project, as in active_grant';
comment on column sensitive_object.object_id is 'immuta_source.id, data_product.id or immuta_project.id';
comment on column sensitive_object.tier is 'the most restricted tier of its data';
comment on column sensitive_product.product_id is 'data_product.id';
comment on column sensitive_product.tier is 'the most restricted tier found';
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
comment on column framework_coverage.framework_id is 'framework.id';
comment on column framework_coverage.framework is 'framework.name';
comment on column framework_coverage.version is 'framework.version';
comment on column framework_coverage.position is 'place in the file, from 1';
comment on column framework_coverage.control_id is 'framework_control.id';
comment on column framework_coverage.title is 'in our own words';
comment on column framework_coverage.rules is 'ids of the rules mapped to it';
comment on column framework_coverage.not_in_force is 'of these, the ones that were not in force';
comment on column framework_coverage.rules_mapped is 'how many rules';
comment on column framework_coverage.rules_in_force is 'of these, how many the packs have';
comment on column framework_coverage.rules_evaluated is 'of these, how many judged at least one subject';
comment on column framework_coverage.rules_without_scope is 'of those in force, how many found nobody to judge';
comment on column framework_coverage.population is 'verdicts of its rules; a subject counts once per rule';
comment on column framework_coverage.passed is 'verdicts pass';
comment on column framework_coverage.failed is 'verdicts fail, waived ones included';
comment on column framework_coverage.waived is 'of the failed';
comment on column framework_coverage.not_evaluated is 'verdicts not_evaluated';
comment on column framework_coverage.measured is 'at least one rule judged at least one subject';
comment on column framework_coverage.statement is 'the same in words';
