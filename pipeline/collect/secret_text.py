"""Secrets inside texts: connection strings, addresses, keys in PEM, whatever stands behind a telling name.

What is in doubt goes: a text may lose more than the secret, never less.
"""

import re
import string
from collections.abc import Iterable
from functools import lru_cache

REDACTED = "[REDACTED]"

_NAME = (
    r"(?:pass[ _-]?(?:word|wd|phrase|code|key)|pwd|secret|token|credentials?|signature"
    r"|(?:account|access|api|private|secret|shared|storage|master)[ _-]?key|sig|sas|\bpass)"
)
_QUOTED = (
    r"(?:\"(?:\\.|\"\"|[^\"])*+\"?"
    r"|'(?:\\.|''|[^'])*+'?"
    r"|\{(?:\}\}|[^}])*+\}?)"
)
_DONE = rf"{re.escape(REDACTED)}(?:[&#;\r\n]|$)"
_RULES = (
    # a private key in PEM; one that is cut off goes to its end
    re.compile(r"()-----BEGIN[^-]*PRIVATE KEY[^-]*-----.*?(?:-----END[^-]*-----|\Z)", re.S | re.I),
    # a signed web token (RFC 7519)
    re.compile(r"()\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
    # scheme://user:password@host: up to the last @, as passwords have them too; not a port
    re.compile(r"(://[^/@:\s]*:)(?!\d{1,5}(?:[/?#]|$))[^\s\"'<>]+(?=@)"),
    # user:password@host, and nothing else
    re.compile(r"^((?!mailto:)[^\s:/@;=?&]+:)(?!//)\S+(?=@[^\s@]+$)", re.I),
    # a parameter of an address ends with the next one
    re.compile(rf"([?&][\w.-]*{_NAME}=)[^&#\r\n]+", re.I),
    # Password=...; and PWD={...}; may be quoted and hold blanks
    re.compile(
        rf"((?<![?&]){_NAME}[\"'\\\s]*=\s*)(?!{_DONE})(?:{_QUOTED}[^;]*|[^;]+)", re.I | re.S
    ),
    # "password": "..." where a piece of JSON or YAML stands in a text
    re.compile(
        rf"({_NAME}\\*[\"'][\\\s]*:\s*\\*)(?:{_QUOTED}|[^\s,;}}\]]+)"
        r"|((?:pass[ _-]?(?:word|wd|phrase)|pwd|secret|(?:private|api|access)[ _-]?key)\s*:\s+)(?:[\"'].*|[^\s,;]+)",
        re.I | re.S,
    ),
)
_STEMS = ("pass", "pwd", "secret", "token", "credential", "sig", "sas", "eyj")
_KEYS = ("accountkey", "accesskey", "apikey", "privatekey", "sharedkey", "storagekey", "masterkey")
"""One of `_STEMS` or `_KEYS` is in every text that a rule but those on addresses finds something in, as `folded` has it."""
_ADDRESS = re.compile(rb':(?:[^\s"\\]|\\.)*@')
_PUNCTUATION = (string.punctuation + string.whitespace).encode()


@lru_cache(maxsize=10_000)
def folded(name: str) -> str:
    """A name without what only its spelling adds: case, underscores, dashes, blanks."""
    return re.sub(r"[\W_]", "", name).lower()


def may_hold_secrets(text: bytes, names: Iterable[str]) -> bool:
    """False if neither a key that ends like one of `names` (folded) nor a text with a secret is in `text`, JSON or not.

    It is quick, and most pages are answered so: only the others are searched value by value.
    """
    if not text.isascii() or b"\\u" in text:
        return True
    plain = text.lower().translate(None, _PUNCTUATION).decode()
    return (
        any(word in plain for word in _STEMS + _KEYS)
        or any(name in plain for name in names)
        or (b"@" in text and _ADDRESS.search(text) is not None)
    )


def without_secrets(text: str) -> str:
    """The text with what looks like a secret in it replaced, or as it is."""
    plain = text.lower()
    if "@" in text or any(word in plain for word in (*_STEMS, "key")):
        for rule in _RULES:
            text = rule.sub(_struck, text)
    return text


def _struck(found: re.Match[str]) -> str:
    before = next((group for group in found.groups() if group is not None), "")
    if found[0][len(before) :] == REDACTED:
        return found[0]
    return before + REDACTED
