"""How the registers that a rule builds on stand: which file, in place of what, approved by whom."""

import re
from collections.abc import Collection, Iterator

from pipeline.judge.registers import loading
from pipeline.judge.registers.kinds import REGISTERS
from pipeline.judge.registers.loading import Loaded
from pipeline.packs import Packs

_WORKED_OUT = {
    "sensitivity": re.compile(r"\bsensitiv|\$crosswalk\b|\bcarried_class\b"),
    "hosts": re.compile(r"\blink\b"),
}
"""What the SQL of rules reads that is worked out from a register; other registers are read as they are."""


def standing(packs: Packs, needed: Collection[str], sql: str) -> list[str]:
    """What to say of the registers that a rule names as `needed`, and of those that its `sql` builds on.

    Raises:
        ConfigError: a register is wrong.
    """
    kept = loading.load(packs)
    return [
        f"{name}: {text}"
        for name in REGISTERS
        if name in needed or _builds_on(name, sql)
        for text in _told(name, kept.get(name))
    ]


def _builds_on(name: str, sql: str) -> bool:
    worked_out = _WORKED_OUT.get(name)
    if worked_out is not None and worked_out.search(sql):
        return True
    return re.search(rf"\b{REGISTERS[name].table}\b", sql) is not None


def _told(name: str, loaded: Loaded | None) -> Iterator[str]:
    if loaded is None:
        yield f"in no pack; {REGISTERS[name].folder}/{name}.csv (or .yaml, .parquet) would be read"
        return
    by = loading.approvers(loaded)
    unsigned = "nobody here approved it: as shipped" if loaded.rows else "nothing in it"
    approved = f"approved by {', '.join(by)}" if by else unsigned
    for file in loaded.files:
        yield f"{file.label} (pack {file.pack}, sha256 {file.sha256}), {approved}"
        for other in file.overridden:
            yield f"in place of pack {other.pack}, sha256 {other.sha256}"
