"""The processes that move data between datasets, and which dataset feeds which process."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.vocabulary import COMPANY

HUB_READERS = 45
TRUNK_LOADS = 130
RELATION_WIDTH = 100
"""References that an entity lists of one kind; how many there are, only the lineage call tells."""


class Process(NamedTuple):
    """One process: the slots it reads and the slots it writes."""

    guid: str
    type_name: str
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    created_at: int


class Lineage:
    """All processes of an estate, found by guid and by the slots they touch, and the edges without a process."""

    def __init__(
        self, processes: Sequence[Process], direct: Sequence[tuple[int, int]] = ()
    ) -> None:
        self.processes = list(processes)
        self.sinks, self.sources = _both_ways(direct)
        self.by_guid = {process.guid: process for process in processes}
        self.readers: dict[int, list[Process]] = defaultdict(list)
        self.writers: dict[int, list[Process]] = defaultdict(list)
        for process in processes:
            for slot in process.inputs:
                self.readers[slot].append(process)
            for slot in process.outputs:
                self.writers[slot].append(process)


def _both_ways(
    edges: Sequence[tuple[int, int]],
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Where the edges of each slot lead, and where they come from."""
    onward: dict[int, list[int]] = defaultdict(list)
    back: dict[int, list[int]] = defaultdict(list)
    for source, sink in edges:
        onward[source].append(sink)
        back[sink].append(source)
    return onward, back


def processes(seed: int, assets: int) -> Lineage:
    """Lineage of the estate: many small flows, one hub with many readers, one cycle of three, two assets
    between which more processes run than either lists, and a few edges that people drew."""
    lasting = [slot for slot in range(assets) if slot % 5 != 4]
    found = [_flow(seed, turn, lasting) for turn in range(max(4, assets // 20))]
    hub, *rest = lasting
    readers = min(HUB_READERS, len(rest))
    found += [_process(seed, f"hub-{turn}", (hub,), (rest[turn],)) for turn in range(readers)]
    ring = lasting[-3:]
    found += [
        _process(seed, f"ring-{turn}", (ring[turn],), (ring[(turn + 1) % 3],)) for turn in range(3)
    ]
    start, end = rest[:2]
    found += [_process(seed, f"trunk-{turn}", (start,), (end,)) for turn in range(TRUNK_LOADS)]
    drawn = [
        (slot, lasting[-1 - at])
        for at, slot in enumerate(lasting[3:30:7])
        if slot < lasting[-1 - at]
    ]
    return Lineage(found, drawn)


def _flow(seed: int, turn: int, lasting: Sequence[int]) -> Process:
    count = 2 + draws.number(2, seed, "flow size", turn)
    slots = draws.sample(lasting[turn % 7 :: 7], count, seed, "flow", turn)
    return _process(seed, f"flow-{turn}", tuple(slots[:-1]), (slots[-1],))


def _process(seed: int, name: str, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Process:
    kind = ("adf_copy_operation", "databricks_process", "synapse_notebook_process")
    born = -draws.number(400, seed, "process born", name)
    return Process(
        draws.guid(seed, "process", name),
        draws.pick(kind, seed, "process type", name),
        name,
        inputs,
        outputs,
        clock.millis(clock.moment(born, 0.5)),
    )


def qualified_name(process: Process) -> str:
    """Qualified name of a process in the Data Map."""
    return f"{COMPANY}://pipelines/{process.name}#{process.type_name}"


def column_mapping(process: Process, datasets: Sequence[Dataset]) -> str:
    """Column lineage as the process carries it: a JSON text of name pairs per pair of datasets."""
    mappings = []
    for sink in process.outputs:
        theirs = {column.name.lower(): column.name for column in datasets[sink].columns()}
        for source in process.inputs:
            pairs = [
                {"Source": column.name, "Sink": theirs[column.name.lower()]}
                for column in datasets[source].columns()
                if column.name.lower() in theirs and not column.deleted
            ]
            mappings.append(
                {
                    "DatasetMapping": {
                        "Source": datasets[source].qualified_name,
                        "Sink": datasets[sink].qualified_name,
                    },
                    "ColumnMapping": pairs,
                }
            )
    return json.dumps(mappings)


def direct_mapping(source: Dataset, sink: Dataset) -> list[dict[str, str]]:
    """Column pairs of an edge that people drew: columns of the same name."""
    theirs = {column.name.lower(): column.name for column in sink.columns()}
    return [
        {"Source": column.name, "Sink": theirs[column.name.lower()]}
        for column in source.columns()
        if column.name.lower() in theirs and not column.deleted
    ]
