"""The package's own recipes, by name: ``tgl/quickstart``."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from momentvos.errors import RecipeError
from momentvos.packaged import packaged
from momentvos.suggestion import nearest

_LAUNCHER = "accelerate"
"""Folder of settings for `accelerate launch`."""
_END = re.compile(r"[.:;] ")
_LINE = 100


@dataclass(frozen=True)
class PackagedRecipe:
    """A recipe of the package.

    Attributes:
        name: its place under ``recipes``, without the ending: ``tgl/quickstart``.
        path: the file.
        command: how it is run, from its first line.
        about: the beginning of its description, a line.
    """

    name: str
    path: Path
    command: str
    about: str


def recipes() -> list[PackagedRecipe]:
    """All of them, by name. Raises MomentVOSError where the installation has none."""
    root = packaged("recipes")
    places = sorted(path.relative_to(root) for path in root.rglob("*.yaml"))
    return [
        _described(place.with_suffix("").as_posix(), root / place)
        for place in places
        if place.parts[0] != _LAUNCHER
    ]


def named(recipe: Path) -> Path:
    """The file that a path is, or else the recipe of the package that it names.

    ``tgl/quickstart``, ``tgl/quickstart.yaml`` and ``recipes/tgl/quickstart.yaml`` name the same.
    Raises RecipeError, with the nearest name, for what is neither.
    """
    if recipe.exists() or recipe.is_absolute():
        return recipe
    name = recipe.as_posix().removeprefix("./").removeprefix("recipes/").removesuffix(".yaml")
    known = {one.name: one.path for one in recipes()}
    if name in known:
        return known[name]
    close = nearest(name, known)
    meant = f"did you mean '{close}'?" if close else "`momentvos recipes` lists them."
    raise RecipeError(f"There is no recipe '{recipe}'; {meant}")


def _described(name: str, path: Path) -> PackagedRecipe:
    """Read the comment at the head: a command, an empty line, and what the recipe does."""
    lines = []
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    gap = lines.index("") if "" in lines else len(lines)
    command = " ".join(line.removesuffix("\\").strip() for line in lines[:gap])
    about = _END.split(" ".join(lines[gap:]).strip(), maxsplit=1)[0].rstrip(".:")
    return PackagedRecipe(name, path, command, textwrap.shorten(about, _LINE, placeholder=" …"))
