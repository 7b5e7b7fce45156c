-- start
-- what a matcher wants its attribute to be: one value or any of several
create macro matcher_wants(matcher) as list_concat(
    if(matcher."attributeValueIncludes" is null, [], [matcher."attributeValueIncludes"]),
    coalesce(matcher."attributeValueIncludedIn", [])
);

-- whether a matcher says nothing else: neither an exclusion nor a word that is not known here
create macro matcher_is_plain(matcher) as
    matcher."attributeValueExcludes" is null
    and matcher."attributeValueExcludedIn" is null
    and (matcher."attributeValueIncludes" is null) <> (matcher."attributeValueIncludedIn" is null);

-- the values of all matchers of a conjunct on one attribute
create macro values_of(conjunct, name) as flatten(list_transform(
    list_filter(conjunct, lambda m: m."attributeName" = name),
    lambda m: matcher_wants(m)
));

-- how many matchers of a conjunct are about one attribute
create macro matchers_of(conjunct, name) as len(list_filter(conjunct, lambda m: m."attributeName" = name));

-- whether every matcher of a conjunct says nothing but which values it wants
create macro conjunct_is_plain(conjunct) as len(list_filter(conjunct, lambda m: matcher_is_plain(m))) = len(conjunct);

-- the parts of a rule's id: <role id>:<collection>, or permission:<collection>
create macro rule_role(id) as coalesce(
    nullif(nullif(regexp_extract(id, '^(.*):[^:]*$', 1), 'permission'), ''),
    '*'
);
create macro rule_collection(id) as regexp_extract(id, '([^:]*)$', 1);

-- endpoint: metadata_role
create table metadata_role_item as
select page_id, '/values/' || position as item, role.id as key, role
from (
    select page_id, unnest(page."values") as role, generate_subscripts(page."values", 1) - 1 as position
    from (
        select page_id, from_json(body, '{"values": [{"id": "VARCHAR", "name": "VARCHAR",
            "properties": {"friendlyName": "VARCHAR", "description": "VARCHAR", "roleType": "VARCHAR",
                "provisioningState": "VARCHAR", "version": "INTEGER",
                "cnfCondition": [[{"attributeName": "VARCHAR", "attributeValueIncludes": "VARCHAR",
                    "attributeValueIncludedIn": ["VARCHAR"], "attributeValueExcludes": "VARCHAR",
                    "attributeValueExcludedIn": ["VARCHAR"]}]],
                "dnfCondition": "JSON"}}]}') as page
        from pages
    )
)
where role.id is not null;

insert into metadata_role by name
with told as (
    -- the list of roles comes twice where it links to itself in other words
    select distinct on (key) *, flatten(role.properties."cnfCondition") as matchers
    from metadata_role_item
    order by key, page_id
)
select
    key as id,
    role.name as name,
    role.properties."friendlyName" as friendly_name,
    role.properties.description as description,
    role.properties."roleType" as role_type,
    list_sort(list_distinct(coalesce(values_of(matchers, 'request.azure.dataAction'), []))) as data_actions,
    not coalesce(
        len(matchers) = 1
        and matchers_of(matchers, 'request.azure.dataAction') = 1
        and conjunct_is_plain(matchers)
        and role.properties."dnfCondition" is null,
        false
    ) as conditional,
    role.properties."provisioningState" as provisioning_state,
    role.properties.version as version,
    hash(role) as content_hash,
    page_id,
    item
from told;

