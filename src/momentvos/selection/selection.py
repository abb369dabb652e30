"""Track selection over a whole video, window by window."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from momentvos.propagation import Checkpoint
from momentvos.results.record import State
from momentvos.selection.candidates import CandidateSource, proposals
from momentvos.selection.components import Component, link
from momentvos.selection.encoded_masks import EncodedMasks
from momentvos.selection.rest import Rest
from momentvos.selection.selector import Selector, TrackMasks
from momentvos.selection.tracks import Track, TrackedMask, Tracker, Walk, Wanted
from momentvos.selection.voting import elect
from momentvos.text import ANY, Number

WINDOW = 64
"""Candidate frames within so many frames form one window, in which tracks are elected together."""

BATCH = 16
"""Masks that are brought along the picture's edges at once."""


@dataclass
class TrackSelection:
    """Candidates of a sentence, tracked, scored and elected.

    Attributes:
        sentence: the referring expression.
        candidates: proposes regions of single frames.
        tracker: tracks them.
        selector: scores the tracks.
        max_tracks: most candidates tracked at once.
        margin: log-odds, see `voting.elect`.
        number: how many objects are meant.
        scores: by frame, the largest log-odds of a track that is meant; -inf where none is.
    """

    sentence: str
    candidates: CandidateSource
    tracker: Tracker
    selector: Selector
    max_tracks: int = 6
    margin: float = 0.8
    number: Number = ANY
    scores: dict[int, float] = field(default_factory=dict)

    def run(self, candidate_frames: Sequence[int], length: int) -> Iterator[TrackedMask]:
        """The tracks that are meant, in all frames of a video of `length` in which they are.

        A frame comes once for each track, with logits along the picture's edges.

        candidate_frames: ascending, the frames that candidates come from.
        """
        for part in run_together([self], [candidate_frames], length):
            yield from (one for _, one in part)

    def tracks(
        self, candidate_frames: Sequence[int], frames: Sequence[int]
    ) -> tuple[list[Track], list[TrackMasks], list[int]]:
        """Track the candidates of some frames: tracks, their masks, and the frames scored.

        frames: ascending and without gaps, the candidate frames among them.
        """
        window = _Window(self, candidate_frames, frames)
        _track([window])
        return window.tracks, window.masks, window.near

    def relevance(self, prior: Sequence[float]) -> list[float]:
        """Relevance 0..1 of all frames, as the selector has it.

        prior: relevance before selection. Frames without a score are at most as relevant as they
        were then, and less if nothing else is.
        """
        known = {
            frame: 1 / (1 + math.exp(-max(odds, -50.0))) for frame, odds in self.scores.items()
        }
        best = max(known.values(), default=0.0)
        return [known.get(frame, best * before) for frame, before in enumerate(prior)]


def run_together(
    selections: Sequence[TrackSelection],
    candidate_frames: Sequence[Sequence[int]],
    length: int,
    checkpoint: Checkpoint | None = None,
) -> Iterator[list[tuple[int, TrackedMask]]]:
    """Run the selections of several sentences about one video, which have the same tracker.

    Tracks of all of them go through the frames in step. Gives some masks at a time, each with the
    place of its selection; see `TrackSelection.run`.

    checkpoint: keeps how far they have come, and where they start: behind windows that are done,
    and in the frames beyond those near the candidates (`Rest`) of the one at work.
    """
    done, rest = 0, None
    if checkpoint is not None and checkpoint.start is not None:
        done, rest = _restore(selections, checkpoint.start)
    waiting = [windows(frames, length, WINDOW) for frames in candidate_frames]
    heads = {row: next(parts) for row, parts in enumerate(waiting)}
    number = 0
    while heads:
        first = min(chosen[0] for chosen, _ in heads.values())
        now = [row for row, (chosen, _) in heads.items() if chosen[0] < first + WINDOW]
        sought = {row: heads.pop(row) for row in now}
        for row in now:
            if (head := next(waiting[row], None)) is not None:
                heads[row] = head
        number += 1
        if number <= done:
            continue
        if rest is None:
            made = {row: _Window(selections[row], *one) for row, one in sought.items()}
            rest = yield from _run_windows(made)
        inner = None
        if checkpoint is not None:
            inner = checkpoint.within("rest", None, partial(_state, selections, number - 1))
        yield from rest.run(inner)
        rest = None
        if checkpoint is not None and checkpoint.due():
            checkpoint.keep(_state(selections, number))


