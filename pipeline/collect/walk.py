"""The walk: every endpoint of every source, level by level, with threads within a level.

An endpoint belongs to the level after the last one it needs. Within a level all calls of all
endpoints go into one pool; between levels the pages that came are loaded, so that the next level
can ask staging what it is about.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import quote

from pipeline.collect.client import Client
from pipeline.collect.endpoint import Endpoint, Request, Source, Total
from pipeline.collect.envelope import Envelope
from pipeline.collect.staging import Staging
from pipeline.errors import PageError, RequestError

URL_BYTES = 4000
"""Longest query string of a batched read: gateways refuse URLs of about 8 KB."""

HOPELESS_CALLS = 20
"""Calls of one endpoint given up in a row, after which its other calls are not tried any more."""

Report = Callable[[str, int, int], None]
"""Told the endpoint's name, calls done and calls planned."""


@dataclass(frozen=True)
class Call:
    """One list or object to read: the first request, what it is about, and the keys in it."""

    request: Request
    key: str | None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing:
    """A call that was given up."""

    key: str
    status: int | None
    reason: str


@dataclass
class Walked:
    """What came of one endpoint: calls made and given up, items in their pages, and what the server said there is."""

    source: Source
    endpoint: Endpoint
    planned: int = 0
    calls: int = 0
    missing: list[Missing] = field(default_factory=list)
    items: int = 0
    first_total: int = 0
    last_total: int = 0
    totals_stated: bool = False
    approximate: bool = False
    skipped: bool = False
    failed_in_a_row: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def name(self) -> str:
        """The endpoint's qualified name."""
        return self.source.qualified(self.endpoint)

    def seen(self, items: int) -> None:
        """Takes note of the items of one page."""
        with self.lock:
            self.items += items

    def answered(self, totals: Sequence[int], approximate: bool) -> None:
        """Takes note of one call that was read to its end."""
        with self.lock:
            self.calls += 1
            self.failed_in_a_row = 0
            self.approximate |= approximate
            if totals:
                self.totals_stated = True
                self.first_total += totals[0]
                self.last_total += totals[-1]

    def given_up(self, missing: Sequence[Missing]) -> None:
        """Takes note of one call that was given up."""
        with self.lock:
            self.calls += 1
            self.failed_in_a_row += 1
            self.missing += missing


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
    for level in levels([client.source for client in clients.values()]):
        walked = [Walked(source, endpoint) for source, endpoint in level]
        for outcome in walked:
            planes = skip.get(outcome.source.name, frozenset())
            outcome.skipped = outcome.endpoint.plane in planes
        _walk(walked, clients, staging, workers, report)
        for outcome in walked:
            staging.load(outcome.source, outcome.endpoint)
        outcomes += walked
    for client in clients.values():
        staging.finish(client.source)
    return outcomes


def _walk(
    walked: Sequence[Walked],
    clients: Mapping[str, Client],
    staging: Staging,
    workers: int,
    report: Report,
) -> None:
    """Makes every call of one level; each source has its own threads, as it has its own pace."""
    futures: list[Future[None]] = []
    with ExitStack() as stack:
        pools = {
            name: stack.enter_context(ThreadPoolExecutor(workers, thread_name_prefix=name))
            for name in clients
        }
        try:
            for outcome in walked:
                name = outcome.source.name
                calls = [] if outcome.skipped else _calls(outcome, staging)
                outcome.planned = len(calls)
                report(outcome.name, 0, outcome.planned)
                futures += [
                    pools[name].submit(_read, clients[name], outcome, c, report) for c in calls
                ]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            # also on Ctrl-C: what was not sent yet is not sent any more
            for name, pool in pools.items():
                clients[name].stop()
                pool.shutdown(wait=False, cancel_futures=True)
            raise


def levels(sources: Sequence[Source]) -> list[list[tuple[Source, Endpoint]]]:
    """Endpoints of all sources grouped so that each comes after those it needs."""
    depth: dict[tuple[str, str], int] = {}
    found: list[list[tuple[Source, Endpoint]]] = []
    for source in sources:
        waiting = list(source.endpoints)
        while waiting:
            ready = [e for e in waiting if all((source.name, n) in depth for n in e.after)]
            if not ready:
                names = ", ".join(endpoint.name for endpoint in waiting)
                raise ValueError(f"{source.name}: endpoints wait for each other: {names}")
            for endpoint in ready:
                level = max((depth[source.name, n] + 1 for n in endpoint.after), default=0)
                depth[source.name, endpoint.name] = level
                found += [[] for _ in range(level + 1 - len(found))]
                found[level].append((source, endpoint))
                waiting.remove(endpoint)
    return found


