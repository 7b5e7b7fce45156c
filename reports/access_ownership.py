"""Access and ownership: who owns what, who can see what, how access was granted and when it ends."""

from dataclasses import replace
from typing import Any, Literal

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
    Items,
    Link,
    Page,
    Prose,
    Section,
    Table,
    Text,
)
from pipeline.report.view import View, absent, tables_in

TITLE = "Access and ownership"

SQL = queries.beside(__file__)

FAMILIES = ("OWN", "ACC", "MEM", "MSK", "POL", "DPR", "PLT")
TIERS = ("1", "2", "none known")
ORIGINS = (
    ("role", "Owner or expert role", charts.PASS, ""),
    ("request", "Approved request", charts.PASS_2, ""),
    ("policy", "Policy of the source", charts.PASS_3, ""),
    ("unexplained", "No origin on record", charts.FAIL, ""),
)
PRIVILEGED = (
    "APPLICATION_ADMIN", "USER_ADMIN", "GOVERNANCE", "AUDIT", "CREATE_DATA_SOURCE", "POLICY_MANAGER",
    "PROJECT_MANAGER", "IMPERSONATE_USER",
)  # fmt: skip
ROW_LIMIT = 50_000

_ENDS = {"past": "past expiry, still approved", "later": "after 26 weeks", "never": "no expiry"}


def build(view: View) -> Page:
    """The report of one snapshot."""
    sections = (
        _ownership(view),
        _access(view),
        _granted(view),
        _duties(view),
        _queue(view),
        _time_limits(view),
        _masking(view),
        _privileged(view),
        worklist.section(view, FAMILIES),
        trend.section(view, FAMILIES),
        appendix.untested(view, _uncovered(view), FAMILIES),
        appendix.method(view, _NOTES),
        appendix.cards(view, FAMILIES),
    )
    return Page(sections, _front(view), reliance.facts(view))


# page one


def _front(view: View) -> Front:
    result: tuple[Block, ...] = (
        Figures(_headline(view), "headline"),
        _calendar_bars(view),
        worklist.change_bars(view, FAMILIES),
    )
    risks = tuple(exceptions.risks(view, "exceptions", FAMILIES))
    work: tuple[Block, ...] = (
        worklist.work_table(view, FAMILIES, limit=6),
        Items(risks, numbered=True, title="Exceptions in words"),
        Items(_decisions(view), title="Decisions requested"),
    )
    right: tuple[Block, ...] = (
        Figures(_population(view), "ledger", "Population"),
        reliance.ledger(view, FAMILIES),
        Figures(_uncovered(view)[:3], "ledger", "Not evaluated"),
        Items((*reliance.limits(view)[:1], "Native grants outside Immuta are not visible."), title="Limits"),
        reliance.identity(view),
    )  # fmt: skip
    return Front(result, work, right)


def _past_expiry(view: View) -> Figure:
    rule = view.rules.get("ACC-007")
    if rule is None:
        return absent("KA-08", "Access past its expiry", "no rule ACC-007 in this rule set")
    return exceptions.open_count(
        view,
        "KA-08",
        "Access past its expiry",
        "rule_id = 'ACC-007'",
        note="must be zero (ACC-007)",
    )


def _headline(view: View) -> tuple[Figure, ...]:
    return (
        worklist.must_be_zero(_past_expiry(view)),
        _independent(view),
        view.counted(
            "KA-02", "People who can see tier 1 data", SQL["sees_tier_1"], note="of active Immuta users"
        ),
    )  # fmt: skip


def _independent(view: View) -> Figure:
    figure = view.passing(
        "KA-04", "Independently approved", "ACC-001", note="target 100 % (ACC-001)"
    )
    return replace(figure, tone="pass" if figure.num == figure.den else "fail")


def _population(view: View) -> tuple[Figure, ...]:
    queries = {
        ("KP-requests", "Access requests"): "select count(*) as num from access_request",
        ("KP-products", "Data products"): "select count(*) as num from data_product",
        ("KP-sources", "Immuta data sources"): "select count(*) as num from immuta_source where not deleted",
        ("KA-01", "Active grants"): SQL["active_grants"],
        ("KP-users", "Active Immuta users"): "select count(*) as num from immuta_user where not disabled",
    }  # fmt: skip
    return tuple(view.counted(kpi, label, sql) for (kpi, label), sql in queries.items())


def _calendar(view: View) -> list[dict[str, Any]]:
    """Grants by request per column of the expiry calendar (-1 past, 0-25 weeks, 26 later, 27 never) and tier."""
    return view.rows(SQL["calendar"])


