"""The Data Map of the sandbox beyond assets: types, hubs, edges that people drew, categories and the audit history."""

from typing import Any

import httpx
import pytest
from sandbox_fixture import PURVIEW, VERSION, bulk, estate, get, http

from pipeline.sandbox import clock
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import lineage, typedefs

__all__ = ["estate", "http"]

TYPES = "/datamap/api/atlas/v2/types/typedefs"
AUDIT = "/datamap/api/audit/query"
PREVIEW = {"api-version": "2023-10-01-preview"}


def definitions(http: httpx.Client, kind: str) -> dict[str, Any]:
    answer: dict[str, Any] = get(http, TYPES, PURVIEW, **({"type": kind} if kind else {}))
    return answer


@pytest.mark.parametrize(
    ("kind", "section"),
    [("ENTITY", "entityDefs"), ("classification", "classificationDefs"),
     ("BUSINESS_METADATA", "businessMetadataDefs")],
)  # fmt: skip
def test_definitions_come_by_category_or_all_at_once(
    http: httpx.Client, kind: str, section: str
) -> None:
    """One category leaves the others empty; none named brings all."""
    one = definitions(http, kind)
    assert {name for name, found in one.items() if found} == {section}
    assert one[section] == definitions(http, "")[section]


def test_every_asset_has_a_type_that_says_where_its_columns_are(
    http: httpx.Client, estate: Estate
) -> None:
    """The attribute that the definition names is in the entity, and one platform has a name of its own for it."""
    known = {one["name"]: one for one in definitions(http, "ENTITY")["entityDefs"]}
    named = set()
    for entity in bulk(http, [data.guid for data in estate.datasets[:90]])["entities"]:
        elements = known[entity["typeName"]]["options"].get("schemaElementsAttribute")
        if elements:
            assert entity["relationshipAttributes"][elements]
            named.add(elements)
        declared = {one["name"] for one in known[entity["typeName"]]["relationshipAttributeDefs"]}
        assert set(entity["relationshipAttributes"]) <= declared
    assert named == {"columns", "fields"}


def test_values_of_managed_attributes_are_defined(http: httpx.Client, estate: Estate) -> None:
    """Every group and name that an asset has a value of is in the definitions; one is retired and still has values."""
    groups = {
        group["name"]: {one["name"]: one for one in group["attributeDefs"]}
        for group in definitions(http, "BUSINESS_METADATA")["businessMetadataDefs"]
    }
    given = {
        (group, name)
        for entity in bulk(http, [data.guid for data in estate.datasets[:90]])["entities"]
        for group, values in entity.get("businessAttributes", {}).items()
        for name in values
    }
    assert given == {(group, name) for group, names in groups.items() for name in names}
    assert groups[typedefs.STEWARDSHIP]["Cost Centre"]["options"]["isDisabled"] == "true"


def test_a_hub_lists_a_part_of_its_processes(http: httpx.Client, estate: Estate) -> None:
    """The entity stops at a width, the lineage call says how many there are, and its next pages end with an empty one."""
    flow = next(p for p in estate.lineage.processes if p.name == "trunk-0")
    start = estate.datasets[flow.inputs[0]]
    (entity,) = bulk(http, [start.guid])["entities"]
    listed = [
        one for one in entity["relationshipAttributes"]["inputToProcesses"]
        if one["entityStatus"] == "ACTIVE"
    ]  # fmt: skip
    assert len(listed) == lineage.RELATION_WIDTH
    base = f"/datamap/api/atlas/v2/lineage/{start.guid}"
    stated = get(http, base, PURVIEW, direction="BOTH", depth=1)["widthCounts"]["OUTPUT"]
    assert stated[start.guid] >= lineage.TRUNK_LOADS
    after = {"direction": "OUTPUT", "offset": stated[start.guid], "limit": 10}
    page = get(http, f"/datamap/api/lineage/{start.guid}/next", PURVIEW, **after, **VERSION)
    assert page["relations"] == []