-- endpoint: metadata_policy
create table metadata_policy_item as
select page_id, '/values/' || position as item, policy.id as key, policy
from (
    select page_id, unnest(page."values") as policy, generate_subscripts(page."values", 1) - 1 as position
    from (
        select page_id, from_json(body, '{"values": [{"id": "VARCHAR", "name": "VARCHAR", "version": "INTEGER",
            "properties": {"description": "VARCHAR", "collection": {"referenceName": "VARCHAR"}, "parentCollectionName": "VARCHAR",
                "decisionRules": [{"effect": "VARCHAR",
                    "dnfCondition": [[{"attributeName": "VARCHAR", "attributeValueIncludes": "VARCHAR",
                        "attributeValueIncludedIn": ["VARCHAR"], "attributeValueExcludes": "VARCHAR",
                        "attributeValueExcludedIn": ["VARCHAR"]}]]}],
                "attributeRules": [{"id": "VARCHAR",
                    "dnfCondition": [[{"attributeName": "VARCHAR", "attributeValueIncludes": "VARCHAR",
                        "attributeValueIncludedIn": ["VARCHAR"], "attributeValueExcludes": "VARCHAR",
                        "attributeValueExcludedIn": ["VARCHAR"]}]]}]}}]}') as page
        from pages
    )
)
where policy.id is not null;

-- endpoint: devops_policy
create table devops_policy_item as
select
    page_id,
    '/value/' || position as item,
    -- one resource may have several policies; the list gives them no id of their own
    policy."purviewResourceName" || '/' || md5(policy::varchar) as key,
    policy
