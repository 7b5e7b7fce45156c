"""What scans are made of: rule sets, classification rules, credentials, runtimes and filters."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import platforms
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.answers import json_answer
from pipeline.sandbox.purview import next_links
from pipeline.sandbox.purview.scanning import run_rows
from pipeline.sandbox.purview.scanning.scans import Scan, Source

Json = dict[str, Any]
CREATED = "2024-02-23T15:45:16.5674969Z"
RULESET_PAGE = 5
EXTENSIONS = ("CSV", "JSON", "PARQUET", "AVRO", "ORC", "XML", "GZ", "DOCX", "XLSX", "PDF")
LAKE_RULESET = "lake_without_archives"
RUNTIME = "runtime-north"
CREDENTIALS = (
    ("redshift-reader", "BasicAuth"),
    ("snowflake-reader", "BasicAuth"),
    ("trino-reader", "BasicAuth"),
    ("databricks-loader", "ServicePrincipal"),
    ("old-lake-key", "AccountKey"),
    ("purview-identity", "ManagedIdentity"),
)
RUNTIMES = (
    ("runtime-north", "SelfHosted", "On the analysts' network."),
    ("runtime-spare", "SelfHosted", None),
    ("managed-westeurope", "Managed", "In the managed network."),
)
RULES = (
    ("loyalty_number", s.LOYALTY, "Enabled", ("^NL-[0-9]{8}$",), ("^loyalty.*$",)),
    ("twitter_handle", s.HANDLE, "Enabled", ("^@[a-zA-Z0-9]+$",), ()),
    ("programme_falcon", s.PROGRAMME, "Disabled", ("(?i)falcon",), ()),
    ("employee_badge", "Northlight Badge", "Enabled", ("^[A-Z]{2}[0-9]{5}$",), ("^badge(_id)?$",)),
)


def _listed(rows: list[Json]) -> Response:
    return json_answer({"count": len(rows), "nextLink": None, "value": rows})


def ruleset_of(source: Source, scan: Scan) -> tuple[str, str]:
    """Name and type of the rule set that a scan applies."""
    if source.platform.is_file and scan is source.scans[0]:
        return LAKE_RULESET, "Custom"
    return source.platform.kind, "System"


def credential_of(source: Source) -> Json | None:
    """The credential that the scans of a source sign in with; None where Purview uses its own identity."""
    kind = dict(CREDENTIALS).get(name := f"{source.platform.key}-reader")
    return {"credentialType": kind, "referenceName": name} if kind else None


def runtime_of(source: Source) -> Json | None:
    """The runtime that scans of a source go through; None = the service's own."""
    if source.platform in (platforms.TRINO, platforms.SNOWFLAKE):
        return {"integrationRuntimeType": "SelfHosted", "referenceName": RUNTIME}
    return None


def filter_of(source: Source, scan: Scan) -> Json | None:
    """What one scan reads and leaves out; None where nobody has narrowed it."""
    if scan is not source.scans[0] or not (source.platform.is_file or source.platform.is_table):
        return None
    at = platforms.host(source.platform, source.host_number)
    whole = f"{'https' if source.platform.is_file else source.platform.key}://{at}/"
    properties: Json = {
        "excludeRegexes": None,
        "excludeUriPrefixes": [whole + part for part in ("tmp", "sandbox", "01-bronze")],
        "includeRegexes": None,
        "includeUriPrefixes": [whole],
    }
    if source.host_number % 2 == 0:
        properties |= {"excludeUriPrefixes": [], "excludeRegexes": [".*_bak$"]}
    name = f"datasources/{source.name}/scans/{scan.name}/filters/custom"
    return {"id": name, "name": "custom", "properties": properties}


def _ruleset(name: str, kind: str, of: str, version: int, **told: Any) -> Json:
    folder = "systemscanrulesets" if of == "System" else "scanrulesets"
    properties: Json = {
        "createdAt": CREATED,
        "description": None,
        "excludedSystemClassifications": [],
        "includedCustomClassificationRuleNames": [],
        "lastModifiedAt": CREATED,
        **told,
    }
    if kind == platforms.FILES.kind:
        properties.setdefault(
            "scanningRule", {"customFileExtensions": None, "fileExtensions": list(EXTENSIONS)}
        )
    return {
        "id": f"{folder}/{kind if of == 'System' else name}",
        "kind": kind,
        "name": name,
        "properties": properties,
        "scanRulesetType": of,
        "status": "Enabled",
        "version": version,
    }


