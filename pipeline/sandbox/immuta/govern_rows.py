"""Objects of Immuta Govern as JSON."""

from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import handlers, products, source_policies
from pipeline.sandbox.immuta.policies import POLICIES, anyone, local_subscription
from pipeline.sandbox.immuta.sources import DataSource, Entry
from pipeline.sandbox.vocabulary import COMPANY, DOMAINS

Json = dict[str, Any]
TENANT = f"https://immuta.{COMPANY}.example"


def summary(estate: Estate, source: DataSource) -> Json:
    """Row of the listing, which has neither tags nor owners."""
    _, schema, table = source.path
    domain = source.dataset.domain
    return {
        "id": source.id,
        "name": source.name,
        "deleted": source.deleted,
        "description": None,
        "recordFormat": "Not Provided",
        "createdAt": clock.iso_millis(source.created_at),
        "subscriptionPolicy": _own_policy(source) if source.has_local_policy else None,
        "subscriptionType": _way_in(source),
        "subscriptionStatus": "not_subscribed",
        "status": "passed" if source.is_healthy else "failed",
        "recordCount": 0,
        "blobHandlerType": source.platform.technology,
        "connectionString": _connection(source),
        "sqlSchemaName": schema.lower(),
        "remoteTable": table,
        "remoteSchema": schema,
        "schemaEvolutionId": 1 + domain if _is_watched(estate, source) else None,
        "domainId": products.domain_id(estate.seed, domain),
        "domainName": DOMAINS[domain].title,
        "policy": "None",
        "policyHandlerType": "None",
        "native": None,
        "workspace": None,
    } | source.said("dataSource")


def _own_policy(source: DataSource) -> Json:
    return anyone() if source.lets_anyone_in else local_subscription(source.dataset.domain)


def _way_in(source: DataSource) -> str:
    if source.lets_anyone_in:
        return "automatic"
    return "policy" if source.has_global_policy else "manual"


def _is_watched(estate: Estate, source: DataSource) -> bool:
    """Whether the schema of the table is monitored for changes; most are."""
    data = source.dataset
    key = (source.platform.key, data.host_number, data.domain)
    return draws.share(estate.seed, "schema monitoring", *key) < 0.85


def _connection(source: DataSource) -> str:
    return f"immuta_svc@{source.host}:{source.platform.port}/{source.path[0]}"


def detail(estate: Estate, source: DataSource) -> Json:
    """One data source with its policies and the address of its handler."""
    policies = [(POLICIES[1], source.has_global_policy)]
    if source.lets_anyone_in or not (source.has_global_policy or source.has_local_policy):
        policies = [(POLICIES[2], False)]  # switched off on this source
    elif not source.has_global_policy:
        policies = []
    policies += [(policy, True) for policy in source_policies.applied(source)]
    return (
        summary(estate, source)
        | {
            "sqlTableName": source.dataset.name,
            "blobHandler": {
                "ca": None,
                "manualDictionary": False,
                "url": f"{TENANT}/{source.platform.handler}/handler/{source.handler_id}",
            },
            "policyHandler": {
                "id": source.id,
                "type": "jsonPolicy",
                "url": f"{TENANT}/policy/handler/{source.id}",
            }
            if source_policies.has_handler(source)
            else None,
            "createdBy": 100,
            "type": "queryable",
            "rowCount": 0,
            "documentation": "",
            "globalPolicies": estate.policies_on(
                source,
                [
                    {
                        "accessGrant": "READ" if policy.type == "subscription" else None,
                        "disabled": not enabled,
                        "id": policy.id,
                        "name": policy.name,
                        "type": policy.type,
                    }
                    for policy, enabled in policies
                ],
            ),
            "domains": [
                {
                    "id": products.domain_id(estate.seed, source.dataset.domain),
                    "name": DOMAINS[source.dataset.domain].title,
                }
            ],
            "seeded": False,
            "columnEvolutionEnabled": _is_watched(estate, source) or source.id % 3 > 0,
            "updatedAt": clock.iso_millis(source.created_at),
            "tags": [{"name": DOMAINS[source.dataset.domain].title, "source": "curated"}],
        }
        | source.said("detail")
    )


def handler(source: DataSource) -> Json:
    """Handler of a data source; the secrets in it are there to be redacted."""
    database, schema, table = source.path
    metadata: Json = {
        "authenticationMethod": "userPassword",
        "bodataSchemaName": schema.lower(),
        "bodataTableName": source.dataset.name,
        "columnsNormalized": False,
        "dataSourceName": source.name,
        "database": database,
        "disableClassify": False,
        "eventTime": None,
        "highCardinality": None,
        "hostname": source.host,
        "password": handlers.PLANTED,
        "port": source.platform.port,
        "query": None,
        "schema": schema,
        "ssl": True,
        "staleDataTolerance": 86400,
        "table": table,
        "username": "immuta_svc",
    } | handlers.secrets(source)
    if source.platform.handler == "snowflake":
        metadata["warehouse"] = "GOV_WH"
    elif source.platform.handler == "databricks":
        metadata["httpPath"] = "/sql/1.0/warehouses/9f2a"
    return {
        "connectionString": _connection(source),
        "dataSourceId": source.id,
        "id": source.handler_id,
        "metadata": metadata,
        "remoteTableDescription": handlers.described(source),
        "type": "odbcHandler",
    } | source.said("handler")


def _entry(entry: Entry) -> Json:
    return {
        "dataType": entry.data_type,
        "name": entry.name,
        "nullable": True,
        "remoteColumn": entry.name,
        "remoteType": entry.data_type,
        "tags": [
            {
                "deleted": False,
                "name": tag,
                "source": "dataDiscovery" if tag.startswith("Discovered") else "curated",
            }
            for tag in entry.tags
        ],
    }


def dictionary(source: DataSource) -> Json:
    """Data dictionary: the columns of a data source with their tags."""
    entries = source.dictionary()
    created = clock.iso_millis(source.created_at)
    return {
        "createdAt": created,
        "dataSource": source.id,
        "id": source.id,
        "metadata": [_entry(entry) for entry in entries],
        "types": sorted({entry.data_type for entry in entries}),
        "updatedAt": created,
    } | source.said("dictionary")
