"""TAM on a long sequence: in spans that overlap by half, averaged where they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

Score = Callable[..., Tensor]
"""E_Adp [., N, D] and the further parts of `Spans.push`, [., n, ..], to logits [L, n]."""


@dataclass
class Spans:
    """Logits of L queries in a video of `length` frames, of which every `span` are scored at once.

    Memory does not grow with the length.
    """

    score: Score
    queries: int
    span: int
    length: int
    _frames: list[int] = field(default_factory=list)
    _text: list[Tensor] = field(default_factory=list)
    _rows: list[tuple[Tensor, ...]] = field(default_factory=list)
    _pending: int = 0

    def __post_init__(self) -> None:
        self._sum = torch.zeros(self.queries, self.length)
        self._count = torch.zeros(self.length)

    def push(self, frames: Sequence[int], text: Tensor, *parts: Tensor) -> None:
        """Add a window of n frames: their numbers, E_Adp [., N, D], and any parts [., n, ..]."""
        for row, frame in enumerate(frames):
            self._frames.append(frame)
            self._text.append(text)
            self._rows.append(tuple(part[:, row] for part in parts))
            self._pending += 1
            if len(self._frames) == self.span:
                self._score()
                done = self.span - self.span // 2
                del self._frames[:done], self._text[:done], self._rows[:done]

    def finish(self) -> Tensor:
        """Score the remaining frames; logits [L, length], 0 at frames that were never added."""
        if self._pending:
            self._score()
        return self._sum / self._count.clamp(min=1)

    def _score(self) -> None:
        text = sum(self._text[1:], self._text[0]) / len(self._text)
        parts = [torch.stack(part, 1) for part in zip(*self._rows, strict=True)]
        self._sum[:, self._frames] += self.score(text, *parts).float().cpu()
        self._count[self._frames] += 1
        self._pending = 0
