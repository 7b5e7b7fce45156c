"""The audit history becomes events, of a window that ends at the run's as-of."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows, store_at

from pipeline.collect.staging import Clock, Staging
from pipeline.config import PurviewConfig
from pipeline.sources.purview import SOURCE, audit

PAYLOADS = Path(__file__).parent / "payloads" / "purview"


def test_events(tmp_path: Path) -> None:
    """Times without a zone are UTC; values stay the JSON texts that came."""
    body = (PAYLOADS / "audit_event.json").read_bytes()
    with loaded(tmp_path, SOURCE, [("audit_event", "Asset", body)]) as staging:
        query = (
            "select category, occurred_at, operation, user_id, object_name, object_collection_id, "
            "client_ip, old_value, new_value from audit_event order by id"
        )
        guid, who = "11111111-0000-4000-8000-000000000001", "sam.sample@example.com"
        old, new = (
            json.dumps({guid: {"labels": tags}}).replace(" ", "") for tags in (["Tag1"], [])
        )
        assert rows(staging, query) == [
            ("Asset", datetime(2026, 11, 6, 8, 27, 5, tzinfo=UTC), "EntityUpdated", who,
             "meters.csv", None, None, old, new),
            ("Asset", datetime(2026, 11, 7, 8, 27, 1, 500000, tzinfo=UTC), "EntityDeleted", who,
             "meters.csv", "meter1", "192.0.2.7", old, None),
        ]  # fmt: skip


@pytest.mark.parametrize("instant", ["yesterday", "", 1782777600, None])
def test_an_event_without_a_readable_time_is_lost(tmp_path: Path, instant: Any) -> None:
    """It has no row, so that the count of the list shows it."""
    events = [
        {"id": "good", "creationTime": "2026-11-06T08:27:05"},
        {"id": "bad", "creationTime": instant},
    ]
    body = json.dumps({"resultData": events}).encode()
    with loaded(tmp_path, SOURCE, [("audit_event", "Asset", body)]) as staging:
        assert rows(staging, "select key from purview.audit_event_item") == [("good",)]
        assert rows(staging, "select id from audit_event") == [("good",)]


@pytest.mark.parametrize(
    ("days", "since"), [(30, "2026-10-22T02:00:00Z"), (3650, "2016-11-23T02:00:00Z")]
)
def test_the_window_ends_at_the_as_of(tmp_path: Path, days: int, since: str) -> None:
    """The days configured are asked for of each category, in the form that the service reads."""
    source = audit.source(SOURCE, PurviewConfig(audit_days=days))
    assert [one.name for one in source.endpoints] == [one.name for one in SOURCE.endpoints]
    asked = next(one for one in source.endpoints if one.name == "audit_event")
    as_of = datetime(2026, 11, 21, 2, tzinfo=UTC)
    store = store_at(tmp_path)
    staging = Staging(tmp_path / "staging.duckdb", store, 1, clock=Clock(as_of, as_of))
    try:
        found = staging.keys(source, asked)
    finally:
        staging.close()
        store.close()
    assert found.names == ("key", "category", "startTime", "endTime")
    assert list(found) == [
        (name, name, since, "2026-11-21T02:00:00Z")
        for name in ("Asset", "ClassificationDef", "GlossaryTerm")
    ]