def _calendar_bars(view: View) -> Bars:
    rows = _calendar(view)
    spans = (
        ("past", "Past expiry, in force", -1, -1),
        ("month", "Within 4 weeks", 0, 3),
        ("quarter", "In 5–13 weeks", 4, 12),
        ("half", "In 14–26 weeks", 13, 25),
        ("later", "Later", 26, 26),
        ("never", "No expiry", 27, 27),
    )
    bars = []
    for name, label, low, high in spans:
        number = sum(row["grants"] for row in rows if low <= row["slot"] <= high)
        figure = Figure(
            f"C11.{name}", label, number, source="sql", tables=tables_in(SQL["calendar"])
        )
        tone: Literal["pass", "fail", "plain"] = "pass"
        if name in ("past", "never"):
            tone = "fail" if name == "past" else "plain"
        bars.append(Bar(label, figure, 0, number, tone))
    most = max(bar.length for bar in bars) or 1
    note = "Approved data access by the end of its request, on the clock of the snapshot; ACC-007 allows 24 hours more and counts who is still listed."
    return Bars("calendar", "When access ends", tuple(bars), most, note=note)


def _decisions(view: View) -> tuple[Text, ...]:
    """At most three, each with what it would settle."""
    found: list[Text] = []
    if view.incomplete:
        names = ", ".join(sorted(view.incomplete))
        found.append(f"Collect again or accept the limit: rows are missing from {names}.")
    for row in exceptions.per_rule(view):
        rule, options = view.rules[row["rule_id"]], _OPTIONS.get(row["rule_id"])
        if options:
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


def _grid(
    view: View, name: str, caption: str, columns: tuple[GridColumn, ...], sql: str, **extra: Any
) -> Grid:
    """A grid of what `sql` returns, cut at the row limit, with the full count above it."""
    frame = view.frame(f"{sql}\nlimit {ROW_LIMIT}")
    total = (
        view.value(f"select count(*) from ({sql})") if frame.height == ROW_LIMIT else frame.height
    )
    note = extra.pop("note", "")
    if total > frame.height:
        note = (
            f"The first {words.count(ROW_LIMIT)} rows in this order; all with `muster sql`. {note}"
        )
    figure = Figure(f"T.{name}", caption, total, source="sql", tables=tables_in(sql))
    return Grid(name, caption, columns, frame, figure, note=note, **extra)


def _ownership(view: View) -> Section:
    owned = (
        view.passing("KA-14.assets", "Sensitive assets with an owner named", "OWN-001"),
        view.passing("KA-14.sources", "Immuta data sources with an owner", "OWN-005"),
        view.passing("KA-14.products", "Products with domain and responsible person", "DPR-001"),
        view.counted(
            "KA-15",
            "Assignments of the five busiest owners",
            "select coalesce(sum(objects) filter (where place <= 5), 0) as num, coalesce(sum(objects), 0) as den "
            f"from (select *, row_number() over (order by objects desc, owner) as place from ({SQL['owners']}))",
            before=False,
            note="of owner assignments in Purview",
        ),
    )
    rows = view.rows(SQL["owners"])
    total, shown = sum(row["objects"] for row in rows), rows[:20]
    data = Table(
        "t-owners",
        "Objects by owner",
        (Column("Owner (object id)"), Column("Objects", True)),
        tuple(
            (
                Code(row["owner"]),
                Figure(f"C13.{row['owner']}", "objects", row["objects"], source="sql"),
            )
            for row in shown
        ),
    )
    chart = Chart(
        "C13",
        "Ownership concentration",
        "Who carries too much?",
        charts.concentration(
            [words.clipped(row["owner"], 12) for row in shown],
            [row["objects"] for row in shown],
            max(total, 1),
        ),
        data,
        330,
        f"The {len(shown)} busiest of {words.count(len(rows))} owners in Purview; bars and running share on one axis.",
    )
    columns = (
        GridColumn("kind", "Kind", "text", True, 1, 110), GridColumn("name", "Object", "text", False, 3, 140),
        GridColumn("path", "Where", "code", False, 4, 150), GridColumn("place", "Place", "text", True, 2, 110),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("state", "Owner state", "text", True, 1, 96),
        GridColumn("owners", "Owners", "text", False, 3, 130), GridColumn("open", "Open exceptions", "number", False, 1, 116),
    )  # fmt: skip
    ledger = _grid(view, "ledger", "Ownership ledger: sensitive assets, Immuta data sources, products; ownerless first", columns, SQL["ledger"])  # fmt: skip
    note = Prose("“With an owner” means that one is named: without a directory feed, nobody can tell whether that person is still there.", "note")  # fmt: skip
    return Section("ownership", "Ownership", "Ownership", (Figures(owned), note, ledger, chart))


