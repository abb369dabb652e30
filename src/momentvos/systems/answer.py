"""One sentence's way from grounding to prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.results.masklet_builder import MaskletBuilder
from momentvos.results.prediction import Prediction
from momentvos.results.record import State
from momentvos.selection import weighed
from momentvos.systems.session import Grounded, InferenceSession, Partial

if TYPE_CHECKING:
    from momentvos.propagation import Step
    from momentvos.selection import TrackSelection
    from momentvos.systems.session import Search

Way = Literal["plan", "select"]
"""What makes masks: the system's plan, or track selection."""


class Answer:
    """What is known of one sentence, until it is a prediction.

    Attributes:
        masks: as far as they are there.
        relevance, moment, presence: as known so far.
        counted: largest object probability so far that says that the target occurs, or None.
        threshold: presence from which on the target occurs.

    Args:
        session: of all sentences.
        row: of the sentence.
        grounded: when it holds, before anything is segmented.
        report: called with the number of frames that have a mask so far.
    """

    def __init__(
        self,
        session: InferenceSession,
        row: int,
        grounded: Grounded,
        report: Callable[[int], None],
    ) -> None:
        self.session, self.row = session, row
        self.grounded = grounded = _given(session, row, grounded)
        length = len(session.video)
        self._report = report
        self.masks = self._builder()
        self.relevance = grounded.relevance or (1.0,) * length
        self.moment, self.presence = grounded.moment, grounded.presence
        self.threshold = session.presence_threshold(row, selected=False)
        self._method = session.method
        self._trained = session.config.selection is not None and session.model.selector is not None
        self._corrects = self._trained and session.moments[row] is None
        self.counted: float | None = None
        self._refusal: str | None = None
        self._nothing = False

    def way(self) -> Way | None:
        """What makes its masks; None where there is nothing to segment or all masks are there."""
        session, given = self.session, self.session.moments[self.row]
        never = given is not None and not given
        self._refusal = None if never else session.refusal(self.row)
        self._nothing = never or self._refusal is not None
        if self._nothing:
            self.presence = 0.0
        elif session.config.selection is not None and (self._trained or self._occurs()):
            return "select"
        elif self._occurs() and not self._take():
            return "plan"
        return None

    def search(self) -> Search:
        """Where track selection looks for candidates."""
        self._method = f"{self.session.method}, with track selection"
        return self.session.search(self.row, self.grounded, self._corrects)

    def count(self, step: Step, probability: float) -> None:
        """Note a step's object probability where it says whether the target occurs."""
        if self.session.counts(step):
            self.counted = max(self.counted or 0.0, probability)

    def restore(self, masks: Sequence[State], counted: float | None) -> None:
        """Take over what another process has found, in parts, in place of what is there.

        Raises what is in `UNUSABLE`, or PredictionError, for anything else.
        """
        self.masks = self._builder()
        for part in masks:
            self.masks.restore(part)
        self.counted = None if counted is None else float(counted)

    def select(self, selection: TrackSelection, search: Search) -> None:
        """Note what track selection says of moment and presence."""
        session = self.session
        self.threshold = session.presence_threshold(self.row, selected=self._corrects)
        if self._corrects:
            options = session.config.selection
            share = options.grounder_share if session.model.can_ground else 0.0
            selected = selection.relevance(search.prior)
            self.relevance = tuple(
                weighed(*pair, share) for pair in zip(selected, search.prior, strict=True)
            )
            self.moment = Moment.from_relevance(
                self.relevance, options.relevance_threshold, session.relevance_median
            )
            self.presence = weighed(max(selected), self.presence, share)
            self.presence *= selection.candidates.presence
        elif not session.moment_from_masks:
            self.presence *= selection.candidates.presence

    def partial(self) -> Partial:
        """What is known so far."""
        return Partial(self.row, self.moment, self.relevance, self.masks)

    def prediction(self) -> Prediction:
        """The answer, once all masks are there."""
        session, video = self.session, self.session.video
        if self.counted is not None:
            self.presence *= self.counted
        found = not self._nothing and self._occurs()
        if session.moment_from_masks:
            found = found and any(self.masks.visible)
        moment = self.moment
        if moment is None:
            moment = Moment.from_flags(self.masks.visible)
        moment = moment if found else Moment.empty()
        refusal = () if self._refusal is None else (self._refusal,)
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
            notes=(*video.notes, *session.notes(self.row), *refusal),
            method=self._method,
            domain=session.config.domain,
            in_domain=session.in_domain,
            source=video,
        )

    def _builder(self) -> MaskletBuilder:
        video = self.session.video
        return MaskletBuilder(video.size, len(video), self._report)

    def _occurs(self) -> bool:
        return self.presence >= self.threshold

    def _take(self) -> bool:
        """Whether the session has masks, which are taken."""
        there = self.session.masks(self.row, self.grounded)
        if there is None:
            return False
        for one in there:
            self.masks.add(one.frame, one.mask, one.confidence)
        return True


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
