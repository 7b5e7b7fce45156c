"""Reports as files: figures, escaping, missing data, determinism, replacement."""

import base64
import gzip
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import plotly.graph_objects as graph_objects
import pytest
import report_fixture
from judging import blank
from report_fixture import FORMULA, HOSTILE, REVERSED

from pipeline import packs
from pipeline.errors import PublishError, UsageError
from pipeline.judge import holes
from pipeline.report import changes, tables
from pipeline.report.basis import tables_in
from pipeline.report.publish import load, publish
from pipeline.report.view import looking
from pipeline.warehouse.home import revise

DRAWN = datetime(2026, 11, 20, 3, tzinfo=UTC)
REPORTS = ("compliance", "access-ownership")


class Figures(HTMLParser):
    """Collects every element with data-kpi, with its classes and what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tags.append((tag, named))
        if "data-kpi" in named:
            self.found.append(named)


def parsed(html: str) -> Figures:
    parser = Figures()
    parser.feed(html)
    return parser


@pytest.fixture(scope="module")
def home(tmp_path_factory, template):
    whole = blank(tmp_path_factory.mktemp("whole") / "data", template)
    made = report_fixture.seal(whole.root, tables=150)
    publish(made, packs.load(), generated_at=DRAWN)
    return made


@pytest.fixture(scope="module")
def gapped(tmp_path_factory, template):
    def change(rows, night):
        if night == 1:
            report_fixture.with_gap(rows)

    whole = blank(tmp_path_factory.mktemp("gap") / "data", template)
    made = report_fixture.seal(whole.root, 2, 120, change)
    publish(made, packs.load(), generated_at=DRAWN)
    return made


@pytest.fixture(scope="module")
def dark(tmp_path_factory, template):
    """One night without the scanning plane, of which rules about access could say nothing either."""
    whole = blank(tmp_path_factory.mktemp("dark") / "data", template)
    made = report_fixture.seal(
        whole.root, 1, 60, lambda rows, _: report_fixture.without_scans(rows)
    )
    with revise(made) as con:
        silent = "where {} in ('ACC-001', 'ACC-007', 'SCN-001', 'SCN-002')"
        con.execute(
            "update history.verdict set status = 'not_evaluated' " + silent.format("rule_id")
        )
        con.execute(
            "update history.rule set state = 'not_evaluated', error = 'a plane is off', passed = 0, failed = 0, "
            "waived = 0, not_evaluated = population " + silent.format("id")
        )
    publish(made, packs.load(), generated_at=DRAWN)
    return made


def read(home, name, suffix="html"):
    return (home.reports / "latest" / f"{name}.{suffix}").read_text(encoding="utf-8")


def sidecar(home, name):
    return {figure["kpi"]: figure for figure in json.loads(read(home, name, "json"))["figures"]}


@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_in_the_page_equals_the_sidecar(home, name):
    """Each data-kpi element has the sidecar's numerator and denominator, and none is missing on either side."""
    aside = sidecar(home, name)
    found = parsed(read(home, name)).found
    assert {element["data-kpi"] for element in found} == set(aside)
    for element in found:
        figure = aside[element["data-kpi"]]
        shown = ["" if figure[part] is None else str(figure[part]) for part in ("num", "den")]
        assert [element["data-num"], element["data-den"]] == shown, element


APPROVED = "(select q.* from access_request q join data_product p on p.id = q.product_id and not p.suspended where q.status = 'APPROVED' and q.type = 'DATA_ACCESS') q"
"""Data access granted in the Request app, on products that are not suspended."""


