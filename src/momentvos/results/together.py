"""One overlay of several predictions about one video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import OutputError
from momentvos.paths import real
from momentvos.results.overlay import Overlay
from momentvos.results.overlay_file import NAMES, overlay_file, overlay_name
from momentvos.results.styles import DEFAULT

if TYPE_CHECKING:
    from momentvos.media import Video
    from momentvos.results.prediction import Prediction


def save_together(
    predictions: Sequence[Prediction],
    folder: str | Path,
    video: Video,
    style: str = DEFAULT,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write one overlay of all sentences into `folder`, and return its path.

    The file appears when it is complete. progress: called with (frames done, frames in all).
    Raises OutputError where it cannot be written or would replace another file than an earlier
    overlay, and VideoError where the video no longer decodes.
    """
    folder = Path(folder)
    check_together(folder, video)
    overlay = Overlay(predictions, style, video=video)
    path = folder / overlay_name(len(video))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with overlay_file(folder, video, overlay.size) as write:
            for frame in video.frames():
                masks = [one.masklet.get(frame.index) for one in predictions]
                write(overlay.draw(frame.rgb, masks, frame.index))
                if progress is not None:
                    progress(frame.index + 1, len(video))
        (folder / NAMES[len(video) != 1]).unlink(missing_ok=True)  # of an earlier video
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror}.") from None
    return path


def check_together(folder: Path, video: Video) -> None:
    """Raise OutputError where `save_together` would refuse, before there are predictions."""
    if (folder / "prediction.json").is_file():
        raise OutputError(
            f"'{folder}' holds the results of one sentence, to which its overlay belongs; choose "
            "another folder for an overlay of several."
        )
    for path in (folder / name for name in NAMES):
        if real(path) == real(video.path):
            raise OutputError(f"'{path}' would replace the video itself; choose another folder.")
        if path.exists() and not is_together(folder):
            raise OutputError(
                f"'{path}' is in the way and belongs to no earlier result; choose another folder."
            )


def is_together(folder: Path) -> bool:
    """Whether a folder has folders of predictions, so that an overlay in it is one of several."""
    return any(folder.glob("*/prediction.json"))
