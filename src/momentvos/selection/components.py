"""Connected components of masks, linked from frame to frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from momentvos.errors import MomentVOSError
from momentvos.masklet import Masklet

SMALLEST = 1 / 512
"""Smaller components, as a share of the picture, are left out."""
LINK_IOU = 0.25
"""Components of neighbouring frames with a larger intersection over union are one object."""
GAP = 2
"""Frames for which an object may be missing and still be linked."""
FIT = 0.7
"""Anchors but the first have at least this share of the usual area, and its inverse at most."""


@dataclass(frozen=True)
class Component:
    """A connected component of one frame's mask, or any other candidate region.

    Attributes:
        frame: frame number.
        mask: COCO run-length encoding.
        area: pixels.
        confidence: mean probability inside, 0..1.
    """

    frame: int
    mask: dict[str, Any]
    area: int
    confidence: float

    def pixels(self) -> NDArray[np.bool_]:
        """The mask, [H, W]."""
        return decode(self.mask)


def components(
    frame: int, mask: NDArray[np.bool_], probability: NDArray[np.floating]
) -> list[Component]:
    """The connected components of a mask `[H, W]`; probability: of each pixel, `[H, W]`."""
    from scipy import ndimage  # imported late: it takes a while

    labels, count = ndimage.label(mask)
    made = []
    for number in range(1, count + 1):
        region = labels == number
        area = int(region.sum())
        if area >= SMALLEST * mask.size:
            made.append(Component(frame, encode(region), area, float(probability[region].mean())))
    return made


def encode(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """COCO run-length encoding of a mask `[H, W]`."""
    encoded: dict[str, Any] = coco.encode(np.asfortranarray(mask.view(np.uint8)))
    return encoded


def encode_all(masks: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """`encode` of each of several masks `[N, H, W]`."""
    stacked = np.asfortranarray(masks.view(np.uint8).transpose(1, 2, 0))
    encoded: list[dict[str, Any]] = coco.encode(stacked)
    return encoded


def decode(mask: dict[str, Any]) -> NDArray[np.bool_]:
    """The mask `[H, W]` of a COCO run-length encoding."""
    return np.ascontiguousarray(coco.decode(mask)).view(bool)


def stored(mask: Mapping[str, Any]) -> list[Any]:
    """An encoding as plain values for JSON: height, width, run lengths."""
    height, width = mask["size"]
    return [int(height), int(width), bytes(mask["counts"]).decode("ascii")]


def read_stored(values: Sequence[Any]) -> dict[str, Any]:
    """An encoding from what `stored` made; it is checked. Raises ValueError."""
    height, width, counts = values
    try:
        Masklet((height, width)).set_rle(0, counts)
    except MomentVOSError as error:
        raise ValueError(str(error)) from None
    return {"size": [height, width], "counts": counts.encode("ascii")}


def iou(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> NDArray[Any]:
    """Intersection over union of masks, `[len(ours), len(theirs)]`."""
    if not ours or not theirs:
        return np.zeros((len(ours), len(theirs)))
    return np.asarray(coco.iou(list(theirs), list(ours), [0] * len(ours))).T


def containment(component: dict[str, Any], mask: dict[str, Any]) -> float:
    """Share of a component, not empty, that lies in a mask, 0..1; both run-length encoded."""
    return float(coco.iou([component], [mask], [1])[0, 0])


def link(candidates: Sequence[Component]) -> list[list[Component]]:
    """Chains of components of neighbouring frames that overlap most, the most confident first.

    candidates: in order of frames. Each chain has at most one component a frame.
    """
    chains: list[list[Component]] = []
    for frame in dict.fromkeys(component.frame for component in candidates):
        now = [component for component in candidates if component.frame == frame]
        open_ = [chain for chain in chains if frame - chain[-1].frame <= GAP]
        shared = iou([chain[-1].mask for chain in open_], [component.mask for component in now])
        continued = set()
        while shared.size and shared.max() >= LINK_IOU:
            row, column = np.unravel_index(shared.argmax(), shared.shape)
            open_[row].append(now[column])
            continued.add(int(column))
            shared[row], shared[:, column] = 0, 0
        chains += [[component] for k, component in enumerate(now) if k not in continued]
    return sorted(chains, key=lambda chain: -sum(component.confidence for component in chain))


def anchors(chain: Sequence[Component], count: int = 1, apart: int = 1) -> list[Component]:
    """The components of a chain that together are most confident and most of its usual area.

    Where objects touch, a component is too large, and where one is occluded, too small; several
    anchors correct each other, so a second one counts for more than a surer first.

    chain: in order of frames. count: most anchors; they are at least `apart` frames from each
    other. Returns the surest first.
    """
    usual = float(np.median([component.area for component in chain]))
    fits = [min(one.area / usual, usual / one.area) for one in chain]
    scores = [one.confidence * fit for one, fit in zip(chain, fits, strict=True)]
    usable = [place for place, fit in enumerate(fits) if fit > FIT]
    # best[n][k]: score and places of at most k anchors among the first n usable components.
    nothing: tuple[float, tuple[int, ...]] = (0.0, ())
    best = [[nothing] * (count + 1)]
    for place in usable:
        before = sum(chain[other].frame <= chain[place].frame - apart for other in usable)
        row = [nothing]
        for number in range(1, count + 1):
            total, places = best[before][number - 1]
            row.append(max(best[-1][number], (total + scores[place], (*places, place))))
        best.append(row)
    places = best[-1][count][1] or (int(np.argmax(scores)),)
    return [chain[place] for place in sorted(places, key=lambda place: -scores[place])]
