"""Drift of policies: V2 payloads and V1 answers that mean the same are the same, and nothing else is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drift import policy
from pipeline.drift.compare import DIFFERENT, NOT_COMPARABLE, SAME
from pipeline.drift.facts import Declared, Told
from pipeline.drift.live import Table
from tests import drift_fixture
from tests.drift_fixture import (
    Shown,
    data_policy,
    drifting,
    lines,
    masking,
    subscription_policy,
    verdicts,
)

shown, warehouse = drift_fixture.shown, drift_fixture.warehouse
SAMPLE = Path(__file__).parent / "declared" / "policies" / "mask-pii.yaml"
RULE = "actions[0].rules[0]"


def _declared(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    return found | changes


def test_a_policy_that_was_posted_and_left_alone_is_the_same(shown: Shown, tmp_path: Path) -> None:
    """Hash and Consistent Value, any and or, a tag's name and its object: all are one."""
    found = lines(shown({"immuta_policy": [data_policy()]}), tmp_path / "files", _declared())
    assert drifting(found) == {}
    assert verdicts(found)[f"{RULE}.config.maskingConfig.type"] == SAME
    assert verdicts(found)[f"{RULE}.exceptions"] == SAME
    assert verdicts(found)["circumstances"] == SAME
    live = [line for line in found if line.live is not None]
    assert all([(p.page_id, p.item) for p in line.places] == [(41, "/0")] for line in live)


CONDITIONS = [
    {"type": "groups", "group": {"name": "fraud-team"}},
    {"type": "authorizations", "authorization": {"auth": "role", "value": "auditor"}},
]
TWO = {"operator": "or", "conditions": CONDITIONS}


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (data_policy(staged=True), {"staged": DIFFERENT}),
        (data_policy(name="Mask all"), {"name": DIFFERENT}),
        (data_policy(circumstances=[{"type": "tags", "tag": {"name": "Finance"}}]),
         {"circumstances": DIFFERENT}),
        (data_policy(circumstances=None), {"circumstances": DIFFERENT}),
        (data_policy(masking(exceptions=None)), {f"{RULE}.exceptions": DIFFERENT}),
        (data_policy(masking(exceptions=TWO)), {f"{RULE}.exceptions": DIFFERENT}),
        (data_policy(masking(inclusions=TWO)), {f"{RULE}.inclusions": DIFFERENT}),
        (data_policy(masking(config={"fields": [{"name": "Discovered.Entity.Credit Card Number"}],
                                     "maskingConfig": {"type": "Null"}})),
         {f"{RULE}.config.maskingConfig.type": DIFFERENT}),
        (data_policy(masking(config={"fields": [], "maskingConfig": {"type": "Consistent Value"}})),
         {f"{RULE}.config.fields": DIFFERENT}),
        (data_policy(masking(), masking(exceptions=None)), {"actions.further rules": DIFFERENT}),
        (data_policy(actions=[]), {RULE: DIFFERENT}),
        (data_policy(type="subscription"), {"type": DIFFERENT, "actions": DIFFERENT}),
        (data_policy(actions=[{"type": "masking", "description": "", "rules": [masking()]}]),
         {"actions[0].description": DIFFERENT}),
    ],
)  # fmt: skip
def test_every_change_by_hand_is_seen_where_it_was_made(
    shown: Shown, tmp_path: Path, live: Mapping[str, Any], expected: dict[str, str]
) -> None:
    """Each part of a live policy that is not as declared is named by its path, and no other part is."""
    found = lines(shown({"immuta_policy": [live]}), tmp_path / "files", _declared())
    assert drifting(found) == expected


def test_rules_are_paired_by_what_they_say(shown: Shown, tmp_path: Path) -> None:
    """A live rule put before the declared one is a further rule, not a change of it; an exchanged order is one."""
    config = {"fields": [{"name": "Name"}], "maskingConfig": {"type": "Null"}}
    other = masking(config=config, exceptions=None)
    results = shown({"immuta_policy": [data_policy(other, masking())]})
    assert drifting(lines(results, tmp_path / "one", _declared())) == {
        "actions.further rules": DIFFERENT
    }
    payload = _declared()
    payload["actions"][0]["rules"].append(
        {
            "type": "Masking",
            "config": {
                "fields": [{"type": "columnTags", "columnTag": "Name"}],
                "maskingConfig": {"type": "Null"},
            },
        }
    )
    found = lines(results, tmp_path / "two", payload)
    assert drifting(found) == {"actions.order of rules": DIFFERENT}


def test_conditions_are_joined_as_declared(shown: Shown, tmp_path: Path) -> None:
    """`all` and `or` differ for two conditions; for one condition the word means nothing."""
    results = shown({"immuta_policy": [data_policy(masking(exceptions=TWO))]})
    payload = _declared()
    rule = payload["actions"][0]["rules"][0]
    rule["exceptions"]["attributes"] = [{"name": "role", "value": "auditor"}]
    assert drifting(lines(results, tmp_path / "any", payload)) == {}
    rule["exceptions"]["operator"] = "all"
    found = lines(results, tmp_path / "all", payload)
    assert drifting(found) == {f"{RULE}.exceptions": DIFFERENT}
    (line,) = (line for line in found if line.verdict == DIFFERENT)
    assert str(line.declared).startswith("all of: ")
    one = shown({"immuta_policy": [data_policy()]})
    single = _declared()
    single["actions"][0]["rules"][0]["exceptions"]["operator"] = "all"
    assert drifting(lines(one, tmp_path / "single", single)) == {}