@pytest.mark.parametrize(
    ("name", "kpi", "sql"),
    [
        ("compliance", "KC-02", "select count(*) filter (where status = 'pass'), count(*) filter (where status <> 'not_evaluated') from verdict where rule_id = 'XSY-001'"),
        ("compliance", "KC-06", "select count(*), null from finding where status <> 'resolved' and not waived and not hidden and rule_id not like 'EVD%'"),
        ("compliance", "KC-07", "select count(*) filter (where due_at < (select as_of from shown_snapshot)), count(due_at) from finding where status <> 'resolved' and not waived and not hidden and rule_id not like 'EVD%'"),
        ("compliance", "KP-assets", "select count(*), null from asset where status = 'ACTIVE'"),
        ("compliance", "KP-sensitive", "select count(*), null from sensitive_column"),
        ("compliance", "KC-11", "select count(*) filter (where waived), count(*) from verdict where status = 'fail' and rule_id not like 'EVD%'"),
        ("compliance", "C1.registered", "select count(*) filter (where exists (select 1 from link l join immuta_source i on i.id = l.source_id where l.asset_guid = c.asset_guid and not l.ambiguous and not i.deleted)), count(*) from sensitive_column c"),
        ("access-ownership", "KA-04", "select count(*) filter (where status = 'pass'), count(*) from verdict where rule_id = 'ACC-001'"),
        ("access-ownership", "KA-08", "select count(*) filter (where status = 'fail'), count(*) from verdict where rule_id = 'ACC-007'"),
        ("access-ownership", "KA-01", f"select count(*), null from (select distinct source_id::varchar, profile_id from immuta_membership m semi join immuta_source i on i.id = m.source_id and not i.deleted union all select distinct q.product_id, u.profile_id from {APPROVED} join request_user u on u.id = q.user_id)"),
        ("access-ownership", "KA-03", f"select count(*) filter (where not open), count(*) from (select bool_or(q.expires_at is null) as open from {APPROVED} where q.product_id in (select d.product_id from data_product_source d join (select l.source_id from link l join sensitive_asset s on s.asset_guid = l.asset_guid where not l.ambiguous union select t.source_id from immuta_column_tag t join sensitivity v on v.source = 'immuta' and v.name = t.tag and v.tier in (1, 2)) t on t.source_id::varchar = d.source_id) group by q.product_id, q.user_id)"),
        ("access-ownership", "KA-07.pending", "select count(*), null from access_request where status = 'PENDING'"),
        ("access-ownership", "KA-20", "select count(*) filter (where requester_id <> user_id), count(*) from access_request"),
        ("access-ownership", "C11.never", f"select count(*) filter (where open), count(*) from (select bool_or(q.expires_at is null) as open from {APPROVED} group by q.product_id, q.user_id)"),
        ("access-ownership", "KA-13", "select count(*), null from access_request where type = 'MASKING_EXCEPTION' and status = 'APPROVED'"),
    ],
)  # fmt: skip
def test_a_figure_equals_the_tables(home, name, kpi, sql):
    """A second query over the sealed tables gives the published numbers."""
    figure = sidecar(home, name)[kpi]
    with looking(home) as view:
        assert (figure["num"], figure["den"]) == view.frame(sql).row(0)


@pytest.mark.parametrize("rule_id", sorted(report_fixture.RULES))
def test_rule_counts_equal_their_verdicts(home, rule_id):
    """The four counts of a rule's card are counts of verdicts and add up to its population."""
    aside = sidecar(home, "compliance")
    with looking(home) as view:
        counted = view.rows(
            "select count(*) as population, count(*) filter (where status = 'pass') as pass, "
            "count(*) filter (where status = 'fail' and not waived) as fail, "
            "count(*) filter (where waived) as waived, "
            "count(*) filter (where status = 'not_evaluated') as not_evaluated "
            "from verdict where rule_id = $rule_id",
            rule_id=rule_id,
        )[0]
    assert {name: aside[f"rule.{rule_id}.{name}"]["num"] for name in counted} == counted
    assert sum(n for name, n in counted.items() if name != "population") == counted["population"]


