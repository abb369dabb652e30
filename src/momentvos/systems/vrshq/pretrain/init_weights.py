"""Initial weights for training from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from momentvos.mllm.init_weights import init_vision_tower
from momentvos.sam2.init_weights import draw_layers, draw_tokens

if TYPE_CHECKING:
    from momentvos.systems.vrshq.model import VrsHqModel


def init_weights(model: VrsHqModel) -> None:
    """Draw SAM2 and the vision tower of Qwen2.5-VL anew by the width of each layer's input.

    The language model keeps its own initial weights, made for its size of 0.02. The last layer of
    the perceptron gives a deviation of about 1, as SAM2's learned tokens have.
    """
    draw_layers(model.sam.modules())
    init_vision_tower(model.mllm.model.visual)
    draw_tokens(model.sam)
    for module in model.text_mlp.modules():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
