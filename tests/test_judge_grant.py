"""Who has access in a snapshot, and what explains it: strongest explanation, its end, and what is not known."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from judging import CONTACTS, ask, pack, seal, verdicts

from pipeline.judge import examples, grant, sensitivity, walk
from pipeline.judge.judgement import judge
from pipeline.warehouse.home import Home, connect

NOTHING = sensitivity.SensitivityMap(())
AS_OF = examples.AS_OF
SOON, PAST = AS_OF + timedelta(days=20), AS_OF - timedelta(days=20)

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """One workbench for every test."""
    with closing(examples.workbench()) as made:
        yield made


def _grants(con: duckdb.DuckDBPyConnection, given: Rows) -> dict[str, dict[str, Any]]:
    examples.fill(con, given, NOTHING, AS_OF, "test")
    grant.write(con, 1)
    result = con.execute("select * from active_grant order by id")
    names = [column[0] for column in result.description or ()]
    return {row[0]: dict(zip(names, row, strict=True)) for row in result.fetchall()}


def _estate(**more: list[dict[str, Any]]) -> Rows:
    """Source 1 with subscriber 8, who is u8 in the Request app; product p has the source in it."""
    given: Rows = {
        "immuta_source": [{"id": 1, "subscription_type": "approval"}],
        "immuta_membership": [{"source_id": 1, "profile_id": 8, "state": "subscribed"}],
        "immuta_user": [{"id": 8, "name": "Ada Example"}],
        "data_product": [{"id": "p"}],
        "data_product_source": [{"product_id": "p", "source_id": "1"}],
        "request_user": [{"id": "u8", "profile_id": 8}, {"id": "u9", "profile_id": 9}],
    }
    for name, rows in more.items():
        given[name] = given.get(name, []) + rows
    return given


def _request(**about: Any) -> dict[str, Any]:
    return {"id": "r", "product_id": "p", "status": "APPROVED", "user_id": "u8"} | about


APPROVAL: dict[str, Any] = {
    "id": "a",
    "request_id": "r",
    "status": "APPROVED",
    "actor_id": "u9",
    "updated_at": PAST,
}
APPLIED: dict[str, Any] = {
    "source_id": 1,
    "policy": "global:5",
    "type": "subscription",
    "name": "Finance",
}
POLICY: dict[str, Any] = {"id": 5, "name": "Finance", "type": "subscription"}
LETS_IN: dict[str, Any] = {
    "policy": "global:5",
    "source_id": 0,
    "position": 1,
    "kind": "group",
    "name": "fin",
}
GROUP: Rows = {"immuta_group": [{"id": 3, "name": "fin"}], "immuta_group_member": [{"group_id": 3, "profile_id": 8}]}  # fmt: skip
BY_POLICY: Rows = {"policy_application": [APPLIED], "immuta_policy": [POLICY], "policy_condition": [LETS_IN]} | GROUP  # fmt: skip
BY_PROJECT: Rows = {
    "immuta_project": [{"id": 6, "name": "Risk"}],
    "project_member": [{"project_id": 6, "profile_id": 8, "state": "subscribed"}],
    "project_source": [{"project_id": 6, "source_id": 1}],
}
BY_GROUP: Rows = {"immuta_group_access": [{"source_id": 1, "group_key": "3", "name": "fin", "state": "subscribed"}]} | GROUP  # fmt: skip
SUBSCRIBED = "source:1:user:8:subscribed"


@pytest.mark.parametrize(
    ("more", "origin", "origin_id", "decided", "via"),
    [
        ({}, "unexplained", None, ("unknown", None), None),
        ({"access_request": [_request()], "approval": [APPROVAL]}, "request", "r", ("person", "u9"), "product:p"),
        ({"access_request": [_request()], "approval": [APPROVAL | {"actor_id": None}]}, "request", "r", ("review flow", None), "product:p"),
        ({"access_request": [_request()]}, "request", "r", ("unknown", None), "product:p"),
        ({"access_request": [_request(product_id=None, asset_source_id=1)], "approval": [APPROVAL]}, "request", "r", ("person", "u9"), None),
        ({"access_request": [_request(status="REVOKED")]}, "unexplained", None, ("unknown", None), None),
        ({"access_request": [_request(type="MASKING_EXCEPTION")]}, "unexplained", None, ("unknown", None), None),
        ({"access_request": [_request(user_id="u9")]}, "unexplained", None, ("unknown", None), None),
        (BY_POLICY, "policy", "global:5", ("policy", "Finance"), "group:fin"),
        (BY_GROUP, "group", "3", ("unknown", None), "group:fin"),
        (BY_PROJECT, "project", "6", ("unknown", None), "project:6"),
        (BY_PROJECT | BY_GROUP, "group", "3", ("unknown", None), "group:fin"),
        (BY_PROJECT | BY_GROUP | BY_POLICY, "policy", "global:5", ("policy", "Finance"), "group:fin"),
        (BY_POLICY | {"access_request": [_request()], "approval": [APPROVAL]}, "request", "r", ("person", "u9"), "product:p"),
        (BY_POLICY | {"access_request": [_request(expires_at=PAST)]}, "policy", "global:5", ("policy", "Finance"), "group:fin"),
    ],
)  # fmt: skip
def test_the_strongest_explanation_is_the_origin(
    con: duckdb.DuckDBPyConnection, more: Rows, origin: str, origin_id: str | None, decided: tuple[str, str | None], via: str | None
) -> None:  # fmt: skip
    """An approved request beats a policy, a policy a group, a group a project; what ended explains least."""
    found = _grants(con, _estate(**more))[SUBSCRIBED]
    assert (found["origin"], found["origin_id"], found["via"]) == (origin, origin_id, via)
    assert (found["decided_kind"], found["decided_by"]) == decided
    assert found["principal_name"] == "Ada Example"


def test_every_explanation_is_kept_the_strongest_first(con: duckdb.DuckDBPyConnection) -> None:
    """Losing the request leaves the group, and the row says so beforehand."""
    more = BY_PROJECT | BY_GROUP | {"access_request": [_request(), _request(id="old", status="EXPIRED", expires_at=PAST)]}  # fmt: skip
    found = _grants(con, _estate(**more))[SUBSCRIBED]
    told = [(one["origin"], one["state"]) for one in json.loads(found["explanations"])]
    assert told == [
        ("request", "holds"),
        ("group", "holds"),
        ("project", "holds"),
        ("request", "ended"),
    ]


def test_a_product_member_rests_on_the_request(con: duckdb.DuckDBPyConnection) -> None:
    """Access to a product is a grant of its own, since the approval, until the request ends."""
    more = {"access_request": [_request(expires_at=SOON)], "approval": [APPROVAL]}
    found = _grants(con, _estate(**more))["product:p:user:8:member"]
    assert (found["origin"], found["origin_id"], found["decided_by"]) == ("request", "r", "u9")
    assert (found["since"], found["until"]) == (PAST, SOON)


@pytest.mark.parametrize(
    ("more", "until"),
    [
        ({"access_request": [_request(expires_at=SOON)]}, SOON),
        ({"access_request": [_request(expires_at=SOON), _request(id="later", expires_at=SOON + timedelta(days=9))]}, SOON + timedelta(days=9)),
        ({"access_request": [_request(expires_at=SOON), _request(id="open")]}, None),
        ({"access_request": [_request(expires_at=SOON)]} | BY_POLICY, None),
        ({"access_request": [_request(status="EXPIRED", expires_at=PAST)]}, PAST),
        ({"access_request": [_request(status="EXPIRED", expires_at=PAST)]} | BY_POLICY, None),
        ({}, None),
    ],
)  # fmt: skip
def test_access_ends_with_the_last_thing_that_gives_it(
    con: duckdb.DuckDBPyConnection, more: Rows, until: datetime | None
) -> None:
    """An end counts only if nothing else keeps the access open; an end in the past is that of access that should be gone."""
    assert _grants(con, _estate(**more))[SUBSCRIBED]["until"] == until


def test_the_end_that_immuta_states_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    """A subscription with an end of its own ends then, whatever explains it."""
    given = _estate(**BY_POLICY)
    given["immuta_membership"][0]["expires_at"] = SOON
    assert _grants(con, given)[SUBSCRIBED]["until"] == SOON


def test_what_is_not_in_force_is_no_grant(con: duckdb.DuckDBPyConnection) -> None:
    """Pending, not approved, on a disabled source, a suspended product, a deleted project: nobody has access there."""
    given: Rows = {
        "immuta_source": [{"id": 1}, {"id": 2, "deleted": True}],
        "immuta_membership": [
            {"source_id": 1, "profile_id": 1, "state": "pending"},
            {"source_id": 1, "profile_id": 2, "state": "subscribed", "approved": False},
            {"source_id": 2, "profile_id": 3, "state": "owner"},
        ],
        "data_product": [{"id": "p", "suspended": True}, {"id": "q"}],
        "access_request": [
            _request(),
            _request(id="waits", product_id="q", status="PENDING"),
            _request(id="no", product_id="q", status="DENIED"),
        ],
        "product_member": [{"product_id": "p", "request_id": "r", "user_id": "u8"}],
        "immuta_project": [{"id": 6, "deleted": True}, {"id": 7}],
        "project_member": [
            {"project_id": 6, "profile_id": 8, "state": "owner"},
            {"project_id": 7, "profile_id": 8, "state": "pending"},
        ],
    }
    assert _grants(con, given) == {}


def test_roles_and_hand_picked_people_are_manual_and_nobody_is_on_record(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """An owner is never explained by a request for data; where owners pick people, that is the explanation."""
    given = _estate(access_request=[_request(user_id="u9")])
    given["immuta_source"][0]["subscription_type"] = "manual"
    given["immuta_membership"].append({"source_id": 1, "profile_id": 9, "state": "owner"})
    found = _grants(con, given)
    for name in (SUBSCRIBED, "source:1:user:9:owner"):
        assert (found[name]["origin"], found[name]["decided_by"]) == ("manual", None)


def test_a_group_that_a_policy_or_a_source_names_has_access_itself(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """A group is a principal where membership of it is enough, and not where more is asked."""
    found = _grants(con, _estate(**BY_POLICY))["source:1:group:3:subscribed"]
    assert (found["principal_kind"], found["principal_name"]) == ("group", "fin")
    assert (found["origin"], found["decided_by"]) == ("policy", "Finance")
    listed = _grants(con, _estate(**BY_GROUP))["source:1:group:3:subscribed"]
    assert listed["origin"] == "manual"
    both = [LETS_IN | {"operator": "and"}, LETS_IN | {"operator": "and", "position": 2, "name": "x"}]  # fmt: skip
    assert "source:1:group:3:subscribed" not in _grants(con, _estate(**BY_POLICY | {"policy_condition": both}))  # fmt: skip


def test_a_person_listed_by_way_of_a_group_is_there_by_the_group(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Where the row of a person names a group, the group explains it, known or not."""
    given = _estate(immuta_group=GROUP["immuta_group"])
    for hint, via in (
        ("group 3", "group:fin"),
        ("group fin", "group:fin"),
        ("group 77", "group:77"),
    ):
        given["immuta_membership"][0]["origin_hint"] = hint
        found = _grants(con, given)[SUBSCRIBED]
        assert (found["origin"], found["via"]) == ("group", via)
    given["immuta_membership"][0]["origin_hint"] = "whatever Immuta says"
    assert _grants(con, given)[SUBSCRIBED]["origin"] == "unexplained"


