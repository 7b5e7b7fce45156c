"""What rules build on, worked out for a snapshot before it is judged: meanings, registers, links, access, carried classes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from pipeline.judge import (
    grant,
    hosts,
    link,
    masking,
    propagation,
    registers,
    sensitivity,
    timeline,
)
from pipeline.judge.registers.loading import Loaded
from pipeline.judge.sensitivity import SensitivityMap
from pipeline.packs import Packs


@dataclass(frozen=True)
class Groundwork:
    """What the packs say of the estate: which names are sensitive, other names of hosts, and the registers."""

    known: SensitivityMap
    aliases: Mapping[str, str]
    kept: Mapping[str, Loaded]


def load(packs: Packs) -> Groundwork:
    """What the packs in force say.

    Raises:
        ConfigError: one of their files is wrong; the message says where.
    """
    kept = registers.load(packs)
    return Groundwork(
        sensitivity.of(kept.get(sensitivity.NAME)), hosts.of(kept.get(hosts.NAME)), kept
    )


def write(con: duckdb.DuckDBPyConnection, ground: Groundwork, number: int) -> None:
    """Makes every table that rules build on, of snapshot `number`, the newest."""
    with _part(con) as own:
        sensitivity.write(own, ground.known, number)
        registers.write(own, ground.kept, number)
        link.write(own, number, ground.aliases)
    with _part(con) as own:
        grant.write(own, number)
        timeline.write(own, number)
        masking.write(own, number)
    with _part(con) as own:
        propagation.write(own, number)


@contextmanager
def _part(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection beside `con`, in a transaction: what a part makes on the way takes memory until it ends."""
    with con.cursor() as own:
        own.execute("set TimeZone = 'UTC'")
        own.execute("begin transaction")
        yield own
        own.execute("commit")
