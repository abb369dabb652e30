"""[FIND]: similarity of a sentence and each frame, and the moment that follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from momentvos.mllm.alignment import COVERED, EMPTY
from momentvos.moment import Moment

TEMPERATURE = 0.07
POSITIVE = 2.0
WEIGHT = 0.5


def frame_features(states: Tensor, steps: int, frames: int, centred: bool = False) -> Tensor:
    """Video tokens in the shared space, one vector a frame.

    Args:
        states: [P, C], tokens of one video, step by step.
        steps: temporal steps of its grid; each stands for two frames of Qwen2.5-VL.
        frames: T, frames to interpolate to: those of the context in training, all of the video at
            inference.
        centred: without what all steps have in common; not the paper's, see the README.

    Returns:
        [T, C]: the mean over the places of each step, interpolated linearly with its first and
        last step on the first and last frame (align_corners).
    """
    pooled = _centred(states, centred).unflatten(0, (steps, -1)).mean(1)
    spread = F.interpolate(pooled.T[None].float(), size=frames, mode="linear", align_corners=True)
    return spread[0].T.to(states.dtype)


def similarity(find: Tensor, frames: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Relevance logits [Q, T] of [FIND] states [Q, C] and frames [T, C]: cosine / temperature."""
    queries = F.normalize(find.float(), dim=1, eps=1e-8)
    keys = F.normalize(frames.float(), dim=1, eps=1e-8)
    return queries @ keys.T / temperature


def released_curve(find: Tensor, states: Tensor, steps: int, frames: int, sigma: float) -> Tensor:
    """Smoothed relevance [T] in 32 bits, all before it in the precision of the states.

    The arithmetic of the released program: in 16 bits half of the noisy curves lead to other
    anchors than in 32.

    find: [1, C], the state at [FIND]; states: [P, C], steps, frames: as of `frame_features`;
    sigma: of `smooth`.
    """
    pooled = states.unflatten(0, (steps, -1)).mean(1).T[None]
    spread = F.interpolate(pooled, size=frames, mode="linear", align_corners=True)[0].T
    cosine = F.cosine_similarity(find[:, None], spread[None], dim=-1)[0]
    curve = (cosine / TEMPERATURE).sigmoid().float().cpu().numpy()
    return torch.from_numpy(gaussian_filter1d(curve, sigma) if sigma else curve)


def loss(logits: Tensor, moments: Tensor) -> Tensor:
    """Half the mean binary cross entropy, frames of the moment weighing twice.

    logits: [Q, T]; moments: bool [Q, T], t in M+. No queries: 0.
    """
    if not logits.numel():
        return logits.sum()
    weight = torch.where(moments, POSITIVE, 1.0)
    return WEIGHT * F.binary_cross_entropy_with_logits(logits.float(), moments.float(), weight)


def patch_loss(find: Tensor, states: Tensor, covered: Tensor, centred: bool = False) -> Tensor:
    """Similarity of [FIND] to the patch tokens of its target in the moment, and to no others.

    Cross entropy of `similarity`, both kinds of tokens weighing the same, without those that are
    covered by a little. Not the paper's.

    find: [Q, C]; states: [P, C]; covered: [Q, P], `mllm.alignment.coverage`. Without such tokens:
    0.
    """
    logits = similarity(find, _centred(states, centred))
    sides = logits[covered < EMPTY], -logits[covered > COVERED]
    losses = [F.softplus(one).mean() if one.numel() else one.sum() for one in sides]
    return 0.5 * (losses[0] + losses[1])


def _centred(states: Tensor, centred: bool) -> Tensor:
    return states - states.mean(0) if centred else states


def smooth(curve: Tensor, sigma: float = 1.0) -> Tensor:
    """Gaussian filter of a curve [N], cut at four sigma, mirrored at both ends, as SciPy's is."""
    radius = int(4 * sigma + 0.5)
    if not radius:
        return curve
    offsets = torch.arange(-radius, radius + 1)
    kernel = torch.exp(-0.5 * (offsets.double() / sigma) ** 2)
    place = (torch.arange(len(curve))[:, None] + offsets) % (2 * len(curve))
    place = torch.where(place >= len(curve), 2 * len(curve) - 1 - place, place)
    return (curve.double()[place] * (kernel / kernel.sum())).sum(1)


def longest_run(curve: Sequence[float], threshold: float) -> Moment:
    """The longest span of frames above the threshold, the first of equals; none: every frame."""
    runs = Moment.from_flags(value > threshold for value in curve).spans
    if not runs:
        return Moment.all(len(curve))
    return Moment([max(runs, key=lambda span: span[1] - span[0])])
