"""Dense prompt of the mask decoder from the scores of patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PatchPrompt(nn.Module):
    """A dense prompt of the mask decoder from the logits of patches: it says which object.

    Where no patch is sure, the best of the frame still is: so how far each is behind it is read
    too. It starts at zero, so that it changes nothing.
    """

    def __init__(self, dim: int, hidden: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, hidden, 3, padding=1), nn.GELU(), nn.Conv2d(hidden, dim, 1)
        )
        for parameter in self.layers[2].parameters():
            nn.init.zeros_(parameter)

    def forward(self, maps: Tensor) -> Tensor:
        """Logits `active` and `target` of frames [N, 2, h, w] -> [N, C, h, w]."""
        target = maps[:, 1:]
        behind = target - target.amax((2, 3), keepdim=True)
        dense: Tensor = self.layers((torch.cat([maps, behind], 1) / 4).clamp(-2, 2))
        return dense