@pytest.mark.parametrize(
    ("mask", "live", "verdict"),
    [
        ({"type": "Null"}, {"type": "Null"}, SAME),
        ({"type": "Constant", "constant": "x"}, {"type": "Constant", "metadata": {"constant": "x"}}, SAME),
        ({"type": "Hash"}, {"type": "Rounding"}, DIFFERENT),
        ({"type": "Null"}, {"type": "Consistent Value"}, DIFFERENT),
        ({"type": "Null"}, {"type": "Rounding"}, NOT_COMPARABLE),
        ({"type": "K-Anonymization"}, {"type": "Anonymize"}, NOT_COMPARABLE),
    ],
)  # fmt: skip
def test_words_that_were_never_published_are_not_guessed(
    shown: Shown,
    tmp_path: Path,
    mask: dict[str, Any],
    live: dict[str, Any],
    verdict: str,
) -> None:
    """A masking type whose other spelling nobody published is not comparable, unless the two are alike or cannot be."""
    payload = _declared()
    payload["actions"][0]["rules"][0]["config"]["maskingConfig"] = mask
    config = {"fields": [{"name": "Discovered.Entity.Credit Card Number"}], "maskingConfig": live}
    results = shown({"immuta_policy": [data_policy(masking(config=config))]})
    found = verdicts(lines(results, tmp_path / "files", payload))
    assert found[f"{RULE}.config.maskingConfig.type"] == verdict
    if "constant" in mask:
        assert found[f"{RULE}.config.maskingConfig.constant"] == SAME


def test_a_rule_of_an_unpublished_kind_is_not_called_missing(shown: Shown, tmp_path: Path) -> None:
    """Nothing tells whether a purpose restriction is the live rule of another name."""
    payload = _declared(actions=[{"rules": [{"type": "Purpose Restriction"}]}])
    live = data_policy({"type": "prerequisite", "config": {}, "exceptions": None})
    found = lines(shown({"immuta_policy": [live]}), tmp_path / "files", payload)
    assert drifting(found) == {}
    assert verdicts(found)[RULE] == NOT_COMPARABLE


def test_row_restrictions_are_compared_by_their_text(shown: Shown, tmp_path: Path) -> None:
    """A custom where clause is the same when its predicate is, and different when it is not."""
    where = {
        "type": "Row Restriction by Custom Where Clause",
        "config": {"predicate": "dept = 'a'\n"},
    }
    payload = _declared(actions=[{"rules": [where]}])
    for predicate, expected in (
        ("dept = 'a'", {}),
        ("1 = 1", {f"{RULE}.config.predicate": DIFFERENT}),
    ):
        rule = {"type": "rowOrObjectRestriction", "config": {"predicate": predicate}}
        results = shown({"immuta_policy": [data_policy(rule)]})
        assert drifting(lines(results, tmp_path / "files", payload)) == expected


ENTITLED = {
    "type": "entitlements",
    "entitlements": {"operator": "all", "groups": ["finance"]},
    "automaticSubscription": True,
    "allowDiscovery": False,
    "accessGrant": "READ",
}
LIVE_ENTITLED = {
    "subscriptionType": "policy",
    "automaticSubscription": True,
    "allowDiscovery": False,
    "accessGrant": "READ",
    "shareResponsibility": False,
    "description": None,
    "exceptions": {
        "operator": "and",
        "conditions": [{"type": "groups", "group": {"name": "finance", "iam": "okta"}}],
    },
}


