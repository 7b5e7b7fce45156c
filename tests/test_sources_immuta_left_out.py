"""Whatever Immuta's Request app lets a program read is read, or there is a reason why it is not."""

import re

import contract
import pytest

from pipeline.sources.immuta import SOURCE

SAME = "the list has the same object"
SIGN_OF_LIFE = "says nothing of the estate"
LEFT_OUT = {
    "/api/access-request/{id}": SAME,
    "/api/asset/{id}/recent-determinations": "the records of every request for the asset are read",
    "/api/auth/tokens/{id}": SAME,
    "/api/data-product/{name}/byName": SAME,
    "/api/data-use-agreement/{id}": SAME,
    "/api/data-use-agreement/{id}/request-forms": "every form says which agreements come with it",
    "/api/metadata/tags": "at most 200 of the tags that Govern lists",
    "/api/request-form/{id}": SAME,
    "/api/request-form/{id}/data-products": "every product says which forms it has",
    "/health": SIGN_OF_LIFE,
    "/health/live": SIGN_OF_LIFE,
    "/health/ready": SIGN_OF_LIFE,
}
"""Reads that are not made, each with the reason."""


def published() -> set[str]:
    """Paths of the operations that only read."""
    [app] = [one for one in contract.contracts() if one.name == "request_app"]
    return {path for path, methods in app.paths.items() if "get" in methods}


def read() -> set[str]:
    """Paths of the calls of the source."""
    return {one.path for one in SOURCE.endpoints if one.plane == "request"}


def unnamed(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


@pytest.mark.parametrize("path", sorted(published()))
def test_every_published_read_is_made_or_left_out_for_a_reason(path: str) -> None:
    """No list of the app is forgotten: it is either asked for or named here, and not both."""
    assert (unnamed(path) in set(map(unnamed, read()))) != (path in LEFT_OUT)


def test_what_is_left_out_exists() -> None:
    """A reason for an operation that is not published any more goes too."""
    assert LEFT_OUT.keys() <= published()
