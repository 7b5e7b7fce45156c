"""The sections of muster.toml: every key with its kind, its default and what it is."""

from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from pipeline.errors import ConfigError

PurviewPlane = Literal[
    "datamap",
    "account",
    "scanning",
    "policy_store",
    "audit",
    "unified_catalog",
    "data_assets",
    "data_access",
    "workflow",
]
PURVIEW_PLANES: tuple[PurviewPlane, ...] = get_args(PurviewPlane)
TENANT_PLANES = ("unified_catalog", "data_assets", "data_access")
"""Planes on a host that all accounts share, not on the account's own."""
TENANT_HOST = "https://api.purview-service.microsoft.com"
ImmutaPlane = Literal["govern", "request", "activity"]
ImmutaRegion = Literal["na", "eu", "ap"]
ImmutaSignIn = Literal["auto", "exchange", "raw", "bearer"]
SignIn = Literal["auto", "secret", "certificate", "managed_identity", "cli", "default", "token"]
MEMORY = r"(?i)^\s*(\d+(\.\d+)?\s*[KMGT]B|[1-9]\d?(\.\d+)?\s*%)\s*$"
"""A size, or a share of this machine's memory."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PurviewConfig(_Section):
    """Section [purview]: the Purview account, its planes and the sign-in."""

    account: str | None = Field(
        None, description="account name: https://<account>.purview.azure.com"
    )
    endpoint: str | None = Field(None, description="base URL of all planes, instead of account")
    datamap_url: str | None = Field(None, description="base URL of the Data Map plane alone")
    account_url: str | None = Field(None, description="base URL of the account plane alone")
    scanning_url: str | None = Field(None, description="base URL of the scanning plane alone")
    policy_store_url: str | None = Field(None, description="base URL of the policy store alone")
    audit_url: str | None = Field(None, description="base URL of the audit history alone")
    unified_catalog_url: str | None = Field(
        None, description="base URL of the Unified Catalog alone, its data assets included"
    )
    data_access_url: str | None = Field(None, description="base URL of the data access plane alone")
    workflow_url: str | None = Field(None, description="base URL of classic workflows alone")
    authority: str = Field("https://login.microsoftonline.com", description="Entra ID sign-in host")
    tenant_id: str | None = Field(None, description="Entra tenant")
    sign_in: SignIn = Field(
        "auto", description=f"{' | '.join(get_args(SignIn))}; auto takes what is set below"
    )
    client_id: str | None = Field(
        None, description="application id of the collector, or of a user-assigned identity"
    )
    client_secret: SecretStr | None = Field(None, description="secret of the collector")
    certificate_path: str | None = Field(
        None, description="file with certificate and private key, PEM or PKCS 12, instead"
    )
    certificate_password: SecretStr | None = Field(None, description="password of that file")
    token: SecretStr | None = Field(None, description="a bearer token instead of signing in")
    audit_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="days of audit history that are read; the service keeps 180, "
        "or up to 3650 by licence and retention policy",
    )
    skip: tuple[PurviewPlane, ...] = Field((), description="planes not to read")
    requests_per_second: float = Field(25.0, gt=0, description="ceiling of the pace")

    def base_url(self, plane: str) -> str:
        """Where a plane is.

        Raises:
            ConfigError: nothing says where.
        """
        host = "unified_catalog" if plane == "data_assets" else plane
        url: str | None = getattr(self, f"{host}_url") or self.endpoint
        if url is None and self.account is None:
            raise ConfigError(
                "no Purview account: set PURVIEW_ACCOUNT_NAME, or [purview] account in muster.toml "
                "(`muster run --sandbox` needs neither)"
            )
        own = f"https://{self.account}.purview.azure.com"
        return (url or (TENANT_HOST if plane in TENANT_PLANES else own)).rstrip("/")

    @property
    def left_out(self) -> frozenset[str]:
        """Planes not to read: data assets are those of the Unified Catalog's products, terms and critical data."""
        with_catalog = "unified_catalog" in self.skip
        return frozenset(self.skip) | ({"data_assets"} if with_catalog else frozenset())


