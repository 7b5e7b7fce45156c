-- start
-- How values are read: macros and shapes that every section of this source may use.

-- an instant that decides a verdict and cannot be read is no missing instant: its item is left out, and so counted as lost
create macro readable(instant) as instant is null or try_cast(instant as timestamptz) is not null;

-- a request, in whichever list it comes
set variable request_shape = '{"data": [{
    "id": "VARCHAR", "type": "VARCHAR", "status": "VARCHAR", "formVersion": "VARCHAR",
    "createdAt": "VARCHAR", "updatedAt": "VARCHAR", "expiration": "VARCHAR",
    "requestingUser": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"},
    "user": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"},
    "dataProduct": {"id": "VARCHAR"},
    "asset": {"id": "VARCHAR", "name": "VARCHAR", "metadata": {"dataSourceId": "INTEGER"}}}],
    "meta": {"totalCount": "BIGINT"}}';

-- a version of a request form, in whichever list it comes
set variable form_shape = '{
    "id": "VARCHAR", "name": "VARCHAR", "requestType": "VARCHAR", "version": "VARCHAR",
    "fields": [{"type": "VARCHAR", "required": "BOOLEAN"}],
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

-- when the walk of this run began, by a clock that may be behind
create macro walk_began() as make_timestamptz(getvariable('started_ms')::bigint * 1000);

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
