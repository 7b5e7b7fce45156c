"""Linking: which rows are the same table, and when that is not certain."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline import packs
from pipeline.errors import ConfigError
from pipeline.judge import examples, hosts, link, registers, sensitivity

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


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """One workbench for all paths: making one takes longer than linking."""
    with closing(examples.workbench()) as made:
        yield made


def _links(
    con: duckdb.DuckDBPyConnection, assets: list[dict[str, Any]], sources: list[dict[str, Any]]
) -> list[tuple[Any, ...]]:
    given = {"asset": assets, "immuta_source": sources}
    examples.fill(con, given, NOTHING, examples.AS_OF, "test")
    return con.execute(
        "select asset_guid, source_id, canonical_path, ambiguous, method, confidence "
        "from link order by all"
    ).fetchall()


def test_identifiers_fold_as_their_platform_folds_them(con: duckdb.DuckDBPyConnection) -> None:
    """Snowflake folds up, Redshift, Databricks and Trino down, Synapse not at all; hosts are always lower."""
    folding = ("snowflake", "redshift", "databricks", "trino", "synapse")
    assets = [_table(p, "H.example", "Db", "Sc", "Ta", guid=p) for p in folding]
    sources = [_table(p, "h.EXAMPLE", "dB", "sC", "tA", id=n) for n, p in enumerate(folding)]
    assert [(row[0], row[2]) for row in _links(con, assets, sources)] == [
        ("databricks", "databricks://h.example/db/sc/ta"),
        ("redshift", "redshift://h.example/db/sc/ta"),
        ("snowflake", "snowflake://h.example/DB/SC/TA"),
        ("trino", "trino://h.example/db/sc/ta"),
    ]


def test_scheme_port_and_path_of_a_host_do_not_matter(con: duckdb.DuckDBPyConnection) -> None:
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
    assert [row[1] for row in _links(con, assets, sources)] == [0, 1, 2, 4]


def test_a_slash_in_a_name_is_no_border(con: duckdb.DuckDBPyConnection) -> None:
    """`a/b` . `c` and `a` . `b/c` are two tables."""
    assets = [_table("synapse", "h", "d", "a/b", "c", guid="g")]
    sources = [
        _table("synapse", "h", "d", "a", "b/c", id=1),
        _table("synapse", "h", "d", "a%2Fb", "c", id=2),
    ]
    assert _links(con, assets, sources) == []


def test_platforms_do_not_mix(con: duckdb.DuckDBPyConnection) -> None:
    """The same path on another platform is another table."""
    sources = [_table("redshift", "h", "d", "s", "t", id=1)]
    assert _links(con, [_table("trino", "h", "d", "s", "t", guid="g")], sources) == []


def test_two_candidates_on_either_side_are_ambiguous(con: duckdb.DuckDBPyConnection) -> None:
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
    found = {(row[0], row[1]): row[3] for row in _links(con, assets, sources)}
    assert found == {
        ("t1", 1): True,
        ("t2", 1): True,
        ("d1", 2): True,
        ("d1", 3): True,
        ("o1", 4): False,
        ("o1", 5): False,
    }


def test_a_path_with_a_hole_links_nothing(con: duckdb.DuckDBPyConnection) -> None:
    """Unknown parts never match each other."""
    assets = [_table("trino", "h", "d", "s", "t", guid="g") | {"schema_name": None}]
    assert (
        _links(con, assets, [_table("trino", "h", "d", "s", "t", id=1) | {"schema_name": None}])
        == []
    )


def test_method_and_confidence_are_stored(con: duckdb.DuckDBPyConnection) -> None:
    """A link says how it was found and how certain it is."""
    found = _links(
        con,
        [_table("trino", "h", "d", "s", "t", guid="g")],
        [_table("trino", "h", "d", "s", "t", id=1)],
    )
    assert [row[4:] for row in found] == [("canonical_path", 1.0)]


ALIASES = {
    "adb-1.2.azuredatabricks.net": "2f1a1b7e-8d1f-4f0b-9f43-1d6f1f3f9c11",
    "old.example": "new.example",
    "acme-prod.snowflakecomputing.com": "xy12345.eu-west-1.snowflakecomputing.com",
}
METASTORE = "2f1a1b7e-8d1f-4f0b-9f43-1d6f1f3f9c11"

CASES = [
    # platform, asset, source, method of the link, method of the candidate; a path is host, database, schema, table
    ("snowflake", ("xy12345.snowflakecomputing.com", "DB", "S", "T"), ("XY12345.snowflakecomputing.com", "db", "s", "t"), "canonical_path", None),
    ("snowflake", ("xy12345.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.privatelink.snowflakecomputing.com", "DB", "S", "T"), "account_form", None),
    ("snowflake", ("xy12345.eu-west-1.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.eu-west-1.privatelink.snowflakecomputing.com", "DB", "S", "T"), "account_form", None),
    ("snowflake", ("acme-data_lab.snowflakecomputing.com", "DB", "S", "T"), ("acme-data-lab.snowflakecomputing.com", "DB", "S", "T"), "account_form", None),
    ("snowflake", ("acme-lab.snowflakecomputing.com", "DB", "S", "T"), ("acme-lab", "DB", "S", "T"), "account_form", None),
    ("snowflake", ("acme-prod.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.eu-west-1.snowflakecomputing.com", "DB", "S", "T"), "host_alias", None),
    ("snowflake", ("acme-prod.privatelink.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.eu-west-1.snowflakecomputing.com", "DB", "S", "T"), None, None),
    ("snowflake", ("xy12345.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.eu-west-1.snowflakecomputing.com", "DB", "S", "T"), None, "account_locator"),
    ("snowflake", ("xy12345.east-us-2.azure.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.east-us-2.snowflakecomputing.com", "DB", "S", "T"), None, "account_locator"),
    ("snowflake", ("xy12345.us-east-1.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.eu-west-1.snowflakecomputing.com", "DB", "S", "T"), None, None),
    ("snowflake", ("xy1234.snowflakecomputing.com", "DB", "S", "T"), ("xy12345.snowflakecomputing.com", "DB", "S", "T"), None, None),
    ("snowflake", ("xy12345.snowflakecomputing.com", "DB", "S", "T"), (None, "DB", "S", "T"), None, "database_path"),
    ("databricks", ("adb-1.2.azuredatabricks.net", "Main", "Hr", "Pay"), ("https://adb-1.2.azuredatabricks.net:443", "main", "hr", "pay"), "canonical_path", None),
    ("databricks", (METASTORE, "main", "hr", "pay"), ("adb-1.2.azuredatabricks.net", "main", "hr", "pay"), "host_alias", None),
    ("databricks", (METASTORE, "main", "hr", "pay"), ("adb-9.9.azuredatabricks.net", "main", "hr", "pay"), None, "database_path"),
    ("databricks", ("adb-1.1.azuredatabricks.net", "main", "hr", "pay"), ("adb-9.9.azuredatabricks.net", "main", "hr", "pay"), None, None),
    ("redshift", ("c.x1.eu-west-1.redshift.amazonaws.com", "dev", "public", "t"), ("jdbc:redshift://c.x1.eu-west-1.redshift.amazonaws.com:5439/dev", "dev", "public", "t"), None, None),
    ("redshift", ("c.x1.eu-west-1.redshift.amazonaws.com:5439", "DEV", "public", "t"), ("C.x1.eu-west-1.redshift.amazonaws.com", "dev", "Public", "T"), "canonical_path", None),
    ("redshift", ("c.x1.eu-west-1.redshift.amazonaws.com", "dev", "public", "t"), ("c.1234.eu-west-1.redshift-serverless.amazonaws.com", "dev", "public", "t"), None, None),
    ("synapse", ("ws.sql.azuresynapse.net", "Dw", "Dbo", "T"), ("ws.sql.azuresynapse.net", "Dw", "Dbo", "T"), "canonical_path", None),
    ("synapse", ("ws.sql.azuresynapse.net", "Dw", "Dbo", "T"), ("ws.sql.azuresynapse.net", "dw", "dbo", "t"), None, "case_folded"),
    ("synapse", ("ws.sql.azuresynapse.net", "Dw", "Dbo", "T"), ("ws-ondemand.sql.azuresynapse.net", "Dw", "Dbo", "T"), None, None),
    ("synapse", ("old.example", "Dw", "Dbo", "T"), ("new.example", "Dw", "Dbo", "T"), "host_alias", None),
    ("trino", ("trino.example", "hive", "s", "t"), ("trino.example:8443", "HIVE", "S", "T"), "canonical_path", None),
    ("starburst", ("trino.example", "hive", "s", "t"), ("trino.example", "hive", "s", "t"), "canonical_path", None),
    ("bigquery", (None, "project-1", "ds", "Tab"), ("bigquery.cloud.example", "project-1", "ds", "Tab"), "canonical_path", None),
    ("bigquery", (None, "project-1", "ds", "Tab"), (None, "project-1", "ds", "tab"), None, "case_folded"),
    ("postgresql", ("pg.example", "App", "public", "Orders"), ("pg.example:5432", "app", "public", "orders"), "canonical_path", None),
    ("mssql", ("sql.example", "App", "dbo", "Orders"), ("sql.example,1433", "App", "dbo", "Orders"), None, None),
    ("mssql", ("sql.example", "App", "dbo", "Orders"), ("sql.example", "app", "dbo", "orders"), None, "case_folded"),
    ("teradata", ("td.example", "d", "s", "t"), ("td.example", "d", "s", "t"), None, None),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "asset", "source", "linked", "candidate"), CASES)
def test_a_path_is_linked_as_far_as_its_platform_lets_one_be_sure(
    con: duckdb.DuckDBPyConnection,
    platform: str,
    asset: tuple[Any, ...],
    source: tuple[Any, ...],
    linked: str | None,
    candidate: str | None,
) -> None:
    """What is certain is a link, what may be is a candidate with a reason, and nothing is both."""
    given = {
        "asset": [_table(platform, *asset, guid="g")],
        "immuta_source": [_table(platform, *source, id=1)],
    }
    examples.fill(con, given, NOTHING, examples.AS_OF, "test")
    link.write(con, 1, ALIASES)
    found = {
        table: con.execute(f"select method, confidence, reason from {table}").fetchall()
        for table in ("link", "link_candidate")
    }
    assert [row[0] for row in found["link"]] == ([linked] if linked else [])
    assert [row[0] for row in found["link_candidate"]] == ([candidate] if candidate else [])
    assert all(confidence >= 0.9 and reason for _, confidence, reason in found["link"])
    assert all(confidence < 0.9 and reason for _, confidence, reason in found["link_candidate"])


def test_two_hosts_made_one_make_their_tables_ambiguous(con: duckdb.DuckDBPyConnection) -> None:
    """An alias that brings two enabled sources to one path leaves neither of them to be relied on."""
    given = {
        "asset": [_table("trino", "old.example", "d", "s", "t", guid="g")],
        "immuta_source": [
            _table("trino", "old.example", "d", "s", "t", id=1),
            _table("trino", "new.example", "d", "s", "t", id=2),
        ],
    }
    examples.fill(con, given, NOTHING, examples.AS_OF, "test")
    link.write(con, 1, ALIASES)
    rows = con.execute("select source_id, method, ambiguous from link order by 1").fetchall()
    assert rows == [(1, "canonical_path", True), (2, "host_alias", True)]


def test_a_candidate_among_several_says_so_and_linked_tables_are_none(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Two unlinked sources for one asset are ambiguous; a disabled source and a linked table are no candidates."""
    given = {
        "asset": [
            _table("synapse", "h.example", "D", "S", "T", guid="a"),
            _table("synapse", "h.example", "D", "S", "Linked", guid="b"),
        ],
        "immuta_source": [
            _table("synapse", "h.example", "d", "s", "t", id=1),
            _table("synapse", "h.example", "D", "s", "t", id=2),
            _table("synapse", "h.example", "d", "S", "t", id=3, deleted=True),
            _table("synapse", "h.example", "D", "S", "Linked", id=4),
            _table("synapse", "h.example", "D", "S", "linked", id=5),
        ],
    }
    examples.fill(con, given, NOTHING, examples.AS_OF, "test")
    rows = con.execute(
        "select asset_guid, source_id, ambiguous from link_candidate order by all"
    ).fetchall()
    assert rows == [("a", 1, True), ("a", 2, True)]


