"""Type definitions (Data Map 2023-09-01)."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single

_VERSION = (("api-version", "2023-09-01"),)

ENDPOINTS = (
    Endpoint(
        "classification_def",
        "datamap",
        "/datamap/api/atlas/v2/types/typedefs",
        ("classification_def",),
        single,
        params=(*_VERSION, ("type", "CLASSIFICATION")),
        items="classificationDefs",
    ),
)
