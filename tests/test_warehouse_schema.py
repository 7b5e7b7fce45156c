"""The data dictionary as code sees it."""

import re

import duckdb
import pytest

from pipeline.warehouse import history, schema


def test_every_table_of_the_file_is_found() -> None:
    """The dictionary has each `create table` of schema.sql, in its order, once."""
    written = re.findall(r"^create table (\w+)", schema.read("schema.sql"), re.M)
    assert list(schema.tables()) == written


@pytest.mark.parametrize("name", schema.tables())
def test_tables_are_commented_and_keyed(name: str) -> None:
    """A table says what one row is, has a key of required columns, and comments every column."""
    table = schema.tables()[name]
    assert table.comment.startswith("one row ")
    assert table.group in ("run", "purview", "immuta", "directory", "judge")
    required = {column.name for column in table.columns if column.required}
    assert table.key
    assert set(table.key) <= required
    assert all(column.comment.strip() for column in table.columns)


@pytest.mark.parametrize("name", schema.tables())
def test_references_point_to_keys_of_earlier_tables(name: str) -> None:
    """A reference names the key of a table that stands before it, so loading in order works."""
    tables = schema.tables()
    order = list(tables)
    for reference in tables[name].references:
        assert order.index(reference.table) < order.index(name)
        assert reference.keys == tables[reference.table].key


def test_what_sources_say_carries_its_provenance() -> None:
    """Every row collected from a source names its page and its place in the page."""
    for table in schema.tables().values():
        if table.group in ("purview", "immuta", "directory"):
            required = {column.name for column in table.columns if column.required}
            assert required >= set(schema.PROVENANCE)
            assert not set(schema.PROVENANCE) & set(table.content)


def test_users_see_the_comments() -> None:
    """In a warehouse, plain names carry the comments of the dictionary on tables and columns."""
    with duckdb.connect() as con:
        history.initialise(con)
        tables = dict(
            con.execute(
                "select view_name, comment from duckdb_views() "
                "union all select table_name, comment from duckdb_tables() where schema_name = 'main'"
            ).fetchall()
        )
        columns = con.execute(
            "select table_name || '.' || column_name, comment from duckdb_columns() "
            "where schema_name = 'main'"
        ).fetchall()
    comments = dict(columns)
    for name, table in schema.tables().items():
        assert tables[name] == table.comment
        for column in table.columns:
            assert comments[f"{name}.{column.name}"] == column.comment


def test_every_derived_view_is_known_by_its_query() -> None:
    """Each view that no table stands for is among `schema.views`, and the query there says what the view says."""
    with duckdb.connect() as con:
        history.initialise(con)
        made = {
            name
            for (name,) in con.execute(
                "select view_name from duckdb_views() where schema_name = 'main' and not internal"
            ).fetchall()
        }
        assert schema.views().keys() == made - schema.tables().keys()
        for name, query in schema.views().items():
            shown = con.execute(f"describe {name}").fetchall()
            assert con.execute(f"describe {query}").fetchall() == shown
