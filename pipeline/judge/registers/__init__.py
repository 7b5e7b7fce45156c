"""Registers: small governed tables that people keep, in files of a pack: what no API can tell.

A register is a file `registers/<name>.csv`, `.yaml` or `.parquet`; waivers may also lie in `waivers.yaml`
at the root of a pack. Every row has an author and somebody else who approved it. Rules that need a
register that is not there say `not_evaluated` and name it. Other names of hosts and the tier map are registers,
too, in `rules/`: Pass Muster has its own of them, and that of a later pack takes its place.
"""

from pipeline.judge.registers.kinds import REGISTERS, Register
from pipeline.judge.registers.loading import Loaded, load, one, show, write
from pipeline.judge.registers.standing import standing

__all__ = ["REGISTERS", "Loaded", "Register", "load", "one", "show", "standing", "write"]
