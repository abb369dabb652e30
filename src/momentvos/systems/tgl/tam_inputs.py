"""TAM's inputs: features that do not depend on its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.sam2 import to_pixels
from momentvos.systems.tgl.clip_features import adapt_windows
from momentvos.systems.tgl.features import shared_features
from momentvos.systems.tgl.similarity import match
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class TamInputs:
    """Inputs of L queries about T frames each.

    Attributes:
        pooled: [L, T, P, C], `TemporalAlignment.pooled` of F_Adp.
        text: [L, N, D], E_Adp, the mean over the windows of a query.
        mask: bool [L, N], True = real token.
        match: [L, T, K + C], `similarity.match` of frames.
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


def tam_inputs(
    model: TglModel, tokens: Tokens, top: Tensor, text: Tensor, prompts: Tensor
) -> TamInputs:
    """Inputs of queries that were adapted in W windows each.

    Args:
        model: TGL with TAM.
        tokens: its L sentences.
        top: F_Adp at stride 16 [L, T, C, h, w].
        text: E_Adp [L * W, N, D].
        prompts: rho_txt [L * W, K, C].
    """
    assert model.tam is not None
    queries, frames = top.shape[:2]
    parts = len(text) // queries
    windows = top.unflatten(1, (parts, -1)).flatten(0, 1)
    matches = match(prompts, tokens.repeat(parts), windows)
    return TamInputs(
        pooled=model.tam.pooled(top.flatten(0, 1)).unflatten(0, (queries, frames)),
        text=text.unflatten(0, (queries, parts)).mean(1),
        mask=tokens.mask,
        match=matches.unflatten(0, (queries, parts)).flatten(1, 2),
    )


@torch.no_grad()
def clip_inputs(model: TglModel, batch: ClipBatch) -> TamInputs:
    """Inputs of all frames of a training clip, as at inference: for training TAM alone."""
    training = model.training
    model.eval()
    frames = batch.moment.shape[1]
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    place = batch.video[:, None] * frames + torch.arange(frames, device=batch.video.device)
    tokens = model.tokenize(batch.sentences)
    clip = adapt_windows(model, shared, place, tokens)
    top = clip.adapted.top(model).unflatten(0, place.shape)
    model.train(training)
    return tam_inputs(model, tokens, top, clip.adapted.text, clip.prompts)
