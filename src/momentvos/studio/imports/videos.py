"""Video files of a folder, with the sentences that lie beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from momentvos.data.formats.video_samples import SUFFIXES
from momentvos.errors import DataError
from momentvos.moment import Moment
from momentvos.studio.content import Annotation
from momentvos.studio.imports import sentences
from momentvos.studio.imports.dataset import NewExpression, NewProject, NewVideo

Inspect = Callable[[Path], dict[str, Any]]
"""Facts on a video as of `momentvos.server.inspection.inspect`."""


def read(folder: Path, inspect: Inspect) -> NewProject:
    """A project of every video file in a folder, in order of their names. Raises DataError."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise DataError(f"{folder} holds no videos ({', '.join(SUFFIXES)}).")
    known = sentences.read(folder, files)
    videos = tuple(_video(one, known[one.name], inspect) for one in files)
    return NewProject("videos", str(folder.absolute()), videos)


def _video(path: Path, said: list[str], inspect: Inspect) -> NewVideo:
    facts = inspect(path)
    place = {"file": str(path.absolute())} | {key: facts[key] for key in ("times", "durations")}
    size = (int(facts["height"]), int(facts["width"]))
    start = Annotation({"": Moment.empty()})
    expressions = (NewExpression(str(k), one, start=start) for k, one in enumerate(said))
    return NewVideo(
        path.name,
        int(facts["frames"]),
        float(facts["fps"]),
        size,
        place,
        expressions=tuple(expressions),
    )
