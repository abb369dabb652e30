"""Adapted features and prompts of several sentences, window by window."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.sam2 import Pyramid
from momentvos.systems.tgl.features import Adapted, Windows, adapt, encode_windows
from momentvos.systems.tgl.shared_cache import SharedCache
from momentvos.systems.windows import blocks, phases
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

HELD = 2
"""Blocks of windows that are held, which the steps of a batch may straddle."""
KEPT = {"cpu": 64 << 20, "cuda": 2 << 30}
"""Bytes of adapted features that grounding leaves for prompting, by kind of device."""

Block = tuple[int, ...]
"""Frames that are adapted at once, in one window or in several that interleave."""


@dataclass(frozen=True)
class AdaptedWindow:
    """F_Adp of a window of T frames, one row each, and its rho_txt [1, K, C]."""

    pyramid: Pyramid
    prompt: Tensor

    @classmethod
    def of(
        cls, model: TglModel, adapted: Adapted, tokens: Tokens, alike: AdaptedWindow | None = None
    ) -> AdaptedWindow:
        """Of a sentence; alike: the same frames for another one, whose highest level it shares."""
        count = len(adapted.outputs[-1])
        made = adapted.pyramid(model, torch.arange(count, device=model.device))
        if alike is not None and 0 not in model.config.visual_stages:
            made = Pyramid((alike.pyramid.levels[0], *made.levels[1:]))
        return cls(made, model.prompt(adapted.text, tokens))

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return sum(level.numel() * level.element_size() for level in self.pyramid.levels)


def encoded_windows(
    model: TglModel, shared: SharedCache, block: Sequence[int], stride: int
) -> Iterator[tuple[list[int], Windows]]:
    """The windows of a block, and what all sentences share of each."""
    features = shared(block)
    for phase, frames in enumerate(phases(block, stride)):
        rows = torch.arange(phase, len(block), stride, device=model.device)
        yield frames, encode_windows(model, features.select(rows), 1)


@dataclass(frozen=True)
class _Row:
    """A sentence: its tokens; ascending frames, in blocks of `size`; blocks that are needed."""

    tokens: Tokens
    frames: Sequence[int]
    size: int
    alone: frozenset[int]
    needed: frozenset[Block]

    def place(self, frame: int) -> tuple[Block, int]:
        """The block of a frame, and the place in it; found anew, for a video may be long."""
        at = bisect_left(self.frames, frame)
        if at == len(self.frames) or self.frames[at] != frame:
            raise KeyError(frame)
        start = at - at % self.size
        return tuple(self.frames[start : start + self.size]), at - start


class AdaptedWindows:
    """F_Adp and rho_txt of sentences that go through a video in step.

    A block is adapted for all sentences that need it when the first of them comes to it, so that
    what they share of it is computed once, and dropped when all are past it.

    Args:
        model: TGL.
        shared: sentence-independent features of the video's frames.
        stride: frames from one to the next in a window.
    """

    def __init__(self, model: TglModel, shared: SharedCache, stride: int) -> None:
        self._model, self._shared, self._stride = model, shared, stride
        self._rows: dict[int, _Row] = {}
        self._held: OrderedDict[Block, dict[int, list[AdaptedWindow]]] = OrderedDict()
        self._kept: dict[Block, dict[int, list[AdaptedWindow]]] = {}
        self._room = KEPT.get(model.device.type, 0)
        self._past: set[tuple[int, Block]] = set()

    def add(self, row: int, tokens: Tokens, frames: Sequence[int], needed: Sequence[int]) -> None:
        """Note that a sentence is adapted in windows of ascending frames; needed: some of them."""
        size, stride, wanted = self._model.config.window, self._stride, set(needed)
        cut = [tuple(block) for block in blocks(frames, size, stride)]
        windows = (window for block in cut for window in phases(block, stride))
        alone = frozenset(window[0] for window in windows if len(window) == 1)
        kept = frozenset(block for block in cut if not wanted.isdisjoint(block))
        self._rows[row] = _Row(tokens, frames, size * stride, alone, kept)

    def keep(self, row: int, block: Sequence[int], windows: list[AdaptedWindow]) -> bool:
        """Keep what grounding computed of a block for a sentence; whether there was room."""
        size = sum(window.nbytes for window in windows)
        if size > self._room:
            return False
        self._room -= size
        self._kept.setdefault(tuple(block), {})[row] = windows
        return True

    def drop(self, row: int) -> None:
        """Forget a sentence."""
        self._rows.pop(row, None)
        self._past = {pair for pair in self._past if pair[0] != row}
        for held in (self._held, self._kept):
            for block in list(held):
                held[block].pop(row, None)
                if not held[block]:
                    del held[block]

    def alone(self, row: int) -> frozenset[int]:
        """Frames of a sentence that are a window by themselves."""
        return self._rows[row].alone

    def pyramid(self, pairs: Sequence[tuple[int, int]]) -> Pyramid:
        """F_Adp of (sentence, frame) pairs, one row each."""
        parts = []
        for row, frame in pairs:
            window, place = self._window(row, frame)
            levels = window.pyramid.levels
            parts.append(Pyramid(tuple(level[place : place + 1] for level in levels)))
        return Pyramid.cat(parts)

    def prompt(self, row: int, frame: int) -> Tensor:
        """rho_txt of the frame's window for a sentence, [1, K, C]."""
        return self._window(row, frame)[0].prompt

    def _window(self, row: int, frame: int) -> tuple[AdaptedWindow, int]:
        block, place = self._rows[row].place(frame)
        held = self._held.get(block)
        if held is None or row not in held:
            held = self._adapt(row, block)
        return held[row][place % self._stride], place // self._stride

    def _adapt(self, row: int, block: Block) -> dict[int, list[AdaptedWindow]]:
        """Adapt a block for the sentences that need it and have not been there yet."""
        held = self._held.setdefault(block, {})
        self._held.move_to_end(block)
        while len(self._held) > HELD:
            self._held.popitem(last=False)
        held |= self._kept.pop(block, {})
        wanted = [
            other
            for other, one in self._rows.items()
            if other not in held
            and (other == row or (block in one.needed and (other, block) not in self._past))
        ]
        self._past |= {(other, block) for other in (*wanted, *held)}
        if not wanted:
            return held
        held |= {other: [] for other in wanted}
        for _, windows in encoded_windows(self._model, self._shared, block, self._stride):
            alike: AdaptedWindow | None = None
            for other in wanted:
                tokens = self._rows[other].tokens
                adapted = adapt(self._model, windows, tokens)
                alike = AdaptedWindow.of(self._model, adapted, tokens, alike)
                held[other].append(alike)
        return held
