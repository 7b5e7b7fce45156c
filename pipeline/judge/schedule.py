"""All rules of a judgement: several at once, each after its blockers, each within its bounds."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import Any

import duckdb

from pipeline.judge import evaluate, holes, untrusted
from pipeline.judge.bench import Bench
from pipeline.judge.outcome import Moment, Outcome
from pipeline.judge.rule import Rule

Params = Mapping[str, Mapping[str, Any]]
Connection = duckdb.DuckDBPyConnection


def at_once(
    bench: Bench, rules: Mapping[str, Rule], params: Params, moment: Moment
) -> dict[str, Outcome]:
    """How every rule went, in the order of `rules`; adds to `judged`.

    A rule for which there was not enough memory beside others is judged again, alone, at the end.
    """
    outcomes: dict[str, Outcome] = {}
    moment = replace(moment, lacks=holes.lacks(bench.con))
    waiting, crowded = dict(rules), dict[str, Rule]()
    free, running = list(bench.others), dict[Future[Outcome], tuple[Rule, Connection]]()
    with ThreadPoolExecutor(len(free)) as pool:
        try:
            while waiting or running:
                for rule in list(_ready(waiting, outcomes)) if free else ():
                    if not free:
                        break
                    con = free.pop()
                    job = partial(_one, bench, con, waiting.pop(rule.id), params, moment, outcomes)
                    running[pool.submit(job)] = rule, con
                if not running:
                    # what is left waits for rules that are to be judged alone
                    outcomes |= one_by_one(bench, crowded, params, moment, outcomes)
                    crowded = {}
                    continue
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    rule, con = running.pop(future)
                    free.append(con)
                    try:
                        outcomes[rule.id] = future.result()
                    except duckdb.OutOfMemoryException:
                        crowded[rule.id] = rule
        except BaseException:
            bench.abandon()
            raise
    outcomes |= one_by_one(bench, crowded, params, moment, outcomes)
    return {rule_id: outcomes[rule_id] for rule_id in rules}


def one_by_one(
    bench: Bench,
    rules: Mapping[str, Rule],
    params: Params,
    moment: Moment,
    known: Mapping[str, Outcome],
) -> dict[str, Outcome]:
    """How every rule went, on the judge's own connection, which sees what it made; `known` has their blockers."""
    found: dict[str, Outcome] = {}
    moment = replace(moment, lacks=holes.lacks(bench.con)) if rules else moment
    for rule in rules.values():
        try:
            found[rule.id] = _one(bench, bench.con, rule, params, moment, {**known, **found})
        except duckdb.OutOfMemoryException:
            problem = str(bench.bounds.too_much(bench.bounds.memory_bytes))
            found[rule.id] = evaluate.failed(bench.con, rule, params[rule.id], moment, problem)
    return found


def _ready(waiting: Mapping[str, Rule], outcomes: Mapping[str, Outcome]) -> Iterator[Rule]:
    """Rules whose blockers have all been judged."""
    for rule in waiting.values():
        if all(blocker in outcomes for blocker in rule.blocked_by):
            yield rule


def _one(
    bench: Bench,
    con: Connection,
    rule: Rule,
    params: Params,
    moment: Moment,
    outcomes: Mapping[str, Outcome],
) -> Outcome:
    def filling(con: Connection, rule: Rule, values: Mapping[str, Any]) -> None:
        with bench.bounds.within_time(con):
            if untrusted.is_untrusted(rule):
                untrusted.fill(bench, con, rule, values)
            else:
                evaluate.fill(con, rule, values)

    blockers = [outcomes[blocker] for blocker in rule.blocked_by]
    begun = time.perf_counter()
    outcome = evaluate.one(con, rule, params[rule.id], moment, blockers, filling)
    return replace(outcome, seconds=time.perf_counter() - begun)
