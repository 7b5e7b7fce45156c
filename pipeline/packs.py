"""Packs: folders with `rules/`, `reports/`, `templates/` and `registers/`, the built-in one first, a user's after it.

The same relative path in a later pack replaces the file of an earlier one; both digests are kept,
so that an override is evidence and never a surprise.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError

FOLDERS = ("rules", "reports", "templates", "registers")

# the two homes of the built-in pack: inside the wheel, or the root of a checkout
_HOMES = (Path(__file__).parent / "builtin", Path(__file__).parents[1])
BUILTIN = "builtin"


@dataclass(frozen=True)
class Pack:
    """A folder of content; `name` is what evidence calls it."""

    name: str
    root: Path


@dataclass(frozen=True)
class Overridden:
    """A file that a later pack replaced."""

    pack: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class PackFile:
    """The file in force at `relative`, and what it replaced, earliest pack first."""

    relative: str
    path: Path
    pack: str
    sha256: str
    overridden: tuple[Overridden, ...] = ()

    @property
    def label(self) -> str:
        """How messages name the file: short for ours, in full for a user's."""
        return self.relative if self.pack == BUILTIN else str(self.path)


@dataclass(frozen=True)
class Packs:
    """Every pack in force, in the order in which they win."""

    packs: tuple[Pack, ...]

    def files(self, folder: str, suffix: str) -> list[PackFile]:
        """The files below `folder` that end in `suffix`, by relative path; hidden and private ones left out."""
        found: dict[str, PackFile] = {}
        for pack in self.packs:
            for path in sorted((pack.root / folder).rglob(f"*{suffix}")):
                relative = path.relative_to(pack.root)
                if path.is_file() and not any(
                    part.startswith((".", "_")) for part in relative.parts
                ):
                    name = relative.as_posix()
                    found[name] = _winner(pack, path, name, found.get(name))
        return [found[name] for name in sorted(found)]

    def in_any_format(self, stem: str, suffixes: Iterable[str]) -> PackFile | None:
        """The file in force at `stem`, whichever of the formats it has; None if no pack has one.

        Raises:
            ConfigError: a pack has it in two formats.
        """
        found: PackFile | None = None
        for pack in self.packs:
            names = [
                stem + suffix for suffix in suffixes if (pack.root / (stem + suffix)).is_file()
            ]
            if len(names) > 1:
                raise ConfigError(
                    f"{pack.root}: {' and '.join(names)} say the same thing; keep one"
                )
            for name in names:
                found = _winner(pack, pack.root / name, name, found)
        return found

    def file(self, relative: str) -> PackFile:
        """The file in force at `relative`.

        Raises:
            ConfigError: no pack has it.
        """
        found: PackFile | None = None
        for pack in self.packs:
            if (pack.root / relative).is_file():
                found = _winner(pack, pack.root / relative, relative, found)
        if found is None:
            places = ", ".join(str(pack.root) for pack in self.packs)
            raise ConfigError(f"{relative}: in none of the packs ({places})")
        return found


def load(folders: Iterable[Path] = ()) -> Packs:
    """The built-in pack and the packs in `folders`; the last one wins.

    Raises:
        ConfigError: a folder is no pack, or two packs have the same name.
    """
    home = next(home for home in _HOMES if (home / "rules").is_dir())
    packs = [Pack(BUILTIN, home)]
    for folder in folders:
        if not any((folder / name).is_dir() for name in FOLDERS):
            raise ConfigError(
                f"{folder}: not a pack; a pack is a folder with at least one of {', '.join(FOLDERS)}"
            )
        name = folder.resolve().name
        if name in {pack.name for pack in packs}:
            raise ConfigError(
                f"{folder}: a pack named '{name}' is loaded already; rename one of the folders"
            )
        packs.append(Pack(name, folder))
    return Packs(tuple(packs))


def _winner(pack: Pack, path: Path, relative: str, loser: PackFile | None) -> PackFile:
    overridden: tuple[Overridden, ...] = ()
    if loser:
        overridden = (*loser.overridden, Overridden(loser.pack, loser.path, loser.sha256))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return PackFile(relative, path, pack.name, digest, overridden)
