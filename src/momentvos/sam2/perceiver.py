"""EdgeTAM's perceiver: a memory as a few tokens, some for the whole picture, some for its parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2.family import is_edgetam
from momentvos.sam2.positions import sine

if TYPE_CHECKING:
    from transformers import EdgeTamVideoConfig, Sam2VideoModel


def perceive(sam: Sam2VideoModel, memory: Tensor) -> Tensor:
    """A memory `[N,M,h,w]` as tokens `[N,M,T,1]`; of SAM2, which has no perceiver, as it is.

    The first tokens are of the whole picture, the others, row by row, of equal parts of it.
    (`transformers`' own way through its layers takes one row at a time.)
    """
    if not is_edgetam(sam):
        return memory
    perceiver, rows = sam.spatial_perceiver, len(memory)
    made = []
    if count := sam.config.perceiver_resampler_num_latents:
        tokens = memory.flatten(2).transpose(1, 2)
        places = sine(sam.memory_encoder.position_encoding, memory[:1]).to(memory.dtype)
        whole = perceiver.latents_1d.expand(rows, count, -1)
        for layer in perceiver.layers:
            whole = layer(whole, tokens, places.expand_as(tokens))
        made.append(whole)
    if side := parts_in_a_row(sam.config):
        windows = memory.unflatten(3, (side, -1)).unflatten(2, (side, -1))
        windows = windows.permute(0, 2, 4, 3, 5, 1).flatten(3, 4).flatten(0, 2)
        parts = perceiver.latents_2d[:, None].repeat(rows, 1, 1)
        for layer in perceiver.layers:
            parts = layer(parts, windows)
        made.append(parts.unflatten(0, (rows, -1)).flatten(1, 2))
    latents: Tensor = perceiver.layer_norm(torch.cat(made, dim=1))
    return latents.transpose(1, 2)[..., None]


def token_positions(sam: Sam2VideoModel, memory: Tensor) -> Tensor:
    """Position of each token of a memory `[1,M,...]`, `[1,T,M]`, in float32.

    Tokens of the whole picture have none.
    """
    if not is_edgetam(sam):
        return sine(sam.memory_encoder.position_encoding, memory)
    side = parts_in_a_row(sam.config)
    like = memory.new_empty(1, memory.shape[1], side, side)
    placed = sine(sam.spatial_perceiver.positional_encoding, like)
    return F.pad(placed, (0, 0, memory.shape[2] - side**2, 0))


def parts_in_a_row(config: EdgeTamVideoConfig) -> int:
    """Into how many parts the picture is cut in each direction."""
    return math.isqrt(config.perceiver_resampler_num_latents_2d)
