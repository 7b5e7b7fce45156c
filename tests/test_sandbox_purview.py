"""Purview's planes in the sandbox: search, entities, lineage, glossary, collections and scans."""

import json
from typing import Any

import httpx
from sandbox_fixture import ASSETS, PURVIEW, SEARCH, VERSION, bulk, estate, get, http, search_all

from pipeline.sandbox.estate import Estate

__all__ = ["estate", "http"]


def test_search_pages_add_up_to_the_estate(http: httpx.Client, estate: Estate) -> None:
    """All pages together hold every asset once, as many as the server counts."""
    hits, count = search_all(http, {"keywords": "*", "limit": 170, "orderby": [{"id": "ASC"}]})
    assert [hit["id"] for hit in hits] == sorted(data.guid for data in estate.datasets)
    assert count == ASSETS


def test_search_without_an_order_still_pages_exactly(http: httpx.Client, estate: Estate) -> None:
    """Without an order the hits come in no useful order, but each of them once."""
    hits, _ = search_all(http, {"keywords": None, "limit": 1000})
    assert {hit["id"] for hit in hits} == {data.guid for data in estate.datasets}
    assert len(hits) == ASSETS


def test_search_by_collection_partitions_the_estate(http: httpx.Client) -> None:
    """The filter by collection splits the estate, and words can be joined and negated."""
    tree = get(http, "/account/collections", PURVIEW, **{"api-version": "2019-11-01-preview"})
    tree["value"] += http.get(tree["nextLink"], headers=PURVIEW).json()["value"]
    assert len(tree["value"]) == tree["count"]
    counts = [
        search_all(http, {"limit": 1000, "filter": {"collectionId": one["name"]}})[1]
        for one in tree["value"]
    ]
    assert sum(counts) == ASSETS
    tables = {"objectType": "Tables"}
    some = {"or": [{"entityType": "snowflake_table"}, {"entityType": "trino_table"}]}
    both = search_all(http, {"limit": 1000, "filter": {"and": [tables, some]}})[1]
    rest = search_all(http, {"limit": 1000, "filter": {"and": [tables, {"not": some}]}})[1]
    assert both + rest == search_all(http, {"limit": 1000, "filter": tables})[1]
    assert both > 0 < rest


def test_a_token_fits_its_own_request_only(http: httpx.Client) -> None:
    """A continuation token is refused with a changed body, and so is one that is made up."""
    body: dict[str, Any] = {"keywords": "*", "limit": 10}
    first = http.post(SEARCH, params=VERSION, json=body, headers=PURVIEW).json()
    for changed in (
        body | {"limit": 11, "continuationToken": first["continuationToken"]},
        body | {"continuationToken": "bm90IGEgdG9rZW4="},
    ):
        refused = http.post(SEARCH, params=VERSION, json=changed, headers=PURVIEW)
        assert refused.status_code == 400
        assert refused.json()["errorCode"] == "ATLAS-400-00-01A"


def test_bulk_reads_bring_datasets_with_their_columns(http: httpx.Client, estate: Estate) -> None:
    """Entities and columns of the bulk reads are those of the estate, the left-out ones aside."""
    guids = [data.guid for data in estate.datasets]
    entities: dict[str, Any] = {}
    referred: dict[str, Any] = {}
    for start in range(0, ASSETS, 90):
        answer = bulk(http, guids[start : start + 90])
        entities |= {entity["guid"]: entity for entity in answer["entities"]}
        referred |= answer["referredEntities"]
    assert list(entities) == guids
    named = {
        column["guid"]
        for entity in (*entities.values(), *referred.values())
        for column in entity["relationshipAttributes"].get("columns", ())
    }
    missing = sorted(named - referred.keys())
    assert missing
    late = bulk(http, missing[:80])["entities"]
    assert [entity["guid"] for entity in late] == missing[:80]
    assert all("composeSchema" in e["relationshipAttributes"]
               or "table" in e["relationshipAttributes"] for e in late)  # fmt: skip


def test_keys_are_absent_where_there_is_nothing_to_say(http: httpx.Client, estate: Estate) -> None:
    """Contacts, classifications and labels are missing keys, never empty ones."""
    entities = bulk(http, [data.guid for data in estate.datasets[:90]])["entities"]
    for key in ("contacts", "classifications", "labels"):
        values = [entity[key] for entity in entities if key in entity]
        assert 0 < len(values) < len(entities)
        assert all(values)