@pytest.mark.parametrize("families", [(), ("OWN",), ("ACC", "DPR")])
def test_the_change_since_the_last_snapshot_adds_up(home, families):
    """Opening plus what came minus what went is closing, and new and reopened are what `finding` says."""
    with looking(home) as view:
        first, *steps, last = changes.since_previous(view, families)
        statuses = dict(
            view.frame(
                "select status, count(*) from finding where not waived and not hidden "
                "and ($all or list_contains($families, split_part(rule_id, '-', 1))) "
                "and rule_id not like 'EVD%' group by status",
                all=not families,
                families=list(families),
            ).iter_rows()
        )
    by_name = {step.name: step.number for step in steps}
    assert first.number + sum(step.sign * step.number for step in steps) == last.number
    assert last.number == sum(statuses.get(s, 0) for s in ("new", "open", "reopened"))
    assert by_name["Reopened"] == statuses.get("reopened", 0)
    came = sum(by_name.get(name, 0) for name in ("New", "Came into scope", "Rule added"))
    assert came == statuses.get("new", 0)
    if not families:
        assert by_name["New"]
        assert by_name["Reopened"]
        assert by_name["Fixed"]


def test_the_first_snapshot_compares_with_nothing(tmp_path, template):
    """Without an earlier snapshot there is no change, and the page says so."""
    home = report_fixture.seal(blank(tmp_path / "data", template).root, 1, 60)
    publish(home, packs.load(), generated_at=DRAWN)
    assert "First snapshot: there is nothing to compare with yet." in read(home, "compliance")
    assert not [kpi for kpi in sidecar(home, "compliance") if kpi.startswith("C3.")]
    assert all(figure["change"] is None for figure in sidecar(home, "compliance").values())


def test_the_same_snapshot_gives_the_same_bytes(home):
    """Drawn again at the same instant, page and sidecar of each report are identical."""
    before = [read(home, name, suffix) for name in REPORTS for suffix in ("html", "json")]
    publish(home, packs.load(), generated_at=DRAWN)
    after = [read(home, name, suffix) for name in REPORTS for suffix in ("html", "json")]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True] * 4


@pytest.mark.parametrize("file", packs.load().files("reports", ".py"), ids=lambda file: file.label)
def test_every_chart_is_one_that_plotly_knows(home, file):
    """Plotly's own validation accepts every trace and every layout of a report."""
    with looking(home) as view:
        found = list(load(file).build(view).charts())
    assert found
    for chart in found:
        assert len(graph_objects.Figure(chart.plot).data) == len(chart.plot["data"])


