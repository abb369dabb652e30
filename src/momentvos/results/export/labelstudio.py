"""Label Studio tasks, with what was found as predictions.

A video has timeline labels for its moments and a rectangle per object and frame, for Label Studio
has no masks in videos; pictures have masks (brush). Frames count from 1. Beside the file goes the
labelling configuration that the tasks need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from momentvos.media.frame import IMAGE_SUFFIXES
from momentvos.results.export.boxes import box_of, runs
from momentvos.results.export.brush import brush_rle
from momentvos.results.export.footage import footage
from momentvos.results.export.names import Group, by_video, labels
from momentvos.results.export.text_file import write_json

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

Json = dict[str, Any]
_COLOURS = ("#ff3d7f", "#00b8d9", "#ffab00", "#36b37e", "#ff7452", "#6554c0", "#2684ff")


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the tasks and the configuration; returns notes."""
    from momentvos.results.export.entries import LABELSTUDIO

    pictures = all(_is_picture(one) for one in predictions)
    sentences = list(dict.fromkeys(one.sentence for one in predictions))
    names = dict(zip(sentences, labels(sentences), strict=True))
    base = LABELSTUDIO.choice("url", options)
    tasks: list[Json] = []
    notes: list[str] = []
    for group in by_video(predictions):
        if pictures:
            tasks.append(_picture_task(group, names, base))
        else:
            clip = footage(group.first, options)
            notes += clip.notes
            tasks.append(_video_task(group, names, base, clip.times))
    write_json(out, tasks)
    _config(out.with_name(f"{out.stem}_config.xml"), list(names.values()), pictures)
    return tuple(notes)


def _is_picture(one: Prediction) -> bool:
    return one.video.length == 1 and Path(one.video.path).suffix.lower() in IMAGE_SUFFIXES


def _task(data: Json, group: Group, results: Iterator[Json]) -> Json:
    first = group.first
    return {
        "data": data,
        "predictions": [
            {
                "model_version": first.model,
                "score": max(one.presence for one in group.predictions),
                "result": list(results),
            }
        ],
    }


def _address(group: Group, base: str) -> str:
    path = group.first.video.path
    return f"{base.rstrip('/')}/{PurePosixPath(Path(path).as_posix()).name}" if base else path


def _video_task(group: Group, names: dict[str, str], base: str, times: Sequence[float]) -> Json:
    data = {"video": _address(group, base), "fps": group.first.video.fps}
    regions = (
        video_results(one, names[one.sentence], number, times)
        for number, one in enumerate(group.predictions)
    )
    return _task(data, group, chain.from_iterable(regions))


def video_results(
    one: Prediction, label: str, number: int, times: Sequence[float]
) -> Iterator[Json]:
    """Regions of an answer about a video: stretches of the timeline, and a rectangle.

    number: of the answer, in the regions' ids. times: start of each frame in seconds.
    """
    for place, (first, last) in enumerate(one.moment.spans):
        value = {
            "ranges": [{"start": first + 1, "end": last + 1}],
            "timelinelabels": [label],
        }
        head = _head(f"{number}-moment-{place}", "timelinelabels", "moments", "video")
        yield {**head, "value": value, "score": one.presence}
    if one.masklet:
        value = {
            "framesCount": one.video.length,
            "duration": one.video.duration,
            "sequence": list(_sequence(one, times)),
            "labels": [label],
        }
        head = _head(f"{number}-box", "videorectangle", "box", "video")
        yield {**head, "value": value, "score": one.presence}


def _sequence(one: Prediction, times: Sequence[float]) -> Iterator[Json]:
    """Boxes of every frame in percent; the last one of a stretch ends the rectangle's life."""
    across, down = one.video.width / 100, one.video.height / 100
    for first, last in runs(one.masklet):
        for frame in range(first, last + 1):
            left, top, width, height = box_of(one.masklet, frame) or (0, 0, 0, 0)
            yield {
                "frame": frame + 1,
                "time": round(times[frame], 6),
                "enabled": frame < last,
                "rotation": 0,
                "x": round(left / across, 6),
                "y": round(top / down, 6),
                "width": round(width / across, 6),
                "height": round(height / down, 6),
            }


def _picture_task(group: Group, names: dict[str, str], base: str) -> Json:
    return _task({"image": _address(group, base)}, group, _picture_results(group, names))


def _picture_results(group: Group, names: dict[str, str]) -> Iterator[Json]:
    facts = group.first.video
    for number, one in enumerate(group.predictions):
        if not one.masklet:
            continue
        yield {
            **_head(f"{number}-mask", "brushlabels", "mask", "image"),
            "original_width": facts.width,
            "original_height": facts.height,
            "image_rotation": 0,
            "value": {
                "format": "rle",
                "rle": brush_rle(one.masklet.get(0)),
                "brushlabels": [names[one.sentence]],
            },
            "score": one.presence,
        }


def _head(number: str, kind: str, source: str, target: str) -> Json:
    return {"id": number, "type": kind, "from_name": source, "to_name": target}


def _config(out: Path, names: Sequence[str], pictures: bool) -> None:
    view = ET.Element("View")
    if pictures:
        ET.SubElement(view, "Image", {"name": "image", "value": "$image"})
        _choices(view, "BrushLabels", "mask", "image", names)
    else:
        _choices(view, "TimelineLabels", "moments", "video", names)
        _choices(view, "Labels", "labels", "video", names)
        video = {"name": "video", "value": "$video", "framerate": "$fps"}
        ET.SubElement(view, "Video", video)
        ET.SubElement(view, "VideoRectangle", {"name": "box", "toName": "video"})
    ET.indent(view)
    ET.ElementTree(view).write(out, encoding="utf-8")


def _choices(view: ET.Element, tag: str, name: str, target: str, names: Sequence[str]) -> None:
    group = ET.SubElement(view, tag, {"name": name, "toName": target})
    for number, value in enumerate(names):
        colour = _COLOURS[number % len(_COLOURS)]
        ET.SubElement(group, "Label", {"value": value, "background": colour})
