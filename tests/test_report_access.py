"""The access-ownership report on grants: counts, what is not evaluated, and the way back of every row."""

import json
from datetime import UTC, datetime

import pytest
import report_fixture
from judging import blank

from pipeline import packs
from pipeline.report.publish import load, publish
from pipeline.report.sections import access, masking, privileged, time_limits
from pipeline.report.view import looking
from pipeline.warehouse.home import revise

DRAWN = datetime(2026, 11, 20, 3, tzinfo=UTC)


def unread_requests(rows, night):
    """The whole list of requests was given up."""
    rows["gap"].append({"endpoint": "immuta.all_request", "key": "*", "tables": ["access_request"], "reason": "given up"})  # fmt: skip


@pytest.fixture(scope="module")
def sealed(template):
    """As `report_fixture.seal`, with a warehouse that need not be made first."""

    def sealed(folder, *about):
        return report_fixture.seal(blank(folder / "data", template).root, *about)

    return sealed


@pytest.fixture(scope="module")
def home(tmp_path_factory, sealed):
    return sealed(tmp_path_factory.mktemp("whole"), 1, 120)


@pytest.fixture(scope="module")
def gapped(tmp_path_factory, sealed):
    return sealed(tmp_path_factory.mktemp("gap"), 1, 120, unread_requests)


def test_every_grant_is_in_one_bar(home):
    """The chart of origins counts each grant once, and has a bar for every origin there is."""
    with looking(home) as view:
        counted = view.rows(access.SQL["origin"])
        total = view.value("select count(*) from active_grant")
        origins = set(view.frame("select distinct origin from active_grant")["origin"])
    assert sum(row["grants"] for row in counted) == total > 0
    assert origins <= {name for name, *_ in access.ORIGINS}
    assert [name for name, *_ in access.ORIGINS][-1] == "unexplained"


def test_grants_add_up_over_objects(home):
    """What the objects have together is what there is, and no object has fewer people than it has owners."""
    with looking(home) as view:
        objects = view.frame(access.SQL["objects"])
        total = view.value("select count(*) from active_grant")
    assert objects["grants"].sum() == total
    assert (objects["bound"] <= objects["grants"]).all()


@pytest.mark.parametrize("name", ["grants", "expiry", "masking-exceptions", "privileged-users"])
def test_every_row_says_which_answer_it_comes_from(home, name):
    """Page and item of a row are those of a row that was collected."""
    report = load(next(f for f in packs.load().files("reports", ".py") if "access" in f.relative))
    with looking(home) as view:
        grid = next(grid for grid in report.build(view).grids() if grid.id == name)
    assert grid.frame.height
    assert set(grid.frame["page"]) == {"1/0"}


def test_a_hole_moves_the_unexplained_to_the_unknown(home, gapped):
    """Without the requests nothing is called unexplained: what cannot be told is counted as not evaluated."""
    with looking(home) as view:
        whole = access.unexplained(view)
    with looking(gapped) as view:
        holed = access.unexplained(view)
    assert (whole.num, whole.not_evaluated > 0) > (0, False)
    assert holed.num == 0
    assert holed.not_evaluated > whole.not_evaluated
    assert holed.den + holed.not_evaluated == whole.den + whole.not_evaluated


def test_figures_over_grants_stand_apart_where_none_were_worked_out(tmp_path, sealed):
    """A snapshot that an earlier version judged has no grants: its figures have a cause instead of a zero."""
    old = sealed(tmp_path, 2, 60)
    with revise(old) as con:
        for table in ("active_grant", "masking_grant"):
            con.execute(
                f"delete from history.{table} where valid_from = 1 and valid_to is not null"
            )
            con.execute(f"update history.{table} set valid_from = 2")
    with looking(old) as view:
        newest = access.active(view)
        assert view.previous is not None
        before = access.active(view.previous)
    assert (newest.num > 0, newest.change) == (True, None)
    assert (before.num, before.cause) == (None, access.NOT_WORKED_OUT)


