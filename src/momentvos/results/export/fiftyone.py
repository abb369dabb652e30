"""A FiftyOne data set of videos, without its database.

``fiftyone.Dataset.from_dir(OUT, dataset_type=fiftyone.types.FiftyOneDataset)`` reads it. A
metadata.json without a version says that documents are plain JSON, as FiftyOne 0.7 wrote them.
Frames count from 1. Moments are temporal detections, masks are cut to their boxes.
"""

from __future__ import annotations

import base64
import io
import mimetypes
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from momentvos.results.export.boxes import box_of
from momentvos.results.export.footage import Probe, probe
from momentvos.results.export.names import Group, by_video, labels
from momentvos.results.export.text_file import write_json

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

Json = dict[str, Any]


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> None:
    """Write metadata.json, samples.json and a file per video in frames/."""
    (out / "frames").mkdir()
    samples = []
    for group in by_video(predictions):
        names = labels([one.sentence for one in group.predictions])
        frames = f"frames/{group.name}.json"
        samples.append(_sample(group, names, probe(group.first, options)) | {"frames": frames})
        write_json(out / frames, {"frames": _frames(group, names)})
    write_json(out / "samples.json", {"samples": samples})
    about = {"name": "momentvos", "media_type": "video", "info": {"made_by": "MomentVOS"}}
    write_json(out / "metadata.json", about)


def _sample(group: Group, names: Sequence[str], headers: Probe) -> Json:
    facts, path = group.first.video, headers.path
    moments = [
        {
            "_cls": "TemporalDetection",
            "tags": [],
            "label": name,
            "support": [first + 1, last + 1],
            "confidence": one.presence,
        }
        for one, name in zip(group.predictions, names, strict=True)
        for first, last in one.moment.spans
    ]
    return {
        "filepath": str(path),
        "tags": [],
        "_media_type": "video",
        "metadata": {
            "_cls": "VideoMetadata",
            "mime_type": mimetypes.guess_type(path.name)[0] or "video/mp4",
            "frame_width": facts.width,
            "frame_height": facts.height,
            "frame_rate": facts.fps,
            "total_frame_count": facts.length,
            "duration": facts.duration,
        },
        "sentences": [one.sentence for one in group.predictions],
        "moments": {"_cls": "TemporalDetections", "detections": moments},
    }


def _frames(group: Group, names: Sequence[str]) -> Json:
    frames: dict[int, list[Json]] = {}
    for index, (one, name) in enumerate(zip(group.predictions, names, strict=True), start=1):
        for frame in one.masklet.frames():
            frames.setdefault(frame, []).append(_detection(one, frame, name, index))
    return {
        str(frame + 1): {
            "frame_number": frame + 1,
            "objects": {"_cls": "Detections", "detections": frames[frame]},
        }
        for frame in sorted(frames)
    }


def _detection(one: Prediction, frame: int, name: str, index: int) -> Json:
    left, top, width, height = box_of(one.masklet, frame) or (0, 0, 0, 0)
    mask = one.masklet.get(frame)[top : top + height, left : left + width]
    across, down = one.video.width, one.video.height
    return {
        "_cls": "Detection",
        "attributes": {},
        "tags": [],
        "label": name,
        "bounding_box": [left / across, top / down, width / across, height / down],
        "mask": _binary(mask),
        "confidence": one.scores[frame],
        "index": index,
        "in_moment": frame in one.moment,
    }


def _binary(mask: NDArray[np.bool_]) -> Json:
    """An array as FiftyOne stores it: NumPy's file format, compressed, in MongoDB's JSON."""
    file = io.BytesIO()
    np.save(file, mask, allow_pickle=False)
    text = base64.b64encode(zlib.compress(file.getvalue())).decode("ascii")
    return {"$binary": {"base64": text, "subType": "00"}}
