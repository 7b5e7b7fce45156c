-- Failing verdicts that a waiver names, and whether it was approved by somebody who may not: who asked for it, or owns what fails.
-- $unread: tables that may lack rows; what they would have told is null, not false.
create or replace temp table waiver_match as
with named as (
    -- in a pattern only * stands for other text
    select
        w.id as waiver_id,
        j.rule_id,
        j.subject_id,
        j.subject,
        j.severity,
        j.evidence,
        lower(w.approved_by) as approver
    from waiver w
    join judged j on j.rule_id = w.rule_id
    where j.status = 'fail'
        and (
            j.subject_id like replace(replace(replace(replace(w.subject_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%') escape '\'
            or j.subject_name like replace(replace(replace(replace(w.subject_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%') escape '\'
        )
),

listed as (
    -- the names that each list has for a person
    select id as person_id, 'directory' as list, lower(unnest([id, user_principal_name, mail])) as name
    from identity
    where kind <> 'unknown' or state = 'deleted'
    union
    select concat('profile:', id), 'immuta', lower(unnest([user_id, email]))
    from immuta_user
    union
    select concat('profile:', profile_id), 'immuta', lower(unnest([user_id, email]))
    from immuta_membership
    where state = 'owner'
),

account as (
    -- whose account a user of Immuta has, by any name they share: an address that changed hands is asked about, not trusted
    select u.person_id as profile, i.person_id as identity_id
    from listed u
    join listed i on i.list = 'directory' and i.name = u.name
    where u.list = 'immuta'
),

person as (
    -- every name that a person goes by
    select person_id, name
    from listed
    where name is not null
    union
    select a.profile, i.name
    from account a
    join listed i on i.person_id = a.identity_id and i.name is not null
    union
    select a.identity_id, u.name
    from account a
    join listed u on u.person_id = a.profile and u.name is not null
),

asked as (
    select
        w.id as waiver_id,
        case
            when lower(w.approved_by) = lower(w.requested_by)
                or exists (
                    select 1
                    from person a
                    join person r on r.person_id = a.person_id
                    where a.name = lower(w.approved_by)
                        and r.name = lower(w.requested_by)
                ) then true
            -- two people of one list are two people, whatever is missing
            when exists (
                select 1
                from listed a
                join listed r on r.list = a.list
                where a.name = lower(w.approved_by)
                    and r.name = lower(w.requested_by)
            ) then false
            when not list_has_any($unread, ['identity', 'immuta_user']) then false
        end as self_approved
    from waiver w
),

-- what a failing verdict is about, as its subject, its evidence and the row of its subject name it
concerned as (
    select waiver_id, rule_id, subject_id, approver, unnest([
        struct_pack(kind := subject, object_id := subject_id),
        struct_pack(kind := 'asset', object_id := evidence ->> 'asset_guid'),
        struct_pack(kind := 'asset', object_id := evidence ->> 'from_guid'),
        struct_pack(kind := 'asset', object_id := evidence ->> 'to_guid'),
        struct_pack(kind := 'asset', object_id := if(subject = 'entity', subject_id, null)),
        struct_pack(kind := 'immuta_source', object_id := evidence ->> 'source_id'),
        struct_pack(
            kind := if(subject in ('immuta_column', 'policy_application'), 'immuta_source', null),
            object_id := split_part(subject_id, ':', 1)
        ),
        struct_pack(kind := 'data_product', object_id := evidence ->> 'product_id'),
        struct_pack(
            kind := case evidence ->> 'object_kind'
                when 'source' then 'immuta_source'
                when 'product' then 'data_product'
                else evidence ->> 'object_kind'
            end,
            object_id := evidence ->> 'object_id'
        )
    ], recursive := true)
    from named
    union all
    select n.waiver_id, n.rule_id, n.subject_id, n.approver, 'asset', c.asset_guid
    from named n
    join asset_column c on c.guid = n.subject_id
    union all
    select n.waiver_id, n.rule_id, n.subject_id, n.approver, unnest([
        struct_pack(
            kind := case g.object_kind when 'source' then 'immuta_source' when 'product' then 'data_product' end,
            object_id := g.object_id
        ),
        struct_pack(kind := 'person', object_id := concat('profile:', g.profile_id))
    ], recursive := true)
    from named n
    join active_grant g on n.subject = 'active_grant' and g.id = n.subject_id
    union all
    select n.waiver_id, n.rule_id, n.subject_id, n.approver, unnest([
        struct_pack(kind := 'data_product', object_id := r.product_id),
        struct_pack(kind := 'immuta_source', object_id := r.asset_source_id::varchar)
    ], recursive := true)
    from named n
    left join approval p on n.subject = 'approval' and p.id = n.subject_id
    join access_request r
        on r.id = case n.subject
            when 'access_request' then n.subject_id
            when 'approval' then p.request_id
            when 'masking_grant' then split_part(n.subject_id, ':', 1)
        end
),

owner as (
    select c.*, lower(k.principal_id) as person_id
    from concerned c
    join contact k on c.kind = 'asset' and k.asset_guid = c.object_id and k.role = 'Owner'
    union
    select c.*, concat('profile:', m.profile_id)
    from concerned c
    join immuta_membership m on c.kind = 'immuta_source' and m.source_id::varchar = c.object_id and m.state = 'owner'
    union
    select c.*, coalesce(concat('profile:', m.profile_id), concat('group:', a.group_key))
    from concerned c
    join immuta_group_access a on c.kind = 'immuta_source' and a.source_id::varchar = c.object_id and a.state = 'owner'
    left join immuta_group g on a.group_key in (g.id::varchar, g.name)
    left join immuta_group_member m on m.group_id = g.id
    union
    select c.*, if(r.id is null, concat('expert:', p.expert_id), concat('profile:', r.profile_id))
    from concerned c
    join data_product p on c.kind = 'data_product' and p.id = c.object_id and p.expert_id is not null
    left join request_user r on r.id = p.expert_id
    union
    select c.*, c.object_id
    from concerned c
    where c.kind = 'person'
),

answerable as (
    -- who is in a group that owns something owns it, too
    select *
    from owner
    union
    select o.* replace (m.member_id as person_id)
    from owner o
    join group_member m on m.group_id = o.person_id
),

owning as (
    select distinct o.waiver_id, o.rule_id, o.subject_id
    from answerable o
    left join person p on p.person_id = o.person_id
    where o.approver in (p.name, o.person_id)
),

unknown as (
    -- an owner whom no list has a name for may be the approver, and so may one that was not read
    select o.waiver_id, o.rule_id, o.subject_id
    from answerable o
    where o.person_id not in (select person_id from listed)
    union
    select o.waiver_id, o.rule_id, o.subject_id
    from owner o
    join identity i on i.id = o.person_id and i.kind = 'group'
    left join gap g on g.endpoint = 'directory.group_member' and g.key = i.id
    where g.key is not null
        or list_contains($unread, 'group_member')
    union
    select c.waiver_id, c.rule_id, c.subject_id
    from concerned c
    left join asset a on c.kind = 'asset' and a.guid = c.object_id
    left join gap g on c.kind = 'immuta_source' and g.endpoint = 'immuta.access' and g.key = c.object_id
    where not a.detail_read
        or g.key is not null
        or list_has_any($unread, case c.kind
            when 'asset' then ['contact']
            when 'immuta_source' then ['immuta_membership', 'immuta_group_access']
            when 'data_product' then ['data_product', 'request_user']
            else []::varchar[]
        end)
)

select
    n.waiver_id,
    n.rule_id,
    n.subject_id,
    n.severity,
    case
        when o.subject_id is not null then true
        when u.subject_id is null then false
    end as owner_approved,
    a.self_approved
from named n
join asked a on a.waiver_id = n.waiver_id
left join owning o on o.waiver_id = n.waiver_id and o.rule_id = n.rule_id and o.subject_id = n.subject_id
left join unknown u on u.waiver_id = n.waiver_id and u.rule_id = n.rule_id and u.subject_id = n.subject_id;
