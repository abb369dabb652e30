"""Run sessions: ground, plan or track selection, masks, predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from momentvos.grounding.result import Grounding
from momentvos.masklet import Masklet
from momentvos.media import Video
from momentvos.moment import Moment
from momentvos.propagation import run
from momentvos.results.masklet_builder import MaskletBuilder
from momentvos.results.prediction import Prediction
from momentvos.selection import (
    MaskVote,
    PromptedMasks,
    Selector,
    Tracker,
    TrackSelection,
    TrajectorySelector,
    mask_confidence,
)
from momentvos.systems.session import Grounded, InferenceSession, Progress
from momentvos.text import ANY, number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


def segment(session: InferenceSession, progress: Progress | None = None) -> Iterator[Prediction]:
    """Answer every sentence of a session, in their order.

    Each is answered as soon as its session has grounded it.
    """
    count = len(session.sentences)
    for row, grounded in enumerate(session.ground(progress)):
        stage = f"segmenting {row + 1}/{count}" if count > 1 else "segmenting"
        known = _given(session, row, grounded)
        yield _Answer(session, row, known, stage, progress).prediction()
        session.release(row)


def grounded_prediction(video: Video, grounding: Grounding, model: str) -> Prediction:
    """A prediction without masks: when a sentence holds, as a grounder says."""
    length = len(video)
    moment = grounding.moment
    return Prediction(
        video=video.facts,
        sentence=grounding.sentence,
        model=model,
        found=grounding.found,
        presence=max(grounding.relevance, default=0.0) if grounding.found else 0.0,
        moment=moment,
        seconds=tuple(moment.seconds(video.times, video.durations)),
        relevance=grounding.relevance,
        scores=(0.0,) * length,
        masklet=Masklet(video.size),
        notes=grounding.notes,
        method="temporal grounding",
        source=video,
    )


def track_selection(session: InferenceSession, row: int) -> TrackSelection:
    """Track selection for sentence `row`, as the session's configuration has it."""
    config, options = session.config, session.decoder_options
    radius = config.guided_radius
    candidates = PromptedMasks(
        session.model.sam,
        session.cache,
        options,
        lambda frame: session.candidate_step(row, frame),
        session.features,
        session.prompts,
        radius,
    )
    sentence = session.texts[row]
    return TrackSelection(
        sentence,
        candidates,
        Tracker(session.model.sam, session.cache, options, radius),
        _selector(session, candidates),
        config.selection.max_tracks,
        config.selection.margin,
        number(sentence) if config.selection.count_from_text else ANY,
    )


def _selector(session: InferenceSession, candidates: PromptedMasks) -> Selector:
    if session.model.selector is None:
        return MaskVote(candidates)
    config = session.config.selection
    stride = max(round(session.video.fps / config.rate), 1)
    return TrajectorySelector(session.model, session.cache, stride, config.window)


def _given(session: InferenceSession, row: int, grounded: Grounded) -> Grounded:
    """What is given takes the place of what was grounded; what neither says is every frame."""
    given, length = session.moments[row], len(session.video)
    if given is not None:
        flags = tuple(map(float, given.flags(length)))
        return Grounded(flags, given, grounded.presence)
    moment = grounded.moment
    if moment is None and not session.moment_from_masks:
        moment = Moment.all(length)
    return Grounded(grounded.relevance or (1.0,) * length, moment, grounded.presence)


def _mean(selected: float, grounded: float, share: float) -> float:
    """What a selector and a grounder say, 0..1, of which the grounder's has a share."""
    return (1 - share) * selected + share * grounded


