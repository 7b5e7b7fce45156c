"""Drift of projects, purposes and data sources, and what holes in a snapshot do to all of it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.drift import compare
from pipeline.drift.compare import DIFFERENT, MISSING, NOT_COMPARABLE, SAME, UNEXPECTED, Line
from pipeline.warehouse import history, home
from tests import drift_fixture
from tests.drift_fixture import READ, Shown, data_policy, drifting, lines, reconciled, verdicts

shown, warehouse = drift_fixture.shown, drift_fixture.warehouse

PURPOSE = {
    "id": 10,
    "name": "Risk Reporting",
    "description": "regulatory risk reports",
    "acknowledgement": "For risk reporting only.",
    "deleted": False,
    "system_generated": False,
    "page_id": 42,
    "item": "/purposes/0",
}
DECLARED_PURPOSE = {
    "name": "Risk Reporting",
    "description": "regulatory risk reports",
    "acknowledgement": "For risk reporting only.",
}
PROJECT = {
    "id": 3,
    "project_key": "q1-risk",
    "name": "Q1 Risk",
    "type": "user",
    "deleted": False,
    "subscription_type": "manual",
    "subscription_policy": json.dumps({"type": "subscription", "subscriptionType": "manual"}),
    "equalized": False,
    "allow_masked_joins": False,
    "tags": ["Finance"],
    "detail_read": True,
    "page_id": 43,
    "item": "",
}
PROJECT_ROWS: dict[str, Sequence[Mapping[str, Any]]] = {
    "immuta_project": [PROJECT],
    "project_purpose": [{"project_id": 3, "purpose": "Risk Reporting", "staged": False}],
    "project_source": [{"project_id": 3, "source_id": 41}, {"project_id": 3, "source_id": 99}],
    "immuta_source": [{"id": 41, "name": "Loan Balances"}],
}
DECLARED_PROJECT = {
    "projectKey": "q1-risk",
    "name": "Q1 Risk",
    "purposes": ["Risk Reporting"],
    "datasources": ["data source 99", "Loan Balances"],
    "tags": ["Finance"],
}
CONNECTION = {
    "handler": "Snowflake",
    "hostname": "ACME.example.com",
    "database": "fin",
    "schema": "LEDGER",
}
DATA = {"connectionKey": "fin-ledger", "connection": CONNECTION}


def _source(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"source {number}",
        "technology": "snowflake",
        "deleted": False,
        "host": "acme.example.com",
        "database_name": "FIN",
        "schema_name": "LEDGER",
        "table_name": f"TABLE_{number}",
        "detail_read": True,
        "handler_read": True,
        "page_id": 1000 + number,
        "item": "",
    } | changes


def test_projects_are_compared_with_their_purposes_and_data_sources(
    shown: Shown, tmp_path: Path
) -> None:
    """Names of purposes, data sources and tags are sets; what a file leaves out has the documented default."""
    found = lines(shown(PROJECT_ROWS), tmp_path / "files", DECLARED_PROJECT)
    assert drifting(found) == {}
    for path in ("purposes", "datasources", "tags", "allowMaskedJoins", "subscriptionPolicy.type"):
        assert verdicts(found)[path] == SAME


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "Q2 Risk"}, {"name": DIFFERENT}),
        ({"allowMaskedJoins": True}, {"allowMaskedJoins": DIFFERENT}),
        ({"allowedMaskedJoins": True}, {"allowMaskedJoins": DIFFERENT}),
        ({"equalization": True}, {"equalization": DIFFERENT}),
        ({"purposes": []}, {"purposes": DIFFERENT}),
        ({"datasources": ["Loan Balances"]}, {"datasources": DIFFERENT}),
        ({"tags": ["Finance", "Risk"]}, {"tags": DIFFERENT}),
        ({"description": "text"}, {"description": DIFFERENT}),
        ({"subscriptionPolicy": {"type": "anyone"}}, {"subscriptionPolicy.type": DIFFERENT}),
        ({"workspace": {"type": "snowflake"}}, {"workspace": DIFFERENT}),
    ],
)
def test_every_key_of_a_project_is_held_against_the_live_one(
    shown: Shown, tmp_path: Path, changes: Mapping[str, Any], expected: dict[str, str]
) -> None:
    """A changed key is different at its path, and nothing else is."""
    found = lines(shown(PROJECT_ROWS), tmp_path / "files", {**DECLARED_PROJECT, **changes})
    assert drifting(found) == expected


def test_a_purpose_that_waits_for_approval_is_not_in_force(shown: Shown, tmp_path: Path) -> None:
    """A staged purpose of a project is told from one in force, and a deleted one is none."""
    staged = [{"project_id": 3, "purpose": "Risk Reporting", "staged": True}]
    other = [
        {"project_id": 3, "purpose": "Fraud", "staged": True},
        *PROJECT_ROWS["project_purpose"],
    ]
    deleted = [{"project_id": 3, "purpose": "Risk Reporting", "staged": False, "deleted": True}]
    for rows, live in ((staged, ("Risk Reporting (not approved yet)",)), (deleted, ())):
        con = shown({**PROJECT_ROWS, "project_purpose": rows})
        found = lines(con, tmp_path / "files", DECLARED_PROJECT)
        (line,) = (line for line in found if line.path == "purposes")
        assert (line.verdict, line.live) == (DIFFERENT, live)
    found = lines(
        shown({**PROJECT_ROWS, "project_purpose": other}), tmp_path / "files", DECLARED_PROJECT
    )
    assert (_one(found, "purposes").verdict, _one(found, "purposes").why) == (
        SAME,
        "not approved yet: Fraud",
    )


def test_what_the_file_leaves_open_is_said_but_is_no_drift(shown: Shown, tmp_path: Path) -> None:
    """Live purposes of a project whose file lists none are shown as not comparable."""
    found = lines(
        shown(PROJECT_ROWS), tmp_path / "files", {"projectKey": "q1-risk", "name": "Q1 Risk"}
    )
    (line,) = (line for line in found if line.path == "purposes")
    assert (line.verdict, line.live, line.why) == (
        NOT_COMPARABLE,
        ("Risk Reporting",),
        compare.NOT_DECLARED,
    )
    assert drifting(found) == {}


def test_purposes_are_joined_by_full_name(shown: Shown, tmp_path: Path) -> None:
    """A subpurpose is `Parent.Child` on both sides, however either side writes it."""
    child = {**PURPOSE, "id": 11, "parent_name": "Risk Reporting", "description": None,
             "acknowledgement": None}  # fmt: skip
    for name in ("Quarterly", "Risk Reporting.Quarterly"):
        con = shown({"immuta_purpose": [PURPOSE, {**child, "name": name}]})
        for spelled in ("Quarterly", "Risk Reporting.Quarterly"):
            payload = {**DECLARED_PURPOSE, "subpurposes": [{"name": spelled}]}
            found = lines(con, tmp_path / "files", payload)
            assert drifting(found) == {}
            assert {line.key for line in found} == {"Risk Reporting", "Risk Reporting.Quarterly"}
        assert drifting(lines(con, tmp_path / "files", DECLARED_PURPOSE)) == {
            "Risk Reporting.Quarterly": UNEXPECTED
        }


def test_deleted_and_generated_objects_are_set_aside(shown: Shown, tmp_path: Path) -> None:
    """What Immuta deleted is missing, not there; what it made itself is not unexpected, but may be declared."""
    con = shown(
        {
            "immuta_purpose": [
                {**PURPOSE, "deleted": True},
                {**PURPOSE, "id": 11, "name": "Use Case", "system_generated": True},
                {**PURPOSE, "id": 12, "name": "Fraud"},
            ],
            "immuta_project": [{**PROJECT, "type": "schema"}],
        }
    )
    found = lines(con, tmp_path / "files", DECLARED_PURPOSE)
    assert [(line.key, line.verdict, line.why) for line in found] == [
        ("Fraud", UNEXPECTED, "not declared"),
        ("Risk Reporting", MISSING, "the live one is deleted"),
    ]
    generated = {**DECLARED_PURPOSE, "name": "Use Case"}
    assert verdicts(lines(con, tmp_path / "files", generated))["description"] == SAME


def test_kinds_that_nobody_declares_are_left_alone(shown: Shown, tmp_path: Path) -> None:
    """Live policies are not unexpected to a team that keeps only its purposes as code."""
    con = shown({"immuta_policy": [data_policy()], "immuta_purpose": [PURPOSE]})
    assert {line.kind for line in lines(con, tmp_path / "files", DECLARED_PURPOSE)} == {"purpose"}


def test_a_renamed_key_is_pointed_out(shown: Shown, tmp_path: Path) -> None:
    """A missing policy whose name another key has live says so."""
    con = shown({"immuta_policy": [data_policy(policy_key="other")]})
    payload = {"policyKey": "mask-pii", "name": "Mask PII", "type": "data", "actions": []}
    found = {line.key: line for line in lines(con, tmp_path / "files", payload)}
    assert found["mask-pii"].why == "a live one of that name has the key 'other'"
    assert found["other"].verdict == UNEXPECTED


def test_of_two_with_one_key_the_live_one_counts(shown: Shown, tmp_path: Path) -> None:
    """A purpose that was deleted and made again is there, in whatever order it is listed."""
    gone = {**PURPOSE, "id": 9, "deleted": True, "description": "old"}
    for rows in ([gone, PURPOSE], [PURPOSE, gone]):
        found = lines(shown({"immuta_purpose": rows}), tmp_path / "files", DECLARED_PURPOSE)
        assert set(verdicts(found).values()) == {SAME}


def test_data_sources_are_found_where_the_connection_points(shown: Shown, tmp_path: Path) -> None:
    """Host, database and schema are joined whatever their case; other schemas of live sources are unexpected."""
    con = shown(
        {
            "immuta_source": [
                _source(1),
                _source(2, host="Acme.Example.com", schema_name="ledger"),
                _source(3, schema_name="PAYROLL"),
                _source(4, schema_name="OLD", deleted=True),
            ]
        }
    )
    found = lines(con, tmp_path / "files", DATA)
    assert drifting(found) == {"acme.example.com/fin/payroll": UNEXPECTED}
    for path in ("handler", "hostname", "database", "schema"):
        assert verdicts(found)[f"connection.{path}"] == SAME
    whole = {**DATA, "connection": {key: v for key, v in CONNECTION.items() if key != "schema"}}
    assert drifting(lines(con, tmp_path / "files", whole)) == {}
    other = {**DATA, "connection": {**CONNECTION, "schema": "OLD"}}
    (line,) = (one for one in lines(con, tmp_path / "files", other) if one.key == "fin-ledger")
    assert (line.verdict, line.why) == (MISSING, "1 data sources there are disabled")


def test_a_password_is_never_shown(shown: Shown, tmp_path: Path) -> None:
    """Keys of a connection that Immuta does not answer are not comparable, and their values are told to nobody."""
    secret = {**CONNECTION, "password": "synthetic-not-a-secret", "username": "svc", "port": 443}
    payload = {**DATA, "connection": secret, "nameTemplate": {"tableFormat": "<tablename>"}}
    found = lines(shown({"immuta_source": [_source(1)]}), tmp_path / "files", payload)
    for path in (
        "connection.password",
        "connection.username",
        "connection.port",
        "nameTemplate.tableFormat",
    ):
        assert verdicts(found)[path] == NOT_COMPARABLE
    assert "synthetic-not-a-secret" not in repr(found)
    assert compare.counts(found)[SAME] == 1


def test_table_tags_must_be_on_every_data_source(shown: Shown, tmp_path: Path) -> None:
    """A tag that one source lacks is different and the source is named; more tags are no difference."""
    tags = [{"source_id": 1, "tag": "Finance"}, {"source_id": 1, "tag": "PII"}]
    sources = [_source(1), _source(2)]
    payload = {**DATA, "options": {"tableTags": ["Finance"]}}
    found = lines(
        shown({"immuta_source": sources, "immuta_source_tag": tags}), tmp_path / "files", payload
    )
    (line,) = (line for line in found if line.path == "options.tableTags")
    assert (line.verdict, line.live) == (DIFFERENT, ())
    assert line.why == "lacking on 1 (source 2) of 2 data sources"
    assert [place.page_id for place in line.places] == [1002]
    tags.append({"source_id": 2, "tag": "Finance"})
    con = shown({"immuta_source": sources, "immuta_source_tag": tags})
    assert verdicts(lines(con, tmp_path / "files", payload))["options.tableTags"] == SAME
    unread = [_source(1), _source(2, detail_read=False)]
    con = shown({"immuta_source": unread, "immuta_source_tag": tags[:1]})
    (line,) = (
        one for one in lines(con, tmp_path / "files", payload) if one.path == "options.tableTags"
    )
    assert (line.verdict, line.hole) == (NOT_COMPARABLE, True)


def _owner(source: int, name: str) -> dict[str, Any]:
    return {
        "source_id": source,
        "profile_id": len(name),
        "state": "owner",
        "iam_id": "okta",
        "user_id": name,
    }


@pytest.mark.parametrize(
    ("owners", "live", "verdict"),
    [
        ([{"type": "user", "name": "ola", "iam": "okta"}], [(1, "ola"), (2, "ola")], SAME),
        ([{"type": "user", "name": "ola", "iam": "bim"}], [(1, "ola"), (2, "ola")], DIFFERENT),
        ([{"type": "user", "name": "ola"}], [(1, "ola")], DIFFERENT),
        ([{"type": "user", "name": "ola"}], [(1, "ola"), (2, "ola"), (2, "max")], DIFFERENT),
        ([], [(1, "ola")], DIFFERENT),
        ([], [], SAME),
        ([{"type": "group", "name": "g"}], [(1, "ola")], NOT_COMPARABLE),
        (
            [{"type": "group", "name": "g"}, {"type": "user", "name": "max"}],
            [(1, "ola")],
            DIFFERENT,
        ),
    ],
)
def test_owners_are_people_on_every_data_source(
    shown: Shown,
    tmp_path: Path,
    owners: list[dict[str, str]],
    live: list[tuple[int, str]],
    verdict: str,
) -> None:
    """A declared owner must own every source and nobody else may; members of a declared group cannot be told."""
    con = shown(
        {
            "immuta_source": [_source(1), _source(2)],
            "immuta_membership": [_owner(*one) for one in live],
        }
    )
    found = lines(con, tmp_path / "files", {**DATA, "owners": owners})
    assert verdicts(found)["owners.users"] == verdict


def test_owners_are_left_alone_where_the_file_does(shown: Shown, tmp_path: Path) -> None:
    """Without the key `owners` nothing is said of them, as the API leaves them alone then."""
    con = shown({"immuta_source": [_source(1)], "immuta_membership": [_owner(1, "ola")]})
    assert "owners.users" not in verdicts(lines(con, tmp_path / "files", DATA))


def test_groups_that_own_are_compared_where_they_are_listed(shown: Shown, tmp_path: Path) -> None:
    """A tenant that lists groups as owners tells them; of another nothing is claimed."""
    payload = {**DATA, "owners": [{"type": "group", "name": "g"}]}
    listed = [{"source_id": 1, "group_key": "5", "state": "owner", "name": "g"}]
    for rows, verdict in ((listed, SAME), ([], NOT_COMPARABLE)):
        con = shown({"immuta_source": [_source(1)], "immuta_group_access": rows})
        assert verdicts(lines(con, tmp_path / "files", payload))["owners.groups"] == verdict


def test_listed_tables_are_all_there_are(shown: Shown, tmp_path: Path) -> None:
    """With `sources`, tables that are not listed are different; with `all` they are not."""
    con = shown({"immuta_source": [_source(1), _source(2)]})
    one, everything = {"table": "table_1"}, {"all": True}
    for sources, verdict in (([one], DIFFERENT), ([one, everything], SAME)):
        found = lines(con, tmp_path / "files", {**DATA, "sources": sources})
        assert verdicts(found)["sources.table"] == verdict


def test_the_connection_key_is_told_by_connections_only(shown: Shown, tmp_path: Path) -> None:
    """A key that Immuta lists as a connection is the same; of other data sources nothing tells it."""
    for rows, verdict in (([{"key": "fin-ledger"}], SAME), ([], NOT_COMPARABLE)):
        con = shown({"immuta_source": [_source(1)], "immuta_connection": rows})
        assert verdicts(lines(con, tmp_path / "files", DATA))["connectionKey"] == verdict


def _read_but(*tables: str, **changes: Any) -> list[Mapping[str, Any]]:
    """Reconciliation in which the endpoints of these tables are as `changes` say."""
    return [
        row | changes if row["tables"][0] in tables else row for row in map(dict, reconciled(*READ))
    ]


def _one(found: Sequence[Line], path: str) -> Line:
    (line,) = (line for line in found if path in (line.path, line.key))
    return line


@pytest.mark.parametrize(
    ("table", "payload", "key"),
    [
        ("immuta_policy", {"policyKey": "a", "name": "A", "type": "data", "actions": []}, "a"),
        ("immuta_project", {"projectKey": "a", "name": "A"}, "a"),
        ("immuta_purpose", {"name": "A", "acknowledgement": "x"}, "A"),
        ("immuta_source", DATA, "fin-ledger"),
    ],
)
@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({"verdict": "skipped"}, None),
        ({"verdict": "incomplete"}, None),
        (
            {"verdict": "weak", "distinct_keys": 1, "server_total": 2, "server_total_before": 2},
            None,
        ),
        ({"verdict": "incomplete"}, "*"),
        (
            {
                "verdict": "incomplete",
                "distinct_keys": 1,
                "server_total": 2,
                "server_total_before": 2,
            },
            "77",
        ),
        (None, None),
    ],
)
def test_a_hole_hides_what_may_be_in_it(
    shown: Shown,
    tmp_path: Path,
    table: str,
    payload: Mapping[str, Any],
    key: str,
    changes: Mapping[str, Any] | None,
    gap: str | None,
) -> None:
    """What a list that was skipped, cut short, refused or never read may contain is not called missing."""
    gaps = [{"endpoint": f"immuta.{table}", "key": gap, "tables": [table], "reason": "refused"}]
    reconciliation = (
        [row for row in reconciled(*READ) if row["tables"] != [table]]
        if changes is None
        else _read_but(table, **changes)
    )
    con = shown({"reconciliation": reconciliation, "gap": gaps if gap else []})
    line = _one(lines(con, tmp_path / "files", payload), key)
    assert (line.verdict, line.hole) == (NOT_COMPARABLE, True)
    assert line.why
    whole = shown({})
    assert _one(lines(whole, tmp_path / "files", payload), key).verdict == MISSING


@pytest.mark.parametrize("table", ["project_purpose", "project_source"])
@pytest.mark.parametrize("key", ["3", "*"])
def test_a_hole_inside_an_object_is_never_the_same(
    shown: Shown, tmp_path: Path, table: str, key: str
) -> None:
    """Purposes or data sources of a project that could not be read are not comparable, and the project is not the same."""
    gap = {"endpoint": f"immuta.{table}", "key": key, "tables": [table], "reason": "403"}
    reconciliation = _read_but(table, verdict="incomplete")
    con = shown({**PROJECT_ROWS, "gap": [gap], "reconciliation": reconciliation})
    found = lines(con, tmp_path / "files", DECLARED_PROJECT)
    path = {"project_purpose": "purposes", "project_source": "datasources"}[table]
    assert (_one(found, path).verdict, _one(found, path).hole) == (NOT_COMPARABLE, True)
    assert compare.counts(found) == dict.fromkeys(compare.VERDICTS, 0) | {NOT_COMPARABLE: 1}


def test_a_gap_of_another_object_hides_nothing(shown: Shown, tmp_path: Path) -> None:
    """A project whose own pages were read is compared, whatever happened to those of another."""
    rows = [PROJECT, {**PROJECT, "id": 4, "project_key": "other"}]
    gap = {
        "endpoint": "immuta.project_source",
        "key": "4",
        "tables": ["project_source"],
        "reason": "403",
    }
    con = shown({**PROJECT_ROWS, "immuta_project": rows, "gap": [gap]})
    found = lines(con, tmp_path / "files", DECLARED_PROJECT)
    assert drifting(found) == {"other": UNEXPECTED}
    assert _one(found, "datasources").verdict == SAME


def test_a_list_row_alone_says_less(shown: Shown, tmp_path: Path) -> None:
    """Where a project's own page could not be read, what its list row leaves out is a hole, not nothing."""
    row = {**PROJECT, "detail_read": False, "tags": [], "allow_masked_joins": None}
    con = shown({**PROJECT_ROWS, "immuta_project": [row]})
    found = lines(con, tmp_path / "files", DECLARED_PROJECT)
    for path in ("tags", "allowMaskedJoins"):
        assert (_one(found, path).verdict, _one(found, path).hole) == (NOT_COMPARABLE, True)
    assert _one(found, "name").verdict == SAME


