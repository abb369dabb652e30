"""SAM2's large matrix products in a smaller number format, everything around them as it is."""

from __future__ import annotations

import platform
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


def slow_bfloat16(device: torch.device) -> bool:
    """Whether a processor has to imitate products in bfloat16, where PyTorch can tell."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    checks = [getattr(torch.cpu, name, None) for name in names]
    if device.type != "cpu" or platform.machine() not in ("x86_64", "AMD64") or None in checks:
        return False
    return not any(check() for check in checks if check is not None)


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
    """`layer(x)` with `x` in the number format that the layer takes."""
    made: Tensor = layer(x.to(dtype(layer)))
    return made


def dtype(layer: nn.Module) -> torch.dtype:
    """The number format of a layer's weights, which it takes."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return weight.dtype
