"""A mask of the fine-tuned decoder, as SAM2's own decoder is given it (Sa2VA-i)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def handed_over(logits: Tensor, size: tuple[int, int], side: int) -> Tensor:
    """Mask logits [h, w] over SAM2's square as a mask [1, S, S] of 0 and 1 at input size.

    It is thresholded at the frame's own size, and once more where that is resized to the square,
    as SAM2's video predictor takes a user's mask.

    Args:
        logits: of the decoder.
        size: (height, width) of the frame.
        side: S, of the square, in pixels.
    """
    shown = F.interpolate(logits[None, None].float(), size, mode="bilinear", align_corners=False)
    mask = (shown > 0).float()
    if size != (side, side):
        mask = F.interpolate(
            mask, (side, side), mode="bilinear", align_corners=False, antialias=True
        )
        mask = (mask >= 0.5).float()
    return mask[0]
