"""Data dictionaries of Govern, and the search over the column names of all of them.

A source without a dictionary answers 404; a refusal is missing data, and so is a 404 where the Request app, which
knows columns by dictionaries alone, lists some of the source. The search cannot be paged and
is a cross-check only, so a tenant that does not have it (404, or 400 where it takes the word
`columns` for a number) lacks nothing.
"""

from dataclasses import replace

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import SECRETS, per_source, unwrapped

MOST_NAMES = 100_000
"""Column names asked for: as many as this may not be all."""

_DENIED = """
    select key, 'there is none, it says, but columns are listed by ' || string_agg(distinct listed_in, ' and ') as reason
    from gone
    join (
        select source_id as key, 'data products' as listed_in from product_column
        union all select source_id, 'masking exceptions' from masking_exception_column
    ) using (key)
    where endpoint = 'immuta.dictionary'
    group by key
"""
"""Sources whose dictionary is said not to be there, and whose columns are listed by what reads it."""

ENDPOINTS = (
    replace(
        per_source(
            "dictionary",
            "/dictionary/{key}",
            ("immuta_column", "immuta_column_tag"),
            "metadata",
        ),
        absent=frozenset({404}),
        holes=_DENIED,
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
