"""TGL's own grounder: relevance of every frame by TAM, and the moment it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.errors import ModelError
from momentvos.grounding.protocol import allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.select import TOP_K, keyframes
from momentvos.moment import Moment
from momentvos.systems.tgl.features import adapted_features
from momentvos.systems.tgl.reader import FeatureReader
from momentvos.systems.tgl.similarity import match
from momentvos.systems.tgl.spans import Spans
from momentvos.systems.tgl.windows import blocks, phases, stride_for
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.media import Video
    from momentvos.systems.tgl.model import TglModel


def relevance(
    model: TglModel,
    reader: FeatureReader,
    tokens: Tokens,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Relevance logits [L, T] of all frames of the reader's video for L sentences.

    One pass over the video in windows; what is kept beside the scores does not grow with it.

    Args:
        model: TGL with a TAM.
        reader: features of the video.
        tokens: the sentences.
        progress: told how many frames of how many are done.
    """
    assert model.tam is not None
    length = len(reader.video)
    stride = stride_for(reader.video.fps, model.config.rate)
    tam = model.tam

    def score(text: Tensor, pooled: Tensor, likeness: Tensor) -> Tensor:
        scores: Tensor = tam(pooled, text, tokens.mask, likeness)
        return scores

    spans = [Spans(score, len(tokens), model.config.tam_span, length) for _ in range(stride)]
    done = 0
    for block in blocks(range(length), model.config.window, stride):
        shared = reader.shared(block)
        for phase, frames in enumerate(phases(block, stride)):
            rows = torch.arange(phase, len(block), stride, device=model.device)
            first = torch.zeros(len(tokens), dtype=torch.long, device=model.device)
            window = shared.select(rows)
            adapted = adapted_features(model, window, tokens, about=(first, len(rows)))
            top = adapted.top(model)
            pooled = model.tam.pooled(top).unflatten(0, (len(tokens), -1))
            prompts = model.prompt(adapted.text, tokens)
            likeness = match(prompts, tokens, top.unflatten(0, (len(tokens), -1)))
            spans[phase].push(frames, adapted.text, pooled, likeness)
        done += len(block)
        if progress is not None:
            progress(done, length)
    total = sum((span.finish() for span in spans), torch.zeros(()))
    assert isinstance(total, Tensor)
    return total


@dataclass(frozen=True)
class TamGrounder:
    """A TGL's TAM by the protocol of `momentvos.grounding`. Puts the model into evaluation mode.

    Frames outside what is allowed count for nothing; where relevance says that there is nothing
    to find, the moment is empty.
    """

    model: TglModel
    name: str = "model"
    k: int = TOP_K

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Callable[[int, int], None] | None = None,
    ) -> list[Grounding]:
        """See `momentvos.grounding.Grounder`. Raises ModelError for a model without TAM."""
        if self.model.tam is None:
            raise ModelError("This model has no grounder of its own; name another one.")
        config = self.model.eval().config
        with torch.inference_mode():
            tokens = self.model.tokenize(sentences)
            logits = relevance(self.model, FeatureReader(self.model, video), tokens, report)
        answers = []
        for sentence, curve, place, notes in zip(
            sentences,
            logits.sigmoid().tolist(),
            allowed(video, sentences, inside),
            tokens.sentence_notes,
            strict=True,
        ):
            flags = place.flags(len(video))
            kept = [value if flag else 0.0 for value, flag in zip(curve, flags, strict=True)]
            moment = Moment.empty()
            if place and max(kept) >= config.presence_threshold:
                moment = place & Moment.from_relevance(
                    kept, config.relevance_threshold, config.relevance_median
                )
            best = keyframes(kept, moment, self.k) if moment else ()
            answers.append(Grounding(sentence, self.name, tuple(kept), moment, best, notes=notes))
        return answers
