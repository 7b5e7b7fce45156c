"""Lines of a file of JSON objects (JSON Lines, https://jsonlines.org), numbered from 1 as RFC 5147 points at them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from pipeline.errors import PageError

_LINE = re.compile(r"#line=(0|[1-9][0-9]*)")


@dataclass(frozen=True)
class Line:
    """One line that is not empty: its number as editors count, and the object on it, undecoded."""

    number: int
    value: msgspec.Raw


_decode = msgspec.json.Decoder(dict[str, msgspec.Raw])


def is_pointer(text: str) -> bool:
    """Whether `text` points at a line, as `#line=0` does: RFC 5147 counts positions, so that is the first one."""
    return _LINE.fullmatch(text) is not None


def pointer(number: int) -> str:
    """The pointer to the line that editors number so."""
    return f"#line={number - 1}"


def item(body: bytes, text: str) -> Any:
    """The object on the line that the pointer `text` names.

    Raises:
        PageError: there is no such line, or the body is no such file.
    """
    for line in rows(body):
        if pointer(line.number) == text:
            return msgspec.json.decode(line.value)
    raise PageError(f"nothing at {text} in the file")


def rows(body: bytes) -> Iterator[Line]:
    """Every line with an object on it; empty lines are passed over.

    Raises:
        PageError: a line is no JSON object; the message says which.
    """
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        text = line.strip()
        if not text:
            continue
        try:
            text.decode()
            _decode.decode(text)
        except msgspec.DecodeError as error:
            raise PageError(f"line {number}: no JSON object: {error}") from error
        except UnicodeDecodeError as error:
            raise PageError(f"line {number}: not UTF-8 text") from error
        yield Line(number, msgspec.Raw(text))
