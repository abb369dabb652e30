"""Description of a scene: trajectories, camera, background and expressions, before rendering."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from momentvos.data.options import World
from momentvos.data.world.motion import Segment
from momentvos.moment import Moment

VISIBLE = 0.25
"""Least share of an object's width and height inside the frame for it to count as visible."""


@dataclass(frozen=True, eq=False)
class Actor:
    """An object of a scene.

    world: [T, 4] centre x, centre y, size, angle in world coordinates (camera at rest).
    poses: [T, 4] the same in camera coordinates: sides of the frame, x right, y down, degrees
        anticlockwise. layer: actors of a higher layer occlude those of a lower one.
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
        """Whether enough of the object lies inside each frame, bool [T]."""
        centre, half = self.poses[:, :2], self.poses[:, 2:3] / 2
        inside = np.minimum(centre + half, 1.0) - np.maximum(centre - half, 0.0)
        return np.asarray((inside >= VISIBLE * 2 * half).all(axis=1))


@dataclass(frozen=True)
class Expression:
    """A sentence with its exact answer.

    targets: (object index, Moment) of every object the sentence holds for, visible frames only.
    category: the named category. verbs: the motion words in the sentence ("leaps"); motions: what
    they mean ("jump", of motion.VERBS). attribute: a named look or size. hard: as in
    `momentvos.data.world.questions.Question`. template: the pattern of the sentence. others:
    indices of the objects that match the second noun, if there is one.
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
        """M+, the union over the targets."""
        joined = Moment.empty()
        for _, moment in self.targets:
            joined = joined | moment
        return joined


@dataclass(frozen=True, eq=False)
class Scene:
    """One video of MomentWorld, before rendering.

    camera: [T, 3] pan x, pan y, zoom. background: family and seed of the ground. world: the
    version of MomentWorld.
    """

    seed: int
    split: str
    objects: tuple[Actor, ...]
    expressions: tuple[Expression, ...]
    camera: np.ndarray = field(repr=False)
    background: tuple[str, int]
    fps: float = 8.0
    world: World = "v1"

    @property
    def length(self) -> int:
        """Number of frames."""
        return len(self.camera)


def seen(world: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """Transform world poses [T, 4] to camera coordinates."""
    poses = world.copy()
    zoom = camera[:, 2:]
    poses[:, :2] = 0.5 + zoom * (world[:, :2] - 0.5 - camera[:, :2])
    poses[:, 2] *= camera[:, 2]
    return poses
