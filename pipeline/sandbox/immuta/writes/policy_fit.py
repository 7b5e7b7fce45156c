"""Which data sources a global policy that clients wrote applies to."""

from typing import Any

from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]


def in_force(policy: Json) -> bool:
    """Whether a policy applies anywhere: neither deleted nor staged."""
    return not policy["deleted"] and not policy["staged"]


def fits(policy: Json, source: DataSource) -> bool:
    """Whether the circumstances of a policy are those of a data source; without any it fits none.

    Of the circumstances only tags are looked at: of the data source, or of one of its columns.
    """
    circumstances = policy["circumstances"] or []
    met = [_is_met(one, source) for one in circumstances]
    if any(one.get("operator") == "and" for one in circumstances):
        return all(met)
    return any(met)


def _is_met(one: Json, source: DataSource) -> bool:
    if one["type"] == "columnTags" and source.has_dictionary:
        tags = {tag for entry in source.dictionary() for tag in entry.tags}
        return _is_among(one["columnTag"]["name"], tags)
    if one["type"] == "tags":
        tagged = source.said("detail").get("tags")
        title = DOMAINS[source.dataset.domain].title
        return _is_among(one["tag"]["name"], {title} if tagged is None else _names(tagged))
    return False


def _names(tags: list[Json]) -> set[str]:
    return {tag["name"] for tag in tags}


def _is_among(wanted: str, tags: set[str]) -> bool:
    """Whether a tag is there, or one below it."""
    return any(tag == wanted or tag.startswith(f"{wanted}.") for tag in tags)


def applied(policy: Json) -> Json:
    """A policy as a data source lists it."""
    subscription = policy["type"] == "subscription"
    grant = policy["actions"][0].get("accessGrant", "READ") if subscription else None
    return {
        "accessGrant": grant,
        "disabled": False,
        "id": policy["id"],
        "name": policy["name"],
        "type": policy["type"],
    }
