"""Adapted features and prompts of one sentence, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from momentvos.sam2 import Pyramid
from momentvos.systems.tgl.features import Adapted, adapted_features
from momentvos.systems.tgl.shared_cache import SharedCache
from momentvos.systems.tgl.windows import blocks, phases
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


class _Place(NamedTuple):
    """Row `row` of a window's adapted features, and the window's prompt [1, K, C]."""

    adapted: Adapted
    prompt: Tensor
    row: int


class WindowedFeatures:
    """F_Adp and rho_txt of frames that are adapted in windows.

    Two blocks of windows are kept, which the steps of a batch may straddle.

    Attributes:
        alone: frames that are a window by themselves.

    Args:
        model: TGL.
        shared: sentence-independent features of the video's frames.
        tokens: the sentence.
        frames: ascending, the frames that are adapted.
        stride: frames from one to the next in a window.
    """

    def __init__(
        self,
        model: TglModel,
        shared: SharedCache,
        tokens: Tokens,
        frames: Sequence[int],
        stride: int,
    ) -> None:
        self._model, self._shared, self._tokens, self._stride = model, shared, tokens, stride
        self._blocks = list(blocks(frames, model.config.window, stride))
        self._block_of = {frame: n for n, block in enumerate(self._blocks) for frame in block}
        self._adapted: dict[int, dict[int, _Place]] = {}
        windows = (window for block in self._blocks for window in phases(block, stride))
        self.alone = frozenset(window[0] for window in windows if len(window) == 1)

    def pyramid(self, frame: int) -> Pyramid:
        """F_Adp of a frame, one row."""
        place = self._place(frame)
        index = torch.tensor([place.row], device=self._model.device)
        return place.adapted.pyramid(self._model, index)

    def prompt(self, frame: int) -> Tensor:
        """rho_txt of a frame's window, [1, K, C]."""
        return self._place(frame).prompt

    def _place(self, frame: int) -> _Place:
        number = self._block_of[frame]
        if number not in self._adapted:
            block = self._blocks[number]
            shared = self._shared(block)
            if len(self._adapted) == 2:
                del self._adapted[next(iter(self._adapted))]
            places = self._adapted[number] = {}
            for phase, frames in enumerate(phases(block, self._stride)):
                rows = torch.arange(phase, len(block), self._stride, device=self._model.device)
                adapted = adapted_features(self._model, shared.select(rows), self._tokens)
                prompt = self._model.prompt(adapted.text, self._tokens)
                for row, one in enumerate(frames):
                    places[one] = _Place(adapted, prompt, row)
        return self._adapted[number][frame]
