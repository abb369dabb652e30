"""The tracks that a system follows for some sentences: training data of the selector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from momentvos.selection.geometry import OUTLINE

if TYPE_CHECKING:
    from momentvos.media import Video

_COLLECTED: ContextVar[list[Tensor] | None] = ContextVar("collected", default=None)


@torch.no_grad()
def collect_tracks(model: Any, video: Video, sentences: Sequence[str]) -> Tensor:
    """Mask geometry [P, T, OUTLINE] of every track that the model follows for the sentences.

    model: a system with track selection. Tracks that are not known in all T frames of the video,
    because it is longer than what is followed at once, and tracks that are nowhere visible are
    left out.
    """
    with _collecting() as collected:
        model.segment(video, list(sentences))
    whole = [tracks for tracks in collected if tracks.shape[1] == len(video)]
    kept = [track.float() for tracks in whole for track in tracks[(tracks[..., 3] > 0).any(1)]]
    return torch.stack(kept) if kept else torch.zeros(0, len(video), OUTLINE, device=model.device)


def note(tracks: Tensor) -> None:
    """Hand over the geometry [O, T, OUTLINE] of tracks, where somebody collects them."""
    collected = _COLLECTED.get()
    if collected is not None:
        collected.append(tracks)


@contextmanager
def _collecting() -> Iterator[list[Tensor]]:
    collected: list[Tensor] = []
    token = _COLLECTED.set(collected)
    try:
        yield collected
    finally:
        _COLLECTED.reset(token)
