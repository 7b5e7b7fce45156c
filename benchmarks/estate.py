"""An estate to judge: one small sandbox run, sealed once and multiplied with SQL."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from apart import apart

SEED_ASSETS = 2000
OFFSET = 4_000_000
"""Between the numbers of one copy and the next; the sandbox stays below it, 500 copies below 2^31."""

RUN_OF_ASSETS = 10
"""Assets that lineage joins to each other: tables feed tables, but not without end."""

MULTIPLIED = [
    "search_hit",
    "asset",
    "asset_column",
    "classification",
    "sensitivity_label",
    "contact",
    "managed_attribute",
    "asset_label",
    "custom_attribute",
    "relationship",
    "term_assignment",
    "process",
    "lineage_edge",
    "column_lineage",
    "immuta_source",
    "immuta_column",
    "immuta_remote_column",
    "immuta_column_tag",
    "immuta_source_tag",
    "immuta_membership",
    "immuta_group_access",
    "pending_subscription",
    "policy_application",
    "source_policy",
    "policy_condition",
    "policy_masking",
    "policy_exception",
    "project_source",
    "domain_source",
    "data_product",
    "data_product_source",
    "product_column",
    "access_request",
    "product_member",
    "approval",
    "request_form",
    "determination",
    "masking_exception_column",
    "approved_masking_exception",
    "request_domain_source",
]
OWN_KEYS = ("id", "guid", "source_id", "asset_source_id", "product_id", "request_id")
SHARED_GUIDS = ("term_guid", "category_guid", "glossary_guid")
NAMED_APART = ("qualified_name", "from_qualified_name", "to_qualified_name", "database_name")
"""Columns that tell copies apart without being keys."""


def estate(folder: Path, assets: int) -> Path:
    """A folder of results with a sealed snapshot of about so many assets; made if it is not there as this version would."""
    small, home = folder / "seed", folder / f"assets-{assets}"
    apart(collect, small)
    apart(multiply, small, home, max(1, assets // SEED_ASSETS))
    return home


def collect(small: Path) -> dict[str, Any]:
    """Collects the small estate if it is not there."""
    if _is_there(small):
        return {}
    small.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pipeline", "collect", "--sandbox", "--as-of", "2026-11-21"]
    subprocess.run(
        [*command, "--assets", str(SEED_ASSETS)],
        env={**os.environ, "MUSTER_HOME": str(small)},
        check=True,
    )
    return {}


def _is_there(home: Path) -> bool:
    """Whether there is an estate; one of an earlier version lacks what is required now, or is stored otherwise, and goes."""
    from pipeline.warehouse import history
    from pipeline.warehouse.home import Home, connect

    if not (home / "warehouse.duckdb").exists():
        return False
    with connect(Home(home).sealed(), read_only=True) as con:
        if history.is_current(con):
            return True
    shutil.rmtree(home)
    return False


def multiply(small: Path, home: Path, copies: int) -> dict[str, Any]:
    """Seals `copies` of the estate in `small` as one, if it is not there."""
    from pipeline.warehouse import history, schema
    from pipeline.warehouse.home import Home, revise

    if _is_there(home):
        return {}
    with revise(Home(home)) as con:
        history.initialise(con)
        con.execute(f"attach '{Home(small).sealed()}' as small (read_only)")
        con.execute("insert into snapshot by name from small.snapshot")
        con.execute("insert into exchange by name from small.exchange")
        there = con.execute(
            "select table_name from duckdb_tables() where database_name = 'small'"
        ).fetchall()
        for name, table in schema.tables().items():
            # one that was added since the small estate was made is empty
            if (name,) in there and table.historised and table.group in schema.COLLECTED:
                keys = [c for c in table.columns if name in MULTIPLIED and _is_own(c.name)]
                con.execute(_copied(name, table, keys, copies))
        for step in (1, 2):
            con.execute(
                "insert into history.lineage_edge by name "
                "with numbered as (select guid, page_id, row_number() over (order by guid) as n from asset) "
                "select a.guid as from_guid, b.guid as to_guid, '' as process_guid, 'direct' as kind, "
                f"a.page_id, '{step}' as item, 1 as valid_from, 0::ubigint as row_hash from numbered a "
                f"join numbered b on b.n = a.n + {step} and b.n // {RUN_OF_ASSETS} = a.n // {RUN_OF_ASSETS}"
            )
        con.execute("detach small")
    return {}


def _is_own(column: str) -> bool:
    return column in OWN_KEYS or (column.endswith("_guid") and column not in SHARED_GUIDS)


def _copied(name: str, table: Any, keys: list[Any], copies: int) -> str:
    """The statement that puts a table of the small estate into the large one."""
    if not keys:
        return (
            f"insert into history.{name} by name from small.history.{name} where valid_to is null"
        )
    apart = [c for c in table.columns if c.name in NAMED_APART and c not in keys]
    changes = [
        f"if(copy = 0, {c.name}, concat({c.name}, '~', copy)) as {c.name}"
        if c.type == "VARCHAR"
        else f"{c.name} + copy * {OFFSET} as {c.name}"
        for c in (*keys, *apart)
    ]
    # what belongs to nothing of its own would be there many times
    owned = " or ".join(f"nullif({c.name}::varchar, '') <> '0'" for c in keys)
    return (
        f"insert into history.{name} by name select * exclude (copy) replace ({', '.join(changes)}) "
        f"from small.history.{name}, range({copies}) r(copy) "
        f"where valid_to is null and (copy = 0 or {owned})"
    )
