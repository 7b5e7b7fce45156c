"""Which Purview asset and which Immuta data source are the same table: by canonical path, never by guess."""

import duckdb

from pipeline.warehouse import history, schema

METHOD = "canonical_path"
CONFIDENCE = 1.0

FOLDING = {
    "snowflake": "upper",
    "redshift": "lower",
    "databricks": "lower",
    "trino": "lower",
    "synapse": "",
}
"""How each platform folds identifiers that nobody quoted; '' = not at all."""


def write(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Makes `link` of snapshot `number` hold every pair with the same path.

    A pair is ambiguous when several enabled data sources, or several active assets, share its path.
    """
    con.execute(f"""
        create or replace temp table link_staged as
        with known_asset as (
            select guid, status = 'ACTIVE' as counts, {_path("platform")} as path
            from asset
            where platform in ({", ".join(f"'{name}'" for name in FOLDING)})
        ),

        known_source as (
            select id, not deleted as counts, {_path("technology")} as path
            from immuta_source
            where technology in ({", ".join(f"'{name}'" for name in FOLDING)})
        ),

        crowded as (
            select path from known_asset where counts group by path having count(*) > 1
            union
            select path from known_source where counts group by path having count(*) > 1
        )
        select
            a.guid as asset_guid,
            s.id as source_id,
            '{METHOD}' as method,
            {CONFIDENCE}::double as confidence,
            a.path as canonical_path,
            a.path in (select path from crowded where path is not null) as ambiguous,
            0::ubigint as content_hash
        from known_asset a
        join known_source s on s.path = a.path
        where a.counts
    """)
    history.merge(con, schema.tables()["link"], "link_staged", number)


def _path(platform: str) -> str:
    """SQL for the canonical path; null when any part is not known."""
    host = "regexp_replace(regexp_replace(lower(host), '^[a-z0-9+.-]+://', ''), '[:/].*$', '')"
    parts = " || '/' || ".join(_folded(platform, part) for part in _NAMES)
    return f"{platform} || '://' || {host} || '/' || {parts}"


_NAMES = ("database_name", "schema_name", "table_name")


def _folded(platform: str, name: str) -> str:
    # a slash inside a name must not look like a border between names
    safe = f"replace(replace({name}, '%', '%25'), '/', '%2F')"
    cases = " ".join(f"when '{key}' then {function}({safe})" for key, function in FOLDING.items())
    return f"case {platform} {cases} end"
