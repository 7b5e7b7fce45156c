"""Tags and policies of Govern become rows, in the words of both versions of its API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from collecting import loaded, odd, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.walked import Walked
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import data_sources, policies
from pipeline.sources.immuta.calls import unwrapped

SOURCE = assembled("immuta", "pipeline.sources.immuta", (data_sources, policies))
GROUP = {"type": "groups", "group": {"name": "Dept Risk", "iam": "okta"}}
HOLDER = {
    "type": "authorizations",
    "authorization": {"auth": "region", "value": "EU", "iam": "bim"},
}
PURPOSE = {"type": "purposes", "value": "Research"}
CONDITION = "kind, iam_id, name, value, operator"


def policy(number: int, kind: str, actions: Any, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"policy {number}", "type": kind, "actions": actions, **more}


def letting_in(exceptions: Any, **more: Any) -> dict[str, Any]:
    said = {"type": "subscription", "subscriptionType": "policy", "exceptions": exceptions}
    return said | more


def masking(config: Any, exceptions: Any = None, **more: Any) -> dict[str, Any]:
    return {"type": "masking", "config": config, "exceptions": exceptions, **more}


@contextmanager
def read(*found: Any, details: dict[int, Any] | None = None) -> Iterator[Staging]:
    """Staging with these global policies, and what these sources say of themselves."""
    pages: list[tuple[str, str | None, bytes]] = [("policy", None, json.dumps(found).encode())]
    for number, said in (details or {}).items():
        pages.append(("data_source_detail", str(number), json.dumps(said).encode()))
    with TemporaryDirectory() as folder, loaded(Path(folder), SOURCE, pages) as staging:
        yield staging


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    """One policy of every case below: from 100 whom it lets in, from 200 what cannot be read, from 300 whom
    it lets out; and sources from 400."""
    found = [policy(100 + at, "subscription", said) for at, (said, _) in enumerate(LET_IN)]
    found += [policy(200 + at, "subscription", said) for at, said in enumerate(OBSCURE)]
    found += [
        policy(300 + at, "data", [{"type": "masking", "rules": [rule]}])
        for at, (rule, _, _) in enumerate(LET_OUT)
    ]
    details = {400 + at: {"id": 400 + at, **said} for at, (said, _) in enumerate(BY_ITSELF)}
    with read(*found, details=details) as read_once:
        yield read_once


def test_tags_keep_their_place_and_their_source() -> None:
    """A name may come from two catalogs, what is deleted stays, and the one above is that of the name."""
    found = [
        {"id": 1, "name": "Finance", "source": "curated", "deleted": False, "systemCreated": False},
        {"id": 2, "name": "Finance.Ledger.Closing", "source": "curated", "deleted": True},
        {"id": 3, "name": "Finance.Ledger.Closing", "source": "Collibra"},
        {"id": None, "name": "lost"},
        {"id": 5, "name": None},
    ]
    with (
        TemporaryDirectory() as folder,
        loaded(Path(folder), SOURCE, [("tag", None, json.dumps(found).encode())]) as staging,
    ):
        query = "select id, name, parent, tag_source, system_created, deleted from immuta_tag order by id"
        assert rows(staging, query) == [
            (1, "Finance", None, "curated", False, False),
            (2, "Finance.Ledger.Closing", "Finance.Ledger", "curated", None, True),
            (3, "Finance.Ledger.Closing", "Finance.Ledger", "Collibra", None, False),
        ]


def test_a_list_of_tags_as_long_as_was_asked_for_may_not_be_all(tmp_path: Path) -> None:
    """It has no second page: then it is a gap, whoever made the tags."""
    listed = next(one for one in SOURCE.endpoints if one.name == "tag")
    assert dict(listed.params) == {"includeAllSystemTags": "true", "limit": str(policies.MOST_TAGS)}
    body = json.dumps([{"id": number, "name": f"T{number}"} for number in range(3)]).encode()
    for limit, complete in ((3, False), (4, True)):
        short = replace(listed, as_json=unwrapped(limit=limit))
        source = replace(
            SOURCE, endpoints=(*data_sources.ENDPOINTS, short, *policies.ENDPOINTS[1:])
        )
        walked = Walked(source, short, planned=1, calls=1, items=3)
        folder = tmp_path / str(limit)
        folder.mkdir()
        with loaded(folder, source, [("tag", None, body)]) as staging:
            assert reconcile(staging, [walked]) == complete
            gaps = [] if complete else [("immuta.tag", "*", ["immuta_tag"])]
            assert rows(staging, "select endpoint, key, tables from gap") == gaps


@pytest.mark.parametrize("actions", [None, "masking", 7])
def test_whom_a_policy_without_readable_actions_lets_out_is_not_known(actions: Any) -> None:
    """Nobody can say that it lets out nobody; one that lists no action lets out nobody."""
    with read(policy(1, "data", actions), policy(2, "data", [])) as staging:
        query = f"select policy, position, rule, {CONDITION}, item from policy_exception"
        value = None if actions is None else json.dumps(actions)
        said = ("unknown", None, None, value, None, "/0/actions")
        assert rows(staging, query) == [("global:1", 1, 1, *said)]


def test_a_policy_without_a_type_is_lost() -> None:
    """Rules are about data policies or subscription policies: it would be in no population."""
    with read(policy(1, "data", []), policy(2, "data", []) | {"type": None}) as staging:
        assert rows(staging, "select key from immuta.policy_item") == [("1",)]


def test_what_a_policy_says_of_itself() -> None:
    """Template, copy, certification, restrictions and the way in; what is not said is null."""
    whole = policy(
        1,
        "subscription",
        [letting_in(None, accessGrant="WRITE", shareResponsibility=False, allowDiscovery=True)],
        template=True,
        clonedFrom=7,
        certification={"label": "Checked", "text": "By two people", "tags": [], "recertify": True},
        ownerRestrictions={"users": [], "groups": [{"name": "owners"}]},
        createdBy=3,
    )
    empty = policy(2, "data", None, certification=None, ownerRestrictions=None)
    with read(whole, empty) as staging:
        query = (
            "select template, cloned_from, subscription_type, access_grant, share_responsibility, "
            "allow_discovery, certification_label, certification_text, recertify, "
            "owner_restrictions->>'$.groups[0].name', created_by from immuta_policy order by id"
        )
        assert rows(staging, query) == [
            (
                True,
                7,
                "policy",
                "WRITE",
                False,
                True,
                "Checked",
                "By two people",
                True,
                "owners",
                3,
            ),
            (None,) * 11,
        ]
        query = "select owner_restrictions is null from immuta_policy where id = 2"
        assert rows(staging, query) == [(True,)]


V2_ENTITLEMENTS = {
    "type": "entitlements",
    "entitlements": {
        "operator": "any",
        "groups": ["Dept Risk"],
        "attributes": [{"name": "region", "value": "EU"}],
    },
}


LET_IN: list[tuple[Any, list[tuple[Any, ...]]]] = [
    (
        [letting_in({"operator": "and", "conditions": [GROUP, HOLDER, PURPOSE]})],
        [
            ("group", "okta", "Dept Risk", None, "and"),
            ("attribute", "bim", "region", "EU", "and"),
            ("purpose", None, "Research", None, "and"),
        ],
    ),
    (
        V2_ENTITLEMENTS,
        [("group", None, "Dept Risk", None, "or"), ("attribute", None, "region", "EU", "or")],
    ),
    (
        {"type": "entitlements", "advanced": "@isInGroups('A')"},
        [("advanced", None, None, "@isInGroups('A')", None)],
    ),
    (
        [letting_in(None, subscriptionType="advanced", advanced="@hasAttribute('a', 'b')")],
        [("advanced", None, None, "@hasAttribute('a', 'b')", None)],
    ),
    ([letting_in([GROUP])], [("group", "okta", "Dept Risk", None, None)]),
    ([letting_in(None, subscriptionType="automatic")], [("anyone", None, None, "automatic", None)]),
    ({"type": "anyone", "automaticSubscription": True}, [("anyone", None, None, "anyone", None)]),
    ([letting_in({"conditions": [GROUP]}, subscriptionType="manual")], []),
    ([letting_in(None, subscriptionType="approval")], []),
    ({"type": "approval", "approvals": [{"requiredPermission": "OWNER"}]}, []),
    ({"type": "manual"}, []),
]


@pytest.mark.parametrize("at", range(len(LET_IN)))
def test_whom_a_global_policy_lets_in(staging: Staging, at: int) -> None:
    """Conditions of either version, a text, everybody; a policy that leaves it to people has no condition."""
    query = f"select {CONDITION} from policy_condition where policy = 'global:{100 + at}' order by position"
    assert rows(staging, query) == LET_IN[at][1]


OBSCURE: list[Any] = [
    None,
    [],
    "all",
    [letting_in(None)],
    [letting_in({"operator": "and", "conditions": []})],
    [letting_in({"operator": "and", "rules": [GROUP]})],
    [letting_in({"operator": "and", "conditions": [{"type": "groups", "group": {"iam": "okta"}}]})],
    [letting_in({"operator": "and", "conditions": [{"type": "moonPhase", "value": "full"}]})],
    [{"type": "subscription"}],
    [letting_in(None, subscriptionType="by lot")],
]


@pytest.mark.parametrize("at", range(len(OBSCURE)))
def test_a_policy_that_cannot_be_read_lets_in_nobody_knows_whom(staging: Staging, at: int) -> None:
    """It has one condition of unknown kind, so that nobody takes it for one that lets in nobody."""
    query = f"select kind, name from policy_condition where policy = 'global:{200 + at}'"
    assert rows(staging, query) == [("unknown", None)]


def test_positions_and_places() -> None:
    """Conditions are numbered through all actions, and each points at itself."""
    actions = [
        letting_in({"operator": "or", "conditions": [HOLDER, GROUP]}),
        letting_in(None, subscriptionType="automatic"),
    ]
    with read(policy(4, "data", []), policy(1, "subscription", actions)) as staging:
        query = "select position, kind, item from policy_condition order by position"
        assert rows(staging, query) == [
            (1, "attribute", "/1/actions/0/exceptions/conditions/0"),
            (2, "group", "/1/actions/0/exceptions/conditions/1"),
            (3, "anyone", "/1/actions/1"),
        ]


BY_ITSELF: list[tuple[Any, list[tuple[Any, ...]]]] = [
        ({"subscriptionPolicy": letting_in({"operator": "or", "conditions": [GROUP]})},
         [(1, "group", "Dept Risk", None)]),
        ({"subscriptionPolicy": letting_in(None, advanced="@isInGroups('A')")},
         [(1, "advanced", None, "@isInGroups('A')")]),
        ({"subscriptionPolicy": {"type": "subscription"}, "subscriptionType": "manual"}, []),
        ({"subscriptionPolicy": {"type": "subscription"}, "subscriptionType": "automatic"},
         [(1, "anyone", None, None)]),
        ({"subscriptionPolicy": {}}, []),
        ({"subscriptionPolicy": None}, []),
        ({"subscriptionPolicy": []}, []),
]  # fmt: skip


@pytest.mark.parametrize("at", range(len(BY_ITSELF)))
def test_whom_a_source_lets_in_by_itself(staging: Staging, at: int) -> None:
    """The source's number goes with it; the kind may stand beside the policy; something empty is none."""
    query = (
        "select position, kind, name, value from policy_condition "
        f"where policy = 'local:subscription' and source_id = {400 + at}"
    )
    assert rows(staging, query) == BY_ITSELF[at][1]


