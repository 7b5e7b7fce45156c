"""Governance compliance: is sensitive data known, owned, classified, scanned and behind enforcement?"""

from itertools import pairwise
from typing import Any

from pipeline.report import appendix, charts, exceptions, queries, reliance, trend, words, worklist
from pipeline.report.page import (
    Bar,
    Bars,
    Block,
    Chart,
    Code,
    Column,
    Figure,
    Figures,
    Front,
    Grid,
    GridColumn,
    Heat,
    Items,
    Link,
    Page,
    Prose,
    Section,
    Severity,
    Table,
    Text,
)
from pipeline.report.view import TARGET, Rule, View, absent, tables_in

TITLE = "Governance compliance"

SQL = queries.beside(__file__)

ENFORCEABLE = ["synapse", "databricks", "redshift", "snowflake", "trino"]
STEPS = (
    ("known", "Known sensitive"),
    ("registered", "Registered in Immuta"),
    ("governed", "Under a policy"),
    ("masked", "Masked"),
)


def build(view: View) -> Page:
    """The report of one snapshot."""
    sections = (
        _scorecard(view),
        _protection(view),
        _places(view),
        worklist.section(view),
        _cross_system(view),
        _scans(view),
        trend.section(view),
        appendix.untested(view, _uncovered(view)),
        appendix.method(view, (_LADDER_NOTE,)),
        appendix.cards(view),
    )
    return Page(sections, _front(view), reliance.facts(view))


# page one


def _front(view: View) -> Front:
    result: tuple[Block, ...] = (
        Figures(_headline(view), "headline"),
        _ladder_bars(view),
        worklist.change_bars(view),
    )
    risks = tuple(exceptions.risks(view, "exceptions"))
    work: tuple[Block, ...] = (
        worklist.work_table(view),
        Items(risks, numbered=True, title="Top five risks"),
        Items(_decisions(view), title="Decisions requested"),
    )
    right: tuple[Block, ...] = (
        Figures(_population(view), "ledger", "Population"),
        reliance.ledger(view),
        Items(reliance.limits(view), title="Limits"),
        reliance.identity(view),
    )
    return Front(result, work, right)


def _headline(view: View) -> tuple[Figure, ...]:
    if "XSY-004" in view.rules:
        first = view.passing("KC-01", "Sensitive columns protected", "XSY-004")
    else:
        first = view.passing(
            "KC-02",
            "Sensitive tables behind Immuta",
            "XSY-001",
            note=f"target {100 * TARGET:.0f} %; by column: no rule XSY-004",
        )
    grave = exceptions.open_count(
        view,
        "KC-06.sensitive",
        "Critical and high open on sensitive data",
        "severity in ('critical', 'high') and tier in (1, 2)",
        note="must be zero",
    )
    overdue = view.counted(
        "KC-07",
        "Overdue exceptions",
        "select count(*) filter (where overdue) as num, count(*) filter (where due_at is not null) as den "
        "from open_finding where family <> 'EVD'",
        tables=exceptions.scope(exceptions.reading(view)),
        note="of those with a due date; must be zero",
    )
    return (first, worklist.must_be_zero(grave), worklist.must_be_zero(overdue))


def _population(view: View) -> tuple[Figure, ...]:
    queries = {
        ("KP-assets", "Assets"): "select count(*) as num from asset where status = 'ACTIVE'",
        ("KP-columns", "Columns"): "select count(*) as num from asset_column where status = 'ACTIVE'",
        ("KP-sensitive", "Sensitive columns"): "select count(*) as num from sensitive_column",
        ("KP-sources", "Immuta data sources"): "select count(*) as num from immuta_source where not deleted",
        ("KP-scanned", "Registered scan sources"): "select count(*) as num from data_source",
    }  # fmt: skip
    return tuple(view.counted(kpi, label, sql) for (kpi, label), sql in queries.items())


def _ladder(view: View) -> list[dict[str, Any]]:
    rule = view.rules.get("XSY-001")
    params = rule.params if rule else {}
    return view.rows(
        SQL["ladder"],
        platforms=params.get("enforceable_platforms", ENFORCEABLE),
        confidence=params.get("min_link_confidence", 0.9),
    )


def _step(name: str, label: str, number: int, known: int | None) -> Figure:
    return Figure(f"C1.{name}", label, number, known, source="sql", tables=tables_in(SQL["ladder"]))


