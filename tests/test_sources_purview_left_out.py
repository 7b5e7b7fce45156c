"""Whatever Purview's published contracts let a program read is read, or there is a reason why it is not."""

import re

import contract
import pytest

from pipeline.sources.purview import SOURCE

OLDER = {"catalog": "the older address of the Data Map, which is read"}
"""Contracts of which nothing is read, each with the reason."""

SAME = "the list has the same object"
FILTERED = "the same list, filtered"
FOR_A_SEARCH_BOX = "helps people who type, and says nothing of its own"
TYPES = "the list of the types of its kind has it"
ENUMS = "which values an attribute may have; those that it has are read"
RELATIONS = "the type of an entity says which of its attributes lead to others"
STRUCTS = "the form of a value; values are kept as they come"
TEMPLATES = "which attributes a term may have; those that it has are read"
VERSIONS = "what is in force is listed; what was in force before, past snapshots tell"
NETWORK = "how scans reach the network: says nothing of an asset, or of who may see it"
LEFT_OUT = {
    "account": {
        "GET /account/collections/{}/getchildcollectionnames": "every collection names the one above it",
        "GET /account/collections/{}/getcollectionpath": "every collection names the one above it",
        "GET /account/contactassignments/{}": SAME,
        "GET /account/contactgroupdefinitions": "words for kinds of contacts; assignments name the kind",
        "GET /account/contactgroupdefinitions/{}": "words for kinds of contacts",
        "GET /account/domains/{}": SAME,
        "GET /account/getscopedcontactgroupnames": "words for kinds of contacts",
        "GET /account/resourcesetruleconfigs": "how files are told to be parts of one: settings of the scanner",
        "GET /account/resourcesetruleconfigs/defaultresourcesetruleconfig": "settings of the scanner",
    },
    "data_access": {
        "GET /datagovernance/access/approvals": "of each run its parties and product, which runs and requests have",
        "GET /datagovernance/access/dataproducts/{}/activesubscribers": "every product says how many it has",
        "GET /datagovernance/access/dataproducts/{}/policyset": "two switches that its policy sets have",
        "GET /datagovernance/access/dataproducts/{}/policysets/criticaldataelements": "read of each element",
        "GET /datagovernance/access/dataproducts/{}/policysets/terms": "read of each term",
        "GET /datagovernance/access/datasubscriptions/{}": SAME,
        "GET /datagovernance/access/workflowruns/{}": SAME,
        "GET /datagovernance/access/workflows/{}": SAME,
    },
    "datamap": {
        "GET /datamap/api/atlas/v2/entity/bulk/uniqueattribute/type/{}": "entities are read by guid",
        "GET /datamap/api/atlas/v2/entity/businessmetadata/import/template": "an empty form",
        "GET /datamap/api/atlas/v2/entity/guid/{}/classification/{}": "an entity has its classifications",
        "GET /datamap/api/atlas/v2/entity/guid/{}/classifications": "an entity has its classifications",
        "GET /datamap/api/atlas/v2/entity/guid/{}/header": "an entity has what its header has",
        "GET /datamap/api/atlas/v2/entity/uniqueattribute/type/{}": "entities are read by guid",
        "GET /datamap/api/atlas/v2/glossary/category/{}": SAME,
        "GET /datamap/api/atlas/v2/glossary/category/{}/related": "every category names the one above it",
        "GET /datamap/api/atlas/v2/glossary/category/{}/terms": "every category names its terms",
        "GET /datamap/api/atlas/v2/glossary/term/{}": SAME,
        "GET /datamap/api/atlas/v2/glossary/terms/{}/assignedentities": "every asset names its terms",
        "GET /datamap/api/atlas/v2/glossary/terms/{}/related": "every term names its relations",
        "GET /datamap/api/atlas/v2/glossary/{}": SAME,
        "GET /datamap/api/atlas/v2/glossary/{}/categories/headers": "categories have what headers have",
        "GET /datamap/api/atlas/v2/glossary/{}/detailed": "terms and categories are read page by page",
        "GET /datamap/api/atlas/v2/glossary/{}/terms/headers": "terms have what headers have",
        "GET /datamap/api/atlas/v2/lineage/uniqueattribute/type/{}": "lineage is read by guid",
        "GET /datamap/api/atlas/v2/relationship/guid/{}": "an entity has its relationships",
        "GET /datamap/api/atlas/v2/types/businessmetadatadef/guid/{}": TYPES,
        "GET /datamap/api/atlas/v2/types/businessmetadatadef/name/{}": TYPES,
        "GET /datamap/api/atlas/v2/types/classificationdef/guid/{}": TYPES,
        "GET /datamap/api/atlas/v2/types/classificationdef/name/{}": TYPES,
        "GET /datamap/api/atlas/v2/types/entitydef/guid/{}": TYPES,
        "GET /datamap/api/atlas/v2/types/entitydef/name/{}": TYPES,
        "GET /datamap/api/atlas/v2/types/enumdef/guid/{}": ENUMS,
        "GET /datamap/api/atlas/v2/types/enumdef/name/{}": ENUMS,
        "GET /datamap/api/atlas/v2/types/relationshipdef/guid/{}": RELATIONS,
        "GET /datamap/api/atlas/v2/types/relationshipdef/name/{}": RELATIONS,
        "GET /datamap/api/atlas/v2/types/structdef/guid/{}": STRUCTS,
        "GET /datamap/api/atlas/v2/types/structdef/name/{}": STRUCTS,
        "GET /datamap/api/atlas/v2/types/typedef/guid/{}": "types are read by kind",
        "GET /datamap/api/atlas/v2/types/typedef/name/{}": "types are read by kind",
        "GET /datamap/api/atlas/v2/types/typedefs/headers": "names alone; of each kind that counts the whole list is read",
        "GET /datamap/api/types/termtemplatedef/guid/{}": TEMPLATES,
        "GET /datamap/api/types/termtemplatedef/name/{}": TEMPLATES,
        "POST /datamap/api/search/autocomplete": FOR_A_SEARCH_BOX,
        "POST /datamap/api/search/suggest": FOR_A_SEARCH_BOX,
    },
    "devops_policies": {
        "GET /policystore/devops-policies/{}/sql-perf-monitor-roles": "the list has every role of every resource",
        "GET /policystore/devops-policies/{}/sql-security-auditor-roles": "the list has every role",
    },
    "metadata_policies": {"GET /policystore/metadatapolicies/{}": SAME},
    "scanning": {
        "GET /scan/azurekeyvaults": "where secrets are kept: says nothing of an asset, or of who may see it",
        "GET /scan/azurekeyvaults/{}": "where secrets are kept",
        "GET /scan/classificationrules/{}": SAME,
        "GET /scan/classificationrules/{}/versions": VERSIONS,
        "GET /scan/credentials/{}": SAME,
        "GET /scan/datasources/{}/scans/{}": SAME,
        "GET /scan/datasources/{}/scans/{}/runs/{}": SAME,
        "GET /scan/integrationruntimes/{}": SAME,
        "GET /scan/integrationruntimes/{}/status": "how a machine is at the moment; runs tell whether it worked",
        "GET /scan/managedvirtualnetworks": NETWORK,
        "GET /scan/managedvirtualnetworks/{}": NETWORK,
        "GET /scan/managedvirtualnetworks/{}/managedprivateendpoints": NETWORK,
        "GET /scan/managedvirtualnetworks/{}/managedprivateendpoints/{}": NETWORK,
        "GET /scan/scanrulesets/{}": SAME,
        "GET /scan/systemscanrulesets/datasources/{}": SAME,
        "GET /scan/systemscanrulesets/versions": VERSIONS,
        "GET /scan/systemscanrulesets/versions/latest": SAME,
        "GET /scan/systemscanrulesets/versions/{}": VERSIONS,
    },
    "self_service_policies": {"GET /policystore/self-service-policies/{}": SAME},
    "unified_catalog": {
        "GET /datagovernance/catalog/criticaldataelements/{}": SAME,
        "GET /datagovernance/catalog/dataassets/{}": SAME,
        "GET /datagovernance/catalog/dataassets/{}/relationships": "the same relations from their other end",
        "GET /datagovernance/catalog/objectives/{}": SAME,
        "GET /datagovernance/catalog/objectives/{}/keyresults/{}": SAME,
        "GET /datagovernance/catalog/terms/{}": SAME,
        "GET /datagovernance/catalog/terms/{}/hierarchies": "every term names the one above it",
        "POST /datagovernance/catalog/criticaldataelements/facets": FOR_A_SEARCH_BOX,
        "POST /datagovernance/catalog/criticaldataelements/query": FILTERED,
        "POST /datagovernance/catalog/dataassets/query": FILTERED,
        "POST /datagovernance/catalog/datacolumns/query": "columns are read by id, so that none is missed",
        "POST /datagovernance/catalog/dataproducts/facets": FOR_A_SEARCH_BOX,
        "POST /datagovernance/catalog/dataproducts/query": FILTERED,
        "POST /datagovernance/catalog/objectives/facets": FOR_A_SEARCH_BOX,
        "POST /datagovernance/catalog/objectives/query": FILTERED,
        "POST /datagovernance/catalog/terms/facets": FOR_A_SEARCH_BOX,
        "POST /datagovernance/catalog/terms/query": FILTERED,
    },
    "workflow": {"GET /workflow/workflowtasks/{}": "the list has it, but for the text that is to be changed"},
}  # fmt: skip
"""Reads that are not made, by contract, each with the reason."""


