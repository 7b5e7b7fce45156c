"""The SQL of a report definition, kept beside it: `<report>.sql`, one statement after each `-- <name>: ...`."""

import re
from pathlib import Path


def beside(definition: str) -> dict[str, str]:
    """The statements in the file beside `definition` (its `__file__`) by name."""
    text = Path(definition).with_suffix(".sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\w+): [^\n]*\n", text, flags=re.M)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
