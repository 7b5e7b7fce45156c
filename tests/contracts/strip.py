"""Writes the contracts of this folder anew from a clone of the published API descriptions.

    uv run python tests/contracts/strip.py path/to/azure-rest-api-specs

What is kept is what decides whether an answer is valid: the paths of reading operations, their
parameters and answers, and the definitions these reach. Prose, examples and presentation go.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BASE = "specification/purview/data-plane/Azure.Analytics.Purview."
# contract: file below BASE, base path of its operations, paths that are taken (all where empty)
CONTRACTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "datamap": ("DataMap/stable/2023-09-01/purviewdatamap.json", "/datamap/api", ()),
    "datamap_audit": (
        "DataMap/preview/2023-10-01-preview/purviewdatamap.json",
        "/datamap/api",
        ("/audit/query",),
    ),
    "catalog": (
        "Catalog/preview/2023-02-01-preview/purviewcatalog.json",
        "/catalog/api",
        (),
    ),
    "account": ("Account/preview/2023-10-01-preview/account.json", "/account", ()),
    "scanning": ("Scanning/stable/2023-09-01/scanningService.json", "/scan", ()),
    "metadata_policies": (
        "MetadataPolicies/preview/2021-07-01-preview/purviewMetadataPolicy.json",
        "/policyStore",
        (),
    ),
    "devops_policies": (
        "DevopsPolicies/preview/2022-11-01-preview/purviewDevopsPolicy.json",
        "/policyStore",
        (),
    ),
    "self_service_policies": (
        "SelfServicePolicies/preview/2022-12-01-preview/purviewSelfServicePolicy.json",
        "/policyStore",
        (),
    ),
    "workflow": ("Workflow/preview/2023-10-01-preview/purviewWorkflow.json", "/workflow", ()),
}
# endings of the paths whose POST reads
QUERIES = ("/query", "/suggest", "/autocomplete", "/browse", "/navigate")
# words of a schema that decide about validity
DECISIVE = (
    "$ref", "type", "format", "enum", "required", "properties", "items", "additionalProperties",
    "allOf", "discriminator", "x-ms-discriminator-value", "x-nullable", "minLength", "pattern",
)  # fmt: skip


def schema(found: dict[str, Any]) -> dict[str, Any]:
    """The schema without prose."""
    kept = {word: found[word] for word in DECISIVE if word in found}
    if "properties" in kept:
        kept["properties"] = {name: schema(one) for name, one in kept["properties"].items()}
    if "allOf" in kept:
        kept["allOf"] = [schema(one) for one in kept["allOf"]]
    for word in ("items", "additionalProperties"):
        if isinstance(kept.get(word), dict):
            kept[word] = schema(kept[word])
    return kept


def _parameter(document: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in found:
        found = document["parameters"][found["$ref"].rpartition("/")[2]]
    return {word: found[word] for word in ("name", "in", "required") if word in found}


def operation(document: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """An operation: its parameters, and the schema of its answer by status."""
    return {
        "parameters": [_parameter(document, one) for one in found.get("parameters", ())],
        "responses": {
            status: schema(answer["schema"])
            for status, answer in found["responses"].items()
            if "schema" in answer
        },
    }


def _references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"].rpartition("/")[2]
        for inner in found.values():
            yield from _references(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from _references(inner)


def reached(paths: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    """Names of the definitions that answers can hold, subtypes of a discriminated type included."""
    known: set[str] = set()
    waiting = set(_references(paths))
    while waiting:
        name = waiting.pop()
        known.add(name)
        waiting |= set(_references(definitions[name])) - known
        waiting |= {
            sub
            for sub, one in definitions.items()
            if sub not in known and name in _references(one.get("allOf", []))
            if "discriminator" in definitions[name]
        }
    return known


def contract(document: dict[str, Any], base: str, taken: tuple[str, ...]) -> dict[str, Any]:
    """The contract of one published description."""
    paths: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        if taken and path not in taken:
            continue
        for method, found in methods.items():
            if method == "get" or (method == "post" and path.endswith(QUERIES)):
                paths.setdefault(path, {})[method] = operation(document, found)
    definitions = {name: schema(one) for name, one in document["definitions"].items()}
    names = sorted(reached(paths, definitions))
    return {
        "basePath": base,
        "paths": paths,
        "definitions": {name: definitions[name] for name in names},
    }


def written(found: dict[str, Any]) -> str:
    """The contract as text, one line per path, per definition, and per whatever else it tells."""

    def block(name: str) -> str:
        rows = [
            f"{json.dumps(key)}:{json.dumps(one, separators=(',', ':'))}"
            for key, one in found[name].items()
        ]
        return f'"{name}":{{\n' + ",\n".join(rows) + "\n}"

    base = json.dumps(found["basePath"])
    blocks = ",\n".join(block(name) for name in found if name != "basePath")
    return f'{{"basePath":{base},\n{blocks}}}\n'


def main(clone: Path) -> None:
    """Writes every contract."""
    for name, (file, base, taken) in CONTRACTS.items():
        document = json.loads((clone / (BASE + file)).read_text())
        (HERE / f"{name}.json").write_text(written(contract(document, base, taken)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
