"""TAM on a long sequence: in spans that overlap by half, averaged where they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from momentvos.results.record import State

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
    _frames: list[int] = field(init=False)
    _text: list[Tensor] = field(init=False)
    _rows: list[tuple[Tensor, ...]] = field(init=False)
    _pending: int = field(init=False)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Be as at the start."""
        self._sum = torch.zeros(self.queries, self.length)
        self._count = torch.zeros(self.length)
        self._frames, self._text, self._rows, self._pending = [], [], [], 0

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

    def state(self) -> State:
        """All that is known, to be kept."""
        made = State(
            {"frames": list(self._frames), "pending": self._pending},
            {"sum": self._sum.clone(), "count": self._count.clone()},
        )
        if self._frames:
            made.tensors["text"] = torch.stack(self._text)
            for number, parts in enumerate(zip(*self._rows, strict=True)):
                made.tensors[f"part-{number}"] = torch.stack(parts)
        return made

    def restore(self, state: State, device: torch.device) -> None:
        """Be as it was kept. Raises what is in `UNUSABLE` for anything else."""
        values, tensors = state.values, state.tensors
        for name, there in (("sum", self._sum), ("count", self._count)):
            if tensors[name].shape != there.shape:
                raise ValueError(f"{name} of shape {tuple(tensors[name].shape)}")
            there.copy_(tensors[name])
        self._frames = [int(frame) for frame in values["frames"]]
        self._pending = int(values["pending"])
        if self._frames:
            count = sum(name.startswith("part-") for name in tensors)
            parts = [tensors[f"part-{number}"].to(device).unbind() for number in range(count)]
            self._rows = list(zip(*parts, strict=True))
            self._text = list(tensors["text"].to(device).unbind())
            if not len(self._frames) == len(self._text) == len(self._rows):
                raise ValueError("it is of other frames")

    def _score(self) -> None:
        text = sum(self._text[1:], self._text[0]) / len(self._text)
        parts = [torch.stack(part, 1) for part in zip(*self._rows, strict=True)]
        self._sum[:, self._frames] += self.score(text, *parts).float().cpu()
        self._count[self._frames] += 1
        self._pending = 0
