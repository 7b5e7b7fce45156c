-- Tags and global policies of Govern: whom a policy lets in, what it masks, and whom it lets out.
-- The two versions of the API have different words for the same policy; those of V1 are kept.

-- start
-- how conditions go together: and, or
create macro joined(word) as
    case when lower(word) in ('and', 'all') then 'and' when lower(word) in ('or', 'any') then 'or' end;

-- conditions as they are listed, each with the word for its kind and its place: a list of their own, or one list per kind (V2)
create macro listed_conditions(clause) as list_concat(
    list_transform(listed(clause, '$'), lambda c, i: {'word': plain(c, '$.type'), 'said': c, 'pointer': '/' || (i - 1)}),
    list_transform(listed(clause, '$.conditions'), lambda c, i: {'word': plain(c, '$.type'), 'said': c, 'pointer': '/conditions/' || (i - 1)}),
    list_transform(listed(clause, '$.groups'), lambda c, i: {'word': 'groups', 'said': c, 'pointer': '/groups/' || (i - 1)}),
    list_transform(listed(clause, '$.attributes'), lambda c, i: {'word': 'authorizations', 'said': c, 'pointer': '/attributes/' || (i - 1)}),
    list_transform(listed(clause, '$.purposes'), lambda c, i: {'word': 'purposes', 'said': c, 'pointer': '/purposes/' || (i - 1)}),
    if(plain(clause, '$.advanced') is null, [], [{'word': 'advanced', 'said': clause, 'pointer': '/advanced'}])
);

-- a clause that says something, but not in a form that is known here
create macro is_obscure(clause) as
    json_type(clause) not in ('NULL', 'ARRAY')
    and (
        json_type(clause) <> 'OBJECT'
        or len(list_filter(json_keys(clause), lambda k: k <> 'operator')) > 0
            and len(list_intersect(json_keys(clause), ['conditions', 'groups', 'attributes', 'purposes', 'advanced'])) = 0
    );

create macro group_name(said) as
    coalesce(plain(said, '$.group.name'), plain(said, '$.group'), plain(said, '$.name'), plain(said, '$'));

create macro attribute_name(said) as
    coalesce(plain(said, '$.authorization.auth'), plain(said, '$.authorization.name'), plain(said, '$.auth'), plain(said, '$.name'));

create macro purpose_name(said) as
    coalesce(plain(said, '$.purpose.name'), plain(said, '$.purpose'), plain(said, '$.value'), plain(said, '$.name'), plain(said, '$'));

-- what kind of condition it is; one that lacks the name of what it asks for cannot be checked by anybody
create macro condition_kind(word, said) as case
    when lower(word) in ('group', 'groups') and group_name(said) is not null then 'group'
    when lower(word) in ('authorization', 'authorizations', 'attribute', 'attributes') and attribute_name(said) is not null then 'attribute'
    when lower(word) in ('purpose', 'purposes') and purpose_name(said) is not null then 'purpose'
    when lower(word) = 'advanced' and coalesce(plain(said, '$.advanced'), plain(said, '$.value')) is not null then 'advanced'
    when lower(word) in ('anyone', 'everyone', 'automatic') then 'anyone'
    else 'unknown'
end;

-- a condition in the columns that tables of conditions have
create macro condition(kind, said, operator, pointer) as {
    'kind': kind,
    'iam_id': if(kind in ('group', 'attribute'), coalesce(
        plain(said, '$.group.iam'), plain(said, '$.authorization.iam'), plain(said, '$.iam')), null),
    'name': case kind
        when 'group' then group_name(said)
        when 'attribute' then attribute_name(said)
        when 'purpose' then purpose_name(said)
    end,
    'value': case kind
        when 'attribute' then coalesce(plain(said, '$.authorization.value'), plain(said, '$.value'))
        when 'advanced' then coalesce(plain(said, '$.advanced'), plain(said, '$.value'))
        when 'anyone' then coalesce(plain(said, '$.subscriptionType'), nullif(plain(said, '$.type'), 'subscription'))
        when 'unknown' then said::varchar
    end,
    'operator': joined(operator),
    'pointer': pointer
};

-- the conditions of a clause, which is an object with an operator, or a list
create macro conditions_of(clause) as if(
    is_obscure(clause),
    [condition('unknown', clause, null::varchar, '')],
    list_transform(
        listed_conditions(clause),
        lambda c: condition(condition_kind(c.word, c.said), c.said, plain(clause, '$.operator'), c.pointer)
    )
);

