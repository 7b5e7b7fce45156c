"""Type definitions: classifications, entity types and managed attributes (Data Map 2023-09-01)."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single


def _defs(name: str, category: str, items: str, tables: tuple[str, ...]) -> Endpoint:
    """The definitions of one category: a single page, however long."""
    return Endpoint(
        name,
        "datamap",
        "/datamap/api/atlas/v2/types/typedefs",
        tables,
        single,
        params=(("api-version", "2023-09-01"), ("type", category)),
        items=items,
    )


ENDPOINTS = (
    _defs("classification_def", "CLASSIFICATION", "classificationDefs", ("classification_def",)),
    # read before entities: it says in which attributes an entity keeps its columns and references
    _defs("entity_def", "ENTITY", "entityDefs", ("entity_def", "relationship")),
    _defs(
        "managed_attribute_def",
        "BUSINESS_METADATA",
        "businessMetadataDefs",
        ("managed_attribute_def",),
    ),
)
