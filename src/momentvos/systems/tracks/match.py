"""Which detection belongs to which track."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco

from momentvos.selection.components import iou


def matches(
    tracks: Sequence[dict[str, Any] | None],
    detections: Sequence[dict[str, Any]],
    iou_same: float,
    containment_same: float,
) -> dict[int, int]:
    """By detection, the track that it belongs to: the best pairs first, one of each.

    A pair overlaps by `iou_same`, or the intersection is `containment_same` of the smaller one.

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
    fits = (shared >= iou_same) | (held >= containment_same)
    value = np.where(fits, shared + 1e-6 * held, -1.0)
    made: dict[int, int] = {}
    while value.max(initial=-1.0) >= 0:
        row, column = np.unravel_index(value.argmax(), value.shape)
        made[places[column]] = seen[row]
        value[row], value[:, column] = -1.0, -1.0
    return made
