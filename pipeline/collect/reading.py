"""Reading one call to its end: pages in turn, halves of what is refused, and a note of what is missing."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.collect.calls import Call
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Split, Total
from pipeline.collect.envelope import Envelope
from pipeline.collect.walked import Missing, Walked
from pipeline.errors import ForbiddenRequestError, PageError, RequestError

HOPELESS_CALLS = 20
"""Calls of one endpoint given up in a row, after which its other calls are not tried any more."""

FORBIDDEN_PARTS = 8
"""Parts of one batch forbidden in a row, after which the rest of it is: the key alone is found in seven halvings."""

STATED = (Total.SERVER, Total.CONTROL)
"""Kinds of endpoints of which the totals in the pages are noted."""

Submit = Callable[[Walked, Call], None]
"""Adds a call to those of the level."""


def read(client: Client, outcome: Walked, call: Call, submit: Submit) -> None:
    """Reads one call to its end, or takes note of what is missing; a batch that is refused is halved."""
    if outcome.failed_in_a_row >= HOPELESS_CALLS:
        reason = f"not tried: {HOPELESS_CALLS} calls of {outcome.name} before it failed in a row"
        outcome.given_up(_missing(outcome, call, None, reason))
        return
    missing: list[Missing] = []
    waiting = [call]
    forbidden = 0
    answered = False
    while waiting:
        part = waiting.pop()
        try:
            totals, came, approximate = _pages(client, outcome, part, submit)
        except (RequestError, PageError, ForbiddenRequestError) as error:
            # a thing may have a name that makes no known read of its path
            status, seq = (
                (error.status, error.seq) if isinstance(error, RequestError) else (None, None)
            )
            forbidden += status == 403
            if forbidden >= FORBIDDEN_PARTS:
                given_up, waiting = [part, *waiting], []
            elif len(part.keys) > 1:
                waiting += reversed(part.halves())
                continue
            else:
                given_up = [part]
            for one in given_up:
                missing += _missing(outcome, one, status, str(error), seq)
            continue
        short = _short(totals, came, approximate)
        if short is not None and outcome.endpoint.total is Total.SERVER:
            missing += _missing(outcome, part, 200, short)
            continue
        answered, forbidden = True, 0
        outcome.answered(totals, approximate)
    if missing:
        outcome.given_up(missing, hopeful=answered)


def _missing(
    outcome: Walked, call: Call, status: int | None, reason: str, seq: int | None = None
) -> list[Missing]:
    """One entry per key of a call that brought no answer; the key of a whole list is `*`."""
    if outcome.endpoint.one_list and call.key is not None:
        return [Missing("*", status, f"{call.key}: {reason}", seq)]
    return [Missing(key, status, reason, seq) for key in call.keys or (call.key or "*",)]


def _short(totals: Sequence[int], came: int, approximate: bool) -> str | None:
    """What is missing from one list by the server's own exact count; None if nothing is.

    Where the count fell on the way, a row may have been skipped: the largest count must be reached.
    """
    if not totals or approximate or came >= max(totals):
        return None
    return f"the list ended after {came} of {max(totals)} items"


def _pages(
    client: Client, outcome: Walked, call: Call, submit: Submit
) -> tuple[list[int], int, bool]:
    """Totals the server stated from the first page to the last, items that came, and whether a total was approximate.

    A list that splits has no totals: its parts have.
    """
    endpoint = outcome.endpoint
    totals: list[int] = []
    came = 0
    approximate = False
    walk = endpoint.paging(call.request(endpoint.key_param))
    step = next(walk)
    while not isinstance(step, Split):
        try:
            page: Envelope = client.fetch(endpoint, step, call.key)
        except RequestError as error:
            # a list that can be asked for in smaller pages goes on with those; any other ends here
            step = walk.throw(error)
            continue
        outcome.seen(page.size(endpoint.items))
        came += page.size(endpoint.items)
        if page.absent and call.key is not None:
            outcome.is_gone(call.key)
        if endpoint.total in STATED and (total := page.total()) is not None:
            totals.append(total)
            approximate |= bool(page.approximate)
        try:
            step = walk.send(page)
        except StopIteration:
            return totals, came, approximate
    for part in step.requests:
        submit(outcome, replace(call, first=part))
    return [], came, False