@pytest.mark.parametrize(
    ("rule_id", "figure"),
    [("MEM-002", access.unexplained), ("ACC-005", time_limits.bound)],
)
def test_a_rule_takes_the_place_of_the_count(tmp_path, sealed, monkeypatch, rule_id, figure):
    """Where the rule is in force the figure is the rule's, and says so."""
    sql = "select g.id, case when g.until is null then 'fail' else 'pass' end, 'x', g.id from active_grant g where g.origin = 'request'"
    monkeypatch.setitem(report_fixture.RULES, rule_id, ("t", "high", "active_grant", sql))
    with looking(sealed(tmp_path, 1, 60)) as view:
        found, rule = figure(view), view.rules[rule_id]
    assert found.source == f"rule:{rule_id}"
    assert found.den == rule.passed + rule.failed > 0
    assert found.num == (rule.failed if rule_id == "MEM-002" else rule.passed)


def test_expired_masking_counts_with_expired_access_where_a_rule_judges_it(
    tmp_path, sealed, monkeypatch
):
    """With rule MSK-002 the figure that must be zero takes its exceptions in, and its verdicts not reached."""
    sql = "select r.id, case when r.id like '%7' then 'fail' else 'not_evaluated' end, 'x', r.id from access_request r where r.type = 'MASKING_EXCEPTION'"
    with looking(sealed(tmp_path / "a", 1, 60)) as view:
        without = time_limits.past_expiry(view)
    monkeypatch.setitem(report_fixture.RULES, "MSK-002", ("t", "critical", "access_request", sql))
    with looking(sealed(tmp_path / "b", 1, 60)) as view:
        found, rule = time_limits.past_expiry(view), view.rules["MSK-002"]
    assert found.num == without.num + rule.failed > without.num
    assert found.not_evaluated == rule.not_evaluated > 0


def test_roles_that_were_not_read_are_no_zero(home, tmp_path, sealed):
    """Without role assignments nobody knows who is privileged in Purview; with them, reading roles are left out."""
    with looking(home) as view:
        assert privileged._roles(view).cause == "no role assignment was read"

    def roles(rows, night):
        for name, action in (
            ("curator", "Microsoft.Purview/accounts/data/write"),
            ("reader", "Microsoft.Purview/accounts/data/read"),
        ):
            rows["metadata_role"].append({"id": name, "name": name, "data_actions": [action]})
            rows["role_assignment"].append(
                {
                    "collection_id": "col0",
                    "role_id": name,
                    "principal_id": f"p-{name}",
                    "principal_kind": "group",
                    "granted_on": "col0",
                }
            )
        rows["role_assignment"].append(
            {
                "collection_id": "col1",
                "role_id": "curator",
                "principal_id": "*",
                "principal_kind": "unknown",
                "granted_on": "col1",
            }
        )

    with looking(sealed(tmp_path, 1, 30, roles)) as view:
        found = privileged._roles(view)
        holders = view.rows(privileged._named("holders"))
    assert (found.num, found.den, found.not_evaluated) == (1, 2, 1)
    assert [row["name"] for row in holders if row["system"] == "Purview"] == ["p-curator"]


def test_masking_figures_count_requests_and_columns(tmp_path, sealed):
    """An exception of two columns is one exception and two rows; one whose columns were not read is not evaluated."""

    def columns(rows, night):
        exceptions = [
            r["id"]
            for r in rows["access_request"]
            if r["type"] == "MASKING_EXCEPTION" and r["status"] == "APPROVED"
        ]
        for name in ("card", "mail"):
            rows["masking_exception_column"].append(
                {"request_id": exceptions[0], "source_id": "1000", "column_name": name}
            )

    with looking(sealed(tmp_path, 1, 60, columns)) as view:
        pairs = view.rows(masking.SQL["pairs"])[0]
        in_force = view.value(masking.SQL["in_force"])
        rows = view.frame(masking.SQL["columns"])
    assert rows.height == in_force + 1
    assert pairs["not_evaluated"] == in_force - 1


def test_the_sidecar_has_the_figures_that_readers_ask_for(home):
    """KA-01, KA-03, KA-08, KA-10, KA-13 and KA-18 are numbers, with what was not evaluated."""
    publish(home, packs.load(), generated_at=DRAWN)
    text = (home.reports / "latest" / "access-ownership.json").read_text(encoding="utf-8")
    found = {figure["kpi"]: figure for figure in json.loads(text)["figures"]}
    for kpi in ("KA-01", "KA-03", "KA-08", "KA-08.masking", "KA-10", "KA-13", "KA-18"):
        assert isinstance(found[kpi]["num"], int), kpi
    assert found["KA-10"]["not_evaluated"] > 0
