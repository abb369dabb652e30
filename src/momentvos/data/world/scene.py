"""A scene: what moves where and when, and what can be said of it. Nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from momentvos.data.world.motion import Segment
from momentvos.moment import Moment

VISIBLE = 0.25
"""Share of an object's width and height inside the frame from which on it counts as visible."""


@dataclass(frozen=True, eq=False)
class Actor:
    """An object of a scene.

    world: [T, 4] centre x, centre y, size, angle in the world (the frame of a resting camera).
    poses: [T, 4] the same as the camera sees it: sides of the frame, x right, y down, degrees
        anticlockwise. layer: actors of a higher layer hide those of a lower one.
    """

    category: str
    look: str
    mirrored: bool
    layer: int
    segments: tuple[Segment, ...]
    world: np.ndarray = field(repr=False)
    poses: np.ndarray = field(repr=False)

    @property
    def visible(self) -> np.ndarray:
        """Bool [T]: enough of the object lies inside the frame."""
        centre, half = self.poses[:, :2], self.poses[:, 2:3] / 2
        inside = np.minimum(centre + half, 1.0) - np.maximum(centre - half, 0.0)
        return np.asarray((inside >= VISIBLE * 2 * half).all(axis=1))


@dataclass(frozen=True)
class Expression:
    """A sentence and its exact answer.

    targets: (object index, Moment) of every object the sentence holds for, visible frames only.
    category: the named category. verbs: the motion words in the sentence ("leaps"); motions: what
    they mean ("jump", of motion.VERBS). attribute: a named look or size. hard: an object that is
    no target shares category and look with one (without target: what is named is done or had by
    some other object). template: the pattern of the sentence. others: indices of the objects that
    the second noun fits, if there is one.
    """

    id: str
    sentence: str
    kind: str
    targets: tuple[tuple[int, Moment], ...]
    category: str
    verbs: tuple[str, ...]
    template: str = ""
    motions: tuple[str, ...] = ()
    attribute: str | None = None
    hard: bool = False
    others: tuple[int, ...] = ()

    @property
    def moment(self) -> Moment:
        """M+: union over the targets."""
        joined = Moment.empty()
        for _, moment in self.targets:
            joined = joined | moment
        return joined


@dataclass(frozen=True, eq=False)
class Scene:
    """One video of MomentWorld, before drawing.

    camera: [T, 3] pan x, pan y, zoom. background: family and seed of the ground.
    """

    seed: int
    split: str
    objects: tuple[Actor, ...]
    expressions: tuple[Expression, ...]
    camera: np.ndarray = field(repr=False)
    background: tuple[str, int]
    fps: float = 8.0

    @property
    def length(self) -> int:
        """Frames."""
        return len(self.camera)


def seen(world: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """World poses [T, 4] as the camera sees them."""
    poses = world.copy()
    zoom = camera[:, 2:]
    poses[:, :2] = 0.5 + zoom * (world[:, :2] - 0.5 - camera[:, :2])
    poses[:, 2] *= camera[:, 2]
    return poses
