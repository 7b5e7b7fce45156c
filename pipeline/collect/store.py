"""The raw page store: bodies as received, one gzip member each, and a log line for every exchange.

    raw/<run>/<source>/<endpoint>/part-0001.gz     gzip members back to back
    raw/<run>/<source>/<endpoint>/exchanges.jsonl  one line per body, written after it

A line without its body, or a body without its line, is what a killed run leaves; both are cut off
when the run is opened again, and every whole exchange is replayed instead of sent.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec
from isal import igzip

from pipeline.collect.endpoint import Request
from pipeline.collect.exchange_log import LOG, LOGGED, Exchange, ExchangeLog
from pipeline.errors import PageError
from pipeline.warehouse.pages import StoredPage

__all__ = ["LOG", "LOGGED", "Exchange", "PageStore", "identity"]

PART_BYTES = 256 * 1024 * 1024


class PageStore:
    """All pages of one run; threads may keep pages at the same time."""

    def __init__(self, raw: Path, run_id: str) -> None:
        self.run_id = run_id
        self._raw = raw
        self._root = raw / run_id
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._writers: dict[str, _Writer] = {}
        self._logs: dict[str, ExchangeLog] = {}
        self._seq = 0
        for log in sorted(self._root.glob(f"*/*/{LOG}")):
            self._seq = max(self._seq, _reopen(self._root, log))
            self._logs[log.parent.relative_to(self._root).as_posix()] = ExchangeLog(log)
        self.replayable = sum(map(len, self._logs.values()))

    def replay(self, request: Request, source: str, endpoint: str) -> Exchange | None:
        """The exchange of the same request of an endpoint, if this run already has it."""
        log = self._logs.get(f"{source}/{endpoint}")
        return log.find(identity(request, source, endpoint)) if log else None

    def read(self, exchange: Exchange) -> bytes:
        """The body of `exchange`, checked against its digest."""
        page = StoredPage(
            self.run_id, exchange.part, exchange.part_offset, exchange.part_length, exchange.sha256
        )
        return page.read(self._raw)

    def keep(
        self,
        request: Request,
        body: bytes,
        *,
        source: str,
        endpoint: str,
        gzipped: bytes | None = None,
        **facts: Any,
    ) -> Exchange:
        """Writes `body` (`gzipped` = the same as the server compressed it), then its log line.

        What this returns survives a crash of the process.
        """
        member = gzipped or igzip.compress(body, 1, mtime=0)
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            self._seq += 1
            seq = self._seq
            folder = f"{source}/{endpoint}"
            if folder not in self._writers:
                self._writers[folder] = _Writer(self._root, folder)
            if folder not in self._logs:
                self._logs[folder] = ExchangeLog(self._root / folder / LOG)
            writer, log = self._writers[folder], self._logs[folder]
        part, at = writer.append(member)
        exchange = Exchange(
            seq=seq,
            identity=identity(request, source, endpoint),
            source=source,
            endpoint=endpoint,
            method=request.method,
            request_body=request.body_text,
            sha256=digest,
            size_bytes=len(body),
            part=part,
            part_offset=at,
            part_length=len(member),
            **facts,
        )
        log.add(exchange)
        return exchange

    def arrived(
        self, source: str, endpoint: str, position: int, count: int | None = None
    ) -> Sequence[Exchange]:
        """The exchanges of an endpoint that this run has, in the order they were kept, but for the first `position`;
        `count` of them at most."""
        log = self._logs.get(f"{source}/{endpoint}")
        return log.arrived(position, count) if log else []

    def enough(self, source: str, endpoint: str, position: int, size_bytes: int) -> int:
        """How many exchanges behind the first `position` have bodies of that size together; 0 if all have not."""
        log = self._logs.get(f"{source}/{endpoint}")
        return log.enough(position, size_bytes) if log else 0

    def log(self, source: str, endpoint: str) -> Path:
        """Where the exchange log of an endpoint is, if it has one."""
        return self._root / source / endpoint / LOG

    def exchanges(self, source: str, endpoint: str) -> list[Exchange]:
        """Every exchange of an endpoint, in the order they were kept."""
        log = self.log(source, endpoint)
        found = _lines(log.read_bytes()) if log.exists() else []
        return sorted(found, key=lambda exchange: exchange.seq)

    def pages(self, source: str, endpoint: str) -> Iterator[tuple[Exchange, bytes]]:
        """Every page of an endpoint with a body to load (statuses below 300), one at a time."""
        for exchange in self.exchanges(source, endpoint):
            if exchange.status < 300 and not exchange.refused:
                yield exchange, self.read(exchange)

    def close(self) -> None:
        """Closes all parts; the run can be opened again."""
        for writer in self._writers.values():
            writer.close()
        for log in self._logs.values():
            log.close()
        self._writers.clear()


class _Writer:
    """Appends to the newest part and the log of one endpoint."""

    def __init__(self, root: Path, folder: str) -> None:
        self._root, self._folder = root, folder
        (root / folder).mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._number = max(len(list((root / folder).glob("part-*.gz"))), 1)
        self._file = self._open()

    def _open(self) -> IO[bytes]:
        self._part = f"{self._folder}/part-{self._number:04d}.gz"
        return (self._root / self._part).open("ab")

    def append(self, member: bytes) -> tuple[str, int]:
        with self._lock:
            if self._file.tell() > PART_BYTES:
                self._file.close()
                self._number += 1
                self._file = self._open()
            at = self._file.tell()
            self._file.write(member)
            self._file.flush()
            return self._part, at

    def close(self) -> None:
        self._file.close()


def identity(request: Request, source: str, endpoint: str) -> str:
    """What makes two requests of one run the same read; two endpoints may ask the same at different times."""
    parts: tuple[object, ...] = (source, endpoint, request.method, request.plane, request.path)
    parts = (*parts, request.params, request.body_text)
    if request.reading > 1:
        parts = (*parts, request.reading)
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _reopen(root: Path, log: Path) -> int:
    """The last number in a log; what a crash left half-written behind the whole exchanges is cut off."""
    ends: dict[str, int] = {}
    whole = last = 0
    with log.open("r+b") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                lines.truncate(whole)
                break
            whole += len(line)
            try:
                exchange = _decode(line)
            except msgspec.DecodeError as error:
                raise PageError(
                    f"{log}: damaged: {error}; remove the run's folder {root} to collect it anew"
                ) from error
            end = exchange.part_offset + exchange.part_length
            ends[exchange.part] = max(ends.get(exchange.part, 0), end)
            last = max(last, exchange.seq)
    for part in {*log.parent.glob("part-*.gz"), *(root / name for name in ends)}:
        end = ends.get(part.relative_to(root).as_posix(), 0)
        size = part.stat().st_size if part.exists() else 0
        if size > end:
            with part.open("r+b") as file:
                file.truncate(end)
        elif size < end:
            raise PageError(
                f"{part}: ends at byte {size}, the exchange log names pages up to "
                f"byte {end}; remove the run's folder {root} to collect it anew"
            )
    return last


def _lines(text: bytes) -> list[Exchange]:
    return [_decode(line) for line in text.splitlines()]


_decode = msgspec.json.Decoder(Exchange).decode