def _ladder_bars(view: View) -> Bars:
    rows = _ladder(view)
    known = sum(row["known"] for row in rows)
    bars, before = [], known
    for name, label in STEPS:
        number = sum(row[name] for row in rows)
        figure = _step(name, label, number, known if name != "known" else None)
        bars.append(Bar(label, figure, 0, number, "pass", before - number))
        before = number
    blind = sum(row["masking_unknown"] for row in rows)
    note = "Sensitive columns on enforceable platforms; each step includes the earlier ones; hatched: lost at this step."
    if blind:
        note += f" Masking not known for {words.count(blind)}: their source is in no data product."
    return Bars("ladder", "Protection ladder", tuple(bars), max(known, 1), note=note)


def _decisions(view: View) -> tuple[Text, ...]:
    """At most three, each with what it would settle."""
    found: list[Text] = []
    if view.incomplete:
        names = ", ".join(sorted(view.incomplete))
        found.append(f"Collect again or accept the limit: rows are missing from {names}.")
    for row in exceptions.per_rule(view):
        rule, options = view.rules[row["rule_id"]], _OPTIONS.get(row["rule_id"])
        if options and rule.headline:
            figure = Figure(
                f"decide.{rule.id}",
                rule.title,
                row["open"],
                source=f"rule:{rule.id}",
                tables=rule.tables,
            )
            late = "Due since" if row["due_at"] and row["due_at"] < view.as_of else "Decide by"
            link = Link(rule.id, "exceptions", (("rule_id", rule.id),))
            found.append((f"{late} {words.day(row['due_at'])}: {options}; settles ", figure, " (", link, ")."))  # fmt: skip
    return tuple(found[:3])


# sections


def _scorecard(view: View) -> Section:
    rules = exceptions.reading(view)
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.group, []).append(rule)
    order = sorted(families, key=lambda f: (sum(r.failed - r.waived for r in families[f]), f))
    labels = [exceptions.FAMILIES.get(f, f) for f in order]
    parts = (
        ("Pass", "passed", charts.PASS, ""),
        ("Waived", "waived", charts.WAIVED, "/"),
        ("Fail", "unwaived", charts.FAIL, ""),
        ("Not evaluated", "not_evaluated", charts.BLIND, "outline"),
    )

    def total(family: str, name: str) -> int:
        members = families[family]
        if name == "unwaived":
            return sum(rule.failed - rule.waived for rule in members)
        return sum(getattr(rule, name) for rule in members)

    plot = charts.stacked(
        labels,
        [
            (title, [total(f, name) for f in order], colour, pattern)
            for title, name, colour, pattern in parts
        ],
        horizontal=True,
        share=True,
        totals=[words.count(total(f, "population")) for f in order],
    )
    data = Table(
        "t-families",
        "Verdicts by rule group",
        (
            Column("Group"),
            *(Column(title, True) for title, *_ in parts),
            Column("Population", True),
        ),
        tuple(
            (
                exceptions.FAMILIES.get(f, f),
                *(
                    Figure(
                        f"C4.{f}.{name}",
                        f"{f}: {title}",
                        total(f, name),
                        source="rule",
                        tables=exceptions.scope(families[f]),
                    )
                    for title, name, *_ in parts
                ),
                Figure(
                    f"C4.{f}.population", f"{f}: population", total(f, "population"), source="rule"
                ),
            )
            for f in reversed(order)
        ),
    )
    chart = Chart(
        "C4", "Scorecard", "Which controls are weak?", plot, data, 60 + 34 * len(order),
        "Share of verdicts by rule group, counts inside, population at the end; most exceptions on top.",
    )  # fmt: skip
    return Section("scorecard", "Scorecard by control group", "Scorecard", (chart, _by_rule(view)))


