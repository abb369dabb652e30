"""Measure a model, or a rule, on MomentWorld in memory: masks, moments and presence in one score.

The same samples and the same `score` as ``momentvos eval world``, without a folder of answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Literal

import numpy as np

from momentvos.evaluation.scenes import SceneSample, WorldSource
from momentvos.evaluation.score import Answer, score
from momentvos.evaluation.scores import ExpressionScore, WorldScore
from momentvos.masklet import Masklet
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment

Moments = Literal["model", "oracle", "all"]
"""Who says when: the model, the ground truth, or nobody (every frame is in M+)."""

Progress = Callable[[int, int], None]
"""Called after each video: videos done, videos in all."""

Answerer = Callable[[ArrayVideo, Sequence[SceneSample]], Sequence[Answer]]
"""Answers every expression asked about one video, in their order."""


def evaluate_world(
    model: Any,
    split: str = "test",
    videos: int = 200,
    seed: int = 0,
    moments: Moments = "model",
    size: int = 256,
    progress: Progress | None = None,
    *,
    selection: bool | None = None,
    world: str = "v1",
) -> WorldScore:
    """Score a model on the scenes `seed` .. `seed + videos - 1` of a split, size x size pixels.

    model: anything with the `segment` of `System`, which is given each video once, with all its
    expressions. moments: "model" lets it find them; "oracle" gives the true ones, and then
    expressions without target are not asked; "all" gives all frames. selection: False asks the
    system as published. world: version of MomentWorld.
    """
    options = {} if selection is None else {"selection": selection}

    def answer(video: ArrayVideo, asked: Sequence[SceneSample]) -> Sequence[Answer]:
        moment: list[Moment] | Moment | None = None
        if moments == "oracle":
            moment = [one.moment for one in asked]
        elif moments == "all":
            moment = Moment.all(len(video))
        sentences = [one.sentence for one in asked]
        predictions: Sequence[Answer] = model.segment(video, sentences, moment=moment, **options)
        return predictions

    source = WorldSource(seed, size, world)
    return _evaluate(answer, source, split, videos, moments, progress)


def evaluate_category_rule(
    split: str = "test",
    videos: int = 200,
    seed: int = 0,
    size: int = 256,
    progress: Progress | None = None,
    *,
    world: str = "v1",
) -> WorldScore:
    """Score the rule that knows every mask, and gives those of the named category, always."""
    whole = _evaluate(
        _of_category, WorldSource(seed, size, world), split, videos, "model", progress
    )
    return replace(whole, seconds=0.0)


def _evaluate(
    answer: Answerer,
    source: WorldSource,
    split: str,
    videos: int,
    moments: Moments,
    progress: Progress | None,
) -> WorldScore:
    rows: list[ExpressionScore] = []
    frames, seconds = 0, 0.0
    for done, group in enumerate(source.videos(split, videos), start=1):
        asked = [one for one in group if one.targets or moments != "oracle"]
        if asked:
            video = asked[0].video()
            start = perf_counter()
            answers = answer(video, asked)
            seconds += perf_counter() - start
            frames += len(video) * len(asked)
            rows += [
                score(*pair, moments == "model", extra=False)
                for pair in zip(asked, answers, strict=True)
            ]
        if progress is not None:
            progress(done, videos)
    return WorldScore(tuple(rows), len(rows), frames, seconds)


@dataclass(frozen=True)
class _Rule:
    """The answer of a rule: all objects of a category, in every frame."""

    found: bool
    masklet: Masklet
    moment: Moment
    relevance: tuple[float, ...] = ()
    presence: float | None = None


def _of_category(video: ArrayVideo, asked: Sequence[SceneSample]) -> list[_Rule]:
    answers = []
    for sample in asked:
        labels = [
            number + 1
            for number, actor in enumerate(sample.scene.objects)
            if actor.category == sample.category
        ]
        masklet = Masklet(video.size)
        for frame, ids in enumerate(sample.drawing.ids):
            masklet.set(frame, np.isin(ids, labels))
        moment = Moment.all(len(video)) if labels else Moment.empty()
        answers.append(_Rule(bool(labels), masklet, moment))
    return answers
