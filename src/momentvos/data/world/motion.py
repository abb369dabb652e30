"""Motions of MomentWorld: the trajectory of each one, and the events that it produces.

Units: positions and sizes in sides of the frame (x right, y down), time in frames, angles in
degrees. A segment over frames start..stop moves the object between frame start-1 and frame stop,
so exactly the frames start..stop differ from their predecessors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DIRECTIONS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}
RELATIONS = ("circle", "follow", "overtake")
VERBS = (*DIRECTIONS, "diagonal", "jump", "bounce", "spin", "grow", "shrink", "shake",
         "circle", "follow", "overtake", "enter", "leave", "stop", "turn_back")  # fmt: skip

LENGTHS = {
    **dict.fromkeys(("left", "right", "up", "down", "diagonal"), (6, 11)),
    "jump": (6, 8), "bounce": (8, 12), "spin": (6, 12), "grow": (6, 10), "shrink": (6, 10),
    "shake": (6, 10), "circle": (10, 14), "follow": (7, 11), "overtake": (8, 12),
    "enter": (7, 11), "leave": (7, 11), "stop": (11, 14), "turn_back": (10, 14),
}  # fmt: skip
"""Shortest and longest segment of each motion, in frames."""

PAUSE = 4
"""Frames of rest in `stop` (move, rest, move on)."""

HOP = 4
"""Frames per hop of `bounce` (two or three low hops; `jump` is one high hop)."""


@dataclass(frozen=True)
class Event:
    """A motion of an object over frames first..last, as a sentence may name it."""

    verb: str
    first: int
    last: int
    other: int | None = None


@dataclass(frozen=True)
class Segment:
    """One directed motion.

    vector: displacement (translations), or the start's offset from the centre (circle).
    amount: height (jump, bounce), turns (spin), factor (grow, shrink), sway (shake), signed
        number of rounds (circle). other: index of the object that a relation refers to.
    """

    verb: str
    start: int
    stop: int
    vector: tuple[float, float] = (0.0, 0.0)
    amount: float = 0.0
    other: int | None = None

    @property
    def length(self) -> int:
        return self.stop - self.start + 1

    @property
    def direction(self) -> str | None:
        """Left, right, up or down for a translation along an axis, else None."""
        if self.verb == "circle" or (self.vector[0] != 0) == (self.vector[1] != 0):
            return None
        horizontal = "right" if self.vector[0] > 0 else "left"
        return horizontal if self.vector[0] else ("down" if self.vector[1] > 0 else "up")

    @property
    def legs(self) -> tuple[tuple[int, int], ...]:
        """Spans of frames in which a translation advances (two for stop and turn_back)."""
        first = {"stop": (self.length - PAUSE) // 2, "turn_back": self.length // 2}.get(self.verb)
        if first is None:
            return ((self.start, self.stop),)
        second = self.start + first + (PAUSE if self.verb == "stop" else 0)
        return (self.start, self.start + first - 1), (second, self.stop)

    def events(self) -> list[Event]:
        """The segment's own event, and the plain directions that it contains."""
        events = [Event(self.verb, self.start, self.stop, self.other)]
        direction = self.direction
        if direction is not None and self.verb != direction:
            opposite = {"left": "right", "right": "left", "up": "down", "down": "up"}[direction]
            ways = (direction, opposite if self.verb == "turn_back" else direction)
            events += [Event(way, *leg) for way, leg in zip(ways, self.legs, strict=False)]
        return events

    def apply(self, frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Share of a trajectory: offset [frames, 2], size factor [frames], angle [frames]."""
        step = np.arange(frames) - self.start + 1
        u = np.clip(step / self.length, 0.0, 1.0)
        offset, factor, angle = np.zeros((frames, 2)), np.ones(frames), np.zeros(frames)
        active = (u > 0) & (u < 1)
        if self.verb == "jump":
            offset[:, 1] = -self.amount * 4 * u * (1 - u)
        elif self.verb == "bounce":
            offset[:, 1] = -self.amount * np.abs(np.sin(np.pi * u * (self.length // HOP))) * active
        elif self.verb == "spin":
            angle = 360.0 * self.amount * u * active
        elif self.verb in ("grow", "shrink"):
            factor = self.amount**u
        elif self.verb == "shake":
            sway = np.where(step % 2 == 0, -1.0, 1.0) * active
            offset[:, 0], angle = self.amount * sway, 12.0 * sway
        elif self.verb == "circle":
            turn = 2 * np.pi * self.amount * u
            x, y = self.vector
            offset[:, 0] = x * (np.cos(turn) - 1) - y * np.sin(turn)
            offset[:, 1] = y * (np.cos(turn) - 1) + x * np.sin(turn)
        else:
            offset = self._advance(frames)[:, None] * np.array(self.vector)
        return offset, factor, angle

    def _advance(self, frames: int) -> np.ndarray:
        """Share of the displacement reached at each frame."""
        done = np.zeros(frames)
        ways = (1.0, -1.0) if self.verb == "turn_back" else (1.0, 1.0)
        share = 0.5 if self.verb == "stop" else 1.0
        for way, (first, last) in zip(ways, self.legs, strict=False):
            part = (np.arange(frames) - first + 1) / (last - first + 1)
            done += way * share * np.clip(part, 0.0, 1.0)
        return done
