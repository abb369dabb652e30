"""What patches show of a sentence in each part of a video, as a few numbers; not in the papers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.systems.patches.logits import Frames, Sentences, WindowFeatures, starts
from momentvos.systems.patches.model import PatchModel

PARTS = 8
"""Parts of a video, of equal duration."""
PEAKS = 4
"""Best places of a frame, each surrounded by worse ones: whether there is one target or more."""
LIMIT = 12.0
"""Largest logit that counts."""
STRENGTHS = 2 + PEAKS + 3 + 1
"""Numbers that are not features: the place, `PEAKS`, three strengths, presence."""


@torch.no_grad()
def evidence(model: PatchModel, frames: Frames, read: Sentences) -> Tensor:
    """Evidence [L, PARTS, E] for L sentences in a video, `STRENGTHS` last.

    Each frame's is an average over its patches by how much they are meant, and each part's over its
    frames by their relevance: features of `PatchRelevance` and of F_SAM, log-odds of its motions;
    where it is; logits of the best places; the best logit and similarity to the noun; relevance;
    and the presence in the best window. Memory grows with the video by E numbers a frame.
    """
    numbers = range(0, frames.length, frames.stride)
    count = len(read.mask)
    video = torch.zeros(count, dtype=torch.long, device=read.text.device)
    total, presence = None, read.text.new_full((count,), -torch.inf)
    weight = torch.zeros(len(numbers), 1)
    for start in starts(len(numbers), frames.span):
        place = slice(start, min(start + frames.span, len(numbers)))
        features = frames.features(list(numbers[place]))
        shown, present = _window(model, features, read, video)
        if total is None:
            total = torch.zeros(count, len(numbers), shown.shape[-1])
        total[:, place] += shown.float().cpu()
        weight[place] += 1
        presence = torch.maximum(presence, present)
    assert total is not None
    parts = _parts(total / weight)
    last = presence.float().cpu()[:, None, None].expand(-1, PARTS, 1)
    return torch.cat([parts, last], -1)


def _window(
    model: PatchModel, features: WindowFeatures, read: Sentences, video: Tensor
) -> tuple[Tensor, Tensor]:
    """Evidence of each frame of a window [L, T, E - 1], and presence [L]."""
    assert model.patches is not None
    encoded = model.patches.encode(*features)
    similarity = features.similarity(read.nouns, video)
    words = (read.text, read.words, read.mask)
    scores = model.patches(encoded, video, *words, similarity)
    active, target = scores.active.softmax(2), scores.target.softmax(2)
    height, width = features.top.shape[-2:]
    made = [
        torch.einsum("ltp,ltpd->ltd", active, scores.features),
        torch.einsum("ltp,tcp->ltc", target, features.top[0].flatten(2)),
    ]
    if model.patches.motions is not None:
        motions = model.patches.named_motions(encoded)[0].clamp(-LIMIT / 2, LIMIT / 2)
        made.append(torch.einsum("ltp,tpm->ltm", target, motions.flatten(2)))
    maps = scores.target.unflatten(2, (height, width))
    tops = torch.where(maps >= F.max_pool2d(maps, 3, 1, 1), maps, -2 * LIMIT).flatten(2)
    peaks = tops.topk(min(PEAKS, tops.shape[2]), 2).values
    made += [
        target @ _places(height, width, target),
        F.pad(peaks, (0, PEAKS - peaks.shape[2]), value=-LIMIT).clamp(-LIMIT, LIMIT),
        scores.active.amax(2, keepdim=True).clamp(-LIMIT, LIMIT),
        similarity[..., 0].amax(2, keepdim=True),
        scores.relevance[..., None].clamp(-LIMIT, LIMIT),
    ]
    return torch.cat(made, -1), scores.presence


def _places(height: int, width: int, like: Tensor) -> Tensor:
    """Middles of the patches, (x, y) from 0 to 1: [P, 2]."""
    y = (torch.arange(height, device=like.device).to(like) + 0.5) / height
    x = (torch.arange(width, device=like.device).to(like) + 0.5) / width
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], -1)


def _parts(frames: Tensor) -> Tensor:
    """[L, T, E] to [L, PARTS, E]; where there are fewer frames than parts, they come again."""
    length = frames.shape[1]
    bounds: Sequence[int] = [round(part * length / PARTS) for part in range(PARTS + 1)]
    made = []
    for begin, last in itertools.pairwise(bounds):
        first = min(begin, length - 1)
        some = frames[:, first : max(last, first + 1)]
        made.append((some[..., -1:].softmax(1) * some).sum(1))
    return torch.stack(made, 1)
