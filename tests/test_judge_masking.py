"""Masking exceptions in force by column: what they uncover, and how far that is known."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from pipeline import packs
from pipeline.judge import examples, grant, masking, sensitivity, timeline

AS_OF = examples.AS_OF
TAG = "Discovered.Entity.Credit Card Number"
KNOWN = sensitivity.load(packs.load())

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """One workbench for every test."""
    with closing(examples.workbench()) as made:
        yield made


def _uncovered(con: duckdb.DuckDBPyConnection, given: Rows) -> list[dict[str, Any]]:
    examples.fill(con, given, KNOWN, AS_OF, "test")
    for table in (grant, timeline, masking):
        table.write(con, 1)
    result = con.execute("select * from masking_grant order by id")
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _estate(**instead: list[dict[str, Any]]) -> Rows:
    """An approved exception of u8 for column card of source 1, with access, listed by the app, masked by tag."""
    given: Rows = {
        "immuta_source": [{"id": 1}],
        "immuta_membership": [{"source_id": 1, "profile_id": 8, "state": "subscribed"}],
        "data_product": [{"id": "p"}],
        "request_user": [{"id": "u8", "profile_id": 8}],
        "access_request": [{"id": "m", "product_id": "p", "type": "MASKING_EXCEPTION", "status": "APPROVED", "user_id": "u8", "form_version": "v1"}],
        "approval": [{"id": "a", "request_id": "m", "status": "APPROVED", "actor_id": "u9"}],
        "masking_exception_column": [{"request_id": "m", "source_id": "1", "column_name": "card"}],
        "approved_masking_exception": [{"user_id": "u8", "source_id": "1", "column_name": "card"}],
        "product_column": [{"product_id": "p", "source_id": "1", "name": "card", "tags": [TAG], "global_masking": "Hash"}],
        "immuta_column_tag": [{"source_id": 1, "column_name": "card", "tag": TAG}],
        "immuta_policy": [{"id": 7, "type": "data"}],
        "policy_application": [{"source_id": 1, "policy": "global:7", "type": "data"}],
        "policy_masking": [{"policy": "global:7", "source_id": 0, "position": 1, "masking_type": "Hash", "applies_to_kind": "columnTag", "applies_to": "Discovered.Entity"}],
        "request_form_version": [{"version": "v1", "form_id": "f", "required_field_count": 2}],
    }  # fmt: skip
    return given | instead


def test_a_column_that_everything_agrees_on_is_uncovered(con: duckdb.DuckDBPyConnection) -> None:
    """Approved, listed by the app, with access, and masked by a rule for everyone: clear values, of tier 1, by u9."""
    [found] = _uncovered(con, _estate())
    assert (found["effective"], found["masking"], found["base_access"]) == ("lifted", "Hash", True)
    assert (found["tier"], found["class_keys"]) == (1, ["PAYMENT_CARD"])
    assert (found["approved_by"], found["purpose_given"], found["until"]) == ("u9", True, None)


RULE = _estate()["policy_masking"][0]


@pytest.mark.parametrize(
    ("instead", "effective", "reason"),
    [
        ({"policy_masking": [RULE | {"inclusion_count": 1}]}, "unknown", "names whom it masks for"),
        ({"policy_masking": [RULE, RULE | {"position": 2, "inclusion_count": 1}]}, "unknown", "names whom it masks for"),
        ({"policy_masking": []}, "unknown", "the policy that masks the column could not be read"),
        ({"policy_masking": [RULE | {"applies_to": "Other"}]}, "unknown", "the policy that masks the column could not be read"),
        ({"policy_masking": [RULE | {"applies_to": "Discovered.Ent"}]}, "unknown", "the policy that masks the column could not be read"),
        ({"policy_masking": [RULE, RULE | {"position": 2, "applies_to_kind": "unknown", "applies_to": "{}"}]}, "unknown", "the policy that masks the column could not be read"),
        ({"policy_masking": [RULE | {"applies_to_kind": "columnRegex", "applies_to": "^ca"}]}, "lifted", "approved"),
        ({"policy_masking": [RULE | {"applies_to_kind": "columnRegex", "applies_to": "("}]}, "unknown", "the policy that masks the column could not be read"),
        ({"policy_masking": [RULE | {"policy": "local:data", "source_id": 1, "applies_to_kind": "column", "applies_to": "CARD"}]}, "lifted", "approved"),
        ({"immuta_policy": [{"id": 7, "type": "data", "staged": True}]}, "unknown", "the policy that masks the column could not be read"),
        ({"approved_masking_exception": []}, "unknown", "the app does not list the column"),
        ({"approved_masking_exception": [], "gap": [{"endpoint": "immuta.approved_masking_column", "key": "u8", "tables": ["approved_masking_exception"]}]}, "unknown", "could not be read"),
        ({"immuta_membership": []}, "no access", "no access to the data source"),
        ({"immuta_membership": [], "gap": [{"endpoint": "immuta.access", "key": "1", "tables": ["immuta_membership"]}]}, "unknown", "who has access to the data source could not be read"),
        ({"product_column": [{"product_id": "p", "source_id": "1", "name": "card"}], "policy_masking": []}, "no mask", "no policy masks the column"),
        ({"product_column": [], "policy_masking": []}, "unknown", "how the column is masked could not be read"),
        ({"masking_exception_column": []}, "unknown", "the columns of the exception could not be read"),
    ],
)  # fmt: skip
def test_an_approval_alone_is_no_proof_of_clear_values(
    con: duckdb.DuckDBPyConnection, instead: Rows, effective: str, reason: str
) -> None:
    """A rule that names whom it masks for, a column the app does not list, access or masking not known: all are said."""
    [found] = _uncovered(con, _estate(**instead))
    assert found["effective"] == effective
    assert reason in found["reason"]


def test_what_is_over_counts_while_it_still_works(con: duckdb.DuckDBPyConnection) -> None:
    """An expired exception is in force as long as the app lists the column, or the members list the request."""
    past = AS_OF - timedelta(days=3)
    request = _estate()["access_request"][0] | {"status": "EXPIRED", "expires_at": past}
    [still] = _uncovered(con, _estate(access_request=[request]))
    assert (still["until"], still["effective"]) == (past, "lifted")
    gone = _estate(access_request=[request], approved_masking_exception=[])
    assert _uncovered(con, gone) == []
    listed = gone | {"product_member": [{"product_id": "p", "request_id": "m", "user_id": "u8", "type": "MASKING_EXCEPTION"}]}  # fmt: skip
    assert len(_uncovered(con, listed)) == 1
    denied = request | {"status": "DENIED"}
    assert _uncovered(con, _estate(access_request=[denied])) == []


@pytest.mark.parametrize(
    ("forms", "given"),
    [([{"version": "v1", "form_id": "f"}], False), ([], None)],
)
def test_a_purpose_is_known_where_the_form_is(
    con: duckdb.DuckDBPyConnection, forms: list[dict[str, Any]], given: bool | None
) -> None:
    """A form without a question that must be answered asks for no purpose; an unknown form tells nothing."""
    [found] = _uncovered(con, _estate(request_form_version=forms))
    assert found["purpose_given"] is given


def test_access_by_way_of_a_product_is_access(con: duckdb.DuckDBPyConnection) -> None:
    """A member of a product that has the source needs no subscription of their own to see it."""
    more = _estate(immuta_membership=[], data_product_source=[{"product_id": "p", "source_id": "1"}])  # fmt: skip
    more["access_request"].append({"id": "r", "product_id": "p", "status": "APPROVED", "user_id": "u8"})  # fmt: skip
    assert _uncovered(con, more)[0]["base_access"] is True
