"""Progress of a collection: a bar per endpoint on a terminal, a log line per finished endpoint elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline import log
from pipeline.cli import output
from pipeline.collect.walk import Report


@contextmanager
def collecting() -> Iterator[Report]:
    """What the walk reports its calls to, for as long as the block lasts."""
    if not output.stderr.is_terminal:
        yield _finished
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=output.stderr, transient=True) as progress:
        tasks = {}

        def report(name: str, done: int, planned: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=planned)
            progress.update(tasks[name], completed=done, total=max(planned, done))
            if done >= planned:
                progress.update(tasks[name], visible=False)

        yield report


def _finished(name: str, done: int, planned: int) -> None:
    if done >= planned > 0:
        log.say("collected", endpoint=name, calls=done)
