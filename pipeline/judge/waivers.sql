-- Failing verdicts that a waiver names, and whether its approver owns what fails.
create or replace temp table waiver_match as
with named as (
    -- in a pattern only * stands for other text
    select
        w.id as waiver_id,
        j.rule_id,
        j.subject_id,
        j.subject,
        j.severity,
        lower(w.approved_by) as approver,
        coalesce(j.evidence ->> 'asset_guid', j.evidence ->> 'object_id') as about
    from waiver w
    join judged j on j.rule_id = w.rule_id
    where j.status = 'fail'
        and (
            j.subject_id like replace(replace(replace(replace(w.subject_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%') escape '\'
            or j.subject_name like replace(replace(replace(replace(w.subject_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%') escape '\'
        )
),

person as (
    -- every name that a person goes by
    select id as person_id, unnest([id, user_principal_name, mail]) as name
    from identity
    union
    select concat('profile:', id), unnest([user_id, email])
    from immuta_user
),

owned as (
    select 'asset' as kind, asset_guid as object_id, lower(principal_id) as name
    from contact
    where role = 'Owner'
    union
    select 'asset', c.asset_guid, lower(p.name)
    from contact c
    join person p on p.person_id = lower(c.principal_id)
    where c.role = 'Owner'
    union
    select 'immuta_source', m.source_id::varchar, lower(p.name)
    from immuta_membership m
    join person p on p.person_id = concat('profile:', m.profile_id)
    where m.state = 'owner'
    union
    select 'data_product', d.id, lower(p.name)
    from data_product d
    join request_user r on r.id = d.expert_id
    join person p on p.person_id = concat('profile:', r.profile_id)
)

select
    n.waiver_id,
    n.rule_id,
    n.subject_id,
    n.severity,
    exists (
        select 1
        from owned o
        where o.name = n.approver
            and (
                (o.kind = n.subject and o.object_id = n.subject_id)
                or (o.kind = 'asset' and o.object_id = n.about)
                or (o.kind = 'asset' and o.object_id = (select asset_guid from asset_column c where c.guid = n.subject_id))
            )
    ) as owner_approved
from named n;