def _access(view: View) -> Section:
    rows = view.rows(SQL["origin"])
    counts = {(row["tier"], row["origin"]): row["grants"] for row in rows}
    tables = tables_in(SQL["origin"])
    labels = ["Tier 1", "Tier 2", "No tier known"]
    series = [
        (title, [counts.get((tier, name), 0) for tier in TIERS][::-1], colour, pattern)
        for name, title, colour, pattern in ORIGINS
    ]
    data = Table(
        "t-origins",
        "Grants by tier and origin",
        (Column("Tier"), *(Column(title, True) for _, title, _, _ in ORIGINS)),
        tuple(
            (
                label,
                *(
                    Figure(f"C10.{tier}.{name}", f"{label}: {title}", counts.get((tier, name), 0), source="sql", tables=tables)
                    for name, title, _, _ in ORIGINS
                ),
            )
            for tier, label in zip(TIERS, labels, strict=True)
        ),
    )  # fmt: skip
    chart = Chart(
        "C10", "Grants by origin", "Why do people have access?",
        charts.stacked(labels[::-1], series, horizontal=True, unit="grants (person and data source)"), data, 210,
        "A grant is explained by the first that applies: a role on the source, an approved request for a product with it, "
        "or a source that is open by policy. “No origin on record” is what remains; it is no verdict (MEM-002 is not in this rule set).",
    )  # fmt: skip
    objects = (
        GridColumn("name", "Data source", "text", False, 4, 160), GridColumn("place", "Domain", "text", True, 2, 110),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("subscription", "Subscription", "text", True, 1, 110),
        GridColumn("people", "People", "number", False, 1, 72), GridColumn("owners", "Owners", "number", False, 1, 72),
        GridColumn("products", "Products", "number", False, 1, 80), GridColumn("policies", "Policies", "number", False, 1, 80),
        GridColumn("open", "Open exceptions", "number", False, 1, 120),
    )  # fmt: skip
    people = (
        GridColumn("person", "Person", "text", False, 3, 130), GridColumn("source", "Data source", "text", False, 4, 160),
        GridColumn("place", "Domain", "text", True, 2, 110), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("state", "Role", "text", True, 1, 96), GridColumn("origin", "Origin", "text", True, 2, 130),
        GridColumn("since", "Since", "text", False, 1, 92),
    )  # fmt: skip
    members = (
        GridColumn("product", "Product", "text", True, 3, 140), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("person", "Person", "text", False, 3, 130), GridColumn("type", "Type", "text", True, 2, 130),
        GridColumn("status", "Status", "text", True, 1, 96), GridColumn("expires_at", "Ends", "text", False, 1, 92),
        GridColumn("request_id", "Request", "code", False, 2, 130),
    )  # fmt: skip
    blocks: tuple[Block, ...] = (
        chart,
        _grid(view, "objects", "Access by data source", objects, SQL["objects"], height=430),
        _grid(view, "grants", "Who can access what", people, SQL["grants"], height=480),
        _grid(view, "members", "Members of data products", members, SQL["members"], height=430),
    )
    return Section("access", "Who can access what", "Access", blocks)


def _granted(view: View) -> Section:
    figures = (
        _independent(view),
        view.counted("KA-17", "Automatic approvals", SQL["automatic"], before=False, note="no person acted; of approvals in the last 365 days"),
        view.counted("KA-17.sensitive", "Automatic, on tier 1 and 2", SQL["automatic"].replace("where ", "where t.tier in (1, 2) and "), before=False),
        view.counted("KA-16", "Approvals by the busiest approver", SQL["busiest"], before=False, note="of manual approvals in the last 365 days"),
        view.counted("KA-20", "Requests on behalf of others", "select count(*) filter (where requester_id <> user_id) as num, count(*) as den from access_request", before=False),
        view.passing("DPR-002.rate", "Products with a request form", "DPR-002"),
    )  # fmt: skip
    columns = (
        GridColumn("id", "Request", "code", False, 2, 120), GridColumn("type", "Type", "text", True, 2, 120),
        GridColumn("product", "Product", "text", True, 2, 120), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("status", "Status", "text", True, 1, 92), GridColumn("requester", "Requester", "text", False, 2, 100),
        GridColumn("beneficiary", "Beneficiary", "text", False, 2, 100), GridColumn("approvers", "Approved by", "text", False, 2, 110),
        GridColumn("created_at", "Requested", "text", False, 1, 92), GridColumn("hours", "Hours", "number", False, 1, 64),
        GridColumn("expires_at", "Ends", "text", False, 1, 92), GridColumn("verdicts", "Failing rules", "code", True, 2, 110),
    )  # fmt: skip
    requests = _grid(
        view, "requests", "Access requests and their decisions", columns, SQL["requests"]
    )
    return Section("granted", "How access was granted", "Granted", (Figures(figures), requests))