FIELDS = [
    ({"name": "Discovered.Passport", "source": "curated", "hasLeafNodes": False},
     ("columnTag", "Discovered.Passport")),
    ({"name": "Discovered.Passport"}, ("columnTag", "Discovered.Passport")),
    ({"type": "columnTags", "columnTag": "Discovered.Passport"},
     ("columnTag", "Discovered.Passport")),
    ({"type": "columnTags", "columnTag": {"name": "Discovered.Passport"}},
     ("columnTag", "Discovered.Passport")),
    ({"type": "columnRegex", "columnRegex": {"regex": "ssn", "caseInsensitive": True}},
     ("columnRegex", "ssn")),
    ({"type": "columnRegex", "regex": "ssn"}, ("columnRegex", "ssn")),
    ({"type": "column", "name": "SSN"}, ("column", "SSN")),
    ("Discovered.Passport", ("columnTag", "Discovered.Passport")),
    ({"type": "allColumns", "name": "all"}, ("unknown", '{"type":"allColumns","name":"all"}')),
    ({"hasLeafNodes": True}, ("unknown", '{"hasLeafNodes":true}')),
]  # fmt: skip


def test_what_a_policy_masks() -> None:
    """One row per thing that a rule masks, however it is named; one that cannot be read is there as sent."""
    config = {"fields": [said for said, _ in FIELDS], "maskingConfig": {"type": "Hash"}}
    other = {"fields": [], "maskingConfig": {"type": "Constant", "constant": "x"}}
    rules = [masking(config), masking(other), {"type": "rowOrObjectRestriction", "config": {}}]
    with read(policy(1, "data", [{"type": "masking", "rules": rules}])) as staging:
        query = (
            "select position, rule, masking_type, applies_to_kind, applies_to from policy_masking "
            "order by position"
        )
        assert rows(staging, query) == [
            *(
                (at, 1, "Consistent Value", *wanted)
                for at, (_, wanted) in enumerate(FIELDS, start=1)
            ),
            (len(FIELDS) + 1, 2, "Constant", "unknown", None),
        ]
        query = "select masking_config->>'$.constant', item from policy_masking where rule = 2"
        assert rows(staging, query) == [("x", "/0/actions/0/rules/1")]


