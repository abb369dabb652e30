"""RepViT at work: its weights as the few products that branches and norms amount to.

A block adds three convolutions, each with a norm; at inference they are one. Norms are frozen: they
always use their running statistics.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from momentvos.sam2.constants import constant
from momentvos.sam2.linear import Affine, product
from momentvos.sam2.repvit import Block, ChannelMixer, NormedConv, RepVit, Stage, Stem


class Folded(NamedTuple):
    """A block, or where the resolution is halved: a depthwise convolution, a perceptron.

    Between them a block may have a gate; where the resolution is halved, a product changes the
    number of channels.
    """

    depthwise: tuple[Tensor, Tensor]
    stride: int
    gate: tuple[Affine, Affine] | None
    across: Affine | None
    mixer: tuple[Affine, Affine]


def stem(encoder: RepVit, pixels: Tensor) -> Tensor:
    """Normalised pixels `[N,3,S,S]` to `[N,S/4,S/4,c]`."""
    part: Stem = encoder.timm_model.stem
    first, second = constant(part, "folded", _weights(part), lambda: _stem(part))
    x = pixels.to(first.weight.dtype).contiguous(memory_format=torch.channels_last)
    x = F.gelu(F.conv2d(x, first.weight, first.bias, 2, 1))
    x = F.conv2d(x, second.weight, second.bias, 2, 1)
    return x.to(pixels.dtype).permute(0, 2, 3, 1)


def stage(encoder: RepVit, k: int) -> list[Folded]:
    """The steps of stage `k` (0 to 3), for `steps`; they are made once, while weights stay."""
    part: Stage = getattr(encoder.timm_model, f"stages_{k}")
    return constant(part, "folded", _weights(part), lambda: list(_steps(part)))


def steps(parts: Iterable[Folded], x: Tensor) -> Tensor:
    """Run the steps of a stage one after the other, `[N,h,w,c]` to `[N,h',w',c']`."""
    for part in parts:
        weight, bias = part.depthwise
        planes = x.permute(0, 3, 1, 2).to(weight.dtype)
        mixed = F.conv2d(planes, weight, bias, part.stride, 1, groups=weight.shape[0])
        x = mixed.permute(0, 2, 3, 1).to(x.dtype)
        if part.gate is not None:
            squeeze, excite = part.gate
            whole = product(squeeze, x.mean((1, 2))).relu()
            x = x * product(excite, whole).sigmoid().to(x.dtype)[:, None, None]
        if part.across is not None:
            x = product(part.across, x).to(x.dtype)
        widen, narrow = part.mixer
        x = product(narrow, product(widen, x, "gelu"), onto=x)
    return x


def _steps(part: Stage) -> Iterable[Folded]:
    if part.downsample is not None:
        halve = part.downsample
        yield _block(halve.pre_block)
        yield Folded(
            _kept(halve.spatial_downsample.folded(), halve.spatial_downsample),
            2, None, _affine(halve.channel_downsample), _mixer(halve.ffn),
        )  # fmt: skip
    for block in part.blocks:
        assert isinstance(block, Block)
        yield _block(block)


def _block(block: Block) -> Folded:
    weight, bias = block.token_mixer.conv.folded()
    point, shift = block.token_mixer.conv1.folded()
    weight, bias = weight + F.pad(point + 1, (1, 1, 1, 1)), bias + shift  # 1: the identity
    gate = None if block.se is None else (_plain(block.se.fc1), _plain(block.se.fc2))
    depthwise = _kept((weight, bias), block.token_mixer.conv)
    return Folded(depthwise, 1, gate, None, _mixer(block.channel_mixer))


def _stem(part: Stem) -> tuple[Affine, Affine]:
    made = []
    for one in (part.conv1, part.conv2):
        weight, bias = _kept(one.folded(), one)
        made.append(Affine(weight.contiguous(memory_format=torch.channels_last), bias))
    return made[0], made[1]


def _mixer(part: ChannelMixer) -> tuple[Affine, Affine]:
    return _affine(part.conv1), _affine(part.conv2)


def _affine(part: NormedConv) -> Affine:
    weight, bias = _kept(part.folded(), part)
    return Affine(weight.flatten(1), bias)


def _plain(layer: nn.Conv2d) -> Affine:
    return Affine(layer.weight.flatten(1), layer.bias)


def _kept(pair: tuple[Tensor, Tensor], part: NormedConv) -> tuple[Tensor, Tensor]:
    """Weight and bias in the number format of the weights that they are made of."""
    kind = part.c.weight.dtype
    return pair[0].to(kind), pair[1].to(kind)


def _weights(part: nn.Module) -> tuple[Tensor, ...]:
    return (*part.parameters(), *part.buffers())
