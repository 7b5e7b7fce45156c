-- start
-- a list of related terms by guid and name; null where there are none
create macro named(terms) as if(
    json_array_length(terms) > 0,
    [{'guid': json_extract_string(t, '$.termGuid'), 'name': json_extract_string(t, '$.displayText')} for t in json_extract(terms, '$[*]')],
    null
);

-- endpoint: glossary
create table glossary_item as
select page_id, '/' || position as item, glossary.guid as key, glossary
from (
    select page_id, unnest(page) as glossary, generate_subscripts(page, 1) - 1 as position
    from (select page_id, from_json(body, '[{"guid": "VARCHAR", "name": "VARCHAR", "qualifiedName": "VARCHAR"}]') as page from pages)
)
where glossary.guid is not null;

insert into glossary by name
select distinct on (key)
    key as guid,
    coalesce(glossary.name, glossary."qualifiedName", key) as name,
    glossary."qualifiedName" as qualified_name,
    page_id,
    item
from glossary_item
order by key, page_id;

-- endpoint: term
create table term_item as
select page_id, '/' || position as item, term.guid as key, glossary_guid, term
from (
    select page_id, key as glossary_guid, unnest(page) as term, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '[{
            "guid": "VARCHAR", "name": "VARCHAR", "nickName": "VARCHAR", "qualifiedName": "VARCHAR", "status": "VARCHAR",
            "shortDescription": "VARCHAR", "longDescription": "VARCHAR", "abbreviation": "VARCHAR", "usage": "VARCHAR",
            "createTime": "BIGINT", "updateTime": "BIGINT", "templateName": "JSON", "attributes": "JSON",
            "parentTerm": {"termGuid": "VARCHAR"}, "hierarchyInfo": [{"guid": "VARCHAR"}], "resources": ["JSON"],
            "contacts": {"Steward": [{"id": "VARCHAR"}], "Expert": [{"id": "VARCHAR"}]},
            "antonyms": "JSON", "classifies": "JSON", "isA": "JSON", "preferredTerms": "JSON", "preferredToTerms": "JSON",
            "replacedBy": "JSON", "replacementTerms": "JSON", "seeAlso": "JSON", "synonyms": "JSON",
            "translatedTerms": "JSON", "translationTerms": "JSON", "validValues": "JSON", "validValuesFor": "JSON"}]') as page
        from pages
    )
)
where term.guid is not null;

-- one row per name that a term's own name goes on from: Parent_Child@Glossary, and names may hold the mark themselves
create table term_above as
select c.key, arg_max(p.key, length(p.name)) as parent_guid
from (
    select key, glossary_guid, array_to_string(words[1:unnest(range(1, len(words)))], '_') as above
    from (
        select key, glossary_guid, string_split(regexp_replace(term."qualifiedName", '@[^@]*$', ''), '_') as words
        from term_item
    )
) c
join (
    select key, glossary_guid, regexp_replace(term."qualifiedName", '@[^@]*$', '') as name
    from term_item
) p on p.glossary_guid = c.glossary_guid and p.name = c.above and p.key <> c.key
group by c.key;

insert into term by name
select distinct on (t.key)
    t.key as guid,
    glossary_guid,
    coalesce(term."nickName", nullif(term.name, ''), term."qualifiedName", t.key) as name,
    term."nickName" as nick_name,
    term."qualifiedName" as qualified_name,
    -- said outright, or by the last of those above it, or by its name
    coalesce(term."parentTerm"."termGuid", list_filter(term."hierarchyInfo", lambda h: h.guid <> t.key)[-1].guid, a.parent_guid) as parent_guid,
    term.status as status,
    term.abbreviation as abbreviation,
    term."shortDescription" as short_description,
    term."longDescription" as long_description,
    term.usage as usage,
    coalesce(len(term.resources), 0) as resource_count,
    -- sections without any term are no relation
    nullif(json_merge_patch('{}', json_object(
        'antonyms', named(term.antonyms), 'classifies', named(term.classifies), 'isA', named(term."isA"),
        'preferredTerms', named(term."preferredTerms"), 'preferredToTerms', named(term."preferredToTerms"),
        'replacedBy', named(term."replacedBy"), 'replacementTerms', named(term."replacementTerms"),
        'seeAlso', named(term."seeAlso"), 'synonyms', named(term.synonyms),
        'translatedTerms', named(term."translatedTerms"), 'translationTerms', named(term."translationTerms"),
        'validValues', named(term."validValues"), 'validValuesFor', named(term."validValuesFor")
    ))::varchar, '{}')::json as related,
    nullif(term.attributes::varchar, '{}')::json as attributes,
    moment(term."createTime") as created_at,
    moment(term."updateTime") as updated_at,
    page_id,
    item,
    hash(term) as content_hash
from term_item t
left join term_above a using (key)
order by t.key, page_id;

insert into term_contact by name
select distinct on (term_guid, role, principal_id) term_guid, role, contact.id as principal_id, page_id, item
from (
    select key as term_guid, 'Steward' as role, unnest(term.contacts."Steward") as contact, page_id, item from term_item
    union all
    select key, 'Expert', unnest(term.contacts."Expert"), page_id, item from term_item
)
where nullif(contact.id, '') is not null
order by term_guid, role, principal_id, page_id;

-- endpoint: glossary_category
create table glossary_category_item as
select page_id, '/' || position as item, category.guid as key, glossary_guid, category
from (
    select page_id, key as glossary_guid, unnest(page) as category, generate_subscripts(page, 1) - 1 as position
    from (
        select page_id, key, from_json(body, '[{
            "guid": "VARCHAR", "name": "VARCHAR", "qualifiedName": "VARCHAR", "shortDescription": "VARCHAR",
            "longDescription": "VARCHAR", "createTime": "BIGINT", "updateTime": "BIGINT",
            "parentCategory": {"categoryGuid": "VARCHAR"}, "terms": [{"termGuid": "VARCHAR"}]}]') as page
        from pages
    )
)
where category.guid is not null;

insert into glossary_category by name
select distinct on (key)
    key as guid,
    glossary_guid,
    coalesce(nullif(category.name, ''), category."qualifiedName", key) as name,
    category."qualifiedName" as qualified_name,
    category."parentCategory"."categoryGuid" as parent_guid,
    coalesce(category."longDescription", category."shortDescription") as description,
    moment(category."createTime") as created_at,
    moment(category."updateTime") as updated_at,
    page_id,
    item
from glossary_category_item
order by key, page_id;

insert into term_category by name
select distinct on (category_guid, term_guid) key as category_guid, term."termGuid" as term_guid, page_id, item
from (select key, unnest(category.terms) as term, page_id, item from glossary_category_item)
where term."termGuid" is not null
order by category_guid, term_guid, page_id;
