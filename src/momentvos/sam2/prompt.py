"""What the mask decoder is asked for on a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

PADDING_LABEL = -1
CORNER_LABELS = (2, 3)
"""SAM2's labels of a box's corners (left, top) and (right, bottom)."""


SHAPES: Mapping[str, tuple[int | None, ...]] = {
    "tokens": (None, None, None),
    "points": (None, None, 2),
    "labels": (None, None),
    "boxes": (None, 4),
    "mask": (None, 1, None, None),
    "dense": (None, None, None, None),
}


@dataclass(frozen=True)
class Prompt:
    """Prompts of `N` rows; every part is optional, an empty prompt leaves all to memory.

    tokens: `[N,K,C]` decoder tokens (a sentence), placed after SAM2's padding point.
    points, labels: `[N,Q,2]` (x, y) in pixels of the input square, int `[N,Q]` (1 object, 0
    background).
    boxes: `[N,4]` (left, top, right, bottom) in pixels of the input square; may come with points.
    mask: `[N,1,h4,w4]` low-resolution mask logits; in a plan's step of kind "mask", whose result
    it is, `[N,1,S,S]` of 0 and 1.
    dense: `[N,C,h,w]` at stride 16, added to SAM2's dense map.

    Raises ValueError for parts of the wrong shape or of unequal `N`, points without labels, other
    labels, and tokens together with points or a box.
    """

    tokens: Tensor | None = None
    points: Tensor | None = None
    labels: Tensor | None = None
    boxes: Tensor | None = None
    mask: Tensor | None = None
    dense: Tensor | None = None

    def __post_init__(self) -> None:
        shapes = {
            name: tuple(part.shape) for name in SHAPES if (part := getattr(self, name)) is not None
        }
        _check_shapes(shapes)
        if self.labels is not None and not bool(((self.labels == 0) | (self.labels == 1)).all()):
            raise ValueError("a point's label is 1 (the object) or 0 (the background)")

    def __len__(self) -> int:
        """N; 0 of an empty prompt."""
        parts = (self.tokens, self.points, self.boxes, self.mask)
        return next((len(part) for part in parts if part is not None), 0)

    @property
    def point_count(self) -> int:
        """Points per row as SAM2 counts them: a box is two."""
        points = 0 if self.points is None else self.points.shape[1]
        return points + (0 if self.boxes is None else len(CORNER_LABELS))


def embed(sam: Sam2VideoModel, prompt: Prompt, count: int) -> tuple[Tensor, Tensor]:
    """Sparse tokens `[N,T,C]` and a dense map `[N,C,h,w]`, in the model's own precision.

    A box is two points, its corners, which come before the other points; SAM2's prompt encoder
    shifts all of them to the centres of their pixels and adds one padding point. Without points
    and boxes there are two padding points; tokens of a sentence come after them.
    """
    weight = sam.prompt_encoder.no_mask_embed.weight
    points, labels = _points(prompt, count, weight)
    with torch.autocast(weight.device.type, enabled=False):
        sparse, dense = sam.prompt_encoder(
            points[:, None],
            labels[:, None],
            None,
            None if prompt.mask is None else prompt.mask.to(weight.dtype),
        )
    sparse = sparse[:, 0]
    if prompt.tokens is not None:
        sparse = torch.cat([sparse, prompt.tokens.to(sparse.dtype)], dim=1)
    if prompt.dense is not None:
        dense = dense + prompt.dense.to(dense.dtype)
    return sparse, dense


def _points(prompt: Prompt, count: int, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Points `[N,Q,2]` and labels `[N,Q]`, corners of boxes among them; at least one, padding."""
    points: list[Tensor] = []
    labels: list[Tensor] = []
    if prompt.boxes is not None:
        points.append(prompt.boxes.reshape(-1, 2, 2))
        labels.append(torch.tensor([CORNER_LABELS]).expand(len(prompt.boxes), -1))
    if prompt.points is not None and prompt.labels is not None:
        points.append(prompt.points)
        labels.append(prompt.labels)
    if not points:
        points.append(weight.new_zeros(count, 1, 2))
        labels.append(torch.full((count, 1), PADDING_LABEL, device=weight.device))
    return (
        torch.cat([part.to(weight) for part in points], dim=1),
        torch.cat([part.to(weight.device, torch.int64) for part in labels], dim=1),
    )


def _check_shapes(shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        wanted = SHAPES[name]
        pairs = zip(wanted, shape, strict=False)
        if len(shape) != len(wanted) or any(w not in (None, n) for w, n in pairs):
            text = ",".join("*" if size is None else str(size) for size in ("N", *wanted[1:]))
            raise ValueError(f"a prompt's {name} must be [{text}], not {list(shape)}")
    if shapes.get("points", (1, 1))[1] == 0:
        raise ValueError("a prompt of points needs at least one")
    if ("points" in shapes) != ("labels" in shapes):
        raise ValueError("a prompt's points need labels, one each, and labels need points")
    if "points" in shapes and shapes["points"][:2] != shapes["labels"]:
        points, labels = list(shapes["points"]), list(shapes["labels"])
        raise ValueError(f"points {points} and labels {labels} do not belong together")
    if "tokens" in shapes and ("points" in shapes or "boxes" in shapes):
        raise ValueError("a prompt is tokens of a sentence, or points and boxes, not both")
    if len({shape[0] for shape in shapes.values()}) > 1:
        counts = ", ".join(f"{name} of {shape[0]}" for name, shape in shapes.items())
        raise ValueError(f"the parts of a prompt must have equally many rows: {counts}")
