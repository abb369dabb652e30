"""What follows from a model's weights alone, kept while they stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

T = TypeVar("T")

_KEPT: WeakKeyDictionary[nn.Module, dict[Hashable, tuple[Hashable, object]]] = WeakKeyDictionary()


def constant(
    owner: nn.Module, key: Hashable, weights: tuple[Tensor, ...], make: Callable[[], T]
) -> T:
    """What `make` gives, made anew only where one of `weights` has changed.

    Nothing is kept while gradients are wanted, or of weights whose changes PyTorch does not count.

    Args:
        owner: the model; what is kept goes with it.
        key: what it is, with all that it depends on beside the weights, such as a size.
        weights: what it is made from.
        make: makes it.
    """
    state = _state(weights)
    if state is None:
        return make()
    kept = _KEPT.setdefault(owner, {})
    before = kept.get(key)
    if before is not None and before[0] == state:
        return before[1]  # type: ignore[return-value]
    made = make()
    kept[key] = (state, made)
    return made


def _state(weights: tuple[Tensor, ...]) -> Hashable | None:
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return None
    if any(weight.is_inference() for weight in weights):
        return None
    return tuple((one.data_ptr(), one._version, one.dtype, one.device) for one in weights)
