"""Which run is gone on with: the same question, unfinished and of today."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.collect import runs
from pipeline.collect.runs import GOES_ON_FOR, begin
from pipeline.errors import PageError

DAY = datetime(2026, 11, 21, 2, tzinfo=UTC)


def test_an_unfinished_run_is_gone_on_with(tmp_path: Path) -> None:
    """The second start of the same question finds the first one's folder and clock."""
    first, goes_on = begin(tmp_path, None, "estate", "digest")
    again, goes_on_again = begin(tmp_path, None, "estate", "digest")
    assert (goes_on, goes_on_again) == (False, True)
    assert again == first
    assert abs(first.as_of - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((DAY, "estate", "digest"), (DAY + timedelta(days=1), "estate", "digest")),
        ((DAY, "estate", "digest"), (None, "estate", "digest")),
        ((None, "estate", "digest"), (DAY, "estate", "digest")),
        ((DAY, "estate", "digest"), (DAY, "other", "digest")),
        ((DAY, "estate", "digest"), (DAY, "estate", "other")),
    ],
)
def test_another_question_is_another_run(
    tmp_path: Path,
    before: tuple[datetime | None, str, str],
    after: tuple[datetime | None, str, str],
) -> None:
    """Pages of another estate, configuration or day are not mixed in; a day that was given once does not return by itself."""
    first, _ = begin(tmp_path, *before)
    second, goes_on = begin(tmp_path, *after)
    assert not goes_on
    assert second.run_id != first.run_id
    assert begin(tmp_path, *before) == (first, True)


def test_a_finished_run_is_not_gone_on_with(tmp_path: Path) -> None:
    """After sealing, the same command collects anew."""
    first, _ = begin(tmp_path, DAY, "estate", "digest")
    first.state = "sealed"
    first.save(tmp_path)
    second, goes_on = begin(tmp_path, DAY, "estate", "digest")
    assert not goes_on
    assert runs.runs(tmp_path) == [first, second]


def test_an_old_run_is_left_alone(tmp_path: Path) -> None:
    """What was read half a day ago describes another day."""
    first, _ = begin(tmp_path, DAY, "estate", "digest")
    first.started_at -= GOES_ON_FOR
    first.save(tmp_path)
    assert begin(tmp_path, DAY, "estate", "digest")[1] is False


def test_a_damaged_run_file_is_named(tmp_path: Path) -> None:
    """The error says which file and what to do."""
    first, _ = begin(tmp_path, DAY, "estate", "digest")
    (tmp_path / first.run_id / "run.json").write_text("{")
    with pytest.raises(PageError, match=r"run\.json: not a run file.*remove its folder"):
        begin(tmp_path, DAY, "estate", "digest")


def test_folders_of_something_else_are_no_runs(tmp_path: Path) -> None:
    """Only folders with a run file count."""
    (tmp_path / "notes").mkdir()
    assert runs.runs(tmp_path) == []


def test_a_run_from_before_the_newest_snapshot_is_left_alone(tmp_path: Path) -> None:
    """What was sealed meanwhile is newer: going on with it could only be refused."""
    begin(tmp_path, None, "estate", "digest")
    _, goes_on = begin(tmp_path, None, "estate", "digest", newest=datetime.now(UTC))
    assert not goes_on


def test_a_run_that_was_sealed_just_before_a_crash_is_not_gone_on_with(tmp_path: Path) -> None:
    """Its pages are in a snapshot already."""
    run, _ = begin(tmp_path, DAY, "estate", "digest")
    _, goes_on = begin(tmp_path, DAY, "estate", "digest", sealed=run.run_id)
    assert not goes_on
