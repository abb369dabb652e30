"""Patches of windows of frames, encoded, and where their content was before and after."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class EncodedPatches(NamedTuple):
    """V windows of T frames of P patches.

    states: [V, T, P, D]. before: [V, T - 1, P, P], where the content of each patch of frames 1, 2,
    .. was one frame earlier: shares of all patches. after: the same of frames T - 2, T - 3, .. one
    frame later.
    """

    states: Tensor
    before: Tensor
    after: Tensor

    def select(self, chosen: Tensor) -> EncodedPatches:
        """Some of the patches, int64 [V, T, K]."""
        flipped = chosen.flip(1)
        return EncodedPatches(
            pick(self.states, chosen),
            pick_pairs(self.before, chosen[:, 1:], chosen[:, :-1]),
            pick_pairs(self.after, flipped[:, 1:], flipped[:, :-1]),
        )


def pooled(logits: Tensor, encoded: EncodedPatches, video: Tensor) -> Tensor:
    """The logarithm of the mean odds of each patch's content at all times: [L, T, P].

    logits: [L, T, P]. The content is followed from frame to frame, in shares.
    """
    odds = logits.clamp(-6, 6).exp()
    pair = torch.stack([odds, torch.ones_like(odds)], -1)
    past = _along(pair, encoded.before[video])
    future = _along(pair.flip(1), encoded.after[video]).flip(1)
    total, count = (past + future - pair).unbind(-1)
    return (total / count).log()


def _along(values: Tensor, weight: Tensor) -> Tensor:
    """Sums [L, T, P, D] over a patch's content up to each frame; weight [L, T - 1, P, P]."""
    total = values[:, 0]
    totals = [total]
    for frame in range(1, values.shape[1]):
        total = values[:, frame] + weight[:, frame - 1] @ total
        totals.append(total)
    return torch.stack(totals, 1)


def pick(rows: Tensor, chosen: Tensor) -> Tensor:
    """Some of the patches: rows [N, T, P, D], chosen int64 [N, T, K] -> [N, T, K, D]."""
    return rows.gather(2, chosen[..., None].expand(*chosen.shape, rows.shape[-1]))


def pick_pairs(weight: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """weight [N, T, P, P], rows and columns int64 [N, T, K] -> [N, T, K, K]."""
    wide = weight.gather(2, rows[..., None].expand(*rows.shape, weight.shape[-1]))
    return wide.gather(3, columns[:, :, None].expand(*rows.shape, columns.shape[-1]))
