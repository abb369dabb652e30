"""YouTube-VIS annotations: per object a list with one RLE or null a frame.

A sentence is a category. Where nothing is found there is no annotation. Further fields hold the
expression and its moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.results.export.boxes import box_of
from momentvos.results.export.coco import (
    category_entries,
    category_ids,
    info,
    moment_fields,
    video_entry,
)
from momentvos.results.export.frames import images_beside, write_frames
from momentvos.results.export.names import Group, by_video, frame_names
from momentvos.results.export.text_file import write_json

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> None:
    """Write the annotations, and with `images` the frames into a folder beside the file."""
    categories = category_ids(predictions)
    folder = images_beside(out)
    videos: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, group in enumerate(by_video(predictions), start=1):
        videos.append(_video(number, group, folder.name if options.images else ""))
        for one in group.predictions:
            if one.masklet:
                ids = {"id": len(annotations) + 1, "video_id": number}
                annotations.append(ids | _annotation(one, categories[one.sentence]))
        write_frames(group, folder / group.name, options)
    write_json(
        out,
        {
            "info": info(),
            "licenses": [],
            "videos": videos,
            "categories": category_entries(categories),
            "annotations": annotations,
        },
    )


def _video(number: int, group: Group, folder: str) -> dict[str, Any]:
    above = f"{folder}/{group.name}" if folder else group.name
    names = [f"{above}/{name}.jpg" for name in frame_names(group.first.video.length)]
    return video_entry(number, group) | {"file_names": names}


def _annotation(one: Prediction, category: int) -> dict[str, Any]:
    length, areas = one.video.length, one.masklet.areas
    boxes = [box_of(one.masklet, frame) for frame in range(length)]
    seen = [one.scores[frame] for frame in areas]
    return {
        "category_id": category,
        "iscrowd": 0,
        "width": one.video.width,
        "height": one.video.height,
        "length": length,
        "segmentations": one.masklet.to_json(length),
        "bboxes": [None if box is None else list(box) for box in boxes],
        "areas": [areas.get(frame) for frame in range(length)],
        "score": round(sum(seen) / len(seen), 6),
        **moment_fields(one),
    }