TAG = {"fields": ["Discovered.Passport"], "maskingConfig": {"type": "Null"}}


LET_OUT: list[tuple[Any, tuple[Any, ...], list[tuple[Any, ...]]]] = [
    (masking(TAG), (0, None, False, 0), []),
    (
        masking(TAG, {"operator": "or", "conditions": [GROUP, PURPOSE]}),
        (2, "or", False, 0),
        [("group", "okta", "Dept Risk", None, "or"), ("purpose", None, "Research", None, "or")],
    ),
    (
        masking(TAG, {"operator": "all", "groups": ["Dept Risk"], "attributes": []}),
        (1, "and", False, 0),
        [("group", None, "Dept Risk", None, "and")],
    ),
    (
        masking(TAG, {"operator": "or", "conditions": [{"type": "anyone"}]}),
        (1, "or", True, 0),
        [("anyone", None, None, "anyone", "or")],
    ),
    (masking(TAG, {"operator": "or", "conditions": []}), (0, None, False, 0), []),
    (
        masking(TAG, {"operator": "or", "unless": "lunar"}),
        (1, "or", False, 0),
        [("unknown", None, None, '{"operator":"or","unless":"lunar"}', None)],
    ),
    (
        masking(TAG, None, inclusions={"operator": "any", "groups": ["A", "B"]}),
        (0, None, False, 2),
        [],
    ),
    (
        masking(TAG | {"qualifications": {"operator": "or", "conditions": [GROUP]}}),
        (0, None, False, 1),
        [],
    ),
]


