"""Temporal Alignment Module: how much each frame matters to the sentence (TGL appendix A.2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.systems.tgl.hsa import attention
from momentvos.systems.tgl.outline import COURSE, course


class TemporalBlock(nn.Module):
    """AdaTAD's adapter: a bottleneck with a depth-wise convolution along time.

    ``x + up(g + pointwise(depthwise(g)))`` with ``g = GELU(down(LayerNorm(x)))``; `up` starts
    at zero, so that the block starts as the identity.
    """

    def __init__(self, dim: int, ratio: float = 0.25, kernel: int = 3) -> None:
        super().__init__()
        inner = int(dim * ratio)
        self.norm = nn.LayerNorm(dim)
        self.down = nn.Linear(dim, inner)
        self.depthwise = nn.Conv1d(inner, inner, kernel, padding=kernel // 2, groups=inner)
        self.pointwise = nn.Linear(inner, inner)
        self.up = nn.Linear(inner, dim)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x [L, T, P, C] -> the same shape; P places do not see each other."""
        lanes, frames, places, _ = x.shape
        g = F.gelu(self.down(self.norm(x)))
        along = g.permute(0, 2, 3, 1).reshape(lanes * places, -1, frames)
        along = self.depthwise(along).view(lanes, places, -1, frames).permute(0, 3, 1, 2)
        return x + self.up(g + self.pointwise(along))


class FrameTextBlock(nn.Module):
    """Pre-norm transformer block: frames attend to each other, then to the words."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm_self = nn.LayerNorm(dim)
        self.self_attention = nn.MultiheadAttention(dim, heads)
        self.norm_text = nn.LayerNorm(dim)
        self.text_attention = nn.MultiheadAttention(dim, heads)
        self.norm_mlp = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, q: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        """q [L, T, C], text [L, N, C], text_mask [L, N] True = real token -> [L, T, C]."""
        x = self.norm_self(q)
        q = q + attention(self.self_attention, x, x, None)
        q = q + attention(self.text_attention, self.norm_text(q), text, text_mask)
        return q + self.mlp(self.norm_mlp(q))


class Alignment(nn.Module):
    """What scores of frames and of things are made with: ``s_t = Linear(.) / tau``, tau learned.

    The paper fixes the inputs (F_Adp, E_Adp), the depth-wise temporal encoder, the transformer
    block with the text and the learned temperature; depth, width and pooling are ours.

    Args:
        visual_dim: channels of F_Adp's top level.
        text_dim: width of E_Adp.
        dim, heads, depth: of the temporal encoder and the transformer blocks.
        pool: frames are average-pooled to ``pool x pool`` places before the temporal encoder.
        match: prompt tokens whose likeness to the thing named in each frame adds to its logit, as
            that thing's features add to the frame's; or 0. Not in the paper, whose encoders are
            pretrained: pooling knows no sentence, and what it leaves of one thing among others is
            learned slowly.
    """

    def __init__(
        self,
        visual_dim: int,
        text_dim: int,
        dim: int,
        heads: int,
        depth: int,
        pool: int,
        match: int = 0,
    ) -> None:
        super().__init__()
        self.pool = pool
        self.match: nn.Linear | None = None
        self.named: nn.Sequential | None = None
        if match:
            self.named = nn.Sequential(nn.LayerNorm(visual_dim), nn.Linear(visual_dim, dim))
            self.match = nn.Linear(match, 1)
            nn.init.constant_(self.match.weight, 0.3)
            nn.init.zeros_(self.match.bias)
        self.visual = nn.Linear(visual_dim, dim)
        self.text = nn.Linear(text_dim, dim)
        self.temporal = nn.ModuleList(TemporalBlock(dim) for _ in range(2))
        self.place = nn.Linear(dim, 1)
        self.blocks = nn.ModuleList(FrameTextBlock(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 1)
        self.log_tau = nn.Parameter(torch.zeros(()))

    def pooled(self, top: Tensor) -> Tensor:
        """F_Adp's top level [N, C, h, w] -> [N, P, C], small enough to keep for many frames."""
        return F.adaptive_avg_pool2d(top, self.pool).flatten(2).transpose(1, 2)

    def _pooled(self, frames: Tensor) -> Tensor:
        x = self._along(self.visual(frames))
        return (self.place(x).softmax(dim=2) * x).sum(2)

    def _scores(self, q: Tensor, words: Tensor, text_mask: Tensor) -> Tensor:
        q = q + _sine(q.shape[1], q.shape[2], q)
        for block in self.blocks:
            q = block(q, words, text_mask)
        scores: Tensor = self.head(self.norm(q))[..., 0] / self.log_tau.exp()
        return scores

    def _along(self, x: Tensor) -> Tensor:
        for block in self.temporal:
            x = block(x)
        return x


