"""Proposal of the frame that the sampling meets: the one that CLIP finds most like the sentence."""

from __future__ import annotations

from collections.abc import Sequence

from momentvos.grounding.encoders import load
from momentvos.grounding.similarity import Similarity
from momentvos.media import Video


class Proposer:
    """CLIP beside VRS-HQ, which the released program takes from ViT-L/14 at 336 pixels.

    source: folder or hub id. device: where it runs.
    Raises ModelError where the weights cannot be had.
    """

    def __init__(self, source: str, device: str) -> None:
        self.source = source
        self._grounder = Similarity(f"clip={source}", load("clip", source, device), rate=None)

    def curves(self, video: Video, sentences: Sequence[str]) -> list[tuple[float, ...]]:
        """Similarity of every frame to each sentence, scaled to 0..1 within the video."""
        return [one.relevance for one in self._grounder.ground(video, sentences)]
