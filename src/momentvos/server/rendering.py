"""Files made of answers: overlay, timeline, and any exporter's, in a folder given for it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from momentvos.media.video import Video
from momentvos.results.prediction import Prediction

Report = Callable[[int, int], None]


def render(kind: str, value: str, predictions: Sequence[Path], video: Path, out: Path) -> str:
    """Write one file into an empty folder and return its name.

    kind: "overlay" (value: a style), "timeline", or "export" (value: a format; a folder or several
    files become a zip). Raises MomentVOSError.
    """
    answers = [Prediction.load(path) for path in predictions]
    opened = Video.open(video)
    if kind == "timeline":
        from momentvos.results.timeline import timeline

        timeline(answers[0], out / "timeline.png", times=opened.times)
        return "timeline.png"
    if kind == "overlay":
        return _overlay(answers, value, opened, out)
    return _export(answers, value, opened, out)


def _overlay(answers: Sequence[Prediction], style: str, video: Video, out: Path) -> str:
    from momentvos.results.overlay import Overlay
    from momentvos.results.overlay_file import overlay_file, overlay_name

    overlay = Overlay(answers, style, video=video)
    with overlay_file(out, video, overlay.size) as write:
        for frame in video.frames():
            masks = [one.masklet.get(frame.index) for one in answers]
            write(overlay.draw(frame.rgb, masks, frame.index))
    return overlay_name(len(video))


def _export(answers: Sequence[Prediction], name: str, video: Video, out: Path) -> str:
    from momentvos.results.export.exporter import Options
    from momentvos.results.export.registry import exporter
    from momentvos.results.export.writing import default_name, export

    entry = exporter(name)
    single = entry.holds != "sentence" or len(answers) == 1
    if entry.is_folder or not single:
        # Names of files are made of that of the video, and no client's text names one here.
        answers = [_named(one, "video") for one in answers]
    place = out / (default_name(name, entry) if single else name)
    options: dict[str, Any] = {"video": video}
    written = export(answers, name, place, Options(**options))
    made = sorted(path for path in out.rglob("*") if path.is_file())
    if len(written.paths) == 1 and len(made) == 1:
        (path,) = made
        return str(path.relative_to(out))
    archive = out / f"{name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in made:
            file.write(path, str(path.relative_to(out)))
    return archive.name


def _named(prediction: Prediction, stem: str) -> Prediction:
    path = stem + Path(prediction.video.path).suffix
    return replace(prediction, video=replace(prediction.video, path=path))
