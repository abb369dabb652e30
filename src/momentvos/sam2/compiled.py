"""Programs that `torch.compile` makes of SAM2's parts; on a GPU they are CUDA graphs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

from momentvos.notice import warn

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

Program = Callable[..., Any]

VARIANTS = 64
"""Most programs of one function: one for each stage, number of frames and size."""
BATCHES = 8
"""Most programs of a function that takes rows: one for each number of rows, and kind of prompt."""
_PROGRAMS: WeakKeyDictionary[nn.Module, dict[str, Program]] = WeakKeyDictionary()


def compile_parts(sam: Sam2VideoModel, every: bool | None = None) -> bool:
    """Let SAM2's parts be compiled when they first run; whether they will be.

    They are the stages of the image encoder, most of the time, and of the same shape for every
    frame. A program is made for each shape, which takes minutes in all. Without a compiler nothing
    changes, and a warning says so.

    every: also memory attention over a fixed number of keys, mask decoder and memory encoder. None:
        on a GPU, where their many small kernels take longer to launch than to run; a processor
        would pay for keys that are not there.
    """
    if sam.device.type == "cpu" and compiler() is None:
        warn(
            "There is no C++ compiler on this machine (g++ or clang++), so nothing is compiled.",
            RuntimeWarning,
            stacklevel=3,
        )
        return False
    _PROGRAMS[sam.vision_encoder] = {}
    if every or (every is None and sam.device.type == "cuda"):
        for part in (sam.memory_attention, sam.mask_decoder, sam.memory_encoder):
            _PROGRAMS[part] = {}
    return True


def compiler() -> str | None:
    """The C++ compiler that PyTorch would use, or None."""
    given = os.environ.get("CXX")
    return next(filter(None, map(shutil.which, (given,) if given else ("g++", "clang++"))), None)


def wanted(owner: nn.Module) -> bool:
    """Whether the parts of `owner` are to be compiled, and may be: programs have no gradients."""
    return owner in _PROGRAMS and not torch.is_grad_enabled()


def program(owner: nn.Module, name: str, plain: Any, most: int = VARIANTS) -> Program:
    """`plain`, or its programs where the parts of `owner` are to be compiled; at most so many."""
    if not wanted(owner):
        return plain  # type: ignore[no-any-return]
    return _PROGRAMS[owner].setdefault(name, _Compiled(plain, most))


class _Compiled:
    """A function compiled for the shapes that it meets first, and no more general.

    On a GPU each program is captured as a CUDA graph, which is launched at once; what it gives is
    copied, since the next launch writes to the same place.
    """

    def __init__(self, plain: Program, most: int) -> None:
        self._plain, self._most = plain, most
        self._runs: dict[str | None, Program] = {}
        self._met: set[Hashable] = set()

    def __len__(self) -> int:
        """Shapes met so far, each with a program."""
        return len(self._met)

    def __call__(self, *given: Any) -> Any:
        from torch._dynamo import config

        parts = [one for one in tree_leaves(given) if not isinstance(one, nn.Module)]
        kind = tuple(
            (one.shape, one.dtype, one.device) if isinstance(one, Tensor) else one for one in parts
        )
        if kind not in self._met:
            if len(self._met) == self._most:
                return self._plain(*given)
            self._met.add(kind)
        captured = any(one.is_cuda for one in parts if isinstance(one, Tensor))
        mode = "reduce-overhead" if captured else None
        if mode not in self._runs:
            self._runs[mode] = torch.compile(self._plain, dynamic=False, mode=mode)
        with config.patch(recompile_limit=VARIANTS, accumulated_recompile_limit=4 * VARIANTS):
            made = self._runs[mode](*given)
        return tree_map_only(Tensor, torch.clone, made) if captured else made
