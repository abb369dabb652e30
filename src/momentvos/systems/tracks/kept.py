"""Detections and tracks in a journal, so that a tracker that was stopped goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from momentvos.results.journal import UNUSABLE, Journal
from momentvos.results.record import State
from momentvos.selection.components import decode, encode, read_stored, stored
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.followed import Followed, TrackFrame
from momentvos.systems.tracks.held import Held

Stage = Literal["link", "ends"]
KEY = "tracking"


@dataclass
class Tracking:
    """How far a tracker has come.

    Attributes:
        stage: that is at work. at: keyframes that are linked, or the first frame of a stretch.
        objects: so far. live: those of them that are looked for. there: masks in the keyframe that
            is next, by number.
    """

    stage: Stage = "link"
    at: int = 0
    objects: list[Followed] = field(default_factory=list)
    live: list[Followed] = field(default_factory=list)
    there: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    def state(self) -> State:
        """All of it, to be kept."""
        return State(
            {
                "stage": self.stage,
                "at": self.at,
                "objects": [_stored_object(one) for one in self.objects],
                "live": [one.number for one in self.live],
                "there": [[number, stored(encode(one))] for number, one in self.there.items()],
            }
        )

    @classmethod
    def restored(cls, journal: Journal) -> Tracking:
        """As it was kept, or at the start."""
        state = journal.get(KEY) if journal else None
        if state is None:
            return cls()
        values = state.values
        try:
            objects = [_read_object(one) for one in values["objects"]]
            by_number = {one.number: one for one in objects}
            return cls(
                "ends" if values["stage"] == "ends" else "link",
                int(values["at"]),
                objects,
                [by_number[number] for number in values["live"]],
                {int(number): decode(read_stored(mask)) for number, mask in values["there"]},
            )
        except UNUSABLE:
            journal.damaged(KEY)
            return cls()


def stored_objects(objects: Sequence[Followed]) -> State:
    """Objects as a record."""
    return State({"objects": [_stored_object(one) for one in objects]})


def read_objects(state: State) -> list[Followed]:
    """Objects from their record. Raises what is in `UNUSABLE` for another one."""
    return [_read_object(one) for one in state.values["objects"]]


def stored_detections(rows: Sequence[Sequence[Held]]) -> State:
    """Detections of some frames as a record."""
    return State({"detections": [[_stored_held(one) for one in row] for row in rows]})


def read_detections(state: State) -> list[list[Held]]:
    """Detections from their record. Raises what is in `UNUSABLE` for another one."""
    return [[_read_held(one) for one in row] for row in state.values["detections"]]


def _stored_object(one: Followed) -> dict[str, Any]:
    return {
        "number": one.number,
        "prompts": [[frame, _stored_held(held)] for frame, held in one.prompts.items()],
        "phrases": one.phrases,
        "frames": [
            [frame, stored(seen.mask), seen.area, seen.confidence]
            for frame, seen in one.frames.items()
        ],
    }


def _read_object(values: Mapping[str, Any]) -> Followed:
    return Followed(
        int(values["number"]),
        {int(frame): _read_held(held) for frame, held in values["prompts"]},
        {str(phrase): float(score) for phrase, score in values["phrases"].items()},
        {
            int(frame): TrackFrame(read_stored(mask), int(area), float(confidence))
            for frame, mask, area, confidence in values["frames"]
        },
    )


def _stored_held(held: Held) -> dict[str, Any]:
    mask = None if held.encoded is None else stored(held.encoded)
    return {"box": held.box.box, "phrases": dict(held.box.phrases), "mask": mask}


def _read_held(values: Mapping[str, Any]) -> Held:
    left, top, right, bottom = map(float, values["box"])
    phrases = {str(phrase): float(score) for phrase, score in values["phrases"].items()}
    mask = None if values["mask"] is None else read_stored(values["mask"])
    return Held(Detection((left, top, right, bottom), phrases), mask)