class TemporalAlignment(Alignment):
    """Temporal Alignment Module: relevance logits of each frame."""

    def forward(
        self, frames: Tensor, text: Tensor, text_mask: Tensor, match: Tensor | None = None
    ) -> Tensor:
        """Relevance logits.

        Args:
            frames: [L, T, P, C] from :meth:`pooled`, T frames in time order.
            text: E_Adp, [L, N, D].
            text_mask: [L, N], True = real token.
            match: [L, T, K + C], `lessons.match` of each frame; only with ``match``.

        Returns:
            [L, T]; the sigmoid is the relevance.
        """
        q = self._pooled(frames)
        if self.match is not None and self.named is not None:
            assert match is not None
            alike, thing = match.tensor_split([self.match.in_features], 2)
            q = q + self._along(self.named(thing)[:, :, None])[:, :, 0]
        scores = self._scores(q, self.text(text), text_mask)
        return scores if self.match is None else scores + self.match(alike)[..., 0]


class ThingAlignment(Alignment):
    """The same, asked of one thing at a time: is it what the sentence means, and when?

    Not in the paper. In the place of what may be named it sees what is inside a thing's masks, and
    the course of their outlines. It has weights of its own; `match` must not be 0.
    """

    def __init__(self, *sizes: int) -> None:
        super().__init__(*sizes)
        self.outline = nn.Linear(COURSE, self.visual.out_features)

    def forward(
        self, frames: Tensor, text: Tensor, text_mask: Tensor, match: Tensor, where: Tensor
    ) -> Tensor:
        """Relevance logits [L, O, T] of each frame, were each of O things the one that is meant.

        Args:
            frames, text, text_mask: as of `TemporalAlignment`.
            match: [L, O, T, K + C], `lessons.match` of each thing in each frame.
            where: [L, O, T, OUTLINE], `outline` of each thing in each frame.
        """
        count = match.shape[1]
        q = self._pooled(frames).repeat_interleave(count, 0)
        text, text_mask = (one.repeat_interleave(count, 0) for one in (text, text_mask))
        scores = self._judged(q, text, text_mask, match.flatten(0, 1), where.flatten(0, 1))
        return scores.unflatten(0, (-1, count))

    def of_outlines(self, text: Tensor, text_mask: Tensor, where: Tensor) -> Tensor:
        """Logits [M, T] of M things of which nothing is known but their outlines [M, T, OUTLINE].

        text: [M, N, D]; text_mask: [M, N].
        """
        assert self.match is not None
        length, dim = where.shape[1], self.visual.in_features
        q = self._pooled(where.new_zeros(1, length, self.pool**2, dim))
        nothing = where.new_zeros(1, length, self.match.in_features + dim)
        return self._judged(q, text, text_mask, nothing, where)

    def _judged(
        self, q: Tensor, text: Tensor, text_mask: Tensor, match: Tensor, where: Tensor
    ) -> Tensor:
        assert self.match is not None and self.named is not None
        alike, thing = match.tensor_split([self.match.in_features], 2)
        seen = self.named(thing) + self.outline(course(where))
        q = q + self._along(seen[:, :, None])[:, :, 0]
        return self._scores(q, self.text(text), text_mask) + self.match(alike)[..., 0]


def _sine(length: int, dim: int, like: Tensor) -> Tensor:
    """Sine embedding of frame numbers, [length, dim]."""
    when = torch.arange(length, device=like.device, dtype=torch.float32)
    rate = 10000 ** (-torch.arange(0, dim, 2, device=like.device, dtype=torch.float32) / dim)
    angle = when[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1).to(like.dtype)