@pytest.mark.parametrize("at", range(len(LET_OUT)))
def test_whom_a_data_policy_lets_out(staging: Staging, at: int) -> None:
    """Conditions in both versions, counted beside what is masked; limits on whom it masks are no exceptions."""
    _, counted, found = LET_OUT[at]
    query = (
        "select exception_count, exception_operator, unconditional_exception, inclusion_count "
        f"from policy_masking where policy = 'global:{300 + at}'"
    )
    assert rows(staging, query) == [counted]
    query = f"select {CONDITION} from policy_exception where policy = 'global:{300 + at}' order by position"
    assert rows(staging, query) == found


def test_exceptions_of_other_rules() -> None:
    """People are let out of row restrictions too; each exception says which rule it is of."""
    rules = [
        {"type": "rowOrObjectRestriction", "config": {"predicate": "region = 'EU'"},
         "exceptions": {"operator": "and", "conditions": [GROUP]}},
        masking(TAG, {"operator": "and", "conditions": [HOLDER]}),
    ]  # fmt: skip
    with read(policy(1, "data", [{"type": "masking", "rules": rules}])) as staging:
        query = "select position, rule, rule_type, kind, item from policy_exception order by 1"
        assert rows(staging, query) == [
            (1, 1, "rowOrObjectRestriction", "group",
             "/0/actions/0/rules/0/exceptions/conditions/0"),
            (2, 2, "masking", "attribute", "/0/actions/0/rules/1/exceptions/conditions/0"),
        ]  # fmt: skip


