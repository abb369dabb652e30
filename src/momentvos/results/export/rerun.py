"""A recording for Rerun's viewer: frames, masks, boxes, and curves over time.

Needs rerun-sdk (the extra ``rerun``). Timelines are ``frame`` and ``time``. Without the video the
recording has everything but its frames.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from momentvos.results.export.boxes import box_of
from momentvos.results.export.footage import footage
from momentvos.results.export.names import Group, by_video, file_name, labels, unique

if TYPE_CHECKING:
    from momentvos.media.frame import Frame
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

_QUALITY = 90


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the recording; returns notes."""
    import rerun

    notes: list[str] = []
    recording = rerun.RecordingStream("momentvos")
    recording.save(out)
    try:
        for group in by_video(predictions):
            notes += _log(rerun, recording, group, options)
    finally:
        recording.flush()
        recording.disconnect()
    return tuple(notes)


def _log(rerun: Any, recording: Any, group: Group, options: Options) -> Sequence[str]:
    clip = footage(group.first, options)
    names = labels([one.sentence for one in group.predictions])
    parts = unique(file_name(name[:40].lower(), "sentence") for name in names)
    home = group.name
    classes = [(number, name) for number, name in enumerate(names, start=1)]
    recording.log(home, rerun.AnnotationContext(classes), static=True)
    for one, name, part in zip(group.predictions, names, parts, strict=True):
        about = f"{name}\n\n{one.verdict}, presence {one.presence:.2f}; {one.model}"
        recording.log(f"{home}/about/{part}", rerun.TextDocument(about), static=True)
    frames = iter(clip.video.frames()) if clip.video is not None else None
    for index in range(group.first.video.length):
        recording.set_time("frame", sequence=index)
        recording.set_time("time", duration=clip.times[index])
        if frames is not None:
            recording.log(f"{home}/video", _picture(rerun, next(frames)))
        for number, (one, part) in enumerate(zip(group.predictions, parts, strict=True), start=1):
            _log_frame(rerun, recording, home, part, one, number, index)
        options.report(index + 1, group.first.video.length)
    return clip.notes


def _log_frame(
    rerun: Any, recording: Any, home: str, part: str, one: Prediction, number: int, index: int
) -> None:
    mask = one.masklet.get(index).astype("uint8") * number
    recording.log(f"{home}/video/{part}/mask", rerun.SegmentationImage(mask, opacity=0.5))
    box = box_of(one.masklet, index)
    path = f"{home}/video/{part}/box"
    if box is None:
        recording.log(path, rerun.Clear(recursive=False))
    else:
        left, top, width, height = box
        shape = rerun.Boxes2D(mins=[[left, top]], sizes=[[width, height]], class_ids=[number])
        recording.log(path, shape)
    curves = {
        "relevance": one.relevance[index],
        "score": one.scores[index],
        "moment": float(index in one.moment),
    }
    for name, value in curves.items():
        recording.log(f"{home}/{name}/{part}", rerun.Scalars(value))


def _picture(rerun: Any, frame: Frame) -> Any:
    file = io.BytesIO()
    Image.fromarray(frame.rgb).save(file, "JPEG", quality=_QUALITY)
    return rerun.EncodedImage(contents=file.getvalue(), media_type="image/jpeg")
