"""The data policies in force on a data source of Immuta Govern, as its policy handler tells them."""

from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox.immuta import certifications
from pipeline.sandbox.immuta.clauses import ANYONE, any_of, group
from pipeline.sandbox.immuta.policies import MASKED_TAGS, POLICIES, Policy
from pipeline.sandbox.immuta.sources import DataSource

Json = dict[str, Any]


def has_handler(source: DataSource) -> bool:
    """Whether the source has a policy handler: most have no data policy, and then it is null."""
    return source.dataset.bits[24] % 2 == 1


def applied(source: DataSource) -> list[Policy]:
    """The data policies that a source lists: those whose tag a column of it has, and the one its owner must certify.

    What owners must certify is on no source with a handler: there nobody is asked.
    """
    if not has_handler(source):
        return [policy for policy in POLICIES if policy.id == certifications.policy_on(source)]
    tags = {tag for entry in source.dictionary() for tag in entry.tags}
    wanted = [policy for policy in POLICIES if policy.type == "data" and policy.tag in tags]
    in_force = [policy for policy in wanted if not policy.staged and not policy.deleted]
    return [policy for policy in in_force if policy.id not in certifications.TURNS]


def is_compiled(source: DataSource) -> bool:
    """Whether the handler can be read: after an upgrade some are named and answer 404."""
    return has_handler(source) and source.dataset.bits[29] >= 6


def shows_all(source: DataSource) -> bool:
    """Whether somebody let everybody out of what masks the columns of the source."""
    return is_compiled(source) and draws.share(source.dataset.seed, "lifted", source.id) < 0.05


def handler(source: DataSource) -> Json:
    """The policies that were made of the global ones for this source, and one of its own."""
    masked = [
        (tag, [entry.name for entry in source.dictionary() if tag in entry.tags])
        for tag in MASKED_TAGS
    ]
    everybody = any_of(ANYONE) if shows_all(source) else None
    policies = [_masking(tag, columns, everybody) for tag, columns in masked if columns]
    if source.dataset.bits[29] % 3 == 0 or not policies:
        policies.append(_rows())
    if source.dataset.bits[24] % 4 == 1:
        # the deprecated feature was switched on once: the list stays, mostly empty
        policies.append(_exemptions(source.dataset.bits[29] % 9 == 7))
    return {
        "dataSourceId": source.id,
        "id": source.id,
        "jsonPolicies": policies,
        "rules": "\n".join(policy["description"] for policy in policies),
        "type": "jsonPolicy",
    }


def _masking(tag: str, columns: list[str], exceptions: Json | None) -> Json:
    fields = [{"name": name, "type": "column"} for name in columns]
    config = {
        "fields": fields,
        "maskingConfig": {"metadata": {}, "type": MASKED_TAGS[tag]},
        "qualifications": {"conditions": []},
    }
    return {
        "description": f"Mask columns tagged {tag}",
        "rules": [{"config": config, "exceptions": exceptions, "type": "masking"}],
        "type": "masking",
    }


def _exemptions(somebody: bool) -> Json:
    whom = any_of(group("Break Glass", "bim"), {"type": "users", "value": "batch"})
    return {
        "description": "Exemptions",
        "rules": [{"config": {}, "exceptions": whom, "type": "exemption"}] if somebody else [],
        "type": "exemption",
    }


def _rows() -> Json:
    config = {"predicate": "@hasAttribute('region', 'all')", "qualifications": {"conditions": []}}
    return {
        "description": "Only rows of the reader's region",
        "rules": [
            {"config": config, "exceptions": None, "type": "Row Restriction by Custom Where Clause"}
        ],
        "type": "rowOrObjectRestriction",
    }
