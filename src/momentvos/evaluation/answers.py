"""Who answers the expressions of a MomentWorld video: a model, or a rule without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.data.world import Expression, Scene
    from momentvos.results.prediction import Prediction

Moments = Literal["model", "oracle", "all"]
"""Who says when: the model, the ground truth, or nobody (every frame is in M+)."""


@dataclass(frozen=True)
class Clip:
    """A rendered scene: frames uint8 [T, H, W, 3], ids uint8 [T, H, W] (k + 1 = object k)."""

    name: str
    scene: Scene
    frames: NDArray[Any]
    ids: NDArray[Any]

    def masks(self, objects: Sequence[int]) -> NDArray[np.bool_]:
        """Visible pixels of any of the objects, bool [T, H, W]."""
        return np.isin(self.ids, [number + 1 for number in objects])


@dataclass(frozen=True)
class Answer:
    """What is said about one expression: masks bool [T, H, W], empty where it is not found.

    moment, relevance (one figure a frame): None where the answerer does not say when.
    presence: how sure it is that there is anything to find, 0..1, or None.
    """

    found: bool
    masks: NDArray[np.bool_]
    moment: Moment | None = None
    relevance: Sequence[float] | None = None
    presence: float | None = None


class Answerer(Protocol):
    """Answers every expression asked about one video, in their order."""

    def __call__(self, clip: Clip, asked: Sequence[Expression]) -> Sequence[Answer]: ...


@dataclass(frozen=True)
class ModelAnswers:
    """A model with the `segment` of `TglModel`, asked all expressions of a video at once."""

    model: Any
    moments: Moments = "model"

    def __call__(self, clip: Clip, asked: Sequence[Expression]) -> list[Answer]:
        if not asked:
            return []
        video = ArrayVideo(clip.frames, clip.scene.fps, clip.name)
        sentences = [expression.sentence for expression in asked]
        moment: list[Moment] | Moment | None = None
        if self.moments == "oracle":
            moment = [expression.moment for expression in asked]
        elif self.moments == "all":
            moment = Moment.all(clip.scene.length)
        predictions = self.model.segment(video, sentences, moment=moment)
        return [self._answer(clip, prediction) for prediction in predictions]

    def _answer(self, clip: Clip, prediction: Prediction) -> Answer:
        masks = np.zeros(clip.ids.shape, dtype=bool)
        if prediction.found:
            for frame in prediction.masklet.frames():
                masks[frame] = prediction.masklet.get(frame)
        if self.moments != "model":
            return Answer(prediction.found, masks, presence=prediction.presence)
        moment = prediction.moment if prediction.found else Moment.empty()
        relevance = prediction.relevance or None
        return Answer(prediction.found, masks, moment, relevance, prediction.presence)


def category_rule(clip: Clip, asked: Sequence[Expression]) -> list[Answer]:
    """The trivial rule: perfect masks of every object of the named category, at all times."""
    answers = []
    for expression in asked:
        same = [
            number
            for number, thing in enumerate(clip.scene.objects)
            if thing.category == expression.category
        ]
        moment = Moment.all(clip.scene.length) if same else Moment.empty()
        answers.append(Answer(bool(same), clip.masks(same), moment))
    return answers
