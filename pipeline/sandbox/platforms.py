"""The platforms that hold data: how each names things in Purview and in Immuta."""

from dataclasses import dataclass

from pipeline.sandbox.vocabulary import COMPANY


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform: its type names in the Data Map, in scanning and in Immuta."""

    key: str
    weight: int
    kind: str
    scan_kind: str
    type_name: str
    column_type: str
    asset_type: str
    object_type: str
    technology: str = ""
    handler: str = ""
    port: int = 443

    @property
    def is_table(self) -> bool:
        """Whether its assets are relational tables, which Immuta can govern."""
        return bool(self.handler)

    @property
    def is_file(self) -> bool:
        """Whether its assets are files or resource sets."""
        return self.key == "files"

    @property
    def is_report(self) -> bool:
        """Whether its assets are reports."""
        return self.key == "powerbi"


SYNAPSE = Platform(
    "synapse", 18, "AzureSynapseWorkspace", "AzureSynapseWorkspaceMsi",
    "azure_synapse_dedicated_sql_table", "azure_synapse_dedicated_sql_column",
    "Azure Synapse Analytics", "Tables", "Azure Synapse Analytics", "asa", 1433,
)  # fmt: skip
DATABRICKS = Platform(
    "databricks", 18, "DatabricksUnityCatalog", "DatabricksUnityCatalog",
    "databricks_table", "databricks_table_column",
    "Azure Databricks Unity Catalog", "Tables", "Databricks", "databricks",
)  # fmt: skip
REDSHIFT = Platform(
    "redshift", 12, "AmazonRedShift", "AmazonRedShiftCredential",
    "amazon_redshift_table", "amazon_redshift_column",
    "Amazon Redshift", "Tables", "Redshift", "redshift", 5439,
)  # fmt: skip
SNOWFLAKE = Platform(
    "snowflake", 20, "Snowflake", "SnowflakeCredential",
    "snowflake_table", "snowflake_table_column",
    "Snowflake", "Tables", "Snowflake", "snowflake",
)  # fmt: skip
TRINO = Platform(
    "trino", 10, "Trino", "TrinoCredential",
    "trino_table", "trino_column",
    "Trino", "Tables", "Trino", "trino",
)  # fmt: skip
FILES = Platform(
    "files", 15, "AdlsGen2", "AdlsGen2Msi",
    "azure_datalake_gen2_path", "column",
    "Azure Data Lake Storage Gen2", "Files",
)  # fmt: skip
POWERBI = Platform(
    "powerbi", 7, "PowerBI", "PowerBIMsi",
    "powerbi_report", "",
    "Power BI", "Reports",
)  # fmt: skip

PLATFORMS = (SYNAPSE, DATABRICKS, REDSHIFT, SNOWFLAKE, TRINO, FILES, POWERBI)
_CYCLE = [platform for platform in PLATFORMS for _ in range(platform.weight)]
_RANK = [sum(other is platform for other in _CYCLE[:at]) for at, platform in enumerate(_CYCLE)]


def of_slot(slot: int) -> tuple[Platform, int]:
    """Platform of a slot of the estate, and the slot's rank within that platform."""
    round_, turn = divmod(slot, len(_CYCLE))
    place = turn * 37 % len(_CYCLE)  # 37 is coprime to 100: a round visits every place once
    return _CYCLE[place], round_ * _CYCLE[place].weight + _RANK[place]


def host(platform: Platform, number: int) -> str:
    """Host name of one instance of the platform, without port."""
    return {
        "synapse": f"{COMPANY}{number:02d}.sql.azuresynapse.net",
        "databricks": f"adb-70014{number:02d}552233.{number % 20}.azuredatabricks.net",
        "redshift": f"{COMPANY}-{number:02d}.c9x1k2.eu-west-1.redshift.amazonaws.com",
        "snowflake": f"nl{number:02d}.snowflakecomputing.com",
        "trino": f"trino-{number:02d}.data.{COMPANY}.example",
        "files": f"{COMPANY}lake{number:02d}.dfs.core.windows.net",
        "powerbi": "app.powerbi.com",
    }[platform.key]


def spelled(platform: Platform, word: str) -> str:
    """Identifier as the platform's people write it: upper, lower or Pascal case."""
    if platform.key == "snowflake":
        return word.upper()
    if platform.key == "synapse":
        return "".join(part.capitalize() for part in word.split("_"))
    return word


def folded(platform: Platform, word: str) -> str:
    """Identifier as the platform compares it."""
    if platform.key == "snowflake":
        return word.upper()
    return word if platform.key == "synapse" else word.lower()


def qualified_name(platform: Platform, at: str, path: tuple[str, str, str]) -> str:
    """Qualified name of a table (database, schema, table) in the Data Map."""
    database, schema, table = path
    return {
        "synapse": f"mssql://{at}/{database}/{schema}/{table}",
        "databricks": f"databricks://{at}/catalogs/{database}/schemas/{schema}/tables/{table}",
        "redshift": f"redshift://{at}:5439/{database}/{schema}/{table}",
        "snowflake": f"snowflake://{at}/databases/{database}/schemas/{schema}/tables/{table}",
        "trino": f"trino://{at}:443/{database}/{schema}/{table}",
    }[platform.key]


def broken_name(platform: Platform, at: str, path: tuple[str, str, str]) -> str:
    """Qualified name that lacks database or schema, as imports by hand produce."""
    return {
        "databricks": f"databricks://{at}/tables/{path[2]}",
        "snowflake": f"snowflake://{at}/shares/{path[0]}/objects/{path[2]}",
    }.get(platform.key, f"{platform.key}://{at}/{path[2]}")
