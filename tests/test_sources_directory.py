"""The directory: answers of Microsoft Graph and files of people become identities, and lead back to their bytes."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from collecting import (
    Answer,
    Clock,
    Seen,
    client,
    endpoint,
    loaded,
    rows,
    serving,
    staging_at,
    store_at,
)
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.endpoint import Source, Total
from pipeline.collect.walk import collect
from pipeline.errors import ConfigError, PageError
from pipeline.sources import directory
from pipeline.sources.directory import feed, graph
from pipeline.warehouse import pages, schema, tabular

ADA, BOB, EVE = (f"{n:08x}-0000-4000-a000-000000000000" for n in (10, 11, 12))
TEAM, ROBOT, GONE = (f"{n:08x}-0000-4000-a000-000000000000" for n in (20, 30, 40))
HEADER = "id,kind,state,as_of,display_name,user_principal_name,manager_id,member_of"
Pages = Sequence[tuple[str, str | None, bytes]]


def told(kind: str, object_id: str, **values: Any) -> dict[str, Any]:
    """A directory object as Microsoft Graph sends it."""
    return {"@odata.type": f"#microsoft.graph.{kind}", "id": object_id, **values}


def listed(*values: Mapping[str, Any]) -> bytes:
    return json.dumps({"@odata.context": "c", "value": values}).encode()


def load(
    tmp_path: Path, pages: Pages, query: str, wanted: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """The rows of a query over staging, after these answers to questions about the `wanted` ids."""
    contacts = ", ".join(f"('a', 'Owner', '{one}', 1, '')" for one in wanted)
    source = directory.SOURCE
    if wanted:
        prefix = f"-- start\ninsert into contact by position (asset_guid, role, principal_id, page_id, item) values {contacts};\n"
        source = type(source)(source.name, source.endpoints, prefix + source.sql, (), last=True)
    with loaded(tmp_path, source, pages) as staging:
        return rows(staging, query)


def test_an_account_is_described_by_itself(tmp_path: Path) -> None:
    """Detail counts before what a group says of its members, and that before the bare object; ids are lower case."""
    found = load(
        tmp_path,
        [
            ("object", "batch 1", listed(told("user", ADA.upper(), displayName="bare"))),
            (
                "user",
                ADA,
                json.dumps(
                    {
                        "id": ADA,
                        "displayName": "Ada Example",
                        "mail": "ada@example.com",
                        "userPrincipalName": "ada@example.com",
                        "accountEnabled": True,
                        "userType": "Member",
                        "employeeId": "E1",
                        "manager": told("user", BOB.upper()),
                    }
                ).encode(),
            ),
            (
                "group_member",
                TEAM,
                listed(
                    told("user", ADA, displayName="member", accountEnabled=False),
                    told("user", BOB, displayName="Bob Example", accountEnabled=False),
                ),
            ),
        ],
        "select id, kind, state, display_name, mail, user_type, employee_id, manager_id, item "
        "from identity order by id",
    )
    assert found == [
        (ADA, "human", "active", "Ada Example", "ada@example.com", "Member", "E1", BOB, ""),
        (BOB, "human", "disabled", "Bob Example", None, None, None, None, "/value/1"),
    ]


@pytest.mark.parametrize(
    ("kind", "enabled", "expected"),
    [
        ("user", True, ("human", "active")),
        ("user", False, ("human", "disabled")),
        ("user", None, ("human", "unknown")),
        ("servicePrincipal", False, ("service", "disabled")),
        ("servicePrincipal", None, ("service", "unknown")),
        ("group", None, ("group", "active")),
        ("device", True, ("unknown", "active")),
        ("somethingNew", None, ("unknown", "unknown")),
    ],
)
def test_a_state_that_is_withheld_is_unknown(
    tmp_path: Path, kind: str, enabled: bool | None, expected: tuple[str, str]
) -> None:
    """Without a permission for a kind of object Graph sends nulls: no account is taken for an open one."""
    member = told(kind, BOB, accountEnabled=enabled, displayName=None)
    pages: Pages = [("group_member", TEAM, listed(member))]
    assert load(tmp_path, pages, "select kind, state from identity") == [expected]


def test_ids_that_are_not_in_the_answer_are_of_nobody(tmp_path: Path) -> None:
    """Their row points at the answer that does not have them; what was not asked for gets no row."""
    found = load(
        tmp_path,
        [("object", "batch 1", listed(told("group", TEAM, displayName="Team")))],
        "select id, kind, state, page_id > 0, item from identity order by id",
        wanted=[TEAM, GONE.upper(), "nobody@example.com", ""],
    )
    assert found == [
        (TEAM, "group", "active", True, "/value/0"),
        (GONE, "unknown", "deleted", True, ""),
    ]


def test_a_question_that_was_not_answered_says_nothing_about_its_ids(tmp_path: Path) -> None:
    """Without the page of a batch none of its ids is called deleted."""
    assert load(tmp_path, [], "from identity", wanted=[ADA, GONE]) == []


def test_a_service_has_who_answers_for_it(tmp_path: Path) -> None:
    """The owner is its sponsor; of several, the same one every night."""
    service = told(
        "servicePrincipal", ROBOT, accountEnabled=True, owners=[{"id": EVE}, {"id": ADA.upper()}]
    )
    pages: Pages = [("service_principal", ROBOT, json.dumps(service).encode())]
    query = "select id, kind, state, sponsor_id from identity"
    assert load(tmp_path, pages, query) == [(ROBOT, "service", "active", ADA)]


def test_every_column_of_object_ids_is_looked_up() -> None:
    """A table whose comment says that a column holds Entra object ids needs no change here."""
    named = {
        (table.name, column.name)
        for table in schema.tables().values()
        for column in table.columns
        if table.group == "purview" and column.comment.startswith("Entra object id")
    }
    assert {("contact", "principal_id"), ("term_contact", "principal_id")} <= named
    sql = graph.ids_met()
    assert len(sql.split("union all")) == len(named)
    assert all(f"from {table}" in sql for table, _ in named)


def test_the_directory_is_asked_last_and_only_what_was_met(tmp_path: Path) -> None:
    """One question for all ids, one read per person, members page by page behind `@odata.nextLink`; 429 is waited for."""
    refused = [Answer(b"{}", 429, {"Retry-After": "7"})]

    def answer(seen: Seen) -> Answer:
        if seen.path.endswith("/getByIds"):
            assert json.loads(seen.body) == {"ids": [ADA, TEAM, GONE], "types": ["directoryObject"]}
            return Answer(listed(told("user", ADA), told("group", TEAM)))
        if seen.path == f"/v1.0/users/{ADA}":
            return refused.pop() if refused else Answer(json.dumps({"id": ADA}).encode())
        assert seen.path == f"/v1.0/groups/{TEAM}/transitiveMembers"
        if ("$skiptoken", "n=2") in seen.params:
            return Answer(listed(told("user", BOB, accountEnabled=True)))
        following = f"https://graph.example{seen.path}?$top=999&$skiptoken=n%3D2"
        page = {"value": [told("user", ADA)], "@odata.nextLink": following}
        return Answer(json.dumps(page).encode())

    store, clock = store_at(tmp_path), Clock()
    with serving(answer) as server:
        source = directory.SOURCE
        with (
            client(f"{server.url}/v1.0", source.endpoints, store, clock, sql=source.sql) as toy,
            staging_at(tmp_path, store) as staging,
        ):
            toy.source = source
            staging.con.executemany(
                "insert into contact (asset_guid, role, principal_id, page_id, item) values ('a', 'Owner', ?, 1, '')",
                [[GONE], [ADA], [TEAM], ["not an id"], ["dbo"]],
            )
            collect({source.name: toy}, staging, workers=2, skip={})
            assert rows(staging, "select id, state from identity order by id") == [
                (ADA, "unknown"),
                (BOB, "active"),
                (TEAM, "active"),
                (GONE, "deleted"),
            ]
            query = "select group_id, member_id from group_member order by all"
            assert rows(staging, query) == [(TEAM, ADA), (TEAM, BOB)]
    assert 7.0 in clock.slept


def test_the_directory_waits_for_what_others_finish(tmp_path: Path) -> None:
    """Its questions are about tables that another source fills at its very end, in whatever order the two are given."""
    met = Source(
        "met",
        (endpoint("thing", total=Total.NONE),),
        "-- endpoint: thing\ncreate table thing_item as select page_id, '' as item, 'k' as key from pages;\n"
        f"-- finish\ninsert into contact by position (asset_guid, role, principal_id, page_id, item) values ('a', 'Owner', '{GONE}', 1, '');\n",
        probes=(),
    )
    store = store_at(tmp_path)
    source = directory.SOURCE
    with (
        serving([Answer(listed())]) as server,
        client(server.url, source.endpoints, store, sql=source.sql) as graph_client,
        client(server.url, met.endpoints, store, sql=met.sql) as met_client,
        staging_at(tmp_path, store) as staging,
    ):
        graph_client.source, met_client.source = source, met
        clients = {"directory": graph_client, "met": met_client}
        outcomes = collect(clients, staging, workers=1, skip={})
        assert rows(staging, "select id, state from identity") == [(GONE, "deleted")]
    assert outcomes[0].name == "met.thing"


def test_without_a_directory_there_are_tables_without_rows(tmp_path: Path) -> None:
    """A plane that is switched off sends nothing, and says so in its outcome."""
    store = store_at(tmp_path)
    with serving([Answer(status=500)]) as server:
        source = directory.SOURCE
        with (
            client(server.url, source.endpoints, store, sql=source.sql) as toy,
            staging_at(tmp_path, store) as staging,
        ):
            toy.source = source
            outcomes = collect(
                {source.name: toy}, staging, workers=1, skip={"directory": frozenset({"graph"})}
            )
            assert rows(staging, "from identity") == []
        assert server.seen == []
    assert all(outcome.skipped for outcome in outcomes)


def csv_file(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def from_feed(tmp_path: Path, body: bytes, query: str) -> list[tuple[Any, ...]]:
    with loaded(tmp_path, feed.SOURCE, [("feed", None, body)]) as staging:
        return rows(staging, query)


LINES = (
    "P1,human,active,2026-11-20,Ada Example,ada@example.com,P2,g1; g3",
    '"p2",human,disabled,2026-11-19T12:00:00+01:00,"Bob\n""B"" Example",,,G1',
    "g1,group,active,2026-11-20,Team,,,g2",
    "g2,group,active,2026-11-20,Circle,,,g1",
    "s1,service,unknown,2026-11-20,,,,",
)


def test_a_file_of_people_becomes_identities(tmp_path: Path) -> None:
    """Ids in lower case, empty cells as nothing, and the row that each came from."""
    body = feed.read(csv_file(tmp_path, *LINES))
    query = (
        "select id, kind, state, display_name, manager_id, as_of, item from identity order by id"
    )
    noon = datetime(2026, 11, 19, 11, tzinfo=UTC)
    day = datetime(2026, 11, 20, tzinfo=UTC)
    assert from_feed(tmp_path, body, query) == [
        ("g1", "group", "active", "Team", None, day, "#row=4"),
        ("g2", "group", "active", "Circle", None, day, "#row=5"),
        ("p1", "human", "active", "Ada Example", "p2", day, "#row=2"),
        ("p2", "human", "disabled", 'Bob\n"B" Example', None, noon, "#row=3"),
        ("s1", "service", "unknown", None, None, day, "#row=6"),
    ]


def test_groups_in_groups_bring_their_members_along(tmp_path: Path) -> None:
    """Also where they hold each other; no group is its own member."""
    body = feed.read(csv_file(tmp_path, *LINES))
    found = from_feed(tmp_path, body, "select group_id, member_id from group_member order by all")
    assert found == [
        ("g1", "g2"),
        ("g1", "p1"),
        ("g1", "p2"),
        ("g2", "g1"),
        ("g2", "p1"),
        ("g2", "p2"),
        ("g3", "p1"),
    ]


def test_a_file_is_as_old_as_its_oldest_row(tmp_path: Path) -> None:
    """What a report says about today rests on the row that was written first."""
    body = feed.read(csv_file(tmp_path, *LINES))
    query = "select as_of, row_count, item from identity_feed"
    noon = datetime(2026, 11, 19, 11, tzinfo=UTC)
    assert from_feed(tmp_path, body, query) == [(noon, 5, "#row=3")]


def parquet(**columns: list[Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_a_parquet_file_says_the_same(tmp_path: Path) -> None:
    """Days, instants and lists may be columns of their own kind."""
    body = parquet(
        id=["P1", "g1"],
        kind=["human", "group"],
        state=["active", "active"],
        as_of=[date(2026, 11, 20), date(2026, 11, 19)],
        display_name=["Ada Example", None],
        member_of=[["g1", " "], None],
    )
    path = tmp_path / "people.parquet"
    path.write_bytes(body)
    assert feed.read(path) == body
    with loaded(tmp_path, feed.SOURCE, [("feed", None, body)]) as staging:
        assert rows(staging, "select id, as_of, item from identity order by id") == [
            ("g1", datetime(2026, 11, 19, tzinfo=UTC), "#row=3"),
            ("p1", datetime(2026, 11, 20, tzinfo=UTC), "#row=2"),
        ]
        assert rows(staging, "select group_id, member_id from group_member") == [("g1", "p1")]
    assert pages.item(body, "#row=2")["id"] == "P1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header: there is none"),
        (HEADER, "no rows: by an empty directory, everybody would have left"),
        ("id,kind,state\n1,human,active", "column 'as_of' is missing; required: id, kind, state, as_of"),
        (f"{HEADER},salary\n1,human,active,2026-11-20,,,,,1", "column 'salary' is unknown; valid: id,"),
        ("id,id,kind,state,as_of\n1,1,human,active,2026-11-20", "column 'id' is there more than once"),
        ("id;kind;state;as_of\n1;human;active;2026-11-20", "column 'id;kind;state;as_of' is unknown"),
        (f"{HEADER}\n1,person,active,2026-11-20,,,,", "line 2: column kind: 'person' is not one of human, group, service"),
        (f"{HEADER}\n1,human,on leave,2026-11-20,,,,", "line 2: column state: 'on leave' is not one of active, disabled"),
        (f"{HEADER}\n1,human,active,20 Nov,,,,", "line 2: column as_of: '20 Nov' is no day or instant like 2026-11-20"),
        (f"{HEADER}\n,human,active,2026-11-20,,,,", "line 2: column id: is empty"),
        (f'{HEADER}\n1,human,active,2026-11-20,"a\nb",,,\nA,human,active,2026-11-20,,,,\na,human,active,2026-11-20,,,,', "line 5: column id: 'a' is the id of line 4 already"),
        (f"{HEADER}\n1,human,active", "line 2: 3 cells under 8 columns"),
        (f'{HEADER}\n1,human,active,2026-11-20,"open,,,', "not valid CSV"),
        (f"{HEADER}\n1,human,active,2026-11-20,\udcff,,,", "line 2: not UTF-8 text"),
        ("PAR1 and no more", "not a Parquet file"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_says_where_and_what_is_valid(
    tmp_path: Path, text: str, message: str
) -> None:
    """File, line, column and the words that are valid, before anything is collected."""
    path = tmp_path / "people.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as refused:
        feed.read(path)
    assert message in str(refused.value)
    assert all(line.startswith(f"{path}: ") for line in str(refused.value).splitlines())


def test_a_file_that_is_not_there_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    """The key that names it is in the message."""
    with pytest.raises(ConfigError, match=r"\[directory\] feed: .*absent\.csv: No such file"):
        feed.read(tmp_path / "absent.csv")


def test_many_mistakes_are_told_at_once_but_not_all(tmp_path: Path) -> None:
    """Twenty lines are enough to see what is wrong."""
    path = csv_file(tmp_path, *(f"{n},person,active,2026-11-20,,,," for n in range(50)))
    with pytest.raises(ConfigError) as refused:
        feed.read(path)
    lines = str(refused.value).splitlines()
    assert (len(lines), lines[-1]) == (21, f"{path}: and 30 more mistakes")


def test_a_run_that_goes_on_keeps_the_file_it_began_with(tmp_path: Path) -> None:
    """The bytes among the pages are those of the file, and they are put there once."""
    path = csv_file(tmp_path, *LINES)
    body = path.read_bytes()
    store = store_at(tmp_path / "raw")
    feed.keep(path, store)
    path.write_text(f"{HEADER}\nx,human,active,2026-11-21,,,,\n")
    feed.keep(path, store)
    (kept,) = store.exchanges("directory", "feed")
    assert store.read(kept) == body
    assert kept.url == path.as_uri()
    store.close()


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(cells, cells, cells), max_size=8))
def test_every_row_of_a_table_is_found_again(values: list[tuple[str, str, str]]) -> None:
    """Whatever the cells hold, the pointer of a row leads back to it."""
    text = io.StringIO()
    csv.writer(text).writerows([("a", "b", "c"), *values])
    body = text.getvalue().encode()
    found = list(tabular.rows(body))
    assert [tuple(row.values.values()) for row in found] == values
    for row in found:
        assert pages.item(body, tabular.pointer(row.number)) == row.values


@pytest.mark.parametrize("pointer", ["#row=1", "#row=9", "#row=0", "#row=01", "#row=x"])
def test_a_pointer_to_no_row_is_refused(pointer: str) -> None:
    """The header is no row of the table, and anything else is no JSON."""
    with pytest.raises(PageError):
        pages.item(b"a,b\n1,2\n", pointer)
