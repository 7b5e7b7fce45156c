"""The objects of Immuta's connections: databases, schemas and tables of a part of the estate."""

from collections.abc import Iterable

from pipeline.sandbox.immuta.sources import DataSource

PLATFORMS = ("snowflake", "databricks")
"""Where tables are registered through connections."""


class Tree:
    """The objects of all connections: what is below each, and the data source of each table."""

    def __init__(self, sources: Iterable[DataSource]) -> None:
        self.below: dict[tuple[str, ...], dict[str, None]] = {(): {}}
        self.source: dict[tuple[str, ...], DataSource] = {}
        for source in sources:
            if is_connected(source):
                path = (connection_key(source), *source.dataset.path)
                self.source[path] = source
                for depth, name in enumerate(path):
                    self.below.setdefault(path[:depth], {})[name] = None

    def of(self, key: str) -> DataSource:
        """A data source of a connection, which tells its host."""
        return next(source for path, source in self.source.items() if path[0] == key)


def is_connected(source: DataSource) -> bool:
    """Whether a source was registered through a connection; copies are made by hand."""
    known = source.platform.key in PLATFORMS and not source.is_copy
    return known and source.dataset.bits[28] % 2 == 0


def connection_key(source: DataSource) -> str:
    """Key of the connection to the host of a source."""
    return f"{source.platform.key}-{source.dataset.host_number:02d}"
