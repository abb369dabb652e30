"""Unmasked Teacher's two towers, named as in the official files (multi_modality/models, MIT).

The third part of the official model, which reads frames and words together, is not needed to
compare frames with sentences and left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import BertConfig, BertModel

HEAD = 64
"""Channels of an attention head in every published size, of both towers."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the towers.

    width, depth, patch: of the frames' tower, patch in pixels; joint: of the common space.

    text: configuration of the sentences' tower, with the layers before the first that reads
    frames.
    """

    width: int
    depth: int
    patch: int
    joint: int
    text: BertConfig
    side: int = 224
    frames: int = 4


class Umt(nn.Module):
    """Frames of a window see each other; each keeps a vector of its own (`keep_temporal`)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.vision_encoder = _Vision(shape)
        self.text_encoder = BertModel(shape.text, add_pooling_layer=False)
        self.vision_proj = nn.Linear(shape.width, shape.joint)
        self.text_proj = nn.Linear(shape.text.hidden_size, shape.joint)

    def frames(self, pixels: Tensor) -> Tensor:
        """Unit vectors [T, D] of a window's T frames, pixels [T, 3, S, S]."""
        return F.normalize(self.vision_proj(self.vision_encoder(pixels)).float(), dim=-1)

    def sentences(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Unit vectors [L, D] of token ids [L, N]."""
        read = self.text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]
        return F.normalize(self.text_proj(read).float(), dim=-1)


class _Vision(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.encoder = _Encoder(shape)
        self.pool_norm = nn.LayerNorm(shape.width, eps=1e-6)

    def forward(self, pixels: Tensor) -> Tensor:
        """[T, 3, S, S] to a mean over patches per frame [T, C]."""
        features: Tensor = self.encoder(pixels)
        pooled: Tensor = self.pool_norm(features.unflatten(0, (len(pixels), -1)).mean(1))
        return pooled


class _Encoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.patch_embed = _Patches(shape)
        self.blocks = nn.ModuleList(_Block(shape.width) for _ in range(shape.depth))
        self.norm = nn.LayerNorm(shape.width, eps=1e-6)

    def forward(self, pixels: Tensor) -> Tensor:
        """[T, 3, S, S] to one sequence of all patches [T * P, C]."""
        patches: Tensor = self.patch_embed(pixels)
        states = patches + sinusoid(*patches.shape).to(patches)
        for block in self.blocks:
            states = block(states)
        normed: Tensor = self.norm(states)
        return normed


class _Patches(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = (1, shape.patch, shape.patch)
        self.proj = nn.Conv3d(3, shape.width, size, stride=size)

    def forward(self, pixels: Tensor) -> Tensor:
        cut: Tensor = self.proj(pixels.transpose(0, 1)[None])
        return cut[0].flatten(1).T


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = _Mlp(width)

    def forward(self, states: Tensor) -> Tensor:
        states = states + self.attn(self.norm1(states))
        out: Tensor = states + self.mlp(self.norm2(states))
        return out


class _Attention(nn.Module):
    """Queries and values have a bias, keys have none."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.proj = nn.Linear(width, width)

    def forward(self, states: Tensor) -> Tensor:
        bias = torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])
        mixed = F.linear(states, self.qkv.weight, bias)
        query, key, value = mixed.unflatten(-1, (3, -1, HEAD)).permute(1, 2, 0, 3)
        out = F.scaled_dot_product_attention(query[None], key[None], value[None])[0]
        projected: Tensor = self.proj(out.transpose(0, 1).flatten(1))
        return projected


class _Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, states: Tensor) -> Tensor:
        out: Tensor = self.fc2(F.gelu(self.fc1(states)))
        return out


def sinusoid(count: int, width: int) -> Tensor:
    """[count, width]: sine at even and cosine at odd channels, place / 10000^(2 (c // 2) / width).

    Places run through all patches of all frames in one row.
    """
    channel = torch.arange(width, dtype=torch.float64)
    rate = 10000 ** (-2 * (channel // 2) / width)
    angle = torch.arange(count, dtype=torch.float64)[:, None] * rate
    angle[:, 0::2] = angle[:, 0::2].sin()
    angle[:, 1::2] = angle[:, 1::2].cos()
    return angle.float()
