"""Walks over the sandbox's planes that have a published contract: at least one answer of every route, all pages of small lists.

A new route is added by calling it in the walk of its plane.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.routing import Match, Route

Json = dict[str, Any]
SAMPLE = 12
SCAN_SETTINGS = (
    "scanrulesets", "systemScanRulesets", "classificationrules", "credentials",
    "integrationruntimes",
)  # fmt: skip
UNKNOWN = "00000000-0000-4000-8000-00000000dead"
VERSIONS = {
    "/datamap": "2023-09-01",
    "/datamap/api/audit": "2023-10-01-preview",
    "/catalog": "2023-02-01-preview",
    "/account": "2023-10-01-preview",
    "/scan": "2023-09-01",
    "/policystore/metadata": "2021-07-01-preview",
    "/policystore/devops": "2022-11-01-preview",
    "/policystore/self-service": "2022-12-01-preview",
    "/workflow": "2023-10-01-preview",
    "/datagovernance/catalog": "2026-03-20-preview",
    "/datagovernance/access": "2023-10-01-preview",
}
REQUEST_APP = "/marketplace"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came over the socket, with the route that gave it."""

    method: str
    path: str
    status: int
    text: str
    body: Any
    route: str


@dataclass
class Walk:
    """Calls the sandbox and keeps every answer."""

    http: httpx.Client
    routes: Sequence[Route]
    others: Mapping[str, httpx.Client] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def send(self, method: str, address: str, body: Json | None = None, **params: Any) -> Any:
        """Body of one call, whatever its status."""
        if "api-version" not in address and not address.startswith(REQUEST_APP):
            params["api-version"] = version(address)
        http = next((one for at, one in self.others.items() if address.startswith(at)), self.http)
        found = http.request(method, address, params=params or None, json=body)
        path = found.request.url.path
        scope = {"type": "http", "method": method, "path": path, "headers": []}
        route = next((r.path for r in self.routes if r.matches(scope)[0] == Match.FULL), "")
        self.answers.append(
            Answer(method, path, found.status_code, found.text, found.json(), route)
        )
        return self.answers[-1].body

    def get(self, path: str, **params: Any) -> Any:
        """Body of a GET, whatever its status."""
        return self.send("GET", path, **params)

    def listed(self, path: str, **params: Any) -> list[Any]:
        """Items of a list with links, all pages; a link that was followed before ends it."""
        items, followed, link = [], set(), path
        while link and link not in followed:
            followed.add(link)
            page = self.get(link, **params)
            items += page.get("value", page.get("values", ()))
            link, params = page.get("nextLink"), {}
        return items

    def posted(self, path: str, body: Json) -> list[Any]:
        """Items of a search, all pages."""
        page = self.send("POST", path, body)
        items = list(page["value"])
        while token := page.get("continuationToken"):
            page = self.send("POST", path, body | {"continuationToken": token})
            items += page["value"]
        return items


def version(address: str) -> str:
    """The api-version of an address."""
    fitting = [one for one in VERSIONS if address.lower().startswith(one)]
    return VERSIONS[max(fitting, key=len)]


