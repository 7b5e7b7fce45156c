"""What a reader's browser makes of the reports."""

import json
import re

import pytest

pytestmark = pytest.mark.browser

REPORTS = ("compliance", "access-ownership")
LIGHT_PAPER, DARK_PAPER = "rgb(253, 252, 249)", "rgb(20, 23, 27)"

CONTRAST = """
() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; })
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("main *, header *, footer *, nav *, aside *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest("svg") || !element.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(paper(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
}
"""


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_runs_no_foreign_script_and_asks_for_nothing(looked_at, name):
    """Names with markup raise no dialog, no error, no policy violation, and nothing but the file is requested."""
    page = looked_at(name, color_scheme="light")
    assert page.seen == [f"request {page.url}"]
    assert page.locator("main img").count() == 0
    assert page.get_by_text("<img src=x onerror=alert(1)>").count() > 0


def test_the_policy_stops_a_script_that_got_in(opened):
    """An inline script without its hash in the policy does not run."""
    page = opened("compliance")
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'document.title = \"run\"';"
        " document.body.append(s); }"
    )
    assert page.title() != "run"
    assert any("Content Security Policy" in seen for seen in page.seen)


def shown(page):
    """The two numbers of `12 of 345 rows` above the exceptions."""
    text = page.locator("#exceptions .shown").inner_text()
    return tuple(int(n.replace(",", "")) for n in re.findall(r"[\d,]+", text))


def rule_counts(reports):
    figures = json.loads((reports / "compliance.json").read_text())["figures"]
    return {f["kpi"]: f["num"] for f in figures if f["kpi"].endswith(".fail")}


def test_the_exceptions_filter_by_rule(opened, reports):
    """Choosing a rule leaves as many rows as the rule has open exceptions; reset brings all back."""
    page = opened("compliance")
    total = shown(page)[1]
    page.get_by_label("Rule", exact=True).first.select_option("OWN-005")
    assert shown(page) == (rule_counts(reports)["rule.OWN-005.fail"], total)
    cells = page.locator("#exceptions .tabulator-row .tabulator-cell[tabulator-field=rule_id]")
    assert set(cells.all_inner_texts()) == {"OWN-005"}
    page.locator("#exceptions button", has_text="Reset").click()
    assert shown(page) == (total, total)


def test_the_exceptions_search_all_columns(opened):
    """A search finds what it names, whatever the case, and says when nothing matches."""
    page = opened("compliance")
    search = page.locator("#exceptions input[type=search]")
    search.fill("NO ENABLED data")
    page.locator("#exceptions .shown", has_text=re.compile(r"^(\d+) of (?!\1 )")).wait_for()
    left, total = shown(page)
    reasons = page.locator("#exceptions .tabulator-cell[tabulator-field=reason]").all_inner_texts()
    assert 0 < left < total
    assert set(reasons) == {"no enabled data source"}
    search.fill("nothing is called this")
    page.locator("#exceptions .shown", has_text=re.compile("^0 of")).wait_for()
    assert page.get_by_text("No row matches.").is_visible()


def test_a_link_of_page_one_opens_its_queue(opened):
    """The name of a place narrows the exceptions to it, as many as page one counts."""
    page = opened("compliance")
    row = page.locator("#t-work tbody tr").first
    place = row.locator("td").first.inner_text()
    row.get_by_role("link", name=place).click()
    counted = int(row.locator("td").nth(4).locator(".fig").get_attribute("data-num"))
    assert shown(page)[0] == counted
    assert page.get_by_label("Place", exact=True).first.input_value() == place


def test_what_is_cut_off_shows_in_full_when_pointed_at(opened):
    """Pointing at a cell whose text has no room gives it a title, and at one that has room none."""
    page = opened("compliance")
    cells = page.locator("#exceptions .tabulator-row").first.locator(".tabulator-cell")
    for cell in cells.all():
        cell.hover()
        cut = cell.evaluate("(cell) => cell.scrollWidth > cell.clientWidth")
        assert cell.get_attribute("title") == (cell.inner_text() if cut else None)
    assert page.locator("#exceptions .tabulator-cell[title]").count() > 0


