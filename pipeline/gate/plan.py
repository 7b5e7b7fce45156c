"""Which checks the quality gate runs: every promise of the data dictionary, as one query each."""

import re
from dataclasses import dataclass

from pipeline.warehouse import schema
from pipeline.warehouse.schema import Column, Table

EXAMPLES = 5
"""How many offending keys a check names."""


@dataclass(frozen=True)
class Check:
    """One promise about one table.

    `query` has no row when the promise holds, else one: (unexpected, examples). `offence` is what
    the unexpected ones are, in words. A `weak` check never stops a snapshot.
    """

    table: str
    kind: str
    columns: tuple[str, ...]
    offence: str
    query: str
    weak: bool = False


def checks(groups: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of every table of `groups`, in the order of the data dictionary."""
    found: list[Check] = []
    for table in schema.tables().values():
        if table.group in groups:
            found.append(_unique(table))
            found.append(_required(table))
            found += _references(table, groups)
            found += [
                _known(table, column)
                for column in table.columns
                if _words(column) and table.key != (column.name,)
            ]
            if table.name == "reconciliation":
                found += _reconciled(table)
    return tuple(found)


def _check(
    table: Table,
    kind: str,
    columns: tuple[str, ...],
    offence: str,
    tail: str,
    *,
    weak: bool = False,
    and_say: str = "",
) -> Check:
    """The check that no row of `table as t` is left by `tail` (its joins, where, group by).

    An example is the row's key and what the expressions `and_say` add.
    """
    key = ", ".join(
        f"'{name}=' || coalesce(cast(t.{name} as varchar), 'null')" for name in table.key
    )
    query = (
        f"select count(*) as unexpected, min(example, {EXAMPLES}) as examples "
        f"from (select concat_ws(', ', {key}{', ' + and_say if and_say else ''}) as example from {table.name} as t {tail}) as offending "
        "having count(*) > 0"
    )
    return Check(table.name, kind, columns, offence, query, weak)


def _unique(table: Table) -> Check:
    key = ", ".join(f"t.{name}" for name in table.key)
    tail = f"group by {key} having count(*) > 1"
    return _check(table, "unique_key", table.key, "keys are there more than once", tail)


def _required(table: Table) -> Check:
    """All required columns of a table in one pass over it; an example names the columns that it lacks."""
    names = tuple(column.name for column in table.columns if column.required)
    lacking = ", ".join(f"case when t.{name} is null then 'no {name}' end" for name in names)
    tail = "where " + " or ".join(f"t.{name} is null" for name in names)
    return _check(table, "not_null", names, "rows lack a value", tail, and_say=lacking)


def _references(table: Table, groups: tuple[str, ...]) -> list[Check]:
    """Declared references, and the provenance of every row."""
    pairs = [(r.columns, r.table, r.keys) for r in table.references]
    if "run" in groups and table.name != "exchange" and schema.PROVENANCE[0] in _names(table):
        pairs.append(((schema.PROVENANCE[0],), "exchange", ("page_id",)))
    found = []
    for columns, target, keys in pairs:
        given = " and ".join(f"t.{name} is not null" for name in columns)
        same = " and ".join(f"o.{key} = t.{name}" for name, key in zip(columns, keys, strict=True))
        tail = f"where {given} and not exists (select 1 from {target} as o where {same})"
        offence = f"rows point to no row of {target}"
        found.append(_check(table, "reference", columns, offence, tail))
    return found


def _known(table: Table, column: Column) -> Check:
    listed = ", ".join(f"'{word}'" for word in _words(column))
    tail = f"where t.{column.name} is not null and t.{column.name} not in ({listed})"
    offence = f"rows have a word that is not one of {listed.replace(chr(39), '')}"
    return _check(table, "known_value", (column.name,), offence, tail, weak=True)


def _words(column: Column) -> list[str]:
    """The values that a comment such as 'Owner or Expert' or 'Day | Week; or null' enumerates, if it does."""
    listed = column.comment.split(";")[0].strip()
    if column.type != "VARCHAR" or not re.fullmatch(r"\w+(?: or \w+|(?: \| \w+)+)", listed):
        return []
    return re.split(r" or | \| ", listed)


def _reconciled(table: Table) -> list[Check]:
    """A verdict on completeness must be what its own numbers say."""
    numbers = ("distinct_keys", "server_total_before", "server_total", "row_count", "carried")
    # what appears or goes while the list is walked moves the total: anything in between is whole
    within = (
        "t.distinct_keys between least(t.server_total_before, t.server_total) "
        "and greatest(t.server_total_before, t.server_total)"
    )
    says = {
        "claim to be reconciled although the numbers differ": (
            "where t.verdict = 'reconciled' and not coalesce("
            f"{within} and t.row_count + t.carried >= t.distinct_keys, false)"
        ),
        "differ from the server's count and do not say so": (
            f"where t.server_total is not null and not ({within}) "
            "and t.verdict not in ('weak', 'incomplete', 'skipped')"
        ),
        "claim that the server gave no count although it did": (
            "where t.verdict = 'no_control_total' and t.server_total is not null"
        ),
    }
    return [
        _check(table, "reconciles", ("verdict", *numbers), f"endpoints {offence}", tail)
        for offence, tail in says.items()
    ]


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}
