"""Reading a list anew: in smaller pages where one takes too long, and once more where rows moved meanwhile."""

from collections.abc import Callable, Generator
from dataclasses import replace

from pipeline.collect.endpoint import Request, Split
from pipeline.collect.envelope import Envelope
from pipeline.errors import PageError, RequestError

READINGS = 3
"""Of a list that shrinks while it is read; a list that shrinks every time is given up."""
SMALLEST_PAGE = 10

Pages = Generator[Request | Split, Envelope, None]


class ShrunkError(PageError):
    """A stated total fell while the list was read: rows moved up, and one may have been skipped."""


def patiently(
    read: Callable[[Request, int | None], Pages], request: Request, size: int | None
) -> Pages:
    """The requests of a list in pages of `size`; anew in smaller pages where one takes too long, and where rows moved."""
    while True:
        try:
            yield from read(request, size)
            return
        except RequestError as error:
            if not error.slow or size is None or size <= SMALLEST_PAGE:
                raise
            size = max(size // 2, SMALLEST_PAGE)
        except ShrunkError:
            if request.reading == READINGS:
                raise
            request = replace(request, reading=request.reading + 1)


def not_less(request: Request, stated: int, page: Envelope) -> int:
    """The largest total so far; refuses a page that states less."""
    total = page.total()
    if total is None:
        return stated
    if total < stated:
        raise ShrunkError(
            f"{request.path}: the list shrank from {stated} to {total} while it was read: "
            "a row may have been skipped"
        )
    return total
