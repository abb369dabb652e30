"""Run sessions: ground, plan or track selection, masks, predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from itertools import islice

from momentvos.grounding.result import Grounding
from momentvos.masklet import Masklet
from momentvos.media import Video
from momentvos.moment import Moment
from momentvos.propagation import Plan, in_step, run
from momentvos.results.journal import UNUSABLE
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
from momentvos.systems.kept import KeptGroup, read_answer, stored_answer
from momentvos.systems.session import Grounded, InferenceSession, Progress, Search
from momentvos.text import ANY, number


def segment(session: InferenceSession, progress: Progress | None = None) -> Iterator[Prediction]:
    """Answer every sentence of a session, in their order.

    Sentences go through the video together, a few at a time (`InferenceSession.together`), so that
    it is decoded and encoded once for them, and objects of all of them are tracked in batches.
    """
    grounded = enumerate(session.ground(progress))
    count, together = len(session.sentences), session.together
    for start in range(0, count, together):
        report = None if progress is None else partial(_report, session, start, progress)
        rows = list(islice(grounded, together))
        there = _kept_answers(session, [row for row, _ in rows])
        if there is not None:
            yield from there
        else:
            yield from _Group(session, rows, report).predictions()
        for row, _ in rows:
            session.release(row)


def _kept_answers(session: InferenceSession, rows: Sequence[int]) -> list[Prediction] | None:
    """The answers of a group that an earlier process has finished; None: it is not."""
    journal, made = session.journal, []
    for row in rows:
        state = journal.get(f"answer-{row}") if journal else None
        if state is None:
            return None
        try:
            made.append(read_answer(state, session, row))
        except UNUSABLE:
            journal.damaged(f"answer-{row}")
            return None
    return made


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


def track_selection(
    session: InferenceSession, row: int, after_batch: Callable[[], None] | None = None
) -> TrackSelection:
    """Track selection for sentence `row`, as the session's configuration has it.

    after_batch: called after each batch of candidates, and of masks of tracks.
    """
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
        after_batch,
    )
    sentence = session.texts[row]
    return TrackSelection(
        sentence,
        candidates,
        Tracker(session.model.sam, session.cache, options, radius, after_batch),
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
        self._kept = KeptGroup(session.journal, rows[0][0], self._answers)

    def predictions(self) -> Iterator[Prediction]:
        """Segment what there is to segment, and answer."""
        journal = self._session.journal
        ways = {row: answer.way() for row, answer in self._answers.items()}
        plan = self._plan([row for row, way in ways.items() if way == "plan"])
        searches = {
            row: answer.search() for row, answer in self._answers.items() if ways[row] == "select"
        }
        if journal and (plan is not None or searches):
            self._kept.begin(_walked(plan, searches))
            for row, answer in self._answers.items():
                self._done[row] = answer.masks.count
            self._note_all()
        if self._session.watch is not None:
            for row, way in ways.items():
                if way is not None:
                    self._session.watch(self._answers[row].partial())
        if plan is not None and self._kept.at != "select":
            self._run_plan(plan)
        if searches:
            self._select(searches)
        if self._report is not None:
            self._report(self._length)
        made = {row: self._answers[row].prediction() for row in ways}
        if journal:
            for row, prediction in made.items():
                journal.put(f"answer-{row}", stored_answer(prediction))
            self._kept.drop()
        for row in ways:
            del self._answers[row]
            yield made.pop(row)

    def _plan(self, rows: Sequence[int]) -> Plan | None:
        """The plans of some sentences, in step."""
        plans = [self._session.plan(row, self._answers[row].grounded) for row in rows]
        return in_step(plans) if plans else None

    def _run_plan(self, plan: Plan) -> None:
        """Masks by the system's plan; sentence `row` is object `row`."""
        session, cache = self._session, self._session.cache
        radius = session.config.guided_radius
        checkpoint = self._kept.checkpoint("plan")
        for part in run(
            session.sam,
            plan,
            session.features,
            session.prompts,
            session.decoder_options,
            session.memory_mask_hook(),
            checkpoint,
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

    def _select(self, searches: Mapping[int, Search]) -> None:
        """Track selection in place of the system's plan."""
        session = self._session
        answers = [self._answers[row] for row in searches]
        selections = [track_selection(session, row, self._note_all) for row in searches]
        frames = [search.frames or range(self._length) for search in searches.values()]
        checkpoint = self._kept.checkpoint("select")
        for part in run_together(selections, frames, self._length, checkpoint):
            masks = session.cache.masks([one.logits for _, one in part])
            for (place, one), mask in zip(part, masks, strict=True):
                answers[place].masks.add(one.frame, mask, one.confidence)
        for answer, selection, search in zip(answers, selections, searches.values(), strict=True):
            answer.select(selection, search)

    def _note(self, row: int, done: int) -> None:
        """Sentence `row` has masks in `done` frames."""
        self._done[row] = done
        self._note_all()
        if self._session.watch is not None:
            self._session.watch(self._answers[row].partial())

    def _note_all(self) -> None:
        if self._report is not None:
            self._report(sum(self._done.values()) // len(self._done))


def _walked(plan: Plan | None, searches: Mapping[int, Search]) -> dict[str, str]:
    """What the group goes through, by way, as a digest."""
    made = {} if plan is None else {"plan": plan.digest}
    for row, search in searches.items():
        text = f"{Moment.from_frames(search.frames).spans}"
        made[f"select-{row}"] = blake2b(text.encode(), digest_size=16).hexdigest()
    return made


def _report(session: InferenceSession, start: int, progress: Progress, done: int) -> None:
    """Report frames that are done for the group whose first sentence is `start`."""
    length, count, together = len(session.video), len(session.sentences), session.together
    if together == 1 < count:
        progress(f"segmenting {start + 1}/{count}", done, length)
        return
    groups = -(-count // together)
    progress("segmenting", start // together * length + done, groups * length)
