"""Positions of places in a picture and of memories' tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from momentvos.sam2.constants import constant

if TYPE_CHECKING:
    pass


def sine(encoding: Any, like: Tensor) -> Tensor:
    """The sine encoding of a map `like` `[1,D,h,w]`, as tokens `[1,h*w,D]`, in float32."""

    def make() -> Tensor:
        position: Tensor = encoding(like.shape, like.device, torch.float32)
        return position.flatten(2).transpose(1, 2).contiguous()

    return constant(encoding, (like.shape[1:], like.device), (), make)
