"""A source made of groups: one module and one SQL file beside it for every group of endpoints.

A group has `ENDPOINTS`, and may have `PROBES` (one cheap read per plane) and `CARRIED` (see `Source`).
"""

from collections.abc import Sequence
from importlib import resources
from types import ModuleType

from pipeline.collect.endpoint import Source


def assembled(name: str, package: str, groups: Sequence[ModuleType]) -> Source:
    """The source of these groups, whose SQL is finished in their order.

    What all sources read values by comes first (`reading.sql` here), then what this one does (that of its package).
    """
    return Source(
        name,
        tuple(endpoint for group in groups for endpoint in group.ENDPOINTS),
        "\n".join(
            [_sql(__package__, "reading")]
            + [_sql(package, stem) for stem in ("reading", *map(_stem, groups))]
        ),
        tuple(probe for group in groups for probe in getattr(group, "PROBES", ())),
        {
            table: column
            for group in groups
            for table, column in getattr(group, "CARRIED", {}).items()
        },
    )


def _sql(package: str, stem: str) -> str:
    return resources.files(package).joinpath(f"{stem}.sql").read_text("utf-8")


def _stem(group: ModuleType) -> str:
    return group.__name__.rpartition(".")[2]
