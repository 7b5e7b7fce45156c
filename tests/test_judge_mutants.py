"""Mutation testing of rules: examples that say little are found out, and the shipped ones say much."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import duckdb
import pytest

from pipeline import packs
from pipeline.judge import binding, examples, mutants, rule, sensitivity
from pipeline.judge.rule import Rule

PACKS = packs.load()
RULES = rule.load(PACKS)
KNOWN = sensitivity.load(PACKS)
NOTICED = 0.9
"""The least share of mutants that the examples of the shipped rules notice together."""
SAMPLE = 4
"""Mutants of each rule that are tried here; `muster rules mutate --at-least 0.9` tries all, which takes minutes."""


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(examples.workbench()) as made:
        yield made


@pytest.mark.slow
def test_examples_of_shipped_rules_notice_changes(con: duckdb.DuckDBPyConnection) -> None:
    """At least nine of ten small changes to the SQL of shipped rules break an example, and of no rule fewer than six."""
    surveys = [mutants.survey(con, RULES, KNOWN, stated, most=SAMPLE) for stated in RULES.values()]
    killed, total = sum(s.killed for s in surveys), sum(s.total for s in surveys)
    assert total > 3 * len(RULES)
    assert killed / total >= NOTICED
    assert [survey for survey in surveys if survey.share < 0.6] == []


def test_examples_that_say_less_notice_less(con: duckdb.DuckDBPyConnection) -> None:
    """Without its other examples, a rule has survivors that name what is untested."""
    whole = RULES["OWN-001"]
    poor = replace(whole, examples=whole.examples[:1])
    found = mutants.survey(con, RULES, KNOWN, poor)
    assert found.share < mutants.survey(con, RULES, KNOWN, whole).share
    assert "without: a.level = 'dataset'" in found.survivors


def test_mutants_are_of_every_kind(con: duckdb.DuckDBPyConnection) -> None:
    """Comparisons, conditions, negations, joins, branches and defaults are all changed, in what decides only."""
    stated = replace(
        RULES["OWN-001"],
        sql="""
        select a.guid as subject_id,
            case when c.role is null then 'not_evaluated' when length(a.name) > 3 then 'fail' else 'pass' end as status,
            case when length(a.name) > 4 then 'x' else 'y' end as reason
        from asset a
        left join contact c on c.asset_guid = a.guid
        where coalesce(a.level, 'x') = 'dataset' and not a.detail_read
        """,
        uses=frozenset(),
    )
    changes = [mutant.change for mutant in mutants.mutants(con, stated, {})]
    for words in (
        "LENGTH(a.name) > 3 becomes LENGTH(a.name) >= 3",
        "LENGTH(a.name) > 3 becomes LENGTH(a.name) <= 3",
        "without: NOT a.detail_read",
        "NOT a.detail_read becomes a.detail_read",
        "becomes an inner join",
        "without: CASE WHEN c.role IS NULL",
        "COALESCE(a.level, 'x') becomes a.level",
    ):
        assert any(words in change for change in changes), words
    assert not any("> 4" in change for change in changes)


@pytest.mark.parametrize("stated", RULES.values(), ids=RULES)
def test_shipped_rules_fit_the_tables(con: duckdb.DuckDBPyConnection, stated: Rule) -> None:
    """The SQL of every shipped rule binds."""
    assert binding.problem(con, stated, KNOWN) is None


def test_sql_that_does_not_fit_is_named_by_file_and_line(con: duckdb.DuckDBPyConnection) -> None:
    """An unknown column is told with its line in the rule file, and a missing one with what there is."""
    stated = RULES["OWN-001"]
    at = next(n for n, line in enumerate(stated.sql.splitlines()) if "a.qualified_name" in line)
    wrong = replace(stated, sql=stated.sql.replace("a.qualified_name", "a.qualified_nam"))
    found = binding.problem(con, wrong, KNOWN)
    assert found is not None
    assert found.startswith(f"{stated.file.label}:{stated.sql_line + at}: sql: ")
    assert "qualified_nam" in found
    less = binding.problem(con, replace(stated, sql="select 1 as status", uses=frozenset()), KNOWN)
    assert less is not None
    assert "no column subject_id" in less
