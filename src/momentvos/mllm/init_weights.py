"""Initial weights of a vision tower for training from scratch."""

from __future__ import annotations

import torch
from torch import nn

from momentvos.sam2.init_weights import draw_layers

CHANGE = 4.0


def init_vision_tower(visual: nn.Module) -> None:
    """Initialise a vision tower of Qwen's kind: fan-in scaling, and temporal difference filters."""
    draw_layers(visual.modules())
    init_temporal_filters(visual.get_submodule("patch_embed.proj"))  # type: ignore[arg-type]


def init_temporal_filters(patches: nn.Conv3d) -> None:
    """Initialise half of a patch embedding's filters as differences of a step's two frames.

    They are four times as large as drawn, since little changes from one frame to the next. From
    filters that are drawn alone, motion is learned very slowly. Images give them nothing.
    """
    with torch.no_grad():
        nn.init.kaiming_normal_(patches.weight, nonlinearity="linear")
        half = patches.weight[: len(patches.weight) // 2]
        half[:, :, 1] = CHANGE * half[:, :, 0]
        half[:, :, 0] = -half[:, :, 1]