def _aliases(found: packs.Packs) -> Mapping[str, str]:
    return hosts.of(registers.one(found, hosts.NAME))


def _pack(tmp_path: Path, text: str, name: str = "hosts.yaml") -> packs.Packs:
    (tmp_path / "mine" / "rules").mkdir(parents=True)
    (tmp_path / "mine" / "rules" / name).write_text(text)
    return packs.load([tmp_path / "mine"])


SIGNED = "author: ann@company.example\napprover: ben@company.example\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hosts.yaml", SIGNED + "https://Old.example:443/x: NEW.example\n"),
        ("hosts.yaml", "- {host: 'https://Old.example:443/x', other: NEW.example, author: Ann, approver: Ben}\n"),
        ("hosts.csv", "host,other,author,approver\nOLD.example,new.example:443,Ann,Ben\n"),
    ],
)  # fmt: skip
def test_hosts_come_from_a_file_of_the_packs(tmp_path: Path, name: str, text: str) -> None:
    """Ours names none; a pack's own replaces it in any format, without scheme, port and case."""
    assert _aliases(packs.load()) == {}
    assert _aliases(_pack(tmp_path, text, name)) == {"old.example": "new.example"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("hosts.yaml", SIGNED + "a.example: 7", "hosts.yaml:3: a.example: 7 is no name of a host"),
        ("hosts.yaml", SIGNED + "a.example: b.example\nb.example: c.example", "hosts.yaml:3: a.example leads to b.example, which leads to c.example"),
        ("hosts.yaml", SIGNED + "a.example: A.example:443", "hosts.yaml:3: a.example leads to a.example"),
        ("hosts.yaml", SIGNED + "a.example: b.example\nA.example: c.example", "hosts.yaml:4: a.example leads to b.example already, in .*hosts.yaml:3"),
        ("hosts.yaml", "[a]", "not a mapping"),
        ("hosts.yaml", "a.example: b.example", "author and approver missing: .* at its head:\nauthor: .*\napprover: "),
        ("hosts.yaml", "author: Ann\na.example: b.example", "hosts.yaml: approver missing"),
        ("hosts.yaml", "author: Ann\napprover: ann\na.example: b.example", "hosts.yaml:2: approver: ann approved what they wrote; somebody else has to"),
        ("hosts.csv", "host,other,author,approver\na.example,b.example,Ann,\n", "hosts.csv:2: approver: missing; it holds text"),
        ("hosts.csv", "host,other,author,approver\na.example,b.example,Ann,ann\n", "hosts.csv:2: approver: ann approved a row of their own"),
        ("hosts.csv", "host,new\na.example,b.example\n", "hosts.csv:2: new: unknown column; columns of hosts: host, other"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_hosts_is_refused(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    """A name that is no text, that leads in a circle or to a third one, or that nobody else approved decides nothing."""
    with pytest.raises(ConfigError, match=message):
        _aliases(_pack(tmp_path, text, name))
