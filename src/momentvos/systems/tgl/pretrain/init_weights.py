"""Initial weights for training from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from momentvos.sam2.init_weights import draw_layers, draw_tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


def init_weights(model: TglModel) -> None:
    """Draw the weights of SAM2 and RoBERTa anew, each by the width of its input.

    ``transformers`` fills these modules with a deviation of 0.02, since it expects pretrained
    weights to follow. At the mini's widths that leaves signals far too small to learn quickly.
    SAM2's learned tokens get a deviation of 1, as does the text prompt that stands beside them;
    positions and temporal encodings get 0.02, and the residual branches of the memory fuser the
    scale that the configuration asks for.
    """
    draw_layers([*model.sam.modules(), *model.text_encoder.modules()])
    draw_tokens(model.sam)
    for module in model.text_prompt.modules():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
