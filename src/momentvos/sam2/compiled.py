"""Programs that `torch.compile` makes of SAM2's image encoder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from momentvos.notice import warn

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

Program = Callable[..., Tensor]

VARIANTS = 64
"""Most programs of one function: one for each stage, number of frames and size."""
_PROGRAMS: WeakKeyDictionary[nn.Module, dict[str, Program]] = WeakKeyDictionary()


def compile_parts(sam: Sam2VideoModel) -> bool:
    """Let the stages of the image encoder be compiled when they first run; whether they will be.

    They are most of the time, and of the same shape for every frame. A program is made for each
    stage and number of frames, which takes a minute or so in all. Without a compiler nothing
    changes, and a warning says so.
    """
    if sam.device.type == "cpu" and compiler() is None:
        warn(
            "There is no C++ compiler on this machine (g++ or clang++), so nothing is compiled.",
            RuntimeWarning,
            stacklevel=3,
        )
        return False
    _PROGRAMS[sam.vision_encoder] = {}
    return True


def compiler() -> str | None:
    """The C++ compiler that PyTorch would use, or None."""
    given = os.environ.get("CXX")
    return next(filter(None, map(shutil.which, (given,) if given else ("g++", "clang++"))), None)


def program(owner: nn.Module, name: str, plain: Any) -> Program:
    """`plain`, or its program where the parts of `owner` are to be compiled."""
    programs = _PROGRAMS.get(owner)
    if programs is None or torch.is_grad_enabled():
        return plain  # type: ignore[no-any-return]
    if name not in programs:
        programs[name] = _Compiled(plain)
    return programs[name]


class _Compiled:
    """A function compiled for the shapes that it meets, and no more general."""

    def __init__(self, plain: Program) -> None:
        self._run = torch.compile(plain, dynamic=False)

    def __call__(self, *given: Any) -> Tensor:
        from torch._dynamo import config

        with config.patch(recompile_limit=VARIANTS, accumulated_recompile_limit=4 * VARIANTS):
            made: Tensor = self._run(*given)
            return made
