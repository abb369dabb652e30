"""How things move, from nearby frames and places: an addition to the adapters for small models."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MotionBlock(nn.Module):
    """``x + up(GELU(wide(over(GELU(down(LayerNorm(x)))))))``, `over` being depth-wise convolutions.

    Not part of TGL, whose attention over time learns motion from long training of pretrained
    encoders; it is AdaTAD's adapter, which TGL's grounder uses, that sees neighbouring places
    too. The sum over channels of products of a filter in space and one in time can tell left from
    right, which attention by content learns only slowly. `up` starts at zero: the identity.

    dim: channels. ratio: inner channels, as a share of them. kernel: frames seen together (odd).
    """

    def __init__(self, dim: int, ratio: float = 0.5, kernel: int = 5) -> None:
        super().__init__()
        inner = int(dim * ratio)
        self.norm = nn.LayerNorm(dim)
        self.down = nn.Linear(dim, inner)
        self.space = nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False)
        self.time = nn.Conv1d(inner, inner, kernel, padding=kernel // 2, groups=inner)
        self.wide = nn.Linear(inner, dim)
        self.up = nn.Linear(dim, dim)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor, frame_mask: Tensor | None = None) -> Tensor:
        """x [L, T, h, w, d] -> the same; frame_mask [L, T], False: padding, seen as zeros."""
        lanes, frames, height, width, _ = x.shape
        seen = torch.ones(lanes, frames, device=x.device) if frame_mask is None else frame_mask
        seen = seen.to(x.dtype)[..., None, None, None]
        g = F.gelu(self.down(self.norm(x))) * seen
        g = self.space(g.flatten(0, 1).permute(0, 3, 1, 2))
        g = g.unflatten(0, (lanes, frames)).permute(0, 3, 4, 2, 1)  # L,h,w,c,T
        g = self.time(g.reshape(-1, g.shape[3], frames))
        g = g.view(lanes, height, width, -1, frames).permute(0, 4, 1, 2, 3)
        return x + self.up(F.gelu(self.wide(g))) * seen
