"""Scores of patches for all sentences of a session, worked out when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.results.journal import NO_JOURNAL, Journal
from momentvos.selection.selector import weighed
from momentvos.systems.patches.evidence import evidence
from momentvos.systems.patches.logits import (
    Frames,
    PatchLogits,
    WindowFeatures,
    patch_logits,
    read_sentences,
    window_features,
)
from momentvos.systems.patches.model import PatchModel
from momentvos.systems.windows import stride_for

if TYPE_CHECKING:
    from momentvos.systems.session import InferenceSession


class SessionPatches:
    """Scores of patches in one video.

    Args:
        model: has `patches`.
        frames: of the video.
        sentences: of the session.
        journal: keeps what is done.
    """

    def __init__(
        self,
        model: PatchModel,
        frames: Frames,
        sentences: Sequence[str],
        journal: Journal = NO_JOURNAL,
    ) -> None:
        self._model, self._frames = model, frames
        self._sentences, self._journal = sentences, journal
        self._logits: PatchLogits | None = None

    def logits(self, report: Callable[[int, int], None] | None = None) -> PatchLogits:
        """Scores of all sentences; report: called with frames done and their total."""
        if self._logits is None:
            read = (self._model, self._frames, self._sentences)
            self._logits = patch_logits(*read, report, self._journal)
        return self._logits

    @classmethod
    def of(cls, session: InferenceSession) -> SessionPatches | None:
        """Those of a session that reads F_SAM from its cache; None without the part."""
        model, cache, config = session.model, session.cache, session.config
        if model.patches is None:
            return None

        def features(frames: Sequence[int]) -> WindowFeatures:
            return window_features(model, cache.pixels(frames), cache(frames))

        stride = stride_for(session.video.fps, config.patch_rate)
        frames = Frames(len(session.video), features, config.patch_span, stride)
        return cls(model, frames, session.texts, session.journal)

    def evidence(self) -> Tensor:
        """What patches show of each sentence in each part of the video, see `evidence`."""
        read = read_sentences(self._model, self._sentences)
        return evidence(self._model, self._frames, read)

    def relevance(self, row: int, own: Sequence[float], share: float) -> tuple[float, ...]:
        """Relevance of all frames to a sentence, 0..1: the system's own, of which patches have a
        share 0..1.
        """
        curve = self.logits().relevance[row].sigmoid().tolist()
        return tuple(map(partial(weighed, share=share), own, curve))

    def presence(self, row: int) -> float:
        """Whether a sentence means anything, 0..1."""
        return float(self.logits().presence[row].sigmoid())

    def dense(self, places: Sequence[tuple[int, int]]) -> Tensor:
        """Dense prompts [N, C, h, w] of N sentences in frames: (row, frame) of each."""
        assert self._model.patch_prompt is not None
        maps = torch.stack([self.logits().maps.of(*place) for place in places])
        prompt: Tensor = self._model.patch_prompt(maps.to(self._model.device, self._model.dtype))
        return prompt
