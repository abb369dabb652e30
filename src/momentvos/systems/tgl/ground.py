"""TGL's own grounder: relevance of every frame by TAM (appendix A.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.systems.tgl.features import adapted_features
from momentvos.systems.tgl.shared_cache import SharedCache
from momentvos.systems.tgl.similarity import match
from momentvos.systems.tgl.spans import Spans
from momentvos.systems.tgl.windows import blocks, phases, stride_for
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


def relevance(
    model: TglModel,
    cache: SharedCache,
    tokens: Tokens,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Relevance logits [L, T] of all frames of the cache's video for L sentences.

    One pass over the video in windows; memory beside the scores does not grow with it.

    Args:
        model: TGL with a TAM.
        cache: features of the video's frames.
        tokens: the sentences.
        progress: called with the number of frames done and their total.
    """
    assert model.tam is not None
    length = len(cache.video)
    stride = stride_for(cache.video.fps, model.config.rate)
    tam = model.tam

    def score(text: Tensor, pooled: Tensor, matches: Tensor) -> Tensor:
        scores: Tensor = tam(pooled, text, tokens.mask, matches)
        return scores

    spans = [Spans(score, len(tokens), model.config.tam_span, length) for _ in range(stride)]
    done = 0
    for block in blocks(range(length), model.config.window, stride):
        shared = cache(block)
        for phase, frames in enumerate(phases(block, stride)):
            rows = torch.arange(phase, len(block), stride, device=model.device)
            first = torch.zeros(len(tokens), dtype=torch.long, device=model.device)
            window = shared.select(rows)
            adapted = adapted_features(model, window, tokens, about=(first, len(rows)))
            top = adapted.top(model)
            pooled = model.tam.pooled(top).unflatten(0, (len(tokens), -1))
            prompts = model.prompt(adapted.text, tokens)
            matches = match(prompts, tokens, top.unflatten(0, (len(tokens), -1)))
            spans[phase].push(frames, adapted.text, pooled, matches)
        done += len(block)
        if progress is not None:
            progress(done, length)
    total = sum((span.finish() for span in spans), torch.zeros(()))
    assert isinstance(total, Tensor)
    return total
