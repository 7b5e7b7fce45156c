"""Live sides for tests of drift: sealed snapshots of a few rows, read completely unless said otherwise."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipeline.drift import compare, declared
from pipeline.drift.compare import Line
from pipeline.warehouse import history, home

Rows = Sequence[Mapping[str, Any]]
Given = Mapping[str, Rows]

READ = (
    "immuta_policy",
    "immuta_purpose",
    "immuta_project",
    "project_purpose",
    "project_source",
    "immuta_source",
    "immuta_source_tag",
    "immuta_membership",
    "immuta_group_access",
    "immuta_connection",
)
"""Tables that drift looks at; each is fed by an endpoint of its own here."""

POLICY = {
    "id": 8,
    "policy_key": "mask-pii",
    "name": "Mask PII",
    "type": "data",
    "staged": False,
    "deleted": False,
    "system_generated": False,
    "template": False,
    "page_id": 41,
    "item": "/0",
}
"""The row of a global policy as the V1 API answers it, without what it does."""


def masking(**changes: Any) -> dict[str, Any]:
    """A masking rule as the V1 API answers it."""
    config = {
        "fields": [
            {
                "name": "Discovered.Entity.Credit Card Number",
                "source": "curated",
                "hasLeafNodes": False,
            }
        ],
        "maskingConfig": {"type": "Consistent Value", "metadata": {}},
    }
    exceptions = {
        "operator": "or",
        "conditions": [{"type": "groups", "group": {"name": "fraud-team", "iam": "okta"}}],
    }
    return {"type": "masking", "exceptions": exceptions, "config": config} | changes


def data_policy(*rules: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The row of the data policy that `tests/declared/policies/mask-pii.yaml` makes."""
    actions = [{"type": "masking", "description": "ticket GOV-12", "rules": rules or [masking()]}]
    circumstances = [
        {
            "type": "columnTags",
            "operator": "or",
            "columnTag": {"name": "Discovered.Entity.Credit Card Number", "hasLeafNodes": False},
        }
    ]
    said = {"actions": actions, "circumstances": circumstances} | changes
    texts = {key: value if value is None else json.dumps(value) for key, value in said.items()
             if key in ("actions", "circumstances", "owner_restrictions")}  # fmt: skip
    return {**POLICY, **said, **texts}


def subscription_policy(action: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The row of a subscription policy with this action."""
    said = {"type": "subscription", "actions": [{"type": "subscription", **action}]}
    return data_policy(**(said | {"circumstances": None} | changes))


def reconciled(*tables: str) -> Rows:
    """Reconciliation of an endpoint for each table, all read completely."""
    return [
        {
            "endpoint": f"immuta.{table}",
            "source": "immuta",
            "tables": [table],
            "verdict": "reconciled",
            "distinct_keys": 1,
            "server_total": 1,
            "server_total_before": 1,
        }
        for table in tables
    ]


Shown = Callable[[Given], duckdb.DuckDBPyConnection]


@pytest.fixture(scope="session")
def warehouse(
    insert: Callable[[duckdb.DuckDBPyConnection, str, str, Rows], None],
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory that takes one snapshot after the other as its only one."""
    with home.connect(":memory:") as con:
        history.initialise(con)
        insert(con, "snapshot", "snapshot", [{"number": 1, "id": "only"}])
        yield con


@pytest.fixture
def shown(
    warehouse: duckdb.DuckDBPyConnection,
    insert: Callable[[duckdb.DuckDBPyConnection, str, str, Rows], None],
) -> Shown:
    """A function that shows a snapshot with these rows; tables not named were read and are empty."""

    def shown(given: Given) -> duckdb.DuckDBPyConnection:
        tables = {
            "gap": (),
            "reconciliation": reconciled(*READ),
            **dict.fromkeys(READ, ()),
            **given,
        }
        for name, rows in tables.items():
            warehouse.execute(f"delete from history.{name}")
            warehouse.execute(f"create or replace temp table arriving as from {name} limit 0")
            insert(warehouse, "arriving", name, rows)
            warehouse.execute(
                f"insert into history.{name} by name select *, 1 as valid_from, 0 as row_hash from arriving"
            )
        return warehouse

    return shown


def lines(con: duckdb.DuckDBPyConnection, folder: Path, *payloads: Mapping[str, Any]) -> list[Line]:
    """Drift of the payloads, written to a file of `folder`, against the snapshot shown."""
    folder.mkdir(exist_ok=True)
    text = yaml.safe_dump_all(payloads, sort_keys=False)
    (folder / "declared.yaml").write_text(text, encoding="utf-8")
    return compare.drift(con, declared.read(folder))


def verdicts(found: Sequence[Line]) -> dict[str, str]:
    """Verdict by path, or by key where a line is about an object."""
    return {line.path or line.key: line.verdict for line in found}


def drifting(found: Sequence[Line]) -> dict[str, str]:
    """What is missing, unexpected or different, by path or key."""
    return {key: verdict for key, verdict in verdicts(found).items() if verdict in compare.DRIFT}
