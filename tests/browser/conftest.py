"""Chromium, without network, and published reports to open in it."""

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

import report_fixture
from judging import blank

from pipeline import packs
from pipeline.report.publish import publish

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory, template):
    """The folder of the latest reports: hostile names, a gap in the newest snapshot."""

    def change(rows, night):
        if night == 1:
            report_fixture.with_gap(rows)

    browsed = blank(tmp_path_factory.mktemp("browser") / "data", template)
    home = report_fixture.seal(browsed.root, 2, 150, change)
    publish(home, packs.load(), generated_at=datetime(2026, 11, 16, 3, tzinfo=UTC))
    return home.reports / "latest"


# not for the session: until its end no other test of the worker could run an event loop
@pytest.fixture(scope="module")
def chromium():
    """A Chromium that reaches no network."""
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium here: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def looked_at(chromium, reports):
    """As `opened`, for tests that only look: a page is opened once, and nobody may touch it."""
    with _opening(chromium, reports) as open_report:
        pages = {}

        def look(name, **options):
            wanted = (name, repr(sorted(options.items())))
            if wanted not in pages:
                pages[wanted] = open_report(name, **options)
            return pages[wanted]

        yield look


@pytest.fixture
def opened(chromium, reports):
    """Opens a report: `opened("compliance", color_scheme="dark")` is its page, ready, with what it did in `page.seen`."""
    with _opening(chromium, reports) as open_report:
        yield open_report


@contextmanager
def _opening(chromium, reports):
    """A function that opens reports, each in a context of its own; all are closed at the end."""
    contexts = []

    def open_report(name, **options):
        context = chromium.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        contexts.append(context)
        page = context.new_page()
        page.seen = []
        page.on(
            "dialog",
            lambda dialog: (page.seen.append(f"dialog {dialog.message}"), dialog.dismiss()),
        )
        page.on("console", lambda message: page.seen.append(f"console {message.text}"))
        page.on("pageerror", lambda error: page.seen.append(f"error {error}"))
        page.on("request", lambda request: page.seen.append(f"request {request.url}"))
        page.goto((reports / f"{name}.html").resolve().as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]")
        return page

    yield open_report
    for context in contexts:
        context.close()