@pytest.mark.parametrize("name", REPORTS)
def test_names_are_text_and_hide_nothing(home, name):
    """A name that is markup opens no element, and no character of the file reorders text."""
    html = read(home, name)
    assert ("[U+202E]" in html) == (name == "compliance")
    assert not any(mark in html.split("<script", 1)[0] for mark in "\u202e\u2066\u200b")
    page = parsed(html)
    assert "img" not in {tag for tag, _ in page.tags}
    assert not [named for _, named in page.tags if any(n.startswith("on") for n in named)]
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_nothing_is_loaded_from_anywhere(home):
    """No element names another file, and the policy forbids all but the scripts inside by their hash."""
    page = parsed(read(home, "compliance"))
    policy = next(
        n["content"] for t, n in page.tags if n.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert policy.count("'sha256-") == 3
    assert not [n for _, n in page.tags if n.get("src") or (n.get("href") or "#")[0] != "#"]


def test_a_grid_keeps_every_row(home):
    """Unpacked, the compressed columns are the rows of the query."""
    definition = load(packs.load().files("reports", ".py")[1])
    with looking(home) as view:
        grid = next(g for g in definition.build(view).grids() if g.id == "exceptions")
    body = json.loads(gzip.decompress(base64.b64decode(tables.packed(grid))))
    names = [grid.columns[i].field for i in range(len(grid.columns))]
    rows = [
        tuple(column["values"][column["codes"][i]] for column in body["columns"])
        for i in range(body["rows"])
    ]
    expected = [
        tuple(tables.plain(value) for value in row) for row in grid.frame.select(names).iter_rows()
    ]
    assert rows == expected
    assert {HOSTILE, FORMULA, REVERSED.replace("\u202e", "[U+202E]")} & {row[2] for row in rows}


@pytest.mark.parametrize("name", REPORTS)
def test_missing_data_is_said_on_page_one_and_marks_what_rests_on_it(gapped, name):
    """With a gap there is a banner, daggers, and no colour on the figures that rest on the tables named."""
    html, aside = read(gapped, name), sidecar(gapped, name)
    page = parsed(html)
    assert html.index('class="banner"') < html.index('class="front"')
    assert "Population incomplete: immuta_column, immuta_column_tag." in html
    assert "given up after 5 attempts" in html
    shaky = {kpi for kpi, figure in aside.items() if figure["incomplete"]}
    assert shaky
    assert html.count('class="dagger"') >= len(shaky)
    tones = {"pass", "warn", "fail"}
    for element in page.found:
        if element["data-kpi"] in shaky:
            assert not tones & set(element["class"].split()), element


def test_figures_that_do_not_rest_on_the_gap_keep_their_colour(gapped):
    """A dagger is not spread over figures whose tables are whole."""
    aside = sidecar(gapped, "compliance")
    assert not aside["KC-02"]["incomplete"]
    assert not aside["KP-assets"]["incomplete"]
    assert aside["XSY-003.rate"]["incomplete"]


@pytest.mark.parametrize(
    ("name", "kpi", "cause"),
    [
        ("compliance", "KP-scanned", "switched off by configuration (data_source)"),
        ("compliance", "SCN-001.rate", "rule SCN-001 could not be evaluated"),
        ("compliance", "rule.SCN-001.rate", "a plane is off"),
        ("access-ownership", "KA-08", "rule ACC-007 could not be evaluated"),
    ],
)
def test_what_was_never_read_is_no_number(dark, name, kpi, cause):
    """Nothing is counted of tables whose plane is switched off, and of rules that could say nothing."""
    assert (sidecar(dark, name)[kpi]["num"], sidecar(dark, name)[kpi]["cause"]) == (None, cause)
    assert "Switched off by configuration" in read(dark, name).partition('class="front"')[0]


def test_verdicts_of_rules_that_were_silent_count_as_not_evaluated(dark):
    """The share that was evaluated is of all verdicts, not of those of rules that could be evaluated."""
    aside = sidecar(dark, "compliance")
    with looking(dark) as view:
        counted = view.frame(
            "select count(*) filter (where status = 'not_evaluated'), count(*) from verdict where rule_id not like 'EVD%'"
        ).row(0)
    assert counted[0]
    assert (aside["KR-blind"]["num"], aside["KR-blind"]["den"]) == counted
    assert aside["KC-12"]["num"] == counted[1] - counted[0]


@pytest.mark.parametrize(("name", "kpi"), [("compliance", "KC-07"), ("access-ownership", "KA-04")])
def test_nothing_is_drawn_as_passing_where_verdicts_are_missing(dark, name, kpi):
    """A count that must be zero, and a rate that is all of nothing, are no success while something is not evaluated."""
    assert not sidecar(dark, name)[kpi]["num"]
    for element in parsed(read(dark, name)).found:
        if element["data-kpi"] == kpi:
            assert "pass" not in element["class"].split()
    assert "not evaluated" in read(dark, name)


def test_whole_data_has_no_banner(home):
    """Without gap or failed check there is neither banner nor dagger."""
    html = read(home, "compliance")
    assert 'class="banner"' not in html
    assert 'class="dagger"' not in html


@pytest.mark.parametrize(
    ("name", "kpi", "cause"),
    [
        ("compliance", "KC-01", "no rule XSY-004 in this rule set"),
        ("compliance", "KC-03", "no directory feed: OWN-001 counts owners named, not owners employed"),
        ("access-ownership", "KA-09", "no directory feed"),
        ("access-ownership", "KA-11", "no recertification register"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_has_a_cause_and_no_number(home, name, kpi, cause):
    """A figure without rule or feed is listed with its cause."""
    figure = sidecar(home, name)[kpi]
    assert (figure["num"], figure["cause"]) == (None, cause)
    assert f"not evaluated: {cause}" in read(home, name)


@pytest.mark.parametrize("name", REPORTS)
def test_no_claim_is_made(home, name):
    """The pages say neither compliant nor score."""
    html = (
        read(home, name)
        .split('<script type="application/json" id="palette"', maxsplit=1)[0]
        .lower()
    )
    assert "compliant" not in html
    assert "score " not in html


def test_a_past_snapshot_is_drawn_beside_the_latest(home):
    """`at` writes the folder of that snapshot and leaves latest where it was."""
    paths = publish(home, packs.load(), generated_at=DRAWN, at="2026-11-16")
    assert {path.parent.name for path in paths} == {"20261116T020000Z"}
    assert (home.reports / "latest").resolve().name == "20261120T020000Z"
    assert "2026-11-16 02:00 UTC" in paths[2].read_text(encoding="utf-8")


def test_an_unknown_snapshot_is_a_usage_error(home):
    """A time before the first snapshot names none."""
    with pytest.raises(UsageError, match="no such snapshot"):
        publish(home, packs.load(), generated_at=DRAWN, at="2020-01-01")


def pack(root: Path, name: str, text: str) -> packs.Packs:
    (root / "mine" / "reports").mkdir(parents=True)
    (root / "mine" / "reports" / name).write_text(text, encoding="utf-8")
    return packs.load([root / "mine"])


SMALL = """
from pipeline.report.page import Figure, Figures, Page, Section
TITLE = "Small"
def build(view):
    return Page((Section("one", "One", "One", (Figures(({figures},)),)),))
"""


def test_a_pack_adds_a_report(home, tmp_path):
    """One file in a pack's reports folder is one more page and sidecar."""
    mine = pack(tmp_path, "my_own.py", SMALL.format(figures="Figure('M-1', 'mine', 7)"))
    publish(home, mine, generated_at=DRAWN)
    assert sidecar(home, "my-own")["M-1"]["num"] == 7
    assert sorted(p.name for p in (home.reports / "latest").iterdir()) == [
        "access-ownership.html", "access-ownership.json", "compliance.html", "compliance.json",
        "my-own.html", "my-own.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("TITLE = 'x'", "no build"),
        ("1 / 0", "ZeroDivisionError"),
        ("TITLE = 'x'\ndef build(view): return view.value('select nonsense')", "'x' failed to build"),
        (SMALL.format(figures="Figure('M', 'a', 1), Figure('M', 'a', 2)"), "figure M is 1 in one place"),
    ],
)  # fmt: skip
def test_a_broken_report_replaces_nothing(home, tmp_path, text, message):
    """An error names the report; the published folder is as it was, with nothing left beside it."""
    before = {path.name: path.stat().st_mtime_ns for path in (home.reports / "latest").iterdir()}
    with pytest.raises(PublishError, match=message):
        publish(home, pack(tmp_path, "broken.py", text), generated_at=DRAWN)
    after = {path.name: path.stat().st_mtime_ns for path in (home.reports / "latest").iterdir()}
    assert after == before
    assert not [path for path in home.reports.iterdir() if path.name.startswith(".")]


def test_the_tables_behind_a_view_count_as_named():
    """A query over sensitive_column rests on the tables that the view reads."""
    assert tables_in("select * from sensitive_column") == {
        "classification", "sensitivity", "asset_column",
    }  # fmt: skip
    assert tables_in("select * from sensitive_product") >= {
        "data_product_source",
        "product_column",
        "link",
    }


@pytest.mark.parametrize("table", sorted(holes.DERIVED_FROM))
def test_a_figure_rests_on_what_judging_worked_out_tables_from(table):
    """A hole that spoils a derived table for a rule spoils it for a figure, too."""
    assert tables_in(f"select * from {table}") == {table, *holes.DERIVED_FROM[table]}
