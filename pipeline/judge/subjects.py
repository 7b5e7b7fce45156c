"""What a verdict can be about: where the subject's row is, its canonical key, and what belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subject:
    """One kind of subject; its key that is the same in every estate is `prefix` + subject id.

    `inside` maps another kind to (subject_id, parent_id) pairs. `related` maps a table to the
    condition on `$id` that finds its rows about the subject.
    """

    prefix: str
    table: str | None
    key: str = ""
    inside: Mapping[str, str] = field(default_factory=dict)
    related: Mapping[str, str] = field(default_factory=dict)


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
    "asset": Subject("purview:", "asset", "guid", related=_OF_ASSET),
    "asset_column": Subject(
        "purview:",
        "asset_column",
        "guid",
        inside={"asset": "select guid as subject_id, asset_guid as parent_id from asset_column"},
        related=_OF_COLUMN,
    ),
    "entity": Subject(
        "purview:",
        "asset_column",
        "guid",
        related={"classification": "entity_guid = $id and status = 'ACTIVE'"},
    ),
    "data_source": Subject(
        "purview:ds:",
        "data_source",
        "name",
        related={
            "scan": "data_source_name = $id",
            "scan_trigger": "scan_id in (select id from scan where data_source_name = $id)",
            "scan_run": "scan_id in (select id from scan where data_source_name = $id)",
        },
    ),
    "classification_type": Subject("class:", None),
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
        related={"approval": "request_id = $id", "product_member": "request_id = $id"},
    ),
    "data_product": Subject(
        "immuta:dp:",
        "data_product",
        "id",
        related={"request_form": "product_id = $id", "data_product_source": "product_id = $id"},
    ),
    # <kind of object>:<its id>:<id of the owner>
    "owner": Subject(
        "owner:",
        None,
        related={
            "contact": "concat('asset:', asset_guid, ':', lower(principal_id)) = $id and role = 'Owner'",
            "immuta_membership": "concat('immuta_source:', source_id, ':', profile_id) = $id and state = 'owner'",
            "data_product": "concat('data_product:', id, ':', expert_id) = $id",
            "identity": "id in (select evidence ->> 'identity_id' from verdict where subject = 'owner' and subject_id = $id)",
            "group_member": "group_id = split_part($id, ':', 3)",
        },
    ),
    "active_grant": Subject(
        "immuta:grant:",
        "active_grant",
        "id",
        related={
            "immuta_membership": "concat('source:', source_id, ':user:', profile_id, ':', state) = $id",
            "access_request": "id in (select unnest(explanations ->> '$[*].origin_id') from active_grant where active_grant.id = $id)",
            "approval": "request_id in (select unnest(explanations ->> '$[*].origin_id') from active_grant where active_grant.id = $id)",
            "policy_application": "(source_id::varchar, policy) in (select object_id, unnest(explanations ->> '$[*].origin_id') from active_grant where active_grant.id = $id and object_kind = 'source')",
        },
    ),
    "masking_grant": Subject(
        "immuta:mask:",
        "masking_grant",
        "id",
        related={
            "access_request": "id = split_part($id, ':', 1)",
            "approval": "request_id = split_part($id, ':', 1)",
            "masking_exception_column": "concat_ws(':', request_id, source_id, column_name) = $id",
        },
    ),
    "waiver": Subject("waiver:", "waiver", "id", related={"waiver_match": "waiver_id = $id"}),
    "endpoint": Subject("run:", "reconciliation", "endpoint"),
}