-- how many `conditions_of` a clause gives
create macro condition_count(clause) as if(is_obscure(clause), 1, len(listed_conditions(clause)));

-- persons, groups and conditions that an exemption names, each with its place. That it is a policy of the type `exemption` among
-- those of a source is documented (reference of the policy API, 2024.1); how it names them is not, hence every known way.
create macro exempted_in(clause) as list_concat(
    list_transform(listed(clause, '$.users'), lambda u, i: {'word': 'users', 'said': u, 'pointer': '/users/' || (i - 1)}),
    list_transform(listed(clause, '$.profiles'), lambda u, i: {'word': 'users', 'said': u, 'pointer': '/profiles/' || (i - 1)}),
    listed_conditions(clause)
);

create macro user_name(said) as coalesce(
    plain(said, '$.profile.name'), plain(said, '$.user.name'), plain(said, '$.name'), plain(said, '$.username'), plain(said, '$.userid'),
    plain(said, '$.email'), plain(said, '$.profile'), plain(said, '$.user'), plain(said, '$.value'), plain(said, '$.id'), plain(said, '$')
);

-- an exemption that lists nobody says so with an empty list
create macro lists_nobody(clause) as
    json_type(clause) = 'ARRAY'
    or len(list_filter(
        ['$.conditions', '$.users', '$.profiles', '$.groups', '$.rules'], lambda path: json_type(clause, path) = 'ARRAY'
    )) > 0;

-- what a rule of a data policy does, in the word of its own or that of its action
create macro kind_of_rule(rule, otherwise) as
    if(lower(coalesce(plain(rule, '$.type'), otherwise)) = 'masking', 'masking', coalesce(plain(rule, '$.type'), otherwise));

-- endpoint: tag
create table tag_page as
select page_id, from_json(body, '{"whole": "BOOLEAN"}').whole as whole
from pages;

create table tag_item as
select page_id, place || '/' || position as item, tag.id::varchar as key, tag
from (
    select page_id, page.place as place, unnest(page.hits) as tag, generate_subscripts(page.hits, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"place": "VARCHAR", "hits": [{
            "id": "INTEGER", "name": "VARCHAR", "source": "VARCHAR", "deleted": "BOOLEAN", "systemCreated": "BOOLEAN"}]}') as page
        from pages
    )
)
where tag.id is not null and tag.name is not null;

insert into immuta_tag by name
select distinct on (key)
    tag.id as id,
    tag.name as name,
    nullif(regexp_extract(tag.name, '^(.*)\.[^.]*$', 1), '') as parent,
    tag.source as tag_source,
    tag."systemCreated" as system_created,
    coalesce(tag.deleted, false) as deleted,
    page_id,
    item
from tag_item
order by key, page_id desc;

-- endpoint: policy
create table policy_item as
select page_id, '/' || position as item, policy.id::varchar as key, policy
from (
    select page_id, unnest(page) as policy, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, from_json(body, '[{
            "id": "INTEGER", "policyKey": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR", "template": "BOOLEAN", "staged": "BOOLEAN",
            "deleted": "BOOLEAN", "systemGenerated": "BOOLEAN", "clonedFrom": "INTEGER", "actions": "JSON", "circumstances": "JSON",
            "circumstanceOperator": "VARCHAR", "certification": {"label": "VARCHAR", "text": "VARCHAR", "recertify": "BOOLEAN"},
            "ownerRestrictions": "JSON", "createdBy": "INTEGER", "createdAt": "VARCHAR", "updatedAt": "VARCHAR"}]') as page
        from pages
    )
)
-- without its type nobody knows which rules it is for
where policy.id is not null and policy.type is not null;

-- one row per action of a policy: a list in V1, an object by itself in V2
create table policy_action as
select key, policy.type as policy_type, number, actions[number] as action, page_id,
    item || '/actions' || if(json_type(policy.actions) = 'ARRAY', '/' || (number - 1), '') as item
from (
    select *, generate_subscripts(actions, 1) as number
    from (
        select *, if(json_type(policy.actions) = 'OBJECT', [policy.actions], listed(policy.actions, '$')) as actions
        from (select distinct on (key) * from policy_item order by key, page_id desc)
    )
);