def test_an_edge_that_people_drew_is_told_at_both_ends(http: httpx.Client, estate: Estate) -> None:
    """The source names its sink and the sink its source, with the same columns."""
    slot, (other, *_) = next(iter(estate.lineage.sinks.items()))
    source, sink = (estate.datasets[at] for at in (slot, other))
    entities = bulk(http, [source.guid, sink.guid])["entities"]
    (there,) = entities[0]["relationshipAttributes"]["sinks"]
    (back,) = entities[1]["relationshipAttributes"]["sources"]
    assert (there["guid"], back["guid"]) == (sink.guid, source.guid)
    assert there["relationshipAttributes"] == back["relationshipAttributes"]


def audit_pages(http: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    """Every page up to the last."""
    pages: list[dict[str, Any]] = []
    while not pages or not pages[-1]["lastPage"]:
        token = {"continuationToken": pages[-1]["continuationToken"]} if pages else {}
        answer = http.post(AUDIT, params=PREVIEW, headers=PURVIEW, json=body | token)
        pages.append(answer.raise_for_status().json())
    return pages


@pytest.mark.parametrize("category", ["Asset", "GlossaryTerm", "ClassificationDef"])
def test_the_audit_history_pages_within_its_window(
    http: httpx.Client, estate: Estate, category: str
) -> None:
    """Events come oldest first when asked so, all in the window, as many as stated; the last page has a token still."""
    end = clock.cut(estate.day)
    window = {"startTime": "2026-10-01T00:00:00Z", "endTime": end.isoformat()}
    pages = audit_pages(http, category=category, pageSize=3, sortOrder="Ascending", **window)
    events = [event for page in pages for event in page["resultData"]]
    assert len({event["id"] for event in events}) == len(events) == pages[0]["totalResultCount"] > 3
    times = [event["creationTime"] for event in events]
    assert times == sorted(times)
    assert times[0] >= "2026-10-01"
    assert times[-1] < end.isoformat()
    assert pages[-1]["continuationToken"]


@pytest.mark.parametrize("body", [{}, {"category": "Person"}, {"category": "Asset", "pageSize": 0},
                                  {"category": "Asset", "startTime": "soon"}])  # fmt: skip
def test_an_audit_query_that_makes_no_sense_is_refused(
    http: httpx.Client, body: dict[str, Any]
) -> None:
    """In the error shape of the Data Map."""
    answer = http.post(AUDIT, params=PREVIEW, headers=PURVIEW, json=body)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "ATLAS-400-00-01A"


def test_deleted_assets_are_gone_from_search_and_there_in_the_history(
    http: httpx.Client, estate: Estate
) -> None:
    """What the history says was deleted is no dataset of today, and what it says was created is one."""
    pages = audit_pages(http, category="Asset", pageSize=1000)
    known = {data.guid for data in estate.datasets}
    by_kind: dict[str, set[str]] = {}
    for event in pages[0]["resultData"]:
        by_kind.setdefault(event["operation"], set()).add(event["objectId"])
    assert by_kind["EntityDeleted"].isdisjoint(known)
    assert by_kind["EntityCreated"] <= known


def test_categories_are_in_each_other(http: httpx.Client) -> None:
    """A category names the one above it, and terms of its glossary."""
    base = "/datamap/api/atlas/v2/glossary"
    for one in get(http, base, PURVIEW, ignoreTermsAndCategories="true"):
        found = get(http, f"{base}/{one['guid']}/categories", PURVIEW, limit=100, offset=0)
        terms = {term["guid"] for term in get(http, f"{base}/{one['guid']}/terms", PURVIEW)}
        guids = {category["guid"] for category in found}
        above = {c["parentCategory"]["categoryGuid"] for c in found if "parentCategory" in c}
        assert above <= guids
        listed = {term["termGuid"] for c in found for term in c.get("terms", ())}
        assert listed
        assert listed <= terms
    assert http.get(f"{base}/none/categories", headers=PURVIEW).status_code == 404
