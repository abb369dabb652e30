"""Which detection belongs to which track."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco

from momentvos.selection.components import iou
from momentvos.systems.tracks.detectors import Detection

REACH = 4.0
"""An object moves by less than so many times its size from one keyframe to the next."""
GROWTH = 2.0
"""Its box grows or shrinks by less than this factor."""


PART = 1 / 3
"""What is contained in the other one has more than this share of its pixels."""


def near(lost: Mapping[int, Detection], found: Mapping[int, Detection]) -> dict[int, int]:
    """By detection, the lost object that it is nearest to, of about the same size and a same name.

    Args:
        lost: objects as they were detected before.
        found: detections that belong to no other object.
    """
    distances = {
        (number, place): distance
        for number, one in found.items()
        for place, other in lost.items()
        if (distance := _distance(one, other)) is not None
    }
    made: dict[int, int] = {}
    for number, place in sorted(distances, key=distances.__getitem__):
        if number not in made and place not in made.values():
            made[number] = place
    return made


def _distance(one: Detection, other: Detection) -> float | None:
    """Distance of two boxes' centres over their size; None where they cannot be one object."""
    ratio = max(one.area, 1e-6) / max(other.area, 1e-6)
    if not (1 / GROWTH < ratio < GROWTH and one.phrases.keys() & other.phrases.keys()):
        return None
    centres = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (one.box, other.box)]
    distance = math.dist(*centres) / max(one.area, other.area) ** 0.5
    return distance if distance < REACH else None


def matches(
    tracks: Sequence[dict[str, Any] | None],
    detections: Sequence[dict[str, Any]],
    iou_same: float,
    containment_same: float,
) -> dict[int, int]:
    """By detection, the track that it belongs to: the best pairs first, one of each.

    A pair overlaps by `iou_same`, or the intersection is `containment_same` of the smaller one,
    unless that is far smaller: what lies in front of something else is no part of it.

    Args:
        tracks: masks in the frame, run-length encoded; None where a track is not seen.
        detections: masks, run-length encoded.
    """
    seen = [row for row, mask in enumerate(tracks) if mask is not None and coco.area(mask) > 0]
    places = [column for column, mask in enumerate(detections) if coco.area(mask) > 0]
    ours = [mask for row in seen if (mask := tracks[row]) is not None]
    theirs = [detections[column] for column in places]
    shared = iou(ours, theirs)
    if not shared.size:
        return {}
    areas = coco.area(ours)[:, None].astype(float), coco.area(theirs)[None].astype(float)
    both = shared * (areas[0] + areas[1]) / (1 + shared)
    held = both / np.minimum(*areas)
    alike = np.minimum(*areas) > PART * np.maximum(*areas)
    fits = (shared >= iou_same) | ((held >= containment_same) & alike)
    value = np.where(fits, shared + 1e-6 * held, -1.0)
    made: dict[int, int] = {}
    while value.max(initial=-1.0) >= 0:
        row, column = np.unravel_index(value.argmax(), value.shape)
        made[places[column]] = seen[row]
        value[row], value[:, column] = -1.0, -1.0
    return made
