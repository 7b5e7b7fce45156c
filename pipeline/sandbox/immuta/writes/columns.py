"""Columns of a data source as clients write them, and as the dictionary answers them."""

from collections.abc import Sequence
from typing import Any

from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.immuta.sources import Entry
from pipeline.sandbox.immuta.writes.calls import RefusedError, objects, text
from pipeline.sandbox.immuta.writes.changes import Changes

Json = dict[str, Any]


def given(value: Any) -> list[Json]:
    """Columns in a handler's metadata; none where it lists none.

    Raises:
        RefusedError: a column lacks its name.
    """
    return [] if value is None else [_column(one) for one in objects(value, "columns")]


def of_table(table: Dataset) -> list[Json]:
    """Columns of a table of the estate, as Immuta reads them when the table is registered."""
    plain = [one for one in table.columns() if not one.deleted]
    return [_column({"name": one.name, "dataType": one.data_type.partition("(")[0],
                     "remoteType": one.data_type}) for one in plain]  # fmt: skip


def in_dictionary(body: Any) -> list[Json]:
    """Columns of a dictionary that a client writes; a tag that names no source is dropped silently.

    Raises:
        RefusedError: the body is no dictionary, or two columns have one name.
    """
    if not isinstance(body, dict) or "metadata" not in body:
        raise RefusedError(400, 'Bad request: "metadata" is required.')
    found = objects(body["metadata"], "metadata")
    for one in found:
        for name in ("name", "dataType", "remoteType"):
            text(one, name)
    names = [one["name"] for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedError(400, f"Bad request: duplicate columns: {', '.join(twice)}.")
    return [_column(one) for one in found]


def _column(one: Json) -> Json:
    name = text(one, "name")
    tags = [tag for tag in objects(one.get("tags") or [], "tags") if tag.get("source")]
    data_type = str(one.get("dataType") or "text")
    found = {
        "dataType": data_type,
        "name": name,
        "nullable": _true(one.get("nullable", True)),
        "remoteColumn": str(one.get("remoteColumn") or name),
        "remoteType": str(one.get("remoteType") or data_type),
        "tags": [
            {
                "deleted": _true(tag.get("deleted", False)),
                "name": text(tag, "name"),
                "source": str(tag["source"]),
            }
            for tag in tags
        ],
    }
    if one.get("description") is not None:
        found["description"] = str(one["description"])
    return found


def _true(value: Any) -> bool:
    """A boolean that some clients write as a word."""
    return str(value).lower() in ("true", "yes")


def write(changes: Changes, number: int, columns: Sequence[Json], since: str) -> None:
    """Makes these the columns of a data source."""
    answer = {
        "metadata": list(columns),
        "types": sorted({one["dataType"] for one in columns}),
        "updatedAt": since,
    }
    changes.write_source(
        number,
        entries=tuple(
            Entry(
                one["name"],
                one["dataType"],
                tuple(tag["name"] for tag in one["tags"] if not tag["deleted"]),
            )
            for one in columns
        ),
        has_dictionary=True,
        answers={"dictionary": answer},
    )
