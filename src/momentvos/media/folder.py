"""Frames of a folder of images, in natural order."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

from momentvos.errors import VideoError
from momentvos.media.frame import IMAGE_SUFFIXES

_PHOTOS = frozenset({".avif", ".heic", ".heif", ".hif", ".jpeg", ".jpg", ".webp"})
"""Formats that photos and frames come in, but never masks."""


def pictures_of(folder: Path) -> tuple[list[Path], list[str]]:
    """List a folder's images, and remarks for the user.

    Two images of one name are one frame and something about it, such as its mask: of a photo
    (JPEG, HEIC, AVIF, WebP) beside another format the photo is taken. Raises VideoError where
    that does not decide, and for a folder without images.
    """
    try:
        entries = [
            entry
            for entry in folder.iterdir()
            if entry.suffix.lower() in IMAGE_SUFFIXES
            and not entry.name.startswith(".")
            and entry.is_file()
        ]
    except OSError as error:
        raise VideoError(f"The folder '{folder}' cannot be read: {error.strerror}.") from None
    if not entries:
        raise VideoError(
            f"The folder '{folder}' holds no images; give a folder with JPEG or PNG frames, or "
            "one video file."
        )
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for entry in sorted(entries, key=_natural):
        by_stem[entry.stem].append(entry)
    paths = [_one(folder, group) for group in by_stem.values()]
    return sorted(paths, key=_natural), _notes(paths, entries)


def _one(folder: Path, group: list[Path]) -> Path:
    """The frame among images of one name."""
    photos = [path for path in group if path.suffix.lower() in _PHOTOS]
    chosen = photos if photos and len(group) > 1 else group
    if len(chosen) > 1:
        raise VideoError(
            f"'{folder}' holds both '{chosen[0].name}' and '{chosen[1].name}', and only one can "
            "be the frame; move the others to another folder."
        )
    return chosen[0]


def _notes(paths: list[Path], entries: list[Path]) -> list[str]:
    kept = set(paths)
    left = [entry for entry in entries if entry not in kept]
    notes = []
    if left:
        first = min(left, key=_natural).name
        notes.append(f"left out: {len(left)} images with the name of a photo, such as '{first}'")
    formats = Counter(path.suffix.lower().lstrip(".") for path in paths)
    if len({{"jpeg": "jpg", "tiff": "tif"}.get(name, name) for name in formats}) > 1:
        counts = " and ".join(f"{count} {name}" for name, count in sorted(formats.items()))
        notes.append(f"the folder mixes formats ({counts}): every image is a frame")
    return notes


def _natural(path: Path) -> tuple[list[tuple[int, int | str]], str]:
    parts = re.split(r"([0-9]+)", path.name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part], path.name
