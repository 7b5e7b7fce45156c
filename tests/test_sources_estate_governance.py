"""Policies, purposes, projects and domains collected over a socket are those of the estate."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from estate_fixture import Rows, immuta_collected, read
from sandbox_fixture import DAY

from pipeline.collect.staging import Staging
from pipeline.gate import plan
from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.immuta import domains as domains_api
from pipeline.sandbox.immuta import policies as policies_api
from pipeline.sandbox.immuta import projects as drawn
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import data_sources, domains, people, policies, projects
from pipeline.warehouse import pages

ASSETS = 240
SOURCE = assembled(
    "immuta", "pipeline.sources.immuta", (data_sources, policies, projects, domains, people)
)
TABLES = (
    "immuta_tag", "immuta_policy", "policy_circumstance", "policy_condition", "policy_masking",
    "policy_exception", "immuta_purpose", "immuta_project", "project_purpose", "project_source",
    "project_member", "project_equalization", "immuta_domain", "domain_source", "domain_permission",
)  # fmt: skip


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("estate")


@pytest.fixture(scope="module")
def staging(folder: Path) -> Iterator[Staging]:
    with immuta_collected(SOURCE, folder, ASSETS) as found:
        yield found


def test_conditions_of_global_policies(staging: Staging, estate: Estate) -> None:
    """Every policy lets in by the conditions it was made with, whether or not it is in force."""
    found: Rows = set()
    for one in policies_api.POLICIES:
        if one.type == "subscription":
            name = f"global:{one.id}"
            if one.subscription == "automatic":
                found.add((name, "anyone", None, one.subscription))
            if one.advanced:
                found.add((name, "advanced", None, one.advanced))
            found |= {(name, *named(said)) for said in (one.clause or {}).get("conditions", ())}
    query = "select policy, kind, name, value from policy_condition where source_id = 0"
    assert read(staging.con, query) == found
    query = "select distinct source_id from policy_condition where source_id <> 0"
    assert read(staging.con, query) == {(o.id,) for o in estate.data_sources if o.has_local_policy}


def named(condition: dict[str, Any]) -> tuple[str, str, str | None]:
    """Kind, name and value of a condition."""
    if condition["type"] == "groups":
        return "group", condition["group"]["name"], None
    if condition["type"] == "authorizations":
        return "attribute", condition["authorization"]["auth"], condition["authorization"]["value"]
    return "purpose", condition["value"], None


def test_masking_and_exceptions_of_global_policies(staging: Staging) -> None:
    """What is masked how, and how many ways there are out of it."""
    data = [one for one in policies_api.POLICIES if one.type == "data"]
    query = (
        "select policy, masking_type, applies_to_kind, applies_to, exception_count "
        "from policy_masking where source_id = 0"
    )
    assert read(staging.con, query) == {
        (f"global:{one.id}", one.masking, "columnTag", one.tag,
         len((one.clause or {}).get("conditions", ())))
        for one in data
    }  # fmt: skip
    query = "select policy, kind, name, value from policy_exception where source_id = 0"
    assert read(staging.con, query) == {
        (f"global:{one.id}", *named(said))
        for one in data
        for said in (one.clause or {}).get("conditions", ())
    }


def test_purposes(staging: Staging) -> None:
    """All of them, each with the one above it."""
    query = "select id, name, parent_name, acknowledgement, deleted from immuta_purpose"
    assert read(staging.con, query) == {
        (one.id, one.name, one.name.rpartition(".")[0] or None, one.text, one.deleted)
        for one in drawn.PURPOSES
    }


def test_projects_and_what_belongs_to_them(staging: Staging, estate: Estate) -> None:
    """Open, closed and deleted ones with their purposes, sources and members."""
    query = "select id, name, type, status, deleted, detail_read, equalized from immuta_project"
    assert read(staging.con, query) == {
        (one.id, one.name, "schema" if one.schema else "user",
         "closed" if one.closed else "open", one.deleted, True,
         one.index % 4 == 1 and not one.schema)
        for one in estate.projects
    }  # fmt: skip
    query = "select project_id, purpose, staged, deleted from project_purpose"
    assert read(staging.con, query) == {
        (one.id, each.name, staged, each.deleted)
        for one in estate.projects
        for staged, found in ((False, one.purposes), (True, one.staged))
        for each in found
    }
    assert read(staging.con, "select project_id, source_id from project_source") == {
        (one.id, source.id) for one in estate.projects for source in one.sources
    }
    query = "select project_id, profile_id, state, acknowledged, required_permission from project_member"
    assert read(staging.con, query) == {
        (one.id, member.profile_id, member.state, member.acknowledged,
         "OWNER" if member.state == "pending" else None)
        for one in estate.projects
        for member in one.members
    }  # fmt: skip
    kept = {
        one.id for one in estate.projects if one.index % 4 == 1 and not (one.schema or one.deleted)
    }
    query = "select project_id, holds from project_equalization"
    assert read(staging.con, query) == {(number, number % 8 != 5) for number in kept}
    query = "select key::integer from exchange where endpoint = 'immuta.project_equalization'"
    assert {number for (number,) in read(staging.con, query)} == kept


def test_domains(staging: Staging, estate: Estate) -> None:
    """Domains with their sources, page by page."""
    rows = domains_api.rows(estate)
    assert read(staging.con, "select id, name, assignment_type from immuta_domain") == {
        (row["id"], row["name"], row["assignmentType"]) for row in rows
    }
    assert read(staging.con, "select domain_id, source_id from domain_source") == {
        (row["id"], source.id)
        for row in rows
        for source in domains_api.sources_of(estate, row["name"])
    }
    query = "select distinct principal_kind from domain_permission"
    assert read(staging.con, query) == {("user",), ("group",)}


def test_the_gate_has_no_objection(staging: Staging) -> None:
    """Keys are unique, what is required is there, references resolve and words are known ones."""
    checks = [check for check in plan.checks(("immuta",)) if check.table in TABLES]
    assert len(checks) > 2 * len(TABLES)
    for check in checks:
        assert staging.con.execute(check.query).fetchall() == [], check


@pytest.mark.parametrize("table", TABLES)
def test_rows_lead_back_to_their_bytes(folder: Path, staging: Staging, table: str) -> None:
    """Every row's page is on disk, and something is at its place there."""
    found = staging.con.execute(f"select page_id, item from {table}").fetchall()
    assert found
    bodies: dict[int, Any] = {}
    for page_id, place in found:
        if page_id not in bodies:
            body = pages.find(staging.con, page_id).read(folder)
            bodies[page_id] = json.loads(body)
        there = bodies[page_id]
        for step in place.split("/")[1:]:
            there = there[int(step)] if isinstance(there, list) else there[step]
        assert there not in (None, [], {})