def _by_rule(view: View) -> Table:
    summary = {row["rule_id"]: row for row in exceptions.per_rule(view)}
    old = view.previous.rules if view.previous else {}

    def line(rule: Rule) -> tuple[Any, ...]:
        def figure(name: str, label: str, number: int) -> Figure:
            return Figure(
                f"rule.{rule.id}.{name}",
                label,
                number,
                source=f"rule:{rule.id}",
                tables=rule.tables,
            )

        before = old.get(rule.id)
        row = summary.get(rule.id)
        evaluated = rule.passed + rule.failed
        return (
            Severity(rule.severity),
            Link(rule.id, f"rule-{rule.id}"),
            rule.title,
            figure("population", "population", rule.population),
            figure("fail", "fail", rule.failed - rule.waived),
            words.signed(rule.failed - rule.waived - before.failed + before.waived) if before else "new rule",
            figure("waived", "waived", rule.waived),
            figure("not_evaluated", "not evaluated", rule.not_evaluated),
            Figure(f"rule.{rule.id}.rate", "passing", rule.passed, evaluated, not_evaluated=rule.not_evaluated, waived=rule.waived, source=f"rule:{rule.id}", tables=rule.tables),
            words.count(row["oldest"]) if row else "–",
        )  # fmt: skip

    rules = sorted(
        exceptions.reading(view),
        key=lambda r: (exceptions.SEVERITIES.index(r.severity), -(r.failed - r.waived), r.id),
    )
    return Table(
        "t-rules",
        "Exceptions by rule",
        (
            Column("Sev."), Column("Rule"), Column("What is true when it passes"), Column("Population", True),
            Column("Fail", True), Column("Change", True), Column("Waived", True), Column("Not evaluated", True),
            Column("Passing of evaluated", True), Column("Oldest, days", True),
        ),
        tuple(line(rule) for rule in rules),
    )  # fmt: skip


def _protection(view: View) -> Section:
    rows = _ladder(view)
    known = sum(row["known"] for row in rows)
    labels = [label for _, label in STEPS]

    def tier(number: int, name: str) -> int:
        return sum(row[name] for row in rows if row["tier"] == number)

    totals = [sum(row[name] for row in rows) for name, _ in STEPS]
    lost = [0, *(a - b for a, b in pairwise(totals))]
    series = [
        ("Tier 1, restricted", [tier(1, name) for name, _ in STEPS], charts.PASS, ""),
        ("Tier 2, confidential", [tier(2, name) for name, _ in STEPS], charts.PASS_2, ""),
        ("Lost at this step", lost, charts.FAIL, "/"),
    ]
    flipped = [(n, v[::-1], c, p) for n, v, c, p in series]
    plot = charts.stacked(labels[::-1], flipped, horizontal=True, unit="sensitive columns")
    data = Table(
        "t-ladder",
        "Sensitive columns at each step, by platform and tier",
        (Column("Platform"), Column("Tier", True), *(Column(label, True) for label in labels)),
        (
            *(
                (
                    row["platform"],
                    str(row["tier"]),
                    *(
                        _step(f"{row['platform']}.{row['tier']}.{name}", label, row[name], None)
                        for name, label in STEPS
                    ),
                )
                for row in rows
            ),
            ("All", "1, 2", *(_step(n, label, t, known if n != "known" else None) for (n, label), t in zip(STEPS, totals, strict=True))),
        ),
    )  # fmt: skip
    early = sum(row["masked_early"] for row in rows)
    worst = view.frame(
        SQL["worst"],
        platforms=ENFORCEABLE,
    )
    grid = Grid(
        "worst",
        "Sensitive tables that no enabled Immuta data source stands for",
        (
            GridColumn("tier", "Tier", "number", True, 1, 56), GridColumn("path", "Table", "code", False, 5, 160),
            GridColumn("platform", "Platform", "text", True, 1, 96), GridColumn("place", "Collection", "text", True, 2, 110),
            GridColumn("column_count", "Sensitive columns", "number", False, 1, 120), GridColumn("classes", "Classes", "text", False, 3, 130),
        ),
        worst,
        Figure("C1.unregistered", "Unregistered sensitive tables", worst.height, source="sql", tables=tables_in(SQL["worst"])),
        first=10,
        height=330,
    )  # fmt: skip
    chart = Chart(
        "C1", "Protection ladder", "Where do we lose coverage?", plot, data, 230,
        f"Each step holds the columns that meet it and all earlier ones. {words.count(early)} masked columns miss an earlier step and are not counted as masked.",
    )  # fmt: skip
    return Section(
        "protection", "Protection ladder", "Protection", (chart, Prose(_LADDER_NOTE, "note"), grid)
    )


