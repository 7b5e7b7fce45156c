"""What a verdict can be about: where the subject's row is, its canonical key, and what its data depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subject:
    """One kind of subject; its key that is the same in every estate is `prefix` + subject id.

    `gap_keys` selects (subject_id, key) from `former`, the subjects of the snapshot before: the keys
    under which a gap may hide one of them. `inside` maps another kind to (subject_id, parent_id)
    pairs. `related` maps a table to the condition on `$id` that finds its rows about the subject.
    """

    prefix: str
    table: str | None
    key: str = ""
    gap_keys: str = "select subject_id, subject_id as key from former"
    inside: Mapping[str, str] = field(default_factory=dict)
    related: Mapping[str, str] = field(default_factory=dict)


# history is asked without regard to time: a row that a gap hides now was there once
_ASSET_KEYS = """
select subject_id, subject_id as key from former
union
select f.subject_id, l.source_id::varchar
from former f
join history.link l on l.asset_guid = f.subject_id
"""
_COLUMN_KEYS = """
select subject_id, subject_id as key from former
union
select f.subject_id, c.asset_guid
from former f
join history.asset_column c on c.guid = f.subject_id
union
select f.subject_id, l.source_id::varchar
from former f
join history.asset_column c on c.guid = f.subject_id
join history.link l on l.asset_guid = c.asset_guid
"""
_CLASS_KEYS = """
select f.subject_id, c.asset_guid as key
from former f
join history.classification c on f.subject_id = concat('purview:', c.type_name)
union
select f.subject_id, t.source_id::varchar
from former f
join history.immuta_column_tag t on f.subject_id = concat('immuta:', t.tag)
"""
_REQUEST_KEYS = """
select subject_id, subject_id as key from former
union
select f.subject_id, r.product_id
from former f
join history.access_request r on r.id = f.subject_id
"""
_SCAN_KEYS = """
select subject_id, subject_id as key from former
union
select f.subject_id, g.key
from former f
join gap g on starts_with(g.key, concat(f.subject_id, '/'))
"""

_OF_ASSET = {
    "contact": "asset_guid = $id",
    "classification": "asset_guid = $id and status = 'ACTIVE'",
    "link": "asset_guid = $id",
    "immuta_source": "id in (select source_id from link where asset_guid = $id)",
}
_DICTIONARY_COLUMN = (
    "(source_id, lower({})) in (select l.source_id, lower(c.name) from asset_column c "
    "join link l on l.asset_guid = c.asset_guid where c.guid = $id)"
)
_OF_COLUMN = {
    "classification": "column_guid = $id and status = 'ACTIVE'",
    "link": "asset_guid = (select asset_guid from asset_column where guid = $id)",
    "immuta_column": _DICTIONARY_COLUMN.format("name"),
    "immuta_column_tag": _DICTIONARY_COLUMN.format("column_name"),
}

SUBJECTS: dict[str, Subject] = {
    "asset": Subject("purview:", "asset", "guid", gap_keys=_ASSET_KEYS, related=_OF_ASSET),
    "asset_column": Subject(
        "purview:",
        "asset_column",
        "guid",
        gap_keys=_COLUMN_KEYS,
        inside={"asset": "select guid as subject_id, asset_guid as parent_id from asset_column"},
        related=_OF_COLUMN,
    ),
    "entity": Subject(
        "purview:",
        "asset_column",
        "guid",
        gap_keys=_COLUMN_KEYS,
        related={"classification": "entity_guid = $id and status = 'ACTIVE'"},
    ),
    "data_source": Subject(
        "purview:ds:",
        "data_source",
        "name",
        gap_keys=_SCAN_KEYS,
        related={
            "scan": "data_source_name = $id",
            "scan_trigger": "scan_id in (select id from scan where data_source_name = $id)",
            "scan_run": "scan_id in (select id from scan where data_source_name = $id)",
        },
    ),
    "classification_type": Subject("class:", None, gap_keys=_CLASS_KEYS),
    "immuta_source": Subject(
        "immuta:ds:",
        "immuta_source",
        "id",
        related={
            "immuta_membership": "source_id = $id::integer and state = 'owner'",
            "policy_application": "source_id = $id::integer",
            "link": "source_id = $id::integer",
        },
    ),
    "access_request": Subject(
        "immuta:req:",
        "access_request",
        "id",
        gap_keys=_REQUEST_KEYS,
        related={"approval": "request_id = $id", "product_member": "request_id = $id"},
    ),
    "data_product": Subject(
        "immuta:dp:",
        "data_product",
        "id",
        related={"request_form": "product_id = $id", "data_product_source": "product_id = $id"},
    ),
    "endpoint": Subject("run:", "reconciliation", "endpoint"),
}
