"""The configuration: flag > environment > muster.toml > default, checked once, secrets masked where they are held."""

import hashlib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, Field, JsonValue, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from pipeline.config.sections import (
    PURVIEW_PLANES,
    CollectConfig,
    DirectoryConfig,
    ImmutaConfig,
    JudgeConfig,
    PurviewConfig,
)
from pipeline.errors import ConfigError

__all__ = [
    "PURVIEW_PLANES",
    "CollectConfig",
    "Config",
    "DirectoryConfig",
    "ImmutaConfig",
    "JudgeConfig",
    "PurviewConfig",
    "for_sandbox",
    "load",
    "template",
]

DEFAULT_FILE = Path("muster.toml")

FAMILIAR_NAMES = {
    "AZURE_TENANT_ID": ("purview", "tenant_id"),
    "AZURE_CLIENT_ID": ("purview", "client_id"),
    "AZURE_CLIENT_SECRET": ("purview", "client_secret"),
    "AZURE_CLIENT_CERTIFICATE_PATH": ("purview", "certificate_path"),
    "AZURE_CLIENT_CERTIFICATE_PASSWORD": ("purview", "certificate_password"),
    "AZURE_AUTHORITY_HOST": ("purview", "authority"),
    "PURVIEW_ACCOUNT_NAME": ("purview", "account"),
    "IMMUTA_HOST": ("immuta", "govern_url"),
    "IMMUTA_API_KEY": ("immuta", "api_key"),
    "IMMUTA_REQUEST_TOKEN": ("immuta", "request_token"),
}
"""Environment variables people already have, and the key each one sets."""


class Config(BaseSettings):
    """The effective configuration of one command."""

    model_config = SettingsConfigDict(
        env_prefix="MUSTER_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(Path("data"), description="folder of results")
    packs: list[Path] = Field(
        [], description="folders with rules/, reports/, templates/ of your own"
    )
    purview: PurviewConfig = PurviewConfig()
    immuta: ImmutaConfig = ImmutaConfig()
    directory: DirectoryConfig = DirectoryConfig()
    collect: CollectConfig = CollectConfig()
    judge: JudgeConfig = JudgeConfig()
    params: dict[str, dict[str, JsonValue]] = Field(
        {}, description="rule id -> parameters set anew"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Our own environment names before the familiar ones, both before what was given from the file."""
        return env_settings, InitSettingsSource(settings_cls, _familiar(os.environ)), init_settings

    def estate_name(self) -> str:
        """What the estate is called in snapshots and reports: the Purview account and the Immuta host."""
        account = self.purview.account or urlsplit(self.purview.endpoint or "").hostname or "?"
        return f"{account} + {urlsplit(self.immuta.govern_url or '').hostname or '?'}"

    def digest(self) -> str:
        """sha256 of the configuration with every secret left out, and what does not change the result."""
        text = self.model_dump_json(exclude={"home": True, "collect": {"memory_limit"}})
        return hashlib.sha256(text.encode()).hexdigest()


def load(file: Path | None = None) -> Config:
    """The configuration from `file` (muster.toml if it is there) and the environment.

    Raises:
        ConfigError: unreadable file, unknown key or wrong value; the message lists what is valid.
    """
    path = file or DEFAULT_FILE
    content: dict[str, Any] = {}
    if path.exists():
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not valid TOML: {error}") from error
    elif file is not None:
        raise ConfigError(f"{file}: no such file; `muster init` writes one to start from")
    try:
        return Config(**content)
    except ValidationError as error:
        raise ConfigError("\n".join(_explained(error, path))) from error
    except SettingsError as error:
        raise ConfigError(
            f"the environment: {error}; lists are JSON, e.g. MUSTER_PURVIEW_SKIP='[\"scanning\"]'"
        ) from error


def for_sandbox(config: Config, facts: Mapping[str, str]) -> Config:
    """`config` with every source pointed at a sandbox that said `facts` about itself."""
    return config.model_copy(
        update={
            "purview": PurviewConfig(
                account="sandbox",
                endpoint=facts["url"],
                authority=facts["url"],
                tenant_id=facts["tenant_id"],
                client_id=facts["client_id"],
                client_secret=SecretStr(facts["client_secret"]),
                audit_days=config.purview.audit_days,
                skip=config.purview.skip,
                requests_per_second=10_000,
            ),
            "immuta": ImmutaConfig(
                govern_url=facts["url"],
                request_url=f"{facts['url']}/marketplace",
                api_key=SecretStr(facts["immuta_api_key"]),
                request_token=SecretStr(facts["immuta_request_token"]),
                audit_days=config.immuta.audit_days,
                audit_feed=config.immuta.audit_feed,
                skip=config.immuta.skip,
                requests_per_second=10_000,
            ),
            "directory": DirectoryConfig(
                graph=config.directory.feed is None,
                feed=config.directory.feed,
                url=f"{facts['url']}/v1.0",
                requests_per_second=10_000,
            ),
        }
    )


def _familiar(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, dict[str, str]] = {}
    for name, (section, key) in FAMILIAR_NAMES.items():
        if environment.get(name):
            value = environment[name]
            if key in ("govern_url", "authority") and "://" not in value:
                value = f"https://{value}"
            found.setdefault(section, {})[key] = value
    return dict(found)


_NO_JSON = "no text, number, list or table of those; a day is text: put it in quotes"


def _explained(error: ValidationError, path: Path) -> list[str]:
    """One line per mistake: where, what, and the keys or kind of value that are valid there."""
    lines = []
    for mistake in error.errors():
        place = ".".join(str(part) for part in mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            valid = ", ".join(_keys(mistake["loc"][:-1]))
            lines.append(f"{path}: {place}: unknown key; valid here: {valid}")
        elif mistake["type"] == "invalid-json-value":
            # past the parameter, every other part is but the word for a list or a table
            place = ".".join(map(str, mistake["loc"][:3] + mistake["loc"][4::2]))
            lines.append(f"{path} or the environment: {place}: {_NO_JSON}")
        else:
            lines.append(f"{path} or the environment: {place}: {mistake['msg']}")
    return lines


def _keys(loc: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for part in loc:
        inner = model.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


def template() -> str:
    """A muster.toml to start from: every key with what it is, commented out."""
    lines = ["# Pass Muster. Flags and environment variables win over this file.", ""]
    plain = [name for name, f in Config.model_fields.items() if not _is_section(f.annotation)]
    for name in plain:
        lines.append(f"# {name} = ...  # {Config.model_fields[name].description}")
    for name, section in Config.model_fields.items():
        if _is_section(section.annotation):
            lines += ["", f"[{name}]"]
            for key, value in section.annotation.model_fields.items():  # type: ignore[union-attr]
                lines.append(f"# {key} = {_toml(value.default)}  # {value.description}")
    return "\n".join(lines) + "\n"


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _toml(value: Any) -> str:
    return '""' if value is None else msgspec.json.encode(value).decode()
