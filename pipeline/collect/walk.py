"""The walk: every endpoint of every source, level by level, with threads within a level.

An endpoint belongs to the level after the last one it needs. Within a level all calls of all
endpoints go into one pool; between levels the pages that came are loaded, so that the next level
can ask staging what it is about.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack

from pipeline import interruption
from pipeline.collect.calls import Call, calls_of
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Endpoint, Source
from pipeline.collect.queue import Queue
from pipeline.collect.reading import read
from pipeline.collect.staging import Staging
from pipeline.collect.walked import Walked

Report = Callable[[str, int, int], None]
"""Told the endpoint's name, calls done and calls planned."""


def collect(
    clients: Mapping[str, Client],
    staging: Staging,
    *,
    workers: int,
    skip: Mapping[str, frozenset[str]],
    report: Report = lambda _name, _done, _planned: None,
) -> list[Walked]:
    """What came of every endpoint, in the order they were loaded; their pages are in staging.

    Raises:
        SignInError: a credential was refused.
        UnreachableError: a host does not answer.
        PageError: a kept page cannot be loaded.
    """
    outcomes: list[Walked] = []

    def stop() -> None:
        for client in clients.values():
            client.stop()

    sources = [client.source for client in clients.values()]
    for last in (False, True):
        stage = [source for source in sources if source.last is last]
        for level in levels(stage):
            interruption.check()
            walked = [Walked(source, endpoint) for source, endpoint in level]
            for outcome in walked:
                planes = skip.get(outcome.source.name, frozenset())
                outcome.skipped = outcome.endpoint.plane in planes
            with staging.feeding([(o.source, o.endpoint) for o in walked], stop):
                _walk(walked, clients, staging, workers, report)
            for outcome in walked:
                staging.gone(outcome.name, outcome.gone)
                staging.given_up(outcome.name, outcome.unread)
                staging.load(outcome.source, outcome.endpoint)
            outcomes += walked
        for source in stage:
            staging.finish(source)
    return outcomes


def _walk(
    walked: Sequence[Walked],
    clients: Mapping[str, Client],
    staging: Staging,
    workers: int,
    report: Report,
) -> None:
    """Makes every call of one level; each source has its own threads, as it has its own pace."""
    queues = {name: Queue() for name in clients}

    def submit(outcome: Walked, call: Call) -> None:
        """Adds a call to its source's, from within one of them."""
        outcome.planned += 1
        queues[outcome.source.name].add(outcome, iter([call]))

    def work(name: str) -> None:
        while (taken := queues[name].take()) is not None:
            outcome, call = taken
            try:
                read(clients[name], outcome, call, submit)
            finally:
                queues[name].done()
            report(outcome.name, outcome.calls, outcome.planned)

    with ExitStack() as stack:
        pools = {
            name: stack.enter_context(ThreadPoolExecutor(workers, thread_name_prefix=name))
            for name in clients
        }
        try:
            futures = [pools[name].submit(work, name) for name in clients for _ in range(workers)]
            # the pages of one list come one after another: it starts early, and others fill the time between
            for outcome in sorted(walked, key=lambda one: one.endpoint.for_each is not None):
                count, calls = (0, iter(())) if outcome.skipped else calls_of(outcome, staging)
                report(outcome.name, 0, count)
                outcome.planned += count
                queues[outcome.source.name].add(outcome, calls)
            for queue in queues.values():
                queue.close()
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            # also on Ctrl-C: what was not sent yet is not sent any more
            for name, queue in queues.items():
                clients[name].stop()
                queue.stop()
            raise


def levels(sources: Sequence[Source]) -> list[list[tuple[Source, Endpoint]]]:
    """Endpoints of all sources grouped so that each comes after those it needs."""
    depth: dict[tuple[str, str], int] = {}
    found: list[list[tuple[Source, Endpoint]]] = []
    for source in sources:
        waiting = list(source.endpoints)
        while waiting:
            ready = [e for e in waiting if all((source.name, n) in depth for n in e.waits_for)]
            if not ready:
                names = ", ".join(endpoint.name for endpoint in waiting)
                raise ValueError(f"{source.name}: endpoints wait for each other: {names}")
            for endpoint in ready:
                level = max((depth[source.name, n] + 1 for n in endpoint.waits_for), default=0)
                depth[source.name, endpoint.name] = level
                found += [[] for _ in range(level + 1 - len(found))]
                found[level].append((source, endpoint))
                waiting.remove(endpoint)
    return found
