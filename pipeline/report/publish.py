"""Rendered reports in their place: one folder a snapshot, and `latest`, switched when it is whole."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import PublishError, UsageError
from pipeline.packs import PackFile, Packs
from pipeline.report.page import Page
from pipeline.report.render import Look, look, render, sidecar
from pipeline.report.view import View, looking
from pipeline.warehouse.home import Home


@dataclass(frozen=True)
class Definition:
    """A report as its file defines it; `name` is the file's name on disk without suffix."""

    name: str
    title: str
    build: Callable[[View], Page]


def publish(
    home: Home, packs: Packs, *, generated_at: datetime, at: str | None = None
) -> list[Path]:
    """The files written: every report of the packs, and its figures as JSON, below `reports/<snapshot>`.

    The newest snapshot's reports become `reports/latest` too; a past one's (`at`) do not.

    Raises:
        PublishError: a definition is wrong, a report fails to build, or a file cannot be written.
        UsageError: there is no such snapshot, or it was never judged.
    """
    definitions = [load(file) for file in packs.files("reports", ".py")]
    using = look([pack.root / "templates" for pack in reversed(packs.packs)])
    with looking(home, at) as view:
        if view.value("select judged_at from shown_snapshot") is None:
            raise UsageError(
                f"snapshot {view.snapshot.id} is not judged yet: `muster judge` comes before a report"
            )
        newest = not view.value(
            "select count(*) from snapshot where number > $number", number=view.number
        )
        try:
            with _replacing(home.reports / view.snapshot.id) as folder:
                for definition in definitions:
                    _write(folder, definition, view, using, generated_at)
            if newest:
                _point(home.reports / "latest", view.snapshot.id)
        except OSError as error:
            raise PublishError(f"{home.reports}: reports could not be written: {error}") from error
        place = home.reports / ("latest" if newest else view.snapshot.id)
    return sorted(place.iterdir())


def load(file: PackFile) -> Definition:
    """The definition in `file`.

    Raises:
        PublishError: it cannot be imported, or lacks TITLE or build.
    """
    name = file.path.stem
    spec = importlib.util.spec_from_file_location(f"pipeline.builtin.reports.{name}", file.path)
    if spec is None or spec.loader is None:
        raise PublishError(f"{file.label}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise PublishError(f"{file.label}: {type(error).__name__}: {error}") from error
    for wanted in ("TITLE", "build"):
        if not hasattr(module, wanted):
            raise PublishError(f"{file.label}: no {wanted}; a report has TITLE and build(view)")
    return Definition(name.replace("_", "-"), module.TITLE, module.build)


def _write(
    folder: Path, definition: Definition, view: View, using: Look, generated_at: datetime
) -> None:
    try:
        page = definition.build(view)
    except Exception as error:
        raise PublishError(
            f"report '{definition.title}' failed to build: {type(error).__name__}: {error}"
        ) from error
    html = render(definition.title, page, view, using, generated_at=generated_at)
    figures = sidecar(definition.title, page, view, generated_at=generated_at)
    (folder / f"{definition.name}.html").write_text(html, encoding="utf-8")
    (folder / f"{definition.name}.json").write_text(figures, encoding="utf-8")


def _point(latest: Path, snapshot: str) -> None:
    """Makes the link `latest` lead to the folder of `snapshot`, in one step."""
    fresh = latest.with_name(".latest.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(snapshot)
    fresh.replace(latest)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `target` when the block ends well, and vanishes when not.

    A reader finds the old folder or the new one: never a half-written one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    fresh.chmod(0o755)
    retired = fresh.with_name(f"{fresh.name}-old")
    try:
        yield fresh
        for file in fresh.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        if target.exists():
            target.rename(retired)
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        if retired.exists() and not target.exists():
            retired.rename(target)
        raise
    shutil.rmtree(retired, ignore_errors=True)
