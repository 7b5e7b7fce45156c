"""How conditions of metadata policies become roles: what they say for certain, and what they leave open."""

import json
from functools import cache
from itertools import product
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planes_fixture import GRANTS, SOURCE

from pipeline.collect.section import sections
from pipeline.warehouse import schema

USER, GROUPS = "user_or_service_principal", "group"
ID, IN_GROUP = "principal.microsoft.id", "principal.microsoft.groups"
ROLE, PERMISSION = "derived.purview.role", "derived.purview.permission"
Json = dict[str, Any]
Grants = set[tuple[Any, ...]]


def among(name: str, *values: str) -> Json:
    return {"attributeName": name, "attributeValueIncludedIn": list(values)}


def takes_over(*rules: str) -> list[Json]:
    return [{"attributeName": PERMISSION, "attributeValueIncludes": rule} for rule in rules]


def policy(place: str, rules: dict[str, list[list[Json]]], decisions: list[Json]) -> Json:
    properties = {
        "attributeRules": [{"id": name, "dnfCondition": found} for name, found in rules.items()],
        "collection": {"referenceName": place},
        "decisionRules": decisions,
    }
    return {"id": f"policy of {place}", "name": f"policy_{place}", "properties": properties}


def permit(place: str, *more: Json, effect: str | None = "Permit") -> Json:
    here = {"attributeName": "resource.purview.collection", "attributeValueIncludes": place}
    return {"dnfCondition": [[here, *takes_over(f"permission:{place}"), *more]], "effect": effect}


@cache
def _empty() -> duckdb.DuckDBPyConnection:
    """The tables that the SQL starts from, without a row; made once."""
    con = duckdb.connect()
    for name in ("metadata_policy", "role_assignment"):
        columns = ", ".join(f"{c.name} {c.type}" for c in schema.tables()[name].columns)
        con.execute(f"create table {name} ({columns}, content_hash ubigint default 0)")
    con.execute("create table collection_item (key varchar)")
    con.execute("create table pages (page_id bigint, key varchar, body varchar)")
    con.execute("create temp table gone (endpoint varchar, key varchar)")
    con.execute(sections(SOURCE.sql)["start"])
    return con


def flattened(policies: list[Json]) -> Grants:
    """The role assignments that the SQL makes of the policies of one page."""
    parts, con = sections(SOURCE.sql), _empty()
    finish = parts["finish"]
    con.execute("begin transaction")
    try:
        con.execute("insert into pages values (1, null, ?)", [json.dumps({"values": policies})])
        con.execute(parts["metadata_policy"])
        con.execute(finish[finish.index("create table policy_read") :])
        found = con.execute(GRANTS).fetchall()
    finally:
        con.execute("rollback")
    assert len(set(found)) == len(found)
    return set(found)


@pytest.mark.parametrize(
    ("conjunct", "grants"),
    [
        ([among(ID, "x"), among(ROLE, "r")], {("r", "x", USER, False)}),
        ([among(IN_GROUP, "g")], {("own", "g", GROUPS, False)}),
        ([among(ID), among(ROLE, "r")], set()),
        ([{"attributeName": ID, "attributeValueIncludes": "x"}], {("own", "x", USER, False)}),
        ([among(ID, "x"), {"attributeName": ID, "attributeValueExcludes": "y"}],
         {("own", "x", USER, True)}),
        ([among(IN_GROUP, "g"), {"attributeName": ID, "attributeValueExcludedIn": ["x"]}],
         {("own", "g", GROUPS, True)}),
        ([among(ID, "x") | {"attributeValueExcludedIn": ["x"]}], {("own", "x", USER, True)}),
        ([among(ID, "x"), among(IN_GROUP, "g")],
         {("own", "x", USER, True), ("own", "g", GROUPS, True)}),
        ([among(ID, "x"), among("request.time", "night")], {("own", "x", USER, True)}),
        ([among(ID, "x"), *takes_over("permission:here")], {("own", "x", USER, True)}),
        ([{"attributeName": ID, "attributeValueExcludedIn": ["x"]}, among(ROLE, "r")],
         {("r", "*", "unknown", True)}),
        ([{"attributeName": ID, "attributeValueMatches": "x*"}], {("own", "*", "unknown", True)}),
        ([among(ROLE, "r")], {("r", "*", "unknown", True)}),
        ([], {("own", "*", "unknown", True)}),
    ],
)  # fmt: skip
def test_what_a_condition_says(conjunct: list[Json], grants: set[tuple[Any, ...]]) -> None:
    """Named principals are a grant; whoever is excluded, or asked for more, holds nothing for certain."""
    rules = {"own:here": [conjunct], "permission:here": [takes_over("own:here")]}
    found = flattened([policy("here", rules, [permit("here")])])
    assert {(role, who, kind, unsure) for _, role, who, kind, _, unsure in found} == grants


