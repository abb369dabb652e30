"""Result folder of a prediction: prediction.json, overlay, masks/ and timeline.png."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.errors import OutputError, VideoError
from momentvos.json_text import to_text
from momentvos.media.frame import Frame
from momentvos.media.video import Video, VideoLike
from momentvos.paths import real
from momentvos.results.atomic_directory import atomic_directory
from momentvos.results.overlay import Overlay
from momentvos.results.overlay_file import NAMES as OVERLAYS
from momentvos.results.overlay_file import overlay_file
from momentvos.results.styles import DEFAULT, check_style
from momentvos.results.timeline import timeline
from momentvos.results.together import is_together

if TYPE_CHECKING:
    from momentvos.results.prediction import Prediction

NAMES = ("masks", *OVERLAYS, "timeline.png", "prediction.json")
"""Entries of a result folder; the last one marks it as such."""
_OURS = re.compile(r"masks(/\d{5,}\.png)?|overlay\.(mp4|png)|timeline\.png|prediction\.json")
PARTS = ("masks", "overlay", "timeline")
"""What may be left out of it."""
_MASK_COLOUR = (255, 61, 127)


def save_prediction(
    prediction: Prediction,
    folder: str | Path,
    video: VideoLike | None = None,
    progress: Callable[[int, int], None] | None = None,
    style: str = DEFAULT,
    parts: Collection[str] = PARTS,
) -> Path:
    """Write all results in one pass over the video, with one frame in memory; see Prediction.save.

    parts: what is written beside prediction.json, of `PARTS`.
    Foreign files stay, including those among earlier masks. Raises
    OutputError where results cannot be written, would replace the video itself, or would replace
    files of these names in a folder that has no prediction.json; and VideoError when `video` is
    not the video of the prediction or no longer decodes.
    """
    check_style(style)
    folder = Path(folder)
    opened, note = _video_of(prediction, video)
    if note is not None:
        prediction = replace(prediction, notes=(*prediction.notes, note))
    try:
        check_folder(folder, opened)
        with atomic_directory(folder, _OURS) as new:
            _write(prediction, new, opened, progress, style, parts)
    except OSError as error:
        raise _cannot(folder, error) from None
    except OutputError as error:
        if error.__context__ is None:
            raise
        raise _cannot(folder, error.__context__) from None
    return folder


def write_mask(path: Path, mask: NDArray[np.bool_]) -> None:
    """Write a mask, bool [H, W], as a palette PNG: index 0 is background, index 1 the target."""
    image = Image.fromarray(mask.astype(np.uint8))
    image.putpalette((0, 0, 0, *_MASK_COLOUR))
    image.save(path)


def _video_of(prediction: Prediction, video: VideoLike | None) -> tuple[Video | None, str | None]:
    """Video for the overlay, or a note on why there is none."""
    facts = prediction.video
    if video is None:
        video = prediction.source if prediction.source is not None else Path(facts.path)
        if not (video.is_here if isinstance(video, Video) else video.exists()):
            return None, f"no overlay: '{facts.path}' is gone"
    opened = Video.open(video)
    if opened.size != (facts.height, facts.width) or len(opened) != facts.length:
        raise VideoError(
            f"'{opened.path}' is not the video of this prediction: it has {len(opened)} frames of "
            f"{opened.size[1]} x {opened.size[0]} pixels, not {facts.length} of {facts.width} x "
            f"{facts.height}."
        )
    return opened, None


def check_folder(folder: Path, video: Video | None) -> None:
    """Raise OutputError where `save_prediction` would refuse, before there is a prediction."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"Cannot write results to '{folder}': it is not a folder; choose another one."
        )
    there = [folder / name for name in NAMES if (folder / name).exists()]
    if video is not None:
        source = real(video.path)
        if {real(path) for path in there} & {source, *source.parents}:
            raise OutputError(
                f"The results in '{folder}' would replace the video itself; choose another folder."
            )
    if is_together(folder):
        there = [path for path in there if path.name not in OVERLAYS]
    if there and not (folder / NAMES[-1]).is_file():
        raise OutputError(
            f"'{there[0]}' is in the way and belongs to no earlier result; choose another folder."
        )


def _write(
    prediction: Prediction,
    folder: Path,
    video: Video | None,
    progress: Callable[[int, int], None] | None,
    style: str,
    parts: Collection[str],
) -> None:
    length = prediction.video.length
    text = to_text(prediction.to_json(), ensure_ascii=False)
    (folder / "prediction.json").write_text(text + "\n", encoding="utf-8")
    if "timeline" in parts:
        timeline(prediction, folder / "timeline.png", times=video.times if video else None)
    if not {"masks", "overlay"} & set(parts):
        return
    masks, digits = folder / "masks", max(5, len(str(length - 1)))
    if "masks" in parts:
        masks.mkdir()
    with ExitStack() as stack:
        frames: Iterable[Frame | None] = repeat(None, length)
        if video is not None and "overlay" in parts:
            overlay = Overlay(prediction, style, video=video)
            write = stack.enter_context(overlay_file(folder, video, overlay.size))
            frames = video.frames()
        for index, frame in enumerate(frames):
            mask = prediction.masklet.get(index)
            if "masks" in parts:
                write_mask(masks / f"{index:0{digits}}.png", mask)
            if frame is not None:
                write(overlay.draw(frame.rgb, mask, index))
            if progress is not None:
                progress(index + 1, length)


def _cannot(folder: Path, error: BaseException) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(
        f"Cannot write results to '{folder}': {reason}; choose another folder or make room."
    )
