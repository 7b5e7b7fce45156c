"""SQL of rules that are not ours: it runs in a process of its own, and its verdicts come back as an Arrow stream."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb
import pyarrow.ipc

from pipeline.errors import RuleError
from pipeline.judge.bench import Bench
from pipeline.judge.rule import Rule
from pipeline.judge.said import bindable
from pipeline.packs import BUILTIN
from pipeline.warehouse import confined
from pipeline.warehouse.confined import Failure

OUTPUT_BYTES = 4 << 30
"""What the verdicts of one rule may come to on their way back: some twenty million of them."""


def is_untrusted(rule: Rule) -> bool:
    """Whether somebody else wrote the rule, or replaced it."""
    return rule.file.pack != BUILTIN


def fill(
    bench: Bench, con: duckdb.DuckDBPyConnection, rule: Rule, values: Mapping[str, Any]
) -> None:
    """Fills the temp table `found` of `con` with what the SQL of the rule says in its own process.

    Raises:
        RuleError: it is wrong, does more than read, or takes too much.
    """
    bounds = confined.Bounds(
        bench.bounds.rule_timeout_s,
        bench.bounds.memory_bytes // bench.bounds.at_once,
        OUTPUT_BYTES,
    )
    bound = bindable(rule.uses, values)
    request = {
        "sql": rule.sql,
        "severity": rule.severity,
        "snapshot": bench.number,
        "params": {k: v for k, v in bound.items() if not isinstance(v, datetime)},
        "moments": {k: v.isoformat() for k, v in bound.items() if isinstance(v, datetime)},
        "given": bench.shared,
    }
    came = bench.folder / f"{rule.id}.arrow"
    try:
        with came.open("wb") as file:
            failure = confined.run(
                "pipeline.judge.untrusted_child",
                bench.warehouse,
                request,
                bounds,
                file.write,
                bench.abandoned,
            )
        if failure:
            raise _error(bench, bounds, failure)
        with came.open("rb") as stored, pyarrow.ipc.open_stream(stored) as verdicts:
            con.register("arriving", verdicts)
            con.execute(
                "create or replace temp table found as "
                "select * replace (evidence::json as evidence) from arriving"
            )
            con.unregister("arriving")
    finally:
        came.unlink(missing_ok=True)


def _error(bench: Bench, bounds: confined.Bounds, failure: Failure) -> RuleError:
    match failure.kind:
        case "time":
            return bench.bounds.too_long()
        case "memory":
            return bench.bounds.too_much(bounds.memory_bytes)
        case "output":
            return RuleError(f"its verdicts come to {failure.message}")
        case "refused":
            return RuleError(
                "a rule of a pack only reads the warehouse: it cannot write, attach or read files, "
                f"load extensions or change settings; {failure.message}"
            )
    return RuleError(failure.message)
