"""Tracks on a video: detect, follow, and choose for each sentence what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from momentvos.grounding.kept import read_groundings, stored_groundings
from momentvos.grounding.result import Grounding
from momentvos.moment import Moment
from momentvos.propagation import DecoderOptions, Plan, Step
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.results.record import State
from momentvos.sam2 import Prompt
from momentvos.selection import weighed
from momentvos.selection.components import decode, encode
from momentvos.selection.encoded_masks import EncodedMasks
from momentvos.systems.session import FrameMask, Grounded, InferenceSession, Progress, Request
from momentvos.systems.tracks import story
from momentvos.systems.tracks.detectors.detection import distinct
from momentvos.systems.tracks.fill import filled
from momentvos.systems.tracks.followed import Followed
from momentvos.systems.tracks.front import where_seen
from momentvos.systems.tracks.held import Held
from momentvos.systems.tracks.kept import (
    KEY,
    read_detections,
    read_objects,
    stored_detections,
    stored_objects,
)
from momentvos.systems.tracks.segmenter import Segmenter
from momentvos.systems.tracks.shots import cuts, keyframes
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.tracker import Tracker
from momentvos.systems.tracks.view import VideoView
from momentvos.systems.tracks.words import Words
from momentvos.text import number

if TYPE_CHECKING:
    from momentvos.systems.tracks.model import TracksModel

DETECTED = 8
"""Keyframes that are held at once."""
CROWD = 4
"""Detections of a keyframe that are looked at, the surest ones, by object that may be followed."""
HELD = 28
"""Frames whose features are held, of a GPU at least: those from one keyframe to the next at usual
rates, and the batches that both of them are encoded in. So each is encoded once for all walks.
"""
BLOCK = 64
"""Decoded frames that are held, so that a long video takes no more memory than one of seconds."""


EncodedMask = tuple[int, dict[str, Any], float]
"""Frame, mask run-length encoded, and how sure it is, 0..1."""


@dataclass(frozen=True)
class Chosen:
    """What a sentence means.

    tracks: the best one first. relevance: of each frame that is tracked, 0..1. presence: 0..1.
    """

    tracks: tuple[Followed, ...]
    relevance: tuple[float, ...]
    presence: float


class TracksSession(InferenceSession):
    """See `InferenceSession`; `view` is the video at the rate that is tracked."""

    model: TracksModel
    method = "tracks"
    takes_trace = True
    together = 1  # objects are followed for all sentences before any is answered

    def __init__(self, model: TracksModel, request: Request) -> None:
        super().__init__(model, request)
        self.view = VideoView.at_rate(request.video, self.config.rate)
        budget = None if model.sam.device.type == "cuda" else 0
        self.cache = FeatureCache(
            model.sam,
            self.view,
            "stretch",
            self.config.image_resizer,
            budget,
            least=HELD,
            block=BLOCK,
        )
        self.trace = Trace(request.trace, self.journal)
        self.cuts: list[int] = []
        self._chosen: dict[int, Chosen] = {}
        self._notes: dict[int, list[str]] = {}
        self._filled: dict[int, list[EncodedMask]] = {}
        self._refusals: dict[int, str] = {}
        part = model.parts.selector
        self._selector = part.open(self.view, self.trace, model.sam.device)
        self._words: list[Words] = []
        reader = model.parts.words.open(self.trace, model.sam.device)
        for row, text in enumerate(self.texts):
            self._words.append(reader(text))
            self._notes[row] = list(reader.notes)
        self._front: dict[int, Grounding] = {}
        self._beside: dict[int, Grounded] = {}
        story.words(self.trace, self.sentences, self._words)

    def ground(self, progress: Progress | None = None) -> Iterator[Grounded]:
        """Detect and track once for all sentences, then select for one after the other."""
        self._ask_in_front(progress)
        somewhere = any(self._given(row) for row in range(len(self.sentences)))
        objects = self.follow(progress) if somewhere else []
        if objects:
            self._ask_beside()
        count = len(self.sentences)
        for row in range(count):
            stage = "selecting" if count == 1 else f"selecting {row + 1}/{count}"
            if progress is not None:
                progress(stage, 0, 1)
            chosen = self._choose(row, objects)
            self._chosen[row] = chosen
            if progress is not None:
                progress(stage, 1, 1)
            grounded = self._when(row, chosen)
            threshold = self.config.relevance_threshold
            story.moment(self.trace, self.video, chosen.tracks, grounded, threshold)
            yield grounded

    def plan(self, row: int, grounded: Grounded) -> Plan:
        """Nothing more: objects are followed before any sentence is read, see `masks`."""
        return Plan(())

    @property
    def decoder_options(self) -> DecoderOptions:
        """As SAM2 reads its decoder; the single mask where the tracker was trained on it alone."""
        if (self.config.tracker or {}).get("single_mask"):
            return DecoderOptions(
                gate=self.config.gate, pointer_offsets=self.config.pointer_offsets
            )
        return super().decoder_options

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """No step of a sentence's own."""
        return Prompt()

    def masks(self, row: int, grounded: Grounded) -> Iterator[FrameMask]:
        """The tracks that the sentence means, in every frame of the video."""
        for track in self._chosen[row].tracks:
            yield from self._everywhere(track, row + 1 < len(self.sentences))

    def refusal(self, row: int) -> str | None:
        """That nothing was detected, or that no track is meant."""
        return self._refusals.get(row)

    def notes(self, row: int) -> tuple[str, ...]:
        """See `InferenceSession`; and what detector and selector have to say."""
        return tuple(dict.fromkeys((*super().notes(row), *self._notes[row])))

    def release(self, row: int) -> None:
        """See `InferenceSession`."""
        self._chosen.pop(row, None)

    def _everywhere(self, track: Followed, again: bool) -> Iterator[FrameMask]:
        """A track in every frame of the video; held where further sentences may mean it too."""
        if track.number in self._filled:
            for frame, mask, confidence in self._filled[track.number]:
                yield FrameMask(frame, decode(mask), confidence)
            return
        made: list[EncodedMask] = []
        for one in filled(track, self.view.frames_of, len(self.video), set(self.cuts)):
            yield one
            if again:
                made.append((one.frame, encode(one.mask), one.confidence))
        if again:
            self._filled[track.number] = made

    def _ask_in_front(self, progress: Progress | None) -> None:
        """Ask the grounder in front, if there is one, where no moment is given."""
        front = self.model.parts.front
        rows = [row for row, given in enumerate(self.moments) if given is None]
        if front is None or not rows:
            return
        texts = [self.texts[row] for row in rows]
        answers = self.journal.memo(
            "front",
            lambda: front.ask(self.video, texts, self.model.sam.device, self.trace, progress),
            stored_groundings,
            read_groundings,
        )
        for row, answer in zip(rows, answers, strict=True):
            self._front[row] = answer
            self._notes[row] += answer.notes

    def _ask_beside(self) -> None:
        """Ask the selector's own grounder, if there is one, where it may say when."""
        rows = [row for row in range(len(self.sentences)) if self._moment(row) is None]
        if rows and self.config.moment["kind"] == "auto" and self._selector.grounder_share:
            answers = self.journal.memo(
                "beside",
                lambda: self._selector.ground([self.texts[row] for row in rows]),
                _stored_grounded,
                _read_grounded,
            )
            self._beside = dict(zip(rows, answers, strict=True))

    def _when(self, row: int, chosen: Chosen) -> Grounded:
        """When sentence `row` holds for what was chosen."""
        front = self._front.get(row)
        if front is not None:
            places = [place for place, value in enumerate(chosen.relevance) if value > 0]
            seen = Moment([self._around(place) for place in places])
            return where_seen(front, seen, chosen.presence)
        curve = self._spread(chosen.relevance)
        moment = Moment.empty()
        if chosen.tracks:
            moment = Moment.from_relevance(curve, self.config.relevance_threshold)
        return Grounded(curve, moment, chosen.presence)

    def follow(self, progress: Progress | None = None) -> list[Followed]:
        """Objects of all sentences, detected and tracked, and the frames at which a shot ends."""
        report = None if progress is None else lambda done, of: progress("reading", done, of)
        self.cuts = self.journal.memo(
            "cuts",
            lambda: cuts(self.view, report),
            lambda made: State({"cuts": made}),
            lambda state: [int(frame) for frame in state.values["cuts"]],
        )
        objects = self.journal.memo(
            "objects", lambda: self._followed(progress), stored_objects, read_objects
        )
        self.journal.drop(KEY)
        story.tracks(self.trace, self.view, objects)
        return objects

    def _followed(self, progress: Progress | None) -> list[Followed]:
        keys = keyframes(self.view, self.config.keyframe_seconds, self.cuts)
        detections = self._detected(keys, progress)
        plain = {key: [one.box for one in row] for key, row in detections.items()}
        story.detections(self.trace, self.view, plain)
        segmenter = Segmenter(
            self.model.sam, self.cache, self.decoder_options, self.config.guided_radius
        )
        tracker = Tracker(segmenter, len(self.view), self.config, self.journal)
        return tracker.follow(detections, progress)

    def _detected(self, keys: Sequence[int], progress: Progress | None) -> dict[int, list[Held]]:
        """Detections of all nouns by keyframe; of wider words where a noun is nowhere."""
        found: dict[int, list[Held]] = {key: [] for key in keys}
        wanting = set(range(len(self._words)))
        tried: set[str] = set()
        for attempt in range(max(len(words.attempts) for words in self._words)):
            tries = {row: self._words[row].attempts[attempt:][:1] for row in sorted(wanting)}
            phrases = [one for one in dict.fromkeys(sum(tries.values(), ())) if one not in tried]
            if phrases:
                self._detect(keys, phrases, found, attempt, progress)
            tried |= set(phrases)
            seen = {phrase for key in keys for one in found[key] for phrase in one.box.phrases}
            wanting = {row for row in wanting if not seen & set(self._words[row].attempts)}
            if not wanting:
                break
        return found

    def _detect(
        self,
        keys: Sequence[int],
        phrases: Sequence[str],
        found: dict[int, list[Held]],
        attempt: int,
        progress: Progress | None,
    ) -> None:
        """Add what phrases name to what was detected in earlier attempts."""
        stage, kept = "detecting" if attempt == 0 else "detecting again", True
        for start in range(0, len(keys), DETECTED):
            part = list(keys[start : start + DETECTED])
            name = f"detected-{attempt}-{start}"
            known = kept and self.journal.get(name) is not None
            if kept and not known and start and progress is not None and self.journal:
                progress(stage, start, len(keys))  # of an earlier process, all at once
            kept = known
            rows = self.journal.memo(
                name,
                partial(self._detections, part, phrases, found),
                stored_detections,
                read_detections,
            )
            found |= dict(zip(part, rows, strict=True))
            if not known and progress is not None:
                progress(stage, min(start + DETECTED, len(keys)), len(keys))

    def _detections(
        self, keys: Sequence[int], phrases: Sequence[str], found: Mapping[int, Sequence[Held]]
    ) -> list[list[Held]]:
        """Of some keyframes, the best ones, those of earlier attempts too."""
        most = CROWD * self.config.max_tracks
        frames = [frame.rgb for frame in self.view.read(keys)]
        made = []
        for key, detections in zip(keys, self.model.parts.detector(frames, phrases), strict=True):
            there = distinct([*(one.whole() for one in found[key]), *detections])
            made.append([Held.of(one) for one in there[:most]])
        return made

    def _choose(self, row: int, objects: Sequence[Followed]) -> Chosen:
        """What sentence `row` means among the objects of the video."""
        words, config = self._words[row], self.config
        self.trace.heading(f"Selector: “{self.sentences[row]}”")
        phrases = set(words.attempts)
        able = [one for one in objects if one.phrases.keys() & phrases]
        able = sorted(able, key=lambda one: -one.score(phrases))[: config.max_tracks]
        given = self._given(row)
        seen = [(one, masks) for one in able if (masks := one.masks.only(given))]
        if not seen:
            if not given and row in self._front:
                self._refusals[row] = f"'{self._front[row].grounder}' says that it holds at no time"
            else:
                where = "at the time that is meant" if able else "in the video"
                self._refusals[row] = f"no {words.noun} was detected {where}"
            return Chosen((), (0.0,) * len(self.view), 0.0)
        try:
            return self._selected(row, seen)
        finally:
            self._notes[row] += self._selector.notes

    def _selected(self, row: int, seen: Sequence[tuple[Followed, EncodedMasks]]) -> Chosen:
        """What the selector takes among objects that are seen; `Chosen` of none of them."""
        selector = self._selector
        selector.words = self._words[row]
        masks = [one for _, one in seen]
        scores = selector(self.texts[row], masks, range(len(self.view)))
        pools = [selector.pool(list(odds.values())) if odds else -np.inf for odds in scores]
        chosen = self._meant(row, pools)
        if not chosen:
            self._refusals[row] = f"none of the {len(seen)} objects that were tracked is meant"
            return Chosen((), (0.0,) * len(self.view), 0.0)
        present = max(selector.present(list(scores[place].values())) for place in chosen)
        odds = self._odds(row, [masks[place] for place in chosen], [scores[p] for p in chosen])
        relevance = [0.0] * len(self.view)
        for frame, value in odds.items():
            relevance[frame] = _sigmoid(value)
        presence, beside = _sigmoid(present), self._beside.get(row)
        if beside is not None:
            share, grounded = selector.grounder_share, beside.relevance or relevance
            for frame in odds:
                relevance[frame] = weighed(relevance[frame], grounded[frame], share)
            presence = weighed(presence, beside.presence, share)
        tracks = tuple(seen[place][0] for place in chosen)
        return Chosen(tracks, tuple(relevance), presence)

    def _meant(self, row: int, pools: Sequence[float]) -> list[int]:
        """Places of the tracks that are meant, the best first.

        Where the selector does not say how many, so many as the sentence's grammar does.
        """
        scored = [place for place, value in enumerate(pools) if value > -np.inf]
        order = sorted(scored, key=lambda place: -pools[place])
        by_grammar = self.config.count_from_text
        if by_grammar is None:
            by_grammar = not self.model.parts.selector.counts
        if not by_grammar or not order:
            return [place for place in order if pools[place] >= 0]
        wanted = number(self.texts[row])
        least = min(pools[order[0]] - self.config.margin, 0.0)
        count = max(sum(pools[place] >= least for place in order), wanted.least)
        return order[: min(count, wanted.most or count)]

    def _odds(
        self, row: int, masks: Sequence[EncodedMasks], scores: Sequence[Mapping[int, float]]
    ) -> dict[int, float]:
        """Log-odds by frame that the sentence holds for what is chosen."""
        there = sorted(set[int]().union(*masks))
        kind = self.config.moment["kind"]
        if kind == "existence" or self._moment(row) is not None:
            return dict.fromkeys(there, 12.0)
        asked = None
        if kind != "scores":
            asked = self._selector.relevance(self.texts[row], masks, there)
        if asked is not None:
            return asked
        made: dict[int, float] = {}
        for odds in scores:
            for frame, value in odds.items():
                made[frame] = max(made.get(frame, -np.inf), value)
        return made

    def _moment(self, row: int) -> Moment | None:
        """The moment that is given, or that the grounder in front has given."""
        front = self._front.get(row)
        return self.moments[row] if front is None else front.moment

    def _given(self, row: int) -> set[int]:
        """Frames of the view that are asked about: those of the moment where it is given."""
        moment = self._moment(row)
        places = range(len(self.view))
        if moment is None:
            return set(places)
        return {place for place in places if moment & Moment([self._around(place)])}

    def _around(self, place: int) -> tuple[int, int]:
        """First and last frame of the video that a frame of the view stands for."""
        frames = self.view.frames_of
        stop = frames[place + 1] if place + 1 < len(frames) else len(self.video)
        return frames[place], stop - 1

    def _spread(self, relevance: Sequence[float]) -> tuple[float, ...]:
        """Relevance of the frames tracked, on straight lines to all of the video."""
        frames = range(len(self.video))
        return tuple(np.interp(frames, self.view.frames_of, relevance).tolist())


def _stored_grounded(made: Sequence[Grounded]) -> State:
    rows = [
        [one.relevance, None if one.moment is None else one.moment.to_list(), one.presence]
        for one in made
    ]
    return State({"grounded": rows})


def _read_grounded(state: State) -> list[Grounded]:
    return [
        Grounded(
            None if curve is None else tuple(map(float, curve)),
            None if moment is None else Moment(moment),
            float(presence),
        )
        for curve, moment, presence in state.values["grounded"]
    ]


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -50, 50))))
