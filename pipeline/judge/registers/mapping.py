"""Other names of hosts and the tier map as mappings of YAML: shorter to write than rows, and signed once at their head."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from pipeline.errors import ConfigError
from pipeline.judge import document
from pipeline.judge.document import Document
from pipeline.judge.registers.kinds import REGISTERS
from pipeline.judge.registers.reading import Row
from pipeline.packs import PackFile

SIGNED = ("author", "approver")
"""Keys at the head of a file, of what holds for every row of it."""
HEAD = "author: ann.author@company.example\napprover: ben.approver@company.example"

_FIELDS = REGISTERS["sensitivity"].fields
TIERS = tuple(map(int, _FIELDS["tier"].choices))
SOURCES, WAYS = _FIELDS["source"].choices, _FIELDS["way"].choices


def is_one(file: PackFile) -> bool:
    """Whether a file is a mapping; one that cannot be read at all is none."""
    if file.path.suffix != ".yaml":
        return False
    try:
        root = yaml.compose(file.path.read_text(encoding="utf-8"), Loader=document.LOADER)
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return isinstance(root, yaml.MappingNode)


def rows(name: str, file: PackFile, *, signed: bool) -> list[Row]:
    """The rows that a mapping stands for, each with the line of the key it comes from.

    Raises:
        ConfigError: it is not made as it has to be, or must be `signed` and is not.
    """
    doc = document.read(file)
    about = {key: value for key, value in doc.values.items() if key not in SIGNED}
    head = {key: doc.values[key] for key in SIGNED if key in doc.values}
    if signed and about:
        _check_head(doc, head)
    return [
        Row(doc.lines[str(key)], {**values, **head})
        for key, value in about.items()
        for values in _FORMS[name](doc, key, value)
    ]


def _check_head(doc: Document, head: Mapping[str, Any]) -> None:
    if missing := [key for key in SIGNED if head.get(key) is None]:
        raise ConfigError(
            f"{doc.file.label}: {' and '.join(missing)} missing: what stands here decides verdicts, so it says "
            f"who wrote it and who else approved it. Write both at its head:\n{HEAD}"
        )
    author, approver = (str(head[key]) for key in SIGNED)
    if author.lower() == approver.lower():
        raise doc.error("approver", f"{approver} approved what they wrote; somebody else has to")


def _hosts(doc: Document, key: Any, value: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(key, str) or not isinstance(value, str):
        raise doc.error(str(key), f"{value!r} is no name of a host; write old: new")
    yield {"host": key, "other": value}


def _classes(doc: Document, key: Any, value: Any) -> Iterator[dict[str, Any]]:
    valid = ("tier", *SOURCES, "protection")
    if not isinstance(value, Mapping) or not set(value) <= set(valid):
        raise doc.error(str(key), f"not a mapping with the keys {', '.join(valid)}")
    tier = value.get("tier")
    if tier not in TIERS:
        raise doc.error(str(key), f"tier {tier!r} is not one of {', '.join(map(str, TIERS))}")
    about = {"class": key, "tier": tier, "protection": value.get("protection")}
    for source in SOURCES:
        ways = value.get(source, {})
        if not isinstance(ways, Mapping):
            raise doc.error(str(key), f"{source}: not a mapping with the keys {', '.join(WAYS)}")
        for way, texts in ways.items():
            if way not in WAYS:
                raise doc.error(str(key), f"{source}: {way}: not one of {', '.join(WAYS)}")
            if not isinstance(texts, list):
                raise doc.error(str(key), f"{source}: {way}: not a list of names")
            for text in texts:
                yield {**about, "source": source, "way": way, "name": text}


_FORMS: Mapping[str, Callable[[Document, Any, Any], Iterator[dict[str, Any]]]] = {
    "hosts": _hosts,
    "sensitivity": _classes,
}
