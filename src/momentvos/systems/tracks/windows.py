"""When a sentence holds: asked per window, and again where the answers change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from momentvos.moment import midpoints

MOST = 24
"""Windows that are asked about first; a longer video has longer gaps between them."""
SHOWN = 4
"""Pictures of a window."""
REFINED = 3
"""Times that the way between two answers that differ is halved."""
CERTAIN = 6.0
"""Largest log-odds of a window."""


@dataclass(frozen=True)
class Windows:
    """Windows over some frames of a video.

    Attributes:
        frames: ascending, those in which there is something to ask about.
        span: frames of a window.
        ask: log-odds that the sentence holds in some of the frames; None where nobody answers.
    """

    frames: Sequence[int]
    span: int
    ask: Callable[[Sequence[int]], float | None]

    def log_odds(self) -> dict[int, float] | None:
        """Log-odds of each frame, on straight lines between the middles of windows.

        None where there was no answer.
        """
        length = len(self.frames)
        stride = max(self.span, -(-length // MOST))
        known: dict[float, float] = {}
        for start in range(0, length, stride):
            self._put(known, start + (min(stride, length - start) - 1) / 2, self.span)
        for turn in range(REFINED):
            for before, after in pairwise(sorted(known)):
                if after - before > 1 and (known[before] >= 0) != (known[after] >= 0):
                    self._put(known, (before + after) / 2, max(self.span >> (turn + 1), 1))
        if not known:
            return None
        middles = sorted(known)
        values = np.interp(range(length), middles, [known[middle] for middle in middles])
        return dict(zip(self.frames, values.tolist(), strict=True))

    def _put(self, known: dict[float, float], middle: float, span: int) -> None:
        """Ask about a window of `span` frames around a place among the frames."""
        first = min(max(int(np.ceil(middle - (span - 1) / 2)), 0), len(self.frames) - 1)
        shown = self.frames[first : first + span]
        odds = self.ask(midpoints(shown, SHOWN))
        if odds is not None:
            known[first + (len(shown) - 1) / 2] = max(-CERTAIN, min(CERTAIN, odds))
