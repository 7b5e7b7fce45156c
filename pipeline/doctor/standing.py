"""What the signed-in identity sees of Purview's collections, and which roles it has on them.

Collections and policies are read and loaded as a run does it; so is the inheritance of roles worked out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.collect import auth
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.staging import Staging
from pipeline.collect.store import PageStore
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.collect.walked import Walked
from pipeline.config import Config
from pipeline.errors import PassMusterError, RequestError
from pipeline.sources import purview
from pipeline.sources.purview import account, policy_store, roles
from pipeline.sources.purview.roles import NEEDS

PLANES = ("account", "policy_store")


@dataclass(frozen=True)
class Standing:
    """The collections an identity sees, those it only hears of, and where it may do what.

    `failures` says of a plane why it could not be read. `allowed` has the lower-case ids of the
    collections on which a data action is allowed; `unknown` says why it is not known.
    """

    identity: str | None = None
    collections: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    policies: int = 0
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unknown: str | None = None
    failures: Mapping[str, PassMusterError] = field(default_factory=dict)

    def lacks(self, plane: str) -> tuple[str, ...]:
        """Names of the visible collections on which nothing allows to read a plane; empty where that is unknown."""
        need = NEEDS.get(plane)
        if need is None or self.unknown:
            return ()
        allowed = self.allowed.get(need.action, frozenset())
        return tuple(
            name for key, name in sorted(self.collections.items()) if key.lower() not in allowed
        )


def read(config: Config, planes: Mapping[str, Plane], store: PageStore, scratch: Path) -> Standing:
    """The standing of the identity that `planes` sign in; what cannot be read is in its failures."""
    wanted = {name: plane for name, plane in planes.items() if name in PLANES}
    if not wanted:
        return Standing(unknown="planes account and policy_store are switched off")
    client = Client(
        purview.part(account, policy_store),
        wanted,
        Pace(config.purview.requests_per_second),
        store,
        timeout_s=config.collect.timeout_s,
    )
    staging = Staging(scratch / "standing.duckdb", store, 1)
    skip = {"purview": frozenset(config.purview.skip)}
    try:
        outcomes = collect({"purview": client}, staging, workers=2, skip=skip)
        return _standing(staging, outcomes, auth.claims_of(next(iter(wanted.values())).auth))
    except PassMusterError as error:
        return Standing(
            unknown="metadata policies could not be read", failures=dict.fromkeys(wanted, error)
        )
    finally:
        staging.close()
        client.close()


def _standing(staging: Staging, outcomes: list[Walked], claims: Mapping[str, object]) -> Standing:
    ask = staging.con.execute
    identity = claims.get("oid")
    collections = dict(ask("select id, coalesce(name, id) from collection").fetchall())
    failed = _failures(outcomes)
    unknown = None
    if identity is None:
        unknown = "the token does not say who it is"
    elif "policy_store" in failed:
        unknown = "metadata policies cannot be read"
    return Standing(
        identity=str(identity) if identity else None,
        collections=collections,
        roots=_column(staging, "select id from collection where parent_id is null order by id"),
        unseen=_column(staging, _UNSEEN),
        policies=ask("select count(*) from metadata_policy").fetchall()[0][0],
        allowed=roles.allowed(staging, claims),
        unknown=unknown,
        failures=failed,
    )


def _failures(outcomes: list[Walked]) -> dict[str, PassMusterError]:
    """Why the list of collections, or that of policies, could not be read."""
    return {
        outcome.endpoint.plane: RequestError(outcome.missing[0].reason, outcome.missing[0].status)
        for outcome in outcomes
        if outcome.endpoint.name in ("collection", "metadata_policy") and outcome.missing
    }


_UNSEEN = """
select distinct id
from (
    select parent_id as id from collection
    union all
    select collection_id from metadata_policy
    union all
    select parent_collection_id from metadata_policy
)
where id is not null and lower(id) not in (select lower(id) from collection)
order by id
"""


def _column(staging: Staging, query: str) -> tuple[str, ...]:
    return tuple(value for (value,) in staging.con.execute(query).fetchall())
