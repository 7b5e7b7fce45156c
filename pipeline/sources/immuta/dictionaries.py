"""Data dictionaries of Govern, and the search over the column names of all of them.

A source without a dictionary answers 404; a refusal is missing data. The search cannot be paged and
is a cross-check only, so a tenant that does not have it (404, or 400 where it takes the word
`columns` for a number) lacks nothing.
"""

from dataclasses import replace

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import SECRETS, per_source, unwrapped

MOST_NAMES = 100_000
"""Column names asked for: as many as this may not be all."""

ENDPOINTS = (
    replace(
        per_source(
            "dictionary",
            "/dictionary/{key}",
            ("immuta_column", "immuta_column_tag"),
            "metadata",
        ),
        absent=frozenset({404}),
    ),
    Endpoint(
        "column_name",
        "govern",
        "/dictionary/columns",
        ("immuta_column_name",),
        single,
        params=(("searchText", ""), ("limit", str(MOST_NAMES))),
        items="hits",
        absent=frozenset({400, 404}),
        redact=SECRETS,
        as_json=unwrapped("hits", "columns", limit=MOST_NAMES),
    ),
)
