"""TGL's own grounder: relevance of every frame by TAM (appendix A.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.results.journal import NO_JOURNAL, UNUSABLE, Journal
from momentvos.results.record import State
from momentvos.systems.tgl.features import Adapted, adapt
from momentvos.systems.tgl.shared_cache import SharedCache
from momentvos.systems.tgl.similarity import match
from momentvos.systems.tgl.spans import Spans
from momentvos.systems.tgl.windowed import AdaptedWindow, encoded_windows
from momentvos.systems.windows import blocks, stride_for
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


Keep = Callable[[int, Sequence[int], list[AdaptedWindow]], bool]
"""Called with a sentence's place, the frames of a block, and its windows; False: no more of it."""


def relevance(
    model: TglModel,
    cache: SharedCache,
    tokens: Tokens,
    progress: Callable[[int, int], None] | None = None,
    keep: Keep | None = None,
    journal: Journal = NO_JOURNAL,
) -> Tensor:
    """Relevance logits [L, T] of all frames of the cache's video for L sentences.

    One pass over the video in windows; memory beside the scores does not grow with it.

    Args:
        model: TGL with a TAM.
        cache: features of the video's frames.
        tokens: the sentences.
        progress: called with the number of frames done and their total.
        keep: takes the adapted features, for prompting.
        journal: keeps what is done.
    """
    assert model.tam is not None
    length = len(cache.video)
    stride = stride_for(cache.video.fps, model.config.rate)
    tam = model.tam

    def score(text: Tensor, pooled: Tensor, matches: Tensor) -> Tensor:
        scores: Tensor = tam(pooled, text, tokens.mask, matches)
        return scores

    each = [tokens.select([row]) for row in range(len(tokens))]
    spans = [Spans(score, len(tokens), model.config.tam_span, length) for _ in range(stride)]
    cut = list(blocks(range(length), model.config.window, stride))
    first = _restored(journal, spans, model.device)
    done = sum(map(len, cut[:first]))
    if done and progress is not None:
        progress(done, length)
    for number, block in enumerate(cut[first:], first + 1):
        kept: list[list[AdaptedWindow]] = [[] for _ in each]
        for phase, (frames, windows) in enumerate(encoded_windows(model, cache, block, stride)):
            parts = []
            for row, one in enumerate(each):
                adapted = adapt(model, windows, one)
                if keep is not None:
                    alike = kept[0][phase] if row else None
                    kept[row].append(AdaptedWindow.of(model, adapted, one, alike))
                parts.append(_scored(model, adapted, one, tokens.mask.shape[1]))
            spans[phase].push(frames, *(torch.cat(part) for part in zip(*parts, strict=True)))
        if keep is not None and not all(keep(row, block, one) for row, one in enumerate(kept)):
            keep = None
        done += len(block)
        if journal.due:
            made = State({"blocks": number})
            for phase, span in enumerate(spans):
                made.add(f"{phase}", span.state())
            journal.put("tam", made)
        if progress is not None:
            progress(done, length)
    total = sum((span.finish() for span in spans), torch.zeros(()))
    assert isinstance(total, Tensor)
    return total


def _restored(journal: Journal, spans: Sequence[Spans], device: torch.device) -> int:
    """Blocks that are done, whose scores the spans take over."""
    state = journal.get("tam") if journal else None
    if state is None:
        return 0
    try:
        blocks_done = int(state.values["blocks"])
        parts = [state.part(f"{phase}") for phase in range(len(spans))]
        for span, part in zip(spans, parts, strict=True):
            span.restore(part, device)
        return blocks_done
    except UNUSABLE:
        journal.damaged("tam")
        for span in spans:
            span.clear()
        return 0


def _scored(
    model: TglModel, adapted: Adapted, tokens: Tokens, words: int
) -> tuple[Tensor, Tensor, Tensor]:
    """What TAM reads of a sentence in a window: E_Adp [1, words, D], and two parts of each frame.

    Sentences are adapted one by one, without each other's padding, and padded afterwards.
    """
    assert model.tam is not None
    top = adapted.top(model)
    prompts = model.prompt(adapted.text, tokens)
    text = F.pad(adapted.text, (0, 0, 0, words - adapted.text.shape[1]))
    return text, model.tam.pooled(top)[None], match(prompts, tokens, top[None])
