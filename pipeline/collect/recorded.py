"""What was exchanged, as rows: `exchange` from the logs of a run, and `redaction` from what they say was struck out."""

import duckdb

from pipeline.collect.endpoint import Source
from pipeline.collect.store import LOGGED, PageStore

_SHAPE = ", ".join(f"{name}: '{kind}'" for name, kind in LOGGED.items())


def record(
    con: duckdb.DuckDBPyConnection,
    store: PageStore,
    source: Source,
    run_id: str,
    number: int,
    first_page_id: int,
) -> None:
    """Adds every kept answer of the source in the run of snapshot `number`; its pages count from `first_page_id`."""
    logs = (store.log(source.name, endpoint.name) for endpoint in source.endpoints)
    if kept := [str(log) for log in logs if log.exists()]:
        con.execute(
            "insert into exchange by name select "
            f"{first_page_id}::bigint + seq as page_id, {number} as snapshot_number, $1 as run_id, "
            "* exclude (seq, identity) "
            "replace (source || '.' || endpoint as endpoint, "
            "sent_at::timestamptz as sent_at, received_at::timestamptz as received_at) "
            f"from read_json($2, format = 'newline_delimited', columns = {{{_SHAPE}}})",
            [run_id, kept],
        )
    con.execute(
        "insert into redaction by name select distinct page_id, unnest(redactions) as item, "
        "endpoint, key from exchange where source = ? and snapshot_number = ?",
        [source.name, number],
    )
