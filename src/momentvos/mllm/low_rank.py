"""Low-rank changes of a language model that are in force for some of its turns alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.mllm.lora import LINEAR

SCALE = 2.0
"""What is added to a layer's output, as a multiple: alpha / rank of LoRA."""


class LowRank(nn.Module):
    """LoRA (Hu et al., 2022) that is switched on and off, so that other turns stay as they are.

    It changes nothing before any training.

    Args:
        mllm: the language model, whose linear layers it changes.
        rank: of the changes.
        head: change the layer that gives words, too.
    """

    def __init__(self, mllm: nn.Module, rank: int, *, head: bool = False) -> None:
        super().__init__()
        self._head = head
        layers = list(_linear(mllm, head).values())
        down = (torch.randn(rank, one.in_features) / one.in_features**0.5 for one in layers)
        self.down = nn.ParameterList(nn.Parameter(one) for one in down)
        self.up = nn.ParameterList(
            nn.Parameter(torch.zeros(one.out_features, rank)) for one in layers
        )

    @contextmanager
    def on(self, mllm: nn.Module) -> Iterator[None]:
        """Have the language model compute with the changes inside."""
        layers = _linear(mllm, self._head).values()
        with ExitStack() as stack:
            for layer, down, up in zip(layers, self.down, self.up, strict=True):
                handle = layer.register_forward_hook(_added(down, up))
                stack.callback(handle.remove)
            yield


def _added(down: Tensor, up: Tensor) -> Any:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output + SCALE * F.linear(F.linear(inputs[0], down), up)

    return hook


def _linear(mllm: nn.Module, head: bool) -> dict[str, Any]:
    """The linear layers of the language model, with adapters of `add_lora` or without, by name."""

    def meant(name: str) -> bool:
        inside = "language_model" in name and name.rsplit(".", 1)[-1] in LINEAR
        return inside or (head and name == "lm_head")

    return {
        name: module
        for name, module in mllm.named_modules()
        if meant(name) and hasattr(module, "in_features")
    }
