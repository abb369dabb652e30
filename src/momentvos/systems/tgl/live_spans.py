"""TAM on frames as they come: the spans of `Spans`, and which logits are final."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

Score = Callable[..., Tensor]
"""E_Adp [1, N, D] and the further parts of `LiveSpans.push`, [1, n, ..], to logits [1, n]."""


class _Row(NamedTuple):
    """A frame, the text of its window, its parts, and its logits so far."""

    frame: int
    text: Tensor
    parts: tuple[Tensor, ...]
    logits: list[float]


@dataclass
class LiveSpans:
    """Logits of one sentence, of which every `span` frames are scored at once.

    As :class:`momentvos.systems.tgl.spans.Spans`, without an end: spans overlap by half, and a
    frame is final when the last span with it is full.
    """

    score: Score
    span: int
    _rows: list[_Row] = field(default_factory=list)
    _pending: int = 0

    def push(
        self, frames: Sequence[int], text: Tensor, *parts: Tensor
    ) -> Iterator[tuple[int, float]]:
        """Add a window of n frames, E_Adp [1, N, D] and parts [1, n, ..]; yield final logits."""
        for row, frame in enumerate(frames):
            self._rows.append(_Row(frame, text, tuple(part[:, row] for part in parts), []))
            self._pending += 1
            if len(self._rows) == self.span:
                self._score()
                done = self.span - self.span // 2
                yield from map(_final, self._rows[:done])
                del self._rows[:done]

    def finish(self) -> Iterator[tuple[int, float]]:
        """Score what remains; yield the rest."""
        if self._pending:
            self._score()
        yield from map(_final, self._rows)
        self._rows.clear()

    def __len__(self) -> int:
        """Number of frames held."""
        return len(self._rows)

    def _score(self) -> None:
        texts = [row.text for row in self._rows]
        text = sum(texts[1:], texts[0]) / len(texts)
        columns = zip(*(row.parts for row in self._rows), strict=True)
        parts = [torch.stack(column, 1) for column in columns]
        for row, logit in zip(
            self._rows, self.score(text, *parts)[0].float().tolist(), strict=True
        ):
            row.logits.append(logit)
        self._pending = 0


def _final(row: _Row) -> tuple[int, float]:
    return row.frame, sum(row.logits) / len(row.logits)