def test_no_heading_of_a_table_is_cut_off(looked_at):
    """A column title that has no room takes a second line, on the narrowest laptop too."""
    for name in REPORTS:
        page = looked_at(name, viewport={"width": 1280, "height": 800})
        cut = page.locator(".tabulator-col-title").evaluate_all(
            "(titles) => titles.filter((t) => t.scrollWidth > t.clientWidth).map((t) => t.textContent)"
        )
        assert cut == []


def test_a_row_opens_its_finding_from_the_keyboard(opened):
    """Enter on a row shows criteria, condition and the command that leads to the bytes."""
    page = opened("compliance")
    page.locator("#exceptions .tabulator-row").first.press("Enter")
    box = page.locator("#exceptions .finding-box")
    assert box.is_visible()
    assert re.search(r"muster findings show [0-9a-f]{16}", box.inner_text())
    assert "Condition" in box.inner_text()


def test_a_column_sorts_from_the_keyboard(opened):
    """Enter on a header sorts and says so to assistive technology."""
    page = opened("compliance")
    header = page.locator("#exceptions .tabulator-col[tabulator-field=name]")
    header.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    names = page.locator("#exceptions .tabulator-cell[tabulator-field=name]").all_inner_texts()
    assert names == sorted(names)


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_paper(looked_at, name, scheme):
    """Every visible text has a contrast of at least 4.5 to 1, in both themes."""
    page = looked_at(name, color_scheme=scheme)
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert paper == (LIGHT_PAPER if scheme == "light" else DARK_PAPER)
    assert page.evaluate(CONTRAST) == []


def test_the_switch_turns_page_and_charts_dark(opened):
    """The button changes paper and chart text, and back."""
    page = opened("compliance")
    read = "() => [getComputedStyle(document.body).backgroundColor, document.querySelector('#C1 .xtick text').style.fill]"
    before = page.evaluate(read)
    page.locator("#theme").click()
    dark = page.evaluate(read)
    assert (before[0], dark[0]) == (LIGHT_PAPER, DARK_PAPER)
    assert before[1] != dark[1]
    page.locator("#theme").click()
    assert page.evaluate(read) == before


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_one_prints_on_one_sheet(opened, name, scheme):
    """Title, banner and the three zones fill one landscape A4 page, in light colours whatever the screen has."""
    page = opened(name, color_scheme=scheme)
    page.add_style_tag(
        content=".part, .colophon { display: none } .front { break-after: auto !important }"
    )
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.emulate_media(media="print")
    assert (
        page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        == "rgb(255, 255, 255)"
    )


@pytest.mark.parametrize("name", REPORTS)
def test_all_is_readable_without_javascript(opened, name):
    """Without script, the numbers of every chart and the first rows of every grid are there, and the rest is announced."""
    page = opened(name, java_script_enabled=False)
    assert page.locator("details.numbers table").first.is_visible()
    assert page.locator("details.numbers:not([open])").count() == 0
    assert page.locator("#exceptions .static tbody tr").first.is_visible()
    assert "needs JavaScript" in page.locator("#exceptions caption").inner_text()
    assert page.locator(".banner").is_visible()


@pytest.mark.parametrize("width", [1280, 1024, 820])
def test_the_page_fits_the_width_of_laptops(looked_at, width):
    """Nothing makes the page scroll sideways."""
    page = looked_at("compliance", viewport={"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", REPORTS)
def test_every_chart_and_grid_is_drawn(looked_at, name):
    """Each chart has a plot and each grid with rows a table."""
    page = looked_at(name, color_scheme="light")
    assert page.locator(".chart:has(.main-svg)").count() == page.locator(".chart").count() > 3
    assert page.locator(".grid:has(.grid-data)").count() == page.locator(".grid .tabulator").count()