def test_data_sources_without_a_known_place_may_be_the_ones(shown: Shown, tmp_path: Path) -> None:
    """A source whose handler could not be read keeps a declared connection from being called missing."""
    con = shown({"immuta_source": [_source(1, host=None, handler_read=False)]})
    line = _one(lines(con, tmp_path / "files", DATA), "fin-ledger")
    assert (line.verdict, line.hole) == (NOT_COMPARABLE, True)
    assert line.why == "of 1 data sources the remote table is not known, e.g. source 1"


def test_every_live_value_names_its_page(shown: Shown, tmp_path: Path) -> None:
    """No live value is without the page and the item it was read from."""
    con = shown(
        {
            **PROJECT_ROWS,
            "immuta_policy": [data_policy(), data_policy(id=9, policy_key="more")],
            "immuta_purpose": [PURPOSE],
            "immuta_source": [_source(41, name="Loan Balances")],
        }
    )
    payloads: list[Mapping[str, Any]] = [
        DECLARED_PROJECT,
        DECLARED_PURPOSE,
        {**DATA, "options": {"tableTags": ["x"]}, "owners": []},
        {"policyKey": "mask-pii", "name": "Mask PII", "type": "data", "actions": []},
    ]
    found = lines(con, tmp_path / "files", *payloads)
    assert {line.kind for line in found} == {"policy", "project", "purpose", "data"}
    live = [line for line in found if line.verdict in (SAME, DIFFERENT, UNEXPECTED)]
    assert len(live) > 20
    for line in live:
        assert line.places, line
        assert all(place.table in READ for place in line.places)


