"""Glossary terms know their place: the term above, categories, related terms."""

import json
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.sources import purview
from pipeline.sources.purview import account, entities, glossary, search, types, unified_catalog

SOURCE = purview.part(search, entities, types, glossary, account, unified_catalog)
PAYLOADS = Path(__file__).parent / "payloads" / "purview"
GLOSSARY = "66666666-0000-4000-8000-000000000001"
METER, GRID = (f"55555555-0000-4000-8000-00000000000{end}" for end in (1, 3))


def captured(name: str, key: str | None = GLOSSARY) -> tuple[str, str | None, bytes]:
    return name, key, (PAYLOADS / f"{name}.json").read_bytes()


def test_what_a_term_says_of_itself(tmp_path: Path) -> None:
    """Resources are counted, template attributes kept as sent, and relations without any term left out."""
    with loaded(tmp_path, SOURCE, [captured("glossary", None), captured("term")]) as staging:
        query = (
            "select guid, parent_guid, nick_name, abbreviation, usage, resource_count, related, "
            "attributes from term order by guid"
        )
        counter = "55555555-0000-4000-8000-000000000009"
        (meter, grid) = rows(staging, query)
        assert meter[:6] == (METER, GRID, "Meter", "M", "In bills.", 1)
        assert json.loads(meter[6]) == {"synonyms": [{"guid": counter, "name": "Counter"}]}
        assert json.loads(meter[7]) == {"Utility": {"Regulated": True}}
        assert grid == (GRID, None, None, None, None, 0, None, None)


def term(guid: str, name: str, **facts: Any) -> dict[str, Any]:
    return {"guid": guid, "qualifiedName": f"{name}@Glossary", **facts}


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (term("c", "A_C"), "a"),
        (term("c", "A_B_C"), "ab"),
        (term("c", "A_X_C"), "a"),
        (term("c", "C"), None),
        (term("c", "X_C"), None),
        (term("c", "A_C", parentTerm={"termGuid": "x"}), "x"),
        (term("c", "A_C", hierarchyInfo=[{"guid": "r"}, {"guid": "x"}, {"guid": "c"}]), "x"),
        (term("c", "A_C", parentTerm=None, hierarchyInfo=[]), "a"),
    ],
)
def test_the_term_above(tmp_path: Path, child: dict[str, Any], parent: str | None) -> None:
    """Said outright, or by the hierarchy, or by the longest name that the term's own goes on from."""
    page = [term("a", "A"), term("ab", "A_B"), child]
    elsewhere = [term("z", "A_B_C_D")]
    pages = [
        ("term", "g", json.dumps(page).encode()),
        ("term", "h", json.dumps(elsewhere).encode()),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        query = "select parent_guid from term where guid = 'c'"
        assert rows(staging, query) == [(parent,)]
        assert rows(staging, "select parent_guid from term where guid = 'z'") == [(None,)]


def test_categories_and_their_terms(tmp_path: Path) -> None:
    """A category is in a glossary, may be in another one, and lists terms."""
    with loaded(tmp_path, SOURCE, [captured("glossary_category")]) as staging:
        top, inner = (f"77777777-0000-4000-8000-00000000000{end}" for end in (1, 2))
        query = (
            "select guid, glossary_guid, name, parent_guid, description "
            "from glossary_category order by guid"
        )
        assert rows(staging, query) == [
            (top, GLOSSARY, "Network", None, None),
            (inner, GLOSSARY, "Metering", top, "What counts."),
        ]
        assert rows(staging, "select category_guid, term_guid from term_category") == [
            (inner, METER)
        ]
