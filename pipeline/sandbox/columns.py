"""Columns of the table templates, spelled for each platform once."""

from typing import NamedTuple

from pipeline.sandbox import platforms
from pipeline.sandbox.platforms import PLATFORMS, Platform
from pipeline.sandbox.vocabulary import TEMPLATES, Field, Template

_LOAD_FIELDS = (Field("load_batch_id", "bigint"), Field("ingested_at", "timestamp"))


class Column(NamedTuple):
    """One column of a dataset, as the Data Map knows it."""

    position: int
    name: str
    data_type: str
    classes: tuple[str, ...]
    deleted: bool = False


def _spelled(platform: Platform, template: Template) -> tuple[Column, ...]:
    return tuple(
        Column(at + 1, platforms.spelled(platform, field.name), field.data_type, field.classes)
        for at, field in enumerate((*template.fields, *_LOAD_FIELDS))
    )


_PLAIN = {
    (platform.key, template.name): _spelled(platform, template)
    for platform in PLATFORMS
    for template in TEMPLATES
}


def count(template: Template) -> int:
    """How many columns a table of the kind has."""
    return len(template.fields) + len(_LOAD_FIELDS)


def deserved(platform: Platform, template: Template) -> tuple[Column, ...]:
    """The columns of a table with all classifications that its content deserves."""
    return _PLAIN[platform.key, template.name]


def missed(platform: Platform, template: Template, column: Column) -> tuple[str, ...]:
    """The classifications that a column deserves and does not have."""
    plain = deserved(platform, template)
    if column.position > len(plain):
        return ()
    return tuple(name for name in plain[column.position - 1].classes if name not in column.classes)
