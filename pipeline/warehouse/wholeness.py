"""Whether tables hold everything that there is, by what a snapshot says of its collection.

An endpoint whose missing answers are all known by key leaves the rest of its tables whole: those keys can be looked up
in `gap`. Anything more is missing nobody knows where.
"""

from collections.abc import Collection, Sequence

import duckdb

# a list that the server counts only about, and that is shorter, may lack rows; what it has is right all the same
_UNREAD = """
with keyed as (
    select endpoint, count(*) as gap_count
    from gap
    where key <> '*'
    group by endpoint
)
select
    r.endpoint,
    case r.verdict when 'skipped' then 'skipped by configuration' else 'not read completely' end as problem,
    r.tables
from reconciliation r
left join keyed k on k.endpoint = r.endpoint
where r.verdict = 'skipped'
    or (r.verdict = 'incomplete' and k.endpoint is null)
    or (
        (r.verdict = 'incomplete' or (r.verdict = 'weak' and $about))
        and r.distinct_keys + coalesce(k.gap_count, 0) < least(r.server_total_before, r.server_total)
    )
union
select endpoint, 'not read completely', tables
from gap
where key = '*'
"""

Lacking = Sequence[tuple[str, Collection[str]]]
"""Each time what is said about an endpoint, and the tables that it feeds."""


def unread(
    con: duckdb.DuckDBPyConnection, tables: Sequence[str], *, about: bool = False
) -> list[str]:
    """Why some of the tables may lack rows, one sentence per endpoint; none if all rows are there or missing by key.

    With `about`, also where a list is shorter than a total that the server calls approximate: then nothing can be said of
    what is not there, though everything can of what is.
    """
    return among(lacking(con, about=about), tables)


def lacking(con: duckdb.DuckDBPyConnection, *, about: bool = False) -> Lacking:
    """Every sentence that `unread` may say."""
    rows = con.execute(_UNREAD, {"about": about}).fetchall()
    return [(f"{endpoint} was {problem}", tables) for endpoint, problem, tables in rows]


def among(lacking: Lacking, tables: Collection[str]) -> list[str]:
    """What is said about endpoints that feed any of the tables, each once and in order."""
    return sorted({said for said, fed in lacking if not set(tables).isdisjoint(fed)})
