"""Who holds permissions and roles that stand above the rules."""

from pipeline.report import queries
from pipeline.report.page import Figure, Figures, GridColumn, Section
from pipeline.report.sections.listing import listing
from pipeline.report.view import View, absent

SQL = queries.beside(__file__)

PRIVILEGED = (
    "APPLICATION_ADMIN", "USER_ADMIN", "GOVERNANCE", "AUDIT", "CREATE_DATA_SOURCE", "POLICY_MANAGER",
    "PROJECT_MANAGER", "IMPERSONATE_USER",
)  # fmt: skip
_NAMES = "[" + ", ".join(f"'{name}'" for name in PRIVILEGED) + "]"


def section(view: View) -> Section:
    """Active users with a privileged permission, and holders of catalogue roles that may change something."""
    users = view.counted("KA-19", "Privileged Immuta users", _named("users"), note="active; permissions held directly")  # fmt: skip
    columns = (
        GridColumn("name", "Who", "text", False, 3, 140), GridColumn("kind", "Is a", "text", True, 1, 96),
        GridColumn("system", "System", "text", True, 1, 84), GridColumn("held", "Permissions or role", "text", True, 4, 190),
        GridColumn("scope", "Where", "text", True, 2, 120), GridColumn("last_login", "Last sign-in", "text", False, 1, 96),
        GridColumn("days", "Days since", "number", False, 1, 88), GridColumn("page", "Page and item", "code", False, 2, 120),
    )  # fmt: skip
    grid = listing(
        view,
        "privileged-users",
        "Holders of privileged permissions and roles",
        columns,
        _named("holders"),
        first=12,
        height=330,
        note=f"Privileged in Immuta: {', '.join(PRIVILEGED)}. In Purview: every role with an action other than reading; members of a group that holds one are not listed.",
    )  # fmt: skip
    return Section("privileged", "Privileged users", "Privileged", (Figures((users, _roles(view))), grid))  # fmt: skip


def _named(query: str) -> str:
    return SQL[query].replace("$privileged", _NAMES)


def _roles(view: View) -> Figure:
    kpi, label = "KA-19.purview", "Privileged Purview roles"
    row = view.rows(SQL["roles"])[0]
    if not row["den"] and not row["not_evaluated"]:
        return absent(kpi, label, "no role assignment was read")
    note = "principals, of those with any role; groups count as one"
    return view.counted(kpi, label, SQL["roles"], not_evaluated=row["not_evaluated"], note=note)