def test_what_is_in_force_on_a_source() -> None:
    """The source's own rules are read like those of global policies; a bare name is a column's."""
    rules = [masking({"fields": ["SSN", {"name": "Finance", "hasLeafNodes": True}]}, [GROUP])]
    body = json.dumps({"jsonPolicies": [{"type": "masking", "rules": rules}]}).encode()
    with (
        TemporaryDirectory() as folder,
        loaded(Path(folder), SOURCE, [("source_policy", "5", body)]) as staging,
    ):
        query = (
            "select policy, source_id, applies_to_kind, applies_to, exception_count, masking_type, "
            "item from policy_masking order by position"
        )
        at = "/jsonPolicies/0/rules/0/config/fields"
        assert rows(staging, query) == [
            ("local:data", 5, "column", "SSN", 1, None, f"{at}/0"),
            ("local:data", 5, "columnTag", "Finance", 1, None, f"{at}/1"),
        ]
        query = "select policy, source_id, kind, item from policy_exception"
        assert rows(staging, query) == [
            ("local:data", 5, "group", "/jsonPolicies/0/rules/0/exceptions/0")
        ]


EXEMPTED: tuple[tuple[Any, list[tuple[Any, ...]]], ...] = (
    (
        {"rules": [{"exceptions": {"operator": "or", "conditions": [GROUP]}}, {"exceptions": [HOLDER]}]},
        [("group", "okta", "Dept Risk", None, "/rules/0/exceptions/conditions/0"),
         ("attribute", "bim", "region", "EU", "/rules/1/exceptions/0")],
    ),
    (
        {"rules": [{"config": {"users": [{"name": "Ada Park", "iamid": "okta"}], "groups": ["Board"]}}]},
        [("user", "okta", "Ada Park", None, "/rules/0/config/users/0"),
         ("group", None, "Board", None, "/rules/0/config/groups/0")],
    ),
    (
        {"rules": [{"conditions": [{"type": "profile", "profile": {"name": "Ada Park", "iam": "bim"}}]}]},
        [("user", "bim", "Ada Park", None, "/rules/0/conditions/0")],
    ),
    ({"exemptions": [{"type": "users", "value": "ada"}]}, [("user", None, "ada", None, "/exemptions/0")]),
    ({"profiles": ["18"], "rules": None}, [("user", None, "18", None, "/profiles/0")]),
    (
        {"rules": [{"exceptions": [{"type": "users"}]}]},
        [("unknown", None, None, '{"type":"users"}', "/rules/0/exceptions/0")],
    ),
    ({"rules": [{"whom": "some"}]}, [("unknown", None, None, '{"whom":"some"}', "/rules/0")]),
    ({"rules": []}, []),
    ({"rules": [{"exceptions": {"conditions": []}}]}, []),
    ({"rules": [{"exceptions": []}]}, []),
)  # fmt: skip
"""What an exemption says, and whom it lets out."""


