"""Grounding by similarity of sentences with frames or short windows (TGL Table 4a)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from momentvos.grounding.protocol import Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.scan import fill, grid, stride_for, windows
from momentvos.grounding.select import TOP_K, keyframes, rescale, top_k
from momentvos.grounding.weights import running
from momentvos.moment import Moment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentvos.media import Video

RATE = 8.0
"""Frames a second that are looked at by default."""


@dataclass(frozen=True)
class Texts:
    """Encoded sentences of a scorer. notes: per sentence, for the user."""

    inputs: Any
    notes: tuple[tuple[str, ...], ...]


class Scorer(Protocol):
    """A model that scores frames for sentences.

    calibrated: whether a score is a probability, 0..1; otherwise only the order counts.
    size, overlap: frames that are scored at once, and how many of them again in the next run.
    """

    @property
    def calibrated(self) -> bool: ...

    @property
    def size(self) -> int: ...

    @property
    def overlap(self) -> int: ...

    def texts(self, sentences: Sequence[str]) -> Texts:
        """Encode L sentences."""

    def score(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        """Scores [L, n] of n frames uint8 [H, W, 3]; each frame is embedded once for all L."""


@dataclass(frozen=True)
class Similarity:
    """A scorer as a grounder: M+ is the k best frames, or those above a threshold.

    rate: frames a second that are looked at, None for all; the others take the relevance of the
    nearest one and are not chosen by `k`. Relevance is the score where scores are probabilities,
    and otherwise the score's place between the lowest and the highest of the video, which says
    where, but not whether.
    """

    name: str
    scorer: Scorer
    k: int = TOP_K
    threshold: float | None = None
    rate: float | None = RATE

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        places = allowed(video, sentences, inside)
        stride = stride_for(video.fps, self.rate)
        own = [grid(moment, stride) for moment in places]
        with torch.inference_mode():
            with running(self.name):
                texts = self.scorer.texts(sentences)
            frames = sorted(set().union(*own)) if own else []
            scores = self._scores(video, frames, texts, report)
        columns = {frame: column for column, frame in enumerate(frames)}
        answers = []
        for row, (sentence, moment) in enumerate(zip(sentences, places, strict=True)):
            values = scores[row, [columns[frame] for frame in own[row]]].tolist()
            answers.append(
                self._answer(sentence, own[row], values, moment, len(video), texts.notes[row])
            )
        return answers

    def _scores(
        self, video: Video, frames: Sequence[int], texts: Texts, report: Report | None
    ) -> Tensor:
        """[L, F] of the given frames, averaged over the runs that hold a frame."""
        columns = {frame: column for column, frame in enumerate(frames)}
        total = torch.zeros(len(texts.notes), len(frames))
        count = torch.zeros(len(frames))
        for run in windows(video.read(frames), self.scorer.size, self.scorer.overlap):
            places = [columns[frame.index] for frame in run]
            with running(self.name):
                scored = self.scorer.score([frame.rgb for frame in run], texts)
                total[:, places] += scored.float().cpu()
            count[places] += 1
            if report is not None:
                report(places[-1] + 1, len(frames))
        return total / count.clamp(min=1)

    def _answer(
        self,
        sentence: str,
        frames: Sequence[int],
        scores: Sequence[float],
        moment: Moment,
        length: int,
        notes: tuple[str, ...],
    ) -> Grounding:
        if not frames:
            return Grounding(sentence, self.name, (0.0,) * length, Moment.empty(), (), notes=notes)
        values = list(scores) if self.scorer.calibrated else rescale(scores)
        curve = fill(frames, values, moment, length)
        if self.threshold is None:
            best = [frames[place] for place in top_k(scores, self.k)]
            return Grounding(
                sentence,
                self.name,
                tuple(curve),
                Moment.from_frames(best),
                tuple(best),
                notes=notes,
            )
        chosen = Moment.from_flags(
            inside and value > self.threshold
            for inside, value in zip(moment.flags(length), curve, strict=True)
        )
        best_frames = keyframes(curve, chosen, self.k) if chosen else ()
        return Grounding(sentence, self.name, tuple(curve), chosen, best_frames, notes=notes)


def tokens(tokenizer: Any, sentences: Sequence[str], limit: int, **padding: Any) -> tuple[Any, Any]:
    """Padded ids of L sentences, at most `limit` tokens each, and a note on each that was cut."""
    whole = tokenizer(list(sentences), truncation=False, verbose=False)["input_ids"]
    notes = tuple(
        (f"the sentence was cut off after {limit} of {len(ids)} tokens",)
        if len(ids) > limit
        else ()
        for ids in whole
    )
    padding = {"padding": True} | padding
    encoded = tokenizer(
        list(sentences), truncation=True, max_length=limit, return_tensors="pt", **padding
    )
    return encoded, notes
