"""Import of a folder, by the name of its data set or by what lies in it."""

from __future__ import annotations

from pathlib import Path

from momentvos.data import formats
from momentvos.data.formats import mevis
from momentvos.data.formats.video_samples import SUFFIXES
from momentvos.errors import DataError
from momentvos.studio.imports import frames, videos
from momentvos.studio.imports.dataset import NewProject
from momentvos.studio.imports.videos import Inspect

BARE = "videos"
"""In place of a data set's name: a folder of video files."""
_BY_INDEX = {**dict.fromkeys(mevis.V1, "mevis"), **dict.fromkeys(mevis.V2, "mevis-v2")}


def read(folder: Path, dataset: str | None, split: str | None, inspect: Inspect) -> NewProject:
    """A folder as a project, without writing anything.

    dataset: as of `momentvos.data.formats.datasets()`, or "videos"; None: by what is there. split:
    None: the data set's first. Raises DataError where the folder is none of these, and for the
    first broken entry.
    """
    if not folder.is_dir():
        raise DataError(f"'{folder}' is no folder; give the one that holds the data set.")
    guessed, there = (dataset, split) if dataset else _guess(folder, split)
    if guessed == BARE:
        return videos.read(folder, inspect)
    return frames.read(formats.open(guessed or "", folder, split or there), folder)


def _guess(folder: Path, split: str | None) -> tuple[str, str | None]:
    """Data set and split of a folder."""
    splits = [split] if split else list(formats.dataset("mevis").splits)
    for part in (None, *splits):
        place = folder / part if part else folder
        for name, dataset in _BY_INDEX.items():
            if (place / name).is_file():
                return dataset, part
    if (folder / "meta_expressions").is_dir():
        return "ref-youtube-vos", None
    if any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        return BARE, None
    raise DataError(
        f"'{folder}' holds no data set in MeViS's form, no Ref-YouTube-VOS and no videos; name the "
        "data set with --dataset."
    )
