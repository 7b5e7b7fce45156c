"""What a folder declares: its payloads, of which kind each is, and every key checked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from pipeline.drift import data_source, document, policy, project, purpose
from pipeline.drift.document import Entry, Node
from pipeline.drift.facts import Declared
from pipeline.drift.shape import At, PayloadError
from pipeline.errors import UsageError

KINDS: Mapping[str, ModuleType] = {
    "policy": policy,
    "project": project,
    "purpose": purpose,
    "data": data_source,
}
"""Each kind of payload of the V2 API and the module that reads it and its live side."""

SUFFIXES = (".yaml", ".yml", ".json")
_TELLING = {"policyKey": "policy", "projectKey": "project", "connectionKey": "data"}


def read(folder: Path) -> list[Declared]:
    """Everything that the files below `folder` declare, in the order of the files.

    Raises:
        UsageError: no such folder or nothing in it, or a file is wrong; the message names file, line and key.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    found = [one for path in files for one in _file(path, path.relative_to(folder))]
    if not found:
        raise UsageError(f"{folder}: nothing declared in files {', '.join(SUFFIXES)}")
    return _distinct(found)


def _file(path: Path, relative: Path) -> Iterable[Declared]:
    label = str(path)
    folders = [part.lower() for part in relative.parts[:-1]]
    for root in document.read(path, label):
        items = root.value if isinstance(root.value, list) else [root]
        for item in items:
            if not isinstance(item.value, dict):
                raise PayloadError(f"{label}:{item.line}: a payload must be a mapping of keys")
            yield from _payload(item, item.value, label, folders)


def _payload(
    node: Node, entries: dict[str, Entry], label: str, folders: list[str]
) -> Iterable[Declared]:
    kind, named_by = _kind(node, entries, label, folders)
    module = KINDS[kind]
    kept = {key: entry for key, entry in entries.items() if key not in named_by}
    lines: dict[str, int] = {}
    payload = module.shape(Node(kept, node.line), At(label), lines)
    for part in module.spread(payload):
        whole = Declared(kind, part.key, part.payload, label, node.line, lines, part.prefix)
        yield replace(whole, line=whole.line_of("name")) if part.prefix else whole


def _kind(
    node: Node, entries: dict[str, Entry], label: str, folders: list[str]
) -> tuple[str, set[str]]:
    """The kind of a payload and the keys that only named it.

    Raises:
        PayloadError: nothing tells, or things tell different kinds.
    """
    told: dict[str, str] = {}
    folder = next(
        (
            (part, kind)
            for part in reversed(folders)
            for kind, module in KINDS.items()
            if part in module.FOLDERS
        ),
        None,
    )
    if folder is not None:
        told[f"folder {folder[0]}/"] = folder[1]
    telling = {key: kind for key, kind in _TELLING.items() if key in entries}
    told.update({f"key {key}": kind for key, kind in telling.items()})
    if not telling and "name" in entries and {"acknowledgement", "subpurposes"} & entries.keys():
        told["keys of a purpose"] = "purpose"
    named_by: set[str] = set()
    for key in ("kind", "type"):
        word = entries[key].node.value if key in entries else None
        # `type: data` of a policy is the type of the policy
        if key == "type" and "policy" in told.values():
            continue
        if isinstance(word, str) and (named := _named(word)):
            told[f"{key}: {word}"] = named
            named_by.add(key)
        elif key == "kind" and key in entries:
            line = entries[key].line
            raise PayloadError(f"{label}:{line}: kind: {word!r} is not one of {', '.join(KINDS)}")
    kinds = set(told.values())
    if len(kinds) == 1:
        return kinds.pop(), named_by
    at = f"{label}:{node.line}"
    if not kinds:
        raise PayloadError(
            f"{at}: nothing tells the kind of this payload: put the file in a folder policy, project, purpose "
            f"or data, or give it the key kind: {' | '.join(KINDS)}"
        )
    heard = "; ".join(f"{source} says {kind}" for source, kind in told.items())
    raise PayloadError(f"{at}: the kind of this payload is ambiguous: {heard}")


def _named(word: str) -> str | None:
    """The kind that a word names, in singular or plural."""
    lower = word.lower()
    return next((kind for kind, module in KINDS.items() if lower in module.FOLDERS), None)


def _distinct(found: list[Declared]) -> list[Declared]:
    """The same, if no two declare one object.

    Raises:
        PayloadError: two do.
    """
    first: dict[tuple[str, str], Declared] = {}
    for one in found:
        other = first.setdefault((one.kind, one.key), one)
        if other is not one:
            raise PayloadError(
                f"{one.label}:{one.line}: {one.kind} {one.key!r} is declared twice, "
                f"first in {other.label}:{other.line}"
            )
    return found
