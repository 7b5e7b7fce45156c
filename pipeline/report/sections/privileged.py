"""Who holds permissions that stand above the rules."""

from pipeline.report.page import Figures, GridColumn, Section
from pipeline.report.sections.listing import listing
from pipeline.report.view import View, absent

PRIVILEGED = (
    "APPLICATION_ADMIN", "USER_ADMIN", "GOVERNANCE", "AUDIT", "CREATE_DATA_SOURCE", "POLICY_MANAGER",
    "PROJECT_MANAGER", "IMPERSONATE_USER",
)  # fmt: skip

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


def section(view: View) -> Section:
    """Active users with a privileged permission."""
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
    grid = listing(
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