class _Window:
    """One sentence's candidates in a window of the video, and those of them that are tracked.

    Attributes:
        chosen: candidate frames.
        near: the frames in which tracks are scored.
        chains: of candidates, the most confident first.
        tracks: of those that are tracked.
        places: by track, the number of its walk and its place there.
    """

    def __init__(
        self, selection: TrackSelection, chosen: Sequence[int], frames: Sequence[int]
    ) -> None:
        self.selection, self.chosen, self.frames = selection, chosen, frames
        first = min(chosen) - selection.selector.context
        last = max(chosen) + selection.selector.context
        self.near = [frame for frame in frames if first <= frame <= last]
        self.chains: list[list[Component]] = []
        self.tracks: list[Track] = []
        self.places: list[tuple[int, int]] = []
        self._next = 0
        self._ahead: dict[int, tuple[Track, tuple[int, int]]] = {}

    @property
    def masks(self) -> list[TrackMasks]:
        """Masks of the tracks near the candidates."""
        return [EncodedMasks(track.masks) for track in self.tracks]

    def wanted(self) -> list[int]:
        """Chains to be tracked next, by number; none: all tracks are there.

        A chain that an earlier track covers is left out, which is known once that one has been
        walked. Where there are several tracks already as many chains are walked at once, if they
        are seen beside each other and so are likely different objects; a track is left out later
        if an earlier one covers its chain after all.
        """
        most = self.selection.max_tracks
        while self._next < len(self.chains) and len(self.tracks) < most:
            ahead = self._ahead.get(self._next)
            if any(track.covers(self.chains[self._next]) for track in self.tracks):
                self._ahead.pop(self._next, None)
            elif ahead is None:
                break
            else:
                self.tracks.append(ahead[0])
                self.places.append(ahead[1])
                del self._ahead[self._next]
            self._next += 1
        else:
            return []
        wanted = [self._next]
        tracks = [*self.tracks, *(track for track, _ in self._ahead.values())]
        for number in range(self._next + 1, len(self.chains)):
            if len(wanted) >= min(len(self.tracks), most - len(tracks)):
                break
            chain = self.chains[number]
            likely = all(_beside(chain, self.chains[other]) for other in wanted)
            if likely and not any(track.covers(chain) for track in tracks):
                wanted.append(number)
        return wanted

    def take(self, number: int, track: Track, place: tuple[int, int]) -> None:
        """The track of a chain that was wanted."""
        self._ahead[number] = track, place

    def elect(self) -> Iterator[tuple[Track, tuple[int, int]]]:
        """The tracks that are meant, and their places."""
        selection = self.selection
        scores = selection.selector(selection.sentence, self.masks, self.near)
        for track, odds in zip(self.tracks, scores, strict=True):
            track.vote(odds, set(self.chosen), selection.selector.pool)
        place_of = {id(track): place for track, place in zip(self.tracks, self.places, strict=True)}
        for track in elect(self.tracks, len(self.chosen), selection.margin, selection.number):
            yield track, place_of[id(track)]


def _beside(chain: Sequence[Component], other: Sequence[Component]) -> bool:
    """Whether most frames of a chain have a component of the other one too."""
    frames = {component.frame for component in other}
    return 2 * sum(component.frame in frames for component in chain) > len(chain)


def _track(sought: Sequence[_Window]) -> list[Walk]:
    """Propose and track candidates in some windows, in step."""
    sources = [window.selection.candidates for window in sought]
    regions = proposals(sources, [window.chosen for window in sought])
    for window, found in zip(sought, regions, strict=True):
        window.chains = link(found)
    walks: list[Walk] = []
    while wanted := [(window, number) for window in sought for number in window.wanted()]:
        tracker = wanted[0][0].selection.tracker
        walk = tracker.track(
            [Wanted(one.chains[number], one.near, one.frames) for one, number in wanted]
        )
        for place, ((window, number), track) in enumerate(zip(wanted, walk.tracks, strict=True)):
            window.take(number, track, (len(walks), place))
        walks.append(walk)
    return walks


