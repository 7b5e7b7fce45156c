"""What the process of a pack's rule does: run its SQL and write its verdicts as an Arrow stream."""

import sys
from datetime import datetime
from typing import Any

import duckdb
import pyarrow.ipc

from pipeline.judge import said
from pipeline.warehouse import confined_child

BATCH_ROWS = 50_000


def prepare(con: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    """Shows what the judge sees: the map and the links of a snapshot not judged yet, and tables it fills meanwhile."""
    con.execute("create temp macro judged_number(shown) as shown")
    for name, path in request["given"].items():
        with pyarrow.ipc.open_file(path) as rows:
            con.register("arriving", rows.read_all())
            con.execute(f"create temp table {name} as from arriving")
            con.unregister("arriving")


def answer(con: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    """Writes the verdicts of the rule to stdout."""
    moments = {name: datetime.fromisoformat(text) for name, text in request["moments"].items()}
    bound = request["params"] | moments
    query = said.statement(con, request["sql"], request["severity"], bound)
    found = con.sql(
        f"select * replace (evidence::varchar as evidence) from ({query})", params=bound or None
    )
    with (
        found.to_arrow_reader(BATCH_ROWS) as rows,
        pyarrow.ipc.new_stream(
            sys.stdout.buffer, rows.schema, options=pyarrow.ipc.IpcWriteOptions(compression="lz4")
        ) as sink,
    ):
        for batch in rows:
            sink.write_batch(batch)


if __name__ == "__main__":
    confined_child.main(answer, prepare)
