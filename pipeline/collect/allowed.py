"""The allowlist: nothing leaves this machine but reads of endpoints that a source names."""

import re
from urllib.parse import unquote

from pipeline.collect.endpoint import Request, Source
from pipeline.errors import ForbiddenRequestError

_CLIMBING = re.compile(r"(?:^|[/\\\\])\.{1,2}(?:[/\\\\]|$)")


class Allowed:
    """The reads of one source: method, plane and path of its endpoints and probes."""

    def __init__(self, source: Source) -> None:
        self._source = source.name
        self._paths: dict[tuple[str, str], set[re.Pattern[str]]] = {}
        for endpoint in (*source.endpoints, *source.probes):
            paths = self._paths.setdefault((endpoint.method, endpoint.plane), set())
            paths.add(_template(endpoint.path))

    def check(self, request: Request) -> None:
        """Nothing, if the request is one of the reads.

        Raises:
            ForbiddenRequestError: it is not.
        """
        known = self._paths.get((request.method, request.plane), set())
        fits = any(path.fullmatch(request.path) for path in known)
        if fits and not _climbs(request.path):
            return
        raise ForbiddenRequestError(
            f"{request.method} {request.path} on {self._source} is no read this program knows"
        )


def _template(path: str) -> re.Pattern[str]:
    """`/scan/datasources/{name}/scans` as a pattern; a placeholder is one segment, percent-encoded."""
    return re.compile(re.sub(r"\\{[^}]*\\}", r"[^/?#\\\\\\s]+", re.escape(path)))


def _climbs(path: str) -> bool:
    """Whether a server that decodes the path, once or more often, would see `.` or `..` as a segment."""
    while (decoded := unquote(path)) != path:
        if _CLIMBING.search(path):
            return True
        path = decoded
    return _CLIMBING.search(path) is not None