def _places(view: View) -> Section:
    rows = view.rows(
        """
        select
            place, family,
            count(*) filter (where status = 'fail' and not waived) as fails,
            count(*) as population,
            count(*) filter (where status = 'not_evaluated') as blind
        from judged
        where family <> 'EVD'
        group by place, family
        order by place, family
        """
    )
    families = [f for f in exceptions.FAMILIES if any(row["family"] == f for row in rows)]
    families += sorted({row["family"] for row in rows} - set(families))
    weight: dict[str, int] = {}
    for row in rows:
        weight[row["place"]] = weight.get(row["place"], 0) + row["fails"]
    places = sorted(weight, key=lambda place: (-weight[place], place))
    cells = {(row["place"], row["family"]): row for row in rows}
    tables = exceptions.scope(exceptions.reading(view))

    def heat(place: str, family: str) -> Heat:
        row = cells.get((place, family))
        if row is None:
            return Heat(None)
        share = row["fails"] / row["population"]
        step = 0 if not row["fails"] else 1 + sum(share > edge for edge in (0.1, 0.25, 0.5))
        figure = Figure(f"C5.{place}.{family}", f"{place}, {family}: exceptions", row["fails"], row["population"], source="sql", tables=tables, joined="/")  # fmt: skip
        return Heat(figure, step, row["blind"] > 0)

    table = Table(
        "t-places",
        "Exceptions / population by collection or domain and rule group",
        (Column("Place"), *(Column(exceptions.FAMILIES.get(f, f), True) for f in families), Column("Exceptions", True)),
        tuple(
            (
                place,
                *(heat(place, family) for family in families),
                Figure(f"C5.{place}", f"{place}: exceptions", weight[place], source="sql", tables=tables),
            )
            for place in places[:40]
        ),
        note="Darker: a larger share fails (none, up to 10 %, 25 %, 50 %, more). Hatched: some could not be evaluated. Empty: no population."
        + (f" The 40 places with most exceptions of {words.count(len(places))}." if len(places) > 40 else ""),
    )  # fmt: skip
    return Section("places", "Collections and domains", "Places", (table,))


def _cross_system(view: View) -> Section:
    rows = view.rows(SQL["agreement"])
    names = ("both_systems", "purview_only", "immuta_only", "unlinked", "unknown")
    titles = (
        "Both systems",
        "Purview only",
        "Immuta only",
        "Table not linked",
        "Dictionary not read",
    )

    def sums(name: str) -> int:
        return sum(row[name] for row in rows)

    seen = sums("both_systems") + sums("purview_only") + sums("immuta_only")
    agreed = Figure("KC-16", "Columns sensitive in both systems", sums("both_systems"), seen, source="sql", tables=tables_in(SQL["agreement"]), note="of those sensitive in at least one, on linked tables")  # fmt: skip
    linked = view.counted(
        "KC-15",
        "Immuta data sources with a Purview link",
        "select count(*) filter (where exists (select 1 from link l where l.source_id = i.id and not l.ambiguous)) as num, "
        "count(*) as den from immuta_source i where not i.deleted",
        note="every cross-system figure depends on it",
    )
    doubtful = view.counted(
        "KC-15.ambiguous",
        "Ambiguous links, left out",
        "select count(*) as num from link where ambiguous",
    )
    table = Table(
        "C8",
        "Do the two systems agree? Columns by class of tier 1 and 2",
        (Column("Class"), Column("Tier", True), *(Column(title, True) for title in titles)),
        tuple(
            (
                Code(row["class_key"]),
                str(row["tier"]),
                *(
                    Figure(f"C8.{row['class_key']}.{n}", f"{row['class_key']}: {t}", row[n], source="sql", tables=tables_in(SQL["agreement"]))
                    for n, t in zip(names, titles, strict=True)
                ),
            )
            for row in rows
        ),
        note="The systems detect with different thresholds (Purview 60 % of sampled values, Immuta 90 %): disagreement is a review item, not proof of error.",
        empty="No class of tier 1 or 2 is in use.",
    )  # fmt: skip
    tags = view.passing("XSY-003.rate", "Classes with their counterpart tag", "XSY-003")
    return Section(
        "cross-system",
        "Cross-system consistency",
        "Cross-system",
        (Figures((linked, doubtful, agreed, tags)), table),
    )


