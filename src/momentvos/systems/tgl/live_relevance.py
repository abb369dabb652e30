"""Relevance of frames to a sentence as they come, each as soon as it is final."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from momentvos.systems.patches.logits import WindowFeatures
from momentvos.systems.tgl.features import Windows, adapt
from momentvos.systems.tgl.live_patches import LivePatches
from momentvos.systems.tgl.live_spans import LiveSpans
from momentvos.systems.tgl.similarity import match
from momentvos.systems.windows import phases
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


class LiveTam:
    """Logits by TAM, whose windows and spans are those of the run of a whole video.

    Args:
        model: TGL with a TAM.
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
        self._block: list[int] = []
        self._spans = [LiveSpans(self._score, model.config.tam_span) for _ in range(stride)]

    def push(self, frame: int) -> Iterator[tuple[int, float]]:
        """Take the next frame; yield frames whose logits are final."""
        self._block.append(frame)
        if len(self._block) == self._model.config.window * self._stride:
            yield from self._adapt()

    def finish(self) -> Iterator[tuple[int, float]]:
        """Yield the rest."""
        if self._block:
            yield from self._adapt()
        for span in self._spans:
            yield from span.finish()

    def _adapt(self) -> Iterator[tuple[int, float]]:
        model = self._model
        assert model.tam is not None
        for phase, frames in enumerate(phases(self._block, self._stride)):
            adapted = adapt(model, self._windows(frames), self._tokens)
            top = adapted.top(model)
            matches = match(model.prompt(adapted.text, self._tokens), self._tokens, top[None])
            yield from self._spans[phase].push(
                frames, adapted.text, model.tam.pooled(top)[None], matches
            )
        self._block = []

    def _score(self, text: Tensor, pooled: Tensor, matches: Tensor) -> Tensor:
        assert self._model.tam is not None
        scores: Tensor = self._model.tam(pooled, text, self._tokens.mask, matches)
        return scores


class Judged(NamedTuple):
    """A frame, its relevance 0..1, and whether it belongs to the moment."""

    frame: int
    relevance: float
    inside: bool


@dataclass
class MedianFilter:
    """`Moment.from_relevance` frame by frame: a frame is inside where the median exceeds a bound.

    The curve goes on at both ends with its own first and last value.
    """

    threshold: float
    width: int
    _values: deque[float] = field(default_factory=deque)
    _waiting: deque[tuple[int, float]] = field(default_factory=deque)

    @property
    def next(self) -> int | None:
        """The first frame that waits for those behind it, if any does."""
        return self._waiting[0][0] if self._waiting else None

    def push(self, frame: int, value: float) -> Iterator[Judged]:
        """Take the next frame; yield the one in the middle of the filter, if there is one."""
        if not self._values:
            self._values.extend([value] * (self.width // 2))
        self._waiting.append((frame, value))
        yield from self._next(value)

    def finish(self) -> Iterator[Judged]:
        """Yield the rest."""
        if self._waiting:
            last = self._waiting[-1][1]
            while self._waiting:
                yield from self._next(last)

    def _next(self, value: float) -> Iterator[Judged]:
        self._values.append(value)
        if len(self._values) == self.width:
            yield Judged(*self._waiting.popleft(), median(self._values) > self.threshold)
            self._values.popleft()


class LiveRelevance:
    """What TAM, of frames or of patches or both, says of a sentence.

    Attributes:
        best: the largest relevance so far.

    Args:
        model: TGL with a TAM.
        windows: gives what all sentences share of a window, by its frames.
        patches: gives the features of a window that patches are scored in, by its frames.
        tokens: the sentence.
        start: its first frame.
        stride: frames from one to the next in a window.
    """

    def __init__(
        self,
        model: TglModel,
        windows: Callable[[Sequence[int]], Windows],
        patches: Callable[[Sequence[int]], WindowFeatures],
        tokens: Tokens,
        start: int,
        stride: int,
    ) -> None:
        config = model.config
        self._model, self._stride = model, stride
        self._patches: LivePatches | None = None
        self._parts: list[LivePatches | LiveTam] = []
        if model.patches is not None:
            self._patches = LivePatches(model, patches, tokens.texts[0], stride)
            self._parts.append(self._patches)
        if model.tam is not None:
            self._parts.append(LiveTam(model, windows, tokens, stride))
        self._logits: list[dict[int, float]] = [{} for _ in self._parts]
        self._filter = MedianFilter(config.relevance_threshold, config.relevance_median)
        self._next = start
        self.best = 0.0

    @property
    def presence(self) -> float:
        """By patches, or the best frame's relevance; so far."""
        if self._patches is None:
            return self.best
        return float(torch.tensor(self._patches.presence).sigmoid())

    @property
    def delay(self) -> int:
        """Most frames that come after a frame before it is judged."""
        config, stride = self._model.config, self._stride
        spans = [config.tam_span * stride] if self._patches is not None else []
        if self._model.tam is not None:
            spans.append(_tam_delay(config.window, config.tam_span, stride))
        return int(max(spans)) + config.relevance_median // 2

    @property
    def next(self) -> int:
        """The first frame that is not judged yet; those behind it are not asked for any more."""
        waiting = self._filter.next
        return self._next if waiting is None else waiting

    def maps(self, frame: int) -> Tensor | None:
        """Take out what patches say of a judged frame, half precision [2, h, w]."""
        return None if self._patches is None else self._patches.maps.pop(frame, None)

    def push(self, frame: int) -> Iterator[Judged]:
        """Take the next frame; yield frames that are judged, in order."""
        for logits, part in zip(self._logits, self._parts, strict=True):
            logits.update(part.push(frame))
        yield from self._judged()

    def finish(self) -> Iterator[Judged]:
        """Yield the rest."""
        for logits, part in zip(self._logits, self._parts, strict=True):
            logits.update(part.finish())
        yield from self._judged()
        yield from self._filter.finish()

    def _judged(self) -> Iterator[Judged]:
        while all(self._next in logits for logits in self._logits):
            values = [logits.pop(self._next) for logits in self._logits]
            relevance = float(torch.tensor(values).mean().sigmoid())
            self.best = max(self.best, relevance)
            yield from self._filter.push(self._next, relevance)
            self._next += 1


def _tam_delay(window: int, span: int, stride: int) -> int:
    """Most frames until TAM's logit of a frame is final."""
    block, step = window * stride, span - span // 2
    worst = 0
    for start in range(0, step * window, step):  # frames of a phase at which spans start, a period
        last = start + span - 1  # of that phase
        arrives = (last // window + 1) * block - 1
        worst = max(worst, arrives - start * stride)
    return worst
