"""Scores of patches in frames as they come: the windows of `patch_logits`, and what is final."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.systems.patches.logits import WindowFeatures, read_sentences, window_scores

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass
class _Frame:
    """Sums over the windows that hold a frame: relevance, and the mean of the maps [2, h, w]."""

    number: int
    relevance: float = 0.0
    seen: int = 0
    maps: Tensor | None = None


@dataclass
class _Phase:
    """Every stride-th frame: how many there were, and those of the window that ends with them."""

    count: int = 0
    frames: deque[_Frame] = field(default_factory=deque)
    scored: int = -1
    """Count at which the last window ended."""


class LivePatches:
    """Relevance, presence and maps of one sentence.

    A frame is final when no window can hold it any more, since the last one of a video ends with
    it: `span` frames of its phase later.

    Attributes:
        presence: logit of the best window so far.
        maps: by frame, half precision [2, h, w]; taken out by who uses them.

    Args:
        model: TGL with a TAM that scores patches.
        windows: gives the features of a window, by its frames.
        text: the sentence.
        stride: frames from one to the next in a window.
    """

    def __init__(
        self,
        model: TglModel,
        windows: Callable[[Sequence[int]], WindowFeatures],
        text: str,
        stride: int,
    ) -> None:
        self._model, self._windows = model, windows
        self._read = read_sentences(model, [text])
        self._span = int(model.config.tam_span)
        self._side = model.config.image_size // 16
        self._phases = [_Phase() for _ in range(stride)]
        self._total = 0
        self.presence = float("-inf")
        self.maps: dict[int, Tensor] = {}

    def push(self, number: int) -> Iterator[tuple[int, float]]:
        """Take the next frame; yield frames whose logits are final."""
        phase = self._phases[self._total % len(self._phases)]
        self._total += 1
        phase.count += 1
        phase.frames.append(_Frame(number))
        if len(phase.frames) > self._span:
            yield self._final(phase.frames.popleft())
        if phase.count >= self._span and not (phase.count - self._span) % max(self._span // 2, 1):
            self._score(phase)

    def finish(self) -> Iterator[tuple[int, float]]:
        """Score the last window of each phase; yield the rest, in order of their numbers."""
        rest: list[_Frame] = []
        for phase in self._phases:
            if phase.count != phase.scored and phase.frames:
                self._score(phase)
            rest += phase.frames
            phase.frames.clear()
        for frame in sorted(rest, key=lambda one: one.number):
            yield self._final(frame)

    def _score(self, phase: _Phase) -> None:
        phase.scored = phase.count
        features = self._windows([one.number for one in phase.frames])
        first = torch.zeros(1, dtype=torch.long, device=self._model.device)
        scores = window_scores(self._model, features, self._read, first)
        pair = torch.stack([scores.active, scores.target], 2)[0].unflatten(2, (self._side,) * 2)
        relevance = scores.relevance[0].float().tolist()
        self.presence = max(self.presence, float(scores.presence[0].float()))
        for row, one in enumerate(phase.frames):
            before = 0.0 if one.maps is None else one.maps.float() * one.seen
            one.maps = ((before + pair[row]) / (one.seen + 1)).half()
            one.relevance += relevance[row]
            one.seen += 1

    def _final(self, one: _Frame) -> tuple[int, float]:
        assert one.maps is not None
        self.maps[one.number] = one.maps
        return one.number, one.relevance / one.seen
