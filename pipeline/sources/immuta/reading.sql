-- start
-- How values are read: macros and shapes that every section of this source may use.

-- an instant that decides a verdict and cannot be read is no missing instant: its item is left out, and so counted as lost
create macro readable(instant) as instant is null or try_cast(instant as timestamptz) is not null;

-- a request, in whichever list it comes
set variable request_shape = '{"data": [{
    "id": "VARCHAR", "type": "VARCHAR", "status": "VARCHAR", "formVersion": "VARCHAR",
    "createdAt": "VARCHAR", "updatedAt": "VARCHAR", "expiration": "VARCHAR",
    "requestingUser": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"},
    "user": {"id": "INTEGER", "iamId": "VARCHAR", "globalUserId": "VARCHAR", "username": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR"}}]}';
