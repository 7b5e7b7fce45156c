"""Rules of a data policy: masking and row restrictions, in V2 payloads and V1 answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.drift import entitlement
from pipeline.drift.facts import (
    Answer,
    Found,
    Place,
    Stated,
    Told,
    Untold,
    listed,
    nothing,
    unique,
)
from pipeline.drift.rule_form import ENTITLED, MASKING, WHERE, Rule, in_words, mapping, v1, v2
from pipeline.drift.shape import Keys, anything, flag, many, one_of, text

_FIELD = Keys(
    {"type": text, "columnTag": text, "regex": text, "caseInsensitive": flag},
    required=("type",),
    open=True,
)
_CONFIG = Keys(
    {
        "fields": many(_FIELD),
        "operator": one_of("any", "all"),
        "maskingConfig": Keys(
            {"type": text, "constant": anything, "sqlFunction": text}, required=("type",), open=True
        ),
        "predicate": text,
        "column": Keys({"name": text, "type": text}),
        "values": many(anything),
        "invert": flag,
        "matches": many(
            Keys({"type": text, "attribute": text, "tag": text}, required=("type",), open=True)
        ),
    },
    open=True,
)
RULE = Keys(
    {
        "type": text,
        "config": _CONFIG,
        "exceptions": entitlement.GRANTS,
        "inclusions": entitlement.GRANTS,
        "operator": one_of("any", "all"),
    },
    required=("type",),
)
"""One rule of a V2 payload. More kinds exist than were published: their keys are let pass, and are not comparable."""

_PUBLISHED = (MASKING, WHERE, ENTITLED)

NOT_PUBLISHED = "how Immuta answers this is not published"
_KNOWN_MASKS = {"Hash", "Null", "Constant", "Custom Function"}


def sides(
    declared: Sequence[Mapping[str, Any]], live: Sequence[Any], place: Place
) -> tuple[Stated, Found]:
    """What file and answer say of the rules of a policy, each live rule under the path of the declared one it is most like."""
    stated: Stated = {}
    found: Found = {}
    ours = [
        (f"actions[{i}].rules[{j}]", rule)
        for i, action in enumerate(declared)
        for j, rule in enumerate(action.get("rules") or ())
    ]
    theirs = [
        rule
        for action in live
        if isinstance(action, dict)
        for rule in listed(action.get("rules"))
        if isinstance(rule, dict)
    ]
    paired = _paired([v2(rule) for _, rule in ours], [v1(rule) for rule in theirs])
    unread = False
    for at, (path, rule) in enumerate(ours):
        if at in paired:
            _compare(path, rule, theirs[paired[at]], place, stated, found)
            continue
        stated[path] = in_words(v2(rule))
        published = rule["type"] in _PUBLISHED
        unread = unread or not published
        found[path] = Told(None, (place,), "no such rule") if published else Untold(NOT_PUBLISHED)
    extra = [v1(rule) for at, rule in enumerate(theirs) if at not in paired.values()]
    # a live rule of another kind may be a declared one under a name that was never published
    extra = [one for one in extra if not unread or one["type"] in _PUBLISHED]
    if extra:
        stated["actions.further rules"] = ()
        found["actions.further rules"] = Told(unique(map(in_words, extra)), (place,))
    order = [paired[at] for at in range(len(ours)) if at in paired]
    if order != sorted(order):
        stated["actions.order of rules"] = "as declared"
        found["actions.order of rules"] = Told("another", (place,))
    _descriptions(declared, live, place, stated, found)
    return stated, found


def _descriptions(
    declared: Sequence[Mapping[str, Any]],
    live: Sequence[Any],
    place: Place,
    stated: Stated,
    found: Found,
) -> None:
    """Descriptions of actions; V1 may have split them by kind, then nothing tells which is which."""
    for at, action in enumerate(declared):
        path = f"actions[{at}].description"
        if action.get("description") is not None:
            stated[path] = nothing(action["description"])
        if len(live) == len(declared) and isinstance(live[at], dict):
            found[path] = Told(nothing(live[at].get("description")), (place,))


def _paired(ours: Sequence[Stated], theirs: Sequence[Stated]) -> dict[int, int]:
    """Position of a declared rule -> position of the live rule it is most like; each is used once."""
    likeness = sorted(
        (-_alike(mine, live), abs(at - to), at, to)
        for at, mine in enumerate(ours)
        for to, live in enumerate(theirs)
        if mine["type"] == live["type"] or _squashed(mine["type"]) == _squashed(live["type"])
    )
    found: dict[int, int] = {}
    for _, _, at, to in likeness:
        if at not in found and to not in found.values():
            found[at] = to
    return found


def _alike(mine: Stated, live: Stated) -> int:
    return sum(mine[key] == live[key] for key in mine)


def _compare(path: str, rule: Rule, live: Rule, place: Place, stated: Stated, found: Found) -> None:
    """Adds what both say of one rule."""
    places = (place,)
    config, theirs = rule.get("config") or {}, mapping(live.get("config"))
    ours_said, live_said = v2(rule), v1(live)
    for key, value in ours_said.items():
        if value is None and live_said[key] is None:
            continue
        stated[f"{path}.{key}"] = value
        found[f"{path}.{key}"] = Told(live_said[key], places)
    mask = ours_said["config.maskingConfig.type"]
    if mask is not None:
        found[f"{path}.config.maskingConfig.type"] = _mask(
            str(mask), live_said["config.maskingConfig.type"], places
        )
    live_mask = mapping(theirs.get("maskingConfig"))
    inside = {**mapping(live_mask.get("metadata")), **live_mask}
    for key, value in (config.get("maskingConfig") or {}).items():
        if key != "type" and value is not None:
            _same_key(
                f"{path}.config.maskingConfig.{key}", value, inside.get(key), places, stated, found
            )
    for key, value in config.items():
        if key not in ("fields", "operator", "maskingConfig", "predicate") and value is not None:
            _same_key(f"{path}.config.{key}", value, theirs.get(key), places, stated, found)


def _mask(mine: str, live: Any, places: tuple[Place, ...]) -> Answer:
    """The live masking type, if its word can be held against ours."""
    known = mine in _KNOWN_MASKS and live in _KNOWN_MASKS
    if live is None or mine == live or mine == "Hash" or known:
        return Told(live, places)
    return Untold(f"Immuta says {live!r}; what V2 calls that is not published")


def _same_key(
    path: str,
    value: Any,
    live: Any,
    places: tuple[Place, ...],
    stated: Stated,
    found: Found,
) -> None:
    """A key that V1 may have under the same name; where it does not, nothing is claimed."""
    stated[path] = _plain(value)
    found[path] = Untold(NOT_PUBLISHED) if live is None else Told(_plain(live), places)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return nothing(value) if isinstance(value, str) else value


def _squashed(word: Any) -> str:
    return "".join(letter for letter in str(word).lower() if letter.isalnum())
