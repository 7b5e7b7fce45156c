"""The import layers of `pipeline/README.md`, held by a test: imports run one way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "pipeline"

BASE = {"errors", "log", "config", "packs", "interruption"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "log": set(),
    "interruption": set(),
    "config": {"errors"},
    "packs": {"errors"},
    "warehouse": BASE,
    "collect": BASE | {"warehouse"},
    "gate": BASE | {"warehouse"},
    "judge": BASE | {"warehouse"},
    "report": BASE | {"warehouse"},
    "drift": BASE | {"warehouse"},
    "sources": BASE | {"collect", "warehouse"},
    "clients": BASE | {"collect", "sources"},
    "run": BASE | {"clients", "warehouse", "collect", "gate", "sources"},
    "doctor": BASE | {"clients", "warehouse", "collect", "sources"},
    "sandbox": set(),
    "cli": BASE
    | {
        "drift",
        "warehouse",
        "collect",
        "gate",
        "judge",
        "report",
        "sources",
        "run",
        "doctor",
        "sandbox",
    },
    "__main__": {"cli", "errors", "interruption"},
    "__init__": set(),
}
"""Which parts of the package each part may import; itself always."""


def _part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _imported(path: Path) -> set[str]:
    """Parts of the package that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "pipeline":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("pipeline."):
                found.add(_part(node.module))
        elif isinstance(node, ast.Import):
            found |= {_part(a.name) for a in node.names if a.name.startswith("pipeline.")}
    return found


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_imports_run_one_way(path: Path) -> None:
    """A module imports its own part, the parts below it, and nothing above."""
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert part in MAY_IMPORT, f"{part}: say in MAY_IMPORT where it belongs"
    assert _imported(path) - {part} <= MAY_IMPORT[part]


def test_the_import_package_is_only_a_docstring() -> None:
    """`pipeline/__init__.py` holds a docstring and no code."""
    body = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8")).body
    assert len(body) == 1
    assert ast.get_docstring(ast.Module(body, [])) is not None
