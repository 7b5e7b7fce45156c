"""What the walk needs of a page: its list and its paging fields, for every envelope either product uses.

Everything else of a page is skipped here and read later by DuckDB from the stored bytes.
"""

import msgspec
from msgspec import UNSET, Raw, UnsetType

from pipeline.errors import PageError
from pipeline.warehouse.pages import loadable

_List = list[Raw] | None | UnsetType


class Meta(msgspec.Struct):
    """The `meta` object of the Request app."""

    nextToken: str | None = None  # noqa: N815
    totalCount: int | None = None  # noqa: N815


class Envelope(msgspec.Struct):
    """One page as the walk sees it."""

    value: _List = UNSET
    values: _List = UNSET
    entities: _List = UNSET
    hits: _List = UNSET
    data: _List = UNSET
    users: _List = UNSET
    classificationDefs: _List = UNSET  # noqa: N815
    entityDefs: _List = UNSET  # noqa: N815
    businessMetadataDefs: _List = UNSET  # noqa: N815
    resultData: _List = UNSET  # noqa: N815
    relations: _List = UNSET
    approvalRecords: _List = UNSET  # noqa: N815
    dataSources: _List = UNSET  # noqa: N815
    purposes: _List = UNSET
    members: _List = UNSET
    determinations: _List = UNSET
    domains: _List = UNSET
    groups: _List = UNSET
    attributes: _List = UNSET
    # a list in dictionaries; elsewhere the name may stand for anything
    metadata: list[Raw] | dict[str, Raw] | str | float | bool | UnsetType | None = UNSET
    continuationToken: str | None = None  # noqa: N815
    lastPage: bool | None = None  # noqa: N815
    nextLink: str | None = None  # noqa: N815
    odata_next: str | None = msgspec.field(name="@odata.nextLink", default=None)
    skipToken: str | None = None  # noqa: N815
    count: int | None = None
    totalResultCount: int | None = None  # noqa: N815
    search_count: int | None = msgspec.field(name="@search.count", default=None)
    approximate: bool | None = msgspec.field(name="@search.count.approximate", default=None)
    meta: Meta | None = None
    bare: list[Raw] | None = None
    absent: bool = msgspec.field(name="@muster.absent", default=False)

    def size(self, items: str) -> int:
        """How many items the page holds; a page that is one object holds one."""
        return len(self.rows(items)) if items or self.bare is not None else 1

    def rows(self, items: str) -> list[Raw]:
        """The items of the page, undecoded."""
        found = self.bare if self.bare is not None else getattr(self, items)
        return found if isinstance(found, list) else []

    def total(self) -> int | None:
        """How many items the server says the whole list has."""
        stated = (
            self.search_count,
            self.count,
            self.totalResultCount,
            self.meta.totalCount if self.meta else None,
        )
        return next((number for number in stated if number is not None), None)


_decode_object = msgspec.json.Decoder(Envelope)
_decode_list = msgspec.json.Decoder(list[Raw])
_decode_fields = msgspec.json.Decoder(dict[str, Raw])


def open_page(body: bytes, items: str) -> Envelope:
    """The envelope of `body`.

    Raises:
        PageError: not JSON, not the promised shape, or without its list `items` ('' = one
            object, '[]' = a bare list).
    """
    try:
        body.decode()
        body = loadable(body)
        if items == "[]":
            return Envelope(bare=_decode_list.decode(body))
        if not items:
            _decode_fields.decode(body)
            return Envelope()
        page = _decode_object.decode(body)
        page.absent = False
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        start = body[:60].decode(errors="replace")
        raise PageError(
            f"the body is not the promised JSON ({error}); it starts {start!r}"
        ) from error
    if not isinstance(getattr(page, items), list):
        raise PageError(f"the page has no list {items!r}")
    return page
