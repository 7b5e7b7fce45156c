"""Programs that know nothing of the sandbox read it: Microsoft's three Purview SDKs and pyapacheatlas."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

import pytest
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import AzureKeyCredentialPolicy
from azure.purview.administration.account import PurviewAccountClient
from azure.purview.administration.metadatapolicies import PurviewMetadataPoliciesClient
from azure.purview.datamap import DataMapClient
from azure.purview.datamap.models import AtlasEntity, QueryOptions, SearchResultValue
from azure.purview.scanning import PurviewScanningClient
from pyapacheatlas.auth import ServicePrincipalAuthentication
from pyapacheatlas.core import PurviewClient
from pyapacheatlas.core.util import AtlasException
from requests import HTTPError
from sandbox_fixture import ASSETS, DAY, estate

from pipeline.sandbox import sensitivity, server, signin
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate, tenant_id
from pipeline.sandbox.purview import account_api, policy_api, roles
from pipeline.sandbox.purview.datamap import details, glossary, lineage, typedefs
from pipeline.sandbox.vocabulary import ACCOUNT_NAME
from pipeline.sandbox.weather import faults

__all__ = ["estate"]

UNKNOWN = "00000000-0000-4000-8000-00000000dead"
FAR_FUTURE = 4_102_444_800


class Credential:
    """A credential as azure-identity would be one."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(signin.PURVIEW_TOKEN, FAR_FUTURE)


def _signed(client: Callable[..., Any], endpoint: str) -> AbstractContextManager[Any]:
    """An SDK client for plain http: the default policy for bearer tokens insists on https."""
    key = AzureKeyCredential(signin.PURVIEW_TOKEN)
    policy = AzureKeyCredentialPolicy(key, "Authorization", prefix="Bearer")
    found: AbstractContextManager[Any] = client(
        endpoint, Credential(), authentication_policy=policy
    )
    return found


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server.running(assets=ASSETS, as_of=DAY) as address:
        yield address


@pytest.fixture(scope="module")
def datamap(url: str) -> Iterator[DataMapClient]:
    with _signed(DataMapClient, url) as client:
        yield client


@pytest.fixture(scope="module")
def scanning(url: str) -> Iterator[Any]:
    with _signed(PurviewScanningClient, f"{url}/scan") as client:
        yield client


@pytest.fixture(scope="module")
def account(url: str) -> Iterator[Any]:
    with _signed(PurviewAccountClient, f"{url}/account") as client:
        yield client


@pytest.fixture(scope="module")
def policies(url: str) -> Iterator[Any]:
    with _signed(PurviewMetadataPoliciesClient, url) as client:
        yield client


@pytest.fixture(scope="module")
def atlas(url: str) -> Any:
    """The client of pyapacheatlas, at the addresses it calls on our host."""
    return _atlas(url, Credential())


def _atlas(url: str, authentication: Any) -> Any:
    client = PurviewClient(account_name=ACCOUNT_NAME, authentication=authentication)
    client.endpoint_url = client.glossary.endpoint_url = f"{url}/catalog/api/atlas/v2"
    client.discovery.endpoint_url = f"{url}/catalog/api"
    client.collections.endpoint_url = f"{url}/account/"
    return client