def custom_rulesets() -> list[Json]:
    """Rule sets that people made."""
    lake, table = platforms.FILES.kind, platforms.SYNAPSE.kind
    few = {"customFileExtensions": None, "fileExtensions": ["CSV", "PARQUET"]}
    names = [RULES[0][0], RULES[1][0]]
    return [
        # nobody expected passports of that country in files
        _ruleset(LAKE_RULESET, lake, "Custom", 3, scanningRule=few,
                 excludedSystemClassifications=[s.STATE, s.US_PASSPORT],
                 includedCustomClassificationRuleNames=names),
        _ruleset("synapse_quick", table, "Custom", 1,
                 excludedSystemClassifications=[s.CITY, s.STATE, s.ZIP]),
        {**_ruleset("abandoned", table, "Custom", 1), "status": "Disabled"},
    ]  # fmt: skip


def system_rulesets() -> list[Json]:
    """Rule sets of the service: one for every kind of source, one of them in two versions."""
    words = "Microsoft default scan rule set that includes all supported classification rules"
    found = [
        _ruleset(one.kind, one.kind, "System", run_rows.RULESET_VERSION, description=words)
        for one in platforms.PLATFORMS
    ]
    lake = platforms.FILES.kind
    return [*found, _ruleset(lake, lake, "System", run_rows.RULESET_VERSION - 1)]


async def scan_rulesets(request: Request) -> Response:
    """Rule sets that people made."""
    del request
    return _listed(custom_rulesets())


async def system_scan_rulesets(request: Request) -> Response:
    """One page of the service's own rule sets."""
    rows = system_rulesets()
    return json_answer({"count": len(rows), **next_links.page(request, rows, RULESET_PAGE)})


async def classification_rules(request: Request) -> Response:
    """Custom classification rules."""
    del request
    return _listed([_rule(*one) for one in RULES])


def _rule(
    name: str, sets: str, status: str, values: tuple[str, ...], columns: tuple[str, ...]
) -> Json:
    def patterns(texts: tuple[str, ...]) -> list[Json]:
        return [{"kind": "Regex", "pattern": text} for text in texts]

    return {
        "id": f"classificationrules/{name}",
        "kind": "Custom",
        "name": name,
        "properties": {
            "classificationAction": "Keep",
            "classificationName": sets,
            "columnPatterns": patterns(columns),
            "createdAt": CREATED,
            "dataPatterns": patterns(values),
            "description": f"Detects {sets}.",
            "lastModifiedAt": CREATED,
            "minimumPercentageMatch": 60.0,
            "ruleStatus": status,
            "version": 2,
        },
    }


def _credential(name: str, kind: str) -> Json:
    """A credential; the secret in it is there to be redacted."""
    store = {"referenceName": "keys-north", "type": "LinkedServiceReference"}
    secret = {"secretName": "sandbox-not-a-secret", "secretVersion": "", "store": store,
              "type": "AzureKeyVaultSecret"}  # fmt: skip
    parts: dict[str, Json] = {
        "BasicAuth": {"user": "reader", "password": secret},
        "AccountKey": {"accountKey": secret},
        "ServicePrincipal": {"servicePrincipalKey": secret},
        "ManagedIdentity": {},
    }
    properties = {"description": f"Made for {name}.", "typeProperties": parts[kind]}
    return {"id": f"credentials/{name}", "kind": kind, "name": name, "properties": properties}


async def credentials(request: Request) -> Response:
    """What scans may sign in with."""
    del request
    return _listed([_credential(*one) for one in CREDENTIALS])


async def integration_runtimes(request: Request) -> Response:
    """The machines that scans go through."""
    del request
    rows: list[Json] = [
        {"kind": kind, "name": name, "properties": {"description": words} if words else {}}
        for name, kind, words in RUNTIMES
    ]
    return _listed(rows)


ROUTES = [
    Route("/scan/scanrulesets", scan_rulesets),
    Route("/scan/systemScanRulesets", system_scan_rulesets),
    Route("/scan/classificationrules", classification_rules),
    Route("/scan/credentials", credentials),
    Route("/scan/integrationruntimes", integration_runtimes),
]
