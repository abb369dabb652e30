"""What a person clicks on: one of the tracks of track selection, or SAM2 from the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from momentvos.selection import mask_confidences, run_together
from momentvos.selection.clicked import ClickSelector, Point
from momentvos.selection.selection import WINDOW
from momentvos.sentence import check
from momentvos.systems.answer import Answer
from momentvos.systems.click import Click, check_clicks, check_objects
from momentvos.systems.driver import track_selection
from momentvos.systems.loading import evaluating
from momentvos.systems.session import Partial, Request

if TYPE_CHECKING:
    from momentvos.media import Video
    from momentvos.systems.base import System
    from momentvos.systems.session import Progress, Watch

METHOD = "SAM2 from clicks"
NOTE = "a person's clicks said which object is meant"


def choose(
    model: System,
    video: Video,
    sentence: str,
    clicks: Sequence[Click],
    moment: Moment | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Prediction:
    """The answer to a sentence, of the object that clicks say.

    Where the model has track selection, clicks choose among its tracks: those under a click on the
    object are meant, those under a click beside it are not, which alone says "not this one". Else,
    and where no track lies under the clicks, SAM2 tracks from the points (`track`).

    watch: called with what is known before, see `Partial`. Raises ArgumentError for clicks that
    mean nothing (see `check_clicks`, `check_objects`), SentenceError.
    """
    check(sentence)
    by_frame = check_clicks(clicks, video.size, len(video))
    if getattr(model.config, "selection", None) is not None:
        made = _among_tracks(model, video, sentence, by_frame, moment, progress)
        if made is not None:
            return made
    return track(model, video, sentence, clicks, moment, progress, watch)


def _among_tracks(
    model: System,
    video: Video,
    sentence: str,
    clicks: Mapping[int, Sequence[Click]],
    moment: Moment | None,
    progress: Progress | None,
) -> Prediction | None:
    """The answer by track selection, or None where no track lies under a click on the object."""
    length = len(video)
    with evaluating(model):
        session = model.open_session(Request(video, [sentence], [moment], model.config))
        (grounded,) = session.ground(progress)

        def report(done: int) -> None:
            if progress is not None:
                progress("segmenting", done, length)

        answer = Answer(session, 0, grounded, report)
        search = answer.search()
        selection = track_selection(session, 0)
        points = []
        for frame, ones in clicks.items():
            places = torch.tensor([[one.x, one.y] for one in ones])
            square = (session.cache.to_square(places) / session.cache.side).tolist()
            points += [
                Point(frame, x, y, one.object) for (x, y), one in zip(square, ones, strict=True)
            ]
        chooser = ClickSelector(selection.selector, points)
        selection.selector = chooser
        # One window, for in another one nothing is clicked.
        first = max(min(clicks) - WINDOW // 2, 0)
        near = set(range(first, first + WINDOW)) | set(clicks)
        frames = sorted((set(search.frames) & near) | set(clicks))
        frames = [frame for frame in frames if frame < frames[0] + WINDOW]
        with guarded(ModelError, f"'{model.name}' cannot track this", MISFITS):
            for part in run_together([selection], [frames], length):
                masks = session.cache.masks([one.logits for _, one in part])
                for (_, one), mask in zip(part, masks, strict=True):
                    answer.masks.add(one.frame, mask, one.confidence)
        wanted = any(point.object for point in points)
        if wanted and not chooser.met:
            return None
        answer.select(selection, search)
        if wanted:
            answer.presence = 1.0  # a person has seen it
        elif not chooser.left:
            answer.presence = 0.0  # the best of the refused ones is no answer
        made = answer.prediction()
    return replace(made, notes=(*made.notes, NOTE))


def track(
    model: System,
    video: Video,
    sentence: str,
    clicks: Sequence[Click],
    moment: Moment | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Prediction:
    """Masks of the clicked object in every frame, from the clicks both ways.

    sentence: what the object is called. moment: when the sentence holds; None: as long as the
    object is seen. Raises ArgumentError as `check_clicks` and `check_objects`, SentenceError.
    """
    check(sentence)
    length, sam = len(video), model.sam
    by_frame = check_objects(check_clicks(clicks, video.size, length))
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
        if watch is not None:
            watch(Partial(0, moment, relevance, masks))

    relevance = (1.0,) * length if moment is None else tuple(map(float, moment.flags(length)))
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
        notes=(*video.notes, NOTE),
        method=METHOD,
        domain=model.config.domain,
        source=video,
    )
