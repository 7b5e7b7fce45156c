"""What the lean estate says of a slot: names, owners and lineage."""

from functools import cache

from pipeline.sandbox import draws, platforms
from pipeline.sandbox.lean.estate import (
    BLOCK,
    CHAIN,
    CHANGE_DAYS,
    TABLES,
    LeanEstate,
    generation,
    is_process,
    is_volatile,
    mixed,
)

PEOPLE = 500


def name_of(slot: int, text: str) -> str:
    """Name of what a slot holds."""
    return f"{'copy' if is_process(slot) else 'table'}_{slot:07d}_{text[9:13]}"


def qualified_name(slot: int, name: str) -> str:
    """Qualified name of what a slot holds, as the scanner of its platform writes it."""
    if is_process(slot):
        return f"https://pipelines.example.com/factories/northlight/{name}"
    before, after = _place(slot // BLOCK % len(TABLES), slot // 1000 % 4, slot // 100 % 40)
    return before + name + after


@cache
def _place(platform_number: int, host_number: int, area: int) -> tuple[str, str]:
    """What stands before and after the table's name in a qualified name."""
    platform = TABLES[platform_number]
    host = platforms.host(platform, 1 + host_number)
    path = ("dw", f"area_{area:02d}", "<name>")
    before, _, after = platforms.qualified_name(platform, host, path).partition("<name>")
    return before, after


@cache
def person(seed: int, number: int) -> str:
    """Object id of one of the people."""
    return draws.guid(seed, "lean person", number)


def owner(estate: LeanEstate, slot: int) -> str:
    """Object id of the owner; it changes when the asset's update time moves."""
    turn = (estate.day + mixed(slot) // 17 % CHANGE_DAYS) // CHANGE_DAYS
    if is_volatile(slot):
        turn = generation(slot, estate.day)
    return person(estate.seed, (slot * 7 + turn) % PEOPLE)


def processes(estate: LeanEstate, slot: int) -> tuple[list[int], list[int]]:
    """For a dataset the processes that read and that write it; for a process what it reads and writes."""
    block, place = divmod(slot, BLOCK)
    first = block * BLOCK
    starts = block % CHAIN == 0
    if is_process(slot):
        reads = range(first + 5, first + 9) if starts else range(first - BLOCK, first - BLOCK + 4)
        return list(reads), list(range(first, first + 5))
    here, following = first + 9, first + BLOCK + 9
    writers = [here] if place < 5 and here < estate.assets else []
    if is_volatile(slot):
        return [], []
    if place < 4:
        chained = (block + 1) % CHAIN != 0 and following < estate.assets
        return [following] if chained else [], writers
    return [here] if place > 4 and starts and here < estate.assets else [], writers
