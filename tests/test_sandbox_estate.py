"""The estate changes from day to day, is the same on the same day, and has flaws to be found."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.sandbox import clock, sensitivity
from pipeline.sandbox.estate import Estate, History, World
from pipeline.sandbox.truth import oracle

DAY = clock.parse_as_of("2026-11-21")
BEFORE = (DAY - timedelta(days=37), DAY - timedelta(days=1))
"""Earlier nights: one longer ago than any rule waits, and the last."""
RULES = oracle.RULES - {"EVD-001", "EVD-002"}
"""Rules that have something to find: in fair weather everything is read."""
MAY_BE_UNKNOWN = {
    "ACC-002", "ACC-011", "ACC-012", "CLS-001", "MEM-001", "MEM-009", "OWN-003", "OWN-005", "POL-005", "POL-008", "POL-010",
    "SCN-006", "XSY-001", "XSY-002", "XSY-003", "XSY-004", "XSY-007", "XSY-008",
}  # fmt: skip


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, 2000).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def yesterday(estate: Estate) -> Estate:
    return History(1, 2000).at(estate.day - 1)


@pytest.fixture(scope="module")
def verdicts() -> list[oracle.Expected]:
    return oracle.expected(seed=1, assets=2000, as_of=DAY, before=BEFORE)


def test_size_is_what_was_asked_for(estate: Estate) -> None:
    """2,000 assets have about 20,000 columns, and no guid or qualified name occurs twice."""
    columns = [
        data.column_guid(column.position) for data in estate.datasets for column in data.columns()
    ]
    assert len(estate.datasets) == len({data.qualified_name for data in estate.datasets}) == 2000
    assert len({*columns, *(data.guid for data in estate.datasets)}) == len(columns) + 2000
    assert 18_000 < len(columns) < 22_000


def test_assets_appear_change_and_vanish(estate: Estate, yesterday: Estate) -> None:
    """Between two days some assets come, some go and some of the lasting ones change."""
    before = {data.guid: data for data in yesterday.datasets}
    now = {data.guid: data for data in estate.datasets}
    assert now.keys() - before.keys()
    assert before.keys() - now.keys()
    lasting = now.keys() & before.keys()
    moved = {guid for guid in lasting if now[guid].updated_at != before[guid].updated_at}
    assert 0 < len(moved) < len(lasting) / 10
    contacts = {
        guid
        for guid in lasting
        if now[guid].contacts(estate.people) != before[guid].contacts(yesterday.people)
    }
    assert contacts
    assert contacts <= moved


def test_requests_are_created_and_decided(estate: Estate, yesterday: Estate) -> None:
    """Between two days new requests arrive and pending ones are decided."""
    before, now = yesterday.request_by_id, estate.request_by_id
    assert now.keys() - before.keys()
    decided = {
        key for key in now.keys() & before.keys()
        if before[key].status == "PENDING" != now[key].status
    }  # fmt: skip
    assert decided


def test_every_stored_request_status_occurs(estate: Estate) -> None:
    """Requests of both types are stored in the six states that are states of a request."""
    found = list(estate.request_by_id.values())
    assert {request.status for request in found} == {
        "APPROVED", "CANCELED", "DENIED", "PENDING", "REVOKED", "EXPIRED",
    }  # fmt: skip
    assert {request.type for request in found} == {"DATA_ACCESS", "MASKING_EXCEPTION"}


def test_nothing_is_younger_than_the_cut(estate: Estate) -> None:
    """No object carries a time after 02:00 of its day."""
    cut = clock.cut(estate.day)
    requests = estate.request_by_id.values()
    times = [time for one in requests for time in (one.created_at, one.updated_at)]
    times += [record.updated_at for one in requests for record in one.records]
    times += [source.created_at for source in estate.data_sources]
    times += [
        run.ended_at or run.started_at
        for source in estate.sources
        for scan in source.scans
        for run in scan.runs
    ]
    assert max(times) < cut
    assert max(data.updated_at for data in estate.datasets) < clock.millis(cut)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_something_to_find(rule: str, verdicts: list[oracle.Expected]) -> None:
    """Every rule about the estate fails for at least one subject."""
    assert any(one.rule_id == rule and one.status == "fail" for one in verdicts)


def test_verdicts_name_each_subject_once(verdicts: list[oracle.Expected]) -> None:
    """A rule has one verdict for a subject, and some rules have verdicts that cannot be reached."""
    assert max(Counter((one.rule_id, one.subject_id) for one in verdicts).values()) == 1
    assert {one.rule_id for one in verdicts} == RULES
    assert {one.rule_id for one in verdicts if one.status != "fail"} == MAY_BE_UNKNOWN


def test_findings_come_and_go_every_day() -> None:
    """On every day of two weeks several rules have a new finding and several a resolved one, in a small estate too."""
    before: set[tuple[str, str]] | None = None
    for back in range(14, -1, -1):
        found = oracle.expected(seed=1, assets=600, as_of=DAY - timedelta(days=back))
        fails = {(one.rule_id, one.subject_id) for one in found if one.status == "fail"}
        if before is not None:
            assert len({rule for rule, _ in fails - before}) >= 2
            assert len({rule for rule, _ in before - fails}) >= 2
        before = fails


def test_truth_depends_on_seed_and_day_alone() -> None:
    """The same arguments give the same verdicts; another seed gives others."""
    first = oracle.expected(seed=1, assets=300, as_of=DAY, before=BEFORE)
    assert oracle.expected(seed=1, assets=300, as_of=DAY, before=BEFORE) == first
    assert oracle.expected(seed=2, assets=300, as_of=DAY, before=BEFORE) != first


def test_what_earlier_nights_saw_decides_some_rules_alone() -> None:
    """On a first night a loss cannot be seen, nor how long a thing has lasted; no other rule's verdicts are touched by that."""
    alone, later = (
        {
            (one.rule_id, one.subject_id, one.status)
            for one in oracle.expected(seed=1, assets=600, as_of=DAY, before=before)
        }
        for before in ((), BEFORE)
    )
    assert {rule for rule, _, _ in alone ^ later} == {
        "CLS-005", "CLS-007", "DPR-004", "PLT-001", "XSY-008",
    }  # fmt: skip
    assert not {rule for rule, _, _ in alone} & {"CLS-005", "CLS-007"}
    assert {status for rule, _, status in alone if rule in ("DPR-004", "PLT-001")} == {
        "not_evaluated"
    }


