"""What TAM sees of a clip: all that is worked out before its first weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.sam2 import covered
from momentvos.systems.tgl.lessons import match
from momentvos.systems.tgl.outline import outline
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class Views:
    """L lanes of T frames, in each of which O things may be asked about.

    Attributes:
        pooled: [L, T, P, C], `TemporalAlignment.pooled` of F_Adp.
        text: [L, N, D], E_Adp, the mean over the windows of a lane.
        mask: bool [L, N], True = real token.
        match: [L, T, K + C], `lessons.match` of frames.
        things: [L, O, T, K + C], the same of things, or None.
        where: [L, O, T, OUTLINE], `outline` of things, or None.
    """

    pooled: Tensor
    text: Tensor
    mask: Tensor
    match: Tensor
    things: Tensor | None = None
    where: Tensor | None = None

    def scores(self, model: TglModel) -> tuple[Tensor, Tensor | None]:
        """Relevance logits of frames [L, T], and of things [L, O, T] where they are known."""
        assert model.tam is not None
        frames: Tensor = model.tam(self.pooled, self.text, self.mask, self.match)
        if self.things is None or self.where is None or model.things is None:
            return frames, None
        things: Tensor = model.things(self.pooled, self.text, self.mask, self.things, self.where)
        return frames, things


def views(
    model: TglModel,
    batch: ClipBatch,
    tokens: Tokens,
    top: Tensor,
    text: Tensor,
    prompts: Tensor,
    things: bool,
) -> Views:
    """Of lanes that were adapted in W windows each.

    Args:
        model: TGL with TAM.
        batch: the clip.
        tokens: its L sentences.
        top: F_Adp at stride 16 [L, T, C, h, w].
        text: E_Adp [L * W, N, D].
        prompts: rho_txt [L * W, K, C].
        things: show each of the batch's objects, too.
    """
    assert model.tam is not None
    lanes, frames = top.shape[:2]
    parts = len(text) // lanes
    repeated = tokens.repeat(parts)
    windows = top.unflatten(1, (parts, -1)).flatten(0, 1)
    alike = match(prompts, repeated, windows).unflatten(0, (lanes, parts)).flatten(1, 2)
    seen, where = None, None
    if things:
        each = batch.things()
        shares = covered(each, top)[batch.video]
        inside = shares.unflatten(2, (parts, -1)).transpose(1, 2).flatten(0, 1)
        seen = match(prompts, repeated, windows, inside).unflatten(0, (lanes, parts))
        seen = seen.transpose(1, 2).flatten(2, 3)
        where = outline(each).to(top)[batch.video]
    return Views(
        pooled=model.tam.pooled(top.flatten(0, 1)).unflatten(0, (lanes, frames)),
        text=text.unflatten(0, (lanes, parts)).mean(1),
        mask=tokens.mask,
        match=alike,
        things=seen,
        where=where,
    )
