"""Run sessions: ground, plan or track selection, masks, predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from momentvos.grounding.result import Grounding
from momentvos.masklet import Masklet
from momentvos.media import Video
from momentvos.propagation import in_step, run
from momentvos.results.prediction import Prediction
from momentvos.selection import (
    MaskVote,
    PromptedMasks,
    Selector,
    Tracker,
    TrackSelection,
    TrajectorySelector,
    mask_confidences,
    run_together,
)
from momentvos.systems.answer import Answer
from momentvos.systems.session import Grounded, InferenceSession, Progress
from momentvos.text import ANY, number


def segment(session: InferenceSession, progress: Progress | None = None) -> Iterator[Prediction]:
    """Answer every sentence of a session, in their order.

    Sentences go through the video together, a few at a time (`InferenceSession.together`), so that
    it is decoded and encoded once for them, and objects of all of them are tracked in batches.
    """
    grounded = enumerate(session.ground(progress))
    count, together = len(session.sentences), session.together
    for start in range(0, count, together):
        rows = list(islice(grounded, together))
        report = None if progress is None else partial(_report, session, start, progress)
        yield from _Group(session, rows, report).predictions()
        for row, _ in rows:
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


class _Group:
    """Sentences that go through the video together.

    Args:
        session: of all sentences.
        rows: of the group, with what is known of each before anything is segmented.
        report: called with the frames that have masks so far, on average over sentences.
    """

    def __init__(
        self,
        session: InferenceSession,
        rows: Sequence[tuple[int, Grounded]],
        report: Callable[[int], None] | None,
    ) -> None:
        self._session, self._length = session, len(session.video)
        self._done = dict.fromkeys((row for row, _ in rows), 0)
        self._report = report
        self._answers = {
            row: Answer(session, row, grounded, partial(self._note, row)) for row, grounded in rows
        }

    def predictions(self) -> Iterator[Prediction]:
        """Segment what there is to segment, and answer."""
        ways = {row: answer.way() for row, answer in self._answers.items()}
        self._run_plans([row for row, way in ways.items() if way == "plan"])
        self._select([row for row, way in ways.items() if way == "select"])
        if self._report is not None:
            self._report(self._length)
        for row in ways:
            yield self._answers.pop(row).prediction()

    def _run_plans(self, rows: Sequence[int]) -> None:
        """Masks by the system's plan; sentence `row` is object `row`."""
        if not rows:
            return
        session, cache = self._session, self._session.cache
        radius = session.config.guided_radius
        plans = [session.plan(row, self._answers[row].grounded) for row in rows]
        for part in run(
            session.sam,
            in_step(plans),
            session.features,
            session.prompts,
            session.decoder_options,
            session.memory_mask_hook(),
        ):
            logits = part.decoded.logits
            probabilities = part.decoded.score.float().sigmoid().tolist()
            for place, step in enumerate(part.steps):
                known = session.segmented.get((step.obj_id, step.frame))
                if known is not None:
                    logits = logits.clone()
                    logits[place], probabilities[place] = known
            fine = cache.fine(logits, [step.frame for step in part.steps], radius)
            shown = zip(
                part.steps, cache.masks(fine), probabilities, mask_confidences(logits), strict=True
            )
            for step, mask, probability, inside in shown:
                answer = self._answers[step.obj_id]
                there = probability > 0.5 or not session.trusts_object_score
                answer.masks.add(step.frame, mask, probability * inside, there)
                answer.count(step, probability)

    def _select(self, rows: Sequence[int]) -> None:
        """Track selection in place of the system's plan."""
        if not rows:
            return
        session = self._session
        answers = [self._answers[row] for row in rows]
        selections = [track_selection(session, row) for row in rows]
        searches = [answer.search() for answer in answers]
        frames = [search.frames or range(self._length) for search in searches]
        for part in run_together(selections, frames, self._length):
            masks = session.cache.masks([one.logits for _, one in part])
            for (place, one), mask in zip(part, masks, strict=True):
                answers[place].masks.add(one.frame, mask, one.confidence)
        for answer, selection, search in zip(answers, selections, searches, strict=True):
            answer.select(selection, search)

    def _note(self, row: int, done: int) -> None:
        """Sentence `row` has masks in `done` frames."""
        self._done[row] = done
        if self._report is not None:
            self._report(sum(self._done.values()) // len(self._done))


def _report(session: InferenceSession, start: int, progress: Progress, done: int) -> None:
    """Report frames that are done for the group whose first sentence is `start`."""
    length, count, together = len(session.video), len(session.sentences), session.together
    if together == 1 < count:
        progress(f"segmenting {start + 1}/{count}", done, length)
        return
    groups = -(-count // together)
    progress("segmenting", start // together * length + done, groups * length)