@pytest.mark.parametrize(
    "decisions",
    [
        [],
        [permit("here", effect=None)],
        [permit("elsewhere")],
        [permit("here", among("request.time", "night"))],
        [permit("here"), permit("here", effect="Deny")],
    ],
)
def test_a_role_that_nothing_plainly_permits_is_no_certain_grant(decisions: list[Json]) -> None:
    """Without a permission for the collection, with a further demand in it, or beside a denial."""
    rules = {"own:here": [[among(ID, "x")]], "permission:here": [takes_over("own:here")]}
    expected = {("here", "own", "x", USER, "here", True)}
    assert flattened([policy("here", rules, decisions)]) == expected


@pytest.mark.parametrize(
    ("condition", "grants"),
    [
        ([], set()),
        (None, {("here", "own", "*", "unknown", "here", True)}),
        ("[[]]", {("here", "own", "*", "unknown", "here", True)}),
    ],
)
def test_a_rule_of_an_unknown_form_is_not_one_that_nobody_meets(
    condition: Any, grants: Grants
) -> None:
    """An empty condition is met by nobody; one that is missing or cannot be read is not known."""
    rules = {"own:here": condition, "permission:here": [takes_over("own:here")]}
    assert flattened([policy("here", rules, [permit("here")])]) == grants


ABOVE = policy(
    "above",
    {"r:above": [[among(ID, "x")]], "permission:above": [takes_over("r:above")]},
    [permit("above")],
)


@pytest.mark.parametrize(
    ("conjunct", "conditional"),
    [
        (takes_over("permission:above"), False),
        ([*takes_over("permission:above"), among("request.time", "night")], True),
        (takes_over("permission:above", "r:above"), True),
    ],
)
def test_what_is_taken_over_under_a_condition_is_no_certain_grant(
    conjunct: list[Json], conditional: bool
) -> None:
    """A further demand beside a permission of the collection above makes all of it uncertain."""
    found = flattened([ABOVE, policy("here", {"permission:here": [conjunct]}, [permit("here")])])
    assert {grant for grant in found if grant[0] == "here"} == {
        ("here", "r", "x", USER, "above", conditional)
    }


def test_what_is_denied_is_not_granted() -> None:
    """Whoever a denial asks for holds nothing because of it."""
    here = {"attributeName": "resource.purview.collection", "attributeValueIncludes": "here"}
    denial = {"dnfCondition": [[here, *takes_over("permission:above")]], "effect": "Deny"}
    found = flattened([ABOVE, policy("here", {}, [denial])])
    assert {grant[0] for grant in found} == {"above"}


def test_what_is_inherited_from_an_unread_collection_is_not_nothing() -> None:
    """Somebody may hold roles there: one row says so, for all roles or for the one that is taken over."""
    rules = {
        "r:here": [takes_over("r:above")],
        "permission:here": [takes_over("r:here"), takes_over("permission:above")],
    }
    assert flattened([policy("here", rules, [permit("here")])]) == {
        ("here", "r", "*", "unknown", "above", True),
        ("here", "*", "*", "unknown", "above", True),
    }


PLACES = ("Root", "a", "b")
RULES = [f"{role}:{place}" for place in PLACES for role in ("r", "s", "permission")]
MATCHERS = st.one_of(
    st.builds(lambda values: among(ID, *values), st.lists(st.sampled_from("xy"), max_size=2)),
    st.builds(lambda value: among(IN_GROUP, value), st.sampled_from("xg")),
    st.builds(lambda value: among(ROLE, value), st.sampled_from("rs")),
    st.builds(lambda rule: takes_over(rule)[0], st.sampled_from([*RULES, "r:gone"])),
    st.just({"attributeName": ID, "attributeValueExcludes": "x"}),
)
CONDITIONS = st.lists(st.lists(MATCHERS, max_size=3), max_size=3)