def _scans(view: View) -> Section:
    rule = view.rules.get("SCN-002")
    limit = float(rule.params.get("stale_days", 30)) if rule else 30.0
    frame = view.frame(SQL["scans"])
    rows = [row for row in frame.to_dicts() if row["days"] is not None]
    shown = sorted(rows, key=lambda row: (row["days"], row["name"]))[-40:]
    never = frame.height - len(rows)
    notes = [
        f"{words.days(round(r['days'], 1))} since the last success; last run {r['last_result']}"
        for r in shown
    ]
    data = Table(
        "t-freshness",
        "Days since the last successful scan",
        (Column("Data source"), Column("Days", True), Column("Last run")),
        tuple(
            (Code(row["name"]), words.count(row["days"]), row["last_result"])
            for row in reversed(shown)
        ),
    )
    chart = Chart(
        "C7", "Scan freshness", "Which sources are stale?",
        charts.dots([r["name"] for r in shown], [r["days"] for r in shown], [r["last_result"] != "Succeeded" for r in shown], notes, limit=limit, cap=180, unit="days since the last successful scan (axis ends at 180)"),
        data, max(200, 70 + 19 * len(shown)),
        "Hollow: the last run did not succeed."
        + (f" Not drawn, in the table below: {words.plural(never, 'source')} without a successful scan." if never else "")
        + (f" The 40 stalest of {words.count(len(rows))}." if len(rows) > 40 else ""),
    )  # fmt: skip
    grid = Grid(
        "sources",
        "Registered data sources",
        (
            GridColumn("name", "Data source", "code", False, 3, 130), GridColumn("kind", "Kind", "text", True, 2, 100),
            GridColumn("place", "Collection", "text", True, 2, 110), GridColumn("schedule", "Schedule", "text", True, 1, 90),
            GridColumn("last_success", "Last success", "text", False, 1, 100), GridColumn("days", "Days", "number", False, 1, 64),
            GridColumn("last_full", "Last full", "text", False, 1, 100), GridColumn("last_result", "Last run", "text", True, 1, 96),
            GridColumn("assets", "Assets seen", "number", False, 1, 96), GridColumn("verdict", "Verdict", "text", True, 2, 130),
        ),
        frame,
        view.counted("T4", "Registered data sources", "select count(*) as num from data_source", before=False),
        first=24,
        height=400,
    )  # fmt: skip
    figures = Figures(
        (
            view.passing("SCN-001.rate", "Sources on a scan schedule", "SCN-001"),
            view.passing("SCN-002.rate", "Scheduled sources scanned on time", "SCN-002"),
            view.passing(
                "CLS-001.rate", "Datasets with a classification decision (KC-04)", "CLS-001"
            ),
        )
    )
    return Section("scans", "Scan coverage and freshness", "Scans", (figures, chart, grid))


def _uncovered(view: View) -> tuple[Figure, ...]:
    """Figures of this report that need a rule or a feed that is not there."""
    needs = (
        ("KC-01", "Sensitive columns protected", "XSY-004"),
        ("KC-17", "Propagation breaks", "LIN-002"),
    )
    missing = [
        absent(kpi, name, f"no rule {rule_id} in this rule set")
        for kpi, name, rule_id in needs
        if rule_id not in view.rules
    ]
    return (
        *missing,
        absent("KC-03", "Sensitive assets with a live owner", "no directory feed: OWN-001 counts owners named, not owners employed"),
        absent("T5", "Framework coverage", "the mapping of rules to frameworks is not part of the warehouse"),
        absent("T6", "Waivers about to expire", "no waiver register is read"),
    )  # fmt: skip


_OPTIONS = {
    "XSY-001": "register the tables in Immuta, or record why a platform is out of enforcement",
    "OWN-001": "name an owner for each collection, or allow owners to be inherited",
    "CLS-004": "give each new classification a tier",
    "POL-001": "apply the baseline subscription policy, or declare the sources open data",
    "SCN-002": "repair the scans, or retire the sources",
    "ACC-001": "revoke the access, or have it approved again independently",
    "CLS-006": "rotate the secrets and remove them, or confirm word lists as test data",
}
"""What there is to choose between, for rules whose exceptions need somebody with a mandate."""

_LADDER_NOTE = (
    "Protection ladder: sensitive columns known to Purview on platforms that Immuta can enforce. Masking is known only for "
    "columns of data products, where Immuta lists it by column; a column outside any product counts as not masked and is "
    "named in the note. The ladder is read from tables, not from a rule: it is no verdict."
)