insert into immuta_policy by name
select distinct on (key)
    policy.id as id,
    policy."policyKey" as policy_key,
    policy.name as name,
    coalesce(policy.type, 'unknown') as type,
    policy.staged as staged,
    policy.deleted as deleted,
    policy."systemGenerated" as system_generated,
    policy.template as template,
    policy."clonedFrom" as cloned_from,
    coalesce(plain(action, '$.subscriptionType'), if(policy.type = 'subscription', nullif(plain(action, '$.type'), 'subscription'), null))
        as subscription_type,
    plain(action, '$.accessGrant') as access_grant,
    try_cast(plain(action, '$.shareResponsibility') as boolean) as share_responsibility,
    try_cast(plain(action, '$.allowDiscovery') as boolean) as allow_discovery,
    policy.certification.label as certification_label,
    policy.certification.text as certification_text,
    policy.certification.recertify as recertify,
    present(policy."ownerRestrictions") as owner_restrictions,
    policy.actions as actions,
    policy.circumstances as circumstances,
    policy."createdBy" as created_by,
    try_cast(policy."createdAt" as timestamptz) as created_at,
    try_cast(policy."updatedAt" as timestamptz) as updated_at,
    page_id,
    item
from policy_item
left join (select key, action from policy_action where number = 1) using (key)
order by key, page_id desc;

insert into policy_circumstance by name
with circumstance as (
    select key, number, circumstances[number] as said, lower(plain(circumstances[number], '$.type')) as word,
        policy."circumstanceOperator" as operator, page_id, item || '/circumstances/' || (number - 1) as item
    from (
        select *, generate_subscripts(circumstances, 1) as number
        from (
            select *, listed(policy.circumstances, '$') as circumstances
            from (select distinct on (key) * from policy_item order by key, page_id desc)
        )
    )
),
-- a circumstance of domains may name several
named as (
    select *, unnest(if(
        word in ('domain', 'domains'),
        list_transform(listed(said, '$.domains'), lambda d: coalesce(plain(d, '$.id'), plain(d, '$.name'), plain(d, '$'))),
        [coalesce(
            plain(said, '$.tag.name'), plain(said, '$.tag'), plain(said, '$.columnTag.name'), plain(said, '$.columnTag'),
            plain(said, '$.columnRegex.regex'), plain(said, '$.columnRegex'), plain(said, '$.regex'), plain(said, '$.server'))]
    )) as name
    from circumstance
)
select
    'global:' || key as policy,
    row_number() over (partition by key order by number, name) as position,
    case
        when name is null then 'unknown'
        when word in ('tag', 'tags') then 'tag'
        when word in ('columntag', 'columntags') then 'columnTag'
        when word = 'columnregex' then 'columnRegex'
        when word in ('domain', 'domains') then 'domain'
        when word = 'server' then 'server'
        else 'unknown'
    end as kind,
    if(kind = 'unknown', said::varchar, name) as name,
    joined(coalesce(plain(said, '$.operator'), operator)) as operator,
    page_id,
    item
from named;

-- finish
-- one row per subscription policy and action: those of all sources, and what a source says of itself
create table admission as
select 'global:' || key as policy, 0 as source_id, number, action, null::varchar as stated, page_id, item
from policy_action
where policy_type = 'subscription'
union all by name
-- a policy without any action lets in nobody knows whom
select 'global:' || key as policy, 0 as source_id, 1 as number, null::json as action, null::varchar as stated, page_id, item
from (select distinct on (key) * from policy_item order by key, page_id desc)
where policy.type = 'subscription'
    and key not in (select key from policy_action)
union all by name
select 'local:subscription' as policy, key::integer as source_id, 1 as number, source."subscriptionPolicy" as action,
    source."subscriptionType" as stated, page_id, item || '/subscriptionPolicy' as item
from (select * from data_source_detail_item qualify row_number() over (partition by key order by page_id desc) = 1)
-- an empty object is no policy
where coalesce(source."subscriptionPolicy"->>'$.type', source."subscriptionPolicy"->>'$.subscriptionType') is not null;

