"""Adapted features and prompts of a sentence in frames as they come, block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from momentvos.sam2 import Pyramid
from momentvos.systems.tgl.features import Adapted, Windows, adapt
from momentvos.systems.windows import phases
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

Block = tuple[int, ...]
"""Ascending frames that are adapted at once, in one window or in several that interleave."""


class _Place(NamedTuple):
    """Row `row` of a window's adapted features, and the window's prompt [1, K, C]."""

    adapted: Adapted
    prompt: Tensor
    row: int


class LiveWindows:
    """F_Adp and rho_txt of the block that a sentence is in.

    Args:
        model: TGL.
        windows: gives what all sentences share of a window, by its frames.
        tokens: the sentence.
        stride: frames from one to the next in a window.
    """

    def __init__(
        self,
        model: TglModel,
        windows: Callable[[Sequence[int]], Windows],
        tokens: Tokens,
        stride: int,
    ) -> None:
        self._model, self._windows, self._tokens, self._stride = model, windows, tokens, stride
        self._block: Block = ()
        self._places: dict[int, _Place] = {}

    def enter(self, block: Block) -> None:
        """Adapt a block, in place of the one before it."""
        if block == self._block:
            return
        self._block, self._places = block, {}
        for frames in phases(block, self._stride):
            adapted = adapt(self._model, self._windows(frames), self._tokens)
            prompt = self._model.prompt(adapted.text, self._tokens)
            for row, one in enumerate(frames):
                self._places[one] = _Place(adapted, prompt, row)

    def pyramid(self, frame: int) -> Pyramid:
        """F_Adp of a frame of the block, one row."""
        place = self._places[frame]
        index = torch.tensor([place.row], device=self._model.device)
        return place.adapted.pyramid(self._model, index)

    def prompt(self, frame: int) -> Tensor:
        """rho_txt of the frame's window, [1, K, C]."""
        return self._places[frame].prompt


def alone(block: Block, frame: int, stride: int) -> bool:
    """Whether a frame is a window of a block by itself."""
    if frame not in block:
        return False
    place = block.index(frame)
    return place < stride and place + stride >= len(block)
