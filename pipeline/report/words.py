"""How numbers, instants and names are put into words; nothing is rounded into a claim."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

SMALL_POPULATION = 20
"""Below this denominator only the count is printed: a rate would feign precision."""

FULL_COVERAGE = 0.95
"""Below this share of evaluated subjects a rate is marked incomplete and loses its colour."""

_STEERING = {
    code: f"[U+{code:04X}]"
    for code in (
        *range(9),
        *range(11, 32),
        *range(127, 160),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0xFEFF,
    )
}


def visible(text: str) -> str:
    """`text` with every character named that is invisible or could reorder what a reader sees."""
    return text.translate(_STEERING)


def count(number: float) -> str:
    """`number` with thousands separated by commas; halves are kept to one decimal."""
    shown = f"{abs(number):,.0f}" if float(number).is_integer() else f"{abs(number):,.1f}"
    return f"\N{MINUS SIGN}{shown}" if number < 0 else shown


def signed(number: float) -> str:
    """`number` with its sign, ±0 when nothing changed."""
    return "±0" if number == 0 else f"+{count(number)}" if number > 0 else count(number)


def percent(numerator: int, denominator: int) -> str:
    """The share with one decimal; 99.9 % and 0.1 % where rounding would claim all or nothing."""
    if numerator == denominator:
        return "100 %"
    if numerator == 0:
        return "0 %"
    share = Decimal(100 * numerator) / Decimal(denominator)
    rounded = share.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{min(max(rounded, Decimal('0.1')), Decimal('99.9'))} %"


def rate(numerator: int, denominator: int, not_evaluated: int = 0) -> str:
    """The rate to print after the count, or nothing where it must not be printed.

    Nothing: for a population under 20, and for "all" when some subjects could not be evaluated.
    """
    if denominator < SMALL_POPULATION:
        return ""
    if not_evaluated and numerator in (0, denominator):
        return ""
    shown = percent(numerator, denominator)
    covered = denominator >= FULL_COVERAGE * (denominator + not_evaluated)
    return shown if covered else f"{shown}, incomplete"


def day(instant: datetime | None) -> str:
    """The UTC day, or a dash."""
    return f"{instant:%Y-%m-%d}" if instant else "–"


def minute(instant: datetime | None) -> str:
    """The UTC minute with its zone, or a dash."""
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "–"


def days(number: float | None) -> str:
    """`3 days`, `1 day`, or a dash."""
    if number is None:
        return "–"
    return f"{count(number)} day{'' if number == 1 else 's'}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 table`, `2 tables`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def clipped(text: str, length: int = 28) -> str:
    """`text`, cut with an ellipsis where a sentence has no room for it."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def listed(names: list[str], limit: int = 3) -> str:
    """`a, b, c and 4 more`."""
    rest = len(names) - limit
    shown = ", ".join(names[:limit])
    return f"{shown} and {count(rest)} more" if rest > 0 else shown
