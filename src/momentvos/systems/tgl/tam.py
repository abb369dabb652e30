"""Temporal Alignment Module: relevance of each frame to the sentence (TGL appendix A.2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.blocks import FrameTextBlock, TemporalBlock, sine


class TemporalAlignment(nn.Module):
    """Relevance logits of each frame: ``s_t = Linear(.) / tau``, tau learned.

    The paper fixes the inputs (F_Adp, E_Adp), the depth-wise temporal encoder, the transformer
    block with the text and the learned temperature; depth, width and pooling are ours.

    Args:
        visual_dim: channels of F_Adp's top level.
        text_dim: width of E_Adp.
        dim, heads, depth: of the temporal encoder and the transformer blocks.
        pool: frames are average-pooled to ``pool x pool`` places before the temporal encoder.
        match: number of prompt tokens whose similarity to the best matching patches of each frame
            adds to its logit, as the features of these patches add to the frame's; or 0. Not in the
            paper, whose encoders are pretrained: pooling does not depend on the sentence, and what
            it leaves of one object among others is learned slowly.
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

    def forward(
        self, frames: Tensor, text: Tensor, text_mask: Tensor, match: Tensor | None = None
    ) -> Tensor:
        """Relevance logits.

        Args:
            frames: [L, T, P, C] from :meth:`pooled`, T frames in time order.
            text: E_Adp, [L, N, D].
            text_mask: [L, N], True = real token.
            match: [L, T, K + C], `similarity.match` of each frame; only with ``match``.

        Returns:
            [L, T]; the sigmoid is the relevance.
        """
        x = self._along(self.visual(frames))
        q = (self.place(x).softmax(dim=2) * x).sum(2)
        if self.match is not None and self.named is not None:
            assert match is not None
            similarity, features = match.tensor_split([self.match.in_features], 2)
            q = q + self._along(self.named(features)[:, :, None])[:, :, 0]
        q = q + sine(q.shape[1], q.shape[2], q)
        words = self.text(text)
        for block in self.blocks:
            q = block(q, words, text_mask)
        scores: Tensor = self.head(self.norm(q))[..., 0] / self.log_tau.exp()
        return scores if self.match is None else scores + self.match(similarity)[..., 0]

    def _along(self, x: Tensor) -> Tensor:
        for block in self.temporal:
            x = block(x)
        return x