from (
    select page_id, unnest(page.value) as policy, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{"purviewResourceName": "VARCHAR",
            "decisionRules": [{"effect": "VARCHAR", "purviewRoleName": "VARCHAR", "principals": ["VARCHAR"],
                "principalGroups": ["VARCHAR"], "resourceAzurePath": "VARCHAR"}],
            "systemData": {"createdBy": "VARCHAR", "createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where policy."purviewResourceName" is not null;

insert into devops_policy by name
with rules as (
    select
        policy,
        page_id,
        item || '/decisionRules/' || (generate_subscripts(policy."decisionRules", 1) - 1) as item,
        unnest(policy."decisionRules") as rule
    from devops_policy_item
),
holders as (
    select *, 'user_or_service_principal' as principal_kind, unnest(rule.principals) as principal_id from rules
    union all
    select *, 'group', unnest(rule."principalGroups") from rules
)
select distinct on (resource_name, role_name, principal_id, principal_kind, resource_path, effect)
    policy."purviewResourceName" as resource_name,
    coalesce(rule."purviewRoleName", 'unknown') as role_name,
    principal_id,
    principal_kind,
    coalesce(rule."resourceAzurePath", '') as resource_path,
    coalesce(rule.effect, 'unknown') as effect,
    policy."systemData"."createdBy" as created_by,
    try_cast(policy."systemData"."createdAt" as timestamptz) as created_at,
    try_cast(policy."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from holders
where nullif(principal_id, '') is not null
order by resource_name, role_name, principal_id, principal_kind, resource_path, effect, page_id, item;

-- endpoint: self_service_policy
create table self_service_policy_item as
select page_id, '/value/' || position as item, policy."policyId" as key, policy
from (
    select page_id, unnest(page.value) as policy, generate_subscripts(page.value, 1) - 1 as position
    from (
        select page_id, from_json(body, '{"value": [{"policyId": "VARCHAR", "requestor": "VARCHAR", "expiresAt": "VARCHAR",
            "decisionRule": {"effect": "VARCHAR", "purviewRoleName": "VARCHAR", "principals": ["VARCHAR"],
                "principalGroups": ["VARCHAR"], "resourceAzurePath": "VARCHAR"},
            "systemData": {"createdBy": "VARCHAR", "createdAt": "VARCHAR", "lastModifiedAt": "VARCHAR"}}]}') as page
        from pages
    )
)
where policy."policyId" is not null
    and readable(policy."expiresAt");

insert into self_service_policy by name
with holders as (
    select *, 'user_or_service_principal' as principal_kind, unnest(policy."decisionRule".principals) as principal_id
    from self_service_policy_item
    union all
    select *, 'group', unnest(policy."decisionRule"."principalGroups")
    from self_service_policy_item
)
select distinct on (id, principal_id, principal_kind)
    key as id,
    principal_id,
    principal_kind,
    policy."decisionRule"."purviewRoleName" as role_name,
    policy."decisionRule"."resourceAzurePath" as resource_path,
    policy."decisionRule".effect as effect,
    policy.requestor as requestor_id,
    try_cast(policy."expiresAt" as timestamptz) as expires_at,
    policy."systemData"."createdBy" as created_by,
    try_cast(policy."systemData"."createdAt" as timestamptz) as created_at,
    try_cast(policy."systemData"."lastModifiedAt" as timestamptz) as updated_at,
    page_id,
    item
from holders
where nullif(principal_id, '') is not null
order by id, principal_id, principal_kind, page_id;

-- finish
-- one row per policy, as the last page has it; ids are compared in lower case, as policies write the root
-- collection (which has the account's name) in lower case whatever its name is
create table policy_read as
select distinct on (key)
    key,
    policy,
    lower(policy.properties.collection."referenceName") as place,
    page_id,
    item
from metadata_policy_item
order by key, page_id desc;

-- one row per policy that does not say all of who may do what, and what it leaves open; an empty list of rules leaves nothing
create view half_read_policy as
select key, reason
from (
    select
        key,
        concat_ws(
            '; ',
            if(place is null, 'it names no collection', null),
            if(policy.properties."attributeRules" is null, 'it has no list of attribute rules', null),
            if(policy.properties."decisionRules" is null, 'it has no list of decision rules', null),
            if(
                len(list_filter(policy.properties."attributeRules", lambda r: r.id is null or r."dnfCondition" is null)) > 0,
                'attribute rules of it have no id or no condition', null
            ),
            if(
                len(list_filter(policy.properties."decisionRules", lambda r: r."dnfCondition" is null)) > 0,
                'decision rules of it have no condition', null
            )
        ) as reason
    from policy_read
)
where reason <> '';

-- one row per rule of a policy
create table attribute_rule as
select
    place,
    page_id,
    item || '/properties/attributeRules/' || position as item,
    rule.id as name,
    lower(rule.id) as id,
    rule."dnfCondition" as condition
from (
    select
        *,
        unnest(policy.properties."attributeRules") as rule,
        generate_subscripts(policy.properties."attributeRules", 1) - 1 as position
    from policy_read
)
where rule.id is not null and place is not null;

-- one row per disjunct of a rule, any of which is enough: whom it names, and which permissions it takes over
create table disjunct as
select
    * exclude (condition),
    values_of(conjunct, 'principal.microsoft.id') as principals,
    values_of(conjunct, 'principal.microsoft.groups') as groups,
    values_of(conjunct, 'derived.purview.permission') as permissions,
    values_of(conjunct, 'derived.purview.role') as roles,
    matchers_of(conjunct, 'principal.microsoft.id') + matchers_of(conjunct, 'principal.microsoft.groups') as about_principals,
    matchers_of(conjunct, 'derived.purview.permission') as about_permissions,
    matchers_of(conjunct, 'derived.purview.role') as about_roles
from (
    -- a rule without a condition that can be read is not one that nobody meets
    select *, coalesce(unnest(coalesce(condition, [[]])), []) as conjunct
    from attribute_rule
);

-- one row per rule and permission that it takes over; a second demand beside it makes it uncertain
create table takeover as
select
    place,
    id,
    page_id,
    item,
    target,
    lower(target) as target_id,
    not (conjunct_is_plain(conjunct) and len(conjunct) = 1) as conditional
from (select *, unnest(permissions) as target from disjunct);

-- one row per rule, role and principal it names. A conjunct that names principals and their role and nothing else
-- is a grant; whoever it excludes or what else it demands cannot be told here. One that names nobody and takes over
-- nothing is kept as principal *: it may be for everyone but some.
create table rule_holder as
with held as (
    select
        *,
        case len(roles) when 0 then [rule_role(name)] else roles end as held_roles,
        not (
            conjunct_is_plain(conjunct)
            and about_principals = 1
            and about_roles <= 1
            and len(roles) <= 1
            and len(conjunct) = about_principals + about_roles
        ) as conditional
    from disjunct
)
select place, id, page_id, item, principal_id, principal_kind, unnest(held_roles) as role_id, conditional
from (
    select *, unnest(principals) as principal_id, 'user_or_service_principal' as principal_kind from held
    union all
    select *, unnest(groups), 'group' from held
    union all
    select *, '*', 'unknown'
    from held
    where len(principals) + len(groups) + len(permissions) = 0
        and not (conjunct_is_plain(conjunct) and about_principals + about_permissions > 0)
);

-- one row per collection and permission that its decision rules ask for
create table demanded_rule as
with decision as (
    select place, decision.effect as effect, unnest(decision."dnfCondition") as conjunct
    from (select place, unnest(policy.properties."decisionRules") as decision from policy_read)
)
select
    place,
    lower(unnest(values_of(conjunct, 'derived.purview.permission'))) as id,
    effect is distinct from 'Permit'
    or not conjunct_is_plain(conjunct)
    or len(conjunct) <> 2
    or [lower(name) for name in values_of(conjunct, 'resource.purview.collection')] is distinct from [place] as conditional
from decision
where effect is distinct from 'Deny';

-- one row per collection, rule that counts there and whether it certainly does: what is permitted, and all that leads to it.
-- A rule that nothing leads to is followed as well, but gives nothing for certain.
create table reached_rule as
with recursive followed as (
    select place, id, conditional from demanded_rule
    union
    select place, id, true from attribute_rule
    union
    select f.place, t.target_id, f.conditional or t.conditional
    from followed f
    join takeover t on t.id = f.id
)
select f.place, f.id, f.conditional or d.place is not null as conditional
from (select place, id, bool_and(conditional) as conditional from followed group by all) f
left join (
    select distinct place
    from (select place, unnest(policy.properties."decisionRules") as decision from policy_read)
    where decision.effect = 'Deny'
) d on d.place = f.place;

create table collection_spelling as
select lower(name) as place, coalesce(min(name) filter (where listed), min(name)) as id
from (
    select key as name, true as listed from collection_item
    union all
    select policy.properties.collection."referenceName", false from policy_read
)
group by all;

insert into metadata_policy by name
select
    key as id,
    policy.name as name,
    coalesce(c.id, policy.properties.collection."referenceName") as collection_id,
    coalesce(parent.id, policy.properties."parentCollectionName") as parent_collection_id,
    exists (
        from takeover t
        where t.place = p.place
            and t.id = 'permission:' || p.place
            and rule_collection(t.target_id) <> p.place
            and not t.conditional
    ) as inherits,
    policy.version as version,
    policy.properties.description as description,
    hash(policy) as content_hash,
    page_id,
    item
from policy_read p
left join collection_spelling c on c.place = p.place
left join collection_spelling parent on parent.place = lower(policy.properties."parentCollectionName");

insert into role_assignment by name
with granted as (
    select
        r.place,
        n.role_id,
        n.principal_id,
        n.principal_kind,
        n.place as origin,
        r.conditional or n.conditional as conditional,
        n.page_id,
        n.item
    from reached_rule r
    join rule_holder n on n.id = r.id
    where nullif(n.principal_id, '') is not null
    union all
    -- what is taken over from a collection whose policy was not read
    select r.place, rule_role(t.target), '*', 'unknown', rule_collection(t.target), true, t.page_id, t.item
    from reached_rule r
    join takeover t on t.id = r.id
    anti join policy_read p on p.place = rule_collection(t.target_id)
)
select distinct on (collection_id, role_id, principal_id, principal_kind, granted_on)
    coalesce(c.id, g.place) as collection_id,
    role_id,
    principal_id,
    principal_kind,
    coalesce(o.id, g.origin) as granted_on,
    if(g.origin = g.place, null, granted_on) as inherited_from,
    conditional,
    page_id,
    g.item as item
from granted g
left join collection_spelling c on c.place = g.place
left join collection_spelling o on o.place = lower(g.origin)
order by collection_id, role_id, principal_id, principal_kind, granted_on, conditional, page_id, g.item;
