"""Rules that tell nothing of a snapshot: they judge nobody, could evaluate nobody, never fail, or always do."""

from typing import Any

import duckdb

SAYS = {
    "error": "is in error",
    "nobody": "judges nobody",
    "unknown": "could evaluate nobody",
    "never": "never fails",
    "always": "always fails",
}
"""What is said of a rule, the worst first."""

_QUERY = """
select
    id,
    severity,
    title,
    case
        when state = 'error' then $error
        when population = 0 then $nobody
        when not_evaluated = population then $unknown
        when failed = 0 then $never
        else $always
    end as says,
    population,
    passed,
    failed,
    waived,
    not_evaluated,
    error as detail
from rule
where passed = 0
    or failed = 0
    or state = 'error'
order by list_position($order, says), id
"""


def telling_nothing(con: duckdb.DuckDBPyConnection, number: int) -> list[dict[str, Any]]:
    """One row per such rule of the judged snapshot `number`: id, severity, title, what it says, its counts, and detail.

    `detail` is the error of the rule, or the missing data that silences it.
    """
    con.execute(f"set variable snapshot = {number}")
    found = con.sql(_QUERY, params={**SAYS, "order": list(SAYS.values())})
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
