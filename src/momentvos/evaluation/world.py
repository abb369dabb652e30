"""Measure a model, or a rule, on MomentWorld: masks, moments and presence in one score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from momentvos.evaluation.answers import (
    Answer,
    Answerer,
    Clip,
    ModelAnswers,
    Moments,
    category_rule,
)
from momentvos.evaluation.masks import score_masks
from momentvos.evaluation.moments import mean, temporal_iou, top1
from momentvos.evaluation.scores import ExpressionScore, WorldScore

if TYPE_CHECKING:
    from momentvos.data.world import Expression

Progress = Callable[[int, int], None]
"""Told after each video: videos done, videos in all."""


def evaluate_world(
    model: Any,
    split: str = "test",
    videos: int = 200,
    seed: int = 0,
    moments: Moments = "model",
    size: int = 256,
    progress: Progress | None = None,
) -> WorldScore:
    """Score a model on the scenes `seed` .. `seed + videos - 1` of a split, size x size pixels.

    model: anything with the `segment` of `TglModel`, which is given each video once, with all its
    expressions. moments: "model" lets it find them; "oracle" gives the true ones, and then
    expressions without target are not asked; "all" gives all frames.
    """
    answer = ModelAnswers(model, moments)
    return evaluate(answer, split, videos, seed, size, moments == "oracle", progress)


def evaluate_category_rule(
    split: str = "test",
    videos: int = 200,
    seed: int = 0,
    size: int = 256,
    progress: Progress | None = None,
) -> WorldScore:
    """Score the rule that knows every mask, and gives those of the named category, always."""
    score = evaluate(category_rule, split, videos, seed, size, progress=progress)
    return replace(score, seconds=0.0)


def evaluate(
    answer: Answerer,
    split: str,
    videos: int,
    seed: int = 0,
    size: int = 256,
    targets_only: bool = False,
    progress: Progress | None = None,
) -> WorldScore:
    """Score whoever answers. targets_only: leave out the expressions that refer to nothing."""
    rows: list[ExpressionScore] = []
    frames, seconds, expected = 0, 0.0, 0
    for number in range(videos):
        clip = _render(split, seed + number, size)
        asked = [one for one in clip.scene.expressions if one.targets or not targets_only]
        expected += len(asked)
        start = perf_counter()
        answers = answer(clip, asked)
        seconds += perf_counter() - start
        frames += clip.scene.length * len(asked)
        rows += [_score(clip, *pair) for pair in zip(asked, answers, strict=True)]
        if progress is not None:
            progress(number + 1, videos)
    return WorldScore(tuple(rows), expected, frames, seconds)


def _render(split: str, seed: int, size: int) -> Clip:
    from momentvos.data.world import render, scene
    from momentvos.data.world.stream import video_id

    made = scene(seed, split)
    frames, ids = render(made, range(made.length), size)
    return Clip(video_id(split, seed), made, np.asarray(frames), np.asarray(ids))


def _score(clip: Clip, expression: Expression, answer: Answer) -> ExpressionScore:
    truth = clip.masks([number for number, _ in expression.targets])
    scores = score_masks(truth, answer.masks if answer.found else np.zeros_like(truth))
    wanted = expression.moment
    asked = bool(expression.targets)
    within = np.array(wanted.flags(clip.scene.length))
    return ExpressionScore(
        video=clip.name,
        expression=expression.id,
        sentence=expression.sentence,
        kind=expression.kind,
        target=asked,
        found=answer.found,
        j=float(scores.j.mean()),
        f=float(scores.f.mean()),
        inside=_mean(scores.jf[within]) if asked else None,
        outside=_mean(scores.jf[~within]) if asked else None,
        top1=top1(answer.relevance, wanted) if asked and answer.relevance else None,
        tiou=temporal_iou(wanted, answer.moment) if asked and answer.moment is not None else None,
        presence=answer.presence,
    )


def _mean(figures: NDArray[np.float64]) -> float | None:
    return mean(figures.tolist())
