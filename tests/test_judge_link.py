"""Linking: which rows are the same table, and when that is not certain."""

from contextlib import closing
from typing import Any

from pipeline.judge import examples, sensitivity

NOTHING = sensitivity.SensitivityMap(())


def _table(platform: str, *path: str, **more: Any) -> dict[str, Any]:
    host, database, schema, table = path
    return {
        ("technology" if "id" in more else "platform"): platform,
        "host": host,
        "database_name": database,
        "schema_name": schema,
        "table_name": table,
    } | more


def _links(assets: list[dict[str, Any]], sources: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    with closing(examples.workbench()) as con:
        given = {"asset": assets, "immuta_source": sources}
        examples.fill(con, given, NOTHING, examples.AS_OF, "test")
        return con.execute(
            "select asset_guid, source_id, canonical_path, ambiguous, method, confidence "
            "from link order by all"
        ).fetchall()


def test_identifiers_fold_as_their_platform_folds_them() -> None:
    """Snowflake folds up, Redshift, Databricks and Trino down, Synapse not at all; hosts are always lower."""
    folding = ("snowflake", "redshift", "databricks", "trino", "synapse")
    assets = [_table(p, "H.example", "Db", "Sc", "Ta", guid=p) for p in folding]
    sources = [_table(p, "h.EXAMPLE", "dB", "sC", "tA", id=n) for n, p in enumerate(folding)]
    assert [(row[0], row[2]) for row in _links(assets, sources)] == [
        ("databricks", "databricks://h.example/db/sc/ta"),
        ("redshift", "redshift://h.example/db/sc/ta"),
        ("snowflake", "snowflake://h.example/DB/SC/TA"),
        ("trino", "trino://h.example/db/sc/ta"),
    ]


def test_scheme_port_and_path_of_a_host_do_not_matter() -> None:
    """Systems write the same host in several ways."""
    written = [
        "h.example",
        "https://h.example",
        "h.example:5439",
        "jdbc:x://h",
        "HTTP://h.example:1/x",
    ]
    assets = [
        _table("trino", host, "d", "s", f"t{n}", guid=str(n)) for n, host in enumerate(written)
    ]
    sources = [_table("trino", "h.example", "d", "s", f"t{n}", id=n) for n in range(len(written))]
    assert [row[1] for row in _links(assets, sources)] == [0, 1, 2, 4]


def test_a_slash_in_a_name_is_no_border() -> None:
    """`a/b` . `c` and `a` . `b/c` are two tables."""
    assets = [_table("synapse", "h", "d", "a/b", "c", guid="g")]
    sources = [
        _table("synapse", "h", "d", "a", "b/c", id=1),
        _table("synapse", "h", "d", "a%2Fb", "c", id=2),
    ]
    assert _links(assets, sources) == []


def test_platforms_do_not_mix() -> None:
    """The same path on another platform is another table."""
    sources = [_table("redshift", "h", "d", "s", "t", id=1)]
    assert _links([_table("trino", "h", "d", "s", "t", guid="g")], sources) == []


def test_two_candidates_on_either_side_are_ambiguous() -> None:
    """Disabled data sources and deleted assets are no candidates."""
    assets = [
        _table("trino", "h", "d", "s", "twin", guid="t1"),
        _table("trino", "h", "d", "s", "TWIN", guid="t2"),
        _table("trino", "h", "d", "s", "double", guid="d1"),
        _table("trino", "h", "d", "s", "once", guid="o1"),
        _table("trino", "h", "d", "s", "once", guid="o2", status="DELETED"),
    ]
    sources = [
        _table("trino", "h", "d", "s", "twin", id=1),
        _table("trino", "h", "d", "s", "double", id=2),
        _table("trino", "h", "d", "s", "Double", id=3),
        _table("trino", "h", "d", "s", "once", id=4),
        _table("trino", "h", "d", "s", "once", id=5, deleted=True),
    ]
    found = {(row[0], row[1]): row[3] for row in _links(assets, sources)}
    assert found == {
        ("t1", 1): True,
        ("t2", 1): True,
        ("d1", 2): True,
        ("d1", 3): True,
        ("o1", 4): False,
        ("o1", 5): False,
    }


def test_a_path_with_a_hole_links_nothing() -> None:
    """Unknown parts never match each other."""
    assets = [_table("trino", "h", "d", "s", "t", guid="g") | {"schema_name": None}]
    assert _links(assets, [_table("trino", "h", "d", "s", "t", id=1) | {"schema_name": None}]) == []


def test_method_and_confidence_are_stored() -> None:
    """A link says how it was found and how certain it is."""
    found = _links(
        [_table("trino", "h", "d", "s", "t", guid="g")], [_table("trino", "h", "d", "s", "t", id=1)]
    )
    assert [row[4:] for row in found] == [("canonical_path", 1.0)]