def _calls(outcome: Walked, staging: Staging) -> list[Call]:
    endpoint = outcome.endpoint
    first = Request(endpoint.method, endpoint.plane, endpoint.path, endpoint.params, endpoint.body)
    if endpoint.for_each is None:
        return [Call(first, None)]
    names, rows = staging.keys(outcome.source, endpoint)
    keys = [str(row[names.index("key")]) for row in rows]
    staging.asked(outcome.name, keys)
    if endpoint.batch > 1:
        return [_batch(first, endpoint, part) for part in _parts(endpoint, keys)]
    return [
        Call(_filled(first, dict(zip(names, row, strict=True))), key)
        for key, row in zip(keys, rows, strict=True)
    ]


def _filled(request: Request, values: Mapping[str, object]) -> Request:
    path = request.path
    for name, value in values.items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    return Request(request.method, request.plane, path, request.params, request.body)


def _parts(endpoint: Endpoint, keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Keys in groups that fit a URL and the endpoint's largest batch."""
    parts: list[list[str]] = []
    room = 0
    for key in keys:
        size = len(endpoint.key_param) + len(key) + 2
        if not parts or room < size or len(parts[-1]) >= endpoint.batch:
            parts.append([])
            room = URL_BYTES
        parts[-1].append(key)
        room -= size
    return [tuple(part) for part in parts]


def _batch(first: Request, endpoint: Endpoint, keys: tuple[str, ...]) -> Call:
    params = first.params + tuple((endpoint.key_param, key) for key in keys)
    return Call(Request(first.method, first.plane, first.path, params), None, keys)


def _read(client: Client, outcome: Walked, call: Call, report: Report) -> None:
    """Reads one call to its end, or takes note of what is missing; a refused batch is halved."""
    if outcome.failed_in_a_row >= HOPELESS_CALLS:
        reason = f"not tried: {HOPELESS_CALLS} calls of {outcome.name} before it failed in a row"
        outcome.given_up(_missing(call, None, reason))
        return
    try:
        totals, came, approximate = _pages(client, outcome, call)
    except (RequestError, PageError) as error:
        status = error.status if isinstance(error, RequestError) else None
        if len(call.keys) > 1 and status != 403:
            middle = len(call.keys) // 2
            plain = tuple(p for p in call.request.params if p[0] != outcome.endpoint.key_param)
            request = Request(call.request.method, call.request.plane, call.request.path, plain)
            for keys in (call.keys[:middle], call.keys[middle:]):
                _read(client, outcome, _batch(request, outcome.endpoint, keys), report)
            return
        outcome.given_up(_missing(call, status, str(error)))
    else:
        short = _short(totals, came, approximate)
        if short is None:
            outcome.answered(totals, approximate)
        else:
            outcome.given_up(_missing(call, 200, short))
    report(outcome.name, outcome.calls, outcome.planned)


def _missing(call: Call, status: int | None, reason: str) -> list[Missing]:
    """One entry per key of a call that brought no answer; the key of a whole list is `*`."""
    return [Missing(key, status, reason) for key in call.keys or (call.key or "*",)]


def _short(totals: Sequence[int], came: int, approximate: bool) -> str | None:
    """What is missing from one list by the server's own exact count; None if nothing is."""
    if not totals or approximate or came >= min(totals):
        return None
    return f"the list ended after {came} of {min(totals)} items"


def _pages(client: Client, outcome: Walked, call: Call) -> tuple[list[int], int, bool]:
    """Totals the server stated from the first page to the last, items that came, and whether a total was approximate."""
    endpoint = outcome.endpoint
    totals: list[int] = []
    came = 0
    approximate = False
    walk = endpoint.paging(call.request)
    request = next(walk)
    while True:
        page: Envelope = client.fetch(endpoint, request, call.key)
        outcome.seen(page.size(endpoint.items))
        came += page.size(endpoint.items)
        if endpoint.total is Total.SERVER and (total := page.total()) is not None:
            totals.append(total)
            approximate |= bool(page.approximate)
        try:
            request = walk.send(page)
        except StopIteration:
            return totals, came, approximate
