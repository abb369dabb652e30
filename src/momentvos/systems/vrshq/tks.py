"""Token-driven Keyframe Selection: the frame in which a target is segmented first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Choice = Literal["both", "score", "similarity", "middle", "first"]
"""By what the keyframe is chosen; "middle" and "first" name it whatever frames look like."""


@dataclass(frozen=True)
class Window:
    """Frames start .. stop - 1 of a clip, `key` among them."""

    start: int
    stop: int
    key: int

    @property
    def frames(self) -> tuple[int, ...]:
        """Their numbers."""
        return tuple(range(self.start, self.stop))


def training_window(shares: Tensor, size: int = 3, explore: float = 0.0) -> Window:
    """The frame whose token is most like the video's, in the middle of `size` frames.

    At either end of the clip the window is moved inside; a clip shorter than it is taken whole.

    Args:
        shares: s [T] of :func:`momentvos.systems.vrshq.tda.similarity`.
        size: frames wanted.
        explore: how often any frame is taken instead. An untrained model's last frame is always
            most like the video, since its token is the nearest; then no other is ever learned.
    """
    length, key = len(shares), int(shares.argmax())
    if explore and float(torch.rand(())) < explore:
        key = int(torch.randint(length, ()))
    start = min(max(key - size // 2, 0), max(length - size, 0))
    return Window(start, min(start + size, length), key)


def values(scores: Tensor, shares: Tensor, by: Choice = "both", middle: int = 0) -> Tensor:
    """Values whose maximum is the keyframe, the first of equals.

    Args:
        scores: object score logits [T] of the frames, each decoded alone with h'_TAK.
        shares: s [T], which is a softmax already.
        by: softmax(scores) + s, as released, or one of the two; else 1 for the frame it names.
        middle: place of the frame that is called so.
    """
    if by in ("middle", "first"):
        named = torch.zeros_like(shares)
        named[middle if by == "middle" else 0] = 1
        return named
    if by == "similarity":
        return shares
    certainty = scores.float().softmax(-1)
    return certainty if by == "score" else certainty + shares.to(certainty.dtype)


def relevance(
    chosen_by: Sequence[float], frames: Sequence[int], length: int, presence: float
) -> tuple[float, ...]:
    """A curve 0..1 of all `length` frames of a video, from values of a few.

    The keyframe gets its object probability `presence`, the other sampled frames as much less as
    their values are smaller, and the frames between them lie on straight lines.

    Args:
        chosen_by: :func:`values` of the sampled frames.
        frames: their ascending numbers.
        length: frames of the video.
        presence: 0..1.
    """
    top = max(chosen_by)
    heights = [presence * value / top for value in chosen_by]
    curve = np.interp(np.arange(length), list(frames), heights)
    return tuple(curve.clip(0, 1).tolist())
