"""Published contracts as JSON Schema: which schema an answer must satisfy, and what an answer breaks.

A contract is closed: a field that its description does not declare is a breach, unless
`contracts/additions.json` allows it and names the source of the permission.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker

Json = dict[str, Any]
FOLDER = Path(__file__).parent / "contracts"
# words of a schema that JSON Schema understands as they are
KEPT = (
    "$ref", "additionalProperties", "anyOf", "enum", "format", "items", "maximum", "minItems", "minLength", "minimum",
    "pattern", "properties", "required", "type",
)  # fmt: skip
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """RFC 3339 with an offset; services send up to seven digits of a second."""
    if not isinstance(value, str):
        return True
    parts = re.fullmatch(r"(.{10}T.{8})(?:\.\d{1,7})?(Z|[+-]\d\d:\d\d)", value)
    return parts is not None and bool(datetime.fromisoformat("".join(parts.groups())))


@FORMATS.checks("uuid", raises=ValueError)
def _is_guid(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value.lower()


@FORMATS.checks("cuid")
def _is_cuid(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch("c[a-z0-9]{20,}", value) is not None


@FORMATS.checks("uri", raises=ValueError)
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)


def additions() -> list[Json]:
    """What answers may hold beyond or against a description, each with its source."""
    found: list[Json] = json.loads((FOLDER / "additions.json").read_text())
    return found


@dataclass(frozen=True, slots=True)
class Contract:
    """One description: its operations, and its definitions in JSON Schema."""

    name: str
    base: str
    paths: Json
    definitions: Json

    def _operation(self, method: str, path: str) -> Json | None:
        inner = path[len(self.base) :].rstrip("/") or "/"
        if not path.lower().startswith(self.base.lower()):
            return None
        for template, methods in self.paths.items():
            pattern = re.sub(r"\{[^}]*\}", "[^/]+", template.rstrip("/") or "/")
            if method.lower() in methods and re.fullmatch(pattern, inner, re.IGNORECASE):
                found: Json = methods[method.lower()]
                return found
        return None

    def answer(self, method: str, path: str, status: int) -> Json | None:
        """Schema of an answer; None where the contract has no such operation."""
        operation = self._operation(method, path)
        if operation is None:
            return None
        answers = operation["responses"]
        found: Json = answers.get(str(status), answers["default"])
        return found

    def parameters(self, method: str, path: str) -> dict[str, bool] | None:
        """Query parameters of an operation and whether it demands them; None where it does not exist."""
        operation = self._operation(method, path)
        if operation is None:
            return None
        asked = [one for one in operation["parameters"] if one["in"] == "query"]
        return {one["name"]: one.get("required", False) for one in asked}

    def breaches(self, schema: Json, body: Any) -> Iterator[str]:
        """What a body breaks of one of the answers' schemas."""
        whole = {"definitions": self.definitions, "allOf": [schema]}
        checker = Draft202012Validator(whole, format_checker=FORMATS)
        for error in checker.iter_errors(body):
            yield f"{error.json_path}: {error.message[:300]}"


def contracts(allowed: Sequence[Json] | None = None) -> list[Contract]:
    """Every contract of the folder, with the additions given (all of them where None)."""
    paths = sorted(set(FOLDER.glob("*.json")) - {FOLDER / "additions.json"})
    changes = additions() if allowed is None else allowed
    return [_contract(path.stem, json.loads(path.read_text()), changes) for path in paths]


def _contract(name: str, document: Json, changes: Sequence[Json]) -> Contract:
    definitions = document["definitions"]
    for change in changes:
        if change["contract"] == name:
            _allow(definitions, change)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = {
                status: _schema(definitions, one) for status, one in operation["responses"].items()
            }
    return Contract(name, document["basePath"], document["paths"], _opened(definitions))


def _allow(definitions: Json, change: Json) -> None:
    """Adds a definition or a field of one, or a further form to one that is there."""
    held, name = definitions, change["definition"]
    if "property" in change:
        parts = [definitions[name], *definitions[name].get("allOf", ())]
        name = change["property"]
        declared = [part["properties"] for part in parts if name in part.get("properties", ())]
        held = declared[0] if declared else parts[0].setdefault("properties", {})
    known = held.get(name)
    held[name] = {"anyOf": [known, change["schema"]]} if known else change["schema"]


def _opened(definitions: Json) -> Json:
    """The definitions; one with a discriminator becomes the choice between its subtypes."""
    found: Json = {}
    for name, one in definitions.items():
        found[name] = own = _schema(definitions, one)
        if "discriminator" not in one:
            continue
        word, choices, known = one["discriminator"], [], []
        for sub, kinds in _subtypes(definitions, name):
            known += kinds
            choices.append(_if(word, kinds, {"$ref": f"#/definitions/{sub}"}, {}))
        found[name] = {"allOf": [*choices, _if(word, known, {}, own)]}
    return found


def _if(word: str, kinds: list[str], then: Json, otherwise: Json) -> Json:
    return {
        "if": {"properties": {word: {"enum": kinds}}, "required": [word]},
        "then": then,
        "else": otherwise,
    }


def _subtypes(definitions: Json, base: str) -> Iterator[tuple[str, list[str]]]:
    """Subtypes of a definition, each with the kinds it stands for: an addition can name several."""
    for name, one in definitions.items():
        if {"$ref": f"#/definitions/{base}"} in one.get("allOf", ()):
            kinds = one.get("x-ms-discriminator-value", name)
            yield name, kinds if isinstance(kinds, list) else [kinds]


def _merged(definitions: Json, found: Json) -> Json:
    """The schema with what its parts declare taken over from them."""
    whole = {word: value for word, value in found.items() if word in KEPT}
    for part in found.get("allOf", ()):
        base = definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        inner = _merged(definitions, base)
        whole = {
            **inner,
            **whole,
            "properties": {**inner.get("properties", {}), **whole.get("properties", {})},
            "required": [*inner.get("required", ()), *whole.get("required", ())],
        }
    return whole


def _schema(definitions: Json, found: Json) -> Json:
    """A swagger schema as JSON Schema: closed where it declares any field."""
    kept = _merged(definitions, found)
    if kept.get("properties"):
        required = kept.get("required", ())
        kept["properties"] = {
            name: _schema(definitions, one)
            if name in required or one.get("x-nullable") is False
            else _or_null(definitions, one)
            for name, one in kept["properties"].items()
        }
        kept.setdefault("additionalProperties", False)
    for word in ("additionalProperties", "items"):
        if isinstance(kept.get(word), dict):
            kept[word] = _schema(definitions, kept[word])
    if "anyOf" in kept:
        kept["anyOf"] = [_schema(definitions, one) for one in kept["anyOf"]]
    return kept


def _or_null(definitions: Json, found: Json) -> Json:
    """The schema of an optional field: null stands for absent, as the services send it."""
    return {"if": {"type": "null"}, "then": {}, "else": _schema(definitions, found)}
