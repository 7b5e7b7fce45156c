"""Hosts that go by two names, as a register of the packs says."""

from collections.abc import Mapping

from pipeline.errors import ConfigError
from pipeline.judge.registers import Loaded

NAME = "hosts"
"""The register that holds them."""


def of(loaded: Loaded | None) -> Mapping[str, str]:
    """The other name of every host that a register has, both without scheme and port, in lower case.

    Raises:
        ConfigError: a host with two other names, or a name that leads to a third, or to itself.
    """
    found: dict[str, str] = {}
    places: dict[str, str] = {}
    for row in loaded.rows if loaded else ():
        name, other = bare(row["name"]), bare(row["other"])
        place = f"{row['file']}:{row['line']}"
        if found.setdefault(name, other) != other:
            raise ConfigError(f"{place}: {name} leads to {found[name]} already, in {places[name]}")
        places.setdefault(name, place)
    for name, other in found.items():
        if other in found:
            raise ConfigError(
                f"{places[name]}: {name} leads to {other}, which leads to {found[other]}: name the last one"
            )
    return found


def bare(host: str) -> str:
    """`host` without scheme, port and path, in lower case."""
    return host.lower().rpartition("://")[2].partition("/")[0].partition(":")[0]