def some(items: Iterable[Any]) -> list[Any]:
    """At most SAMPLE of the items, spread over all of them."""
    found = list(items)
    return found[:: max(1, -(-len(found) // SAMPLE))]


def datamap(walk: Walk) -> None:
    """Search, entities, types and lineage."""
    base = "/datamap/api/atlas/v2"
    facets = [{"facet": "classification", "count": 5}, {"facet": "assetType", "count": 5}]
    wanted = {"keywords": "*", "limit": 90, "facets": facets}
    guids = [hit["id"] for hit in walk.posted("/datamap/api/search/query", wanted)]
    entities = walk.get(f"{base}/entity/bulk", guid=guids[:40])["entities"]
    processes = {
        process["guid"]
        for entity in entities
        for side in ("inputToProcesses", "outputFromProcesses")
        for process in entity["relationshipAttributes"].get(side, ())
    }
    for guid in [*some(guids), *sorted(processes)[:4]]:
        walk.get(f"{base}/entity/guid/{guid}")
        walk.get(f"{base}/entity/guid/{guid}/header")
        walk.get(f"{base}/lineage/{guid}", direction="BOTH")
        for way in ("INPUT", "OUTPUT"):
            walk.get(f"/datamap/api/lineage/{guid}/next", direction=way, limit=5, offset=0)
        walk.get(f"{base}/lineage/{guid}/next", direction="OUTPUT", limit=5, offset=0)
    walk.get(f"{base}/entity/guid/{guids[0]}", minExtInfo="true", ignoreRelationships="true")
    for kind in ("CLASSIFICATION", "ENTITY", "RELATIONSHIP", "ENUM", "BUSINESS_METADATA"):
        walk.get(f"{base}/types/typedefs", type=kind)
    definitions = walk.get(f"{base}/types/typedefs")
    for category in ("classification", "entity", "businessMetadata"):
        for one in some(definitions[f"{category}Defs"])[:3]:
            kind = f"{category.lower()}def"
            walk.get(f"{base}/types/{kind}/name/{one['name']}")
            walk.get(f"{base}/types/{kind}/guid/{one['guid']}")
            walk.get(f"{base}/types/typedef/name/{one['name']}")
    for entity in some(entities):
        address = f"type/{entity['typeName']}"
        name = entity["attributes"]["qualifiedName"]
        walk.get(f"{base}/entity/uniqueAttribute/{address}", **{"attr:qualifiedName": name})
        several = {"attr_0:qualifiedName": name, "attr_1:qualifiedName": "nothing"}
        walk.get(f"{base}/entity/bulk/uniqueAttribute/{address}", **several)
        walk.get(f"{base}/entity/guid/{entity['guid']}/classifications")
    walk.get(f"{base}/entity/guid/{UNKNOWN}")
    walk.get(f"{base}/lineage/{guids[0]}", direction="SIDEWAYS")
    walk.send("POST", "/datamap/api/search/query", {"limit": 5000})


def glossary(walk: Walk) -> None:
    """Glossaries, their terms and what these are assigned to."""
    base = "/datamap/api/atlas/v2/glossary"
    walk.get(base, limit=1, offset=0)
    for one in walk.get(base, ignoreTermsAndCategories="true"):
        terms = walk.get(f"{base}/{one['guid']}/terms", limit=40, offset=0)
        for term in some(terms):
            walk.get(f"{base}/term/{term['guid']}")
            walk.get(f"{base}/terms/{term['guid']}/assignedEntities", limit=20, offset=0)
        walk.get(f"{base}/{one['guid']}/categories", limit=5, offset=0)
    walk.get(f"{base}/term/{UNKNOWN}")


def audit(walk: Walk) -> None:
    """The history of assets, terms and classifications."""
    address = "/datamap/api/audit/query"
    for category in ("Asset", "GlossaryTerm", "ClassificationDef"):
        body: Json = {"category": category, "pageSize": 60}
        page = walk.send("POST", address, body)
        for _ in range(SAMPLE):
            if page["lastPage"]:
                break
            token = page["continuationToken"]
            page = walk.send("POST", address, body | {"continuationToken": token})
    walk.send("POST", address, {"category": "Weather"})


def legacy(walk: Walk) -> None:
    """The Data Map under its former address."""
    base = "/catalog/api/atlas/v2"
    found = walk.send("POST", "/catalog/api/search/query", {"limit": 30, "offset": 60})
    guids = [hit["id"] for hit in found["value"]]
    walk.get(f"{base}/entity/bulk", guid=guids)
    for guid in some(guids)[:4]:
        walk.get(f"{base}/entity/guid/{guid}")
        walk.get(f"{base}/entity/guid/{guid}/header")
        walk.get(f"{base}/lineage/{guid}", direction="BOTH", width=3)
        walk.get(f"{base}/lineage/{guid}/next", direction="OUTPUT", limit=5, offset=0)
        walk.get(f"{base}/entity/guid/{guid}/classifications")
    for entity in walk.get(f"{base}/entity/bulk", guid=guids[:3])["entities"]:
        address = f"type/{entity['typeName']}"
        name = entity["attributes"]["qualifiedName"]
        walk.get(f"{base}/entity/uniqueAttribute/{address}", **{"attr:qualifiedName": name})
        several = {"attr_0:qualifiedName": name}
        walk.get(f"{base}/entity/bulk/uniqueAttribute/{address}", **several)
    for one in walk.get(f"{base}/types/typedefs")["entityDefs"][:3]:
        walk.get(f"{base}/types/typedef/name/{one['name']}")
    for one in walk.get(f"{base}/glossary", limit=-1):
        for term in walk.get(f"{base}/glossary/{one['guid']}/terms", limit=3, offset=2):
            walk.get(f"{base}/glossary/term/{term['guid']}")
            walk.get(f"{base}/glossary/terms/{term['guid']}/assignedEntities", limit=5)
        walk.get(f"{base}/glossary/{one['guid']}/categories", limit=5)
    walk.send("POST", "/catalog/api/search/query", {"offset": 100_001})


def account(walk: Walk) -> None:
    """The account, its domains and its tree of collections."""
    walk.get("/account")
    walk.get("/account/")
    names = [one["name"] for one in walk.listed("/account/collections")]
    for name in [*some(names), UNKNOWN]:
        walk.get(f"/account/collections/{name}")
        walk.get(f"/account/collections/{name}/getCollectionPath")
        walk.get(f"/account/collections/{name}/getChildCollectionNames")
    walk.listed("/account/domains")
    walk.listed("/account/contactAssignments")


def scanning(walk: Walk) -> None:
    """Data sources, scans, schedules and runs."""
    for source in walk.listed("/scan/datasources"):
        base = f"/scan/datasources/{source['name']}/scans"
        walk.get(f"/scan/datasources/{source['name']}")
        for scan in walk.listed(base):
            walk.get(f"{base}/{scan['name']}")
            walk.get(f"{base}/{scan['name']}/triggers/default")
            walk.get(f"{base}/{scan['name']}/filters/custom")
            walk.listed(f"{base}/{scan['name']}/runs")
    for settings in SCAN_SETTINGS:
        walk.listed(f"/scan/{settings}")
    walk.get(f"/scan/datasources/{UNKNOWN}/scans")


def policy_store(walk: Walk) -> None:
    """Roles on collections, DevOps and self-service policies, in every spelling of the addresses."""
    for base in ("/policyStore", "/policystore"):
        for roles, policies in (
            ("metadataRoles", "metadataPolicies"),
            ("metadataroles", "metadatapolicies"),
        ):
            walk.listed(f"{base}/{roles}")
            for policy in some(walk.listed(f"{base}/{policies}")):
                walk.get(f"{base}/{policies}/{policy['id']}")
            walk.get(f"{base}/{policies}/{UNKNOWN}")
        walk.listed(f"{base}/devops-policies")
        for policy in some(walk.listed(f"{base}/self-service-policies")):
            walk.get(f"{base}/self-service-policies/{policy['policyId']}")


def workflow(walk: Walk) -> None:
    """Classic workflows, their runs and tasks, as an administrator and as anybody sees them."""
    base = "/workflow"
    for one in walk.listed(f"{base}/workflows"):
        walk.get(f"{base}/workflows/{one['id']}")
    walk.listed(f"{base}/workflowruns")
    for run in some(walk.listed(f"{base}/workflowruns", viewMode="admin", maxpagesize=20)):
        walk.get(f"{base}/workflowruns/{run['id']}")
    for task in some(walk.listed(f"{base}/workflowtasks", timeWindow="30d")):
        walk.get(f"{base}/workflowtasks/{task['id']}")
    for unknown in ("workflows", "workflowruns", "workflowtasks"):
        walk.get(f"{base}/{unknown}/{UNKNOWN}")
    walk.get(f"{base}/workflowruns", timeWindow="2d")


def unified_catalog(walk: Walk) -> None:
    """Business domains, data products and what belongs to them."""
    base = "/datagovernance/catalog"
    for domain in walk.listed(f"{base}/businessdomains"):
        walk.get(f"{base}/businessdomains/{domain['id']}")
    page = walk.get(f"{base}/policies")
    while token := page.get("skipToken"):
        page = walk.get(f"{base}/policies", skipToken=token)
    columns = set()
    for product in some(walk.listed(f"{base}/dataProducts", top=20)):
        walk.get(f"{base}/dataProducts/{product['id']}")
        address = f"{base}/dataProducts/{product['id']}/relationships"
        for kind in ("DATAASSET", "TERM", "CRITICALDATAELEMENT", "OBJECTIVE"):
            walk.get(address, entityType=kind)
        walk.get(address, entityType="NOTHING")
    for element in some(walk.listed(f"{base}/criticalDataElements")):
        address = f"{base}/criticalDataElements/{element['id']}/relationships"
        for kind in ("DATACOLUMN", "TERM"):
            columns |= {one["entityId"] for one in walk.get(address, entityType=kind)["value"]}
    for column in some(sorted(columns)):
        walk.get(f"{base}/dataColumns/{column}")
    walk.listed(f"{base}/dataAssets", top=50)
    for term in some(walk.listed(f"{base}/terms")):
        for kind in ("DATAASSET", "DATACOLUMN", "TERM"):
            walk.get(f"{base}/terms/{term['id']}/relationships", entityType=kind)
    for objective in some(walk.listed(f"{base}/objectives")):
        walk.get(f"{base}/objectives/{objective['id']}/keyResults")


def data_access(walk: Walk) -> None:
    """Requests for data products, policies of these and approvals."""
    base = "/datagovernance/access"
    products = {one["dataProductId"] for one in walk.listed(f"{base}/dataSubscriptions")}
    for product in some(sorted(products)):
        for kind in ("applied", "effective", "nothing"):
            walk.get(f"{base}/dataProducts/{product}/policySets/{kind}")
    catalog = "/datagovernance/catalog"
    for kind, listed in (
        ("businessDomains", "businessdomains"),
        ("terms", "terms"),
        ("criticalDataElements", "criticalDataElements"),
    ):
        for one in some(walk.listed(f"{catalog}/{listed}")):
            walk.get(f"{base}/{kind}/{one['id']}/policySets/applied")
    walk.listed(f"{base}/workflows")
    for run in some(walk.listed(f"{base}/workflowRuns")):
        walk.get(f"{base}/workflowRuns/{run['workflowRunId']}/approvals")


def _paged(walk: Walk, path: str, limit: int = 25) -> list[Json]:
    """Items of a list of the Request app, all pages, whichever way it turns them."""
    items: list[Json] = []
    place: Json = {}
    while True:
        page = walk.get(path, limit=limit, **place)
        items += page["data"]
        meta = page["meta"]
        if meta.get("nextToken"):
            place = {"nextToken": meta["nextToken"]}
        elif page["data"] and len(items) < meta.get("totalCount", 0):
            place = {"offset": len(items)}
        else:
            return items


def request_app(walk: Walk) -> None:
    """Data products with all that belongs to them, requests for products and for single tables, forms, people."""
    base = f"{REQUEST_APP}/api"
    for state in ("", "/live", "/ready"):
        walk.get(f"{REQUEST_APP}/health{state}")
    for product in _paged(walk, f"{base}/data-product"):
        address = f"{base}/data-product/{product['id']}"
        walk.get(address)
        walk.get(f"{base}/data-product/{product['name']}/byName")
        for paged in ("datasources", "request", "members", "columns"):
            _paged(walk, f"{address}/{paged}")
        for whole in ("datasources/all", "request-forms", "recent-determinations"):
            walk.get(f"{address}/{whole}")
        walk.get(f"{address}/recent-determinations", type="MASKING_EXCEPTION")
    for request in _paged(walk, f"{base}/access-request"):
        address = f"{base}/access-request/{request['id']}"
        for what in ("", "/records", "/risk-assessment", "/masking-exception-columns"):
            walk.get(address + what)
        if request["type"] == "MASKING_EXCEPTION":
            user = request["user"]["globalUserId"]
            walk.get(f"{base}/access-request/approved-masking-exception-columns", userId=user)
        walk.get(f"{base}/request-form/version/{request['formVersion']}")
        if "asset" in request:
            _asset(walk, base, request["asset"])
    _forms(walk, base)
    for domain in walk.get(f"{base}/metadata/domain")["domains"]:
        walk.get(f"{base}/metadata/domain/{domain['id']}")
        _paged(walk, f"{base}/metadata/domain/{domain['id']}/datasources")
    for address in ("metadata/users", "metadata/groups", "metadata/attributes", "metadata/tags"):
        walk.get(f"{base}/{address}")
    search = f"{base}/metadata/tags/applied/search"
    for kind in ("column", ["datasource"]):
        walk.send("POST", search, {"modelType": kind, "limit": 5})
    walk.send("POST", search, {"modelType": "column", "dataSourceIds": [], "offset": 5})
    walk.send("POST", search, {"limit": "all"})
    walk.get(f"{base}/auth/user")
    walk.get(f"{base}/auth/tokens")
    for unknown in ("data-product", "access-request", "metadata/domain", "request-form", "asset"):
        walk.get(f"{base}/{unknown}/{UNKNOWN}")


def _asset(walk: Walk, base: str, asset: Json) -> None:
    """A single table that can be asked for; data products have addresses of their own."""
    if asset["type"] == "DATA_OBJECT":
        for what in ("", "/request-forms", "/review-flows"):
            walk.get(f"{base}/asset/{asset['id']}{what}")


def _forms(walk: Walk, base: str) -> None:
    for form in some(_paged(walk, f"{base}/request-form")):
        walk.get(f"{base}/request-form/{form['id']}")
        walk.get(f"{base}/request-form/{form['id']}/data-products")
        for asset in some(walk.get(f"{base}/request-form/{form['id']}/assets")):
            _asset(walk, base, asset)
    for agreement in _paged(walk, f"{base}/data-use-agreement"):
        walk.get(f"{base}/data-use-agreement/{agreement['id']}")
        walk.get(f"{base}/data-use-agreement/{agreement['id']}/request-forms")


WALKS: tuple[Callable[[Walk], None], ...] = (
    datamap, glossary, audit, legacy, account, scanning, policy_store, workflow, unified_catalog, data_access, request_app,
)  # fmt: skip
