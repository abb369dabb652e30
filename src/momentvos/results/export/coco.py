"""COCO annotations of videos: an image per frame, masks as RLE, tracks by number.

A sentence is a category. Beside COCO's own fields there are those of COCO-VID, which tools for
tracking read: ``videos``, and ``video_id``, ``frame_id`` and ``track_id``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.results.export.boxes import box_of
from momentvos.results.export.frames import images_beside, write_frames
from momentvos.results.export.names import Group, by_video, frame_names, labels
from momentvos.results.export.text_file import write_json

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> None:
    """Write the annotations, and with `images` the frames into a folder beside the file."""
    groups = by_video(predictions)
    categories = category_ids(predictions)
    videos: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    folder = images_beside(out)
    track = 0
    for group in groups:
        first_image = len(images) + 1
        videos.append(video_entry(len(videos) + 1, group))
        images += _images(
            group, videos[-1]["id"], first_image, folder.name if options.images else ""
        )
        for one in group.predictions:
            track += 1
            ids = {
                "video_id": videos[-1]["id"],
                "category_id": categories[one.sentence],
                "track_id": track,
                "instance_id": track,
            }
            for annotation in _annotations(one, first_image):
                annotations.append({"id": len(annotations) + 1, **ids, **annotation})
        write_frames(group, folder / group.name, options)
    write_json(
        out,
        {
            "info": info(),
            "licenses": [],
            "videos": videos,
            "images": images,
            "categories": category_entries(categories),
            "annotations": annotations,
        },
    )


def category_ids(predictions: Sequence[Prediction]) -> dict[str, int]:
    """Number of each different sentence, from 1."""
    sentences = dict.fromkeys(one.sentence for one in predictions)
    return {sentence: number for number, sentence in enumerate(sentences, start=1)}


def category_entries(categories: dict[str, int]) -> list[dict[str, Any]]:
    """Categories as COCO has them: the sentence on one line, and as it was asked."""
    names = labels(list(categories))
    return [
        {"id": number, "name": name, "supercategory": "object", "expression": sentence}
        for name, (sentence, number) in zip(names, categories.items(), strict=True)
    ]


def video_entry(number: int, group: Group) -> dict[str, Any]:
    """A video as COCO-VID and YouTube-VIS have it, without its frames."""
    facts = group.first.video
    return {
        "id": number,
        "name": group.name,
        "width": facts.width,
        "height": facts.height,
        "length": facts.length,
        "fps": facts.fps,
        "path": facts.path,
    }


def info() -> dict[str, Any]:
    """What the file says of itself."""
    from momentvos import __version__

    return {"description": f"Predictions of MomentVOS {__version__}", "version": "1.0"}


def moment_fields(one: Prediction) -> dict[str, Any]:
    """Fields that the formats of masks do not have."""
    return {
        "expression": one.sentence,
        "found": one.found,
        "presence": one.presence,
        "moment": one.moment.to_list(),
        "seconds": [list(span) for span in one.seconds],
        "model": one.model,
    }


def _images(group: Group, video: int, first: int, folder: str) -> Iterator[dict[str, Any]]:
    facts = group.first.video
    above = f"{folder}/{group.name}" if folder else group.name
    for index, name in enumerate(frame_names(facts.length)):
        yield {
            "id": first + index,
            "file_name": f"{above}/{name}.jpg",
            "width": facts.width,
            "height": facts.height,
            "video_id": video,
            "frame_id": index,
        }


def _annotations(one: Prediction, first_image: int) -> Iterator[dict[str, Any]]:
    for frame, area in one.masklet.areas.items():
        yield {
            "image_id": first_image + frame,
            "segmentation": one.masklet.rle(frame),
            "area": area,
            "bbox": list(box_of(one.masklet, frame) or ()),
            "iscrowd": 0,
            "score": one.scores[frame],
            "in_moment": frame in one.moment,
        }
