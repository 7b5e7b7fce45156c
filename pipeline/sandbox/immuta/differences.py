"""What the declarations of the sandbox say otherwise than its estate, on purpose."""

from collections.abc import Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]


class Difference(NamedTuple):
    """One deliberate difference: what a comparison of the files with the estate must say, and of what."""

    verdict: str
    kind: str
    key: str
    path: str
    reason: str


def planted(payloads: dict[str, list[Json]]) -> list[Difference]:
    """Changes the payloads in a few places, each of which is one difference from the estate."""
    return sorted(
        [
            *_policies(payloads["policy"]),
            *_projects(payloads["project"]),
            *_purposes(payloads["purpose"]),
            *_data(payloads["data"]),
        ]
    )


def _find(payloads: Sequence[Json], name: str) -> Json:
    return next(one for one in payloads if one["name"] == name)


def _policies(policies: list[Json]) -> list[Difference]:
    cards = _find(policies, "Mask payment cards")
    cards["actions"][0]["rules"][0]["config"]["maskingConfig"]["type"] = "Null"
    mail = _find(policies, "Hash mail addresses")
    mail["staged"] = not mail["staged"]
    removed = _find(policies, "Null birth dates")
    policies.remove(removed)
    policies.append(
        {
            "policyKey": "mask-passport-numbers",
            "name": "Mask passport numbers",
            "type": "data",
            "actions": [
                {
                    "rules": [
                        {
                            "type": "Masking",
                            "config": {
                                "fields": [
                                    {
                                        "type": "columnTags",
                                        "columnTag": "Discovered.Entity.Passport",
                                    }
                                ],
                                "maskingConfig": {"type": "Hash"},
                            },
                        }
                    ]
                }
            ],
            "circumstances": [{"type": "columnTags", "columnTag": "Discovered.Entity.Passport"}],
        }
    )
    masking = "actions[0].rules[0].config.maskingConfig.type"
    return [
        Difference("different", "policy", cards["policyKey"], masking, "hashed, not made null"),
        Difference("different", "policy", mail["policyKey"], "staged", "in force, not staged"),
        Difference("missing", "policy", "mask-passport-numbers", "", "was never made"),
        Difference("unexpected", "policy", removed["policyKey"], "", "made by hand"),
    ]


def _projects(projects: list[Json]) -> list[Difference]:
    changed, removed = projects[0], projects[-1]
    changed["allowedMaskedJoins"] = not changed.get("allowedMaskedJoins")
    projects.remove(removed)
    projects.append({"projectKey": "autumn-audit", "name": "Autumn audit"})
    return [
        Difference(
            "different", "project", changed["projectKey"], "allowMaskedJoins", "switched by hand"
        ),
        Difference("missing", "project", "autumn-audit", "", "was never made"),
        Difference("unexpected", "project", removed["projectKey"], "", "made by hand"),
    ]


def _purposes(purposes: list[Json]) -> list[Difference]:
    changed = next(one for one in purposes if one.get("description"))
    changed["description"] += " (reviewed)"
    purposes.append({"name": "Autumn audit", "acknowledgement": "For the audit of 2026 only."})
    return [
        Difference("different", "purpose", changed["name"], "description", "the old text"),
        Difference("missing", "purpose", "Autumn audit", "", "was never made"),
    ]


def _data(connections: list[Json]) -> list[Difference]:
    changed, removed = connections[0], connections.pop()
    changed["options"]["tableTags"].append("Reviewed 2026")
    place = removed["connection"]
    key = "/".join(place[word].lower() for word in ("hostname", "database", "schema"))
    return [
        Difference(
            "different",
            "data",
            changed["connectionKey"],
            "options.tableTags",
            "one tag is not there",
        ),
        Difference("unexpected", "data", key, "", "registered by hand"),
    ]
