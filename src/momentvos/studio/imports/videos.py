"""Video files of a folder, which have no sentences yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from momentvos.data.formats.video_samples import SUFFIXES
from momentvos.errors import DataError
from momentvos.studio.imports.dataset import NewProject, NewVideo

Inspect = Callable[[Path], dict[str, Any]]
"""Facts on a video as of `momentvos.server.inspection.inspect`."""


def read(folder: Path, inspect: Inspect) -> NewProject:
    """A project of every video file in a folder, in order of their names. Raises DataError."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise DataError(f"{folder} holds no videos ({', '.join(SUFFIXES)}).")
    return NewProject(
        "videos", str(folder.absolute()), tuple(_video(one, inspect) for one in files)
    )


def _video(path: Path, inspect: Inspect) -> NewVideo:
    facts = inspect(path)
    place = {"file": str(path.absolute())} | {key: facts[key] for key in ("times", "durations")}
    size = (int(facts["height"]), int(facts["width"]))
    return NewVideo(path.name, int(facts["frames"]), float(facts["fps"]), size, place)
