"""One line per plane: whether it answers, what this identity sees of it, and which roles it lacks there."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import msgspec

from pipeline.collect import auth
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Endpoint, Request
from pipeline.collect.store import PageStore
from pipeline.doctor import immuta
from pipeline.doctor.check import Check
from pipeline.doctor.standing import Standing
from pipeline.errors import PassMusterError
from pipeline.sources.purview.roles import NEEDS

READS_GRAPH = {"Directory.Read.All", "Directory.ReadWrite.All"}
"""Application permissions of Microsoft Graph, one of which resolving ids takes."""

NAMED = 3
"""How many collections a line names; `--json` has all."""

Json = Mapping[str, Any]
Said = tuple[str, str]


def check(
    client: Client, probe: Endpoint, store: PageStore, flow: httpx.Auth, seen: Standing
) -> Check:
    """What `probe` finds; where `seen` has read the plane already, nothing is sent."""
    about = f"{client.source.name}.{probe.plane}"
    place = client.address(probe.plane)
    try:
        if about in _READ_BEFORE:
            if (failure := seen.failures.get(probe.plane)) is not None:
                raise failure
            result, detail = _READ_BEFORE[about](seen)
        elif client.source.name == "immuta":
            answer = _fetched(client, probe, store)
            result, detail = immuta.said(client.source, probe.plane, answer, flow)
        else:
            result, detail = _SEEN.get(about, _answers)(_fetched(client, probe, store))
    except PassMusterError as error:
        return Check(about, place, "fails", _worded(error, probe.plane))
    if about == "directory.graph":
        return Check(about, place, *_with_permissions(result, detail, auth.claims_of(flow)))
    if client.source.name == "purview":
        names = (
            tuple(sorted(seen.collections.values()))
            if probe.plane == "account"
            else seen.lacks(probe.plane)
        )
        return Check(about, place, *_with_roles(result, detail, probe.plane, seen), names)
    return Check(about, place, result, detail)


def _fetched(client: Client, probe: Endpoint, store: PageStore) -> Json:
    request = Request(probe.method, probe.plane, probe.path, probe.params, probe.body)
    if client.fetch(probe, request, None).absent:
        return {}
    kept = store.replay(request, client.source.name, probe.name)
    answer = msgspec.json.decode(store.read(kept)) if kept else {}
    return answer if isinstance(answer, dict) else {"value": answer}


def _worded(error: PassMusterError, plane: str) -> str:
    status = getattr(error, "status", None)
    if status == 404 and plane == "data_assets":
        return (
            'HTTP 404: not offered here; a run records it as a gap, unless [purview] skip has "data_assets": '
            "then the tables that are made of it are not evaluated"
        )
    if status != 403:
        return str(error)
    need = NEEDS.get(plane)
    role = f"; the least role that reads it: {need.role}" if need else ""
    return f"HTTP 403: signed in, but without a role on this plane{role}; a run records it as a gap"


def _with_roles(result: str, detail: str, plane: str, seen: Standing) -> Said:
    """The line with the roles that reading the plane takes: had everywhere, lacking somewhere, or unknown."""
    need = NEEDS.get(plane)
    if need is None:
        return result, f"{detail}; its roles are its own, not those of collections"
    if seen.unknown:
        return result, f"{detail}; whether {need.role} is lacking is unknown: {seen.unknown}"
    lacking = seen.lacks(plane)
    total = len(seen.collections)
    if not lacking:
        return result, f"{detail}; {need.role} or more on all {total} collections"
    some = ", ".join(lacking[:NAMED]) + (" ..." if len(lacking) > NAMED else "")
    return (
        "warning",
        f"{detail}; lacks {need.role} on {len(lacking)} of {total} collections ({some}), "
        "unless a group has it",
    )


def _with_permissions(result: str, detail: str, claims: Mapping[str, Any]) -> Said:
    granted = claims.get("roles")
    if not isinstance(granted, list):
        return result, f"{detail}; which permissions it has is unknown: the token does not say"
    if READS_GRAPH & set(granted):
        return result, f"{detail}; permissions {', '.join(map(str, granted))}"
    return "warning", f"{detail}; lacks Directory.Read.All: ids cannot be resolved"


def _collections(seen: Standing) -> Said:
    count = len(seen.collections)
    said = f"{count} collections visible"
    if seen.unseen:
        some = ", ".join(seen.unseen[:NAMED]) + (" ..." if len(seen.unseen) > NAMED else "")
        said += f", {len(seen.unseen)} more are named but not visible ({some})"
    if not seen.roots:
        return "warning", f"{said}; the root is not among them: what lies elsewhere is missing"
    whole = "warning" if seen.unseen else "ok"
    return whole, f"{said}, from the root collection {', '.join(seen.roots)}"


def _policies(seen: Standing) -> Said:
    who = f", signed in as {seen.identity}" if seen.identity else ""
    return "ok", f"{seen.policies} metadata policies visible{who}"


def _assets(answer: Json) -> Said:
    count = answer.get("@search.count") or 0
    return ("ok", f"{count} assets visible") if count else ("warning", "no asset is visible")


def _data_sources(answer: Json) -> Said:
    return "ok", f"{answer.get('count', len(answer.get('value') or []))} data sources visible"


def _domains(answer: Json) -> Said:
    count = len(answer.get("value") or [])
    if not count:
        return "warning", "no business domain is visible"
    return "ok", f"{count} business domains on the first page"


def _data_assets(answer: Json) -> Said:
    return "ok", f"{len(answer.get('value') or [])} data assets on the first page"


def _subscriptions(answer: Json) -> Said:
    return "ok", f"{len(answer.get('value') or [])} requests for access on the first page"


def _workflows(answer: Json) -> Said:
    return "ok", f"{len(answer.get('value') or [])} classic workflows on the first page"


def _events(answer: Json) -> Said:
    count = answer.get("totalResultCount")
    return "ok", "answers" if count is None else f"answers, {count} events of the kind asked for"


def _users(answer: Json) -> Said:
    count = len(answer.get("value") or [])
    return ("ok", "users can be read") if count else ("warning", "no user is visible")


def _answers(answer: Json) -> Said:
    del answer
    return "ok", "answers"


_READ_BEFORE: Mapping[str, Callable[[Standing], Said]] = {
    "purview.account": _collections,
    "purview.policy_store": _policies,
}
"""Planes of which more than one answer counts."""

_SEEN: Mapping[str, Callable[[Json], Said]] = {
    "purview.datamap": _assets,
    "purview.scanning": _data_sources,
    "purview.audit": _events,
    "purview.unified_catalog": _domains,
    "purview.data_assets": _data_assets,
    "purview.data_access": _subscriptions,
    "purview.workflow": _workflows,
    "directory.graph": _users,
}
"""How the answer of a plane's probe reads."""