class _Answer:
    """One sentence's way from grounding to prediction.

    Attributes:
        relevance, moment, presence: as known so far.
        threshold: presence from which on the target occurs.
    """

    def __init__(
        self,
        session: InferenceSession,
        row: int,
        grounded: Grounded,
        stage: str,
        progress: Progress | None,
    ) -> None:
        self.session, self.row, self.grounded = session, row, grounded
        length = len(session.video)
        report = None if progress is None else lambda done: progress(stage, done, length)
        self._report = report
        self.masks = MaskletBuilder(session.video.size, length, report)
        self.relevance = grounded.relevance or (1.0,) * length
        self.moment, self.presence = grounded.moment, grounded.presence
        self.threshold = session.presence_threshold(row, selected=False)
        self.method = session.method

    def prediction(self) -> Prediction:
        """Segment, unless there is nothing to segment."""
        session, video = self.session, self.session.video
        trained = session.config.selection is not None and session.model.selector is not None
        given = session.moments[self.row]
        never = given is not None and not given
        refusal = None if never else session.refusal(self.row)
        nothing = never or refusal is not None
        if nothing:
            self.presence = 0.0
        elif session.config.selection is not None and (trained or self._occurs()):
            self._select(trained)
        elif self._occurs():
            self._segment()
        found = not nothing and self._occurs()
        if session.moment_from_masks:
            found = found and any(self.masks.visible)
        moment = self.moment
        if moment is None:
            moment = Moment.from_flags(self.masks.visible)
        moment = moment if found else Moment.empty()
        return Prediction(
            video=video.facts,
            sentence=session.sentences[self.row],
            model=session.model.name,
            found=found,
            presence=self.presence,
            moment=moment,
            seconds=tuple(moment.seconds(video.times, video.durations)),
            relevance=tuple(self.relevance),
            scores=tuple(self.masks.scores) if found else (0.0,) * len(video),
            masklet=self.masks.masklet if found else Masklet(video.size),
            notes=(*video.notes, *session.notes(self.row), *([refusal] if refusal else ())),
            method=self.method,
            domain=session.config.domain,
            in_domain=session.in_domain,
            source=video,
        )

    def _occurs(self) -> bool:
        return self.presence >= self.threshold

    def _segment(self) -> None:
        """The system's own method."""
        there = self.session.masks(self.row, self.grounded)
        if there is None:
            self._run_plan()
            return
        for one in there:
            self.masks.add(one.frame, one.mask, one.confidence)
        if self._report is not None:
            self._report(len(self.session.video))

    def _run_plan(self) -> None:
        """Masks by the system's plan."""
        session, cache = self.session, self.session.cache
        radius, largest = session.config.guided_radius, None
        plan = session.plan(self.row, self.grounded)
        for part in run(
            session.sam,
            plan,
            session.features,
            session.prompts,
            session.decoder_options,
            session.memory_mask_hook(),
        ):
            frames = [step.frame for step in part.steps]
            fine = cache.fine(part.decoded.logits, frames, radius)
            rows = zip(part.steps, part.decoded.logits, fine, part.decoded.score, strict=True)
            for step, logits, edged, score in rows:
                probability = float(score.float().sigmoid())
                known = session.segmented.get((step.obj_id, step.frame))
                if known is not None:
                    logits, probability = known
                    edged = cache.fine(logits[None], [step.frame], radius)[0]
                sure = probability * mask_confidence(logits)
                self.masks.add(step.frame, self._mask(edged), sure, probability > 0.5)
                if session.counts(step):
                    largest = max(largest or 0.0, probability)
        if largest is not None:
            self.presence *= largest

    def _select(self, trained: bool) -> None:
        """Track selection in place of the system's plan."""
        session, length = self.session, len(self.session.video)
        corrects = trained and session.moments[self.row] is None
        self.method = f"{session.method}, with track selection"
        selection = track_selection(session, self.row)
        search = session.search(self.row, self.grounded, corrects)
        for one in selection.run(search.frames or range(length), length):
            self.masks.add(one.frame, self._mask(one.logits), one.confidence)
        if self._report is not None:
            self._report(length)
        self.threshold = session.presence_threshold(self.row, selected=corrects)
        if corrects:
            options = session.config.selection
            share = options.grounder_share if session.model.can_ground else 0.0
            selected = selection.relevance(search.prior)
            self.relevance = tuple(
                _mean(*pair, share) for pair in zip(selected, search.prior, strict=True)
            )
            self.moment = Moment.from_relevance(
                self.relevance, options.relevance_threshold, session.relevance_median
            )
            self.presence = _mean(max(selected), self.presence, share)
            self.presence *= selection.candidates.presence
        elif not session.moment_from_masks:
            self.presence *= selection.candidates.presence

    def _mask(self, logits: Tensor) -> NDArray[np.bool_]:
        return (self.session.cache.full(logits) > 0).cpu().numpy()
