"""Scores of patches for all sentences of a session, worked out when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from momentvos.results.journal import NO_JOURNAL, Journal
from momentvos.systems.patches.logits import Frames, PatchLogits, patch_logits
from momentvos.systems.patches.model import PatchModel


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

    def dense(self, places: Sequence[tuple[int, int]]) -> Tensor:
        """Dense prompts [N, C, h, w] of N sentences in frames: (row, frame) of each."""
        assert self._model.patch_prompt is not None
        maps = torch.stack([self.logits().maps[place] for place in places])
        prompt: Tensor = self._model.patch_prompt(maps.to(self._model.device, self._model.dtype))
        return prompt
