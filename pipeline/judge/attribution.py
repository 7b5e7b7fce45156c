"""Why a figure changed between two judged snapshots, taken apart exactly: the parts sum to the whole.

The way from the verdicts of the first snapshot to those of the second is walked in six steps, and each
step changes one thing only:

1. estate: what the rules of the first snapshot, with its parameters, say of the data of the second;
2. gap: verdicts that appear or disappear because data could not be read;
3. scope: the same because a plane is switched off, or a register is not kept;
4. parameter: the parameters of the second snapshot;
5. rule: its rules;
6. waiver: its waivers.

A figure is computed after every step; its parts are the differences. The map of classes and the links
of the second snapshot count as estate.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.judge import past, sensitivity
from pipeline.judge.bench import read_only
from pipeline.judge.past import Params
from pipeline.judge.rule import SEVERITIES, Rule
from pipeline.packs import Packs
from pipeline.warehouse.home import Home

CAUSES = ("estate", "gap", "scope", "parameter", "rule", "waiver")

FIGURES = {
    "open": "count(*) filter (where status = 'fail' and not waived)",
    **{
        f"open {severity}": f"count(*) filter (where status = 'fail' and not waived and severity = '{severity}')"
        for severity in SEVERITIES
        if severity != "info"
    },
    "passed": "count(*) filter (where status = 'pass')",
    "not evaluated": "count(*) filter (where status = 'not_evaluated')",
    "population": "count(*)",
    "passing rate": "coalesce(count(*) filter (where status = 'pass') "
    "/ nullif(count(*) filter (where status in ('pass', 'fail')), 0), 0)",
}
"""What each headline figure counts; the rate is of what was evaluated."""

_SCOPE = "(reason like '%skipped by configuration%' or reason like 'no register of %')"


@dataclass(frozen=True)
class Part:
    """How one figure got from `before` to `after`: the change by cause, in the order of `CAUSES`."""

    figure: str
    before: float
    after: float
    by_cause: Mapping[str, float]


def attribute(
    home: Home, packs: Packs, before: int, after: int, rule_id: str | None = None
) -> list[Part]:
    """One part per figure in `FIGURES`, over all rules but those about the run itself, or of one rule.

    Raises:
        ConfigError: the map of classes is wrong.
    """
    with closing(read_only(home, before)) as con:
        then = past.stored(con, before)
        states = {"state_0": con.sql(_verdicts("verdict")).to_arrow_table()}
    with closing(read_only(home, after)) as con:
        now = past.stored(con, after)
        states["state_6"] = con.sql(_verdicts("verdict")).to_arrow_table()
    crosswalk = sensitivity.load(packs).crosswalk()
    states["unchanged"] = states["retuned"] = states["state_6"]
    if not _same(then, now):
        states["unchanged"] = _said(home, after, *then, crosswalk)
        states["retuned"] = _said(home, after, then[0], _retuned(then, now), crosswalk)
    with closing(duckdb.connect()) as con:
        for name, rows in states.items():
            con.register(name, rows)
        con.execute(_STEPS)
        totals = [_totals(con, f"state_{step}", rule_id) for step in range(len(CAUSES) + 1)]
    return [
        Part(
            name,
            totals[0][name],
            totals[-1][name],
            {cause: totals[at + 1][name] - totals[at][name] for at, cause in enumerate(CAUSES)},
        )
        for name in FIGURES
    ]


def _same(then: tuple[dict[str, Rule], Params], now: tuple[dict[str, Rule], Params]) -> bool:
    """Whether both snapshots were judged by the same rules with the same parameters."""
    shas = [{id: stated.file.sha256 for id, stated in rules.items()} for rules, _ in (then, now)]
    return shas[0] == shas[1] and then[1] == now[1]


def _retuned(then: tuple[dict[str, Rule], Params], now: tuple[dict[str, Rule], Params]) -> Params:
    """The parameters of before, with the values of now where a rule has the same ones."""
    found: dict[str, Mapping[str, Any]] = {}
    for rule_id, values in then[1].items():
        later = now[1].get(rule_id, {})
        found[rule_id] = later if later.keys() == values.keys() else values
    return found


def _said(
    home: Home,
    number: int,
    rules: Mapping[str, Rule],
    params: Params,
    crosswalk: list[dict[str, str]],
) -> Any:
    with past.judging(home, number, rules, params, crosswalk) as (con, _):
        return con.sql(_verdicts("judged")).to_arrow_table()


def _verdicts(table: str) -> str:
    return f"select rule_id, subject_id, status, severity, reason, waived from {table}"


def _totals(con: duckdb.DuckDBPyConnection, state: str, rule_id: str | None) -> dict[str, float]:
    counted = ", ".join(f'{query} as "{name}"' for name, query in FIGURES.items())
    rows = con.sql(
        f"select {counted} from {state} "
        "where case when $rule is null then not starts_with(rule_id, 'EVD-') else rule_id = $rule end",
        params={"rule": rule_id},
    )
    return dict(zip(rows.columns, rows.fetchall()[0], strict=True))


_STEPS = f"""
create temp table waived_before as
select rule_id, subject_id
from state_0
where waived;

create temp table pair as
select
    rule_id,
    subject_id,
    b.status as was,
    b.severity as was_severity,
    u.status as "is",
    u.severity as is_severity,
    -- unknown on one side only: not what the data says, but that it does not say it
    coalesce(b.status = 'not_evaluated', false) <> coalesce(u.status = 'not_evaluated', false) as hidden,
    coalesce(b.status = 'not_evaluated' and {_SCOPE.replace("reason", "b.reason")}, false)
        or coalesce(u.status = 'not_evaluated' and {_SCOPE.replace("reason", "u.reason")}, false) as out_of_scope
from state_0 b
full join unchanged u using (rule_id, subject_id);

create temp table status_1 as
select rule_id, subject_id, if(hidden, was, "is") as status, if(hidden, was_severity, is_severity) as severity
from pair;

create temp table status_2 as
select
    rule_id,
    subject_id,
    if(hidden and out_of_scope, was, "is") as status,
    if(hidden and out_of_scope, was_severity, is_severity) as severity
from pair;

create temp table status_3 as select rule_id, subject_id, status, severity from unchanged;
create temp table status_4 as select rule_id, subject_id, status, severity from retuned;
create temp table status_5 as select rule_id, subject_id, status, severity from state_6;
""" + "".join(
    f"""
create temp view state_{step} as
select *, status = 'fail' and (rule_id, subject_id) in (from waived_before) as waived
from status_{step}
where status is not null;
"""
    for step in range(1, 6)
)
