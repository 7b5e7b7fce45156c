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
    "scan": Subject(
        "purview:scan:",
        "scan",
        "id",
        inside={"data_source": "select id as subject_id, data_source_name as parent_id from scan"},
        related={
            "scan_trigger": "scan_id = $id",
            "scan_run": "scan_id = $id",
            "scan_ruleset": "name = (select ruleset_name from scan where scan.id = $id)",
        },
    ),
    # <guid>:<guid>, of two columns or of two assets that data flows between
    "flow": Subject(
        "purview:flow:",
        None,
        related={
            "asset": "guid in (select unnest(string_split($id, ':'))) or guid in (select asset_guid from asset_column c where c.guid in (select unnest(string_split($id, ':'))))",
            "asset_column": "guid in (select unnest(string_split($id, ':')))",
            "classification": "entity_guid in (select unnest(string_split($id, ':'))) and status = 'ACTIVE'",
            "lineage_edge": "concat(from_guid, ':', to_guid) = $id",
        },
    ),
    "term": Subject(
        "purview:term:", "term", "guid", related={"term_assignment": "term_guid = $id"}
    ),
    "classification_type": Subject("class:", None),
    "immuta_source": Subject(
        "immuta:ds:",
        "immuta_source",
        "id",
        related={
            "immuta_membership": "source_id = $id::integer and state = 'owner'",
            "policy_application": "source_id = $id::integer",
            "policy_exemption": "source_id = $id::integer",
            "link": "source_id = $id::integer",
        },
    ),
    # <data source>:<column>; a column that no dictionary was read for goes by its name in Purview
    "immuta_column": Subject(
        "immuta:col:",
        None,
        related={
            "immuta_column": "concat(source_id, ':', name) = $id",
            "immuta_column_tag": "concat(source_id, ':', column_name) = $id",
            "source_policy": "source_id = split_part($id, ':', 1)::integer",
            "policy_masking": "source_id = split_part($id, ':', 1)::integer",
            "link": "source_id = split_part($id, ':', 1)::integer",
        },
    ),
    # <platform>://<host>/<database>/<schema> in lower case
    "immuta_schema": Subject(
        "immuta:schema:",
        None,
        related={
            "immuta_source": "lower(concat(technology, '://', host, '/', database_name, '/', schema_name)) = $id",
        },
    ),
    "immuta_user": Subject("immuta:user:", "immuta_user", "id"),
    # <asset>:<data source>
    "link": Subject(
        "link:",
        None,
        related={
            "link": "concat(asset_guid, ':', source_id) = $id",
            "asset": "guid = split_part($id, ':', 1)",
            "immuta_source": "id = split_part($id, ':', 2)::integer",
        },
    ),
    # <collection>:<role>
    "collection_role": Subject(
        "purview:role:",
        None,
        related={
            "role_assignment": "concat(collection_id, ':', role_id) = $id",
            "identity": "id in (select lower(principal_id) from role_assignment where concat(collection_id, ':', role_id) = $id)",
        },
    ),
    # immuta:<profile> or purview:<principal>
    "privileged_account": Subject(
        "account:",
        None,
        related={
            "immuta_user": "concat('immuta:', id) = $id",
            "role_assignment": "concat('purview:', lower(principal_id)) = $id",
            "identity": "concat('purview:', id) = $id",
        },
    ),
    "review_decision": Subject("review:", "review_decision", "id"),
    # the system whose night it was: the key stays, whatever the snapshot
    "estate": Subject("estate:", None, related={"snapshot": "estate = $id"}),
    # <source>, or <source>:<plane> where a plane says who asks
    "collector": Subject("collector:", None, related={"caller": "concat('immuta:', plane) = $id"}),
    "access_request": Subject(
        "immuta:req:",
        "access_request",
        "id",
        inside={
            "data_product": "select id as subject_id, product_id as parent_id from access_request where product_id is not null"
        },
        related={
            "approval": "request_id = $id",
            "product_member": "request_id = $id",
            "masking_exception_column": "request_id = $id",
        },
    ),
    "approval": Subject(
        "immuta:approval:",
        "approval",
        "id",
        inside={"access_request": "select id as subject_id, request_id as parent_id from approval"},
        related={
            "access_request": "id = (select request_id from approval where approval.id = $id)"
        },
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
        inside={
            "asset": "select concat('asset:', asset_guid, ':', lower(principal_id)) as subject_id, asset_guid as parent_id "
            "from contact where role = 'Owner'"
        },
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
    "immuta_policy": Subject(
        "immuta:policy:",
        "immuta_policy",
        "id",
        related=dict.fromkeys(
            ("policy_application", "policy_circumstance", "policy_masking", "policy_exception"),
            "policy = concat('global:', $id)",
        ),
    ),
    # the stable name of a policy that should be there, whether or not it is
    "policy_key": Subject(
        "immuta:policykey:",
        "immuta_policy",
        "policy_key",
        # of a policy that is not there, the whole list is the evidence
        related={
            "immuta_policy": "not exists (select 1 from immuta_policy p where p.policy_key = $id)"
        },
    ),
    # <data source>:<policy>
    "policy_application": Subject(
        "immuta:applied:",
        None,
        related={
            "policy_application": "concat(source_id, ':', policy) = $id",
            "immuta_policy": "concat('global:', id) = substr($id, instr($id, ':') + 1)",
            "immuta_source": "id::varchar = split_part($id, ':', 1)",
            "immuta_audit_event": "certification is not null and concat(source_id, ':global:', policy_id) = $id",
        },
    ),
    # purposes are named where they are used
    "immuta_purpose": Subject(
        "immuta:purpose:",
        "immuta_purpose",
        "name",
        related={
            "project_purpose": "purpose = $id",
            "policy_condition": "kind = 'purpose' and name = $id",
            "policy_exception": "kind = 'purpose' and name = $id",
        },
    ),
    "immuta_project": Subject(
        "immuta:project:",
        "immuta_project",
        "id",
        related=dict.fromkeys(
            ("project_purpose", "project_source", "project_member"), "project_id::varchar = $id"
        ),
    ),
    "waiver": Subject("waiver:", "waiver", "id", related={"waiver_match": "waiver_id = $id"}),
    "endpoint": Subject("run:", "reconciliation", "endpoint"),
}
