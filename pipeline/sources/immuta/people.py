"""The people of Govern."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.sources.immuta.calls import GOVERN_PAGE

ENDPOINTS = (
    Endpoint(
        "user",
        "govern",
        "/bim/user",
        ("immuta_user",),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
    ),
)
