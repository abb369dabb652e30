"""Cross-modal temporal adapter: vision and language update each other (TGL Eq. 1, SAMWISE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.blocks import attention
from momentvos.systems.tgl.hsa import HierarchicalSelectiveAttention, time_embedding

Norm = Literal["batch", "layer"]


class CrossAttention(nn.Module):
    """Multi-head attention from one modality to the other.

    queries [L,Q,d], keys [L,K,d] (also the values), mask [L,K] True = may be read -> [L,Q,d].
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.multihead_attn = nn.MultiheadAttention(dim, heads)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        return attention(self.multihead_attn, queries, keys, mask)


@dataclass(frozen=True)
class VisualFeatures:
    """The visual side of an adapter before it attends to the text.

    mean: [L, h*w, d], over the frames and before any attention; visual: x1, [L, T, h, w, d].
    """

    mean: Tensor
    visual: Tensor

    def select(self, rows: Tensor) -> VisualFeatures:
        """Rows (int64 [M], repeats allowed)."""
        return VisualFeatures(self.mean.index_select(0, rows), self.visual.index_select(0, rows))


class CrossModalAdapter(nn.Module):
    """One adapter between a Hiera stage and a RoBERTa layer (TGL Eq. 1, with SAMWISE's HSA).

    With ``x = down(F)`` and ``t = E W_down``::

        x1      = x + HSA(x)
        delta F = up(x1 * V2T(x1, t))
        delta E = (t * T2V(t, mean over frames of x)) W_up

    ``down`` and ``up`` are a 1x1 convolution, a normalisation and a ReLU. Parameter names and
    shapes are those of the released SAMWISE checkpoints (``cmt_adapters.{i}.*``).

    visual_dim  C, channels of the Hiera stage
    text_dim    D, width of the text encoder
    dim, heads  width and heads inside the adapter
    patch       P, HSA's patch; height and width must be multiples of it
    hsa         False: no attention over time, as in SAMWISE's image pre-training
    dropout     on HSA's attention weights, in training
    norm        "batch" as published, or "layer": a LayerNorm over channels, which does not depend
                on the batch and therefore suits training from scratch with small batches
    out_activation  the published final ReLU on delta F; False lets a delta lower a feature
    zero_init   start as identity (both deltas 0). Needs ``out_activation=False``: a ReLU at 0
                would pass no gradient and the visual delta would stay 0 for ever
    """

    def __init__(
        self,
        visual_dim: int,
        text_dim: int = 768,
        dim: int = 256,
        heads: int = 8,
        patch: int = 8,
        *,
        hsa: bool = True,
        dropout: float = 0.1,
        norm: Norm = "batch",
        out_activation: bool = True,
        zero_init: bool = False,
    ) -> None:
        super().__init__()
        if zero_init and out_activation:
            raise ValueError("zero_init needs out_activation=False: a ReLU at 0 has no gradient")
        self.patch = patch
        self.proj_vis_down = nn.Sequential(
            nn.Conv2d(visual_dim, dim, 1, bias=False), _norm(norm, dim), nn.ReLU()
        )
        self.proj_vis_up = nn.Sequential(
            nn.ConvTranspose2d(dim, visual_dim, 1, bias=False),
            _norm(norm, visual_dim),
            nn.ReLU() if out_activation else nn.Identity(),
        )
        self.proj_text_down = nn.Sequential(nn.Linear(text_dim, dim, bias=False))
        self.proj_text_up = nn.Sequential(nn.Linear(dim, text_dim, bias=False))
        self.ca_V2T = CrossAttention(dim, heads)
        self.ca_T2V = CrossAttention(dim, heads)
        self.hsa: HierarchicalSelectiveAttention | None = None
        if hsa:
            self.hsa = HierarchicalSelectiveAttention(dim, heads, dropout)
            self.norm_pre_HSA = nn.LayerNorm(dim)
            self.spatial_pos_embed = nn.Parameter(torch.zeros(1, 1, 1, patch * patch, dim))
            nn.init.trunc_normal_(self.spatial_pos_embed, std=0.02)
        if zero_init:
            for parameter in (*self.proj_vis_up[1].parameters(), *self.proj_text_up.parameters()):
                nn.init.zeros_(parameter)

    def set_patch(self, patch: int) -> None:
        """Take another patch, in place; embeddings of the places in it are interpolated."""
        self.patch, before = patch, self.patch
        if self.hsa is None or patch == before:
            return
        old = self.spatial_pos_embed
        grid = old.detach()[0, 0].transpose(1, 2).unflatten(2, (before, before))
        wide = F.interpolate(grid.float(), (patch, patch), mode="bicubic", align_corners=False)
        places = wide.flatten(2).transpose(1, 2)[None, None].to(old.dtype)
        self.spatial_pos_embed = nn.Parameter(places.contiguous(), old.requires_grad)

    def forward(
        self,
        x: Tensor,
        e: Tensor,
        text_mask: Tensor | None = None,
        frame_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The deltas that the caller adds to both trunks.

        x           [L,T,h,w,C] stage output of T frames in time order, for L windows
        e           [L,N,D] token embeddings
        text_mask   [L,N] True = real token; None: padding is attended to as well, as upstream does
        frame_mask  [L,T] True = real frame; None: all are. Each window's result equals that of its
                    real frames alone; padding frames get delta 0, and so does the text of a window
                    without any real frame. Real frames may stand anywhere, in time order
        Returns delta F [L,T,h,w,C] and delta E [L,N,D].
        Raises ValueError when h or w is not a multiple of ``patch``.
        """
        return self.fuse(self.encode(x, frame_mask), e, text_mask, frame_mask)

    def encode(self, x: Tensor, frame_mask: Tensor | None = None) -> VisualFeatures:
        """The sentence-independent part, up to HSA. Arguments and errors as `forward`."""
        windows, frames, height, width, _ = x.shape
        if self.hsa is not None and (height % self.patch or width % self.patch):
            raise ValueError(
                f"the adapter got a {height}x{width} map, which its patch of {self.patch} does not "
                "divide: choose an input size or a patch that fits"
            )
        if frame_mask is None:
            still = _project(self.proj_vis_down, x, transposed=False)
        else:
            real = _project(self.proj_vis_down, x[frame_mask], transposed=False)
            still = real.new_zeros(windows, frames, height, width, real.shape[-1])
            still[frame_mask] = real
        visual = still
        if self.hsa is not None:
            visual = visual + self._attend_over_time(visual, frame_mask)
        return VisualFeatures(_mean_over_frames(still, frame_mask).flatten(1, 2), visual)

    def fuse(
        self,
        features: VisualFeatures,
        e: Tensor,
        text_mask: Tensor | None = None,
        frame_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The rest of `forward`: cross-attention between both modalities."""
        text = self.proj_text_down(e)
        delta_e = self.proj_text_up(text * self.ca_T2V(text, features.mean))
        if frame_mask is not None:
            delta_e = delta_e * frame_mask.any(1)[:, None, None]
        visual = features.visual
        flat = visual.flatten(1, 3)
        fused = (flat * self.ca_V2T(flat, text, text_mask)).view_as(visual)
        if frame_mask is None:
            return _project(self.proj_vis_up, fused, transposed=True), delta_e
        real = _project(self.proj_vis_up, fused[frame_mask], transposed=True)
        delta_x = real.new_zeros(*visual.shape[:-1], real.shape[-1])
        delta_x[frame_mask] = real
        return delta_x, delta_e

    def _attend_over_time(self, x: Tensor, frame_mask: Tensor | None) -> Tensor:
        """HSA over the tokens of one patch location in all T frames. [L,T,h,w,d] -> same."""
        assert self.hsa is not None
        windows, frames, height, width, dim = x.shape
        p = self.patch
        rows, columns = height // p, width // p
        tokens = x.view(windows, frames, rows, p, columns, p, dim)
        tokens = tokens.permute(0, 2, 4, 1, 3, 5, 6)  # L,rows,columns,T,P,P,d
        tokens = tokens.reshape(windows, rows * columns, frames, p * p, dim)
        when = time_embedding(frames, dim, frame_mask, tokens)  # L or 1,T,d
        tokens = tokens + when[:, None, :, None] + self.spatial_pos_embed
        tokens = self.norm_pre_HSA(tokens).view(windows * rows * columns, frames * p * p, dim)
        mask = None
        if frame_mask is not None:
            real = frame_mask | ~frame_mask.any(1, keepdim=True)
            mask = real.repeat_interleave(p * p, 1).repeat_interleave(rows * columns, 0)
        out: Tensor = self.hsa(tokens, mask).view(windows, rows, columns, frames, p, p, dim)
        return out.permute(0, 3, 1, 4, 2, 5, 6).reshape(x.shape)


def _norm(kind: Norm, channels: int) -> nn.Module:
    """Over [rows, channels]; BatchNorm1d there has the keys and statistics of a BatchNorm2d."""
    if kind == "batch":
        return nn.BatchNorm1d(channels)
    if kind == "layer":
        return nn.LayerNorm(channels)
    raise ValueError(f"norm must be 'batch' or 'layer', not {kind!r}")


def _project(stack: nn.Sequential, x: Tensor, *, transposed: bool) -> Tensor:
    """A (1x1 convolution, norm, activation) stack on channels-last maps: [...,c] -> [...,c']."""
    convolution, norm, activation = stack
    weight: Tensor = convolution.weight.flatten(1)  # type: ignore[operator]
    rows = F.linear(x.reshape(-1, x.shape[-1]), weight.t() if transposed else weight)
    if len(rows):  # statistics of no rows would be NaN
        rows = activation(norm(rows))
    return rows.view(*x.shape[:-1], rows.shape[-1])


def _mean_over_frames(x: Tensor, frame_mask: Tensor | None) -> Tensor:
    """[L,T,h,w,d] -> [L,h,w,d]; padding frames are zero already and only must not be counted."""
    if frame_mask is None:
        return x.mean(1)
    return x.sum(1) / frame_mask.sum(1).clamp(min=1)[:, None, None, None]