def _run_windows(
    sought: Mapping[int, _Window],
) -> Generator[list[tuple[int, TrackedMask]], None, Rest]:
    """Masks of the tracks that are meant in some windows, by place of their selections.

    They are those near the candidates; gives back what has the others.
    """
    walks = _track(list(sought.values()))
    meant: dict[tuple[int, int], list[tuple[int, Track]]] = {}
    for row, window in sought.items():
        window.selection.scores |= dict.fromkeys(window.chosen, -math.inf)
        for track, place in window.elect():
            meant.setdefault(place, []).append((row, track))
    tracker = next(iter(sought.values())).selection.tracker
    for part in _near_masks(meant):
        fine = tracker.fine([(track.anchors, one) for _, track, one in part])
        made: list[tuple[int, TrackedMask]] = []
        for (row, track, one), logits in zip(part, fine, strict=True):
            odds = track.scores.get(one.frame)
            if odds is not None:
                scores = sought[row].selection.scores
                scores[one.frame] = max(scores.get(one.frame, -math.inf), odds)
            made.append((row, one._replace(logits=logits, log_odds=odds)))
        yield made
    rows: dict[int, dict[int, list[int]]] = {}
    for (number, position), tracks in meant.items():
        rows.setdefault(number, {})[position] = [row for row, _ in tracks]
    for number, places in rows.items():
        walks[number].keep(places)
    return Rest(tracker, [(walks[number], rows[number]) for number in sorted(rows)])


def _near_masks(
    meant: Mapping[tuple[int, int], Sequence[tuple[int, Track]]],
) -> Iterator[list[tuple[int, Track, TrackedMask]]]:
    """Coarse masks of tracks near the candidates, some at a time."""
    pairs = [pair for tracks in meant.values() for pair in tracks]
    near = [(row, track, one) for row, track in pairs for one in track.walked]
    near.sort(key=lambda part: part[2].frame)
    for start in range(0, len(near), BATCH):
        yield near[start : start + BATCH]


def _state(selections: Sequence[TrackSelection], windows: int) -> State:
    """What is known after some windows, to be kept."""
    made = State({"windows": windows})
    for number, selection in enumerate(selections):
        scores = {
            "frames": torch.tensor(list(selection.scores), dtype=torch.int64),
            "odds": torch.tensor(list(selection.scores.values()), dtype=torch.float64),
        }
        values = {"presence": selection.candidates.presence}
        made.add(f"selection-{number}", State(values, scores))
    return made


def _restore(selections: Sequence[TrackSelection], state: State) -> tuple[int, Rest | None]:
    """Take over what was kept: windows that are done, and the rest of the one at work."""
    for number, selection in enumerate(selections):
        part = state.part(f"selection-{number}")
        frames, odds = part.tensors["frames"].tolist(), part.tensors["odds"].tolist()
        selection.scores = dict(zip(frames, odds, strict=True))
        selection.candidates.presence = float(part.values["presence"])
    rest = None
    if "rest" in state.values:
        rest = Rest.restored(selections[0].tracker, state.part("rest"))
    return int(state.values["windows"]), rest


def windows(
    candidate_frames: Sequence[int], length: int, span: int
) -> Iterator[tuple[list[int], range]]:
    """Windows of a video of `length` frames: candidate frames, and the frames nearest to them.

    candidate_frames: ascending. Those of one window lie within `span` frames.
    """
    parts: list[list[int]] = []
    for frame in candidate_frames:
        if parts and frame - parts[-1][0] < span:
            parts[-1].append(frame)
        else:
            parts.append([frame])
    start = 0
    for here, there in zip(parts, [*parts[1:], None], strict=True):
        stop = length if there is None else (here[-1] + there[0]) // 2 + 1
        yield here, range(start, stop)
        start = stop
