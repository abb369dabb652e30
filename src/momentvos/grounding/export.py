"""Result folder of groundings: grounding.json and timeline.png."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import OutputError
from momentvos.grounding.plot import timeline
from momentvos.json_text import to_text
from momentvos.results.atomic_directory import atomic_directory

if TYPE_CHECKING:
    from momentvos.grounding.result import Grounding
    from momentvos.media import Video

NAMES = ("timeline.png", "grounding.json")
_OURS = re.compile("|".join(map(re.escape, NAMES)))


def save(groundings: Sequence[Grounding], video: Video, folder: str | Path) -> Path:
    """Write both files; earlier ones are replaced when the new ones are complete.

    Raises OutputError where they cannot be written, or would replace files of these names that
    belong to something else.
    """
    folder = Path(folder)
    check_folder(folder)
    try:
        with atomic_directory(folder, _OURS) as new:
            timeline(groundings, video, new / NAMES[0])
            text = to_text(to_json(groundings, video), ensure_ascii=False)
            (new / NAMES[1]).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"Cannot write results to '{folder}': {error.strerror or error}; choose another folder."
        ) from None
    return folder


def to_json(groundings: Sequence[Grounding], video: Video) -> Any:
    """One object for one sentence, an array of them for several."""
    objects = [grounding.to_json(video) for grounding in groundings]
    return objects[0] if len(objects) == 1 else objects


def check_folder(folder: Path) -> None:
    """Raise OutputError where `save` would refuse, before there is anything to save."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"Cannot write results to '{folder}': it is not a folder.")
    if (folder / NAMES[0]).exists() and not (folder / NAMES[1]).exists():
        raise OutputError(
            f"'{folder / NAMES[0]}' is in the way and belongs to something else; choose another "
            "folder."
        )