@st.composite
def worlds(draw: st.DrawFn) -> list[Json]:
    """Policies of up to three collections whose rules lead to each other, in circles too."""
    found = []
    for place in draw(st.lists(st.sampled_from(PLACES), unique=True, max_size=3)):
        names = draw(st.lists(st.sampled_from(["r", "s", "permission"]), unique=True))
        rules = {f"{name}:{place}": draw(CONDITIONS) for name in names}
        effects = draw(st.lists(st.sampled_from(["Permit", "Permit", "Deny"]), max_size=2))
        found.append(policy(place, rules, [permit(place, effect=effect) for effect in effects]))
    return found


def values(conjunct: list[Json], name: str) -> list[str]:
    of_name = (m for m in conjunct if m["attributeName"] == name)
    return [
        value
        for m in of_name
        for value in (m.get("attributeValueIncludedIn") or [m.get("attributeValueIncludes")])
        if value is not None
    ]


def read(name: str, place: str, conjunct: list[Json]) -> tuple[Grants, set[str], bool]:
    """Who a conjunct names, which rules it takes over, and whether that is all it says."""
    about = [m["attributeName"] for m in conjunct]
    plain = not any("attributeValueExcludes" in m for m in conjunct)
    role = name.rpartition(":")[0]
    held = values(conjunct, ROLE) or ["*" if role == "permission" else role]
    kinds = ((ID, USER), (IN_GROUP, GROUPS))
    named = {
        (one, who, kind, place)
        for at, kind in kinds
        for who, one in product(values(conjunct, at), held)
    }
    targets = set(values(conjunct, PERMISSION))
    whole = sorted(a for a in about if a != ROLE)
    nobody = plain and any(a != ROLE for a in about)
    if not named and not targets and not nobody:
        named = {(one, "*", "unknown", place) for one in held}
    if whole == [PERMISSION]:
        return named, targets, plain and ROLE not in about
    return named, targets, plain and whole in ([ID], [IN_GROUP]) and about.count(ROLE) < 2


def fixpoint(policies: list[Json]) -> Grants:
    """What the policies say, by going round until nothing is added."""
    placed = [(p["properties"]["collection"]["referenceName"], p["properties"]) for p in policies]
    here = {place for place, _ in placed}
    rules = [(r["id"], place, r["dnfCondition"]) for place, p in placed
             for r in p["attributeRules"]]  # fmt: skip
    may: dict[str, Grants] = {name: set() for name in RULES}
    sure: dict[str, Grants] = {name: set() for name in RULES}
    for _ in range(len(RULES) + 1):
        for name, place, condition in rules:
            for conjunct in condition:
                named, targets, plain = read(name, place, conjunct)
                unknown = {n for n in named if n[2] == "unknown"}
                may[name] |= named
                sure[name] |= named - unknown if plain else set()
                for target in targets:
                    role, _, origin = target.rpartition(":")
                    if origin not in here:
                        role = "*" if role == "permission" else role
                        may[name].add((role, "*", "unknown", origin))
                    else:
                        may[name] |= may[target]
                        sure[name] |= sure[target] if plain else set()
    found = set()
    for place, properties in placed:
        effects = {d["effect"] for d in properties["decisionRules"]}
        permission = f"permission:{place}"
        certain = sure[permission] if effects == {"Permit"} else set()
        starts = {r["id"] for r in properties["attributeRules"]}
        starts |= {permission} if "Permit" in effects else set()
        held = set().union(*(may[name] for name in starts))
        found |= {(place, *grant, grant not in certain) for grant in held}
    return found


@settings(max_examples=120, deadline=None)
@given(worlds())
def test_any_policies_flatten_to_their_fixpoint(policies: list[Json]) -> None:
    """Collections that inherit from each other, in circles or from nowhere, end where a plain loop ends."""
    assert flattened(policies) == fixpoint(policies)