def _duties(view: View) -> Section:
    rows = view.rows(SQL["self_approved"])
    rule = view.rules.get("ACC-001")
    tables = rule.tables if rule else frozenset()
    table = Table(
        "t-duties",
        "Requests approved by the requester or the beneficiary (ACC-001)",
        (Column("Request"), Column("Product"), Column("Tier", True), Column("Condition"), Column("Other approvers", True), Column("Status"), Column("Finding")),
        tuple(
            (
                Code(row["id"]), row["product"], row["tier"] or "–", row["reason"],
                Figure(f"duty.{row['id']}", "other independent approvers", row["others"], source="sql", tables=tables),
                row["status"].lower(), Code(row["finding_id"]),
            )
            for row in rows[:200]
        ),
        note=f"The first 200 of {words.count(len(rows))}." if len(rows) > 200 else "",
        empty="No exceptions."
        if rule and rule.population
        else "Not tested: ACC-001 has no population in this snapshot.",
    )  # fmt: skip
    rest = Prose("Not covered by a rule: two approvers for tier 1 (ACC-012), incompatible permissions (PLT-005), creator as only approver (DPR-006).", "note")  # fmt: skip
    return Section("duties", "Separation of duties", "Duties", (Figures((_independent(view),)), table, rest))  # fmt: skip


def _queue(view: View) -> Section:
    rows = view.rows(SQL["decision_hours"])
    waiting = view.rows(SQL["waiting_hours"])
    done = [row["hours"] for row in rows]
    open_by: dict[str, list[float]] = {}
    done_by: dict[str, list[float]] = {}
    for row in rows:
        done_by.setdefault(row["product"], []).append(row["hours"])
    for row in waiting:
        open_by.setdefault(row["product"], []).append(row["hours"])
    busiest = sorted(done_by.keys() | open_by.keys(), key=lambda p: (-len(done_by.get(p, [])), p))
    shown = busiest[:15]
    groups: list[tuple[str, list[float], list[float]]] = [
        (name, done_by.get(name, []), open_by.get(name, [])) for name in shown
    ]
    data = Table(
        "t-speed",
        "Elapsed hours from request to decision",
        (Column("Product"), Column("Decided", True), Column("Median", True), Column("P90", True), Column("Pending", True)),
        tuple(
            (
                name,
                Figure(f"C12.{name}.decided", "decided", len(hours), source="sql"),
                _hours(charts.quantile(hours, 0.5)),
                _hours(charts.quantile(hours, 0.9)),
                Figure(f"C12.{name}.pending", "pending", len(still), source="sql"),
            )
            for name, hours, still in groups
        ),
    )  # fmt: skip
    chart = Chart(
        "C12", "Decision time", "How fast, how even?",
        charts.strips(groups, "elapsed hours, logarithmic"), data, max(220, 70 + 24 * len(shown)),
        "A dot is a decision by a person in the last 365 days; hollow: still pending, at its present age. Bar: median; diamond: 90th percentile."
        + (f" The 15 products with most decisions of {words.count(len(busiest))}." if len(busiest) > 15 else ""),
    )  # fmt: skip
    tables = tables_in(SQL["decision_hours"])
    median, p90 = charts.quantile(done, 0.5), charts.quantile(done, 0.9)
    cause = "nobody decided in the last 365 days"
    figures = (
        Figure("KA-06.median", "Decision time, median", _rounded(median), unit="hours", cause=cause, source="sql", tables=tables),
        Figure("KA-06.p90", "Decision time, 90th percentile", _rounded(p90), unit="hours", cause=cause, source="sql", tables=tables),
        view.counted("KA-07.pending", "Pending requests", "select count(*) as num from access_request where status = 'PENDING'"),
        exceptions.open_count(view, "KA-07", "Pending over target (ACC-004)", "rule_id = 'ACC-004'"),
    )  # fmt: skip
    columns = (
        GridColumn("id", "Request", "code", False, 2, 120), GridColumn("product", "Product", "text", True, 2, 130),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("type", "Type", "text", True, 2, 130),
        GridColumn("requester", "Requester", "text", False, 2, 120), GridColumn("beneficiary", "Beneficiary", "text", False, 2, 120),
        GridColumn("created_at", "Requested", "text", False, 1, 92), GridColumn("days", "Days", "number", False, 1, 60),
        GridColumn("target", "Target", "text", True, 1, 96),
    )  # fmt: skip
    pending = _grid(
        view, "pending", "Pending requests, oldest first", columns, SQL["pending"], height=430
    )
    return Section("queue", "Queue and speed", "Queue", (Figures(figures), chart, pending))


