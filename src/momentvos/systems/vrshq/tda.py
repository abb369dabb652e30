"""Temporal Dynamic Aggregation: fusion of the frames' tokens into the video's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def similarity(seg: Tensor, tak: Tensor) -> Tensor:
    """s = softmax_i cos(h_i^SEG, h^TAK), without temperature.

    seg: [..., T, C], tokens of the frames; tak: [..., C], token of the video. Returns [..., T].
    """
    cosine = F.cosine_similarity(seg.float(), tak.float()[..., None, :], dim=-1)
    return cosine.softmax(-1)


def aggregate(seg: Tensor, tak: Tensor, alpha: float = 0.1) -> tuple[Tensor, Tensor]:
    """h'_TAK = h_TAK + alpha * sum_i s_i h_i^SEG.

    Since cosines lie within -1..1, s is almost flat: mostly it is the mean frame that is added.

    Args:
        seg: [..., T, C], tokens of the frames.
        tak: [..., C], token of the video.
        alpha: 0.1 in the released code.

    Returns:
        h'_TAK [..., C], and s [..., T].
    """
    shares = similarity(seg, tak)
    mean = torch.einsum("...t,...tc->...c", shares.to(seg.dtype), seg)
    return tak + alpha * mean, shares
