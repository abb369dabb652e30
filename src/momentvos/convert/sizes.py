"""Size of SAM2's image encoder in a checkpoint, from the shapes of its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import Sam2HieraDetConfig

from momentvos.errors import ModelError
from momentvos.sam2.sizes import HIERA_BASE_PLUS, HIERA_LARGE

HIERA_TINY: dict[str, Any] = {
    "hidden_size": 96,
    "num_attention_heads": 1,
    "blocks_per_stage": [1, 2, 7, 2],
    "embed_dim_per_stage": [96, 192, 384, 768],
    "num_attention_heads_per_stage": [1, 2, 4, 8],
    "window_size_per_stage": [8, 4, 14, 7],
    "window_positional_embedding_background_size": [7, 7],
    "global_attention_blocks": [5, 7, 9],
}
HIERA_SMALL = HIERA_TINY | {
    "blocks_per_stage": [1, 2, 11, 2],
    "global_attention_blocks": [7, 10, 13],
}
SIZES: dict[str, dict[str, Any]] = {
    "tiny": HIERA_TINY,
    "small": HIERA_SMALL,
    "base+": HIERA_BASE_PLUS,
    "large": HIERA_LARGE,
}
"""As in the official ``sam2_hiera_{t,s,b+,l}.yaml``; the same in SAM2 and SAM2.1."""

WIDTH = "image_encoder.trunk.patch_embed.proj.weight"


def hiera(path: Path, weights: Mapping[str, Tensor], prefix: str = "") -> Sam2HieraDetConfig:
    """Configuration of the image encoder in official weights below `prefix`.

    Raises ModelError where there is none, or none of the four sizes.
    """
    first = weights.get(prefix + WIDTH)
    if first is None or first.ndim != 4:
        raise ModelError(
            f"{path} holds no weight {prefix + WIDTH}: use `momentvos convert samwise` for "
            "SAMWISE's checkpoints and `momentvos convert sam2` for Meta's."
        )
    pattern = re.compile(re.escape(prefix) + r"image_encoder\.trunk\.blocks\.(\d{1,3})\.")
    blocks = {int(hit[1]) for name in weights if (hit := pattern.match(name))}
    for size in SIZES.values():
        if first.shape[0] == size["hidden_size"] and len(blocks) == sum(size["blocks_per_stage"]):
            return Sam2HieraDetConfig(**size)
    raise ModelError(
        f"{path} holds an image encoder of {len(blocks)} blocks that starts {first.shape[0]} wide: "
        f"none of SAM2's sizes ({', '.join(SIZES)})."
    )