def _hours(value: float | None) -> str:
    return "–" if value is None else words.count(round(value, 1))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _time_limits(view: View) -> Section:
    rows = _calendar(view)
    labels = ["past", *[str(week + 1) for week in range(26)], "later", "never"]
    slots = list(range(-1, 28))
    counts = {(row["slot"], row["tier"]): row["grants"] for row in rows}
    names = ("Tier 1", "Tier 2", "No tier known")
    colours = (charts.SEVERITY["critical"], charts.SEVERITY["high"], charts.SEVERITY["low"])
    series = [
        (name, [counts.get((slot, tier), 0) for slot in slots], colour, "")
        for name, tier, colour in zip(names, TIERS, colours, strict=True)
    ]
    tables = tables_in(SQL["calendar"])
    data = Table(
        "t-calendar",
        "Approved data access by the week in which it ends",
        (Column("Ends"), *(Column(name, True) for name in names)),
        tuple(
            (
                _ENDS.get(label, f"in week {label}"),
                *(
                    Figure(f"C11.{slot}.{tier}", f"{label}: {name}", counts.get((slot, tier), 0), source="sql", tables=tables)
                    for name, tier in zip(names, TIERS, strict=True)
                ),
            )
            for slot, label in zip(slots, labels, strict=True)
        ),
    )  # fmt: skip
    chart = Chart(
        "C11", "Expiry calendar", "What ends when, what never ends?", charts.stacked(labels, series, unit="grants"), data, 300,
        "Weeks counted from the snapshot. The outer columns are not weeks: past = expired and still approved; later = after 26 weeks; never = no expiry.",
    )  # fmt: skip
    figures = (
        worklist.must_be_zero(_past_expiry(view)),
        view.counted("KA-18", "Ending within 30 days", SQL["ending"], before=False, note="of approved data access"),
        view.counted("KA-03.open", "Without an expiry, on tier 1 and 2", SQL["open_ended"], before=False, note="a count, no verdict: no rule ACC-005"),
    )  # fmt: skip
    columns = (
        GridColumn("id", "Request", "code", False, 2, 120), GridColumn("product", "Product", "text", True, 2, 130),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("beneficiary", "Beneficiary", "text", False, 2, 120),
        GridColumn("created_at", "Requested", "text", False, 1, 92), GridColumn("expires_at", "Ends", "text", False, 1, 92),
        GridColumn("days_left", "Days left", "number", False, 1, 84), GridColumn("state", "State", "text", True, 1, 110),
    )  # fmt: skip
    grants = _grid(
        view,
        "expiry",
        "Approved data access, the soonest end first",
        columns,
        SQL["expiry"],
        height=430,
    )
    return Section("limits", "Time limits", "Time limits", (Figures(figures), chart, grants))


def _masking(view: View) -> Section:
    figures = (
        view.counted(
            "KA-13", "Masking exceptions in force", "select count(*) as num from access_request where type = 'MASKING_EXCEPTION' and status = 'APPROVED'"
        ),
        view.counted(
            "KA-13.bound", "With an expiry", "select count(expires_at) as num, count(*) as den from access_request "
            "where type = 'MASKING_EXCEPTION' and status = 'APPROVED'", before=False,
        ),
    )  # fmt: skip
    columns = (
        GridColumn("id", "Request", "code", False, 2, 120), GridColumn("product", "Product", "text", True, 2, 130),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("beneficiary", "Beneficiary", "text", False, 2, 120),
        GridColumn("approvers", "Approved by", "text", False, 2, 130), GridColumn("created_at", "Requested", "text", False, 1, 92),
        GridColumn("expires_at", "Ends", "text", False, 1, 92),
    )  # fmt: skip
    sql = f"select * from ({SQL['requests']}) where type = 'masking exception' and status = 'approved' order by tier nulls last, id"
    grid = _grid(view, "masking-exceptions", "Who sees clear values by exception", columns, sql, first=10, height=330)  # fmt: skip
    note = Prose(
        "Which columns an exception uncovers is not collected; no MSK rule judges them.", "note"
    )
    return Section("masking", "Masking exceptions", "Masking", (Figures(figures), grid, note))