def test_processes_tell_their_ends_and_columns(http: httpx.Client, estate: Estate) -> None:
    """A process names inputs and outputs that the estate has, and maps columns by name."""
    flow = estate.lineage.processes[0]
    entity = bulk(http, [flow.guid])["entities"][0]
    ends = entity["attributes"]["inputs"] + entity["attributes"]["outputs"]
    assert {end["guid"] for end in ends} <= {data.guid for data in estate.datasets}
    mapping = json.loads(entity["attributes"]["columnMapping"])
    assert all(one["DatasetMapping"]["Sink"] for one in mapping)


def test_lineage_of_a_hub_is_cut_and_can_be_completed(http: httpx.Client, estate: Estate) -> None:
    """The counts tell that neighbours were left out, and paging brings them all."""
    base = "/datamap/api/atlas/v2/lineage/" + estate.datasets[0].guid
    graph = get(http, base, PURVIEW, direction="OUTPUT", depth=1)
    total = graph["widthCounts"]["OUTPUT"][estate.datasets[0].guid]
    assert len(graph["relations"]) == 10 < total
    found: set[str] = set()
    for offset in range(0, total, 20):
        page = get(http, base + "/next", PURVIEW, direction="OUTPUT", offset=offset, limit=20,
                   **VERSION)  # fmt: skip
        found |= {relation["toEntityId"] for relation in page["relations"]}
    assert len(found) == total


def test_an_asset_without_lineage_has_an_empty_graph(http: httpx.Client, estate: Estate) -> None:
    """No lineage is an empty graph with status 200."""
    flows = estate.lineage
    lone = next(d for d in estate.datasets if d.slot not in flows.readers | flows.writers)
    graph = get(http, f"/datamap/api/atlas/v2/lineage/{lone.guid}", PURVIEW, direction="BOTH")
    assert graph["relations"] == []
    assert graph["guidEntityMap"] == {}


def test_glossary_terms_page_by_offset(http: httpx.Client, estate: Estate) -> None:
    """Terms come in pages without a count; their assets are those of the estate."""
    base = "/datamap/api/atlas/v2/glossary"
    found = []
    for one in get(http, base, PURVIEW, ignoreTermsAndCategories="true"):
        assert "terms" not in one
        offset = 0
        while page := get(http, f"{base}/{one['guid']}/terms", PURVIEW, limit=10, offset=offset):
            found += page
            offset += 10
    assert {term["guid"] for term in found} == {term.guid for term in estate.terms}
    assert {term["status"] for term in found} == {"Draft", "Approved", "Alert", "Expired"}
    guid = estate.terms[0].guid
    assigned = get(http, f"{base}/terms/{guid}/assignedEntities", PURVIEW)
    assert {one["guid"] for one in assigned} == {d.guid for d in estate.datasets_by_term[0]}


def test_scans_tell_schedules_and_runs(http: httpx.Client, estate: Estate) -> None:
    """Each scan has runs; one without a schedule answers 404 in the error shape of its plane."""
    listed = get(http, "/scan/datasources", PURVIEW, **VERSION)
    assert [one["name"] for one in listed["value"]] == [one.name for one in estate.sources]
    kinds = set()
    for source in estate.sources:
        scans = get(http, f"/scan/datasources/{source.name}/scans", PURVIEW, **VERSION)
        assert scans["count"] == len(source.scans)
        for scan in source.scans:
            base = f"/scan/datasources/{source.name}/scans/{scan.name}"
            page = get(http, base + "/runs", PURVIEW, **VERSION)
            runs = page["value"]
            while link := page.get("nextLink"):
                page = http.get(link, headers=PURVIEW).json()
                runs += page["value"]
            assert [run["id"] for run in runs] == [run.id for run in scan.runs]
            answer = http.get(base + "/triggers/default", params=VERSION, headers=PURVIEW)
            kinds.add(answer.status_code)
            if answer.status_code == 404:
                assert set(answer.json()["error"]) == {"code", "message"}
    assert kinds == {200, 404}
