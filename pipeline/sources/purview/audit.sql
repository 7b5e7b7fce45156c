-- endpoint: audit_event
create table audit_event_item as
select page_id, '/resultData/' || position as item, event.id as key, category, event
from (
    select page_id, key as category, unnest(page."resultData") as event, generate_subscripts(page."resultData", 1) - 1 as position
    from (
        select page_id, key, from_json(body, '{"resultData": [{
            "id": "VARCHAR", "creationTime": "VARCHAR", "operation": "VARCHAR", "userId": "VARCHAR", "userKey": "VARCHAR",
            "userType": "INTEGER", "clientIP": "VARCHAR", "changeRequestId": "VARCHAR", "objectId": "VARCHAR",
            "objectName": "VARCHAR", "objectFullyQualifiedName": "VARCHAR", "objectType": "VARCHAR",
            "objectCollectionId": "VARCHAR", "oldValue": "VARCHAR", "newValue": "VARCHAR"}]}') as page
        from pages
    )
)
where event.id is not null
    and event."creationTime" is not null
    and readable(event."creationTime");

insert into audit_event by name
select distinct on (key)
    key as id,
    category,
    event."creationTime"::timestamptz as occurred_at,
    event.operation as operation,
    event."userId" as user_id,
    event."userKey" as user_key,
    event."clientIP" as client_ip,
    event."changeRequestId" as change_request_id,
    event."objectId" as object_guid,
    event."objectName" as object_name,
    event."objectType" as object_type,
    event."objectFullyQualifiedName" as object_qualified_name,
    event."objectCollectionId" as object_collection_id,
    event."oldValue" as old_value,
    event."newValue" as new_value,
    page_id,
    item
from audit_event_item
order by key, page_id;
