"""MeViS on disk, with object-wise moments where there are any (MeViS-M, MomentWorld).

    <split>/JPEGImages/<video>/<frame>.jpg
    <split>/meta_expressions.json   {"videos": {video: {"frames": [...], "expressions": {id:
        {"exp": text, "obj_id": [...], "anno_id": [...], "moments": {anno_id: [[first, last]]}}}}}}
    <split>/mask_dict.json          {anno_id: [RLE or null, one per frame]}

`moments` is this project's addition: inclusive, 0-based spans per annotation, or one list of
spans for all of them. Without it a target's moment is the whole video, as for plain MeViS.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from momentvos.data.sample import Sample, Target
from momentvos.errors import DataError, MomentError
from momentvos.moment import Moment

META, MASKS, IMAGES = "meta_expressions.json", "mask_dict.json", "JPEGImages"


@dataclass(frozen=True)
class MevisSample(Sample):
    """An expression of a folder in MeViS layout. Frames and masks are decoded when asked for."""

    images: tuple[Path, ...] = field(repr=False)
    runs: tuple[Sequence[dict[str, Any] | None], ...] = field(repr=False)

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """RGB, uint8 [N, H, W, 3]. Raises DataError when an image is missing or damaged."""
        from PIL import Image, UnidentifiedImageError

        pictures = []
        for index in indices:
            try:
                with Image.open(self.images[index]) as picture:
                    pictures.append(np.asarray(picture.convert("RGB")))
            except (OSError, UnidentifiedImageError) as error:
                raise DataError(
                    f"The frame {self.images[index]} cannot be read ({error})."
                ) from None
        return np.stack(pictures)

    def masks(self, indices: Sequence[int]) -> np.ndarray:
        """Bool [O, N, H, W]; a frame without annotation is empty."""
        masks = np.zeros((len(self.runs), len(indices), *self.size), dtype=bool)
        for row, runs in enumerate(self.runs):
            for place, index in enumerate(indices):
                if (run := runs[index]) is not None:
                    masks[row, place] = _decode(run)
        return masks


def read(root: Path, split: str = "train", fps: float = 8.0) -> list[MevisSample]:
    """Every expression under `root/split` (or `root`, if it holds the files itself).

    fps: MeViS stores none. Raises DataError for a missing file or a malformed entry.
    """
    folder = root / split if (root / split).is_dir() else root
    videos = _json(folder / META).get("videos")
    if not isinstance(videos, dict):
        raise DataError(f"{folder / META} has no 'videos'; is it a MeViS file?")
    runs = _json(folder / MASKS)
    samples = []
    for video, entry in videos.items():
        try:
            samples += _video(folder, video, entry, runs, fps)
        except (KeyError, TypeError, AttributeError, ValueError, MomentError) as error:
            raise DataError(
                f"The video '{video}' in {folder / META} is malformed ({error!r})."
            ) from None
    return samples


def _video(
    folder: Path, video: str, entry: dict[str, Any], runs: dict[str, Any], fps: float
) -> list[MevisSample]:
    names = entry["frames"]
    images = tuple(folder / IMAGES / video / f"{name}.jpg" for name in names)
    size: tuple[int, int] | None = None
    samples = []
    for number, expression in entry["expressions"].items():
        if "anno_id" not in expression:
            raise DataError(
                f"The expression '{number}' of '{video}' has no 'anno_id': this split carries no "
                "masks and cannot be trained on."
            )
        ids = [str(one) for one in expression["anno_id"]]
        rows = tuple(runs[one] for one in ids)
        if any(len(row) != len(names) for row in rows):
            raise DataError(f"The masks of '{video}' do not have one entry per frame.")
        size = size or _size(rows, images[0])
        spans = expression.get("moments")
        samples.append(
            MevisSample(
                video_id=video,
                expression_id=str(number),
                sentence=expression["exp"],
                kind=str(expression.get("kind", "")),
                length=len(names),
                size=size,
                fps=fps,
                targets=tuple(Target(one, _moment(spans, one, len(names))) for one in ids),
                images=images,
                runs=rows,
            )
        )
    return samples


def _moment(spans: Any, anno: str, length: int) -> Moment:
    if spans is None:
        return Moment.all(length)
    own = spans.get(anno, []) if isinstance(spans, dict) else spans
    return Moment(own).clip(length)


def _size(rows: Sequence[Sequence[dict[str, Any] | None]], image: Path) -> tuple[int, int]:
    for row in rows:
        for run in row:
            if run is not None:
                return int(run["size"][0]), int(run["size"][1])
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(image) as picture:
            return picture.height, picture.width
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"The frame {image} cannot be read ({error}).") from None


def _decode(run: dict[str, Any]) -> np.ndarray:
    from pycocotools import mask as coco

    counts = run["counts"]
    if isinstance(counts, list):
        run = coco.frPyObjects(run, *run["size"])
    elif isinstance(counts, str):
        run = {"size": run["size"], "counts": counts.encode("ascii")}
    return np.asarray(coco.decode(run), dtype=bool)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing; give the folder that holds the data set's splits."
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}).") from None
    if not isinstance(value, dict):
        raise DataError(f"{path} is not a JSON object.")
    return value