@pytest.mark.parametrize("day", ["2025-01-01", "2025-03-01", "2031-07-04"])
@pytest.mark.parametrize("assets", [40, 300])
def test_any_day_of_any_size_works(day: str, assets: int) -> None:
    """Small estates and far days hold together as well."""
    found = oracle.expected(seed=7, assets=assets, as_of=clock.parse_as_of(day))
    assert {"OWN-001", "SCN-001"} <= {one.rule_id for one in found}


def test_days_before_the_history_are_refused() -> None:
    """A day before the estate's first one is an error that names the first one."""
    with pytest.raises(ValueError, match="2025-01-01"):
        oracle.expected(seed=1, assets=40, as_of=clock.parse_as_of("2024-12-31"))


def test_a_date_means_two_in_the_morning() -> None:
    """A bare date is 02:00 UTC; a time without a zone is UTC."""
    assert clock.parse_as_of("2026-11-21") == datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert clock.parse_as_of("2026-11-21T15:30:00") == datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


def test_business_days_skip_the_weekend() -> None:
    """From a Friday to the next Monday one business day passes."""
    friday, monday = clock.parse_as_of("2026-11-20"), clock.parse_as_of("2026-11-23")
    assert clock.weekdays_between(friday, monday) == 1
    assert clock.weekdays_between(monday, friday) == 0


def test_the_world_moves_with_the_clock() -> None:
    """Without a fixed instant the estate is that of the current UTC day."""
    before = clock.day_number(datetime.now(UTC))
    day = World(1, 40, None).now().day
    assert before <= day <= clock.day_number(datetime.now(UTC))


def test_unmapped_names_are_in_use(verdicts: list[oracle.Expected]) -> None:
    """Classifications and tags that the sensitivity model does not know are reported by name."""
    found = {one.subject_id for one in verdicts if one.rule_id == "CLS-004"}
    assert {f"purview:{sensitivity.LOYALTY}", f"purview:{sensitivity.HANDLE}"} <= found
    assert {f"immuta:{tag}" for tag in sensitivity.UNMAPPED_TAGS} <= found
    assert f"purview:{sensitivity.MARKER}" not in found


def test_hostile_names_are_planted(estate: Estate) -> None:
    """Some names would run as markup or as a formula if they were printed as they are."""
    names = {data.display_name for data in estate.datasets}
    assert {"<img src=x onerror=alert(1)>", '=HYPERLINK("http://x.example")'} <= names


def test_links_survive_the_spelling_of_each_platform(estate: Estate) -> None:
    """A source registered in the other case still is the same table, but not on Synapse."""
    for source in estate.data_sources:
        data = source.dataset
        ours = (source.host, *source.path)
        theirs = (data.host, *data.path)
        linked = source.canonical_path[1:] == (
            data.host,
            *(word.upper() if source.platform.key == "snowflake" else word for word in data.path),
        )
        assert linked or (source.platform.key == "synapse" and ours != theirs)
    assert any(source.path != source.dataset.path for source in estate.data_sources)
