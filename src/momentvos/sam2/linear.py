"""Linear layers in one pass with what follows them."""

from __future__ import annotations

import platform
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from momentvos.sam2.precision import apply

Activation = Literal["gelu", "relu"]

LEAST = 1 << 25
"""Multiplications from which on the fused product pays for its preparation."""


class Affine(NamedTuple):
    """The weight `[out,in]` of a linear layer, and its bias `[out]`."""

    weight: Tensor
    bias: Tensor | None


def linear(
    layer: nn.Linear, x: Tensor, then: nn.Module | None = None, onto: Tensor | None = None
) -> Tensor:
    """`layer(x)`, then an activation or the sum with `onto` of the same shape.

    On a processor in float32, PyTorch copies the bias over the result first, and the activation and
    the sum are further passes over it; oneDNN's product does all at once.
    """
    name = _name(then)
    alone = name == "none" or (name is not None and onto is None)
    if name is not None and alone and type(layer) is nn.Linear and _fused(layer.weight, x):
        return _at_once(Affine(layer.weight, layer.bias), x, name, onto)
    made = apply(layer, x)
    made = made if then is None else then(made)
    return made if onto is None else onto + made


def product(
    affine: Affine, x: Tensor, then: Activation | None = None, onto: Tensor | None = None
) -> Tensor:
    """`linear` of a layer that exists as its weights alone; with `onto` there is no activation."""
    if _fused(affine.weight, x):
        return _at_once(affine, x, then or "none", onto)
    made = F.linear(x.to(affine.weight.dtype), *affine)
    if then is not None:
        made = F.gelu(made) if then == "gelu" else F.relu(made)
    return made if onto is None else onto + made


def _at_once(affine: Affine, x: Tensor, then: str, onto: Tensor | None) -> Tensor:
    if onto is None:
        made: Tensor = _operator()(x, *affine, then, [], "none")
    else:
        made = _operator().binary(x, onto.contiguous(), *affine, "add")
    return made


def _name(then: nn.Module | None) -> str | None:
    """What oneDNN calls an activation; None: it has none such."""
    if then is None:
        return "none"
    if isinstance(then, nn.ReLU):
        return "relu"
    exact = isinstance(then, nn.GELU) and then.approximate == "none"
    return "gelu" if exact or getattr(then, "act", None) is F.gelu else None


def _fused(weight: Tensor, x: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and weight.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
        and x.numel() * weight.shape[0] >= LEAST
        and _operator() is not None
    )


def _operator() -> Any:
    """oneDNN's fused product, where this build of PyTorch has it for this processor."""
    there = torch.backends.mkldnn.is_available() and platform.machine() in ("x86_64", "AMD64")
    return getattr(torch.ops.mkldnn, "_linear_pointwise", None) if there else None