@pytest.mark.parametrize("at", range(len(EXEMPTED)))
def test_whom_an_exemption_lets_out_of_everything(at: int) -> None:
    """Persons and groups are named wherever they stand; an empty list is nobody, anything else is unknown."""
    said, expected = EXEMPTED[at]
    policies_ = [{"type": "masking", "rules": []}, {"type": "Exemption", **said}]
    body = json.dumps({"jsonPolicies": policies_}).encode()
    with (
        TemporaryDirectory() as folder,
        loaded(Path(folder), SOURCE, [("source_policy", "5", body)]) as staging,
    ):
        query = "select kind, iam_id, name, value, item from policy_exemption where source_id = 5 order by position"
        assert rows(staging, query) == [
            (*row[:-1], f"/jsonPolicies/1{row[-1]}") for row in expected
        ]
        assert rows(staging, "from policy_exception") == []
        assert rows(staging, "select position, type from source_policy order by position") == [
            (1, "masking"),
            (2, "Exemption"),
        ]


def test_where_a_policy_applies() -> None:
    """Tags, patterns and domains in both versions; a domain of several is several."""
    said = [
        {"type": "tags", "operator": "or", "tag": {"name": "Finance", "hasLeafNodes": True}},
        {"type": "columnTags", "columnTag": "Discovered.Passport"},
        {"type": "columnRegex", "regex": "ssn", "caseInsensitive": False},
        {"type": "domains", "domains": [{"name": "Claims"}, {"id": "5b1c"}]},
        {"type": "whenSelected"},
    ]
    with read(policy(1, "data", [], circumstances=said, circumstanceOperator="all")) as staging:
        query = "select kind, name, operator, item from policy_circumstance order by position"
        assert rows(staging, query) == [
            ("tag", "Finance", "or", "/0/circumstances/0"),
            ("columnTag", "Discovered.Passport", "and", "/0/circumstances/1"),
            ("columnRegex", "ssn", "and", "/0/circumstances/2"),
            ("domain", "5b1c", "and", "/0/circumstances/3"),
            ("domain", "Claims", "and", "/0/circumstances/3"),
            ("unknown", '{"type":"whenSelected"}', "and", "/0/circumstances/4"),
        ]


ODD = odd("type", "value", "name", "exceptions", "group", "rules", "config")


@settings(max_examples=8)
@given(st.lists(st.tuples(st.lists(ODD, min_size=1, max_size=3), ODD), min_size=2, max_size=8))
def test_whatever_comes_is_read_or_marked_as_unknown(drawn: list[tuple[list[Any], Any]]) -> None:
    """No content of a policy breaks the night, and no subscription policy is left without a word."""
    found = []
    for number, (actions, clause) in enumerate(drawn):
        rule = masking(clause, clause)
        found += [
            policy(4 * number, "subscription", actions),
            policy(4 * number + 1, "data", actions),
            policy(4 * number + 2, "subscription", [letting_in(clause)]),
            policy(4 * number + 3, "data", [{"type": "masking", "rules": [rule]}]),
        ]
    with read(*found, details={5: {"id": 5, "subscriptionPolicy": drawn[0][1]}}) as staging:
        assert rows(staging, "select count(*) from immuta_policy") == [(len(found),)]
        query = "select count(distinct policy) from policy_condition where source_id = 0"
        assert rows(staging, query) == [(len(found) // 2,)]


@settings(max_examples=8)
@given(
    st.lists(st.dictionaries(st.sampled_from(["rules", "users", "exceptions"]), ODD), max_size=4)
)
def test_whatever_an_exemption_says_the_night_goes_on(drawn: list[dict[str, Any]]) -> None:
    """Every exemption is among the policies in force, read or not."""
    body = json.dumps({"jsonPolicies": [{**one, "type": "exemption"} for one in drawn]}).encode()
    with (
        TemporaryDirectory() as folder,
        loaded(Path(folder), SOURCE, [("source_policy", "5", body)]) as staging,
    ):
        assert rows(staging, "select count(*) from source_policy") == [(len(drawn),)]