def test_an_account_that_the_directory_calls_a_service_is_one(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The kind comes from the directory, by the name to sign in with; without it an account is a person's."""
    given = _estate(identity=[{"id": "i8", "kind": "service", "user_principal_name": "RISK@example.com"}])  # fmt: skip
    given["immuta_user"][0]["user_id"] = "risk@example.com"
    assert _grants(con, given)[SUBSCRIBED]["principal_kind"] == "service"
    del given["identity"]
    assert _grants(con, given)[SUBSCRIBED]["principal_kind"] == "person"


def _condition(
    position: int, kind: str, operator: str | None = None, **about: Any
) -> dict[str, Any]:
    return {"policy": "global:5", "source_id": 0, "position": position, "kind": kind, "operator": operator} | about  # fmt: skip


FIN: dict[str, Any] = {"name": "fin"}
RISK: dict[str, Any] = {"name": "dep", "value": "risk"}


@pytest.mark.parametrize(
    ("conditions", "origin"),
    [
        ([_condition(1, "anyone")], "policy"),
        ([_condition(1, "group", **FIN)], "policy"),
        ([_condition(1, "group", name="hr")], "unexplained"),
        ([_condition(1, "group", name="fin", iam_id="okta")], "policy"),
        ([_condition(1, "group", name="fin", iam_id="other")], "unexplained"),
        ([_condition(1, "attribute", **RISK)], "policy"),
        ([_condition(1, "attribute", name="dep", value="hr")], "unexplained"),
        ([_condition(1, "attribute", name="level", value="3")], "policy"),
        ([_condition(1, "group", "and", **FIN), _condition(2, "attribute", "and", **RISK)], "policy"),
        ([_condition(1, "group", "and", **FIN), _condition(2, "group", "and", name="hr")], "unexplained"),
        ([_condition(1, "group", "or", **FIN), _condition(2, "group", "or", name="hr")], "policy"),
        ([_condition(1, "group", **FIN), _condition(2, "group", name="hr")], "unknown"),
        ([_condition(1, "purpose", name="Risk")], "unknown"),
        ([_condition(1, "unknown", value="{}")], "unknown"),
        ([_condition(1, "unknown", "and", value="{}"), _condition(2, "group", "and", name="hr")], "unexplained"),
        ([_condition(1, "unknown", "or", value="{}"), _condition(2, "group", "or", **FIN)], "policy"),
        ([_condition(1, "advanced", value="@isInGroups('fin') AND @hasAttribute('dep', 'risk')")], "policy"),
        ([_condition(1, "advanced", value="@hasAttribute('dep', 'risk') AND @hasAttribute('dep', 'hr')")], "unexplained"),
        ([_condition(1, "advanced", value="@isInGroups('hr') OR NOT @hasAttribute('dep', 'hr')")], "policy"),
        ([_condition(1, "advanced", value="NOT @isInGroups('fin')")], "unexplained"),
        ([_condition(1, "advanced", value="@hasTagAsAttribute('dep', 'dataSource')")], "unknown"),
        ([_condition(1, "advanced", value="@isInGroups('fin'")], "unknown"),
        ([_condition(1, "advanced")], "unknown"),
    ],
)  # fmt: skip
def test_a_policy_explains_those_who_meet_its_conditions(
    con: duckdb.DuckDBPyConnection, conditions: list[dict[str, Any]], origin: str
) -> None:
    """Groups and attributes, own or of a group, joined as stated; what cannot be understood is unknown, never explained."""
    more = BY_POLICY | {
        "policy_condition": conditions,
        "immuta_group": [{"id": 3, "name": "fin", "iam_id": "okta"}, {"id": 4, "name": "hr"}],
        "immuta_attribute": [
            {"principal_kind": "user", "principal_id": 8, **RISK},
            {"principal_kind": "group", "principal_id": 3, "name": "level", "value": "3"},
            {"principal_kind": "user", "principal_id": 3, "name": "dep", "value": "hr"},
        ],
    }
    assert _grants(con, _estate(**more))[SUBSCRIBED]["origin"] == origin


@pytest.mark.parametrize(
    "change",
    [
        {"immuta_policy": [POLICY | {"staged": True}]},
        {"immuta_policy": [POLICY | {"deleted": True}]},
        {"policy_application": [APPLIED | {"disabled": True}]},
        {"policy_application": [APPLIED | {"type": "data"}]},
        {"policy_application": [APPLIED | {"source_id": 2}], "immuta_source": [{"id": 2}]},
    ],
)
def test_a_policy_not_in_force_explains_nothing(
    con: duckdb.DuckDBPyConnection, change: Rows
) -> None:
    """Staged, deleted, switched off, about data, or on another source."""
    assert _grants(con, _estate(**BY_POLICY | change))[SUBSCRIBED]["origin"] == "unexplained"


def test_a_local_policy_counts_on_its_own_source_only(con: duckdb.DuckDBPyConnection) -> None:
    """Conditions of a local policy carry the source; those of another source are not taken for its own."""
    local = {"source_id": 1, "policy": "local:subscription", "type": "subscription"}
    for source_id, origin in ((1, "policy"), (2, "unexplained")):
        condition = LETS_IN | {"policy": "local:subscription", "source_id": source_id}
        more = {"policy_application": [local], "policy_condition": [condition]} | GROUP
        assert _grants(con, _estate(**more))[SUBSCRIBED]["origin"] == origin


def _gap(endpoint: str, key: str, *tables: str) -> dict[str, Any]:
    return {"endpoint": f"immuta.{endpoint}", "key": key, "tables": list(tables)}


@pytest.mark.parametrize(
    ("gap", "origin"),
    [
        (_gap("data_source_detail", "1", "policy_application"), "unknown"),
        (_gap("data_source_detail", "2", "policy_application"), "unexplained"),
        (_gap("policy", "*", "immuta_policy", "policy_condition"), "unknown"),
        (_gap("access_request", "p", "access_request"), "unknown"),
        (_gap("access_request", "q", "access_request"), "unexplained"),
        (_gap("all_request", "*", "access_request"), "unknown"),
        (_gap("product_source", "q", "data_product_source"), "unknown"),
        (_gap("request_user", "u7", "request_user"), "unknown"),
        (_gap("project_member", "6", "project_member"), "unexplained"),
        (_gap("project_source", "6", "project_source"), "unknown"),
        (_gap("project", "*", "immuta_project", "project_member", "project_source"), "unknown"),
        (_gap("access", "2", "immuta_membership", "immuta_group_access"), "unexplained"),
        (_gap("dictionary", "1", "immuta_column"), "unexplained"),
    ],
)  # fmt: skip
def test_a_hole_where_an_explanation_may_be_makes_the_origin_unknown(
    con: duckdb.DuckDBPyConnection, gap: dict[str, Any], origin: str
) -> None:
    """A missing answer that could explain the access hides it; one about something else does not."""
    more = {"gap": [gap], "data_product": [{"id": "q"}], "immuta_source": [{"id": 2}]}
    assert _grants(con, _estate(**more))[SUBSCRIBED]["origin"] == origin


def test_a_hole_takes_no_explanation_away(con: duckdb.DuckDBPyConnection) -> None:
    """What explains the access is there; what else might does not matter."""
    more = {"gap": [_gap("all_request", "*", "access_request")]} | BY_POLICY
    assert _grants(con, _estate(**more))[SUBSCRIBED]["origin"] == "policy"


def test_groups_that_were_not_read_are_unknown_to_policies_that_ask_for_them(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Not being in a group is known only when the members of the group are; so is not having an attribute."""
    groups = [{"id": 3, "name": "fin"}, {"id": 4, "name": "hr"}]
    stranger = BY_POLICY | {"immuta_group": groups, "immuta_group_member": []}
    here = [_gap("group_member", "3", "immuta_group_member")]
    elsewhere = [_gap("group_member", "4", "immuta_group_member")]
    assert _grants(con, _estate(**stranger))[SUBSCRIBED]["origin"] == "unexplained"
    assert _grants(con, _estate(**stranger, gap=here))[SUBSCRIBED]["origin"] == "unknown"
    assert _grants(con, _estate(**stranger, gap=elsewhere))[SUBSCRIBED]["origin"] == "unexplained"
    listed = BY_GROUP | {"immuta_group": groups, "immuta_group_member": []}
    assert _grants(con, _estate(**listed))[SUBSCRIBED]["origin"] == "unexplained"
    assert _grants(con, _estate(**listed, gap=here))[SUBSCRIBED]["origin"] == "unknown"
    assert _grants(con, _estate(**listed, gap=elsewhere))[SUBSCRIBED]["origin"] == "unexplained"
    asks = stranger | {"policy_condition": [_condition(1, "attribute", **RISK)]}
    unread = [_gap("user", "*", "immuta_user", "immuta_attribute")]
    assert _grants(con, _estate(**asks, gap=unread))[SUBSCRIBED]["origin"] == "unknown"


@pytest.mark.parametrize(
    ("verdict", "seen", "origin"),
    [("skipped", 0, "unknown"), ("weak", 9, "unknown"), ("weak", 10, "unexplained"), ("reconciled", 10, "unexplained")],
)  # fmt: skip
def test_a_list_that_is_short_or_was_not_asked_for_is_a_hole_too(
    con: duckdb.DuckDBPyConnection, verdict: str, seen: int, origin: str
) -> None:
    """A plane switched off, or fewer rows than the server said, may hide the request that explains an access."""
    row = {"endpoint": "immuta.all_request", "source": "immuta", "tables": ["access_request"], "verdict": verdict, "distinct_keys": seen, "server_total": 10, "server_total_before": 10}  # fmt: skip
    assert _grants(con, _estate(reconciliation=[row]))[SUBSCRIBED]["origin"] == origin


def test_policies_that_are_not_known_are_not_taken_for_none(con: duckdb.DuckDBPyConnection) -> None:
    """A source open by policy, whose conditions nobody listed, or whose detail was not read, explains and denies nothing."""
    given = _estate()
    given["immuta_source"][0]["subscription_type"] = "policy"
    assert _grants(con, given)[SUBSCRIBED]["origin"] == "unknown"
    given["immuta_source"][0] = {"id": 1, "subscription_type": "approval", "detail_read": False}
    assert _grants(con, given)[SUBSCRIBED]["origin"] == "unknown"
    given["immuta_source"][0] = {"id": 1, "subscription_type": "automatic"}
    assert _grants(con, given)[SUBSCRIBED]["origin"] == "policy"


def test_members_and_requests_that_disagree_both_count(con: duckdb.DuckDBPyConnection) -> None:
    """A member without a request, and an approved request that no list of members has, are access until shown otherwise."""
    lone = _estate(product_member=[{"product_id": "p", "request_id": "x", "user_id": "u9"}])
    assert _grants(con, lone)["product:p:user:9:member"]["origin"] == "unexplained"
    lone["gap"] = [_gap("access_request", "p", "access_request")]
    assert _grants(con, lone)["product:p:user:9:member"]["origin"] == "unknown"
    unlisted = _grants(con, _estate(access_request=[_request()]))
    assert unlisted["product:p:user:8:member"]["origin"] == "request"


def test_two_people_who_lead_to_no_profile_stay_two(con: duckdb.DuckDBPyConnection) -> None:
    """Without the bridge to Immuta the Request app's own id stands for the person."""
    given: Rows = {
        "data_product": [{"id": "p"}],
        "access_request": [_request(user_id="x"), _request(id="r2", user_id="y")],
    }
    assert set(_grants(con, given)) == {"product:p:user:x:member", "product:p:user:y:member"}


def test_a_rule_can_be_about_grants_and_walks_back_to_the_answer(tmp_path: Any) -> None:
    """A finding on a grant shows the grant, the membership and the request, and a hole in what it is made of hides it."""
    home = Home(tmp_path / "home")
    rule = {
        "subject": "active_grant",
        "sql": "select g.id as subject_id, if(g.until is null, 'fail', 'pass') as status, 'its end' as reason "
        "from active_grant g left join immuta_membership m on false left join access_request q on false left join approval a on false",
        "examples": [{"given": {"active_grant": [{"id": "a"}]}, "expect": {"a": "fail"}}],
    }
    packs = pack(tmp_path / "pack", {"TST-001": rule})
    seal(home, 1, _estate(access_request=[_request()], approval=[APPROVAL]))
    judge(home, packs)
    assert verdicts(home) == {SUBSCRIBED: "fail", "product:p:user:8:member": "fail"}
    with connect(home.sealed(), read_only=True) as con:
        [(finding,)] = con.execute(
            f"select id from finding where subject_id = '{SUBSCRIBED}'"
        ).fetchall()
        found = walk.trail(con, walk.find(con, finding), home.raw)
    assert [source.table for source in found.sources] == [
        "active_grant",
        "immuta_membership",
        "access_request",
        "approval",
    ]
    seal(home, 2, _estate(gap=[_gap("access", "*", "immuta_membership")]))
    judge(home, packs)
    assert set(verdicts(home).values()) == {"not_evaluated"}


def test_any_snapshot_answers_who_had_access_then(tmp_path: Any) -> None:
    """Judged night by night, `active_grant_at` tells a past snapshot's access, and the decision of that time."""
    home = Home(tmp_path / "home")
    packs = pack(tmp_path / "pack", {"TST-001": CONTACTS})
    seal(home, 1, _estate())
    judge(home, packs)
    seal(home, 2, _estate(access_request=[_request(expires_at=SOON)], approval=[APPROVAL]))
    judge(home, packs)
    gone = _estate()
    gone["immuta_membership"] = []
    seal(home, 3, gone)
    judge(home, packs)
    question = "select origin, decided_by, until from active_grant_at('{}') where id = '" + SUBSCRIBED + "'"  # fmt: skip
    days = [f"{AS_OF + timedelta(days=n):%Y-%m-%d}" for n in range(3)]
    assert [ask(home, question.format(day)) for day in days] == [
        [("unexplained", None, None)],
        [("request", "u9", datetime(2026, 12, 11, 2, tzinfo=UTC))],
        [],
    ]
