"""A YAML file of a pack with the line of every top-level key, so that messages can say where."""

from dataclasses import dataclass
from typing import Any

import yaml

from pipeline.errors import ConfigError
from pipeline.packs import PackFile

# the parser in C reads ten times as fast, where PyYAML was built with it
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """The top-level mapping of a file, the line of each key, the line in which its value begins, and those of its items."""

    file: PackFile
    values: dict[str, Any]
    lines: dict[str, int]
    begins: dict[str, int]
    items: dict[str, tuple[int, ...]]

    def error(self, key: str | None, problem: str) -> ConfigError:
        """An error that names file, line and key."""
        if key in self.lines:
            return ConfigError(f"{self.file.label}:{self.lines[key]}: {key}: {problem}")
        return ConfigError(f"{self.file.label}: {problem}")


def read(file: PackFile) -> Document:
    """The document in `file`.

    Raises:
        ConfigError: not YAML, not a mapping, or a key given twice.
    """
    try:
        loader = LOADER(file.path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise ConfigError(f"{file.label}: not a mapping of keys to values")
        values = loader.construct_document(root)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ConfigError(f"{file.label}: not valid YAML: {problem}") from error
    lines: dict[str, int] = {}
    begins: dict[str, int] = {}
    items: dict[str, tuple[int, ...]] = {}
    for key, value in root.value:
        if key.value in lines:
            raise ConfigError(
                f"{file.label}:{key.start_mark.line + 1}: {key.value}: "
                f"given twice, first in line {lines[key.value]}"
            )
        lines[str(key.value)] = key.start_mark.line + 1
        # the text of a block begins below the sign that announces it
        block = isinstance(value, yaml.ScalarNode) and value.style in ("|", ">")
        begins[str(key.value)] = value.start_mark.line + 1 + int(block)
        if isinstance(value, yaml.SequenceNode):
            items[str(key.value)] = tuple(item.start_mark.line + 1 for item in value.value)
    return Document(file, values, lines, begins, items)
