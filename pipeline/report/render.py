"""A page as one HTML file: everything inlined, nothing loaded, no script but the three it carries."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pipeline.errors import PublishError
from pipeline.report import charts, page, reliance, tables, words
from pipeline.report.page import Figure, Page
from pipeline.report.view import View


@dataclass(frozen=True)
class Look:
    """Templates, styles and scripts, read once for all reports; `policy` allows these scripts and nothing else."""

    environment: Environment
    styles: tuple[str, ...]
    scripts: tuple[Markup, ...]
    policy: str


def look(templates: Sequence[Path]) -> Look:
    """What is in `templates`: the first folder that has a file wins."""
    environment = _environment(templates)
    scripts = tuple(
        _script(text)
        for text in (
            _source(environment, "vendor/tabulator/tabulator.min.js"),
            _plotly(),
            _source(environment, "report.js"),
        )
    )
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    styles = tuple(
        _source(environment, name) for name in ("vendor/tabulator/tabulator.min.css", "report.css")
    )
    return Look(environment, styles, scripts, policy)


def render(title: str, drawn: Page, view: View, using: Look, *, generated_at: datetime) -> str:
    """The HTML of `drawn`.

    The same snapshot, definitions, look and `generated_at` give the same text.
    """
    return using.environment.get_template("report.html").render(
        title=title,
        page=drawn,
        view=view,
        banner=reliance.banner(view),
        policy=using.policy,
        styles=using.styles,
        scripts=using.scripts,
        generated_at=words.minute(generated_at),
        palette={"pairs": charts.PAIRS, "faint": charts.FAINT},
    )


def sidecar(title: str, drawn: Page, view: View, *, generated_at: datetime) -> str:
    """Every figure of the report as JSON, in reading order, once each.

    Raises:
        PublishError: two figures of one name differ: a report must not contradict itself.
    """
    found: dict[str, dict[str, Any]] = {}
    for figure in drawn.figures():
        entry = {
            "kpi": figure.kpi,
            "label": words.visible(figure.label),
            "num": figure.num,
            "den": figure.den,
            "not_evaluated": figure.not_evaluated,
            "waived": figure.waived,
            "unit": figure.unit,
            "change": figure.change,
            "cause": words.visible(figure.cause),
            "note": words.visible(figure.note),
            "shown": words.visible(figure.counted + (f" ({figure.rate})" if figure.rate else "")),
            "incomplete": bool(figure.tables & view.lacking),
            "source": figure.source,
        }
        before = found.setdefault(figure.kpi, entry)
        if (before["num"], before["den"]) != (figure.num, figure.den):
            raise PublishError(
                f"report '{title}': figure {figure.kpi} is {before['shown']} in one place and "
                f"{entry['shown']} in another; give them different names or the same query"
            )
    body = {
        "report": title,
        "snapshot": view.snapshot.id,
        "as_of": view.as_of.isoformat(),
        "generated_at": generated_at.isoformat(),
        "incomplete_tables": sorted(view.incomplete),
        "figures": list(found.values()),
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def embedded(value: Any) -> Markup:
    """`value` as JSON that is inert inside a script element: no `<` can end it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(  # noqa: S704 - every character that HTML gives a meaning is escaped
        text.replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _environment(templates: Sequence[Path]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    kinds = {"number": Figure, "code": page.Code, "link": page.Link, "mark": page.Severity}
    blocks = (
        page.Prose, page.Items, page.Figures, page.Bars, page.Table, page.Chart, page.Grid, page.Cards,
        page.Fold, page.Heat,
    )  # fmt: skip
    kinds |= {kind.__name__.lower(): kind for kind in blocks}
    for name, kind in kinds.items():
        environment.tests[f"a_{name}"] = lambda value, kind=kind: isinstance(value, kind)
    environment.filters |= {
        "embedded": embedded,
        "packed": tables.packed,
        "plain": tables.plain,
        "count": words.count,
        "signed": words.signed,
        "day": words.day,
        "rests_on": _rests_on,
        "layout": _layout,
        "drawn": _drawn,
    }
    return environment


def _shown(value: Any) -> Any:
    return words.visible(value) if type(value) is str else value


def _rests_on(block: Any) -> frozenset[str]:
    """The tables behind the figures of a block."""
    return frozenset().union(*(figure.tables for figure in page.walk(block, Figure)))


def _layout(grid: page.Grid) -> list[dict[str, Any]]:
    """The columns of a grid as the script wants them."""
    return [
        {
            "field": column.field,
            "title": column.title,
            "kind": column.kind,
            "choice": column.choice,
            "grow": column.grow,
            "width": column.width,
        }
        for column in grid.columns
    ]


def _drawn(value: Any) -> Any:
    """`value` with every text in it visible: names reach charts as they reach the page."""
    if isinstance(value, str):
        return _untagged(words.visible(value))
    if isinstance(value, dict):
        return {key: _drawn(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_drawn(part) for part in value]
    return value


_OURS = re.compile(r"(<br>|<extra></extra>|<span style='font-size:11px'>|</span>)")


def _untagged(text: str) -> str:
    """`text` without markup but the few tags that charts.py writes: Plotly reads some HTML in labels."""
    return "".join(
        part if _OURS.fullmatch(part) else part.replace("<", "‹").replace(">", "›")
        for part in _OURS.split(text)
    )


def _plotly() -> str:
    text: str = get_plotlyjs()
    return text


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None  # noqa: S101 - set above
    text = environment.loader.get_source(environment, name)[0]
    return re.sub(r"(//|/\*)# sourceMappingURL=.*\s*$", "", text)


def _script(text: str) -> Markup:
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise PublishError("a script to inline holds '</script' or '<!--': it would end early")
    return Markup(text)  # noqa: S704 - our own file, checked above


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
