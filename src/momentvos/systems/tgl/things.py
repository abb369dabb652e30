"""TAM asked of things: is what was followed the thing that is meant, and when?

Not part of the paper, whose TAM scores whole frames. A frame in which some dog jumps is relevant
to "the dog that jumps" whichever dog it is; two dogs are told apart by asking of each
(`tam.ThingAlignment`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.sam2 import covered
from momentvos.systems.tgl.features import Adapted
from momentvos.systems.tgl.lessons import match
from momentvos.systems.tgl.outline import outline
from momentvos.systems.tgl.spans import Spans
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class _Window:
    """n frames that were adapted together, as TAM needs them: E_Adp [1, N, D], pooled places
    [1, n, P, C], prompt tokens [1, K, C] and F_Adp at stride 16 [1, n, C, h, w].
    """

    frames: Sequence[int]
    text: Tensor
    pooled: Tensor
    prompts: Tensor
    top: Tensor


@dataclass
class ThingGrounder:
    """Says of things followed through some blocks how relevant each frame is, were they meant.

    Attributes:
        model: TGL with `tam_things`.
        tokens: one sentence.
        stride: frames from one to the next in a window.
        length: frames of the video.
    """

    model: TglModel
    tokens: Tokens
    stride: int
    length: int
    _blocks: dict[int, list[_Window]] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget all blocks."""
        self._blocks.clear()

    def __contains__(self, block: int) -> bool:
        return block in self._blocks

    def push(self, block: int, frames: Sequence[int], adapted: Adapted, prompts: Tensor) -> None:
        """Add the next window, adapted to the sentence, of the block of that number."""
        assert self.model.things is not None
        top = adapted.top(self.model)
        pooled = self.model.things.pooled(top)[None]
        window = _Window(frames, adapted.text, pooled, prompts, top[None])
        self._blocks.setdefault(block, []).append(window)

    def __call__(self, masks: Mapping[int, NDArray[np.bool_]]) -> dict[int, float]:
        """Relevance logits by frame, of those frames of the blocks in which a thing is.

        masks: bool [s, s] by frame, the square that the model sees.
        """
        things = self.model.things
        assert things is not None

        def score(text: Tensor, pooled: Tensor, likeness: Tensor, where: Tensor) -> Tensor:
            scores: Tensor = things(pooled, text, self.tokens.mask, likeness[None], where[None])
            return scores[0]

        nowhere = np.zeros_like(next(iter(masks.values()))) if masks else np.zeros((1, 1), bool)
        span = self.model.config.tam_span
        spans = [Spans(score, 1, span, self.length) for _ in range(self.stride)]
        windows = [pair for _, block in sorted(self._blocks.items()) for pair in enumerate(block)]
        for phase, window in windows:
            shown = np.stack([masks.get(frame, nowhere) for frame in window.frames])
            pixels = torch.from_numpy(shown).to(window.top.device)
            where = covered(pixels, window.top)[None, None]
            likeness = match(window.prompts, self.tokens, window.top, where)[0]
            told = outline(pixels).to(likeness)[None]
            spans[phase].push(window.frames, window.text, window.pooled, likeness, told)
        total = sum((one.finish() for one in spans[1:]), spans[0].finish())[0]
        known = {frame for _, window in windows for frame in window.frames}
        return {frame: float(total[frame]) for frame in sorted(known & masks.keys())}