@pytest.mark.parametrize(
    ("declared", "live", "expected"),
    [
        (ENTITLED, LIVE_ENTITLED, {}),
        (ENTITLED, LIVE_ENTITLED | {"allowDiscovery": True}, {"actions.allowDiscovery": DIFFERENT}),
        (ENTITLED, LIVE_ENTITLED | {"accessGrant": "WRITE"}, {"actions.accessGrant": DIFFERENT}),
        (ENTITLED, LIVE_ENTITLED | {"exceptions": None}, {"actions.entitlements": DIFFERENT}),
        (ENTITLED, {"subscriptionType": "automatic"},
         {"actions.type": DIFFERENT, "actions.entitlements": DIFFERENT}),
        ({"type": "anyone"}, {"subscriptionType": "automatic"}, {}),
        ({"type": "manual"}, {"subscriptionType": "manual"}, {}),
        ({"type": "entitlements", "advanced": "@isInGroups('A')"},
         {"subscriptionType": "advanced", "advanced": "@isInGroups('A') "}, {}),
        ({"type": "entitlements", "advanced": "@isInGroups('A')"},
         {"subscriptionType": "advanced", "advanced": "@isInGroups('B')"},
         {"actions.advanced": DIFFERENT}),
        ({"type": "approval", "approvals": [{"requiredPermission": "OWNER"}]},
         {"subscriptionType": "approval", "approvals": [{"requiredPermission": "OWNER"}]}, {}),
        ({"type": "approval", "approvals": [{"requiredPermission": "OWNER"}]},
         {"subscriptionType": "approval",
          "approvals": [{"requiredPermission": "GOVERNANCE", "specificApproverRequired": True}]},
         {"actions.approvals": DIFFERENT, "actions.approvals.specificApproverRequired": DIFFERENT}),
    ],
)  # fmt: skip
def test_who_may_subscribe_is_compared_in_one_language(
    shown: Shown,
    tmp_path: Path,
    declared: dict[str, Any],
    live: dict[str, Any],
    expected: dict[str, str],
) -> None:
    """Every kind of subscription policy of V2 equals the answer that V1 gives of it, and differs from others."""
    payload = {
        "policyKey": "mask-pii",
        "name": "Mask PII",
        "type": "subscription",
        "actions": declared,
    }
    results = shown({"immuta_policy": [subscription_policy(live)]})
    assert drifting(lines(results, tmp_path / "files", payload)) == expected


def test_what_an_answer_leaves_out_is_not_comparable(shown: Shown, tmp_path: Path) -> None:
    """A flag that Immuta does not answer is neither the same nor different."""
    payload = {
        "policyKey": "mask-pii",
        "name": "Mask PII",
        "type": "subscription",
        "actions": ENTITLED,
    }
    live = {key: value for key, value in LIVE_ENTITLED.items() if key != "automaticSubscription"}
    found = lines(
        shown({"immuta_policy": [subscription_policy(live)]}), tmp_path / "files", payload
    )
    assert verdicts(found)["actions.automaticSubscription"] == NOT_COMPARABLE
    assert drifting(found) == {}


def test_owners_certification_and_domains(shown: Shown, tmp_path: Path) -> None:
    """Owner restrictions are compared as people and groups, whether the file has one object or a list; a domain by id too."""
    payload = _declared(
        ownerRestrictions={
            "users": [{"iamid": "bim", "username": "ada@example.com"}],
            "groups": ["g"],
        },
        certification={"label": "Certified", "tags": ["a"]},
        circumstances=[{"type": "domains", "domains": [{"id": "d1"}]}],
    )
    live = data_policy(
        owner_restrictions={
            "users": [{"iamid": "bim", "userid": "ada@example.com"}],
            "groups": [{"name": "g", "iam": "okta"}],
        },
        certification_label="Certified",
        circumstances=[
            {"type": "domains", "operator": "or", "domains": [{"id": "d1", "name": "Finance"}]}
        ],
    )
    results = shown({"immuta_policy": [live]})
    found = verdicts(lines(results, tmp_path / "one", payload))
    assert found["ownerRestrictions"] == found["certification.label"] == SAME
    assert found["circumstances"] == SAME
    assert found["certification.tags"] == NOT_COMPARABLE
    listed = payload | {"ownerRestrictions": [payload["ownerRestrictions"]]}
    assert verdicts(lines(results, tmp_path / "many", listed))["ownerRestrictions"] == SAME


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            (
                "rules", "config", "fields", "maskingConfig", "type", "exceptions", "conditions",
                "operator", "group", "authorization", "approvals", "subscriptionType", "metadata",
                "users", "groups", "domains", "tag", "columnTag", "name", "predicate", "advanced",
            )
        ),
        inner,
        max_size=4,
    ),
    max_leaves=14,
)  # fmt: skip


class _Tables:
    """A snapshot of one policy."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._table = Table("immuta_policy", (row,), "", {})

    def table(self, name: str) -> Table:
        assert name == "immuta_policy"
        return self._table


@given(
    actions=ANSWERS,
    circumstances=ANSWERS,
    owners=ANSWERS,
    kind=st.sampled_from(("data", "subscription")),
)
def test_no_answer_breaks_the_comparison(
    actions: Any, circumstances: Any, owners: Any, kind: str
) -> None:
    """Whatever Immuta answers of a policy, it is compared: an answer is untrusted."""
    row = data_policy(
        type=kind, actions=actions, circumstances=circumstances, owner_restrictions=owners
    )
    payload = _declared(ownerRestrictions=[{"groups": ["g"]}])
    if kind == "subscription":
        payload |= {"type": kind, "actions": ENTITLED}
    tables: Any = _Tables(
        row | {"certification_label": None, "certification_text": None, "recertify": None}
    )
    declared = [Declared("policy", "mask-pii", payload, "file", 1)]
    (pair,), unexpected = policy.match(tables, declared)
    assert pair.live is not None
    assert unexpected == []
    stated, found = policy.sides(tables, pair, pair.live)
    assert stated["name"] == "Mask PII"
    assert isinstance(found["name"], Told)