class ImmutaConfig(_Section):
    """Section [immuta]: the Immuta tenant, the Request app and their credentials."""

    govern_url: str | None = Field(
        None, description="tenant host, e.g. https://acme.immuta.example"
    )
    region: ImmutaRegion = Field(
        "na", description=f"where the Request app is hosted: {' | '.join(get_args(ImmutaRegion))}"
    )
    request_url: str | None = Field(
        None, description="base URL of the Request app's API, instead of region"
    )
    sign_in: ImmutaSignIn = Field(
        "auto",
        description=f"how the API key is sent: {' | '.join(get_args(ImmutaSignIn))}; "
        "auto exchanges it for a token, and sends it raw where that cannot be done",
    )
    api_key: SecretStr | None = Field(None, description="Govern API key")
    token: SecretStr | None = Field(None, description="a bearer token for Govern, instead")
    request_token: SecretStr | None = Field(None, description="Request app personal access token")
    audit_days: int = Field(30, ge=1, le=3650, description="days of activity that are read")
    audit_feed: Path | None = Field(
        None, description="a file or folder of exported audit events, as JSON lines, instead"
    )
    skip: tuple[ImmutaPlane, ...] = Field((), description="planes not to read")
    requests_per_second: float = Field(25.0, gt=0, description="ceiling of the pace")

    @property
    def request_base(self) -> str:
        """Where the Request app's API is."""
        url = self.request_url or f"https://{self.region}.api.immutacloud.com/marketplace"
        return url.rstrip("/")

    @property
    def left_out(self) -> frozenset[str]:
        """Planes not to read: activity is on the host of Govern, unless it comes from files."""
        with_govern = "govern" in self.skip and self.audit_feed is None
        return frozenset(self.skip) | ({"activity"} if with_govern else frozenset())


class DirectoryConfig(_Section):
    """Section [directory]: who the people are: Microsoft Graph, or a file; without either, names are ids."""

    graph: bool = Field(
        False, description="resolve ids with Microsoft Graph, signed in as [purview]"
    )
    feed: Path | None = Field(
        None, description="a .csv or .parquet file of people, groups and services instead"
    )
    url: str = Field("https://graph.microsoft.com/v1.0", description="base URL of Microsoft Graph")
    token: SecretStr | None = Field(None, description="a bearer token instead of signing in")
    requests_per_second: float = Field(25.0, gt=0, description="ceiling of the pace")

    @model_validator(mode="after")
    def _one_directory(self) -> "DirectoryConfig":
        """Two directories could disagree about one person."""
        if self.graph and self.feed:
            raise ValueError("graph and feed exclude each other: set one of them")
        return self

    @property
    def skip(self) -> tuple[str, ...]:
        """Planes not to read: Microsoft Graph, unless it is asked for or a file is read instead."""
        return () if self.graph or self.feed else ("graph",)


class CollectConfig(_Section):
    """Section [collect]: how the collector sends."""

    workers: int = Field(8, ge=1, le=64, description="threads that send requests")
    full_refresh_days: float = Field(
        7.0,
        ge=0,
        description="days after which every detail is read anew, not only what changed; 0 = always",
    )
    listing: Literal["all", "changes"] = Field(
        "all",
        description="what search lists on the nights between: all assets, or changes and totals",
    )
    timeout_s: float = Field(
        60.0, gt=0, description="seconds without a byte before a try is given up"
    )
    memory_limit: str = Field(
        "200MB",
        pattern=MEMORY,
        description="memory that tables take while they are loaded, checked and sealed, such as 1GB, "
        "or a share of this machine's; the rest goes by way of the disk",
    )


class JudgeConfig(_Section):
    """Section [judge]: what rules may take."""

    rule_timeout_s: float = Field(
        120.0, gt=0, description="seconds after which a rule is given up, and in error"
    )
    memory_limit: str = Field(
        "60%",
        pattern=MEMORY,
        description="memory that rules may take together, such as 4GB, or a share of this machine's",
    )
