"""What TAM sees of a clip: all that is worked out before its first weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.systems.tgl.lessons import match
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class Views:
    """L lanes of T frames.

    Attributes:
        pooled: [L, T, P, C], `TemporalAlignment.pooled` of F_Adp.
        text: [L, N, D], E_Adp, the mean over the windows of a lane.
        mask: bool [L, N], True = real token.
        match: [L, T, K + C], `lessons.match` of frames.
    """

    pooled: Tensor
    text: Tensor
    mask: Tensor
    match: Tensor

    def scores(self, model: TglModel) -> Tensor:
        """Relevance logits of frames [L, T]."""
        assert model.tam is not None
        frames: Tensor = model.tam(self.pooled, self.text, self.mask, self.match)
        return frames


def views(model: TglModel, tokens: Tokens, top: Tensor, text: Tensor, prompts: Tensor) -> Views:
    """Of lanes that were adapted in W windows each.

    Args:
        model: TGL with TAM.
        tokens: its L sentences.
        top: F_Adp at stride 16 [L, T, C, h, w].
        text: E_Adp [L * W, N, D].
        prompts: rho_txt [L * W, K, C].
    """
    assert model.tam is not None
    lanes, frames = top.shape[:2]
    parts = len(text) // lanes
    windows = top.unflatten(1, (parts, -1)).flatten(0, 1)
    alike = match(prompts, tokens.repeat(parts), windows)
    return Views(
        pooled=model.tam.pooled(top.flatten(0, 1)).unflatten(0, (lanes, frames)),
        text=text.unflatten(0, (lanes, parts)).mean(1),
        mask=tokens.mask,
        match=alike.unflatten(0, (lanes, parts)).flatten(1, 2),
    )
