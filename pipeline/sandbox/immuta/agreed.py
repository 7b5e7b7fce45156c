"""What whoever asks for access must agree to."""

from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox.immuta.products import Product

Json = dict[str, Any]
AGREEMENTS = (
    (
        "Internal use",
        "The data stays inside the company: it is shown and sent to nobody outside, and whatever was copied "
        "is deleted as soon as it is not needed any more.",
    ),
    ("No re-identification", "Nobody tries to find out <who> a person in the data is."),
    ("=Delete & report", "What was copied is deleted after use."),
)


def shown(seed: int, at: int) -> Json:
    """A data use agreement, as forms show it."""
    name, body = AGREEMENTS[at]
    return {"body": body, "id": draws.guid(seed, "agreement", at), "name": name}


def of_product(one: Product) -> list[Json]:
    """What whoever asks for a product must agree to: something, too little, nothing."""
    at = one.index % 3
    if at == len(AGREEMENTS) - 1 or not one.sources:
        return []
    return [shown(one.sources[0].dataset.seed, at)]
