"""Hosts that go by two names, as a file of the packs says."""

from collections.abc import Mapping

from pipeline.judge import document
from pipeline.packs import Packs

FILE = "rules/hosts.yaml"


def load(packs: Packs) -> Mapping[str, str]:
    """The other name of every host in the file, both without scheme and port, in lower case.

    Raises:
        ConfigError: a name that is no text, one host with itself, or a name that leads to a third.
    """
    file = next((file for file in packs.files("rules", ".yaml") if file.relative == FILE), None)
    if file is None:
        return {}
    doc = document.read(file)
    found: dict[str, str] = {}
    for name, other in doc.values.items():
        if not isinstance(name, str) or not isinstance(other, str):
            raise doc.error(str(name), f"{other!r} is no name of a host; write old: new")
        found[bare(name)] = bare(other)
    for name, other in found.items():
        if other in found:
            raise doc.error(
                None, f"{name} leads to {other}, which leads to {found[other]}: name the last one"
            )
    return found


def bare(host: str) -> str:
    """`host` without scheme, port and path, in lower case."""
    return host.lower().rpartition("://")[2].partition("/")[0].partition(":")[0]