insert into policy_condition by name
-- each text is read once: many sources have the same policy, and to read one takes a hundred kilobytes
with worded as (
    select *, lower(coalesce(plain(action, '$.subscriptionType'), nullif(lower(plain(action, '$.type')), 'subscription'), stated)) as word
    from (select distinct action, stated from admission)
),
read as (
    select *, case
        when word in ('automatic', 'anyone') then [condition('anyone', action, null::varchar, '')]
        else list_concat(
            if(plain(action, '$.advanced') is null, [], [condition('advanced', action, null::varchar, '/advanced')]),
            list_transform(conditions_of(json_extract(action, '$.exceptions')), lambda c: struct_update(c, pointer := '/exceptions' || c.pointer)),
            list_transform(conditions_of(json_extract(action, '$.entitlements')), lambda c: struct_update(c, pointer := '/entitlements' || c.pointer))
        )
    end as found
    from worded
    -- people decide about everybody by name
    where word is null or word not in ('manual', 'approval')
),
-- a policy with conditions that names none
said as (
    select * replace (if(len(found) = 0, [condition('unknown', coalesce(action, 'null'::json), null::varchar, '')], found) as found)
    from read
)
select
    policy,
    source_id,
    row_number() over (partition by policy, source_id order by number, place) as position,
    one.kind,
    one.iam_id,
    one.name,
    one.value,
    one.operator,
    page_id,
    item || one.pointer as item
from (
    select a.*, unnest(s.found) as one, generate_subscripts(s.found, 1) as place
    from admission a
    join said s on s.action is not distinct from a.action and s.stated is not distinct from a.stated
);

-- one row per rule of a data policy: of the global ones, and of what is in force on a source
create table data_rule as
select 'global:' || key as policy, 0 as source_id, row_number() over (partition by key order by number, place) as rule,
    rules[place] as said, kind_of_rule(rules[place], plain(action, '$.type')) as rule_type, page_id,
    item || case json_type(action, '$.rules') when 'ARRAY' then '/rules/' || (place - 1) when 'OBJECT' then '/rules' else '' end as item
from (
    select *, generate_subscripts(rules, 1) as place
    from (
        select *, case json_type(action, '$.rules')
            when 'ARRAY' then listed(action, '$.rules')
            when 'OBJECT' then [json_extract(action, '$.rules')]
            else [action]
        end as rules
        from policy_action
        where policy_type = 'data'
    )
)
union all by name
select 'local:data' as policy, source_id, row_number() over (partition by source_id order by position, place) as rule,
    said[place] as said, kind_of_rule(said[place], type) as rule_type, page_id, item || '/rules/' || (place - 1) as item
from (
    select *, listed(rules, '$') as said, generate_subscripts(listed(rules, '$'), 1) as place
    from source_policy
    where lower(type) <> 'exemption'
);

insert into policy_exemption by name
with exemption as (
    select key::integer as source_id, place, policies[place] as policy, page_id, '/jsonPolicies/' || (place - 1) as item
    from (
        select *, generate_subscripts(policies, 1) as place
        from (
            select key, page_id, from_json(policies, '["JSON"]') as policies
            from source_policy_item
            qualify row_number() over (partition by key order by page_id desc) = 1
        )
    )
    where lower(policies[place] ->> '$.type') = 'exemption'
),
part as (
    select source_id, place, number, parts[number] as said, page_id,
        if(len(listed(policy, '$.rules')) > 0, item || '/rules/' || (number - 1), item) as item
    from (select *, generate_subscripts(parts, 1) as number from (
        -- one without rules may name people itself
        select *, if(len(listed(policy, '$.rules')) > 0, listed(policy, '$.rules'), [policy]) as parts from exemption
    ))
),
read as (
    select *, list_concat(
        exempted_in(said),
        list_transform(exempted_in(json_extract(said, '$.exceptions')), lambda c: struct_update(c, pointer := '/exceptions' || c.pointer)),
        list_transform(exempted_in(json_extract(said, '$.exemptions')), lambda c: struct_update(c, pointer := '/exemptions' || c.pointer)),
        list_transform(exempted_in(json_extract(said, '$.config')), lambda c: struct_update(c, pointer := '/config' || c.pointer))
    ) as found
    from part
),
told as (
    select * replace (if(len(found) = 0, [{'word': null::varchar, 'said': said, 'pointer': ''}], found) as found)
    from read
    where len(found) > 0
        or not coalesce(
            lists_nobody(said)
            or lists_nobody(json_extract(said, '$.exceptions'))
            or lists_nobody(json_extract(said, '$.exemptions'))
            or lists_nobody(json_extract(said, '$.config')),
            false
        )
),
named as (
    select *,
        if(
            lower(one.word) in ('user', 'users', 'profile', 'profiles') and user_name(one.said) is not null,
            'user',
            condition_kind(one.word, one.said)
        ) as kind
    from (select *, unnest(found) as one, generate_subscripts(found, 1) as turn from told)
)
select
    source_id,
    row_number() over (partition by source_id order by place, number, turn) as position,
    kind,
    coalesce(
        condition(kind, one.said, null::varchar, '').iam_id,
        if(kind = 'user', coalesce(plain(one.said, '$.profile.iam'), plain(one.said, '$.iamid'), plain(one.said, '$.iam')), null)
    ) as iam_id,
    if(kind = 'user', user_name(one.said), condition(kind, one.said, null::varchar, '').name) as name,
    condition(kind, one.said, null::varchar, '').value as value,
    page_id,
    item || one.pointer as item
