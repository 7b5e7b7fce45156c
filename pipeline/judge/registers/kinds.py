"""The kinds of register: which columns a file may have, what each holds, and the public table it fills."""

from collections.abc import Mapping
from dataclasses import dataclass

TEXT = "text"
DAY = "a day or an instant"
LAST_DAY = "a day or an instant; a day lasts until it ends"
CHOICE = "one of"


@dataclass(frozen=True)
class Field:
    """A column of a file; it goes into the column `into` of the table."""

    into: str
    holds: str = TEXT
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Register:
    """A kind of register: its table, the columns of its file, and the two that name author and approver."""

    name: str
    table: str
    fields: Mapping[str, Field]
    author: str
    approver: str
    key: tuple[str, ...]
    independent: bool = True
    """Whether a row approved by its own author is refused; a waiver is read, and found wanting by a rule."""
    folder: str = "registers"
    shipped: bool = False
    """Whether Pass Muster has one of its own, which nobody here approved; that of a pack takes its place."""


def _governed(fields: Mapping[str, Field]) -> dict[str, Field]:
    return {**fields, "author": Field("author"), "approver": Field("approver")}


REGISTERS: Mapping[str, Register] = {
    register.name: register
    for register in (
        Register(
            "waivers",
            "waiver",
            {
                "id": Field("id"),
                "rule": Field("rule_id"),
                "subject": Field("subject_pattern"),
                "reason": Field("reason"),
                "requested_by": Field("requested_by"),
                "approved_by": Field("approved_by"),
                "ticket": Field("ticket"),
                "created": Field("created_at", DAY),
                "expires": Field("expires_at", LAST_DAY),
            },
            "requested_by",
            "approved_by",
            ("id",),
            independent=False,
        ),
        Register(
            "reviews",
            "review_decision",
            _governed(
                {
                    "id": Field("id"),
                    "principal": Field("principal"),
                    "object_kind": Field(
                        "object_kind",
                        CHOICE,
                        choices=("source", "product", "project", "collection", "account"),
                    ),
                    "object": Field("object_id"),
                    "decision": Field(
                        "decision", CHOICE, choices=("keep", "revoke", "change", "not_reviewed")
                    ),
                    "reviewer": Field("reviewer"),
                    "decided": Field("decided_at", DAY),
                    "due": Field("due_at", LAST_DAY, required=False),
                    "ticket": Field("ticket", required=False),
                }
            ),
            "author",
            "approver",
            ("id",),
        ),
        Register(
            "transfers",
            "data_transfer",
            _governed(
                {
                    "id": Field("id"),
                    "from": Field("from_pattern"),
                    "to": Field("to_pattern"),
                    "basis": Field("basis"),
                    "created": Field("created_at", DAY),
                    "expires": Field("expires_at", LAST_DAY, required=False),
                    "ticket": Field("ticket", required=False),
                }
            ),
            "author",
            "approver",
            ("id",),
        ),
        Register(
            "changes",
            "approved_change",
            _governed(
                {
                    "id": Field("id"),
                    "subject": Field("subject_pattern"),
                    "change": Field("change"),
                    "from": Field("valid_from_at", DAY),
                    "until": Field("valid_to_at", LAST_DAY),
                    "ticket": Field("ticket", required=False),
                }
            ),
            "author",
            "approver",
            ("id",),
        ),
        Register(
            "breakers",
            "lineage_breaker",
            _governed(
                {
                    "id": Field("id"),
                    "process": Field("process_pattern"),
                    "kind": Field("kind", CHOICE, choices=("masking", "aggregation")),
                    "classes": Field("class_pattern", required=False),
                    "created": Field("created_at", DAY),
                    "expires": Field("expires_at", LAST_DAY),
                    "ticket": Field("ticket", required=False),
                }
            ),
            "author",
            "approver",
            ("id",),
        ),
        Register(
            "hosts",
            "host_alias",
            _governed(
                {
                    "host": Field("name"),
                    "other": Field("other"),
                    "ticket": Field("ticket", required=False),
                }
            ),
            "author",
            "approver",
            ("name",),
            folder="rules",
            shipped=True,
        ),
        Register(
            "sensitivity",
            "sensitivity_entry",
            _governed(
                {
                    "class": Field("class_key"),
                    "tier": Field("tier", CHOICE, choices=("0", "1", "2", "3")),
                    "source": Field("source", CHOICE, choices=("purview", "immuta")),
                    "way": Field("way", CHOICE, choices=("names", "families", "patterns")),
                    "name": Field("name"),
                    "protection": Field("protection", required=False),
                    "ticket": Field("ticket", required=False),
                }
            ),
            "author",
            "approver",
            ("source", "way", "name"),
            folder="rules",
            shipped=True,
        ),
    )
}
"""By the name that their files have."""