def test_a_warehouse_that_lacks_a_table_hides_all_of_it(tmp_path: Path) -> None:
    """In a warehouse that an earlier version filled, a kind it did not read is not comparable."""
    with home.connect(":memory:") as con:
        history.initialise(con)
        con.execute("drop view immuta_project")
        line = _one(lines(con, tmp_path / "files", DECLARED_PROJECT), "q1-risk")
    assert (line.verdict, line.hole) == (NOT_COMPARABLE, True)
    assert "an earlier version sealed it" in line.why


@pytest.mark.parametrize(
    ("sources", "changes"),
    [([_source(1), _source(2, host=None)], {}), ([_source(1)], {"verdict": "skipped"})],
)
def test_what_holds_for_all_data_sources_needs_all_of_them(
    shown: Shown, tmp_path: Path, sources: list[dict[str, Any]], changes: Mapping[str, Any]
) -> None:
    """While a data source may lie in the schema unseen, tags, owners and tables are not the same, but may be different."""
    con = shown(
        {
            "immuta_source": sources,
            "immuta_source_tag": [{"source_id": 1, "tag": "Finance"}],
            "immuta_membership": [_owner(1, "ola")],
            "reconciliation": _read_but("immuta_source", **changes),
        }
    )
    payload = {
        **DATA,
        "options": {"tableTags": ["Finance"]},
        "owners": [{"type": "user", "name": "ola"}],
        "sources": [{"table": "TABLE_1"}, {"table": "TABLE_2"}],
    }
    found = lines(con, tmp_path / "files", payload)
    for path in ("options.tableTags", "owners.users", "sources.table"):
        assert (_one(found, path).verdict, _one(found, path).hole) == (NOT_COMPARABLE, True)
    wrong = {
        **payload,
        "options": {"tableTags": ["Risk"]},
        "owners": [],
        "sources": [{"table": "T"}],
    }
    assert drifting(lines(con, tmp_path / "files", wrong)) == dict.fromkeys(
        ("options.tableTags", "owners.users", "sources.table"), DIFFERENT
    )
