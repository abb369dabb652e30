"""Visual tokens as clusters of patches: density peaks among nearest neighbours (DPC-KNN).

Arithmetic and order are those of Chat-UniVi's public ``model/cluster.py`` and ``arch.py``, whose
blocks between the steps have no weights and change nothing. One thing differs: there, noise of
1e-6 keeps two tokens from being equally dense; here the first of two equals counts as the denser,
so the same image always gives the same tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

TINY = 1e-6


@torch.no_grad()
def cluster(tokens: Tensor, count: int, neighbours: int) -> Tensor:
    """Cluster 0 .. `count` - 1 of each token, int64 [B, N]; none is empty.

    A centre is dense (near its `neighbours` nearest tokens) and far from any denser token. Every
    other token joins the nearest centre. Clusters are numbered from the best centre on.

    Args:
        tokens: [B, N, D], N >= count.
        count: clusters.
        neighbours: nearest tokens, itself included, that tell a token's density; fewer where
            there are not so many clusters.
    """
    batch, length, width = tokens.shape
    near = min(3, max(count // 2, 1)) if neighbours > count else neighbours
    points = tokens.float()
    apart = torch.cdist(points, points) / width**0.5
    apart.diagonal(dim1=1, dim2=2).zero_()
    density = (-(apart.topk(near, largest=False).values ** 2).mean(-1)).exp()
    place = torch.arange(length, device=tokens.device)
    other, own = density[:, None, :], density[:, :, None]
    denser = (other > own) | ((other == own) & (place[None, :] < place[:, None]))
    farthest = apart.flatten(1).max(1).values[:, None, None]
    lonely = torch.where(denser, apart, farthest).min(-1).values
    best = (lonely * density).sort(dim=-1, descending=True, stable=True).indices[:, :count]
    labels = apart.gather(1, best[..., None].expand(-1, -1, length)).argmin(1)
    return labels.scatter(1, best, torch.arange(count, device=tokens.device).expand(batch, -1))


def merge(tokens: Tensor, labels: Tensor, count: int) -> Tensor:
    """The mean token of each cluster, [B, count, D]; every token weighs the same.

    tokens: [B, N, D]; labels: int64 [B, N], as from :func:`cluster`.
    """
    member = torch.nn.functional.one_hot(labels, count).transpose(1, 2).float()
    share = member / (member.sum(-1, keepdim=True) + TINY)
    return (share @ tokens.float()).to(tokens.dtype)


def steps(tokens: Tensor, counts: Sequence[int], neighbours: Sequence[int]) -> list[Tensor]:
    """Tokens [B, N, D] merged again and again: the [B, count, D] of each step."""
    merged = []
    for count, near in zip(counts, neighbours, strict=True):
        tokens = merge(tokens, cluster(tokens, count, near), count)
        merged.append(tokens)
    return merged


def image_tokens(patches: Tensor, counts: Sequence[int], neighbours: Sequence[int]) -> Tensor:
    """Patches [B, N, D] of images to tokens [B, sum of counts, D], the finest first."""
    return torch.cat(steps(patches, counts, neighbours), 1)


def events(patches: Tensor, count: int, neighbours: int) -> list[list[int]]:
    """Frame numbers of each event: frames clustered by their mean patch.

    patches: [T, N, D]. Events stand in order of their first frames.
    """
    labels = cluster(patches.mean(1)[None], count, neighbours)[0].tolist()
    return [[t for t, one in enumerate(labels) if one == key] for key in dict.fromkeys(labels)]


def video_tokens(
    patches: Tensor,
    counts: Sequence[int],
    neighbours: Sequence[int],
    count: int,
    near: int,
) -> Tensor:
    """Patches [T, N, D] of a video to tokens [count * sum of counts, D], event by event.

    Frames are merged one by one first; then, at each step, the tokens that all frames of an event
    have there are merged once more.

    Args:
        patches: of the video's frames.
        counts, neighbours: of the steps.
        count, near: events, and nearest frames that tell a frame's density.
    """
    frames = steps(patches, counts, neighbours)
    merged = []
    for event in events(patches, count, near):
        for step, kept, around in zip(frames, counts, neighbours, strict=True):
            together = step[event].flatten(0, 1)[None]
            merged.append(merge(together, cluster(together, kept, around), kept)[0])
    return torch.cat(merged)