def operation(method: str, path: str) -> str:
    """An operation, however its path is spelled and its placeholders are called."""
    unnamed = re.sub(r"\{[^}]*\}", "{}", path).rstrip("/").lower()
    return f"{method.upper()} {unnamed}"


PUBLISHED = {
    one.name: {
        operation(method, one.base + path)
        for path, methods in one.paths.items()
        for method in methods
    }
    for one in contract.contracts()
    if one.name != "request_app"
}
"""Operations by contract; these descriptions hold only what reads."""

READ = {operation(one.method, one.path) for one in SOURCE.endpoints}


@pytest.mark.parametrize("name", sorted(PUBLISHED.keys() - OLDER.keys()))
def test_every_published_read_is_made_or_left_out_for_a_reason(name: str) -> None:
    """No list of a plane is forgotten: it is either asked for or named here, and not both; and a reason for
    an operation that is not published any more goes too."""
    unread = PUBLISHED[name] - READ
    assert unread == LEFT_OUT.get(name, {}).keys()


def test_of_older_addresses_nothing_is_read() -> None:
    """A contract that is left out as a whole is one, and has not come back in part."""
    assert OLDER.keys() <= PUBLISHED.keys()
    assert OLDER.keys().isdisjoint(LEFT_OUT)
    assert READ.isdisjoint(set().union(*(PUBLISHED[name] for name in OLDER)))
    assert LEFT_OUT.keys() <= PUBLISHED.keys()