def _tree(collections: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {
        one["name"]: (one["friendlyName"], one.get("parentCollection", {}).get("referenceName"))
        for one in collections
    }


def _hub(estate: Estate) -> tuple[Dataset, list[lineage.Process]]:
    """The dataset that most processes read, and these."""
    slot = max(estate.lineage.readers, key=lambda one: len(estate.lineage.readers[one]))
    return estate.datasets[slot], list(estate.lineage.readers[slot])


def _is_label(name: str) -> bool:
    return name.startswith(sensitivity.LABEL_PREFIX)


def _carried(data: Dataset) -> list[str]:
    """The classes of a dataset: those that count, then those that count no more, or not yet."""
    carried = data.classes()
    return [*carried, *(name for name, _ in details.out_of_force(data, None, carried))]


def _classes(entity: AtlasEntity) -> list[str | None]:
    return [one.type_name for one in entity.classifications or ()]


def test_the_administration_sdk_lists_the_tree_of_collections(account: Any, estate: Estate) -> None:
    """All pages of collections are the tree of the estate, and the account has its name."""
    expected = _tree(iter(account_api.collection_tree(estate.seed)))
    assert len(expected) > account_api.COLLECTION_PAGE
    assert _tree(account.collections.list_collections()) == expected
    assert account.accounts.get_account_properties()["name"] == ACCOUNT_NAME


def test_the_administration_sdk_reads_one_collection(account: Any, estate: Estate) -> None:
    """A collection's parents up to the root and its children are those of the tree."""
    tree = _tree(iter(account_api.collection_tree(estate.seed)))
    leaf = next(name for name, (_, above) in tree.items() if above and tree[above][1])
    above = str(tree[leaf][1])
    assert _tree(iter([account.collections.get_collection(leaf)])) == {leaf: tree[leaf]}
    chain: list[str] = []
    while parent := tree[chain[0] if chain else leaf][1]:
        chain.insert(0, parent)
    assert account.collections.get_collection_path(leaf)["parentNameChain"] == chain
    assert chain[0] == ACCOUNT_NAME
    below = {one["name"] for one in account.collections.list_child_collection_names(above)}
    assert below == {name for name, (_, parent) in tree.items() if parent == above} >= {leaf}
    with pytest.raises(ResourceNotFoundError):
        account.collections.get_collection("nothng")


def test_the_administration_sdk_lists_who_has_which_role(policies: Any, estate: Estate) -> None:
    """All pages of policies are one for each collection, with its rules and what it takes over."""
    expected = {one.collection: one for one in policy_api.role_policies(estate)}
    listed = list(policies.metadata_policy.list_all())
    names = [one["properties"]["collection"]["referenceName"] for one in listed]
    assert names == list(expected)
    assert len(names) > policy_api.POLICY_PAGE
    for one, name in zip(listed, names, strict=True):
        rules = {rule["id"] for rule in one["properties"]["attributeRules"]}
        assert rules == {f"{role}:{name}" for role in (*expected[name].holders, "permission")}
        assert one["properties"].get("parentCollectionName") == expected[name].parent
    assert policies.metadata_policy.get(listed[3]["id"]) == listed[3]


def test_the_administration_sdk_lists_roles(policies: Any) -> None:
    """The page of roles holds every role; it links to itself, so that whoever follows goes in circles."""
    pages = policies.metadata_roles.list().by_page()
    for _ in range(2):
        assert [one["id"] for one in next(pages)] == [role.id for role in roles.ROLES]


def test_the_scanning_sdk_lists_sources_scans_and_runs(scanning: Any, estate: Estate) -> None:
    """Data sources, their scans and every run of these are those of the estate."""
    listed = list(scanning.data_sources.list_all())
    assert [(one["name"], one["kind"]) for one in listed] == [
        (source.name, source.platform.kind) for source in estate.sources
    ]
    for source in estate.sources:
        assert scanning.data_sources.get(source.name)["kind"] == source.platform.kind
        scans = list(scanning.scans.list_by_data_source(source.name))
        assert [scanning.scans.get(source.name, scan["name"]) for scan in scans] == scans
        assert [one["name"] for one in scans] == [scan.name for scan in source.scans]
        for scan in source.scans:
            runs = list(scanning.scan_result.list_scan_history(source.name, scan.name))
            assert [(run["id"], run["status"]) for run in runs] == [
                (run.id, run.status) for run in scan.runs
            ]


def test_the_scanning_sdk_reads_schedules(scanning: Any, estate: Estate) -> None:
    """A schedule is read with its frequency; a scan without one is the SDK's own kind of error."""
    scans = [(source.name, scan) for source in estate.sources for scan in source.scans]
    for source, scan in scans:
        if scan.trigger is None:
            with pytest.raises(ResourceNotFoundError):
                scanning.triggers.get_trigger(source, scan.name)
            continue
        found = scanning.triggers.get_trigger(source, scan.name)["properties"]
        assert found["recurrence"]["frequency"] == scan.trigger.every
        assert found.get("state") == scan.trigger.state
    assert {scan.trigger is None for _, scan in scans} == {True, False}


def _search(client: DataMapClient, **options: Any) -> tuple[list[SearchResultValue], set[Any]]:
    """Hits of all pages, and the totals that these gave."""
    hits: list[SearchResultValue] = []
    totals = set()
    page = client.discovery.query(QueryOptions(**options))
    while True:
        hits += page.value or []
        totals.add(page.search_count)
        if page.continuation_token is None:
            return hits, totals
        again = QueryOptions(**options, continuation_token=page.continuation_token)
        page = client.discovery.query(again)


def test_the_data_map_sdk_pages_through_search(datamap: DataMapClient, estate: Estate) -> None:
    """The pages of a search hold every asset once with what the estate says of it."""
    hits, totals = _search(datamap, keywords="*", limit=70, orderby=[{"id": "ASC"}])
    assert [hit.id for hit in hits] == sorted(data.guid for data in estate.datasets)
    assert totals == {ASSETS}
    by_guid = {data.guid: data for data in estate.datasets}
    for hit in hits:
        data = by_guid[str(hit.id)]
        assert hit.qualified_name == data.qualified_name
        assert hit.entity_type == data.type_name
        assert hit.update_time == data.updated_at
        owners, experts = details.contacts_shown(estate.people, data)
        contacts = {(one.contact_type, one.id) for one in hit.contact or ()}
        assert contacts == {("Owner", who) for who in owners} | {("Expert", who) for who in experts}


def test_the_data_map_sdk_searches_with_a_filter(datamap: DataMapClient, estate: Estate) -> None:
    """A filter by collection brings the assets of that collection and their number."""
    name = estate.datasets[7].collection
    hits, totals = _search(datamap, limit=50, filter={"collectionId": name})
    mine = {data.guid for data in estate.datasets if data.collection == name}
    assert {hit.id for hit in hits} == mine
    assert totals == {len(mine)}


def test_the_data_map_sdk_reads_entities_in_bulk(datamap: DataMapClient, estate: Estate) -> None:
    """Bulk reads bring names, classifications, contacts and columns as the estate has them."""
    read: list[AtlasEntity] = []
    for start in range(0, 200, 40):
        some = estate.datasets[start : start + 40]
        answer = datamap.entity.get_by_ids(guid=[data.guid for data in some])
        read += answer.entities or []
    assert [entity.guid for entity in read] == [data.guid for data in estate.datasets[:200]]
    for entity, data in zip(read, estate.datasets, strict=False):
        assert entity.collection_id == data.collection
        assert (entity.attributes or {})["qualifiedName"] == data.qualified_name
        assert _classes(entity) == _carried(data)
        owners = [one.id for one in (entity.contacts or {}).get("Owner", ())]
        assert owners == list(data.contacts(estate.people)[0])
        if data.platform.is_table:
            held_in = typedefs.elements_attribute(data.platform)
            columns = (entity.relationship_attributes or {})[held_in]
            assert [one["guid"] for one in columns] == [
                data.column_guid(column.position) for column in data.columns()
            ]
    assert any(map(_classes, read))


def test_the_data_map_sdk_reads_one_entity(datamap: DataMapClient, estate: Estate) -> None:
    """A single read brings the columns along, the header the classifications by name."""
    data = next(one for one in estate.datasets if one.platform.is_table and one.classes())
    found = datamap.entity.get(data.guid)
    columns = {data.column_guid(column.position): column for column in data.columns()}
    referred = found.referred_entities or {}
    assert set(referred) == set(columns)
    for guid, column in columns.items():
        assert (referred[guid].attributes or {})["name"] == column.name
        found_classes = {str(one) for one in _classes(referred[guid])}
        assert {one for one in found_classes if not _is_label(one)} == set(column.classes)
    header = datamap.entity.get_header(data.guid)
    assert header.display_text == data.display_name
    assert set(header.classification_names or ()) == set(data.classes())


def test_the_data_map_sdk_reads_by_qualified_name(datamap: DataMapClient, estate: Estate) -> None:
    """Type and qualified name lead to the entity that the guid leads to, with its classifications."""
    data = next(one for one in estate.datasets if len(one.classes()) > 1)
    found = datamap.entity.get_by_unique_attribute(
        data.type_name, attribute=data.qualified_name
    ).entity
    assert found == datamap.entity.get(data.guid).entity
    classified = datamap.entity.get_classifications(data.guid)
    assert classified.total_count == len(_carried(data))
    assert [one["typeName"] for one in classified.list or ()] == _carried(data)


def test_the_data_map_sdk_understands_a_refusal(datamap: DataMapClient) -> None:
    """An unknown guid is a 404 with the code of Apache Atlas."""
    with pytest.raises(HttpResponseError) as refused:
        datamap.entity.get(UNKNOWN)
    assert refused.value.status_code == 404
    assert "ATLAS-404-00-005" in str(refused.value)


def test_the_data_map_sdk_reads_type_definitions(datamap: DataMapClient, estate: Estate) -> None:
    """Every classification that an asset or column carries, labels aside, is a defined type."""
    defined = datamap.type_definition.get().classification_defs or []
    names = {one.name for one in defined}
    assert len(names) == len(defined) > 0
    one = defined[3]
    assert datamap.type_definition.get_by_name(str(one.name)).guid == one.guid
    assert datamap.type_definition.get_classification_by_id(str(one.guid)).name == one.name
    used = {name for data in estate.datasets for name in data.classes()}
    columns = [column for data in estate.datasets for column in data.columns()]
    used |= {name for column in columns for name in column.classes}
    assert {name for name in used if not _is_label(name)} <= names


def test_the_data_map_sdk_reads_glossaries(datamap: DataMapClient, estate: Estate) -> None:
    """Glossaries, their terms page by page and the assets of a term are those of the estate."""
    found = datamap.glossary.batch_get(ignore_terms_and_categories=True)
    assert [one.name for one in found] == list(glossary.NAMES)
    terms = []
    for one in found:
        offset = 0
        while page := datamap.glossary.get_terms(str(one.guid), limit=7, offset=offset):
            terms += page
            offset += 7
    expected = sorted((term.guid, term.name, term.status) for term in estate.terms)
    assert sorted((str(one.guid), one.name, one.status) for one in terms) == expected
    number, datasets = max(estate.datasets_by_term.items(), key=lambda item: len(item[1]))
    guid = estate.terms[number].guid
    assigned = datamap.glossary.get_entities_assigned_with_term(guid)
    assert {one.guid for one in assigned} == {data.guid for data in datasets}
    assert datamap.glossary.get_term(guid).nick_name == estate.terms[number].nick_name


def test_the_data_map_sdk_follows_lineage(datamap: DataMapClient, estate: Estate) -> None:
    """Lineage of a hub is cut off, the counts say so, and its further pages bring every reader."""
    data, readers = _hub(estate)
    graph = datamap.lineage.get(data.guid, direction="OUTPUT", depth=1)
    assert ((graph.width_counts or {})["OUTPUT"])[data.guid] == len(readers)
    assert len(graph.relations or ()) < len(readers)
    assert set(graph.guid_entity_map or ()) >= {data.guid}
    found: list[Any] = []
    while page := datamap.lineage.get_next_page(
        data.guid, direction="OUTPUT", offset=len(found), limit=6
    ).relations:
        assert {one.from_entity_id for one in page} == {data.guid}
        found += page
    assert [one.to_entity_id for one in found] == [process.guid for process in readers]


def test_an_sdk_rides_out_a_refusal_for_load(estate: Estate) -> None:
    """Throttled twice, the scanning SDK tries again by itself and gets its list."""
    busy = {"/scan/datasources": faults.throttled("0", times=2)}
    with (
        server.running(assets=ASSETS, as_of=DAY, faults=busy) as url,
        _signed(PurviewScanningClient, f"{url}/scan") as client,
    ):
        listed = list(client.data_sources.list_all(retry_backoff_factor=0))
    assert [one["name"] for one in listed] == [source.name for source in estate.sources]


def test_pyapacheatlas_signs_in_as_a_service_principal(url: str, estate: Estate) -> None:
    """The older form of the client-credentials grant, naming Purview by its id, opens the Data Map."""
    who = ServicePrincipalAuthentication(
        tenant_id(estate.seed), signin.CLIENT_ID, signin.CLIENT_SECRET
    )
    who.ouath_url = f"{url}/{tenant_id(estate.seed)}/oauth2/token"
    found = _atlas(url, who).get_entity_header(guid=estate.datasets[0].guid)
    assert found["attributes"]["qualifiedName"] == estate.datasets[0].qualified_name
    who.data["client_secret"] = "guessed"
    with pytest.raises(HTTPError, match="401"):
        who._set_access_token()


def test_pyapacheatlas_lists_collections(atlas: Any, estate: Estate) -> None:
    """The generator of collections turns the pages by itself."""
    expected = _tree(iter(account_api.collection_tree(estate.seed)))
    assert _tree(atlas.collections.list_collections()) == expected


def test_pyapacheatlas_searches_by_offset(atlas: Any, estate: Estate) -> None:
    """Its generator reaches every asset once, and a query tells their number."""
    hits = list(islice(atlas.discovery.search_entities("*", limit=130), 2 * ASSETS))
    assert sorted(hit["id"] for hit in hits) == sorted(data.guid for data in estate.datasets)
    label = {"entityType": "snowflake_table"}
    answer = atlas.discovery.query(keywords="*", filter=label, limit=5)
    mine = [data for data in estate.datasets if data.type_name == "snowflake_table"]
    assert (answer["@search.count"], len(answer["value"])) == (len(mine), 5)


def test_pyapacheatlas_reads_entities(atlas: Any, estate: Estate) -> None:
    """Bulk and single reads agree with the estate; a flag leaves the relationships out."""
    some = estate.datasets[:30]
    answer = atlas.get_entity(guid=[data.guid for data in some])
    assert [
        (entity["guid"], entity["attributes"]["qualifiedName"]) for entity in answer["entities"]
    ] == [(data.guid, data.qualified_name) for data in some]
    single = atlas.get_single_entity(guid=some[3].guid)["entity"]
    assert single["attributes"] == answer["entities"][3]["attributes"]
    assert "relationshipAttributes" in single
    bare = atlas.get_single_entity(guid=some[3].guid, ignoreRelationships=True)["entity"]
    assert "relationshipAttributes" not in bare
    assert atlas.get_entity_header(guid=some[3].guid)["displayText"] == some[3].display_name
    named = atlas.get_entity(qualifiedName=[some[3].qualified_name], typeName=some[3].type_name)
    assert named["entities"] == [atlas.get_single_entity(guid=some[3].guid)["entity"]]
    classified = atlas.get_entity_classifications(some[3].guid)
    assert [one["typeName"] for one in classified["list"]] == _carried(some[3])
    with pytest.raises(AtlasException, match="ATLAS-404-00-005"):
        atlas.get_single_entity(guid=UNKNOWN)


def test_pyapacheatlas_reads_types_and_glossaries(atlas: Any, estate: Estate) -> None:
    """Type definitions, a glossary by name with its terms, and a term by name are found."""
    defined = {one["name"] for one in atlas.get_all_typedefs()["classificationDefs"]}
    columns = [column for data in estate.datasets for column in data.columns()]
    assert {name for column in columns for name in column.classes} <= defined
    table = atlas.get_typedef(name="snowflake_table")
    assert table["category"] == "ENTITY"
    assert table["options"]["schemaElementsAttribute"] == "columns"
    name = glossary.NAMES[0]
    terms = [term for term in estate.terms if glossary.NAMES[term.glossary] == name]
    found = atlas.glossary.get_glossary(name)
    assert {one["termGuid"] for one in found["terms"]} == {term.guid for term in terms}
    one = atlas.glossary.get_term(name=terms[0].name, glossary_name=name)
    assert (one["guid"], one["status"]) == (terms[0].guid, terms[0].status)


def test_pyapacheatlas_follows_lineage(atlas: Any, estate: Estate) -> None:
    """The graph around a hub and the pages of its next hop name the processes that read it."""
    data, readers = _hub(estate)
    graph = atlas.get_entity_lineage(data.guid, depth=1, width=3, direction="OUTPUT")
    assert [one["toEntityId"] for one in graph["relations"]] == [p.guid for p in readers[:3]]
    assert graph["widthCounts"]["OUTPUT"][data.guid] == len(readers)
    found: list[str] = []
    for offset in range(0, len(readers) + 6, 6):
        page = atlas.get_entity_next_lineage(data.guid, "OUTPUT", offset=offset, limit=6)
        found += [one["toEntityId"] for one in page["relations"]]
    assert found == [process.guid for process in readers]
