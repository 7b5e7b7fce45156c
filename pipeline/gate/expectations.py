"""Great Expectations at work: the one module that imports it, and what makes it work on DuckDB.

The dialect of duckdb-engine makes every metric fail in a way that looks like bad data (DuckDB has no
nested transactions, SQLAlchemy opens one around each query) and keeps DuckDB alive until Python
ends, which then complains on stderr. The gate needs only to run text on a connection that is open.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, ClassVar

import duckdb
import sqlalchemy
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import StaticPool

from pipeline.errors import GateError
from pipeline.gate.plan import Check

with warnings.catch_warnings():
    # its dependencies import what Python has deprecated; nothing a user could do about it
    warnings.simplefilter("ignore", DeprecationWarning)
    import great_expectations
    from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig
    from great_expectations.expectations.expectation import BatchExpectation

CHECKS_AT_ONCE = 24
"""From how many checks on no more tables are added to an expectation: to run one takes more than most queries take."""

LARGE_ROWS = 100_000
"""From how many rows on a table is checked alone: what its checks hold in memory is enough at a time."""

NUMBERS = "checks"
"""Where an expectation's `meta` carries the positions of its checks in the plan."""


class OpenConnection:
    """The caller's connection as SQLAlchemy wants it: its only cursor is the connection itself."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def cursor(self) -> "OpenConnection":
        """This connection: a new cursor would forget which database is in use."""
        return self

    def close(self) -> None:
        """Nothing: it belongs to the caller."""


class GateDialect(DefaultDialect):
    """DuckDB without transactions, so that the gate sees what the caller's connection sees."""

    name = "duckdb"
    supports_statement_cache = False

    @classmethod
    def import_dbapi(cls) -> Any:
        """The module that defines the errors of the connection."""
        return duckdb

    def do_begin(self, dbapi_connection: Any) -> None:
        """Nothing: no transactions."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Nothing: no transactions."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Nothing: no transactions."""


sqlalchemy.dialects.registry.register("duckdb.gx", __name__, "GateDialect")


class ExpectNoOffence(BatchExpectation):  # type: ignore[misc]
    """Holds when its query has no row; one query, where UnexpectedRowsExpectation runs two."""

    query: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("query.table",)
    success_keys: ClassVar[tuple[str, ...]] = ("query",)

    def _validate(
        self,
        metrics: Mapping[str, Any],
        runtime_configuration: Mapping[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        del runtime_configuration, execution_engine
        rows = metrics["query.table"]
        return {"success": not rows, "result": {"observed_value": rows}}


def validate(
    con: duckdb.DuckDBPyConnection, checks: Sequence[Check]
) -> dict[int, tuple[int, tuple[str, ...]]]:
    """(unexpected, examples) by position of the check, of the checks that ran.

    Raises:
        GateError: a check could not be evaluated, which says nothing about the data.
    """
    batch = _batch(con)
    found: dict[int, tuple[int, tuple[str, ...]]] = {}
    # one suite for each expectation: when a query breaks, its whole suite is tried again and again
    for together in _together(checks, _large_tables(con)):
        tables = ", ".join(dict.fromkeys(check.table for check in together.values()))
        suite = great_expectations.ExpectationSuite(
            name=tables, expectations=[_expectation(together)]
        )
        for outcome in batch.validate(suite, result_format="BASIC").results:
            _demand_no_exception(tables, outcome.exception_info)
            found |= dict.fromkeys(outcome.expectation_config.meta[NUMBERS], (0, ()))
            for row in outcome.result["observed_value"]:
                found[row["number"]] = row["unexpected"], tuple(row["examples"])
    return found


def _large_tables(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    rows = con.execute(
        "select table_name from duckdb_tables() "
        "where database_name = current_database() and estimated_size > ?",
        [LARGE_ROWS],
    ).fetchall()
    return frozenset(name for (name,) in rows)


def _together(checks: Sequence[Check], large: Collection[str]) -> Iterator[dict[int, Check]]:
    """The checks by their positions, in lists for one expectation each: some tables, whole, or a large one alone."""
    together: dict[int, Check] = {}
    for table, group in groupby(enumerate(checks), key=lambda pair: pair[1].table):
        if together and (table in large or len(together) >= CHECKS_AT_ONCE):
            yield together
            together = {}
        together |= dict(group)
        if table in large:
            yield together
            together = {}
    if together:
        yield together


def _expectation(checks: Mapping[int, Check]) -> ExpectNoOffence:
    """That no query of these checks has a row, in one query which numbers them."""
    numbered = (
        f"select {number} as number, * from ({check.query})" for number, check in checks.items()
    )
    severity = "warning" if all(check.weak for check in checks.values()) else "critical"
    return ExpectNoOffence(
        query=" union all ".join(numbered), severity=severity, meta={NUMBERS: list(checks)}
    )


def _batch(con: duckdb.DuckDBPyConnection) -> Any:
    """A batch over `con` in a context that keeps nothing, shows nothing and reports to nobody."""
    context = great_expectations.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=_in_memory(),
        ),
    )
    source = context.data_sources.add_sql(
        "staging",
        connection_string="duckdb+gx://",
        kwargs={"creator": lambda: OpenConnection(con), "poolclass": StaticPool},
    )
    # the queries name their tables themselves; a batch is needed all the same
    asset = source.add_query_asset("staging", query="select 1 as one")
    return asset.add_batch_definition_whole_table("all").get_batch()


def _in_memory() -> Any:
    from great_expectations.data_context.types.base import InMemoryStoreBackendDefaults

    return InMemoryStoreBackendDefaults(init_temp_docs_sites=False)


def _demand_no_exception(tables: str, info: Mapping[str, Any]) -> None:
    """Great Expectations reports a query that broke as a failed expectation: it is none."""
    # one entry, or one per metric under its id
    entries = [info, *(value for value in info.values() if isinstance(value, Mapping))]
    for entry in entries:
        if entry.get("raised_exception"):
            message = str(entry.get("exception_message")).strip()
            if "Out of Memory Error" in message:
                raise duckdb.OutOfMemoryException(message)
            raise GateError(f"the gate itself failed: {tables} cannot be checked: {message}")
