"""Blocks over the patches of a window of frames: convolutions, a recurrence along content."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SpaceTimeBlock(nn.Module):
    """Depth-wise convolutions over space and over time, and an MLP. [V, T, P, D] -> the same."""

    def __init__(self, dim: int, side: int = 5, length: int = 5) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.space = nn.Conv2d(dim, dim, side, padding=side // 2, groups=dim)
        self.time = nn.Parameter(torch.randn(length, dim) / length)
        self.mlp = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim)
        )

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        y = self.norm(x)
        half, length = len(self.time) // 2, x.shape[1]
        padded = F.pad(y, (0, 0, 0, 0, half, half))
        along = sum(padded[:, n : n + length] * tap for n, tap in enumerate(self.time))
        assert isinstance(along, Tensor)
        maps = along.flatten(0, 1).transpose(1, 2).unflatten(2, grid)
        x = x + self.space(maps).flatten(2).transpose(1, 2).unflatten(0, x.shape[:2])
        out: Tensor = x + self.mlp(x)
        return out


class Following(nn.Module):
    """A recurrence in time whose state follows what is similar and near."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.pair = nn.Linear(dim, 2 * dim)
        self.cell = nn.GRUCell(dim, dim)

    def forward(self, x: Tensor, near: Tensor) -> tuple[Tensor, Tensor]:
        """The state after each frame, like x [V, T, P, D], and what it followed [V, T - 1, P, P].

        near: bias [P, P], 0 or -inf.
        """
        query, key = self.pair(x).chunk(2, -1)
        logits = query[:, 1:] @ key[:, :-1].transpose(2, 3) / x.shape[-1] ** 0.5
        weight = (logits + near).softmax(-1)
        state, states = torch.zeros_like(x[:, 0]), []
        for frame in range(x.shape[1]):
            if frame:
                state = weight[:, frame - 1] @ state
            state = self.cell(x[:, frame].flatten(0, 1), state.flatten(0, 1)).view_as(state)
            states.append(state)
        return torch.stack(states, 1), weight


def within(height: int, width: int, reach: int, like: Tensor) -> Tensor:
    """Bias of attention between patches [P, P]: 0 up to `reach` patches away, else -inf."""
    rows = torch.arange(height, device=like.device).repeat_interleave(width)
    columns = torch.arange(width, device=like.device).repeat(height)
    far = ((rows[:, None] - rows).abs() > reach) | ((columns[:, None] - columns).abs() > reach)
    return torch.zeros(far.shape, device=like.device, dtype=like.dtype).masked_fill(far, -torch.inf)
