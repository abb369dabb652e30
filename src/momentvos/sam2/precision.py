"""SAM2's large matrix products in a smaller number format, everything around them as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


def reduce_products(sam: Sam2VideoModel, kind: torch.dtype = torch.bfloat16) -> None:
    """Store the weights of SAM2's large products as `kind`, in place.

    They are those of the image encoder, memory attention and the memory fuser, more than nine
    tenths of all. Sums of residual branches, norms and the mask decoder keep their precision, as
    under PyTorch's autocast, with which SAM2 was trained; and so do features and memories.
    """
    for module in large_products(sam):
        module.to(kind)


def large_products(sam: Sam2VideoModel) -> list[nn.Module]:
    """The layers that `reduce_products` changes."""
    parts = (sam.vision_encoder, sam.memory_attention, sam.memory_encoder.memory_fuser)
    return [
        module
        for part in parts
        for module in part.modules()
        if isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.groups == 1)
    ]


def apply(layer: nn.Module, x: Tensor) -> Tensor:
    """`layer(x)` with `x` in the number format of the layer's weights."""
    made: Tensor = layer(x.to(dtype(layer, x.dtype)))
    return made


def dtype(layer: nn.Module, otherwise: torch.dtype) -> torch.dtype:
    """The number format that a layer wants; `otherwise` where it is quantised, and converts."""
    weight = layer.weight
    return weight.dtype if isinstance(weight, Tensor) else otherwise
