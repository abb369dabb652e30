"""Tracks that are meant, in the frames beyond those near their candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from momentvos.propagation import Checkpoint
from momentvos.results.record import State
from momentvos.selection.tracks import TrackedMask, Tracker, Walk


@dataclass
class Rest:
    """What is left of walks once it is known which of their tracks are meant.

    It may be an hour of video, so it can be stopped in the middle.

    Attributes:
        tracker: of all walks.
        walks: in turn; with each, by place of a track, the selections that mean it.
        start: of the first walk, where another process has stopped it.
    """

    tracker: Tracker
    walks: list[tuple[Walk, Mapping[int, Sequence[int]]]]
    start: State | None = None

    def run(self, checkpoint: Checkpoint | None = None) -> Iterator[list[tuple[int, TrackedMask]]]:
        """Masks, by place of the selections; a frame may come in any order."""
        while self.walks:
            walk, rows_of = self.walks[0]
            inner = None
            if checkpoint is not None:
                inner = checkpoint.within("run", self.start, self._state)
            for part in walk.rest(inner):
                fine = self.tracker.fine([((), one) for _, one in part])
                yield [
                    (row, one._replace(logits=logits))
                    for (place, one), logits in zip(part, fine, strict=True)
                    for row in rows_of[place]
                ]
            self.start = None
            del self.walks[0]

    def _state(self) -> State:
        """All but what the run of the first walk holds, to be kept."""
        rows = [[[place, list(rows)] for place, rows in one.items()] for _, one in self.walks]
        made = State({"rows": rows})
        for number, (walk, _) in enumerate(self.walks):
            made.add(f"walk-{number}", walk.state(bank=number > 0))
        return made

    @classmethod
    def restored(cls, tracker: Tracker, state: State) -> Rest:
        """From what was kept. Raises what is in `UNUSABLE` for anything else."""
        walks: list[tuple[Walk, Mapping[int, Sequence[int]]]] = []
        for number, places in enumerate(state.values["rows"]):
            rows_of = {int(place): [int(row) for row in rows] for place, rows in places}
            walks.append((Walk.restored(tracker, state.part(f"walk-{number}")), rows_of))
        return cls(tracker, walks, state.part("run"))
