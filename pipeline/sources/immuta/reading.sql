-- start
-- How values are read: macros and shapes that every section of this source may use.
-- The last answer about a thing is the one that counts: where there are many, told by `row_number()`, because `distinct on`
-- keeps every column of every thing in memory at once.

-- a request, in whichever list it comes
set variable request_shape = '{"data": [{
    "id": "VARCHAR", "type": "VARCHAR", "status": "VARCHAR", "formVersion": "VARCHAR",
    "createdAt": "VARCHAR", "updatedAt": "VARCHAR", "expiration": "VARCHAR",
    "requestingUser": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"},
    "user": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"},
    "form": "JSON", "dataProduct": {"id": "VARCHAR"},
    "asset": {"id": "VARCHAR", "name": "VARCHAR", "metadata": {"dataSourceId": "INTEGER"}}}],
    "meta": {"totalCount": "BIGINT"}}';

-- a version of a request form, in whichever list it comes
set variable form_shape = '{
    "id": "VARCHAR", "name": "VARCHAR", "requestType": "VARCHAR", "version": "VARCHAR",
    "fields": [{"id": "VARCHAR", "type": "VARCHAR", "label": "VARCHAR", "required": "BOOLEAN"}],
    "policy": {"rules": ["JSON"], "defaultEvent": "JSON"}, "dataUseAgreements": [{"id": "VARCHAR"}],
    "createdAt": "VARCHAR", "updatedAt": "VARCHAR", "updatedBy": {"globalUserId": "VARCHAR"}, "inheritedFrom": "JSON",
    "associatedDomains": ["VARCHAR"]}';

-- as what a request form comes: one row of `request_form_version` but for where it stands
create macro form_version(form) as {
    'version': form.version,
    'form_id': form.id,
    'name': form.name,
    'field_count': coalesce(len(form.fields), 0),
    -- a field is required unless it says otherwise
    'required_field_count': coalesce(len(list_filter(form.fields, lambda f: coalesce(f.required, true))), 0),
    'questions': to_json([
        {'id': f.id, 'label': f.label, 'type': f.type, 'required': coalesce(f.required, true)}
        for f in coalesce(form.fields, [])
    ]),
    'asks_duration': coalesce(list_contains([f.type for f in form.fields], 'ACCESS_DURATION'), false),
    'agreement_ids': coalesce(list_sort([a.id for a in form."dataUseAgreements" if a.id is not null]), []),
    'domains': list_sort(form."associatedDomains"),
    'review_rule_count': coalesce(len(form.policy.rules), 0),
    'default_event': form.policy."defaultEvent" ->> '$.type',
    'review_flow': to_json(form.policy),
    'updated_by': form."updatedBy"."globalUserId",
    'created_at': try_cast(form."createdAt" as timestamptz),
    'updated_at': try_cast(form."updatedAt" as timestamptz)
};

-- when the thing that is the whole body was made
create macro created_in(body) as try_cast(from_json(body, '{"createdAt": "VARCHAR"}')."createdAt" as timestamptz);

-- the items of a list at `path` of a document; none where there is no list
create macro listed(document, path) as coalesce(from_json(json_extract(document, path), '["JSON"]'), []);

-- the text, number or truth value at `path`; null for an object, a list and an empty text
create macro plain(document, path) as
    case when json_type(document, path) not in ('OBJECT', 'ARRAY') then nullif(json_extract_string(document, path), '') end;

-- a document that is there and not null
create macro present(document) as if(json_type(document) = 'NULL', null, document);

-- the id of something that is named by it, or by an object that has it
create macro number_of(document) as try_cast(coalesce(plain(document, '$.id'), plain(document, '$')) as integer);

-- the names of a list of things that are named by themselves, or by objects
create macro names_in(document) as list_filter(
    [coalesce(plain(thing, '$.name'), plain(thing, '$')) for thing in listed(document, '$')], lambda name: name is not null
);

-- whose approval is still to come, of what has to be approved: nobody's where nothing is said to be open
create macro open_approvals(approvals) as nullif(array_to_string(list_filter(
    [
        plain(one, '$.requiredPermission') for one in listed(approvals, '$')
        if lower(coalesce(plain(one, '$.state'), 'pending')) = 'pending'
    ],
    lambda permission: permission is not null
), ', '), '');

-- how much somebody wrote or chose: of a list or an object, without what only holds it together
create macro answer_length(value) as length(trim(
    case
        when json_type(value) in ('OBJECT', 'ARRAY') then regexp_replace(value::varchar, '[][{}":,]|null|false', '', 'g')
        else coalesce(json_extract_string(value, '$'), '')
    end
));

create macro listed_answers(told) as to_json([
    {
        'question': coalesce(plain(one, '$.id'), plain(one, '$.fieldId'), plain(one, '$.label'), plain(one, '$.question')),
        'length': answer_length(coalesce(json_extract(one, '$.value'), json_extract(one, '$.answer'), json_extract(one, '$.values')))
    }
    for one in listed(told, '$')
]);

create macro keyed_answers(told) as to_json([
    {'question': one.key, 'length': answer_length(one.value)} for one in map_entries(told::map(varchar, json))
]);

-- the answers of a filled-in form: which question, and how long the answer is, never what it says. How a form is filled in is
-- not documented: a list of answers, or an object that has one by the id or label of each question, in `answers` or at the top
create macro answers_in(form) as case
    when json_type(form) = 'ARRAY' then listed_answers(form)
    when json_type(form, '$.answers') = 'ARRAY' then listed_answers(json_extract(form, '$.answers'))
    when json_type(form, '$.answers') = 'OBJECT' then keyed_answers(json_extract(form, '$.answers'))
    when json_type(form) = 'OBJECT' then keyed_answers(form)
end;
