"""Dense prompt of the mask decoder from the scores of patches."""

from __future__ import annotations

from torch import Tensor, nn


class PatchPrompt(nn.Module):
    """A dense prompt of the mask decoder from the logits of patches: it says which object.

    It starts at zero, so that it changes nothing.
    """

    def __init__(self, dim: int, hidden: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, hidden, 3, padding=1), nn.GELU(), nn.Conv2d(hidden, dim, 1)
        )
        for parameter in self.layers[2].parameters():
            nn.init.zeros_(parameter)

    def forward(self, maps: Tensor) -> Tensor:
        """Logits `active` and `target` of frames [N, 2, h, w] -> [N, C, h, w]."""
        dense: Tensor = self.layers((maps / 4).clamp(-2, 2))
        return dense