def _privileged(view: View) -> Section:
    figures = (
        view.counted(
            "KA-19",
            "Privileged Immuta users",
            _PRIVILEGED.format(what="count(*) as num", order=""),
            note="active; permissions held directly",
        ),
        absent("KA-19.purview", "Privileged Purview roles", "role assignments are not collected"),
    )
    columns = (
        GridColumn("name", "Person", "text", False, 3, 140), GridColumn("email", "Mail", "text", False, 3, 160),
        GridColumn("held", "Privileged permissions", "text", True, 4, 200), GridColumn("last_login_at", "Last sign-in", "text", False, 1, 104),
        GridColumn("days", "Days since", "number", False, 1, 96),
    )  # fmt: skip
    grid = _grid(
        view,
        "privileged-users",
        "Active users with a privileged permission",
        columns,
        _PRIVILEGED.format(what=_PRIVILEGED_COLUMNS, order="order by len(list_intersect(permissions, privileged)) desc, name, id"),
        first=12,
        height=330,
        note=f"Privileged here: {', '.join(PRIVILEGED)}.",
    )  # fmt: skip
    return Section("privileged", "Privileged users", "Privileged", (Figures(figures), grid))


def _uncovered(view: View) -> tuple[Figure, ...]:
    """Figures of this report that need a rule, a feed or a register that is not there."""
    feed = "no directory feed"
    needs = (
        ("KA-09", "Access of departed people", "MEM-001", feed),
        ("KA-11", "Recertified on time", "MEM-003", "no recertification register"),
        ("KA-05", "Fully evidenced approvals", "ACC-011", "no rules ACC-002, ACC-008, ACC-011 in this rule set"),
        ("KA-03", "Time-bound sensitive access", "ACC-005", "no rule ACC-005 in this rule set"),
        ("KA-10", "Unexplained access", "MEM-002", "no rule MEM-002 in this rule set"),
        ("KA-12", "Revocations carried out", "MEM-005", "no recertification register"),
        ("KA-08.masking", "Masking exceptions past expiry", "MSK-002", "no rule MSK-002 in this rule set"),
        ("C15", "Person and product matrix", "MEM-008", "not drawn; the members table lists every pair"),
    )  # fmt: skip
    return tuple(
        absent(kpi, name, cause) for kpi, name, rule_id, cause in needs if rule_id not in view.rules
    )


_OPTIONS = {
    "ACC-007": "revoke the access, or extend it by a new request",
    "ACC-001": "revoke the access, or have it approved again independently",
    "OWN-001": "name an owner for each collection, or allow owners to be inherited",
    "OWN-005": "add an owner (a group, better) to each data source",
    "POL-001": "apply the baseline subscription policy, or declare the sources open data",
    "DPR-002": "attach a request form, or suspend the product",
    "ACC-004": "have deputies decide, or close abandoned requests",
}
"""What there is to choose between, for rules whose exceptions need somebody with a mandate."""

_NOTES: tuple[Text, ...] = (
    "A grant is a person and an Immuta data source that is not disabled, in the state owner, expert, subscribed or ingest. "
    "A product's tier is the strictest of its sources; a source's is that of the linked Purview table or of its own tags.",
    "Decision time is elapsed time from the request to the last approval record with a person, nights and weekends included.",
    "The audit period is the 365 days before the snapshot.",
)

_PRIVILEGED = (
    "with held as (select *, ["
    + ", ".join(f"'{name}'" for name in PRIVILEGED)
    + "] as privileged from immuta_user) "
    "select {what} from held where not disabled and list_has_any(permissions, privileged) {order}"
)

_PRIVILEGED_COLUMNS = (
    "coalesce(name, user_id, id::varchar) as name, email, "
    "array_to_string(list_sort(list_intersect(permissions, privileged)), ', ') as held, last_login_at, "
    "date_diff('day', last_login_at, (select as_of from shown_snapshot)) as days"
)
