"""Secrets never reach the disk, and everything else stays byte for byte."""

import json
from typing import Any

import pytest
from collecting import JSON
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.collect.redact import REDACTED, redact
from pipeline.errors import PageError
from pipeline.sources import immuta
from pipeline.warehouse import pages

NAMES = frozenset({"password", "privateKey"})


def test_secrets_are_replaced_wherever_they_are() -> None:
    """Any depth, any case, any kind of value; pointers say where, in the form that provenance uses."""
    body = {
        "metadata": {"Password": "synthetic-a", "hostname": "db.example"},
        "list/of~things": [{"privatekey": {"pem": "synthetic-b"}}, {"password": 7}],
    }
    stored, found = redact(json.dumps(body).encode(), NAMES)
    assert b"synthetic" not in stored
    assert json.loads(stored) == {
        "metadata": {"Password": REDACTED, "hostname": "db.example"},
        "list/of~things": [{"privatekey": REDACTED}, {"password": REDACTED}],
    }
    assert found == [
        "/metadata/Password",
        "/list~1of~0things/0/privatekey",
        "/list~1of~0things/1/password",
    ]
    assert [pages.item(stored, pointer) for pointer in found] == [REDACTED] * 3


@pytest.mark.parametrize(
    "body", [b'{ "a" : 1.10 }', b'{"password": null}', b'{"password": ""}', b'["password"]']
)
def test_a_body_without_secrets_is_not_touched(body: bytes) -> None:
    """No value, no redaction: the bytes stay the server's own."""
    assert redact(body, NAMES) == (body, [])


@given(JSON, st.sampled_from(sorted(NAMES)), st.text(min_size=1))
def test_a_secret_anywhere_is_found_and_nothing_else_changes(
    value: Any, name: str, secret: str
) -> None:
    """Whatever surrounds it, the secret goes and its surroundings stay."""
    assume(secret != REDACTED)
    body = {"before": value, "deep": [{name: secret}], "after": value}
    stored, found = redact(json.dumps(body).encode(), NAMES)
    assert "/deep/0/" + name in found
    assert {pages.item(stored, pointer) for pointer in found} == {REDACTED}
    if found == ["/deep/0/" + name]:
        assert json.loads(stored) == body | {"deep": [{name: REDACTED}]}


@pytest.mark.parametrize("body", [b"[" * 5000 + b"]" * 5000, b'{"a": }', b""])
def test_a_body_that_cannot_be_searched_is_refused(body: bytes) -> None:
    """What cannot be searched for secrets is not stored."""
    with pytest.raises(PageError, match="cannot be searched for secrets"):
        redact(body, NAMES)


def test_endpoints_that_can_carry_a_password_redact_it() -> None:
    """Handlers hold the credential of the data platform; the detail of a source may embed its handler."""
    endpoints = {endpoint.name: endpoint for endpoint in immuta.SOURCE.endpoints}
    for name in ("handler", "data_source_detail"):
        assert {"password", "privateKey", "clientSecret", "token"} <= endpoints[name].redact


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Server=h;Password=hunter2;Port=1", "Server=h;Password=[REDACTED];Port=1"),
        ("jdbc:x://h/db?user=u&password=p%40ss", "jdbc:x://h/db?user=u&password=[REDACTED]"),
        ("redshift://svc:hunter2@h.example:5439/db", "redshift://svc:[REDACTED]@h.example:5439/db"),
        ("UID=u;PWD={my secret};Port=1", "UID=u;PWD=[REDACTED];Port=1"),
        ("PWD={my; }}secret};Port=1", "PWD=[REDACTED];Port=1"),
        ("PWD={my secret", "PWD=[REDACTED]"),
        ("https://h.example/c?sv=1&sig=ab%3D&se=2", "https://h.example/c?sv=1&sig=[REDACTED]&se=2"),
        ("SasToken=ab;Sas=cd", "SasToken=[REDACTED];Sas=[REDACTED]"),
        ("svc@h.example:443/FIN", "svc@h.example:443/FIN"),
        ("https://h.example/asa/handler/67", "https://h.example/asa/handler/67"),
    ],
)
def test_secrets_inside_connection_strings_go(text: str, stored: str) -> None:
    """Only the secret part of a connection string is replaced; one without a secret stays."""
    body, found = redact(json.dumps({"connectionString": text}).encode(), NAMES)
    assert json.loads(body) == {"connectionString": stored}
    assert found == ([] if text == stored else ["/connectionString"])


def test_secrets_in_texts_of_lists_go() -> None:
    """A connection string is one wherever it is listed, and the pointer names its place."""
    body = {"urls": ["https://h.example", ["Server=h;Password=hunter2"]]}
    stored, found = redact(json.dumps(body).encode(), NAMES)
    assert json.loads(stored) == {"urls": ["https://h.example", ["Server=h;Password=[REDACTED]"]]}
    assert found == ["/urls/1/0"]
