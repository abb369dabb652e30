"""Tracking of what a person clicks on: SAM2 from points, without any sentence's say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from momentvos.errors import ModelError
from momentvos.guard import MISFITS, guarded
from momentvos.moment import Moment
from momentvos.propagation import DecoderOptions, Step, both_ways, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.results.masklet_builder import MaskletBuilder
from momentvos.results.prediction import Prediction
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection import mask_confidences
from momentvos.sentence import check
from momentvos.systems.click import Click, check_clicks
from momentvos.systems.loading import evaluating

if TYPE_CHECKING:
    from momentvos.media import Video
    from momentvos.systems.base import System
    from momentvos.systems.session import Progress

METHOD = "SAM2 from clicks"


def track(
    model: System,
    video: Video,
    sentence: str,
    clicks: Sequence[Click],
    moment: Moment | None = None,
    progress: Progress | None = None,
) -> Prediction:
    """Masks of the clicked object in every frame, from the clicks both ways.

    sentence: what the object is called. moment: when the sentence holds; None: as long as the
    object is seen. Raises ArgumentError as `check_clicks`, SentenceError.
    """
    check(sentence)
    length, sam = len(video), model.sam
    by_frame = check_clicks(clicks, video.size, length)
    plan = both_ways(
        range(length), list(by_frame), list(by_frame).index(clicks[0].frame), given="points"
    )
    cache = FeatureCache(sam, video, "stretch", model.config.image_resizer, least=len(by_frame))

    def features(steps: Sequence[Step]) -> Pyramid:
        return cache([step.frame for step in steps])

    def prompts(steps: Sequence[Step]) -> Prompt:
        (step,) = steps
        points = [[one.x, one.y] for one in by_frame[step.frame]]
        labels = [int(one.object) for one in by_frame[step.frame]]
        square = cache.to_square(torch.tensor([points], device=sam.device))
        return Prompt(points=square, labels=torch.tensor([labels], device=sam.device))

    def report(done: int) -> None:
        if progress is not None:
            progress("tracking", done, length)

    masks = MaskletBuilder(video.size, length, report)
    presence = 0.0
    options = DecoderOptions.of_sam2(sam.config, length)
    with evaluating(model), guarded(ModelError, f"'{model.name}' cannot track this", MISFITS):
        for part in run(sam, plan, features, prompts, options):
            logits = part.decoded.logits
            there = part.decoded.score.float().sigmoid().tolist()
            inside = mask_confidences(logits)
            rows = zip(part.steps, cache.masks(logits), there, inside, strict=True)
            for step, mask, probability, sure in rows:
                masks.add(step.frame, mask, probability * sure, probability > 0.5)
                if step.frame in by_frame:
                    presence = max(presence, probability)
    seen = Moment.from_flags(masks.visible)
    held = seen if moment is None else moment
    found = bool(seen) and bool(held)
    held = held if found else Moment.empty()
    return Prediction(
        video=video.facts,
        sentence=sentence,
        model=model.name,
        found=found,
        presence=presence if found else 0.0,
        moment=held,
        seconds=tuple(held.seconds(video.times, video.durations)),
        relevance=tuple(map(float, held.flags(length))),
        scores=tuple(masks.scores),
        masklet=masks.masklet,
        notes=(*video.notes, "the object was clicked on, not found by the sentence"),
        method=METHOD,
        domain=model.config.domain,
        source=video,
    )
