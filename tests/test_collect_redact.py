"""Secrets never reach the disk, and everything else stays byte for byte."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from collecting import JSON
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.collect.redact import redact
from pipeline.collect.secret_text import REDACTED
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


def test_every_endpoint_that_can_carry_a_secret_redacts_it() -> None:
    """Handlers and connections hold the credential of the data platform, and lists repeat their connection strings."""
    endpoints = {endpoint.name: endpoint for endpoint in immuta.SOURCE.endpoints}
    for name in (
        *("data_source", "data_source_detail", "handler", "access", "source_policy"),
        *("pending_subscription", "dictionary", "column_name", "connection", "connection_state"),
        "key_activity",
        *(
            "source_alone",
            "govern_source_alone",
            "connection_object",
            "database_object",
            "schema_object",
            "table_object",
        ),
    ):
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
        ("jdbc:x://h/db?password=a b&ssl=true", "jdbc:x://h/db?password=[REDACTED]&ssl=true"),
        ("x://svc:p@ss/w:rd@h.example/db", "x://svc:[REDACTED]@h.example/db"),
        ("svc:hunter2@h.example:5439/db", "svc:[REDACTED]@h.example:5439/db"),
        ('Password="a;b ""c""";Port=1', "Password=[REDACTED];Port=1"),
        ("Password = 'it''s; so';Port=1", "Password = [REDACTED];Port=1"),
        ("Password=two words;Port=1", "Password=[REDACTED];Port=1"),
        ('private_key: "x"', "private_key: [REDACTED]"),
        ('cut off {"a": 1, "pwd": "x\\"y", "b": 2', 'cut off {"a": 1, "pwd": [REDACTED], "b": 2'),
        ("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln", "Bearer [REDACTED]"),
        ("PWD=[REDACTED];Port=1", "PWD=[REDACTED];Port=1"),
        ("-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----",) * 2,
        ("mailto:sam@example.com", "mailto:sam@example.com"),
        ("https://h.example:443/people/sam@example.com",) * 2,
        ("the primary key = id, signed design", "the primary key = id, signed design"),
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


@pytest.mark.parametrize(
    "key",
    ["PASSWORD", "passWord", "db_password", "DB-Pass-Word", "userPassword", "private_key",
     "Private Key", "snowflake.privateKey"],
)  # fmt: skip
def test_keys_are_known_by_their_ending(key: str) -> None:
    """However they are spelled, and whatever stands before."""
    stored, found = redact(json.dumps({key: "synthetic"}).encode(), NAMES)
    assert json.loads(stored) == {key: REDACTED}
    assert found == [f"/{key}"]


def test_what_only_sounds_like_a_secret_stays() -> None:
    """Flags, what is empty, and the tokens that a walk goes on with."""
    body = {
        "hasPassword": True,
        "password": [],
        "privateKey": {},
        "nextToken": "n",
        "continuationToken": "c",
        "passwordPolicy": "strong",
    }
    text = json.dumps(body).encode()
    assert redact(text, NAMES | {"token"}) == (text, [])


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"options": [{"name": "PASSWORD", "value": "synthetic"}]}, ["/options/0/value"]),
        ({"files": [{"keyName": "private_key", "content": "synthetic"}]}, ["/files/0/content"]),
        ({"a": json.dumps([{"password": "synthetic"}])}, ["/a"]),
        ({"a": json.dumps(json.dumps({"x": {"Private_Key": "synthetic"}}))}, ["/a"]),
        ({"a": " " + json.dumps({"x": "PWD=synthetic"})}, ["/a"]),
        ({"a": "-----BEGIN OPENSSH PRIVATE KEY-----\nsynthetic\n"}, ["/a"]),
        ("PWD=synthetic", [""]),
        (["://u:synthetic@h"], ["/0"]),
    ],
)
def test_secrets_in_wrappings_go(body: Any, where: list[str]) -> None:
    """Names beside values, JSON inside texts, keys in PEM; one pointer for each text."""
    stored, found = redact(json.dumps(body).encode(), NAMES)
    assert b"synthetic" not in stored
    assert found == where


def test_the_texts_around_a_secret_in_a_text_stay() -> None:
    """Columns of a remote table are still columns after one of them told a secret."""
    columns = [{"name": "a", "comment": "Password=synthetic"}, {"name": "b"}]
    stored, _ = redact(json.dumps({"remoteTableDescription": json.dumps(columns)}).encode(), NAMES)
    columns[0]["comment"] = "Password=[REDACTED]"
    assert json.loads(json.loads(stored)["remoteTableDescription"]) == columns


@pytest.mark.parametrize(
    "body",
    [
        b'{"password": "synthetic", "password": null}',
        b'{"a": {"x": "PWD=synthetic", "x": 1}, "token": 1}',
        b'{"pass\\u0077ord": "synthetic"}',
        b'{"a": "{\\"password\\": \\"synthetic\\", \\"password\\": 1}"}',
    ],
)
def test_nothing_hides_behind_a_repeated_or_escaped_key(body: bytes) -> None:
    """Parsers keep one of two values; what is stored has neither."""
    stored, found = redact(body, NAMES)
    assert b"synthetic" not in stored
    assert found


HEAD, TAIL = "syntheticHEAD", "TAILsynthetic"
SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12
) | st.text("\"'\\{}[];&=@/:?# \n%+", max_size=12)


def ado(mark: str) -> Any:
    return lambda said: f"Server=h;Password={mark}{said.replace(mark, mark * 2)}{mark};Port=1"


PLACES: dict[str, Any] = {
    "a key": lambda said: {"Db_Password": said},
    "inside a key": lambda said: {"privateKey": {"pem": [said]}},
    "a pair": lambda said: {"key": "password", "value": said},
    "a quoted connection string": ado('"'),
    "a single-quoted connection string": ado("'"),
    "braces": lambda said: f"UID=u;PWD={{{said.replace('}', '}}')}}};Port=1",
    "a bare connection string": lambda said: f"Pwd = {said.replace(';', '')}",
    "a parameter": lambda said: f"x://h/db?a=1&password={quote(said)}&b=2",
    "an address": lambda said: f"x://svc:{quote(said, safe='@/:')}@h.example:1/db",
    "an address of its own": lambda said: f"svc:{quote(said, safe='@/:')}@h.example",
    "a key file": lambda said: f"-----BEGIN PRIVATE KEY-----\n{said}\n-----END PRIVATE KEY-----",
    "a piece of JSON": lambda said: "see " + json.dumps({"a": 1, "password": said}) + " there",
}


@given(
    JSON,
    st.sampled_from(sorted(PLACES)),
    SECRETS,
    st.lists(st.sampled_from(["list", "object", "text", "unsorted text"]), max_size=4),
    st.booleans(),
)
def test_no_planted_secret_survives(
    around: Any, place: str, secret: str, wrappings: list[str], ascii_only: bool
) -> None:
    """Wherever it is planted, however deep, whatever it is made of: neither of its ends is stored."""
    body = PLACES[place](HEAD + secret + TAIL)
    for wrapping in wrappings:
        if wrapping == "list":
            body = [around, body]
        elif wrapping == "object":
            body = {"around": around, "x": body}
        else:
            body = json.dumps(body, ensure_ascii=wrapping == "text")
    stored, found = redact(json.dumps({"body": body}, ensure_ascii=ascii_only).encode(), NAMES)
    assert HEAD.encode() not in stored
    assert TAIL.encode() not in stored
    assert found
    assert all(REDACTED in json.dumps(pages.item(stored, pointer)) for pointer in found)
