"""What a model needs to score patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.selection.track_selector import SentenceEncoder
from momentvos.systems.patches.motion import MotionEncoder
from momentvos.systems.patches.prompt import PatchPrompt
from momentvos.systems.patches.relevance import PatchRelevance


class PatchModel(SentenceEncoder, Protocol):
    """A system with `patch_dim`.

    Attributes:
        config: with `image_size`, the side of SAM2's square.
        sam: SAM2.
        motion: encoder of motion. patches: what scores patches. patch_prompt: the dense prompt made
            of its scores. None where the model has no such part.
    """

    config: Any
    sam: Sam2VideoModel
    motion: MotionEncoder | None
    patches: PatchRelevance | None
    patch_prompt: PatchPrompt | None

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """Type of its weights."""
        ...

    def embed_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Embeddings of the tokens of `encode_words`, [L, N, E], and bool [L, N]."""
        ...
