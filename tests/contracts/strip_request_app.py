"""Writes the contract of Immuta's Request app anew from its published OpenAPI file.

    uv run python tests/contracts/strip_request_app.py path/to/immuta-marketplace-api-openapi.yml

The file writes ids as `oneOf` of overlapping forms and instants as `oneOf` of two equal ones: every `oneOf` is read as
`anyOf`. `nullable` becomes "or null". Patterns are left out, as theirs are no Python ones. What it repeats is
written once: as the schema that has a name for it, or under the name of the field that it stands in. Of what the
sandbox does not serve, the addresses and their methods are kept (`notServed`).
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from strip import HERE, reached, written

Json = dict[str, Any]
PATHS = (
    "/health", "/api/data-product", "/api/access-request", "/api/approval-record", "/api/metadata",
    "/api/request-form", "/api/data-use-agreement", "/api/auth", "/api/asset",
)  # fmt: skip
NOT_SERVED = ("/api/asset/byMetadata",)
DECISIVE = ("type", "format", "enum", "required", "minLength", "minItems", "minimum", "maximum")
LONG = 200
"""Characters from which a schema that comes more than once is written once."""


def schema(found: Json) -> Json:
    """The schema without prose, in the words that the other contracts use."""
    if "$ref" in found:
        return {"$ref": "#/definitions/" + found["$ref"].rpartition("/")[2]}
    kept: Json = {word: found[word] for word in DECISIVE if word in found}
    if "properties" in found:
        kept["properties"] = {name: schema(one) for name, one in found["properties"].items()}
        for name, one in kept["properties"].items():
            if name not in found.get("required", ()):
                one["x-nullable"] = False
    for word in ("items", "additionalProperties"):
        if isinstance(found.get(word), dict):
            kept[word] = schema(found[word])
    if "allOf" in found:
        kept["anyOf"] = _both(*found["allOf"])
    if choices := found.get("oneOf") or found.get("anyOf"):
        shown = [schema(one) for one in choices]
        kept["anyOf"] = [one for at, one in enumerate(shown) if one not in shown[:at]]
    return {"anyOf": [kept, {"type": "null"}]} if found.get("nullable") else kept


def _both(choice: Json, further: Json) -> list[Json]:
    """The forms of a choice, each with the fields that all of them have besides."""
    more = {
        name: {**schema(one), "x-nullable": False} for name, one in further["properties"].items()
    }
    forms = [schema(one) for one in choice["oneOf"]]
    return [{**one, "properties": {**one["properties"], **more}} for one in forms]


def _parts(found: Any, name: str = "") -> list[tuple[str, Json]]:
    """Every object schema within, with the name of the field that it stands in."""
    parts: list[tuple[str, Json]] = []
    if isinstance(found, list):
        for inner in found:
            parts += _parts(inner, name)
    elif isinstance(found, dict):
        if "properties" in found and isinstance(found["properties"], dict):
            parts.append((name, found))
        for key, inner in found.items():
            parts += _parts(inner, name if key in ("items", "anyOf", "properties") else key)
    return parts


def _key(found: Json) -> str:
    return json.dumps({k: v for k, v in found.items() if k != "x-nullable"}, sort_keys=True)


def _named(found: Any, names: dict[str, str], own: str = "") -> Any:
    """The schema with a reference wherever it is one that has a name."""
    if isinstance(found, list):
        return [_named(inner, names) for inner in found]
    if not isinstance(found, dict):
        return found
    name = names.get(_key(found)) if "properties" in found else None
    if name is not None and name != own:
        reference: Json = {"$ref": f"#/definitions/{name}"}
        return reference | {key: found[key] for key in ("x-nullable",) if key in found}
    return {key: _named(inner, names) for key, inner in found.items()}


def shortened(definitions: dict[str, Json]) -> dict[str, Json]:
    """The definitions with what they repeat written once."""
    names = {_key(one): name for name, one in reversed(definitions.items()) if "properties" in one}
    found = dict(definitions)
    parts = [(name, part) for one in definitions.values() for name, part in _parts(one)]
    often = Counter(_key(part) for _, part in parts)
    for name, part in parts:
        key = _key(part)
        if key not in names and often[key] > 1 and len(key) > LONG:
            title = (name or "Part")[0].upper() + (name or "Part")[1:]
            while title in found:
                title += "_"
            names[key] = title
            found[title] = {k: v for k, v in part.items() if k != "x-nullable"}
    return {name: _named(one, names, own=name) for name, one in found.items()}


def operation(found: Json) -> Json:
    """An operation: its parameters, and the schema of its answer by status; refusals are not described."""
    parameters = [
        {word: one[word] for word in ("name", "in", "required") if word in one}
        for one in found.get("parameters", ())
    ]
    answers = {
        status: schema(answer["content"]["application/json"]["schema"])
        for status, answer in found["responses"].items()
        if "content" in answer
    }
    return {"parameters": parameters, "responses": {**answers, "default": {}}}


def contract(document: Json) -> Json:
    """The contract of the published description."""
    served = {
        path: methods
        for path, methods in document["paths"].items()
        if path.startswith(PATHS) and not path.startswith(NOT_SERVED)
    }
    paths = {
        path: {method: operation(one) for method, one in methods.items()}
        for path, methods in served.items()
    }
    others = {path: sorted(methods) for path, methods in document["paths"].items()}
    known = {name: schema(one) for name, one in document["components"]["schemas"].items()}
    wanted = reached(paths, known)
    short = shortened({name: one for name, one in known.items() if name in wanted})
    names = sorted(reached({"paths": paths}, short))
    return {
        "basePath": "/marketplace",
        "paths": paths,
        "notServed": {path: others[path] for path in sorted(others.keys() - served.keys())},
        "definitions": {name: short[name] for name in names},
    }


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text()
    (HERE / "request_app.json").write_text(written(contract(yaml.safe_load(text))))