from named;

insert into policy_exception by name
select
    policy,
    source_id,
    row_number() over (partition by policy, source_id order by rule, place) as position,
    rule,
    rule_type,
    one.kind,
    one.iam_id,
    one.name,
    one.value,
    one.operator,
    page_id,
    item || '/exceptions' || one.pointer as item
from (
    select *, unnest(found) as one, generate_subscripts(found, 1) as place
    from (select *, conditions_of(json_extract(said, '$.exceptions')) as found from data_rule)
)
union all by name
-- whom a policy lets out whose actions cannot be read, nobody knows
select 'global:' || key as policy, 0 as source_id, 1 as position, 1 as rule, 'unknown' as rule_type, 'unknown' as kind,
    policy.actions::varchar as value, page_id, item || '/actions' as item
from (select distinct on (key) * from policy_item order by key, page_id desc)
where policy.type = 'data'
    and coalesce(json_type(policy.actions) not in ('ARRAY', 'OBJECT'), true);

insert into policy_masking by name
with masked as (
    select *, listed(said, '$.config.fields') as fields
    from data_rule
    where rule_type = 'masking'
),
field as (
    select *, fields[place] as field, item || '/config/fields/' || (place - 1) as field_item
    from (select *, generate_subscripts(fields, 1) as place from masked where len(fields) > 0)
    union all by name
    -- what it masks is not said
    select *, 1 as place, null::json as field, item as field_item from masked where len(fields) = 0
),
named as (
    select *,
        lower(plain(field, '$.type')) as word,
        coalesce(plain(field, '$.columnTag.name'), plain(field, '$.columnTag')) as tag,
        coalesce(plain(field, '$.columnRegex.regex'), plain(field, '$.columnRegex'), plain(field, '$.regex')) as pattern,
        coalesce(plain(field, '$.column.name'), plain(field, '$.column'), plain(field, '$.columnName')) as col,
        coalesce(plain(field, '$.name'), plain(field, '$.value'), plain(field, '$')) as name,
        -- a tag brings more than its name
        len(list_intersect(coalesce(json_keys(field), []), ['hasLeafNodes', 'displayName', 'source'])) > 0 as like_a_tag
    from field
),
let_out as (
    select policy, source_id, rule, count(*) as exceptions, bool_or(kind = 'anyone') as everybody
    from policy_exception
    group by all
)
select
    policy,
    source_id,
    row_number() over (partition by policy, source_id order by rule, place) as position,
    rule,
    if(lower(plain(said, '$.config.maskingConfig.type')) = 'hash', 'Consistent Value', plain(said, '$.config.maskingConfig.type')) as masking_type,
    json_extract(said, '$.config.maskingConfig') as masking_config,
    case
        when tag is not null then 'columnTag'
        when pattern is not null then 'columnRegex'
        when col is not null then 'column'
        when name is null then 'unknown'
        when word in ('columntag', 'columntags', 'tag', 'tags') then 'columnTag'
        when word = 'columnregex' then 'columnRegex'
        when word in ('column', 'columns') then 'column'
        when word is not null then 'unknown'
        when source_id = 0 or like_a_tag then 'columnTag'
        else 'column'
    end as applies_to_kind,
    if(applies_to_kind = 'unknown', field::varchar, coalesce(tag, pattern, col, name)) as applies_to,
    coalesce(exceptions, 0) as exception_count,
    if(exceptions is null, null, joined(plain(said, '$.exceptions.operator'))) as exception_operator,
    coalesce(everybody, false) as unconditional_exception,
    condition_count(json_extract(said, '$.inclusions'))
        + condition_count(json_extract(said, '$.config.qualifications')) as inclusion_count,
    page_id,
    field_item as item
from named
left join let_out using (policy, source_id, rule);
